// A proof that log_A(B) = log_(C_j)(D_j) for every j of a batch: RFC 9497 section 2.2,
// GenerateProof and VerifyProof, for ristretto255-SHA512.
//
// `context` is the protocol's context string (kOprfContext for cryptography.md A); it separates
// the proofs of one protocol from those of another.
#pragma once

#include <span>
#include <string_view>

#include "crypto/group.h"

namespace hedgerow {

struct DleqProof {
  static constexpr std::size_t kSize = 64;  // c || s

  Scalar c;
  Scalar s;

  ByteArray<kSize> encode() const;
  // Errors: wrong length; a scalar that is not canonical.
  static Result<DleqProof> decode(ByteView bytes);
  friend bool operator==(const DleqProof&, const DleqProof&) = default;
};

// k with b = k * a and d[j] = k * c[j] for all j. One random scalar is drawn. `c` and `d` have
// the same size, 1 to 65,535. Errors: none that an honest prover meets.
Result<DleqProof> generate_proof(const SecretScalar& k, const Element& a, const Element& b,
                                 std::span<const Element> c, std::span<const Element> d,
                                 std::string_view context, Random& rng);

// Errors: sizes that differ or are zero; a proof that does not hold.
Result<void> verify_proof(const Element& a, const Element& b, std::span<const Element> c,
                          std::span<const Element> d, std::string_view context,
                          const DleqProof& proof);

}  // namespace hedgerow
