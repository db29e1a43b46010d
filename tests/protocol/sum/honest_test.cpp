#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "crypto/hash.h"
#include "tests/protocol/sum/region.h"

namespace hedgerow::protocol::sum {
namespace {

TEST(Sum, EqualsPlainAdditionForEverySizeOfRegion) {
  SeededRandom rng(seed_of(1));
  for (std::size_t contributors = 3; contributors <= 10; ++contributors) {
    const std::size_t cells = 1 + random_below(rng, 1500);
    SCOPED_TRACE(std::to_string(contributors) + " contributors, " + std::to_string(cells));
    Region region(100 + contributors, contributors, cells);
    ASSERT_TRUE(region.start().ok());
    region.run();
    EXPECT_TRUE(region.errors.empty());
    expect_total(region);
  }
}

TEST(Sum, EqualsPlainAdditionForOneCellAndForTheMostCells) {
  for (const std::size_t cells : {std::size_t{1}, kMaxCells}) {
    Region region(7, cells == 1 ? 3 : 10, cells);
    ASSERT_TRUE(region.start().ok());
    region.run();
    expect_total(region);
    for (const Message& m : region.sent) EXPECT_LT(m.body.size(), kMaxBodySize);
  }
}

TEST(Sum, AddsTheLargestValuesOfTheMostContributors) {
  Region region(8, kMaxContributors - 38, 2);  // agency-a to agency-z
  for (auto& [id, node] : region.nodes)
    node.input = {{kMaxCellValue, 0}, {kMaxCellValue, 0}, {1, 0}, {0, 0}};
  ASSERT_TRUE(region.start().ok());
  region.run();
  expect_total(region);
}

TEST(Sum, SameSeedGivesSameMessages) {
  Region a(5, 4, 30), b(5, 4, 30), c(6, 4, 30);
  for (Region* r : {&a, &b, &c}) {
    ASSERT_TRUE(r->start().ok());
    r->run();
  }
  EXPECT_EQ(a.sent, b.sent);
  EXPECT_NE(a.sent, c.sent);
}

TEST(Sum, AnyOrderOfDeliveryGivesTheSameTotal) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Region region(20, 5, 12);
    SeededRandom order(seed_of(seed));
    ASSERT_TRUE(region.start().ok());
    region.run_shuffled(order);
    expect_total(region);
  }
}

TEST(Sum, EveryMessageTwiceChangesNothing) {
  Region once(21, 4, 12), twice(21, 4, 12);
  ASSERT_TRUE(once.start().ok());
  ASSERT_TRUE(twice.start().ok());
  once.run();
  while (!twice.wire.empty()) {
    const Message m = twice.wire.front();
    twice.deliver();
    const std::size_t before = twice.wire.size();
    const bool over = twice.hub.role->finished();
    const auto again = twice.receive(m);
    EXPECT_TRUE(again.ok() || over) << again.error().text;
    // What the repetition brings is what the first brought, byte for byte: it adds no new bytes.
    while (twice.wire.size() > before) {
      const auto& last = twice.wire.back();
      EXPECT_GE(std::ranges::count(twice.sent, last), 2);
      twice.wire.pop_back();
    }
  }
  expect_total(twice);
  std::set<Bytes> bodies_once, bodies_twice;
  for (const auto& m : once.sent) bodies_once.insert(m.body);
  for (const auto& m : twice.sent) bodies_twice.insert(m.body);
  EXPECT_EQ(bodies_once, bodies_twice);
}

TEST(Sum, EveryMessageLostOnceIsAskedForAgain) {
  Region whole(22, 3, 6);
  ASSERT_TRUE(whole.start().ok());
  whole.run();
  for (std::size_t lost = 0; lost < whole.sent.size(); ++lost) {
    SCOPED_TRACE(testing::PrintToString(whole.sent[lost]));
    Region region(22, 3, 6);
    ASSERT_TRUE(region.start().ok());
    std::size_t n = 0;
    while (!region.wire.empty()) {
      if (n++ == lost)
        region.wire.pop_front();
      else
        region.deliver();
    }
    EXPECT_FALSE(region.hub.figures);
    EXPECT_FALSE(region.hub.role->waiting_for().empty());
    region.tick(std::chrono::seconds(61));
    region.run();
    expect_total(region);
  }
}

