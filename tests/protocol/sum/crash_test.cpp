#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/protocol/sum/region.h"

namespace hedgerow::protocol::sum {
namespace {

// Whatever a party sends twice after `sent` is the same bytes: one input, one hash, one opening.
void expect_one_version_of_each(const Region& region) {
  std::map<std::pair<PartyId, MessageType>, Bytes> first;
  for (const Message& m : region.sent) {
    if (m.type != MessageType::sum_masked_input && m.type != MessageType::sum_masked_hash &&
        m.type != MessageType::sum_opening)
      continue;
    const auto [at, added] = first.emplace(std::pair(m.from, m.type), m.body);
    EXPECT_TRUE(added || at->second == m.body) << testing::PrintToString(m);
  }
}

std::size_t steps_of_a_whole_run() {
  Region region(40, 3, 9);
  EXPECT_TRUE(region.start().ok());
  region.run();
  return region.steps;
}

TEST(SumCrash, KillBeforeCommitAtEachStepGivesTheSameTotal) {
  for (std::size_t at = 1; at <= steps_of_a_whole_run(); ++at) {
    SCOPED_TRACE(at);
    Region region(40, 3, 9);
    region.crash_at = [at](const PartyId&, std::size_t step) {
      return step == at ? Crash::before_commit : Crash::none;
    };
    ASSERT_TRUE(region.start().ok());
    region.run();
    expect_total(region);
    expect_one_version_of_each(region);
  }
}

TEST(SumCrash, KillAfterCommitAtEachStepGivesTheSameTotal) {
  Region whole(40, 3, 9);
  ASSERT_TRUE(whole.start().ok());
  whole.run();
  for (std::size_t at = 1; at <= steps_of_a_whole_run(); ++at) {
    SCOPED_TRACE(at);
    Region region(40, 3, 9);
    region.crash_at = [at](const PartyId&, std::size_t step) {
      return step == at ? Crash::after_commit : Crash::none;
    };
    ASSERT_TRUE(region.start().ok());
    region.run();
    expect_total(region);
    EXPECT_EQ(region.sent, whole.sent);  // a restored role goes on with the same bytes
  }
}

TEST(SumCrash, EverybodyKilledAtEveryStepStillGivesTheTotal) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    Region region(41, 5, 9);
    SeededRandom faults(seed_of(seed)), order(seed_of(seed + 1000));
    region.crash_at = [&faults](const PartyId&, std::size_t) {
      const auto n = random_below(faults, 4);
      return n == 0 ? Crash::before_commit : n == 1 ? Crash::after_commit : Crash::none;
    };
    ASSERT_TRUE(region.start().ok());
    region.run_shuffled(order);
    expect_total(region);
    expect_one_version_of_each(region);
  }
}

TEST(SumCrash, SavedStateRestoresToItself) {
  Region region(42, 3, 9);
  ASSERT_TRUE(region.start().ok());
  const auto check = [&region] {
    for (auto& [id, node] : region.nodes) {
      if (!node.role) continue;
      const auto state = node.role->save();
      const auto restored =
          SumContributor::restore(region.parties(id), node.opened, state.expose());
      ASSERT_TRUE(restored.ok());
      EXPECT_EQ(restored->phase(), node.role->phase());
      EXPECT_TRUE(equal_in_constant_time(restored->save().expose(), state.expose()));
      EXPECT_EQ(to_hex(*node.state), to_hex(state.expose()));  // every step saved what there was
    }
    if (region.hub.role->finished()) return;
    const auto state = region.hub.role->save();
    const auto restored =
        SumHub::restore(region.parties(region.hub_id), std::chrono::seconds(60), state.expose());
    ASSERT_TRUE(restored.ok());
    EXPECT_EQ(restored->phase(), region.hub.role->phase());
    EXPECT_TRUE(equal_in_constant_time(restored->save().expose(), state.expose()));
    EXPECT_EQ(to_hex(*region.hub.state), to_hex(state.expose()));
  };
  check();
  while (!region.wire.empty()) {
    region.deliver();
    check();
  }
}

