// A hub that deviates, alone or with a contributor it controls.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/protocol/sum/region.h"

namespace hedgerow::protocol::sum {
namespace {

Message from_hub(const Region& region, const PartyId& to, MessageType type, Bytes body) {
  return {region.hub_id, to, type, std::move(body)};
}

// Runs to the point where the hub has the roster out, and gives it.
StatementList roster_of(Region& region) {
  EXPECT_TRUE(region.start().ok());
  while (region.hub.role->phase() == SumHub::Phase::adverts) region.deliver();
  StatementList roster = StatementList::decode(region.wire.back().body).value();
  region.wire.clear();
  return roster;
}

TEST(SumDeviatingHub, HubThatShowsDifferentRostersGetsNoMaskedInput) {
  Region region(68, 4, 4);
  const StatementList first = roster_of(region);
  StatementList second = first;
  second.statements[3] = another_advert(region, region.ids[3]);
  std::vector<Bytes> bodies = {first.encode(), second.encode()};
  // agency-d is the hub's accomplice; a and b see one roster, c the other.
  for (const std::size_t i : {0U, 1U, 2U})
    ASSERT_TRUE(region
                    .receive(from_hub(region, region.ids[i], MessageType::sum_roster,
                                      bodies[i == 2 ? 1 : 0]))
                    .ok());
  const Bytes& manifest = region.hub.role->manifest_statement();
  for (const std::size_t version : {0U, 1U}) {
    const Hash64 h = roster_hash(manifest, bodies[version]);
    StatementList signatures{id_of(region), {}};
    for (const PartyId& id : region.ids) {
      Bytes signature;
      for (const Message& m : region.wire)
        if (m.from == id && m.type == MessageType::sum_roster_signature) signature = m.body;
      if (id == region.ids[3])
        signature = sign_as(region, id, MessageType::sum_roster_signature, 2,
                            RosterSignature{id_of(region), h}.encode());
      signatures.statements.push_back(signature);
    }
    for (const std::size_t i : {0U, 1U, 2U}) {
      const auto result = region.receive(
          from_hub(region, region.ids[i], MessageType::sum_roster_signatures, signatures.encode()));
      ASSERT_FALSE(result.ok());
      EXPECT_EQ(result.error().culprit, region.hub_id.str());
    }
  }
  for (const Message& m : region.sent) EXPECT_NE(m.type, MessageType::sum_masked_input);
}

TEST(SumDeviatingHub, RosterIsRefusedUnlessItIsOfAllContributorsAndHasOnesOwnAdvert) {
  Region region(69, 4, 4);
  const StatementList right = roster_of(region);
  const PartyId self = region.ids[1];
  const auto refused = [&](const StatementList& roster) {
    const auto r = region.receive(from_hub(region, self, MessageType::sum_roster, roster.encode()));
    return !r.ok();
  };
  StatementList bad = right;
  bad.statements.pop_back();
  EXPECT_TRUE(refused(bad));
  bad = right;
  std::swap(bad.statements[0], bad.statements[2]);
  EXPECT_TRUE(refused(bad));
  bad = right;
  bad.statements[0] = bad.statements[2];
  EXPECT_TRUE(refused(bad));
  bad = right;
  bad.statements[1] = another_advert(region, self);  // even where its own key were stolen
  EXPECT_TRUE(refused(bad));
  bad = right;
  bad.id.attempt = 2;
  EXPECT_TRUE(refused(bad));
  // Two contributors with one mask key.
  const auto stolen = Advert::decode(Statement::decode(right.statements[0])->body()).value();
  bad = right;
  bad.statements[3] = sign_as(region, region.ids[3], MessageType::sum_advert, 1, stolen.encode());
  EXPECT_TRUE(refused(bad));
  EXPECT_EQ(region.errors.back().culprit, region.ids[3].str());
  // An unusable key, signed by its contributor.
  Bytes weak = stolen.encode();
  std::fill(weak.end() - 32, weak.end(), std::uint8_t{0});
  bad.statements[3] = sign_as(region, region.ids[3], MessageType::sum_advert, 1, weak);
  EXPECT_TRUE(refused(bad));
  EXPECT_EQ(region.errors.back().culprit, region.ids[3].str());

  EXPECT_FALSE(refused(right));
  bad = right;
  bad.statements[3] = another_advert(region, region.ids[3]);
  EXPECT_TRUE(refused(bad)) << "a second roster after the first";
}

TEST(SumDeviatingHub, OpeningNeedsEverybodysSignedHashAndOnesOwn) {
  Region region(70, 4, 4);
  ASSERT_TRUE(region.start().ok());
  while (region.hub.role->phase() != SumHub::Phase::openings) region.deliver();
  const StatementList right = StatementList::decode(region.wire.back().body).value();
  region.wire.clear();
  const PartyId self = region.ids[0];
  const auto refused = [&](const StatementList& hashes) {
    const bool ok =
        region.receive(from_hub(region, self, MessageType::sum_masked_hashes, hashes.encode()))
            .ok();
    EXPECT_EQ(ok, region.nodes.at(self).opened.has_value());
    return !ok;
  };
  const Hash64 h = region.hub.role->roster_hash();
  StatementList bad = right;
  bad.statements.pop_back();
  EXPECT_TRUE(refused(bad));
  bad = right;
  bad.statements[3].clear();
  EXPECT_TRUE(refused(bad));
  bad = right;
  bad.statements[0] = sign_as(region, self, MessageType::sum_masked_hash, 3,
                              MaskedHash{id_of(region), h, Hash64{}}.encode());
  EXPECT_TRUE(refused(bad));
  bad = right;
  bad.statements[2] = sign_as(region, region.ids[2], MessageType::sum_masked_hash, 3,
                              MaskedHash{id_of(region), Hash64{}, Hash64{}}.encode());
  EXPECT_TRUE(refused(bad)) << "a hash for another roster";
  bad = right;
  bad.statements[2] = sign_as(region, region.ids[2], MessageType::sum_masked_hash, 3,
                              MaskedHash{{id_of(region).release, 2}, h, Hash64{}}.encode());
  EXPECT_TRUE(refused(bad)) << "a hash of another attempt";
  EXPECT_FALSE(refused(right));
}

TEST(SumDeviatingHub, NothingIsOpenedOrMaskedOutOfTurn) {
  Region region(71, 3, 4);
  Region ahead(71, 3, 4);
  ASSERT_TRUE(ahead.start().ok());
  ahead.run();
  const PartyId self = region.ids[0];
  const auto of_type = [&](MessageType type) {
    return *std::ranges::find_if(ahead.sent,
                                 [&](const Message& m) { return m.to == self && m.type == type; });
  };
  ASSERT_TRUE(region.start().ok());
  region.deliver();  // the manifest to agency-a
  ASSERT_TRUE(region.nodes.at(self).role);
  EXPECT_FALSE(region.receive(of_type(MessageType::sum_roster_signatures)).ok());
  EXPECT_FALSE(region.receive(of_type(MessageType::sum_masked_hashes)).ok());
  region.wire.push_back(of_type(MessageType::sum_roster));
  while (region.nodes.at(self).role->phase() == SumContributor::Phase::advertised)
    region.deliver(region.wire.size() - 1);
  EXPECT_FALSE(region.receive(of_type(MessageType::sum_masked_hashes)).ok());
}

// Attack D15: a total of all of R, then one of R without one party, from a late or held-back
// vector, would give that party's figures by subtraction.
TEST(SumDeviatingHub, LateVectorOfAMissingPartyGivesNoSecondTotal) {
  Region region(72, 5, 4);
  const PartyId late = region.ids[4];
  ASSERT_TRUE(region.start().ok());
  std::vector<Message> held;
  while (!region.wire.empty()) {
    if (region.wire.front().from == late && region.wire.front().type == MessageType::sum_opening) {
      held.push_back(region.wire.front());
      region.wire.pop_front();
    } else {
      region.deliver();
    }
  }
  for (const auto& [id, node] : region.nodes) EXPECT_TRUE(node.opened);

  // The hub drops the attempt and starts over without the late party.
  auto first = std::move(region.hub.role);
  std::vector<PartyId> others(region.ids.begin(), region.ids.end() - 1);
  ASSERT_TRUE(region.start(2, others).ok());
  region.run();
  EXPECT_EQ(region.errors.size(), 4U);
  for (const Error& e : region.errors) EXPECT_EQ(e.text, "this release has been opened already");
  EXPECT_EQ(region.hub.role->phase(), SumHub::Phase::adverts);
  EXPECT_FALSE(region.hub.figures);

  // Only the first roster can be completed.
  region.hub.role = std::move(first);
  for (const Message& m : held) ASSERT_TRUE(region.receive(m).ok());
  expect_total(region);
}

// The same with nobody opened at first: both attempts stand sent, and one of them is opened.
TEST(SumDeviatingHub, OfTwoAttemptsAContributorOpensOne) {
  Region region(73, 5, 4);
  ASSERT_TRUE(region.start().ok());
  while (region.hub.role->phase() != SumHub::Phase::openings) region.deliver();
  std::deque<Message> hashes = std::move(region.wire);
  region.wire.clear();
  std::map<PartyId, Bytes> states;
  for (const auto& [id, node] : region.nodes) states[id] = *node.state;

  std::vector<PartyId> others(region.ids.begin(), region.ids.end() - 1);
  region.hub.role.reset();
  ASSERT_TRUE(region.start(2, others).ok());
  region.run();
  ASSERT_TRUE(region.hub.figures);  // the total without the fifth

  // The first attempt's hashes come now: its roles are gone, and a restored one does not open.
  for (const Message& m : hashes) {
    const auto result = region.receive(m);
    EXPECT_EQ(result.ok(), m.to == region.ids[4]);
  }
  for (const PartyId& id : others) {
    const auto revived =
        SumContributor::restore(region.parties(id), region.nodes.at(id).opened, states[id]);
    ASSERT_FALSE(revived.ok());
    EXPECT_EQ(revived.error().code, Code::denied);
  }
}

}  // namespace
}  // namespace hedgerow::protocol::sum
