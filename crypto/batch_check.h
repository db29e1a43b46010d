// The small exponents test: whether Z_k = x C_k for every k of a batch, for the price of two
// multiplications each and one proof about a single element. Bellare, Garay and Rabin, "Fast
// batch verification for modular exponentiation and digital signatures", Eurocrypt 1998.
//
//   when every Z_k is in and fixed:   weights = BatchWeights::draw(n, rng)
//   M = weights.combine(C)            to whoever knows x, who returns V = x M and proves it
//   weights.combine(Z) == V           or some Z_k is wrong
//
// With E_k = Z_k - x C_k the comparison holds iff the weighted sum of the E_k is the identity. The
// group's order is a prime above 2^128, so if some E_k is not the identity, then for any choice of
// the other weights at most one value of its own weight gives that: a wrong batch passes with
// probability at most 1/(2^128 - 1). That holds for weights that nobody knew when the Z_k were
// fixed: draw them afterwards, and anew for whatever was fixed later.
#pragma once

#include <span>

#include "crypto/group.h"

namespace hedgerow {

class BatchWeights {
 public:
  // Each uniform in 1 .. 2^128 - 1, in locked memory. Draws 16 bytes for each, in order, and again
  // where they are all zero.
  static BatchWeights draw(std::size_t count, Random& rng);

  std::size_t size() const { return weights_.size(); }

  // The sum of weight_k * elements[k]. Errors: another number of elements than of weights; the sum
  // is the identity (so is that of no elements).
  Result<Element> combine(std::span<const Element> elements) const;

 private:
  explicit BatchWeights(std::size_t count) : weights_(count) {}

  SecretScalars weights_;
};

}  // namespace hedgerow
