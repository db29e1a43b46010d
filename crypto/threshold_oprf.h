// The threshold verifiable OPRF of cryptography.md A: RFC 9497 with the key shared t of n.
//
//   client     ThresholdBlinded::blind(inputs)              C_j = r_j MAP(x_j)
//   keyholder  evaluate_share(x_i, Y_i, C)                  D_ij = x_i C_j, proof against Y_i
//   client     blinded.verify_share(i, Y_i, D, proof)       VerifiedShare
//   client     std::move(blinded).combine(t shares)         N_j = r_j^-1 sum lambda_i D_ij
//
// Only a verified share can be combined, and only with the batch it was verified for. The
// result, put through RFC 9497's Finalize, is the single-key function's output.
#pragma once

#include <span>
#include <vector>

#include "crypto/base/wiping.h"
#include "crypto/dleq.h"
#include "crypto/group.h"
#include "crypto/oprf.h"
#include "crypto/pseudonym.h"
#include "crypto/shamir.h"

namespace hedgerow {

inline constexpr std::size_t kMaxBatch = 512;  // elements in one request
inline constexpr std::size_t kNhsNumberDigits = 10;

// What a keyholder returns for a batch.
using ShareEvaluation = Evaluation;

// The keyholder's work: 1 to kMaxBatch elements, one scalar multiplication each, one proof.
// Errors: a batch of another size; otherwise none that an honest keyholder meets.
Result<ShareEvaluation> evaluate_share(const SecretScalar& key_share,
                                       const Element& verification_share,
                                       std::span<const Element> blinded_elements, Random& rng);

// A keyholder's answer whose proof held, for the batch whose tag it bears.
class VerifiedShare {
 public:
  ParticipantIndex index() const { return index_; }

 private:
  friend class ThresholdBlinded;
  VerifiedShare(ParticipantIndex index, std::vector<Element> elements, const ByteArray<32>& batch)
      : index_(index), evaluated_elements_(std::move(elements)), batch_(batch) {}

  ParticipantIndex index_;
  std::vector<Element> evaluated_elements_;
  ByteArray<32> batch_;
};

// A blinded batch: the blinds in locked memory, the blinded elements for the keyholders.
class ThresholdBlinded {
 public:
  // Inputs as the OPRF takes them (identifier_input). Draws one blind each, in order.
  // Errors: a batch that is not 1 to kMaxBatch; an input too long.
  static Result<ThresholdBlinded> blind(std::span<const WipingBytes> inputs, Random& rng);

  ThresholdBlinded(ThresholdBlinded&&) = default;
  ThresholdBlinded& operator=(ThresholdBlinded&&) = default;

  std::size_t size() const { return blinded_elements_.size(); }
  const std::vector<Element>& blinded_elements() const { return blinded_elements_; }

  // Errors: an evaluation of another size; a proof that does not hold against
  // `verification_share` (the caller knows the culprit).
  Result<VerifiedShare> verify_share(ParticipantIndex index, const Element& verification_share,
                                     ShareEvaluation evaluation) const;

  // The pseudonyms in the order of the inputs, from exactly `threshold` shares. Single use: the
  // blinds are gone afterwards, whatever the outcome. Errors: not exactly `threshold` shares; an
  // index twice; a share of another batch.
  Result<WipingVector<Pseudonym>> combine(std::span<const VerifiedShare> shares,
                                          std::size_t threshold) &&;

 private:
  ThresholdBlinded() = default;
  SecretScalars blinds_;
  std::vector<Element> blinded_elements_;
  ByteArray<32> tag_{};  // of blinded_elements_
};

// "nhs:" and ten digits. Error: not exactly ten digits (the check digit is the importer's rule).
Result<WipingBytes> identifier_input(ByteView nhs_number);

}  // namespace hedgerow
