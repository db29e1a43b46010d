#include "crypto/key_file.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/random.h"

namespace hedgerow {
namespace {

SecretBytes passphrase(std::string_view text) { return SecretBytes::copy_from(as_bytes(text)); }

TEST(OfficerKey, AgreesWithRfc6979OnThePublicKey) {
  // RFC 6979 appendix A.2.5: x, and U = xG.
  const Bytes x =
      from_hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721").value();
  const auto key = OfficerKey::from_scalar(
      OfficerScalar::copy_from(std::span<const std::uint8_t, 32>(x.data(), 32)));
  EXPECT_EQ(to_hex(key->public_key().view()),
            "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
            "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
}

TEST(OfficerKey, RefusesScalarsOutsideTheGroupOrder) {
  for (const char* text : {"0000000000000000000000000000000000000000000000000000000000000000",
                           "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
                           "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}) {
    const Bytes bytes = from_hex(text).value();
    EXPECT_FALSE(OfficerKey::from_scalar(
                     OfficerScalar::copy_from(std::span<const std::uint8_t, 32>(bytes.data(), 32)))
                     .ok())
        << text;
  }
}

TEST(OfficerKey, DecodesOnlyUncompressedPointsOfTheCurve) {
  SeededRandom rng(ByteArray<32>{1});
  const OfficerPublicKey good = OfficerKey::random(rng).public_key();
  EXPECT_TRUE(OfficerPublicKey::decode(good.view()).ok());
  OfficerPublicKey off_curve = good;
  off_curve.bytes[64] ^= 1;
  EXPECT_FALSE(OfficerPublicKey::decode(off_curve.view()).ok());
  Bytes compressed(good.bytes.begin(), good.bytes.begin() + 33);
  compressed[0] = 2;
  EXPECT_FALSE(OfficerPublicKey::decode(compressed).ok());
  EXPECT_FALSE(OfficerPublicKey::decode(Bytes(1)).ok()) << "the point at infinity";
}

TEST(KeyFile, KeepsBothKindsOfKey) {
  SeededRandom rng(ByteArray<32>{2});
  const SecretBytes words = passphrase("correct horse");
  const SigningKey signing = SigningKey::random(rng);
  const OfficerKey officer = OfficerKey::random(rng);
  const std::string signing_pem = encrypt_key(signing, words, rng).value();
  const std::string officer_pem = encrypt_key(officer, words, rng).value();
  EXPECT_TRUE(signing_pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));

  const auto signing_back = decrypt_key(as_bytes(signing_pem), words);
  ASSERT_TRUE(std::holds_alternative<SigningKey>(*signing_back));
  EXPECT_EQ(std::get<SigningKey>(*signing_back).verify_key(), signing.verify_key());
  const auto officer_back = decrypt_key(as_bytes(officer_pem), words);
  ASSERT_TRUE(std::holds_alternative<OfficerKey>(*officer_back));
  EXPECT_EQ(std::get<OfficerKey>(*officer_back).public_key(), officer.public_key());
}

TEST(KeyFile, RefusesAWrongPassphrase) {
  SeededRandom rng(ByteArray<32>{3});
  const std::string pem =
      encrypt_key(SigningKey::random(rng), passphrase("correct horse"), rng).value();
  const auto wrong = decrypt_key(as_bytes(pem), passphrase("wrong horse"));
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, Code::denied);
  const auto empty = decrypt_key(as_bytes(pem), SecretBytes());
  ASSERT_FALSE(empty.ok());
  EXPECT_EQ(empty.error().code, Code::denied);
}

TEST(KeyFile, RefusesPassphrasesTooShortOrTooLong) {
  SeededRandom rng(ByteArray<32>{4});
  const SigningKey key = SigningKey::random(rng);
  EXPECT_EQ(encrypt_key(key, passphrase("seven77"), rng).error().code, Code::usage);
  EXPECT_EQ(encrypt_key(key, passphrase(std::string(1025, 'x')), rng).error().code, Code::usage);
  EXPECT_EQ(decrypt_key(as_bytes("x"), passphrase(std::string(1025, 'x'))).error().code,
            Code::usage);
}

TEST(KeyFile, RefusesWhatIsNoEncryptedPrivateKey) {
  SeededRandom rng(ByteArray<32>{5});
  const SecretBytes words = passphrase("correct horse");
  const std::string pem = encrypt_key(SigningKey::random(rng), words, rng).value();
  EXPECT_EQ(decrypt_key(as_bytes(""), words).error().code, Code::bad_input);
  EXPECT_EQ(decrypt_key(as_bytes("not a key"), words).error().code, Code::bad_input);
  EXPECT_EQ(decrypt_key(as_bytes(std::string(kMaxKeyFileSize + 1, 'x')), words).error().code,
            Code::bad_input);
  EXPECT_EQ(decrypt_key(as_bytes(pem.substr(0, pem.size() / 2)), words).error().code,
            Code::bad_input);
}

TEST(KeyFile, RefusesOneThatTakesTooLongToOpen) {
  SeededRandom rng(ByteArray<32>{5});
  const SecretBytes words = passphrase("correct horse");
  const std::string pem = encrypt_key(SigningKey::random(rng), words, rng).value();
  std::string base64;
  for (std::size_t at = pem.find('\n') + 1; pem[at] != '-'; ++at)
    if (pem[at] != '\n') base64 += pem[at];
  Bytes der = from_base64(base64).value();
  // N 2^14, r 8, p 5 as ASN.1 integers.
  const Bytes work{2, 2, 0x40, 0, 2, 1, 8, 2, 1, 5};
  const auto at = std::search(der.begin(), der.end(), work.begin(), work.end());
  ASSERT_NE(at, der.end());
  *(at + 9) = 127;
  std::string costly = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n";
  const std::string text = to_base64(der);
  for (std::size_t i = 0; i < text.size(); i += 64) costly += text.substr(i, 64) + "\n";
  costly += "-----END ENCRYPTED PRIVATE KEY-----\n";
  const auto refused = decrypt_key(as_bytes(costly), words);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::bad_input);
  EXPECT_NE(refused.error().text.find("too long to open"), std::string::npos);
}

}  // namespace
}  // namespace hedgerow
