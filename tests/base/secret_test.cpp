#include "crypto/base/secret.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace hedgerow {
namespace {

struct KeyTag {};
using Key = Secret<KeyTag, 32>;

static_assert(!std::is_copy_constructible_v<Key>);
static_assert(!std::is_copy_assignable_v<Key>);
static_assert(std::is_nothrow_move_constructible_v<Key>);

TEST(Secret, BeginsAsZerosAndMoves) {
  Key a;
  for (auto b : a.expose()) EXPECT_EQ(b, 0);
  a.writable()[0] = 5;
  Key b = std::move(a);
  EXPECT_EQ(b.expose()[0], 5);
  EXPECT_TRUE(equal_in_constant_time(b.expose(), b.clone().expose()));
}
TEST(Secret, ComparesLengthsToo) {
  EXPECT_FALSE(equal_in_constant_time(Bytes{1}, Bytes{1, 2}));
  EXPECT_FALSE(equal_in_constant_time(Bytes{1}, Bytes{2}));
}
TEST(Secret, WipesScratchWhenTheScopeEnds) {
  Bytes b{1, 2, 3};
  { WipeOnExit wipe(b); }
  EXPECT_EQ(b, (Bytes{0, 0, 0}));
}

}  // namespace
}  // namespace hedgerow
