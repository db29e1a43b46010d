#include "node/import/csv_line.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hedgerow::import {
namespace {

std::vector<std::string> cells(std::string_view text) {
  CsvLine line(1024);
  EXPECT_TRUE(line.split(as_bytes(text))) << text;
  std::vector<std::string> out;
  for (std::size_t i = 0; i < line.size(); ++i) out.emplace_back(as_text(line.cell(i)));
  return out;
}

using Cells = std::vector<std::string>;

TEST(CsvLine, SplitsPlainAndQuotedCells) {
  EXPECT_EQ(cells("a,b,c"), (Cells{"a", "b", "c"}));
  EXPECT_EQ(cells("\"a,b\",\"c \"\"d\"\"\",\"\""), (Cells{"a,b", "c \"d\"", ""}));
  EXPECT_EQ(cells(",,"), (Cells{"", "", ""}));
}

TEST(CsvLine, TakesBlanksAroundCellsAway) {
  EXPECT_EQ(cells("  a b\t, c ,\" d \""), (Cells{"a b", "c", "d"}));
}

TEST(CsvLine, HasNoCellsInAnEmptyLine) { EXPECT_TRUE(cells("").empty()); }

TEST(CsvLine, RefusesQuotesOutOfPlaceAndCountsTheWholeCellsBefore) {
  CsvLine line(1024);
  EXPECT_FALSE(line.split(as_bytes("a,b\"c,d")));
  EXPECT_EQ(line.size(), 1U);
  EXPECT_FALSE(line.split(as_bytes("a,b,\"c\"d")));
  EXPECT_EQ(line.size(), 2U);
  EXPECT_FALSE(line.split(as_bytes("\"never closed, at all")));
  EXPECT_EQ(line.size(), 0U);
}

TEST(CsvLine, SplitsTheNextLineAfterABadOne) {
  CsvLine line(1024);
  EXPECT_FALSE(line.split(as_bytes("\"open,a,b")));
  ASSERT_TRUE(line.split(as_bytes("x,y")));
  ASSERT_EQ(line.size(), 2U);
  EXPECT_EQ(as_text(line.cell(1)), "y");
}

TEST(CsvLine, ReadsACellAsLongAsTheLine) {
  CsvLine line(64 * 1024);
  const std::string text(64 * 1024, 'x');
  ASSERT_TRUE(line.split(as_bytes(text)));
  EXPECT_EQ(as_text(line.cell(0)), text);
}

TEST(Utf8, AcceptsWellFormedText) {
  for (const std::string_view text : {"", "plain", "\xc3\xa9", "\xe2\x82\xac", "\xed\x9f\xbf",
                                      "\xee\x80\x80", "\xf0\x9f\x8c\xb3", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(as_bytes(text))) << to_hex(as_bytes(text));
}

TEST(Utf8, RefusesOverlongSurrogateTruncatedAndTooLarge) {
  for (const std::string_view text :
       {"\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff", "\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x8c", "\xc3(", "\xe2(\xa1", "caf\xe9"})
    EXPECT_FALSE(is_utf8(as_bytes(text))) << to_hex(as_bytes(text));
}

TEST(ControlCharacters, AreAllButTheTab) {
  for (int c = 0; c < 256; ++c) {
    const auto byte = static_cast<std::uint8_t>(c);
    EXPECT_EQ(has_control_character({&byte, 1}), (c < 32 && c != '\t') || c == 127) << c;
  }
}

}  // namespace
}  // namespace hedgerow::import
