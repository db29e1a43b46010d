// The keyholders that must answer a batch, all of them, with Lagrange's coefficients of that set:
// each folds its own into its answer, so that answers are only added (threshold_oprf.h).
#pragma once

#include <span>
#include <vector>

#include "crypto/shamir.h"

namespace hedgerow {

inline constexpr std::size_t kMaxEvaluationSet = 64;

class EvaluationSet {
 public:
  // Errors: not 1 to kMaxEvaluationSet; not strictly ascending.
  static Result<EvaluationSet> from(std::vector<ParticipantIndex> indexes);

  std::size_t size() const { return indexes_.size(); }
  const std::vector<ParticipantIndex>& indexes() const { return indexes_; }
  bool contains(ParticipantIndex index) const;
  // lambda_i, never zero. Error: not of the set.
  Result<Scalar> coefficient(ParticipantIndex index) const;
  friend bool operator==(const EvaluationSet&, const EvaluationSet&) = default;

 private:
  EvaluationSet(std::vector<ParticipantIndex> indexes, std::vector<Scalar> coefficients)
      : indexes_(std::move(indexes)), coefficients_(std::move(coefficients)) {}

  std::vector<ParticipantIndex> indexes_;
  std::vector<Scalar> coefficients_;
};

}  // namespace hedgerow
