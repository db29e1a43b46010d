#include "crypto/shamir.h"

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace hedgerow {
namespace {

ParticipantIndex index(std::uint64_t n) { return *ParticipantIndex::from(n); }

std::vector<ParticipantIndex> first(std::uint64_t n) {
  std::vector<ParticipantIndex> out;
  for (std::uint64_t i = 1; i <= n; ++i) out.push_back(index(i));
  return out;
}

std::vector<SecretShare> pick(const std::vector<SecretShare>& shares, unsigned mask) {
  std::vector<SecretShare> out;
  for (std::size_t i = 0; i < shares.size(); ++i)
    if ((mask >> i) & 1u) out.push_back({shares[i].index, shares[i].value.clone()});
  return out;
}

TEST(Shamir, EverySubsetOfTheThresholdRecoversAndNoSmallerOneDoes) {
  SeededRandom rng(ByteArray<32>{21});
  for (std::size_t n = 1; n <= 6; ++n) {
    for (std::size_t t = 1; t <= n; ++t) {
      const SecretScalar secret = random_scalar(rng);
      const auto shares = share_secret(secret, t, first(n), rng);
      ASSERT_TRUE(shares.ok());
      for (unsigned mask = 1; mask < (1u << n); ++mask) {
        const auto recovered = recover_secret(pick(*shares, mask));
        ASSERT_TRUE(recovered.ok());
        const bool enough = static_cast<std::size_t>(__builtin_popcount(mask)) >= t;
        EXPECT_EQ(publish(*recovered) == publish(secret), enough) << n << " " << t << " " << mask;
      }
    }
  }
}

TEST(Shamir, EvaluatesThePolynomial) {
  SecretScalars f(3);  // 5 + 3x + 2x^2
  f.set(0, to_secret(Scalar::from_u64(5)));
  f.set(1, to_secret(Scalar::from_u64(3)));
  f.set(2, to_secret(Scalar::from_u64(2)));
  EXPECT_EQ(publish(evaluate_polynomial(f, index(4))), Scalar::from_u64(5 + 12 + 32));
}

TEST(Shamir, LagrangeCoefficientsAreThoseOfTheTextbook) {
  // For {1, 2, 3} at zero: 3, -3, 1.
  const auto lambda = lagrange_at_zero(first(3));
  ASSERT_TRUE(lambda.ok());
  EXPECT_EQ((*lambda)[0], Scalar::from_u64(3));
  EXPECT_EQ((*lambda)[1], negate(Scalar::from_u64(3)));
  EXPECT_EQ((*lambda)[2], Scalar::from_u64(1));
}

TEST(Shamir, WorksForScatteredIndexes) {
  SeededRandom rng(ByteArray<32>{22});
  const SecretScalar secret = random_scalar(rng);
  const std::vector<ParticipantIndex> set{index(65535), index(3), index(1000)};
  const auto shares = share_secret(secret, 3, set, rng);
  ASSERT_TRUE(shares.ok());
  EXPECT_EQ(publish(*recover_secret(*shares)), publish(secret));
}

TEST(Shamir, RefusesAnIndexTwiceZeroOrTooLarge) {
  SeededRandom rng(ByteArray<32>{23});
  const std::vector<ParticipantIndex> twice{index(1), index(2), index(1)};
  EXPECT_FALSE(lagrange_at_zero(twice).ok());
  EXPECT_FALSE(share_secret(random_scalar(rng), 2, twice, rng).ok());
  EXPECT_FALSE(ParticipantIndex::from(0).ok());
  EXPECT_FALSE(ParticipantIndex::from(65536).ok());
  auto shares = share_secret(random_scalar(rng), 2, first(2), rng);
  ASSERT_TRUE(shares.ok());
  shares->push_back({index(2), (*shares)[1].value.clone()});
  EXPECT_FALSE(recover_secret(*shares).ok());
}

TEST(Shamir, RefusesNoParticipantsAndImpossibleThresholds) {
  SeededRandom rng(ByteArray<32>{24});
  EXPECT_FALSE(lagrange_at_zero({}).ok());
  EXPECT_FALSE(recover_secret({}).ok());
  EXPECT_FALSE(share_secret(random_scalar(rng), 1, {}, rng).ok());
  EXPECT_FALSE(share_secret(random_scalar(rng), 0, first(3), rng).ok());
  EXPECT_FALSE(share_secret(random_scalar(rng), 4, first(3), rng).ok());
}

}  // namespace
}  // namespace hedgerow
