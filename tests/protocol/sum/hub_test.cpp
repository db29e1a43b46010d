#include "protocol/sum/hub.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <type_traits>

#include "tests/protocol/sum/region.h"

namespace hedgerow::protocol::sum {
namespace {

static_assert(!std::is_copy_constructible_v<SumFigures> && !std::is_copy_assignable_v<SumFigures>);
static_assert(!std::is_copy_constructible_v<SumInput>);

class Hub : public testing::Test {
 protected:
  HubSetup setup() {
    HubSetup s;
    s.parties = region.parties(region.hub_id);
    s.manifest = region.manifest(1, {});
    return s;
  }
  void run_to(SumHub::Phase phase) {
    while (region.hub.role->phase() != phase) {
      ASSERT_FALSE(region.wire.empty());
      region.deliver();
    }
  }
  Bytes refusal(const PartyId& from, RefusalReason reason, std::string_view text) {
    return SumContributor::refusal(region.parties(from), region.hub.role->manifest_statement(),
                                   reason, text)
        .value()
        .body;
  }

  Region region{50, 4, 5};
};

TEST_F(Hub, BeginsWithTheManifestToEveryContributor) {
  const auto begun = SumHub::begin(setup(), region.now);
  ASSERT_TRUE(begun.ok());
  ASSERT_EQ(begun->second.send.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(begun->second.send[i].to, region.ids[i]);
    EXPECT_EQ(begun->second.send[i].type, MessageType::sum_manifest);
    EXPECT_EQ(begun->second.send[i].body, begun->first.manifest_statement());
  }
  EXPECT_EQ(begun->second.wake_at, region.now + std::chrono::seconds(60));
  EXPECT_EQ(begun->first.waiting_for(), region.ids);
}

TEST_F(Hub, RefusesAManifestItMayNotSign) {
  const auto refused = [this](auto change) {
    HubSetup s = setup();
    change(s);
    const auto begun = SumHub::begin(std::move(s), region.now);
    return !begun.ok() && begun.error().code == Code::bad_input;
  };
  EXPECT_TRUE(refused([](HubSetup& s) { s.manifest.cells = 0; }));
  EXPECT_TRUE(refused([](HubSetup& s) { s.manifest.contributors.resize(2); }));
  EXPECT_TRUE(refused([](HubSetup& s) { s.manifest.release.bytes[3] ^= 1U; }));
  EXPECT_TRUE(refused([&](HubSetup& s) { s.manifest.contributors.push_back(region.hub_id); }));
  EXPECT_TRUE(refused([](HubSetup& s) { s.manifest.contributors.push_back(party("stranger")); }));
  EXPECT_TRUE(refused([&](HubSetup& s) { s.manifest.expiry = region.now - kAttemptTime; }));
}

TEST_F(Hub, RefusalAtAnyTimeBeforeTheOpeningEndsTheAttemptWithItsReason) {
  for (const auto phase :
       {SumHub::Phase::adverts, SumHub::Phase::signatures, SumHub::Phase::inputs}) {
    region = Region(51, 4, 5);
    ASSERT_TRUE(region.start().ok());
    run_to(phase);
    const PartyId from = region.ids[2];
    ASSERT_TRUE(region
                    .receive({from, region.hub_id, MessageType::sum_refusal,
                              refusal(from, RefusalReason::editions, "another history")})
                    .ok());
    ASSERT_TRUE(region.hub.failure);
    EXPECT_EQ(region.hub.failure->code, Code::denied);
    EXPECT_EQ(region.hub.failure->culprit, from.str());
    EXPECT_NE(region.hub.failure->text.find("another history"), std::string::npos);
    // Everybody else hears that the attempt is void; late messages change nothing.
    EXPECT_EQ(std::ranges::count(region.wire, MessageType::sum_void, &Message::type), 3);
    region.run();
    EXPECT_FALSE(region.hub.figures);
    EXPECT_FALSE(region.hub.role->has_figures());
  }
}

TEST_F(Hub, TakesNoRefusalOnceOthersMayHaveOpened) {
  ASSERT_TRUE(region.start().ok());
  run_to(SumHub::Phase::openings);
  const PartyId from = region.ids[2];
  EXPECT_FALSE(region
                   .receive({from, region.hub_id, MessageType::sum_refusal,
                             refusal(from, RefusalReason::editions, "too late")})
                   .ok());
  EXPECT_FALSE(region.hub.failure);
  region.run();
  EXPECT_TRUE(region.hub.figures);
}

TEST_F(Hub, RefusalThatCanPassIsTriedAgain) {
  ASSERT_TRUE(region.start().ok());
  const PartyId from = region.ids[0];
  ASSERT_TRUE(region
                  .receive({from, region.hub_id, MessageType::sum_refusal,
                            refusal(from, RefusalReason::not_ready, "still importing")})
                  .ok());
  EXPECT_EQ(region.hub.failure->code, Code::try_again);
}

TEST_F(Hub, BelievesARefusalOnlyFromItsSigner) {
  ASSERT_TRUE(region.start().ok());
  const Bytes body = refusal(region.ids[0], RefusalReason::denied, "no");
  EXPECT_FALSE(region.receive({region.ids[1], region.hub_id, MessageType::sum_refusal, body}).ok());
  Bytes other = body;
  other[other.size() - 70] ^= 1U;
  EXPECT_FALSE(
      region.receive({region.ids[0], region.hub_id, MessageType::sum_refusal, other}).ok());
  region.run();
  EXPECT_TRUE(region.hub.figures);
}

TEST_F(Hub, AsksSilentPartiesOnlyAndLessAndLessOften) {
  ASSERT_TRUE(region.start().ok());
  const PartyId silent = region.ids[1];
  while (!region.wire.empty()) {
    if (region.wire.front().to == silent)
      region.wire.pop_front();
    else
      region.deliver();
  }
  auto& role = *region.hub.role;
  UtcTime now = region.now;
  std::vector<std::int64_t> pauses;
  for (int i = 0; i < 3; ++i) {
    const Step step = role.on_time(now);
    ASSERT_EQ(step.send.size(), 1U);
    EXPECT_EQ(step.send[0].to, silent);
    ASSERT_TRUE(step.wake_at);
    pauses.push_back(std::chrono::duration_cast<std::chrono::seconds>(*step.wake_at - now).count());
    now = *step.wake_at;
  }
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{120, 240, 240}));  // the last ends at the expiry
  const Step end = role.on_time(now);
  EXPECT_TRUE(end.finished);
  EXPECT_EQ(role.failure()->culprit, silent.str());
}

