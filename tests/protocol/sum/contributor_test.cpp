#include "protocol/sum/contributor.h"

#include <gtest/gtest.h>

#include "tests/protocol/sum/region.h"

namespace hedgerow::protocol::sum {
namespace {

class Contributor : public testing::Test {
 protected:
  // A manifest as the hub signs it, after `change`.
  template <class Change>
  Bytes manifest_with(Change change, std::optional<StatementHeader> header = {}) {
    Manifest m = region.manifest(1, {});
    change(m);
    StatementHeader h{region.hub_id, m.lineage, m.agreement, SessionId{}, 1, m.expiry};
    return Statement::sign(*region.hub.key, MessageType::sum_manifest, header.value_or(h),
                           m.encode())
        .encode();
  }
  Bytes plain_manifest() {
    return manifest_with([](Manifest&) {});
  }

  ContributorSetup setup(Bytes manifest) {
    ContributorSetup s;
    s.parties = region.parties(self);
    s.manifest = std::move(manifest);
    const Manifest m = region.manifest(1, {});
    s.lineage = m.lineage;
    s.agreement = m.agreement;
    s.editions_head = m.editions_head;
    s.input = to_input(region.nodes.at(self).input);
    return s;
  }

  Error error_of(ContributorSetup s) {
    auto begun = SumContributor::begin(std::move(s), region.now, rng);
    EXPECT_FALSE(begun.ok());
    return begun.ok() ? Error{} : begun.error();
  }
  template <class Change>
  Error error_with(Change change) {
    return error_of(setup(manifest_with(change)));
  }

