#include "crypto/threshold_oprf.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "crypto/random.h"
#include "tests/crypto/oprf/scripted_random.h"
#include "tests/crypto/oprf/voprf_vectors.h"

namespace hedgerow {
namespace {

WipingBytes wiping(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

std::vector<ParticipantIndex> first(std::uint64_t n) {
  std::vector<ParticipantIndex> out;
  for (std::uint64_t i = 1; i <= n; ++i) out.push_back(*ParticipantIndex::from(i));
  return out;
}

struct Keyholders {
  Keyholders(const SecretScalar& key, std::size_t threshold, std::size_t n, Random& rng)
      : shares(*share_secret(key, threshold, first(n), rng)) {
    for (const SecretShare& s : shares) verification.push_back(*multiply_base(s.value));
  }
  ShareEvaluation evaluate(std::size_t i, const std::vector<Element>& c, Random& rng) const {
    return *evaluate_share(shares[i].value, verification[i], c, rng);
  }
  VerifiedShare verified(std::size_t i, const ThresholdBlinded& b, Random& rng) const {
    return *b.verify_share(shares[i].index, verification[i],
                           evaluate(i, b.blinded_elements(), rng));
  }
  std::vector<SecretShare> shares;
  std::vector<Element> verification;
};

// With the vectors' key shared, every choice of keyholders gives the vectors' outputs.
TEST(ThresholdOprf, CombinedAndFinalizedEqualsTheVectorsOfRfc9497) {
  const VoprfVectors file = voprf_vectors();
  SeededRandom rng(ByteArray<32>{51});
  for (std::size_t t = 2; t <= 5; ++t) {
    for (std::size_t n = t; n <= 7; ++n) {
      const Keyholders keyholders(file.secret_key, t, n, rng);
      for (const VoprfVector& v : file.vectors) {
        std::vector<WipingBytes> inputs;
        for (const Bytes& input : v.inputs) inputs.push_back(wiping(input));
        ScriptedScalars blinds(v.blinds);
        ThresholdBlinded blinded = *ThresholdBlinded::blind(inputs, blinds);
        EXPECT_EQ(encode_elements(blinded.blinded_elements()), joined(v.blinded));

        // The last t, in falling order: neither the first ones nor sorted.
        std::vector<VerifiedShare> shares;
        for (std::size_t i = 0; i < t; ++i)
          shares.push_back(keyholders.verified(n - 1 - i, blinded, rng));
        const auto pseudonyms = std::move(blinded).combine(shares, t);
        ASSERT_TRUE(pseudonyms.ok());
        for (std::size_t j = 0; j < inputs.size(); ++j) {
          const Element element = *Element::decode((*pseudonyms)[j].expose());
          EXPECT_EQ(to_hex(finalize_output(inputs[j], element)), to_hex(v.outputs[j]));
        }
      }
    }
  }
}

class ThresholdRun : public testing::Test {
 protected:
  ThresholdRun()
      : rng_(ByteArray<32>{52}), key_(random_scalar(rng_)), keyholders_(key_, 3, 5, rng_) {}

  ThresholdBlinded blind() {
    const std::vector<WipingBytes> inputs{*identifier_input(as_bytes("9434765919")),
                                          *identifier_input(as_bytes("9434765870"))};
    return *ThresholdBlinded::blind(inputs, rng_);
  }
  std::vector<VerifiedShare> shares(const ThresholdBlinded& b, std::vector<std::size_t> who) {
    std::vector<VerifiedShare> out;
    for (const std::size_t i : who) out.push_back(keyholders_.verified(i, b, rng_));
    return out;
  }

  SeededRandom rng_;
  SecretScalar key_;
  Keyholders keyholders_;
};

TEST_F(ThresholdRun, PseudonymIsTheKeyTimesTheMappedInput) {
  ThresholdBlinded b = blind();
  const auto chosen = shares(b, {0, 2, 4});
  const auto pseudonyms = *std::move(b).combine(chosen, 3);
  ASSERT_EQ(pseudonyms.size(), 2u);
  const Element expected = *multiply(key_, *hash_oprf_input(as_bytes("nhs:9434765919")));
  EXPECT_TRUE(pseudonyms[0] == Pseudonym(expected));
  EXPECT_TRUE(pseudonyms[0] != pseudonyms[1]);
}

TEST_F(ThresholdRun, EveryQuorumAndEveryBlindingGiveTheSamePseudonyms) {
  ThresholdBlinded b1 = blind();
  ThresholdBlinded b2 = blind();
  EXPECT_NE(b1.blinded_elements(), b2.blinded_elements());
  const auto s1 = shares(b1, {0, 1, 2});
  const auto s2 = shares(b2, {4, 3, 1});
  EXPECT_TRUE(*std::move(b1).combine(s1, 3) == *std::move(b2).combine(s2, 3));
}

TEST_F(ThresholdRun, RefusesShareWithBadProof) {
  const ThresholdBlinded b = blind();
  const SecretShare& s = keyholders_.shares[0];
  const Element& y = keyholders_.verification[0];
  ShareEvaluation tampered = keyholders_.evaluate(0, b.blinded_elements(), rng_);
  tampered.evaluated_elements[1] = *add(tampered.evaluated_elements[1], Element::base());
  EXPECT_FALSE(b.verify_share(s.index, y, tampered).ok());

  ShareEvaluation other_proof = keyholders_.evaluate(0, b.blinded_elements(), rng_);
  other_proof.proof = keyholders_.evaluate(1, b.blinded_elements(), rng_).proof;
  EXPECT_FALSE(b.verify_share(s.index, y, other_proof).ok());

  const ShareEvaluation others = keyholders_.evaluate(1, b.blinded_elements(), rng_);
  EXPECT_FALSE(b.verify_share(s.index, y, others).ok());

  ShareEvaluation shorter = keyholders_.evaluate(0, b.blinded_elements(), rng_);
  shorter.evaluated_elements.pop_back();
  EXPECT_FALSE(b.verify_share(s.index, y, shorter).ok());
}

TEST_F(ThresholdRun, RefusesAnEvaluationOfAnotherBatch) {
  const ThresholdBlinded b1 = blind();
  const ThresholdBlinded b2 = blind();
  const ShareEvaluation of_b2 = keyholders_.evaluate(0, b2.blinded_elements(), rng_);
  EXPECT_FALSE(
      b1.verify_share(keyholders_.shares[0].index, keyholders_.verification[0], of_b2).ok());
}

TEST_F(ThresholdRun, CombineRefusesSharesOfAnotherBatch) {
  ThresholdBlinded b1 = blind();
  const ThresholdBlinded b2 = blind();
  auto mixed = shares(b1, {0, 1});
  mixed.push_back(keyholders_.verified(2, b2, rng_));
  EXPECT_FALSE(std::move(b1).combine(mixed, 3).ok());
}

TEST_F(ThresholdRun, CombineRefusesFewerMoreOrRepeatedShares) {
  for (const std::vector<std::size_t>& who :
       {std::vector<std::size_t>{}, {0, 1}, {0, 1, 2, 3}, {0, 1, 1}}) {
    ThresholdBlinded b = blind();
    const auto chosen = shares(b, who);
    EXPECT_FALSE(std::move(b).combine(chosen, 3).ok()) << who.size();
  }
  ThresholdBlinded b = blind();
  EXPECT_FALSE(std::move(b).combine({}, 0).ok());
}

TEST_F(ThresholdRun, CombineIsSingleUse) {
  ThresholdBlinded b = blind();
  const auto chosen = shares(b, {0, 1, 2});
  EXPECT_TRUE(std::move(b).combine(chosen, 3).ok());
  EXPECT_FALSE(std::move(b).combine(chosen, 3).ok());
  static_assert(!std::is_copy_constructible_v<ThresholdBlinded>);
}

TEST_F(ThresholdRun, TwoOfThreeSharesDoNotGiveThePseudonym) {
  ThresholdBlinded b1 = blind();
  ThresholdBlinded b2 = blind();
  const auto enough = shares(b1, {0, 1, 2});
  const auto few = shares(b2, {0, 1});
  EXPECT_FALSE(*std::move(b1).combine(enough, 3) == *std::move(b2).combine(few, 2));
}

TEST_F(ThresholdRun, TakesBatchesOf1To512) {
  EXPECT_FALSE(ThresholdBlinded::blind({}, rng_).ok());
  std::vector<WipingBytes> inputs;
  for (std::size_t i = 0; i <= kMaxBatch; ++i)
    inputs.push_back(wiping(as_bytes("nhs:" + std::to_string(1000000000 + i))));
  EXPECT_FALSE(ThresholdBlinded::blind(inputs, rng_).ok());
  inputs.pop_back();
  const ThresholdBlinded b = *ThresholdBlinded::blind(inputs, rng_);
  EXPECT_EQ(b.size(), kMaxBatch);
  EXPECT_TRUE(b.verify_share(keyholders_.shares[0].index, keyholders_.verification[0],
                             keyholders_.evaluate(0, b.blinded_elements(), rng_))
                  .ok());
  std::vector<Element> too_many(kMaxBatch + 1, Element::base());
  EXPECT_FALSE(
      evaluate_share(keyholders_.shares[0].value, keyholders_.verification[0], too_many, rng_)
          .ok());
  EXPECT_FALSE(
      evaluate_share(keyholders_.shares[0].value, keyholders_.verification[0], {}, rng_).ok());
}

TEST(IdentifierInput, IsNhsAndTenDigits) {
  EXPECT_EQ(to_hex(ByteView(*identifier_input(as_bytes("9434765919")))),
            to_hex(as_bytes("nhs:9434765919")));
  for (const char* bad : {"", "943476591", "94347659190", "943476591x", "943 476 59"})
    EXPECT_FALSE(identifier_input(as_bytes(bad)).ok()) << bad;
}

TEST(Pseudonym, ComesBackFromTheStoreOnlyIntact) {
  const Pseudonym p{Element::base()};
  EXPECT_TRUE(*Pseudonym::from_store(p.expose()) == p);
  ByteArray<32> damaged{};
  const auto refused = Pseudonym::from_store(damaged);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::configuration);
}

TEST(Pseudonym, IsWipedWhenItGoes) {
  alignas(Pseudonym) ByteArray<sizeof(Pseudonym)> place;
  auto* p = new (place.data()) Pseudonym(Element::base());
  EXPECT_NE(place[0], 0);
  p->~Pseudonym();
  const volatile std::uint8_t* bytes = place.data();
  for (std::size_t i = 0; i < place.size(); ++i) EXPECT_EQ(bytes[i], 0) << i;
}

}  // namespace
}  // namespace hedgerow
