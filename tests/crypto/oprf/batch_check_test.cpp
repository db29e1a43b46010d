#include "crypto/batch_check.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "crypto/base/check.h"
#include "crypto/random.h"

namespace hedgerow {
namespace {

// Gives the weights listed, 16 bytes little-endian each, and then none.
class ListedWeights : public Random {
 public:
  explicit ListedWeights(std::vector<std::uint8_t> lowest) : lowest_(std::move(lowest)) {}
  void fill(std::span<std::uint8_t> out) override {
    HR_CHECK(out.size() == 16 && next_ < lowest_.size());
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    out[0] = lowest_[next_++];
  }
  std::size_t drawn() const { return next_; }

 private:
  std::vector<std::uint8_t> lowest_;
  std::size_t next_ = 0;
};

Element times(std::uint64_t n, const Element& e) { return *multiply(Scalar::from_u64(n), e); }

// C at random, Z = x C.
struct CheckedBatch {
  CheckedBatch(std::size_t n, Random& rng) : x(random_scalar(rng)) {
    for (std::size_t k = 0; k < n; ++k) {
      c.push_back(*multiply_base(random_scalar(rng)));
      z.push_back(*multiply(x, c.back()));
    }
  }
  bool holds(const std::vector<Element>& evaluated, Random& rng) const {
    const BatchWeights weights = BatchWeights::draw(c.size(), rng);
    const Result<Element> sum = weights.combine(evaluated);
    return sum.ok() && *sum == *multiply(x, *weights.combine(c));
  }

  SecretScalar x;
  std::vector<Element> c;
  std::vector<Element> z;
};

TEST(BatchCheck, CombineIsTheWeightedSum) {
  ListedWeights rng({3, 0, 5, 250});  // a zero is drawn again
  const BatchWeights weights = BatchWeights::draw(3, rng);
  EXPECT_EQ(rng.drawn(), 4U);
  EXPECT_EQ(weights.size(), 3U);
  const Element& g = Element::base();
  const std::vector<Element> elements{g, times(10, g), times(100, g)};
  EXPECT_EQ(*weights.combine(elements), times(3 + 50 + 25000, g));
}

TEST(BatchCheck, WeightsHaveOneHundredAndTwentyEightBits) {
  class AllOnes : public Random {
    void fill(std::span<std::uint8_t> out) override {
      std::fill(out.begin(), out.end(), std::uint8_t{0xff});
    }
  } rng;
  const BatchWeights weights = BatchWeights::draw(1, rng);
  const Element& g = Element::base();
  ByteArray<32> most{};
  std::fill_n(most.begin(), 16, std::uint8_t{0xff});
  EXPECT_EQ(*weights.combine(std::vector<Element>{g}), *multiply(*Scalar::decode(most), g));
}

TEST(BatchCheck, HoldsForAnHonestBatch) {
  SeededRandom rng(ByteArray<32>{81});
  for (const std::size_t n : {1U, 2U, 7U, 40U}) {
    const CheckedBatch batch(n, rng);
    EXPECT_TRUE(batch.holds(batch.z, rng));
  }
}

TEST(BatchCheck, NoticesAnyOneElementAltered) {
  SeededRandom rng(ByteArray<32>{82});
  const CheckedBatch batch(9, rng);
  for (std::size_t k = 0; k < batch.z.size(); ++k) {
    auto altered = batch.z;
    altered[k] = *add(altered[k], Element::base());
    EXPECT_FALSE(batch.holds(altered, rng));
    altered[k] = *subtract(altered[k], times(2, altered[k]));  // its negative
    EXPECT_FALSE(batch.holds(altered, rng));
  }
}

// The plain sums of such a batch agree: only the weights tell.
TEST(BatchCheck, NoticesAlterationsThatCancelWithoutWeights) {
  SeededRandom rng(ByteArray<32>{83});
  const CheckedBatch batch(6, rng);
  auto altered = batch.z;
  altered[1] = *add(altered[1], Element::base());
  altered[4] = *subtract(altered[4], Element::base());
  ListedWeights ones({1, 1, 1, 1, 1, 1});
  EXPECT_TRUE(batch.holds(altered, ones));
  EXPECT_FALSE(batch.holds(altered, rng));
}

TEST(BatchCheck, NoticesElementsExchanged) {
  SeededRandom rng(ByteArray<32>{84});
  const CheckedBatch batch(5, rng);
  auto altered = batch.z;
  std::swap(altered[0], altered[3]);
  EXPECT_FALSE(batch.holds(altered, rng));
}

// Whoever knows the weights beforehand passes: they must be drawn when every answer is in.
TEST(BatchCheck, PassesAnAlterationMadeToKnownWeights) {
  SeededRandom rng(ByteArray<32>{85});
  const CheckedBatch batch(2, rng);
  const auto altered = std::vector<Element>{*add(batch.z[0], times(7, Element::base())),
                                            *subtract(batch.z[1], times(3, Element::base()))};
  ListedWeights known({3, 7});
  EXPECT_TRUE(batch.holds(altered, known));
  EXPECT_FALSE(batch.holds(altered, rng));
}

TEST(BatchCheck, RefusesAnotherNumberOfElements) {
  SeededRandom rng(ByteArray<32>{86});
  const CheckedBatch batch(3, rng);
  const BatchWeights weights = BatchWeights::draw(3, rng);
  EXPECT_FALSE(weights.combine(std::span(batch.c).first(2)).ok());
  EXPECT_FALSE(weights.combine({}).ok());
  EXPECT_FALSE(BatchWeights::draw(0, rng).combine({}).ok());
}

TEST(BatchCheck, RefusesASumThatIsTheIdentityAndPassesThroughIt) {
  const Element& g = Element::base();
  const Element minus = *subtract(g, times(2, g));
  ListedWeights rng({4, 4, 1});
  const BatchWeights weights = BatchWeights::draw(3, rng);
  EXPECT_EQ(*weights.combine(std::vector<Element>{g, minus, times(9, g)}), times(9, g));
  ListedWeights two({4, 4});
  EXPECT_FALSE(BatchWeights::draw(2, two).combine(std::vector<Element>{g, minus}).ok());
}

static_assert(!std::is_copy_constructible_v<BatchWeights>);

}  // namespace
}  // namespace hedgerow
