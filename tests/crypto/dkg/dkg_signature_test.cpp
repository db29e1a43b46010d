#include "crypto/dkg_signature.h"

#include <gtest/gtest.h>

#include "tests/crypto/dkg/dkg_fixture.h"

namespace hedgerow {
namespace {

const Bytes kMessage = to_bytes("a message");

TEST(DkgSignature, HoldsForItsKeyAndMessageOnly) {
  SeededRandom rng = seeded(9);
  const DkgStaticKey key = generate_dkg_static_key(rng);
  const DkgStaticKey other = generate_dkg_static_key(rng);
  const DkgSignature signature = dkg_sign(key.secret, kMessage).value();
  EXPECT_TRUE(dkg_verify(key.public_key, kMessage, signature));
  EXPECT_FALSE(dkg_verify(other.public_key, kMessage, signature));
  EXPECT_FALSE(dkg_verify(key.public_key, to_bytes("another message"), signature));
  EXPECT_FALSE(dkg_verify(key.public_key, {}, signature));
  EXPECT_EQ(DkgSignature::decode(signature.bytes()).value(), signature);
}

TEST(DkgSignature, IsDeterministicAndDependsOnTheMessage) {
  SeededRandom rng = seeded(9);
  const DkgStaticKey key = generate_dkg_static_key(rng);
  EXPECT_EQ(dkg_sign(key.secret, kMessage).value(), dkg_sign(key.secret, kMessage).value());
  // Equal nonces under two messages would give the key away.
  EXPECT_NE(dkg_sign(key.secret, kMessage)->commitment(),
            dkg_sign(key.secret, to_bytes("another"))->commitment());
}

TEST(DkgSignature, NoBitOfItCanBeChanged) {
  SeededRandom rng = seeded(9);
  const DkgStaticKey key = generate_dkg_static_key(rng);
  const auto good = dkg_sign(key.secret, kMessage)->bytes();
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    const auto decoded = DkgSignature::decode(bad);
    EXPECT_FALSE(decoded.ok() && dkg_verify(key.public_key, kMessage, *decoded)) << bit;
  }
}

TEST(DkgSignature, DecodeRefusesTheIdentityUnreducedScalarsAndOtherLengths) {
  SeededRandom rng = seeded(9);
  const auto good = dkg_sign(generate_dkg_static_key(rng).secret, kMessage)->bytes();
  auto identity = good;
  std::fill_n(identity.begin(), 32, std::uint8_t{0});
  EXPECT_FALSE(DkgSignature::decode(identity).ok());
  auto unreduced = good;
  std::fill_n(unreduced.begin() + 32, 32, std::uint8_t{0xff});
  EXPECT_FALSE(DkgSignature::decode(unreduced).ok());
  EXPECT_FALSE(DkgSignature::decode(ByteView(good).first(63)).ok());
  Bytes longer = to_bytes(good);
  longer.push_back(0);
  EXPECT_FALSE(DkgSignature::decode(longer).ok());
}

TEST(DkgSignature, AZeroKeyIsRefused) { EXPECT_FALSE(dkg_sign(SecretScalar{}, kMessage).ok()); }

}  // namespace
}  // namespace hedgerow
