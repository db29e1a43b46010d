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
// Each that was made is destroyed once, whatever stands where it is put.
struct Counted {
  explicit Counted(int& n) : alive(&n) { ++*alive; }
  Counted(const Counted& o) : alive(o.alive) { ++*alive; }
  Counted(Counted&& o) noexcept : alive(o.alive) { ++*alive; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --*alive; }
  int* alive;
};
TEST(Result, DestroysWhatItHeld) {
  int alive = 0;
  {
    Result<Counted> a{Counted(alive)};
    Result<Counted> b{bad_input("none")};
    const Result<Counted> copy = a;
    EXPECT_EQ(alive, 2);
    b = std::move(a);
    EXPECT_EQ(alive, 3);
    a = Result<Counted>(bad_input("gone", "make another"));
    EXPECT_EQ(alive, 2);
    EXPECT_TRUE(b.ok() && copy.ok());
    const Result<Counted> error = a;
    EXPECT_EQ(error.error(), a.error());
    b = std::move(a);
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(b.error().hint, "make another");
    Result<Counted>& itself = b;
    b = std::move(itself);
    EXPECT_EQ(b.error().text, "gone");
  }
  EXPECT_EQ(alive, 0);
}
TEST(Result, OfNothingCarriesAnErrorToo) {
  Result<void> r = denied("not now");
  const Result<void> copy = r;
  const Result<void> moved = std::move(r);
  EXPECT_FALSE(moved.ok() || copy.ok() || !Result<void>().ok());
  EXPECT_EQ(moved.error(), copy.error());
}
TEST(ResultDeathTest, AnErrorThatWasMovedFromIsGone) {
  Result<int> r = half(1);
  const Result<int> moved = std::move(r);
  EXPECT_EQ(moved.error().text, "odd");
  EXPECT_DEATH((void)r.error(), "fault in the program");
}
TEST(ResultDeathTest, ReadingTheWrongSideEndsTheProgram) {
  EXPECT_DEATH((void)*half(1), "fault in the program");
  EXPECT_DEATH((void)half(2).error(), "fault in the program");
}

}  // namespace
}  // namespace hedgerow