  Region region{1, 4, 5};
  PartyId self = region.ids[1];
  SeededRandom rng{seed_of(2)};
};

TEST_F(Contributor, BeginsWithAnAdvertAndAWakeUpAtTheExpiry) {
  const auto begun = SumContributor::begin(setup(plain_manifest()), region.now, rng);
  ASSERT_TRUE(begun.ok()) << begun.error().text;
  const Step& step = begun->second;
  ASSERT_EQ(step.send.size(), 1U);
  EXPECT_EQ(step.send[0].to, region.hub_id);
  EXPECT_EQ(step.send[0].type, MessageType::sum_advert);
  EXPECT_EQ(step.send[0].lifetime, kAttemptTime);
  ASSERT_TRUE(step.state);
  ASSERT_TRUE(step.wake_at);
  EXPECT_GT(*step.wake_at, begun->first.manifest().expiry);
  EXPECT_FALSE(step.finished);
  ASSERT_EQ(step.log.size(), 1U);
  EXPECT_EQ(step.log[0].kind, "sum-joined");
}

TEST_F(Contributor, TwoAttemptsUseDifferentMaskKeys) {
  const auto advert = [this] {
    const auto begun = SumContributor::begin(setup(plain_manifest()), region.now, rng);
    return Statement::decode(begun->second.send[0].body).value().body();
  };
  EXPECT_NE(advert(), advert());
}

TEST_F(Contributor, RefusesAManifestThatDoesNotHold) {
  Bytes bytes = plain_manifest();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes other = bytes;
    other[i] ^= 1U;
    EXPECT_NE(error_of(setup(other)).text, "") << i;
  }
  EXPECT_EQ(error_of(setup(Bytes(kMaxManifestStatement + 1))).code, Code::bad_input);
  // Signed by a contributor instead of the hub.
  const Manifest m = region.manifest(1, {});
  const auto by_other = Statement::sign(
      *region.nodes.at(region.ids[0]).key, MessageType::sum_manifest,
      {region.ids[0], m.lineage, m.agreement, SessionId{}, 1, m.expiry}, m.encode());
  EXPECT_EQ(error_of(setup(by_other.encode())).culprit, region.ids[0].str());
}

TEST_F(Contributor, RefusesAManifestWhoseHeaderSaysOtherwise) {
  const Manifest m = region.manifest(1, {});
  const StatementHeader right{region.hub_id, m.lineage, m.agreement, SessionId{}, 1, m.expiry};
  auto lineage = right, agreement = right, sequence = right, expiry = right;
  lineage.lineage = Lineage::parse("other").value();
  agreement.agreement.bytes[0] ^= 1U;
  sequence.sequence = 2;
  expiry.not_after += std::chrono::hours(1);
  for (const auto& header : {lineage, agreement, sequence, expiry})
    EXPECT_EQ(error_of(setup(manifest_with([](Manifest&) {}, header))).text,
              "sum manifest: header and body differ");
}

TEST_F(Contributor, RefusesAManifestWithTheWrongParticipants) {
  EXPECT_EQ(error_with([&](Manifest& x) { x.contributors.push_back(region.hub_id); }).text,
            "sum manifest: the hub is a contributor");
  EXPECT_EQ(error_with([](Manifest& x) { x.contributors.push_back(party("stranger")); }).text,
            "sum manifest: no key is known of stranger");
  EXPECT_EQ(error_with([&](Manifest& x) { std::erase(x.contributors, self); }).text,
            "sum manifest: no place for this party");
  EXPECT_EQ(error_with([](Manifest& x) { x.contributors.resize(2); }).text,
            "sum manifest: fewer than three contributors");
}

TEST_F(Contributor, RefusesAReleaseUnderAnyOtherName) {
  EXPECT_EQ(error_with([](Manifest& x) { x.release.bytes[0] ^= 1U; }).text,
            "sum manifest: not the id of this release");
  EXPECT_EQ(error_with([](Manifest& x) { x.period = "2026-Q2"; }).text,
            "sum manifest: not the id of this release");
}

TEST_F(Contributor, DeniesAnExpiredManifest) {
  EXPECT_EQ(error_with([&](Manifest& x) { x.expiry = region.now - std::chrono::seconds(1); }).code,
            Code::denied);
}

TEST_F(Contributor, DeniesAnotherAgreementHistoryOrAnOldAttempt) {
  auto lineage = setup(plain_manifest());
  lineage.lineage = Lineage::parse("other").value();
  auto agreement = setup(plain_manifest());
  agreement.agreement.bytes[0] ^= 1U;
  auto editions = setup(plain_manifest());
  editions.editions_head.bytes[0] ^= 1U;
  auto attempt = setup(plain_manifest());
  attempt.lowest_attempt = 2;
  for (auto* s : {&lineage, &agreement, &editions, &attempt})
    EXPECT_EQ(error_of(std::move(*s)).code, Code::denied);
}

TEST_F(Contributor, DeniesAReleaseItHasOpened) {
  auto opened = setup(plain_manifest());
  opened.opened = OpenedMarker{region.manifest(1, {}).release, Hash64{}};
  EXPECT_EQ(error_of(std::move(opened)).text, "this release has been opened already");
  auto other = setup(plain_manifest());
  other.opened = OpenedMarker{ReleaseId{}, Hash64{}};
  EXPECT_TRUE(SumContributor::begin(std::move(other), region.now, rng).ok());
}

TEST_F(Contributor, RefusesAnInputThatDoesNotFit) {
  const auto refused = [this](auto change) {
    auto s = setup(plain_manifest());
    change(s.input);
    return error_of(std::move(s)).code == Code::bad_input;
  };
  EXPECT_TRUE(refused([](SumInput& x) { x.v.pop_back(); }));
  EXPECT_TRUE(refused([](SumInput& x) { x.z.push_back(0); }));
  EXPECT_TRUE(refused([](SumInput& x) { x.v[0] = kMaxCellValue + 1; }));
  EXPECT_TRUE(refused([](SumInput& x) { x.c[0] = kMaxCellValue + 1; }));
  EXPECT_TRUE(refused([](SumInput& x) { x.k[0] = 2; }));
  EXPECT_TRUE(refused([](SumInput& x) { x.c[0] = 9, x.k[0] = 1, x.z[0] = 1; }));
  EXPECT_TRUE(refused([](SumInput& x) { x.c[0] = 9, x.k[0] = 0, x.z[0] = 0; }));
  EXPECT_TRUE(refused([](SumInput& x) { x.c[0] = 0, x.k[0] = 0, x.z[0] = 1; }));
}

TEST_F(Contributor, GivesUpAtTheExpiryUnlessTheInputIsSent) {
  ASSERT_TRUE(region.start().ok());
  auto& node = region.nodes.at(self);
  while (!node.role || node.role->phase() != SumContributor::Phase::roster_signed) region.deliver();
  EXPECT_EQ(node.role->on_time(region.now).wake_at,
            node.role->manifest().expiry + std::chrono::milliseconds(1));
  auto sent = SumContributor::restore(region.parties(self), {}, *node.state).value();
  const Step step = node.role->on_time(region.now + kAttemptTime + std::chrono::seconds(1));
  EXPECT_TRUE(step.finished);
  EXPECT_TRUE(node.role->finished());
  ASSERT_TRUE(step.state);
  EXPECT_TRUE(read_state(step.state->expose()).value().secret.empty());
  EXPECT_FALSE(
      node.role->on_message(region.hub_id, MessageType::sum_roster, {}, region.now, rng).ok());

  node.role = std::move(sent);
  while (node.role->phase() != SumContributor::Phase::sent) region.deliver();
  EXPECT_FALSE(node.role->on_time(region.now + kAttemptTime * 2).finished);
  EXPECT_EQ(node.role->phase(), SumContributor::Phase::sent);
}

TEST_F(Contributor, TakesNoRosterAndSendsNoInputAfterTheExpiry) {
  ASSERT_TRUE(region.start().ok());
  const auto late = region.now + kAttemptTime + std::chrono::seconds(1);
  std::size_t seen = 0;
  while (!region.wire.empty()) {
    const Message m = region.wire.front();
    if (m.to == self &&
        (m.type == MessageType::sum_roster || m.type == MessageType::sum_roster_signatures)) {
      ++seen;
      const auto r = region.nodes.at(self).role->on_message(m.from, m.type, m.body, late, rng);
      ASSERT_FALSE(r.ok());
      EXPECT_EQ(r.error().code, Code::denied);
    }
    region.deliver();
  }
  EXPECT_EQ(seen, 2U);
  EXPECT_TRUE(region.hub.figures);
}

TEST_F(Contributor, RefusesOnItsOwnDecisionUntilItHasOpened) {
  ASSERT_TRUE(region.start().ok());
  auto& node = region.nodes.at(self);
  while (!node.role || node.role->phase() != SumContributor::Phase::sent) region.deliver();
  auto another = SumContributor::restore(region.parties(self), {}, *node.state).value();
  const auto step = another.refuse(RefusalReason::denied, "paused");
  ASSERT_TRUE(step.ok());
  EXPECT_TRUE(step->finished);
  ASSERT_EQ(step->send.size(), 1U);
  EXPECT_EQ(step->send[0].type, MessageType::sum_refusal);
  EXPECT_FALSE(another.refuse(RefusalReason::denied, "paused").ok());

  region.run();
  ASSERT_TRUE(node.role->opened());
  const auto late = node.role->refuse(RefusalReason::denied, "paused");
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, Code::denied);
}

