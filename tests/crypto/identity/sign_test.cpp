#include "crypto/sign.h"

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace hedgerow {
namespace {

template <std::size_t N>
ByteArray<N> hex(std::string_view text) {
  const Bytes bytes = from_hex(text).value();
  ByteArray<N> out{};
  EXPECT_EQ(bytes.size(), N);
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

struct Vector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032 section 7.1, tests 1 to 3.
constexpr Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
};

TEST(Sign, AgreesWithRfc8032) {
  for (const Vector& v : kVectors) {
    const SigningKey key(SigningSeed::copy_from(hex<32>(v.seed)));
    const Bytes message = from_hex(v.message).value();
    EXPECT_EQ(to_hex(key.verify_key().view()), v.public_key);
    EXPECT_EQ(to_hex(key.sign(message).view()), v.signature);
    EXPECT_TRUE(verify(key.verify_key(), message, key.sign(message)));
    EXPECT_EQ(to_hex(key.seed().expose()), v.seed);
  }
}

TEST(Sign, RefusesEveryFlippedBitOfASignature) {
  SeededRandom rng(ByteArray<32>{1});
  const SigningKey key = SigningKey::random(rng);
  const Bytes message = to_bytes("a statement");
  const Signature good = key.sign(message);
  for (std::size_t bit = 0; bit < 512; ++bit) {
    Signature bad = good;
    bad.bytes[bit / 8] = static_cast<std::uint8_t>(bad.bytes[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_FALSE(verify(key.verify_key(), message, bad)) << bit;
  }
}

TEST(Sign, RefusesAnotherMessageAndAnotherKey) {
  SeededRandom rng(ByteArray<32>{2});
  const SigningKey key = SigningKey::random(rng);
  const SigningKey other = SigningKey::random(rng);
  const Signature signature = key.sign(as_bytes("one"));
  EXPECT_FALSE(verify(key.verify_key(), as_bytes("two"), signature));
  EXPECT_FALSE(verify(other.verify_key(), as_bytes("one"), signature));
}

TEST(Sign, RefusesASignatureWithSRaisedByTheGroupOrder) {
  SeededRandom rng(ByteArray<32>{3});
  const SigningKey key = SigningKey::random(rng);
  Signature signature = key.sign(as_bytes("m"));
  const auto order = hex<32>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    const unsigned sum = signature.bytes[32 + i] + order[i] + carry;
    signature.bytes[32 + i] = static_cast<std::uint8_t>(sum & 0xffU);
    carry = sum >> 8U;
  }
  EXPECT_FALSE(verify(key.verify_key(), as_bytes("m"), signature));
}

TEST(Sign, DecodesOnlyPointsOfThePrimeOrderGroup) {
  const char* const bad[] = {// the identity, order 2, order 4, order 8
                             "0100000000000000000000000000000000000000000000000000000000000000",
                             "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             "0000000000000000000000000000000000000000000000000000000000000000",
                             "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                             // y = p + 1: the identity in another encoding
                             "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             // not on the curve
                             "0200000000000000000000000000000000000000000000000000000000000000"};
  for (const char* text : bad) EXPECT_FALSE(VerifyKey::decode(hex<32>(text)).ok()) << text;
  EXPECT_FALSE(VerifyKey::decode(Bytes(31)).ok());
  EXPECT_FALSE(VerifyKey::decode(Bytes(33)).ok());
  EXPECT_TRUE(VerifyKey::decode(hex<32>(kVectors[0].public_key)).ok());
}

TEST(Sign, DecodesSignaturesOfTheRightLengthOnly) {
  EXPECT_TRUE(Signature::decode(Bytes(64)).ok());
  EXPECT_FALSE(Signature::decode(Bytes(63)).ok());
  EXPECT_FALSE(Signature::decode(Bytes(65)).ok());
}

TEST(Sign, CloneSignsTheSame) {
  SeededRandom rng(ByteArray<32>{4});
  const SigningKey key = SigningKey::random(rng);
  EXPECT_EQ(key.clone().sign(as_bytes("m")), key.sign(as_bytes("m")));
  EXPECT_EQ(key.clone().verify_key(), key.verify_key());
}

}  // namespace
}  // namespace hedgerow
