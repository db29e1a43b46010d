// The case reference of a trace (docs/design/trace.md, Two officers): every party's log has a
// commitment to it; its opening lies at the requester's node in two nested sealed boxes, so that
// two officers open it together and neither of them reads anything alone.
//
//   commitment  SHA-512("hedgerow/v1/trace-case", blinding, reference)[:32], each behind its length
//   opening     blinding (32) || u16 length || reference || zeros: 290 bytes for any reference
//   sealed      seal(first key, seal(second key, opening)): 386 bytes
#pragma once

#include <cstddef>

#include "crypto/base/ids.h"
#include "crypto/base/secret.h"
#include "crypto/seal.h"

namespace hedgerow {

inline constexpr std::size_t kMaxCaseReference = 256;  // bytes
inline constexpr std::size_t kCaseOpeningSize = 32 + 2 + kMaxCaseReference;
inline constexpr std::size_t kSealedCaseSize = kCaseOpeningSize + 2 * kSealOverhead;
inline constexpr std::size_t kHalfOpenedCaseSize = kCaseOpeningSize + kSealOverhead;

using CaseCommitment = Id<struct CaseCommitmentTag, 32>;
using CaseBlinding = Secret<struct CaseBlindingTag, 32>;
using SealedCase = ByteArray<kSealedCaseSize>;
using HalfOpenedCase = ByteArray<kHalfOpenedCaseSize>;  // still sealed to the second officer

// Error bad_input: empty, longer than kMaxCaseReference, or not plain text.
Result<void> check_case_reference(ByteView reference);

struct CaseOpening {
  CaseBlinding blinding;
  SecretBytes reference;

  // With fresh randomness. Errors as check_case_reference.
  static Result<CaseOpening> make(ByteView reference, Random& rng);
  CaseCommitment commitment() const;
  // In constant time.
  bool opens(const CaseCommitment& commitment) const;
};

// The first officer's layer lies outside. The keys differ (our own bug where they do not), and have
// come through decode.
SealedCase seal_case_opening(const CaseOpening& opening, const SealPublicKey& first,
                             const SealPublicKey& second, Random& rng);

// Takes the first officer's layer off. Error bad_input: altered, or of another key.
Result<HalfOpenedCase> open_first_layer(const SealedCase& sealed, const SealKeyPair& first);
// Takes the second officer's layer off. Errors bad_input: as above; not what seal_case_opening
// lays out.
Result<CaseOpening> open_second_layer(const HalfOpenedCase& half, const SealKeyPair& second);

}  // namespace hedgerow