TEST_F(Hub, TakesNothingAfterTheExpiryBeforeOpenings) {
  ASSERT_TRUE(region.start().ok());
  run_to(SumHub::Phase::inputs);
  region.run();
  Region late(50, 4, 5);
  ASSERT_TRUE(late.start().ok());
  while (late.wire.front().type != MessageType::sum_masked_input) late.deliver();
  late.now += kAttemptTime + std::chrono::seconds(1);
  late.deliver();
  ASSERT_FALSE(late.errors.empty());
  EXPECT_EQ(late.errors.back().code, Code::denied);
  late.run();
  EXPECT_FALSE(late.hub.figures);
}

TEST_F(Hub, WrongOpeningReleasesNothing) {
  ASSERT_TRUE(region.start().ok());
  run_to(SumHub::Phase::openings);
  while (!region.wire.empty()) {
    Message& m = region.wire.front();
    if (m.type == MessageType::sum_opening && m.from == region.ids[3]) m.body.back() ^= 1U;
    region.deliver();
  }
  EXPECT_FALSE(region.hub.figures);
  ASSERT_TRUE(region.hub.failure);
  EXPECT_EQ(region.hub.failure->code, Code::bad_input);
}

TEST_F(Hub, GivesItsFiguresOnce) {
  ASSERT_TRUE(region.start().ok());
  region.run();
  ASSERT_TRUE(region.hub.figures);
  EXPECT_FALSE(region.hub.role->has_figures());
  EXPECT_DEATH((void)std::move(*region.hub.role).take_figures(), "has_figures_");
}

}  // namespace
}  // namespace hedgerow::protocol::sum
