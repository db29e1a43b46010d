#include "crypto/batch_check.h"

#include <algorithm>
#include <optional>

namespace hedgerow {
namespace {

constexpr std::size_t kWeightSize = 16;

}  // namespace

BatchWeights BatchWeights::draw(std::size_t count, Random& rng) {
  BatchWeights out(count);
  for (std::size_t k = 0; k < count; ++k) {
    const auto weight = out.weights_.writable(k).first<kWeightSize>();
    do {
      rng.fill(weight);
    } while (std::all_of(weight.begin(), weight.end(), [](std::uint8_t b) { return b == 0; }));
  }
  return out;
}

Result<Element> BatchWeights::combine(std::span<const Element> elements) const {
  if (elements.size() != size()) return bad_input("a batch has another size than its weights");
  // A sum that passes through the identity goes on from nothing.
  std::optional<Element> sum;
  for (std::size_t k = 0; k < elements.size(); ++k) {
    HR_ASSIGN(const Element term, multiply(weights_, k, elements[k]));
    const Result<Element> more = sum ? add(*sum, term) : Result<Element>(term);
    sum = more.ok() ? std::optional<Element>(*more) : std::nullopt;
  }
  if (!sum) return bad_input("a weighted batch sums to the identity");
  return *sum;
}

}  // namespace hedgerow
