#include "crypto/sign.h"

#include <sodium.h>

#include <algorithm>

namespace hedgerow {

Result<VerifyKey> VerifyKey::decode(ByteView bytes32) {
  VerifyKey key;
  if (bytes32.size() != key.bytes.size()) return bad_input("a signature key of the wrong length");
  std::copy(bytes32.begin(), bytes32.end(), key.bytes.begin());
  // Canonical, on the curve, in the prime-order subgroup and not the identity.
  if (crypto_core_ed25519_is_valid_point(key.bytes.data()) != 1)
    return bad_input("a signature key that is not a point of Ed25519");
  return key;
}

Result<Signature> Signature::decode(ByteView bytes64) {
  Signature signature;
  if (bytes64.size() != kSize) return bad_input("a signature of the wrong length");
  std::copy(bytes64.begin(), bytes64.end(), signature.bytes.begin());
  return signature;
}

SigningKey::SigningKey(const SigningSeed& seed) {
  HR_CHECK(crypto_sign_seed_keypair(verify_key_.bytes.data(), key_.writable().data(),
                                    seed.expose().data()) == 0);
}

SigningKey SigningKey::random(Random& rng) { return SigningKey(SigningSeed::random(rng)); }

SigningKey SigningKey::clone() const {
  SigningKey copy;
  copy.key_ = key_.clone();
  copy.verify_key_ = verify_key_;
  return copy;
}

Signature SigningKey::sign(ByteView message) const {
  Signature signature;
  HR_CHECK(crypto_sign_detached(signature.bytes.data(), nullptr, message.data(), message.size(),
                                key_.expose().data()) == 0);
  return signature;
}

SigningSeed SigningKey::seed() const {
  return SigningSeed::copy_from(key_.expose().first<SigningSeed::kSize>());
}

bool verify(const VerifyKey& key, ByteView message, const Signature& signature) {
  return crypto_sign_verify_detached(signature.bytes.data(), message.data(), message.size(),
                                     key.bytes.data()) == 0;
}

}  // namespace hedgerow
