#include "crypto/aead.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/random.h"

namespace hedgerow {
namespace {

class FixedRandom : public Random {
 public:
  explicit FixedRandom(Bytes bytes) : bytes_(std::move(bytes)) {}
  void fill(std::span<std::uint8_t> out) override {
    ASSERT_EQ(out.size(), bytes_.size());
    std::copy(bytes_.begin(), bytes_.end(), out.begin());
  }

 private:
  Bytes bytes_;
};

// draft-irtf-cfrg-xchacha-03, appendix A.3.1.
TEST(Aead, AgreesWithTheDraftsVector) {
  const Bytes key_bytes =
      from_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f").value();
  const AeadKey key = AeadKey::copy_from(std::span<const std::uint8_t, 32>(key_bytes.data(), 32));
  const Bytes nonce = from_hex("404142434445464748494a4b4c4d4e4f5051525354555657").value();
  const Bytes data = from_hex("50515253c0c1c2c3c4c5c6c7").value();
  const std::string_view plaintext =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
      "sunscreen would be it.";
  FixedRandom rng(nonce);
  EXPECT_EQ(
      to_hex(aead_encrypt(key, data, as_bytes(plaintext), rng)),
      to_hex(nonce) +
          "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a"
          "82f4eda7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc3"
          "69488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e"
          "c0875924c1c7987947deafd8780acf49");
}

TEST(Aead, OpensWhatItMade) {
  SeededRandom rng(ByteArray<32>{1});
  const AeadKey key = AeadKey::random(rng);
  for (std::string_view text : {"", "x", "a longer secret"}) {
    const Bytes box = aead_encrypt(key, as_bytes("purpose"), as_bytes(text), rng);
    EXPECT_EQ(box.size(), text.size() + kAeadOverhead);
    EXPECT_EQ(as_text(aead_decrypt(key, as_bytes("purpose"), box).value().expose()), text);
  }
}

TEST(Aead, RefusesAlteredTruncatedAndMisusedBytes) {
  SeededRandom rng(ByteArray<32>{2});
  const AeadKey key = AeadKey::random(rng);
  const Bytes box = aead_encrypt(key, as_bytes("purpose"), as_bytes("secret"), rng);
  for (std::size_t i = 0; i < box.size(); ++i) {
    Bytes bad = box;
    bad[i] ^= 0x80;
    EXPECT_FALSE(aead_decrypt(key, as_bytes("purpose"), bad).ok()) << i;
    EXPECT_FALSE(aead_decrypt(key, as_bytes("purpose"), ByteView(box).first(i)).ok()) << i;
  }
  EXPECT_FALSE(aead_decrypt(key, as_bytes("other purpose"), box).ok());
  EXPECT_FALSE(aead_decrypt(AeadKey::random(rng), as_bytes("purpose"), box).ok());
}

}  // namespace
}  // namespace hedgerow
