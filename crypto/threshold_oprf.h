// The threshold verifiable OPRF of cryptography.md A: RFC 9497 with the key shared t of n, its
// proofs replaced by one check of the whole batch where all goes well
// (docs/design/pseudonymise.md).
//
//   client     ThresholdBlinded::blind(inputs)              C_j = r_j MAP(x_j)
//   keyholder  evaluate_folded(x_i, lambda_i, C)            D_ij = lambda_i x_i C_j
//   client     blinded.begin_check(S, all D)                Z_j = sum D_ij, M = sum w_j C_j
//   keyholder  evaluate_share(x_i, Y_i, M)                  V_i = x_i M, proof against Y_i
//   client     check.take(i, Y_i, V_i) for all of S, then std::move(check).finish()
//   client     std::move(blinded).combine(sums)             N_j = r_j^-1 Z_j
//
// or, with a proof from each keyholder:
//
//   keyholder  evaluate_share(x_i, Y_i, C)                  D_ij = x_i C_j, proof against Y_i
//   or         prove_folded(...)                            a proof for the D_ij above
//   client     blinded.verify_share or verify_folded        VerifiedShare
//   client     std::move(blinded).combine(t shares)         N_j = r_j^-1 sum mu_i D_ij
//
// Only what was checked or verified can be combined, and only with the batch it belongs to. The
// result, put through RFC 9497's Finalize, is the single-key function's output.
#pragma once

#include <set>
#include <span>
#include <vector>

#include "crypto/base/wiping.h"
#include "crypto/batch_check.h"
#include "crypto/dleq.h"
#include "crypto/evaluation_set.h"
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

// The same with a set's coefficient folded in and without a proof: coefficient * key_share * C_j.
// Errors: as above; the coefficient is zero.
Result<std::vector<Element>> evaluate_folded(const SecretScalar& key_share,
                                             const Scalar& coefficient,
                                             std::span<const Element> blinded_elements);

// The proof that belongs to an answer of evaluate_folded. Evaluates nothing. Errors: as above; an
// answer of another size.
Result<DleqProof> prove_folded(const SecretScalar& key_share, const Element& verification_share,
                               const Scalar& coefficient, std::span<const Element> blinded_elements,
                               std::span<const Element> evaluated_elements, Random& rng);

// A keyholder's answer whose proof held, for the batch whose tag it bears.
class VerifiedShare {
 public:
  ParticipantIndex index() const { return index_; }

 private:
  friend class ThresholdBlinded;
  VerifiedShare(ParticipantIndex index, const Scalar& factor, std::vector<Element> elements,
                const ByteArray<32>& batch)
      : index_(index), factor_(factor), evaluated_elements_(std::move(elements)), batch_(batch) {}

  ParticipantIndex index_;
  Scalar factor_;  // what is folded into the elements; one where nothing is
  std::vector<Element> evaluated_elements_;
  ByteArray<32> batch_;
};

// The sums Z_j of a batch that passed its check.
class CheckedSums {
 private:
  friend class BatchCheck;
  friend class ThresholdBlinded;
  CheckedSums(std::vector<Element> sums, const ByteArray<32>& batch)
      : sums_(std::move(sums)), batch_(batch) {}

  std::vector<Element> sums_;
  ByteArray<32> batch_;
};

// The check of a batch whose folded answers are all in, while its element is with the keyholders.
class BatchCheck {
 public:
  // M, for each keyholder of the set to evaluate and prove.
  const Element& element() const { return element_; }

  // What a keyholder made of M. Errors: not of the set; one that answered already; not one
  // element; a proof that does not hold (the caller knows the culprit).
  Result<void> take(ParticipantIndex index, const Element& verification_share,
                    const ShareEvaluation& evaluation);

  // Error: the batch does not agree: somebody's answer to it was wrong. All of the set must have
  // been taken.
  Result<CheckedSums> finish() &&;

 private:
  friend class ThresholdBlinded;
  BatchCheck(EvaluationSet set, std::vector<Element> sums, const Element& element,
             const Element& expected, const ByteArray<32>& batch)
      : set_(std::move(set)),
        sums_(std::move(sums)),
        element_(element),
        expected_(expected),
        batch_(batch) {}

  EvaluationSet set_;
  std::vector<Element> sums_;  // Z
  Element element_;
  Element expected_;  // sum of w_j Z_j
  std::set<ParticipantIndex> taken_;
  std::vector<Element> answers_;  // lambda_i V_i
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

  // The same for an answer of evaluate_folded. Errors: besides those, a keyholder not of the set.
  Result<VerifiedShare> verify_folded(const EvaluationSet& set, ParticipantIndex index,
                                      const Element& verification_share,
                                      ShareEvaluation evaluation) const;

  // The answers of all of the set, in its order, once and for all: weights are drawn now. Errors:
  // another number of answers, or of elements in one; sums that are the identity, which honest
  // answers do not give.
  Result<BatchCheck> begin_check(const EvaluationSet& set,
                                 std::span<const std::vector<Element>> folded, Random& rng) const;

  // The pseudonyms in the order of the inputs. Single use: the blinds are gone afterwards,
  // whatever the outcome. Error: sums of another batch.
  Result<WipingVector<Pseudonym>> combine(CheckedSums sums) &&;

  // The pseudonyms in the order of the inputs, from exactly `threshold` shares. Single use, as
  // above. Errors: not exactly `threshold` shares; an
  // index twice; a share of another batch.
  Result<WipingVector<Pseudonym>> combine(std::span<const VerifiedShare> shares,
                                          std::size_t threshold) &&;

 private:
  ThresholdBlinded() = default;
  Result<VerifiedShare> verify(ParticipantIndex index, const Scalar& factor,
                               const Element& folded_share, ShareEvaluation evaluation) const;

  SecretScalars blinds_;
  std::vector<Element> blinded_elements_;
  ByteArray<32> tag_{};  // of blinded_elements_
};

// "nhs:" and ten digits. Error: not exactly ten digits (the check digit is the importer's rule).
Result<WipingBytes> identifier_input(ByteView nhs_number);

}  // namespace hedgerow