TEST_F(Contributor, VoidFromTheHubErasesTheAttemptButNeverAnOpenedOne) {
  ASSERT_TRUE(region.start().ok());
  auto& node = region.nodes.at(self);
  while (!node.role || node.role->phase() != SumContributor::Phase::sent) region.deliver();
  auto another = SumContributor::restore(region.parties(self), {}, *node.state).value();
  const AttemptId id{node.role->manifest().release, 1};
  const Bytes other = Void{{id.release, 2}}.encode();
  EXPECT_FALSE(
      another.on_message(region.hub_id, MessageType::sum_void, other, region.now, rng).ok());
  const Bytes body = Void{id}.encode();
  const auto step = another.on_message(region.hub_id, MessageType::sum_void, body, region.now, rng);
  ASSERT_TRUE(step.ok());
  EXPECT_TRUE(step->finished);
  EXPECT_TRUE(read_state(step->state->expose()).value().secret.empty());

  region.run();
  const auto nothing =
      node.role->on_message(region.hub_id, MessageType::sum_void, body, region.now, rng);
  ASSERT_TRUE(nothing.ok());
  EXPECT_FALSE(nothing->state);
  EXPECT_TRUE(node.role->opened());
}

TEST_F(Contributor, MarksTheReleaseInTheStepThatOpens) {
  ASSERT_TRUE(region.start().ok());
  auto& node = region.nodes.at(self);
  while (!node.role || !node.role->opened()) {
    for (const Message& m : region.sent)
      EXPECT_FALSE(m.type == MessageType::sum_opening && m.from == self);
    region.deliver();
  }
  EXPECT_EQ(node.opened->release, region.manifest(1, {}).release);
  EXPECT_EQ(node.opened->roster, region.hub.role->roster_hash());
  EXPECT_EQ(region.sent.back().type, MessageType::sum_opening);
  // A store whose marker names another roster does not let this state go on.
  const auto other = SumContributor::restore(
      region.parties(self), OpenedMarker{node.opened->release, Hash64{}}, *node.state);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, Code::denied);
}

}  // namespace
}  // namespace hedgerow::protocol::sum
