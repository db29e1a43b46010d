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

// sum of weights[i] * shares[i][j]. A sum that passes through the identity goes on from nothing.
Result<Element> weighted_sum(const SecretScalars& weights,
                             std::span<const std::span<const Element>> shares, std::size_t j) {
  std::optional<Element> sum;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    HR_ASSIGN(const Element term, multiply(weights, i, shares[i][j]));
    const Result<Element> more = sum ? add(*sum, term) : Result<Element>(term);
    sum = more.ok() ? std::optional<Element>(*more) : std::nullopt;
  }
  if (!sum) return bad_input("a batch's shares sum to the identity");
  return *sum;
}

}  // namespace

Result<ShareEvaluation> evaluate_share(const SecretScalar& key_share,
                                       const Element& verification_share,
                                       std::span<const Element> blinded_elements, Random& rng) {
  HR_TRY(require_batch_size(blinded_elements.size()));
  return blind_evaluate(key_share, verification_share, blinded_elements, rng);
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

Result<VerifiedShare> ThresholdBlinded::verify_share(ParticipantIndex index,
                                                     const Element& verification_share,
                                                     ShareEvaluation evaluation) const {
  if (evaluation.evaluated_elements.size() != size())
    return bad_input("a keyholder's answer has another number of elements than the request");
  HR_TRY(verify_proof(Element::base(), verification_share, blinded_elements_,
                      evaluation.evaluated_elements, kOprfContext, evaluation.proof));
  return VerifiedShare(index, std::move(evaluation.evaluated_elements), tag_);
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
  HR_ASSIGN(const std::vector<Scalar> lambda, lagrange_at_zero(set));
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
