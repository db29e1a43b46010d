#include "crypto/base/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <type_traits>
#include <vector>

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
TEST(Secret, BeginsAsZerosWhereAnotherWas) {
  for (int round = 0; round < 3; ++round) {
    std::vector<Key> keys(100);  // more than are kept
    for (Key& k : keys) {
      for (auto b : k.expose()) ASSERT_EQ(b, 0);
      std::ranges::fill(k.writable(), std::uint8_t{0xa5});
    }
  }
}
TEST(Secret, HasMemoryThatNoOtherHas) {
  std::vector<Key> keys(3);
  keys.erase(keys.begin());
  keys.resize(80);
  std::set<const std::uint8_t*> seen;
  for (const Key& k : keys) EXPECT_TRUE(seen.insert(k.expose().data()).second);
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
