#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "crypto/link_token.h"
#include "tests/protocol/link/region.h"

namespace hedgerow::protocol::link {
namespace {

TEST(Link, CountsAsPlainSetsDo) {
  for (const Kind kind : {Kind::children, Kind::episodes, Kind::children_by_agency}) {
    for (const std::size_t n : {std::size_t{3}, std::size_t{5}, std::size_t{8}}) {
      SCOPED_TRACE(std::to_string(static_cast<int>(kind)) + ", " + std::to_string(n));
      const std::uint32_t cells = kind == Kind::children ? 5 : 1;
      Region region(10 * n + static_cast<std::size_t>(kind),
                    {kind, n, 2 + n % 2, n % 3, cells, 24});
      region.fill_at_random(12, 500);
      ASSERT_TRUE(region.start().ok());
      region.run();
      expect_figures(region);
    }
  }
}

TEST(Link, CountsNothingWhereNobodyHoldsAnything) {
  Region region(1, {});
  ASSERT_TRUE(region.start().ok());
  region.run();
  expect_figures(region);
  EXPECT_EQ(std::ranges::count(region.figures->tokens, 0U), 3);
}

TEST(Link, CountsOneChildOfOneContributor) {
  Region region(2, {});
  region.fill_at_random(1, 0);
  region.nodes.at(region.contributors[1]).held = {{0, 0, 0}};
  ASSERT_TRUE(region.start().ok());
  region.run();
  expect_figures(region);
  EXPECT_EQ(region.figures->tokens[0], 1U);
}

TEST(Link, CountsMoreThanOnePartOfPointsOnionsAndBatch) {
  Region region(3, {Kind::episodes, 3, 2, 1, 1, 700});
  region.fill_at_random(400, 900);
  ASSERT_TRUE(region.start().ok());
  region.run();
  expect_figures(region);
  const auto parts = std::ranges::count_if(
      region.sent, [](const Message& m) { return m.type == MessageType::link_batch; });
  EXPECT_EQ(parts, 2 * 2);  // 2,100 entries, from each mixer
}

TEST(Link, AgainGivesTheSameFiguresUnderOtherTokens) {
  Region region(4, {Kind::children, 4, 2, 0, 3, 16});
  region.fill_at_random(10, 500);
  ASSERT_TRUE(region.start(1).ok());
  region.run();
  expect_figures(region);
  const auto first = region.sent;
  region.sent.clear();
  ASSERT_TRUE(region.start(2).ok());
  region.run();
  expect_figures(region);
  std::set<Bytes> bodies;
  for (const Message& m : first) bodies.insert(m.body);
  for (const Message& m : region.sent) EXPECT_FALSE(bodies.contains(m.body));
}

TEST(Link, SameSeedGivesTheSameMessages) {
  const auto messages = [](std::uint64_t seed) {
    Region region(seed, {Kind::children, 3, 2, 1, 2, 16});
    region.fill_at_random(6, 600);
    EXPECT_TRUE(region.start().ok());
    region.run();
    return region.sent;
  };
  EXPECT_EQ(messages(5), messages(5));
  EXPECT_NE(messages(5), messages(6));
}

// What any one party sees of an honest run, but for bytes that are random: who, what, how long, in
// which order. It must not depend on what anybody holds.
TEST(Link, NumbersAndSizesSayNothingOfWhatIsHeld) {
  const auto shape_of = [](bool with_child) {
    Region region(7, {Kind::children, 4, 2, 1, 3, 16});
    region.fill_at_random(8, 500);
    region.nodes.at(region.contributors[2]).held = {{0, 1, 0}, {1, 2, 0}};
    if (with_child) region.nodes.at(region.contributors[2]).held.push_back({2, 3, 0});
    EXPECT_TRUE(region.start().ok());
    region.run();
    expect_figures(region);
    std::vector<std::tuple<PartyId, PartyId, MessageType, std::size_t>> out;
    for (const Message& m : region.sent) out.emplace_back(m.from, m.to, m.type, m.body.size());
    return out;
  };
  EXPECT_EQ(shape_of(false), shape_of(true));
}

TEST(Link, TokensOfOneChildInTwoCellsDiffer) {
  const Pseudonym child{Element::base()};
  const Hash64 qh{}, other{seed_of(3)[0] == 3 ? ByteArray<64>{1} : ByteArray<64>{2}};
  EXPECT_NE(link_point(qh, 0, child), link_point(qh, 1, child));
  EXPECT_NE(link_point(qh, 0, child), link_point(other, 0, child));
  EXPECT_NE(link_point(qh, 1, child), link_episode_point(qh, 1, child));
}

}  // namespace
}  // namespace hedgerow::protocol::link
