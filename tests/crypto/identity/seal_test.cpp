#include "crypto/seal.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include "crypto/random.h"

namespace hedgerow {
namespace {

SealSecretKey secret(std::string_view hex) {
  const Bytes bytes = from_hex(hex).value();
  return SealSecretKey::copy_from(std::span<const std::uint8_t, 32>(bytes.data(), 32));
}

// RFC 7748 section 6.1.
TEST(Seal, AgreesWithRfc7748) {
  const auto alice = secret("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const auto bob = secret("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  const std::string shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  EXPECT_EQ(to_hex(seal_public_key(alice).view()),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(to_hex(seal_public_key(bob).view()),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  EXPECT_EQ(to_hex(x25519(alice, seal_public_key(bob)).value().expose()), shared);
  EXPECT_EQ(to_hex(x25519(bob, seal_public_key(alice)).value().expose()), shared);
}

TEST(Seal, OpensInLibsodiumAndOpensWhatLibsodiumSealed) {
  SeededRandom rng(ByteArray<32>{1});
  const SealKeyPair pair = random_seal_key_pair(rng);
  for (std::size_t size : {0U, 1U, 1000U}) {
    const Bytes plaintext(size, 0x5a);
    const Bytes ours = seal(pair.public_key, plaintext, rng);
    ASSERT_EQ(ours.size(), size + kSealOverhead);
    Bytes opened(size);
    ASSERT_EQ(crypto_box_seal_open(opened.data(), ours.data(), ours.size(),
                                   pair.public_key.bytes.data(), pair.secret_key.expose().data()),
              0);
    EXPECT_EQ(opened, plaintext);

    Bytes theirs(size + crypto_box_SEALBYTES);
    ASSERT_EQ(crypto_box_seal(theirs.data(), plaintext.data(), size, pair.public_key.bytes.data()),
              0);
    EXPECT_EQ(unseal(pair.secret_key, pair.public_key, theirs).value(), plaintext);
  }
}

TEST(Seal, GivesTheSameBytesFromTheSameSeedAndOthersFromAnother) {
  SeededRandom keys(ByteArray<32>{1});
  const SealKeyPair pair = random_seal_key_pair(keys);
  SeededRandom a(ByteArray<32>{2});
  SeededRandom same(ByteArray<32>{2});
  SeededRandom other(ByteArray<32>{3});
  const Bytes first = seal(pair.public_key, as_bytes("m"), a);
  EXPECT_EQ(first, seal(pair.public_key, as_bytes("m"), same));
  EXPECT_NE(first, seal(pair.public_key, as_bytes("m"), other));
  EXPECT_NE(first, seal(pair.public_key, as_bytes("m"), a)) << "a second box has a fresh key";
}

TEST(Seal, RefusesAlteredTruncatedAndMisaddressedBoxes) {
  SeededRandom rng(ByteArray<32>{4});
  const SealKeyPair pair = random_seal_key_pair(rng);
  const SealKeyPair other = random_seal_key_pair(rng);
  const Bytes box = seal(pair.public_key, as_bytes("plaintext"), rng);
  for (std::size_t i = 0; i < box.size(); ++i) {
    Bytes bad = box;
    bad[i] ^= 1;
    auto opened = unseal(pair.secret_key, pair.public_key, bad);
    ASSERT_FALSE(opened.ok()) << i;
    EXPECT_EQ(opened.error().code, Code::bad_input);
  }
  for (std::size_t size = 0; size < box.size(); ++size)
    EXPECT_FALSE(unseal(pair.secret_key, pair.public_key, ByteView(box).first(size)).ok()) << size;
  EXPECT_FALSE(unseal(other.secret_key, other.public_key, box).ok());
}

TEST(Seal, RefusesPublicKeysOfSmallOrder) {
  const char* const small[] = {"0000000000000000000000000000000000000000000000000000000000000000",
                               "0100000000000000000000000000000000000000000000000000000000000000",
                               "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                               "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                               "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                               "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                               "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
  SeededRandom rng(ByteArray<32>{5});
  const SealKeyPair pair = random_seal_key_pair(rng);
  for (const char* text : small) {
    const Bytes bytes = from_hex(text).value();
    EXPECT_FALSE(SealPublicKey::decode(bytes).ok()) << text;
    SealPublicKey key;
    std::copy(bytes.begin(), bytes.end(), key.bytes.begin());
    EXPECT_FALSE(x25519(pair.secret_key, key).ok()) << text;
  }
  EXPECT_FALSE(SealPublicKey::decode(Bytes(31, 9)).ok());
  EXPECT_FALSE(SealPublicKey::decode(Bytes(33, 9)).ok());
  EXPECT_TRUE(SealPublicKey::decode(pair.public_key.view()).ok());
}

}  // namespace
}  // namespace hedgerow