TEST(Sum, AttemptWithASilentPartyEndsNamingItAndTheNextSucceeds) {
  for (const auto type : {MessageType::sum_advert, MessageType::sum_roster_signature,
                          MessageType::sum_masked_input, MessageType::sum_masked_hash}) {
    SCOPED_TRACE(protocol::name_of(type));
    Region region(23, 4, 6);
    const PartyId silent = region.ids[2];
    ASSERT_TRUE(region.start().ok());
    const auto without = [&] {
      while (!region.wire.empty()) {
        if (region.wire.front().from == silent && region.wire.front().type == type)
          region.wire.pop_front();
        else
          region.deliver();
      }
    };
    without();
    EXPECT_EQ(region.hub.role->waiting_for(), std::vector<PartyId>{silent});
    region.tick(kAttemptTime + std::chrono::seconds(1));
    without();
    ASSERT_TRUE(region.hub.failure);
    EXPECT_EQ(region.hub.failure->code, Code::try_again);
    EXPECT_EQ(region.hub.failure->culprit, silent.str());
    EXPECT_FALSE(region.hub.figures);
    for (const auto& [id, node] : region.nodes) EXPECT_FALSE(node.opened);

    ASSERT_TRUE(region.start(2).ok());
    region.run();
    expect_total(region);
  }
}

TEST(Sum, OpenedAttemptWaitsForTheMissingPartyBeyondTheExpiry) {
  Region region(24, 4, 6);
  const PartyId silent = region.ids[0];
  const auto without = [&] {
    while (!region.wire.empty()) {
      if (region.wire.front().from == silent &&
          region.wire.front().type == MessageType::sum_opening)
        region.wire.pop_front();
      else
        region.deliver();
    }
  };
  ASSERT_TRUE(region.start().ok());
  without();
  for (int i = 0; i < 30; ++i) {
    region.tick(kAttemptTime);
    without();
    ASSERT_FALSE(region.hub.failure);
    ASSERT_FALSE(region.hub.figures);
    EXPECT_EQ(region.hub.role->waiting_for(), std::vector<PartyId>{silent});
  }
  region.tick(std::chrono::hours(1));
  region.run();
  expect_total(region);
}

TEST(Sum, NoTwoMaskedInputsHaveAnythingInCommon) {
  const auto masked = [](std::uint64_t seed, bool change) {
    Region region(seed, 3, 400);
    SeededRandom inputs(seed_of(9));
    for (auto& [id, node] : region.nodes) node.input = random_plain(inputs, 400);
    if (change) ++region.nodes.at(region.ids[0]).input.v[17];
    EXPECT_TRUE(region.start().ok());
    region.run();
    for (const Message& m : region.sent)
      if (m.type == MessageType::sum_masked_input && m.from == region.ids[0])
        return MaskedInput::decode(m.body).value().y;
    return WipingVector<std::uint64_t>();
  };
  const auto a = masked(31, false), b = masked(32, true);
  ASSERT_EQ(a.size(), 1600U);
  ASSERT_EQ(b.size(), 1600U);
  std::size_t bits = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_NE(a[i], b[i]) << i;
    bits += static_cast<std::size_t>(std::popcount(a[i] ^ b[i]));
  }
  // 102,400 fair coins: mean 51,200, standard deviation 160.
  EXPECT_NEAR(static_cast<double>(bits), 51200.0, 6 * 160.0);
}

// With every opening but one, the sum of the masked inputs is as good as random.
TEST(Sum, AllOpeningsButOneOpenNothing) {
  Region region(33, 4, 100);
  ASSERT_TRUE(region.start().ok());
  region.run();
  expect_total(region);
  WipingVector<std::uint64_t> sum(400);
  for (const Message& m : region.sent) {
    if (m.type == MessageType::sum_masked_input) {
      const auto y = MaskedInput::decode(m.body).value().y;
      for (std::size_t i = 0; i < y.size(); ++i) sum[i] += y[i];
    }
    if (m.type == MessageType::sum_opening && m.from != region.ids[3])
      subtract_mask(sum, Opening::decode(m.body).value().seed);
  }
  const Plain total = region.total();
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_NE(sum[i], total.v[i]);
    EXPECT_GT(sum[200 + i], 4U) << "K is recognisable";
  }
}

}  // namespace
}  // namespace hedgerow::protocol::sum
