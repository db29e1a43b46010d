// X25519 (RFC 7748) and sealed boxes.
//
// A sealed box is byte-compatible with libsodium's crypto_box_seal: an ephemeral X25519 public
// key, then XSalsa20-Poly1305 under the shared key with nonce BLAKE2b-24(ephemeral || receiver).
// The ephemeral key is drawn through Random, so that a region can run from a seed. A box hides
// its sender; whoever needs to know the sender signs inside or outside of it.
#pragma once

#include <compare>

#include "crypto/base/bytes.h"
#include "crypto/base/secret.h"

namespace hedgerow {

struct SealPublicKey {
  ByteArray<32> bytes{};
  ByteView view() const { return {bytes.data(), bytes.size()}; }
  static Result<SealPublicKey> decode(ByteView bytes32);  // 32 bytes, not of small order
  friend auto operator<=>(const SealPublicKey&, const SealPublicKey&) = default;
};

using SealSecretKey = Secret<struct SealTag, 32>;
using SharedSecret = Secret<struct SharedSecretTag, 32>;

struct SealKeyPair {
  SealPublicKey public_key;
  SealSecretKey secret_key;
};

inline constexpr std::size_t kSealOverhead = 48;  // ephemeral key and authenticator

SealKeyPair random_seal_key_pair(Random& rng);
SealPublicKey seal_public_key(const SealSecretKey& secret_key);

// plaintext.size() + kSealOverhead bytes. The key must have come through decode or a key pair.
Bytes seal(const SealPublicKey& receiver, ByteView plaintext, Random& rng);

// Error bad_input: too short, altered, or sealed to another key (not told apart).
Result<Bytes> unseal(const SealSecretKey& secret_key, const SealPublicKey& public_key,
                     ByteView box);

// The raw shared secret of RFC 7748 section 6.1; derive keys from it, never use it as one.
// Error bad_input: the result is all zero (a public key of small order).
Result<SharedSecret> x25519(const SealSecretKey& secret_key, const SealPublicKey& public_key);

}  // namespace hedgerow
