#include "policies/match_rate.h"

#include <gtest/gtest.h>

namespace hedgerow::policies {
namespace {

DisclosureRule rule_of(std::uint32_t min_children) {
  DisclosureRule rule;
  rule.min_children = min_children;
  return rule;
}

TEST(MatchRate, FallsIntoBandsByShare) {
  const auto band = [](std::uint64_t matched) {
    return to_text(match_band(matched, 1000, 500, rule_of(8)));
  };
  EXPECT_EQ(band(0), "under 50 %");
  EXPECT_EQ(band(499), "under 50 %");
  EXPECT_EQ(band(500), "50-80 %");
  EXPECT_EQ(band(799), "50-80 %");
  EXPECT_EQ(band(800), "80-95 %");
  EXPECT_EQ(band(949), "80-95 %");
  EXPECT_EQ(band(950), "95 % and over");
  EXPECT_EQ(band(1000), "95 % and over");
}

TEST(MatchRate, IsNotStatedOfFewChildrenHoweverManyRows) {
  EXPECT_EQ(match_band(0, 0, 0, rule_of(8)), MatchBand::not_stated);
  EXPECT_EQ(match_band(900, 1000, 39, rule_of(8)), MatchBand::not_stated);
  EXPECT_EQ(match_band(900, 1000, 40, rule_of(8)), MatchBand::from_80);
  EXPECT_EQ(match_band(10, 10, 10, rule_of(3)), MatchBand::not_stated);
  EXPECT_EQ(match_band(15, 15, 15, rule_of(3)), MatchBand::from_95);
}

// disclosure.md rule 6 asks that nothing bounds a number within an interval that lies wholly below
// the threshold or is narrower than it: neither 'not stated' nor a band may.
TEST(MatchRate, NeverBoundsTheNumberOfChildrenBelowTheThreshold) {
  for (std::uint32_t least = 1; least <= 20; ++least) {
    std::uint64_t not_stated_to = 0;
    while (match_band(0, not_stated_to + 1, not_stated_to + 1, rule_of(least)) ==
           MatchBand::not_stated)
      ++not_stated_to;
    EXPECT_GE(not_stated_to, least) << least;
    EXPECT_EQ(match_band(0, 100'000, 100'000, rule_of(least)), MatchBand::under_50);
  }
}

TEST(MatchRate, OfANumberThatIsNoBandIsNothing) {
  EXPECT_EQ(match_band_from(0), MatchBand::not_stated);
  EXPECT_EQ(match_band_from(4), MatchBand::from_95);
  EXPECT_EQ(match_band_from(5), std::nullopt);
  EXPECT_EQ(match_band_from(255), std::nullopt);
}

}  // namespace
}  // namespace hedgerow::policies
