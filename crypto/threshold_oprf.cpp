#include "crypto/threshold_oprf.h"

#include <sodium.h>

#include <algorithm>
#include <optional>
#include <string>

#include "crypto/domains.h"
#include "crypto/hash.h"

namespace hedgerow {
namespace {

Result<void> require_batch_size(std::size_t n) {
  if (n == 0 || n > kMaxBatch) return bad_input("a batch is not 1 to 512 elements");
  return {};
}

ByteArray<32> tag_of(std::span<const Element> blinded_elements) {
  return sha256(Writer().text(kDomainOprfBatch).bytes(encode_elements(blinded_elements)).data());
}

Result<std::vector<Element>> multiply_all(const SecretScalar& s,
                                          std::span<const Element> elements) {
  std::vector<Element> out;
  out.reserve(elements.size());
  for (const Element& e : elements) {
    HR_ASSIGN(const Element product, multiply(s, e));
    out.push_back(product);
  }
  return out;
}

// A sum that passes through the identity goes on from nothing.
Result<Element> sum_of(std::span<const Element> elements) {
  std::optional<Element> sum;
  for (const Element& e : elements) {
    const Result<Element> more = sum ? add(*sum, e) : Result<Element>(e);
    sum = more.ok() ? std::optional<Element>(*more) : std::nullopt;
  }
  if (!sum) return bad_input("a batch's answers sum to the identity");
  return *sum;
}

// sum of weights[i] * shares[i][j].
Result<Element> weighted_sum(const SecretScalars& weights,
                             std::span<const std::span<const Element>> shares, std::size_t j) {
  std::vector<Element> terms;
  terms.reserve(shares.size());
  for (std::size_t i = 0; i < shares.size(); ++i) {
    HR_ASSIGN(const Element term, multiply(weights, i, shares[i][j]));
    terms.push_back(term);
  }
  return sum_of(terms);
}

}  // namespace

Result<ShareEvaluation> evaluate_share(const SecretScalar& key_share,
                                       const Element& verification_share,
                                       std::span<const Element> blinded_elements, Random& rng) {
  HR_TRY(require_batch_size(blinded_elements.size()));
  return blind_evaluate(key_share, verification_share, blinded_elements, rng);
}

Result<std::vector<Element>> evaluate_folded(const SecretScalar& key_share,
                                             const Scalar& coefficient,
                                             std::span<const Element> blinded_elements) {
  HR_TRY(require_batch_size(blinded_elements.size()));
  return multiply_all(multiply(key_share, coefficient), blinded_elements);
}

Result<DleqProof> prove_folded(const SecretScalar& key_share, const Element& verification_share,
                               const Scalar& coefficient, std::span<const Element> blinded_elements,
                               std::span<const Element> evaluated_elements, Random& rng) {
  HR_TRY(require_batch_size(blinded_elements.size()));
  if (evaluated_elements.size() != blinded_elements.size())
    return bad_input("an answer to prove has another number of elements than the request");
  HR_ASSIGN(const Element folded_share, multiply(coefficient, verification_share));
  return generate_proof(multiply(key_share, coefficient), Element::base(), folded_share,
                        blinded_elements, evaluated_elements, kOprfContext, rng);
}

Result<void> BatchCheck::take(ParticipantIndex index, const Element& verification_share,
                              const ShareEvaluation& evaluation) {
  HR_ASSIGN(const Scalar coefficient, set_.coefficient(index));
  if (taken_.contains(index)) return bad_input("a keyholder answered a check twice");
  if (evaluation.evaluated_elements.size() != 1)
    return bad_input("the answer to a check is not one element");
  const std::vector<Element> asked{element_};
  HR_TRY(verify_proof(Element::base(), verification_share, asked, evaluation.evaluated_elements,
                      kOprfContext, evaluation.proof));
  HR_ASSIGN(const Element answer, multiply(coefficient, evaluation.evaluated_elements.front()));
  taken_.insert(index);
  answers_.push_back(answer);
  return {};
}

Result<CheckedSums> BatchCheck::finish() && {
  HR_CHECK(taken_.size() == set_.size());
  const Result<Element> answered = sum_of(answers_);
  if (!answered.ok() || *answered != expected_)
    return bad_input("the answers to a batch do not agree with its check");
  return CheckedSums(std::move(sums_), batch_);
}

Result<ThresholdBlinded> ThresholdBlinded::blind(std::span<const WipingBytes> inputs, Random& rng) {
  HR_TRY(require_batch_size(inputs.size()));
  ThresholdBlinded out;
  out.blinds_ = SecretScalars::random(inputs.size(), rng);
  out.blinded_elements_.reserve(inputs.size());
  for (std::size_t j = 0; j < inputs.size(); ++j) {
    HR_ASSIGN(const Element element, hash_oprf_input(inputs[j]));
    HR_ASSIGN(const Element blinded, multiply(out.blinds_, j, element));
    out.blinded_elements_.push_back(blinded);
  }
  out.tag_ = tag_of(out.blinded_elements_);
  return out;
}

Result<VerifiedShare> ThresholdBlinded::verify(ParticipantIndex index, const Scalar& factor,
                                               const Element& folded_share,
                                               ShareEvaluation evaluation) const {
  if (evaluation.evaluated_elements.size() != size())
    return bad_input("a keyholder's answer has another number of elements than the request");
  HR_TRY(verify_proof(Element::base(), folded_share, blinded_elements_,
                      evaluation.evaluated_elements, kOprfContext, evaluation.proof));
  return VerifiedShare(index, factor, std::move(evaluation.evaluated_elements), tag_);
}

Result<VerifiedShare> ThresholdBlinded::verify_share(ParticipantIndex index,
                                                     const Element& verification_share,
                                                     ShareEvaluation evaluation) const {
  return verify(index, Scalar::from_u64(1), verification_share, std::move(evaluation));
}

Result<VerifiedShare> ThresholdBlinded::verify_folded(const EvaluationSet& set,
                                                      ParticipantIndex index,
                                                      const Element& verification_share,
                                                      ShareEvaluation evaluation) const {
  HR_ASSIGN(const Scalar coefficient, set.coefficient(index));
  HR_ASSIGN(const Element folded_share, multiply(coefficient, verification_share));
  return verify(index, coefficient, folded_share, std::move(evaluation));
}

Result<BatchCheck> ThresholdBlinded::begin_check(const EvaluationSet& set,
                                                 std::span<const std::vector<Element>> folded,
                                                 Random& rng) const {
  if (folded.size() != set.size()) return bad_input("a set's answers are not all there");
  std::vector<Element> sums;
  sums.reserve(size());
  for (std::size_t j = 0; j < size(); ++j) {
    std::vector<Element> terms;
    terms.reserve(folded.size());
    for (const std::vector<Element>& answer : folded) {
      if (answer.size() != size())
        return bad_input("a keyholder's answer has another number of elements than the request");
      terms.push_back(answer[j]);
    }
    HR_ASSIGN(const Element sum, sum_of(terms));
    sums.push_back(sum);
  }
  const BatchWeights weights = BatchWeights::draw(size(), rng);
  HR_ASSIGN(const Element element, weights.combine(blinded_elements_));
  HR_ASSIGN(const Element expected, weights.combine(sums));
  return BatchCheck(set, std::move(sums), element, expected, tag_);
}

Result<WipingVector<Pseudonym>> ThresholdBlinded::combine(CheckedSums sums) && {
  const ThresholdBlinded burnt = std::move(*this);  // gone on every way out
  if (burnt.size() == 0) return bad_input("this batch has been combined already");
  if (sums.batch_ != burnt.tag_) return bad_input("checked sums belong to another batch");
  HR_ASSIGN(const SecretScalars inverses, invert_all(burnt.blinds_));
  WipingVector<Pseudonym> pseudonyms;
  pseudonyms.reserve(burnt.size());
  for (std::size_t j = 0; j < burnt.size(); ++j) {
    HR_ASSIGN(const Element unblinded, multiply(inverses, j, sums.sums_[j]));
    pseudonyms.emplace_back(unblinded);
  }
  return pseudonyms;
}

Result<WipingVector<Pseudonym>> ThresholdBlinded::combine(std::span<const VerifiedShare> shares,
                                                          std::size_t threshold) && {
  const ThresholdBlinded burnt = std::move(*this);  // gone on every way out
  if (burnt.size() == 0) return bad_input("this batch has been combined already");
  if (threshold == 0 || shares.size() != threshold)
    return bad_input("a batch needs exactly as many shares as the threshold");
  std::vector<ParticipantIndex> set;
  std::vector<std::span<const Element>> evaluated;
  for (const VerifiedShare& share : shares) {
    if (share.batch_ != burnt.tag_) return bad_input("a share belongs to another batch");
    set.push_back(share.index());
    evaluated.push_back(share.evaluated_elements_);
  }
  HR_ASSIGN(std::vector<Scalar> lambda, lagrange_at_zero(set));
  for (std::size_t i = 0; i < lambda.size(); ++i) {
    HR_ASSIGN(const Scalar unfold, invert(shares[i].factor_));
    lambda[i] = multiply(lambda[i], unfold);
  }
  HR_ASSIGN(const SecretScalars inverses, invert_all(burnt.blinds_));
  WipingVector<Pseudonym> pseudonyms;
  pseudonyms.reserve(burnt.size());
  SecretScalars weights(lambda.size());
  for (std::size_t j = 0; j < burnt.size(); ++j) {
    // r^-1 lambda_i for D_i, and not r^-1 for the sum of lambda_i D_i: one multiplication less.
    for (std::size_t i = 0; i < lambda.size(); ++i)
      crypto_core_ristretto255_scalar_mul(weights.writable(i).data(), inverses.expose(j).data(),
                                          lambda[i].bytes().data());
    HR_ASSIGN(const Element unblinded, weighted_sum(weights, evaluated, j));
    pseudonyms.emplace_back(unblinded);
  }
  return pseudonyms;
}

Result<WipingBytes> identifier_input(ByteView nhs_number) {
  const bool digits = std::all_of(nhs_number.begin(), nhs_number.end(),
                                  [](std::uint8_t c) { return c >= '0' && c <= '9'; });
  if (nhs_number.size() != kNhsNumberDigits || !digits)
    return bad_input("an identifier is not ten digits");
  WipingBytes out;
  out.reserve(kPseudonymInput.size() + nhs_number.size());
  out.insert(out.end(), kPseudonymInput.begin(), kPseudonymInput.end());
  out.insert(out.end(), nhs_number.begin(), nhs_number.end());
  return out;
}

}  // namespace hedgerow
