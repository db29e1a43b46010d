#include "crypto/shamir.h"

#include <algorithm>
#include <limits>

namespace hedgerow {
namespace {

Result<void> require_distinct(std::vector<ParticipantIndex> indexes) {
  if (indexes.empty()) return bad_input("no participants");
  std::sort(indexes.begin(), indexes.end());
  const auto twice = std::adjacent_find(indexes.begin(), indexes.end());
  if (twice != indexes.end())
    return bad_input("participant " + std::to_string(twice->number()) + " appears twice");
  return {};
}

}  // namespace

Result<ParticipantIndex> ParticipantIndex::from(std::uint64_t number) {
  if (number == 0 || number > std::numeric_limits<std::uint16_t>::max())
    return bad_input("a participant's number is not 1 to 65535");
  return ParticipantIndex(static_cast<std::uint16_t>(number));
}

SecretScalar evaluate_polynomial(const SecretScalars& coefficients, ParticipantIndex index) {
  HR_CHECK(coefficients.size() > 0);
  const Scalar x = index.scalar();
  SecretScalar value;  // Horner, from the highest coefficient
  for (std::size_t k = coefficients.size(); k-- > 0;)
    value = add(multiply(value, x), coefficients.at(k));
  return value;
}

Result<std::vector<SecretShare>> share_secret(const SecretScalar& secret, std::size_t threshold,
                                              std::span<const ParticipantIndex> indexes,
                                              Random& rng) {
  HR_TRY(require_distinct({indexes.begin(), indexes.end()}));
  if (threshold == 0 || threshold > indexes.size())
    return bad_input("a threshold is not between 1 and the number of participants");
  SecretScalars coefficients = SecretScalars::random(threshold, rng);
  coefficients.set(0, secret);
  std::vector<SecretShare> shares;
  shares.reserve(indexes.size());
  for (const ParticipantIndex index : indexes)
    shares.push_back({index, evaluate_polynomial(coefficients, index)});
  return shares;
}

Result<SecretScalar> recover_secret(std::span<const SecretShare> shares) {
  std::vector<ParticipantIndex> set;
  set.reserve(shares.size());
  for (const SecretShare& share : shares) set.push_back(share.index);
  HR_ASSIGN(const std::vector<Scalar> lambda, lagrange_at_zero(set));
  SecretScalar secret;
  for (std::size_t i = 0; i < shares.size(); ++i)
    secret = add(secret, multiply(shares[i].value, lambda[i]));
  return secret;
}

Result<std::vector<Scalar>> lagrange_at_zero(std::span<const ParticipantIndex> set) {
  HR_TRY(require_distinct({set.begin(), set.end()}));
  std::vector<Scalar> out;
  out.reserve(set.size());
  for (const ParticipantIndex i : set) {
    Scalar numerator = Scalar::from_u64(1);
    Scalar denominator = Scalar::from_u64(1);
    for (const ParticipantIndex j : set) {
      if (j == i) continue;
      numerator = multiply(numerator, j.scalar());
      denominator = multiply(denominator, subtract(j.scalar(), i.scalar()));
    }
    HR_ASSIGN(const Scalar inverse, invert(denominator));
    out.push_back(multiply(numerator, inverse));
  }
  return out;
}

}  // namespace hedgerow
