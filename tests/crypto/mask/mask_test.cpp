#include "crypto/mask.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "crypto/hash.h"

namespace hedgerow {
namespace {

// The original ChaCha20 written from its specification, one word at a time: shares nothing with
// the library behind mask.cpp.
std::uint32_t rotate(std::uint32_t v, unsigned by) { return (v << by) | (v >> (32U - by)); }

std::array<std::uint8_t, 64> reference_block(ByteView key, std::uint64_t counter) {
  std::array<std::uint32_t, 16> s{0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  for (std::size_t i = 0; i < 8; ++i)
    for (std::size_t b = 0; b < 4; ++b)
      s[4 + i] |= static_cast<std::uint32_t>(key[4 * i + b]) << (8U * b);
  s[12] = static_cast<std::uint32_t>(counter);
  s[13] = static_cast<std::uint32_t>(counter >> 32U);
  auto w = s;
  const auto quarter = [&w](std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
    w[d] = rotate(w[d] ^ (w[a] += w[b]), 16);
    w[b] = rotate(w[b] ^ (w[c] += w[d]), 12);
    w[d] = rotate(w[d] ^ (w[a] += w[b]), 8);
    w[b] = rotate(w[b] ^ (w[c] += w[d]), 7);
  };
  for (int round = 0; round < 10; ++round) {
    for (std::size_t i = 0; i < 4; ++i) quarter(i, 4 + i, 8 + i, 12 + i);
    for (std::size_t i = 0; i < 4; ++i)
      quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
  }
  std::array<std::uint8_t, 64> out{};
  for (std::size_t i = 0; i < 16; ++i)
    for (std::size_t b = 0; b < 4; ++b)
      out[4 * i + b] = static_cast<std::uint8_t>((w[i] + s[i]) >> (8U * b));
  return out;
}

std::vector<std::uint64_t> reference_stream(ByteView key, std::size_t values) {
  std::vector<std::uint64_t> out(values);
  for (std::size_t i = 0; i < values; ++i) {
    const auto block = reference_block(key, i / 8);
    for (std::size_t b = 0; b < 8; ++b)
      out[i] |= static_cast<std::uint64_t>(block[i % 8 * 8 + b]) << (8U * b);
  }
  return out;
}

template <class S>
S secret_from(std::uint8_t first) {
  S s;
  for (auto& b : s.writable()) b = first++;
  return s;
}

Hash64 hash_from(std::uint8_t first) {
  Hash64 h;
  for (auto& b : h.bytes) b = first++;
  return h;
}

std::vector<std::uint64_t> stream_of(const MaskSeed& seed, std::size_t n) {
  std::vector<std::uint64_t> v(n);
  add_mask(v, seed);
  return v;
}

MaskSecretKey secret_from_hex(std::string_view hex) {
  const Bytes b = *from_hex(hex);
  return MaskSecretKey::copy_from(ByteView(b).first<32>());
}

// RFC 7748 section 6.1.
TEST(Mask, PublicKeysAgreeWithRfc7748) {
  const auto alice =
      secret_from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const auto bob =
      secret_from_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  EXPECT_EQ(to_hex(mask_public_key(alice).view()),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(to_hex(mask_public_key(bob).view()),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");

  // The seed, put together here from the RFC's shared secret.
  const Bytes shared =
      *from_hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
  const Hash64 h = hash_from(7);
  Writer message;
  message.raw(as_bytes("hedgerow/v1/sum")).raw(h.view());
  message.raw(mask_public_key(alice).view()).raw(mask_public_key(bob).view());  // 85.. < de..
  const auto expected = hmac_sha512(shared, message.data());
  const auto seed = pairwise_seed(alice, mask_public_key(bob), h);
  ASSERT_TRUE(seed.ok());
  EXPECT_EQ(to_hex(seed->expose()), to_hex(ByteView(expected).first(32)));
}

// RFC 8439 appendix A.1, test vectors 1 and 2: with nonce 0 the original and the IETF variant
// agree.
TEST(Mask, StreamUnderZeroSeedIsRfc8439Keystream) {
  const auto v = stream_of(MaskSeed(), 16);
  Writer w;
  for (const auto x : v) w.u64(x);
  EXPECT_EQ(to_hex(w.data()),
            "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
            "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"
            "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
            "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
}

TEST(Mask, SeedHasGoldenValueFromBothSides) {
  const auto a = secret_from<MaskSecretKey>(0), b = secret_from<MaskSecretKey>(32);
  const auto h = hash_from(0xa0);
  EXPECT_EQ(to_hex(mask_public_key(a).view()),
            "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f");
  EXPECT_EQ(to_hex(mask_public_key(b).view()),
            "358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254");
  constexpr auto kGolden = "3e7a50394e537a37e9069f869130b23c0bd470bca684b89510643609cffb51b3";
  EXPECT_EQ(to_hex(pairwise_seed(a, mask_public_key(b), h).value().expose()), kGolden);
  EXPECT_EQ(to_hex(pairwise_seed(b, mask_public_key(a), h).value().expose()), kGolden);
}

TEST(Mask, StreamHasGoldenValuesOverTheLongestVector) {
  const auto seed = pairwise_seed(secret_from<MaskSecretKey>(0),
                                  mask_public_key(secret_from<MaskSecretKey>(32)), hash_from(0xa0))
                        .value()
                        .clone();
  const auto v = stream_of(seed, 80000);
  EXPECT_EQ(v[0], 0x0f78fc5f94718dfeU);
  EXPECT_EQ(v[1], 0x78bf7a21c957a26aU);
  EXPECT_EQ(v[511], 0x62003030f492cbc7U);
  EXPECT_EQ(v[512], 0xcb09d12507946342U);
  EXPECT_EQ(v[79999], 0x0424fd5fce912b0bU);
}

TEST(Mask, StreamAgreesWithReferenceAtEveryLengthAroundBlocksAndChunks) {
  const auto seed = secret_from<MaskSeed>(9);
  const auto expected = reference_stream(seed.expose(), 1100);
  for (const std::size_t n : {0U, 1U, 7U, 8U, 9U, 511U, 512U, 513U, 1023U, 1024U, 1025U, 1100U}) {
    const auto v = stream_of(seed, n);
    EXPECT_TRUE(std::equal(v.begin(), v.end(), expected.begin())) << n;
  }
}

TEST(Mask, SubtractingUndoesAddingModuloTwoToThe64) {
  const auto seed = secret_from<MaskSeed>(1);
  std::vector<std::uint64_t> v(700, ~std::uint64_t{0});
  v[3] = 0;
  const auto before = v;
  add_mask(v, seed);
  EXPECT_NE(v, before);
  subtract_mask(v, seed);
  EXPECT_EQ(v, before);
}

TEST(Mask, SeedDependsOnEveryPartOfItsContext) {
  const auto a = secret_from<MaskSecretKey>(0), b = secret_from<MaskSecretKey>(32),
             c = secret_from<MaskSecretKey>(64);
  const auto seed = [](const MaskSecretKey& x, const MaskSecretKey& y, const Hash64& h) {
    return to_hex(pairwise_seed(x, mask_public_key(y), h).value().expose());
  };
  const auto ab = seed(a, b, hash_from(0));
  EXPECT_NE(ab, seed(a, c, hash_from(0)));
  EXPECT_NE(ab, seed(c, b, hash_from(0)));
  for (std::size_t i = 0; i < 64; ++i) {
    Hash64 h = hash_from(0);
    h.bytes[i] ^= 1U;
    EXPECT_NE(ab, seed(a, b, h)) << i;
  }
}

TEST(Mask, RefusesKeysThatAreNoKeys) {
  EXPECT_FALSE(MaskPublicKey::decode(Bytes(31, 9)).ok());
  EXPECT_FALSE(MaskPublicKey::decode(Bytes(33, 9)).ok());
  // The points of small order, RFC 7748 section 7's check, and bit 255.
  for (const auto* hex : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
           "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "0900000000000000000000000000000000000000000000000000000000000080",
       })
    EXPECT_FALSE(MaskPublicKey::decode(*from_hex(hex)).ok()) << hex;
  EXPECT_TRUE(MaskPublicKey::decode(
                  *from_hex("0900000000000000000000000000000000000000000000000000000000000000"))
                  .ok());
}

TEST(Mask, RefusesAPairWithItself) {
  const auto a = secret_from<MaskSecretKey>(0);
  EXPECT_FALSE(pairwise_seed(a, mask_public_key(a), hash_from(0)).ok());
  EXPECT_FALSE(pairwise_seed(a, MaskPublicKey(), hash_from(0)).ok());  // the all-zero key
}

}  // namespace
}  // namespace hedgerow
