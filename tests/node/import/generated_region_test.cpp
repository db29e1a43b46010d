// The product takes what the generator makes: all of it, and as what it was meant.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "node/import/rows.h"
#include "test_paths.h"
#include "tests/node/import/movement_file.h"

namespace hedgerow::import {
namespace {

class GeneratedRegion : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "hedgerow-region-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    const std::string command = std::string(HEDGEROW_PYTHON) + " " + HEDGEROW_SOURCE_DIR +
                                "/tests/generator/generate_region.py --seed 5 --children 300 "
                                "--today 2026-11-22 --out " +
                                folder_ + " 2>/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }
  void TearDown() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  ParsedFile parse(const std::string& party) {
    std::ifstream file(folder_ + "/" + party + "/movements.csv", std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return World().parse(text, 4096).value();
  }

  std::string folder_;
};

TEST_F(GeneratedRegion, IsTakenWithoutABadRow) {
  for (const auto* party : {"vale-council", "vale-police", "vale-health", "vale-voice"}) {
    const auto file = parse(party);
    EXPECT_GT(file.movements.size(), 50U) << party;
    EXPECT_EQ(file.report.refused, 0U) << party;
    EXPECT_EQ(file.report.old, 0U) << party;
    EXPECT_EQ(file.report.ambiguous_area, 0U) << party;
    EXPECT_EQ(file.report.other_day_area, 0U) << party;
    EXPECT_GT(file.identifiers.size(), 10U) << party;
    EXPECT_LT(file.identifiers.size(), file.movements.size()) << party;
    for (const auto& movement : file.movements) EXPECT_TRUE(movement.age.has_value());
  }
  EXPECT_GT(parse("vale-police").report.without_identifier, 0U);
  EXPECT_EQ(parse("vale-health").report.without_identifier, 0U);
}

}  // namespace
}  // namespace hedgerow::import
