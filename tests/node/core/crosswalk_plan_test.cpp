#include "node/core/crosswalk_plan.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace hedgerow::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ByteArray<32> key(std::uint8_t n) {
  ByteArray<32> k{};
  k[0] = n;
  return k;
}

// Children 1 to 5 by number 1, 2, 2, 3, 4.
hedgerow::import::ParsedCrosswalk file() {
  hedgerow::import::ParsedCrosswalk f;
  hedgerow::import::NhsNumberIndex numbers;
  const std::vector<std::string> all = {"9990000018", "9990000026", "9990000026", "9990000034",
                                        "9990000042"};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const import::NhsNumberParse parsed(as_bytes(all[i]));
    HR_CHECK(parsed.ok());
    f.entries.push_back(
        {key(static_cast<std::uint8_t>(i + 1)), numbers.position_of(parsed.number())});
  }
  f.identifiers = numbers.take();
  f.report.read = f.report.good = all.size();
  return f;
}

std::vector<std::string> numbers_of(const import::NhsNumbers& numbers) {
  std::vector<std::string> all;
  for (const auto& n : numbers) all.emplace_back(as_text(n.digits()));
  return all;
}

// 1 is not known here, 4 has a number.
const std::vector<store::KnownChild> kKnown = {{key(0), {}},       {key(2), {}}, {key(3), {}},
                                               {key(4), key(104)}, {key(5), {}}, {key(9), {}}};

TEST(CrosswalkPlan, AsksOnceForEachNumberOfChildrenWhoAreKnownAndLackOne) {
  CrosswalkPlan plan(file(), kKnown, false);
  EXPECT_EQ(plan.asked(), 3U);
  EXPECT_THAT(numbers_of(plan.take_identifiers()), ElementsAre("9990000026", "9990000042"));
  const auto lines = plan.settle(std::vector{key(201), key(202)});
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].child_key, key(2));
  EXPECT_EQ(lines[1].child_key, key(3));
  EXPECT_EQ(lines[1].pseudonym, key(201));
  EXPECT_EQ(lines[2].pseudonym, key(202));
  const auto json = plan.to_json({}, std::nullopt);
  EXPECT_EQ(json.at("gained"), 3);
  EXPECT_EQ(json.at("report").at("unknown_children"), 1);
  EXPECT_EQ(json.at("report").at("have_number"), 1);
  EXPECT_EQ(json.at("report").at("children"), 5);
}

TEST(CrosswalkPlan, ToldToReplaceAsksForAllWhoAreKnownAndStoresWhatDiffers) {
  for (const std::uint8_t answer : {std::uint8_t{104}, std::uint8_t{105}}) {
    CrosswalkPlan plan(file(), kKnown, true);
    EXPECT_THAT(numbers_of(plan.take_identifiers()),
                ElementsAre("9990000026", "9990000034", "9990000042"));
    const auto lines = plan.settle(std::vector{key(201), key(answer), key(202)});
    EXPECT_EQ(lines.size(), answer == 104 ? 3U : 4U);
    const auto json = plan.to_json({}, std::nullopt);
    EXPECT_EQ(json.at("gained"), 3);
    EXPECT_EQ(json.at("replaced"), answer == 104 ? 0 : 1);
    EXPECT_EQ(json.at("unchanged"), answer == 104 ? 1 : 0);
  }
}

TEST(CrosswalkPlan, OfNobodyKnownHereAsksForNobody) {
  CrosswalkPlan plan(file(), {}, true);
  EXPECT_EQ(plan.asked(), 0U);
  EXPECT_THAT(numbers_of(plan.take_identifiers()), IsEmpty());
}

}  // namespace
}  // namespace hedgerow::core
