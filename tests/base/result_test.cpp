#include "crypto/base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace hedgerow {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return bad_input("odd");
  return n / 2;
}
Result<int> quarter(int n) {
  HR_ASSIGN(const int h, half(n));
  HR_TRY(half(h));
  return half(h);
}

TEST(Result, CarriesValueOrError) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().text, "odd");
  EXPECT_EQ(quarter(6).error().code, Code::bad_input);
}
TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> r(std::make_unique<int>(3));
  EXPECT_EQ(*std::move(r).value(), 3);
}
TEST(ResultDeathTest, ReadingTheWrongSideEndsTheProgram) {
  EXPECT_DEATH((void)*half(1), "fault in the program");
  EXPECT_DEATH((void)half(2).error(), "fault in the program");
}

}  // namespace
}  // namespace hedgerow
