#include "crypto/dleq.h"

#include <gtest/gtest.h>

#include "crypto/domains.h"
#include "crypto/random.h"

namespace hedgerow {
namespace {

class Dleq : public testing::Test {
 protected:
  Dleq() : rng_(ByteArray<32>{41}), k_(random_scalar(rng_)), b_(*multiply_base(k_)) {
    for (int i = 0; i < 4; ++i) {
      c_.push_back(*multiply_base(random_scalar(rng_)));
      d_.push_back(*multiply(k_, c_.back()));
    }
  }
  DleqProof prove() { return *generate_proof(k_, Element::base(), b_, c_, d_, kOprfContext, rng_); }
  bool holds(const DleqProof& p) {
    return verify_proof(Element::base(), b_, c_, d_, kOprfContext, p).ok();
  }

  SeededRandom rng_;
  SecretScalar k_;
  Element b_;
  std::vector<Element> c_, d_;
};

TEST_F(Dleq, HoldsForWhatWasProved) {
  EXPECT_TRUE(holds(prove()));
  EXPECT_NE(prove(), prove());  // each with its own randomness
}

TEST_F(Dleq, RefusesEveryFlippedBit) {
  const ByteArray<64> good = prove().encode();
  for (std::size_t bit = 0; bit < 512; bit += 7) {
    ByteArray<64> bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1u << (bit % 8)));
    const Result<DleqProof> p = DleqProof::decode(bad);
    EXPECT_FALSE(p.ok() && holds(*p)) << bit;
  }
}

TEST_F(Dleq, RefusesOneWrongElementAmongMany) {
  const DleqProof p = prove();
  for (std::size_t i = 0; i < 4; ++i) {
    const Element kept = d_[i];
    d_[i] = *add(kept, Element::base());
    EXPECT_FALSE(holds(p)) << i;
    // Not even a prover who knows k can prove it.
    EXPECT_FALSE(holds(prove())) << i;
    d_[i] = kept;
  }
  EXPECT_TRUE(holds(p));
}

TEST_F(Dleq, RefusesErrorsThatCancelOut) {
  d_[0] = *add(d_[0], Element::base());
  d_[1] = *subtract(d_[1], Element::base());
  EXPECT_FALSE(holds(prove()));
}

TEST_F(Dleq, RefusesAnotherOrderKeyBaseOrContext) {
  const DleqProof p = prove();
  EXPECT_FALSE(verify_proof(Element::base(), b_, c_, d_, "OPRFV1-another-protocol", p).ok());
  EXPECT_FALSE(verify_proof(c_[0], b_, c_, d_, kOprfContext, p).ok());
  EXPECT_FALSE(verify_proof(Element::base(), c_[0], c_, d_, kOprfContext, p).ok());
  std::swap(c_[0], c_[1]);
  std::swap(d_[0], d_[1]);
  EXPECT_FALSE(holds(p));
}

TEST_F(Dleq, RefusesEmptyAndUnequalBatches) {
  const DleqProof p = prove();
  EXPECT_FALSE(verify_proof(Element::base(), b_, {}, {}, kOprfContext, p).ok());
  d_.pop_back();
  EXPECT_FALSE(holds(p));
}

TEST_F(Dleq, ProofOfZerosDoesNotHold) { EXPECT_FALSE(holds(DleqProof{Scalar(), Scalar()})); }

TEST_F(Dleq, DecodesOnlyWhatItEncodes) {
  const DleqProof p = prove();
  const ByteArray<64> bytes = p.encode();
  EXPECT_EQ(*DleqProof::decode(bytes), p);
  EXPECT_FALSE(DleqProof::decode(ByteView(bytes).first(63)).ok());
  ByteArray<64> c_too_large = bytes;
  std::fill_n(c_too_large.begin(), 32, std::uint8_t{0xff});
  EXPECT_FALSE(DleqProof::decode(c_too_large).ok());
  ByteArray<64> s_too_large = bytes;
  std::fill_n(s_too_large.begin() + 32, 32, std::uint8_t{0xff});
  EXPECT_FALSE(DleqProof::decode(s_too_large).ok());
}

}  // namespace
}  // namespace hedgerow
