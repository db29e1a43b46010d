#include "crypto/random.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "crypto/hash.h"

namespace hedgerow {
namespace {

Bytes draw(Random& rng, std::size_t n) {
  Bytes out(n);
  rng.fill(out);
  return out;
}

// The first keystream block of ChaCha20 under a zero key and nonce (RFC 8439 A.1, test vector 1,
// which is the same for the original variant because counter and nonce are zero).
TEST(SeededRandom, IsTheChaCha20Stream) {
  SeededRandom rng(ByteArray<32>{});
  EXPECT_EQ(to_hex(draw(rng, 64)),
            "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
            "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586");
  EXPECT_EQ(to_hex(draw(rng, 16)), "9f07e7be5551387a98ba977c732d080d");  // block 1: vector 2
}

TEST(SeededRandom, DoesNotDependOnHowItIsCut) {
  SeededRandom whole(ByteArray<32>{7});
  SeededRandom cut(ByteArray<32>{7});
  const Bytes expected = draw(whole, 500);
  Bytes got;
  for (const std::size_t n : {1u, 63u, 64u, 65u, 0u, 200u, 107u}) {
    const Bytes part = draw(cut, n);
    got.insert(got.end(), part.begin(), part.end());
  }
  EXPECT_EQ(got, expected);
}

TEST(SeededRandom, DiffersBySeed) {
  SeededRandom a(ByteArray<32>{1});
  SeededRandom b(ByteArray<32>{2});
  EXPECT_NE(draw(a, 32), draw(b, 32));
}

TEST(SystemRandom, DoesNotRepeatItself) {
  SystemRandom rng;
  std::set<Bytes> seen;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(seen.insert(draw(rng, 16)).second);
}

// Gives out chosen 64-bit numbers.
class Numbers : public Random {
 public:
  explicit Numbers(std::vector<std::uint64_t> numbers) : numbers_(std::move(numbers)) {}
  void fill(std::span<std::uint8_t> out) override {
    HR_CHECK(next_ < numbers_.size() && out.size() == 8);
    for (std::size_t i = 0; i < 8; ++i)
      out[i] = static_cast<std::uint8_t>(numbers_[next_] >> (8 * i));
    ++next_;
  }
  std::size_t used() const { return next_; }

 private:
  std::vector<std::uint64_t> numbers_;
  std::size_t next_ = 0;
};

TEST(RandomBelow, DrawsAgainWhatWouldBias) {
  // 2^64 mod 10 = 6: the draws 0 to 5 are refused.
  Numbers rng({0, 5, 6});
  EXPECT_EQ(random_below(rng, 10), 6u);
  EXPECT_EQ(rng.used(), 3u);
  Numbers top({~std::uint64_t{0}});
  EXPECT_EQ(random_below(top, 10), 5u);
}

TEST(RandomBelow, ReachesEveryValue) {
  SeededRandom rng(ByteArray<32>{3});
  std::array<int, 7> counts{};
  for (int i = 0; i < 7000; ++i) ++counts[random_below(rng, 7)];
  for (const int n : counts) {
    EXPECT_GT(n, 850);
    EXPECT_LT(n, 1150);
  }
  EXPECT_EQ(random_below(rng, 1), 0u);
}

}  // namespace
}  // namespace hedgerow
