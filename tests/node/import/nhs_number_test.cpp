#include "node/import/nhs_number.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace hedgerow::import {
namespace {

NhsNumberFault fault_of(std::string_view text) {
  const NhsNumberParse parsed(as_bytes(text));
  EXPECT_FALSE(parsed.ok()) << text;
  return parsed.fault();
}

// 943 476 5919 is the NHS Data Dictionary's example; 401 023 2137 NHS England's.
TEST(NhsNumber, AcceptsPublishedExamplesWithAndWithoutSpaces) {
  for (const std::string_view text :
       {"9434765919", "943 476 5919", " 9434765919 ", "4010232137", "9 4 3 4 7 6 5 9 1 9"}) {
    const NhsNumberParse parsed(as_bytes(text));
    ASSERT_TRUE(parsed.ok()) << text;
    std::string bare(text);
    std::erase(bare, ' ');
    EXPECT_EQ(as_text(parsed.number().digits()), bare);
  }
}

TEST(NhsNumber, RefusesEveryOtherCheckDigit) {
  for (char last = '0'; last <= '9'; ++last) {
    const std::string text = std::string("943476591") + last;
    EXPECT_EQ(NhsNumberParse(as_bytes(text)).ok(), last == '9') << last;
  }
}

TEST(NhsNumber, RefusesEverySingleWrongDigitAndEverySwapOfNeighbours) {
  const std::string good = "9434765919";
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (char c = '0'; c <= '9'; ++c) {
      std::string text = good;
      text[i] = c;
      EXPECT_EQ(NhsNumberParse(as_bytes(text)).ok(), text == good) << text;
    }
    if (i + 1 < good.size() && good[i] != good[i + 1]) {
      std::string text = good;
      std::swap(text[i], text[i + 1]);
      EXPECT_EQ(fault_of(text), NhsNumberFault::check_digit) << text;
    }
  }
}

// Leading digits whose check digit would have to be ten belong to no number.
TEST(NhsNumber, RefusesAllTenDigitsWhereTheCheckDigitWouldBeTen) {
  for (char last = '0'; last <= '9'; ++last)
    EXPECT_EQ(fault_of(std::string("000000006") + last), NhsNumberFault::check_digit);
}

TEST(NhsNumber, RefusesWhatIsNotTenDigits) {
  for (const std::string_view text : {"", " ", "943476591", "94347659191", "943-476-5919",
                                      "943476591X", "9.43477E+09", "943476 591\t9"})
    EXPECT_EQ(fault_of(text), NhsNumberFault::format) << text;
}

TEST(NhsNumber, IsFoundInReferencesThroughSpacesAndHyphens) {
  EXPECT_TRUE(looks_like_nhs_number(as_bytes("9434765919")));
  EXPECT_TRUE(looks_like_nhs_number(as_bytes("943-476 5919")));
  EXPECT_FALSE(looks_like_nhs_number(as_bytes("9434765918")));
  EXPECT_FALSE(looks_like_nhs_number(as_bytes("C9434765919")));
  EXPECT_FALSE(looks_like_nhs_number(as_bytes("")));
}

TEST(NhsNumber, IsFoundInFreeText) {
  for (const std::string_view text :
       {"9434765919", "943 476 5919", "943-476-5919", "9-4-3 4 7 6 5 9-1 9",
        "seen with 943 476 5919 at school", "NHS9434765919.", "(943-476 5919)", "no:9434765919,",
        // Other digits beside it.
        "child 2 943 476 5919", "943 476 5919 2 March", "2026-11-22 9434765919",
        "9434765918 9434765919", "9434765919 4010232137", "9434765919x1",
        "4943 4765919 9434765919"})
    EXPECT_TRUE(contains_nhs_number(as_bytes(text))) << text;
}

TEST(NhsNumber, IsNotSeenInOtherDigitsOfFreeText) {
  for (const std::string_view text :
       {"", "no digits", "9434765918", "943 476 5918", "943476591", "94347659190", "19434765919",
        "943 476 59190", "1943 476 5919", "943  476 5919", "943 -476 5919", "943/476/5919",
        "943476 x5919", "943 476 591 ", "-", "MASH 01632 960000, ext 12", "LAC review 2026-11-22"})
    EXPECT_FALSE(contains_nhs_number(as_bytes(text))) << text;
}

}  // namespace
}  // namespace hedgerow::import
