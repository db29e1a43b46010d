#include "crypto/evaluation_set.h"

#include <algorithm>
#include <functional>

namespace hedgerow {

Result<EvaluationSet> EvaluationSet::from(std::vector<ParticipantIndex> indexes) {
  if (indexes.empty() || indexes.size() > kMaxEvaluationSet)
    return bad_input("a set of keyholders is not 1 to 64");
  const auto not_rising =
      std::adjacent_find(indexes.begin(), indexes.end(), std::greater_equal<>());
  if (not_rising != indexes.end()) return bad_input("a set of keyholders is not ascending");
  HR_ASSIGN(std::vector<Scalar> coefficients, lagrange_at_zero(indexes));
  return EvaluationSet(std::move(indexes), std::move(coefficients));
}

bool EvaluationSet::contains(ParticipantIndex index) const {
  return std::binary_search(indexes_.begin(), indexes_.end(), index);
}

Result<Scalar> EvaluationSet::coefficient(ParticipantIndex index) const {
  const auto at = std::lower_bound(indexes_.begin(), indexes_.end(), index);
  if (at == indexes_.end() || *at != index) return bad_input("a keyholder is not of the set");
  return coefficients_[static_cast<std::size_t>(at - indexes_.begin())];
}

}  // namespace hedgerow
