// Ed25519 signatures (RFC 8032), over libsodium.
//
// Signing is deterministic. Verification refuses public keys of small order, non-canonical
// encodings of the key or of R, and S >= L. What is signed always begins with a domain tag
// (crypto/domains.h); the caller puts it there.
#pragma once

#include <compare>

#include "crypto/base/bytes.h"
#include "crypto/base/secret.h"

namespace hedgerow {

// Comes from a wire only through decode, which refuses what is no point of the prime-order group.
struct VerifyKey {
  ByteArray<32> bytes{};
  ByteView view() const { return {bytes.data(), bytes.size()}; }
  static Result<VerifyKey> decode(ByteView bytes32);
  friend auto operator<=>(const VerifyKey&, const VerifyKey&) = default;
};

struct Signature {
  static constexpr std::size_t kSize = 64;
  ByteArray<64> bytes{};
  ByteView view() const { return {bytes.data(), bytes.size()}; }
  static Result<Signature> decode(ByteView bytes64);  // looks at the length only
  friend auto operator<=>(const Signature&, const Signature&) = default;
};

using SigningSeed = Secret<struct SigningSeedTag, 32>;

class SigningKey {
 public:
  explicit SigningKey(const SigningSeed& seed);
  static SigningKey random(Random& rng);
  SigningKey clone() const;

  const VerifyKey& verify_key() const { return verify_key_; }
  Signature sign(ByteView message) const;
  SigningSeed seed() const;  // for storage under another key; nothing else

 private:
  SigningKey() = default;
  Secret<struct SigningKeyTag, 64> key_;  // seed || public key, as libsodium keeps it
  VerifyKey verify_key_;
};

[[nodiscard]] bool verify(const VerifyKey& key, ByteView message, const Signature& signature);

}  // namespace hedgerow
