// The Schnorr signature of C2SP cocktail-dkg v0.2.1, section "Schnorr Signature Scheme", for
// COCKTAIL(Ristretto255, SHA-512). It proves possession of a committed secret, certifies a
// transcript, and signs a round 1 message for the relay. It is no EdDSA and must not be used
// elsewhere: crypto/sign.h signs everything else.
#pragma once

#include "crypto/group.h"

namespace hedgerow {

// R || z. Comes from bytes only through decode, which applies cryptography.md 0 to both.
class DkgSignature {
 public:
  static constexpr std::size_t kSize = 64;

  // Refuses: another length; R that is no element, or the identity; z not below L.
  static Result<DkgSignature> decode(ByteView bytes);
  ByteArray<kSize> bytes() const;
  const Element& commitment() const { return commitment_; }  // R
  const Scalar& response() const { return response_; }       // z

  friend bool operator==(const DkgSignature&, const DkgSignature&) = default;

 private:
  friend Result<DkgSignature> dkg_sign(const SecretScalar& key, ByteView message);
  DkgSignature(const Element& commitment, const Scalar& response)
      : commitment_(commitment), response_(response) {}

  Element commitment_;
  Scalar response_;
};

// Deterministic, as the specification has it. Error: the key is zero or, with probability
// 2^-252, the nonce is; nothing is revealed then, and the session must be given up.
Result<DkgSignature> dkg_sign(const SecretScalar& key, ByteView message);

[[nodiscard]] bool dkg_verify(const Element& key, ByteView message, const DkgSignature& signature);

}  // namespace hedgerow
