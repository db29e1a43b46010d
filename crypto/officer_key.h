// ECDSA P-256 keys: roots (which sign certificates) and officers (who sign agreements).
// OpenSSL 3.0's CMS does not sign with Ed25519, hence this second kind of key.
#pragma once

#include <compare>

#include "crypto/base/bytes.h"
#include "crypto/base/secret.h"

namespace hedgerow {

// A point of P-256, uncompressed (SEC 1: 0x04 || x || y).
struct OfficerPublicKey {
  ByteArray<65> bytes{};
  ByteView view() const { return {bytes.data(), bytes.size()}; }
  static Result<OfficerPublicKey> decode(ByteView bytes65);  // on the curve, uncompressed
  friend auto operator<=>(const OfficerPublicKey&, const OfficerPublicKey&) = default;
};

using OfficerScalar = Secret<struct OfficerScalarTag, 32>;  // big-endian, 1 .. n-1

class OfficerKey {
 public:
  static Result<OfficerKey> from_scalar(OfficerScalar scalar);
  static OfficerKey random(Random& rng);  // FIPS 186-5 A.2.2, rejection sampling

  const OfficerPublicKey& public_key() const { return public_key_; }
  const OfficerScalar& scalar() const { return scalar_; }  // for crypto's own use

 private:
  OfficerKey(OfficerScalar scalar, OfficerPublicKey key)
      : scalar_(std::move(scalar)), public_key_(key) {}
  OfficerScalar scalar_;
  OfficerPublicKey public_key_;
};

}  // namespace hedgerow
