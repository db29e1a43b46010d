// Shamir's secret sharing over the scalars of ristretto255: shares f(i) of a secret f(0), for
// participants numbered 1, 2, 3 ...; any t of them recover it, fewer learn nothing.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "crypto/group.h"

namespace hedgerow {

// A participant's number, never zero (zero is where the secret lies).
class ParticipantIndex {
 public:
  static Result<ParticipantIndex> from(std::uint64_t number);  // 1 to 65,535
  std::uint16_t number() const { return number_; }
  Scalar scalar() const { return Scalar::from_u64(number_); }
  friend auto operator<=>(const ParticipantIndex&, const ParticipantIndex&) = default;

 private:
  explicit ParticipantIndex(std::uint16_t number) : number_(number) {}
  std::uint16_t number_;
};

struct SecretShare {
  ParticipantIndex index;
  SecretScalar value;
};

// f(index), where coefficients[k] belongs to x^k. At least one coefficient.
SecretScalar evaluate_polynomial(const SecretScalars& coefficients, ParticipantIndex index);

// One share for each index, f of degree threshold - 1 with random further coefficients.
// Errors: threshold zero or above the number of indexes; an index twice.
Result<std::vector<SecretShare>> share_secret(const SecretScalar& secret, std::size_t threshold,
                                              std::span<const ParticipantIndex> indexes,
                                              Random& rng);

// f(0) of the polynomial of degree shares.size() - 1 through all the shares given. With fewer
// than the threshold the result is a scalar that has nothing to do with the secret.
// Errors: no shares; an index twice.
Result<SecretScalar> recover_secret(std::span<const SecretShare> shares);

// lambda_i for each index of the set, in its order: f(0) = sum of lambda_i f(i).
// Errors: an empty set; an index twice.
Result<std::vector<Scalar>> lagrange_at_zero(std::span<const ParticipantIndex> set);

}  // namespace hedgerow