TEST(SumCrash, DamagedStatesAreRefused) {
  Region region(43, 3, 2);
  ASSERT_TRUE(region.start().ok());
  const auto check = [&region] {
    const PartyId id = region.ids[1];
    if (const auto& state = region.nodes.at(id).state) {
      for (std::size_t n = 0; n < state->size(); n += 1 + state->size() / 97) {
        const auto r = SumContributor::restore(region.parties(id), {}, ByteView(*state).first(n));
        ASSERT_FALSE(r.ok());
        EXPECT_EQ(r.error().code, Code::configuration);
      }
      EXPECT_FALSE(SumContributor::restore(region.parties(region.ids[0]), {}, *state).ok());
    }
    if (const auto& state = region.hub.state)
      for (std::size_t n = 0; n < state->size(); n += 1 + state->size() / 97) {
        const auto r = SumHub::restore(region.parties(region.hub_id), std::chrono::seconds(60),
                                       ByteView(*state).first(n));
        ASSERT_FALSE(r.ok());
        EXPECT_EQ(r.error().code, Code::configuration);
      }
  };
  check();
  while (!region.wire.empty()) {
    region.deliver();
    check();
  }
}

TEST(SumCrash, AHubsStateHasOneForm) {
  Region region(45, 3, 2);
  ASSERT_TRUE(region.start().ok());
  region.deliver();
  Bytes state = *region.hub.state;
  std::size_t accepted = 0;
  for (std::size_t i = 0; i < state.size(); ++i) {
    state[i] ^= 2;  // makes of a flag, 0 or 1, one that is neither
    const auto r = SumHub::restore(region.parties(region.hub_id), std::chrono::seconds(60), state);
    if (r.ok()) {
      EXPECT_EQ(to_hex(r->save().expose()), to_hex(state)) << i;
      ++accepted;
    }
    state[i] ^= 2;
  }
  EXPECT_LT(accepted, state.size());
}

bool contains(ByteView haystack, ByteView needle) {
  return std::search(haystack.begin(), haystack.end(), needle.begin(), needle.end()) !=
         haystack.end();
}

// e_i and x_i are in the state until the input is sent, and not from then on.
TEST(SumCrash, SentStateHoldsNeitherInputNorMaskKey) {
  Region region(44, 3, 40);
  ASSERT_TRUE(region.start().ok());
  auto& node = region.nodes.at(region.ids[0]);
  Writer plain;
  for (const auto v : node.input.v) plain.u64(v);
  Bytes mask_key;
  bool seen_before = false, seen_after = false;
  while (!region.wire.empty()) {
    region.deliver();
    if (!node.state) continue;
    const auto view = read_state(*node.state).value();
    if (node.role->phase() < SumContributor::Phase::sent) {
      mask_key = to_bytes(view.secret);
      EXPECT_TRUE(contains(*node.state, plain.data()));
      seen_before = true;
    } else {
      EXPECT_FALSE(contains(*node.state, plain.data()));
      EXPECT_FALSE(contains(*node.state, mask_key));
      seen_after = true;
    }
  }
  EXPECT_TRUE(seen_before && seen_after);
  expect_total(region);
}

TEST(SumCrash, HubNeverSavesTheFiguresNorEveryOpening) {
  Region region(45, 4, 40);
  ASSERT_TRUE(region.start().ok());
  const Plain total = region.total();
  Writer plain;
  for (const auto v : total.v) plain.u64(v);
  while (!region.wire.empty()) {
    region.deliver();
    if (!region.hub.state) continue;
    EXPECT_FALSE(contains(*region.hub.state, plain.data()));
    EXPECT_LT(read_state(*region.hub.state).value().secret.size(), 4U * 32U);
  }
  EXPECT_FALSE(region.hub.state);
  expect_total(region);
}

TEST(SumCrash, HubKilledWhileReleasingAsksForTheLastOpeningAgain) {
  Region region(46, 3, 9);
  ASSERT_TRUE(region.start().ok());
  while (region.wire.size() > 1 || region.wire.front().type != MessageType::sum_opening)
    region.deliver();
  region.wire.clear();  // the last opening was taken in, and the step was never committed
  region.crash(region.hub_id);
  region.tick(std::chrono::seconds(0));
  EXPECT_FALSE(region.wire.empty());
  region.run();
  expect_total(region);
  expect_one_version_of_each(region);
}

}  // namespace
}  // namespace hedgerow::protocol::sum
