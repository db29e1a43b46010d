// Masks of the masked addition (cryptography.md C, step 3): vectors of u64 that hide an input
// and cancel in the sum of all.
//
// Each contributor makes one X25519 key pair for one attempt; a key used twice would make the
// second vector a two-time pad. The seed of a pair is
//
//   HMAC-SHA512(X25519(e_i, E_j), "hedgerow/v1/sum" || h || min || max)[:32]
//
// where h (64 bytes) is the hash of manifest and roster, and min and max are the smaller and
// the larger of E_i and E_j as byte strings, 32 bytes each (both sides order them alike, and h
// says whose they are). A mask is the keystream of the original ChaCha20 (64-bit counter from
// 0, nonce 0) under a seed, read as little-endian u64: one stream over the whole vector.
#pragma once

#include <compare>
#include <cstdint>
#include <span>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/secret.h"

namespace hedgerow {

using MaskSecretKey = Secret<struct MaskSecretKeyTag, 32>;
// The key of a mask stream: of a pair (k_ij) or a contributor's own (b_i).
using MaskSeed = Secret<struct MaskSeedTag, 32>;

// An X25519 public key of one attempt.
class MaskPublicKey {
 public:
  MaskPublicKey() = default;  // all zero: no key; decode refuses it
  // 32 bytes with bit 255 clear, and not a point of small order.
  static Result<MaskPublicKey> decode(ByteView bytes);

  ByteView view() const { return bytes_; }
  friend auto operator<=>(const MaskPublicKey&, const MaskPublicKey&) = default;

 private:
  friend MaskPublicKey mask_public_key(const MaskSecretKey& secret);
  ByteArray<32> bytes_{};
};

MaskPublicKey mask_public_key(const MaskSecretKey& secret);

// The seed that the holder of `own` and the holder of `peer` share in the roster with hash
// `h`; the same for both. Fails where X25519 gives zero (RFC 7748 section 6.1). `own` and
// `peer` public keys that are equal are refused.
Result<MaskSeed> pairwise_seed(const MaskSecretKey& own, const MaskPublicKey& peer,
                               const Hash64& h);

// values[k] += (or -=) stream[k] mod 2^64, in place.
void add_mask(std::span<std::uint64_t> values, const MaskSeed& seed);
void subtract_mask(std::span<std::uint64_t> values, const MaskSeed& seed);

}  // namespace hedgerow
