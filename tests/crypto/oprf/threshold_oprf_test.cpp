#include "crypto/threshold_oprf.h"

#include <gtest/gtest.h>

#include <numeric>
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

// The same through sets and their check.
TEST(ThresholdOprf, CheckedAndFinalizedEqualsTheVectorsOfRfc9497) {
  const VoprfVectors file = voprf_vectors();
  SeededRandom rng(ByteArray<32>{53});
  for (std::size_t t = 1; t <= 5; ++t) {
    const Keyholders keyholders(file.secret_key, t, 7, rng);
    std::vector<ParticipantIndex> indexes;  // the last t
    for (std::size_t i = 7 - t; i < 7; ++i) indexes.push_back(keyholders.shares[i].index);
    const EvaluationSet set = *EvaluationSet::from(indexes);
    for (const VoprfVector& v : file.vectors) {
      std::vector<WipingBytes> inputs;
      for (const Bytes& input : v.inputs) inputs.push_back(wiping(input));
      ScriptedScalars blinds(v.blinds);
      ThresholdBlinded blinded = *ThresholdBlinded::blind(inputs, blinds);
      std::vector<std::vector<Element>> folded;
      for (std::size_t i = 7 - t; i < 7; ++i)
        folded.push_back(*evaluate_folded(keyholders.shares[i].value,
                                          *set.coefficient(keyholders.shares[i].index),
                                          blinded.blinded_elements()));
      BatchCheck check = *blinded.begin_check(set, folded, rng);
      for (std::size_t i = 7 - t; i < 7; ++i)
        ASSERT_TRUE(check
                        .take(keyholders.shares[i].index, keyholders.verification[i],
                              keyholders.evaluate(i, {check.element()}, rng))
                        .ok());
      const auto pseudonyms = std::move(blinded).combine(*std::move(check).finish());
      ASSERT_TRUE(pseudonyms.ok());
      for (std::size_t j = 0; j < inputs.size(); ++j) {
        const Element element = *Element::decode((*pseudonyms)[j].expose());
        EXPECT_EQ(to_hex(finalize_output(inputs[j], element)), to_hex(v.outputs[j]));
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

class FoldedRun : public ThresholdRun {
 protected:
  // Keyholders 1, 3 and 4.
  FoldedRun() : blinded_(blind()) {
    for (const std::size_t i : who_)
      folded_.push_back(
          *evaluate_folded(keyholders_.shares[i].value, factor(i), blinded_.blinded_elements()));
  }
  Scalar factor(std::size_t i) const { return *set_.coefficient(keyholders_.shares[i].index); }
  Result<void> take(BatchCheck& check, std::size_t i) {
    return check.take(keyholders_.shares[i].index, keyholders_.verification[i],
                      keyholders_.evaluate(i, {check.element()}, rng_));
  }
  // The proof that keyholder i can make for what it gave.
  VerifiedShare proven(std::size_t at) {
    const std::size_t i = who_[at];
    const DleqProof proof =
        *prove_folded(keyholders_.shares[i].value, keyholders_.verification[i], factor(i),
                      blinded_.blinded_elements(), folded_[at], rng_);
    return *blinded_.verify_folded(set_, keyholders_.shares[i].index, keyholders_.verification[i],
                                   {folded_[at], proof});
  }

  const std::vector<std::size_t> who_{0, 2, 3};
  EvaluationSet set_ = *EvaluationSet::from(
      {*ParticipantIndex::from(1), *ParticipantIndex::from(3), *ParticipantIndex::from(4)});
  ThresholdBlinded blinded_;
  std::vector<std::vector<Element>> folded_;
};

TEST_F(FoldedRun, CheckedEqualsVerified) {
  BatchCheck check = *blinded_.begin_check(set_, folded_, rng_);
  for (const std::size_t i : who_) ASSERT_TRUE(take(check, i).ok());
  ThresholdBlinded other = blind();
  const auto chosen = shares(other, {0, 1, 2});
  EXPECT_TRUE(*std::move(blinded_).combine(*std::move(check).finish()) ==
              *std::move(other).combine(chosen, 3));
}

// Those of a set prove what they gave, and another keyholder takes one's place.
TEST_F(FoldedRun, ProvenAnswersOfASetCombineWithOneOfAnotherKeyholder) {
  ThresholdBlinded other = blind();
  const auto chosen = shares(other, {0, 1, 2});
  const std::vector<VerifiedShare> mixed{proven(1), keyholders_.verified(4, blinded_, rng_),
                                         proven(0)};
  EXPECT_TRUE(*std::move(blinded_).combine(mixed, 3) == *std::move(other).combine(chosen, 3));
}

TEST_F(FoldedRun, AFoldedAnswerIsNoShareOfItsOwnAndTheOtherWayRound) {
  const SecretShare& s = keyholders_.shares[0];
  const Element& y = keyholders_.verification[0];
  const DleqProof proof =
      *prove_folded(s.value, y, factor(0), blinded_.blinded_elements(), folded_[0], rng_);
  EXPECT_TRUE(blinded_.verify_folded(set_, s.index, y, {folded_[0], proof}).ok());
  EXPECT_FALSE(blinded_.verify_share(s.index, y, {folded_[0], proof}).ok());
  EXPECT_FALSE(blinded_
                   .verify_folded(set_, s.index, y,
                                  keyholders_.evaluate(0, blinded_.blinded_elements(), rng_))
                   .ok());
  EXPECT_FALSE(
      blinded_.verify_folded(set_, keyholders_.shares[1].index, y, {folded_[0], proof}).ok());
}

TEST_F(FoldedRun, NobodyCanProveAWrongAnswer) {
  folded_[0][1] = *add(folded_[0][1], Element::base());
  const DleqProof proof = *prove_folded(keyholders_.shares[0].value, keyholders_.verification[0],
                                        factor(0), blinded_.blinded_elements(), folded_[0], rng_);
  EXPECT_FALSE(blinded_
                   .verify_folded(set_, keyholders_.shares[0].index, keyholders_.verification[0],
                                  {folded_[0], proof})
                   .ok());
}

TEST_F(FoldedRun, CheckOfAWrongAnswerDoesNotFinish) {
  folded_[1][0] = *add(folded_[1][0], Element::base());
  BatchCheck check = *blinded_.begin_check(set_, folded_, rng_);
  for (const std::size_t i : who_) ASSERT_TRUE(take(check, i).ok());
  EXPECT_FALSE(std::move(check).finish().ok());
}

TEST_F(FoldedRun, CheckTakesOneProvenAnswerOfEachOfItsSet) {
  BatchCheck check = *blinded_.begin_check(set_, folded_, rng_);
  EXPECT_FALSE(take(check, 1).ok());  // not of the set
  ShareEvaluation wrong = keyholders_.evaluate(0, {check.element()}, rng_);
  wrong.evaluated_elements[0] = *add(wrong.evaluated_elements[0], Element::base());
  EXPECT_FALSE(check.take(keyholders_.shares[0].index, keyholders_.verification[0], wrong).ok());
  EXPECT_FALSE(check
                   .take(keyholders_.shares[0].index, keyholders_.verification[0],
                         keyholders_.evaluate(0, blinded_.blinded_elements(), rng_))
                   .ok());
  EXPECT_TRUE(take(check, 0).ok());
  EXPECT_FALSE(take(check, 0).ok());
}

TEST_F(FoldedRun, BeginCheckRefusesOtherSizesAndSumsThatAreTheIdentity) {
  EXPECT_FALSE(blinded_.begin_check(set_, std::span(folded_).first(2), rng_).ok());
  auto shorter = folded_;
  shorter[2].pop_back();
  EXPECT_FALSE(blinded_.begin_check(set_, shorter, rng_).ok());
  auto nothing = folded_;  // the third's answer is minus the other two's
  const Element sum = *add(folded_[0][0], folded_[1][0]);
  nothing[2][0] = *subtract(sum, *multiply(Scalar::from_u64(2), sum));
  EXPECT_FALSE(blinded_.begin_check(set_, nothing, rng_).ok());
}

TEST_F(FoldedRun, CheckedSumsOfAnotherBatchAreRefused) {
  BatchCheck check = *blinded_.begin_check(set_, folded_, rng_);
  for (const std::size_t i : who_) ASSERT_TRUE(take(check, i).ok());
  ThresholdBlinded other = blind();
  EXPECT_FALSE(std::move(other).combine(*std::move(check).finish()).ok());
  static_assert(!std::is_default_constructible_v<CheckedSums>);
}

TEST(EvaluationSet, IsAscendingWithin1To64) {
  const auto from = [](const std::vector<std::uint64_t>& numbers) {
    std::vector<ParticipantIndex> indexes;
    for (const std::uint64_t n : numbers) indexes.push_back(*ParticipantIndex::from(n));
    return EvaluationSet::from(indexes);
  };
  EXPECT_FALSE(from({}).ok());
  EXPECT_FALSE(from({2, 1}).ok());
  EXPECT_FALSE(from({3, 3}).ok());
  std::vector<std::uint64_t> many(kMaxEvaluationSet);
  std::iota(many.begin(), many.end(), 1);
  EXPECT_TRUE(from(many).ok());
  many.push_back(kMaxEvaluationSet + 1);
  EXPECT_FALSE(from(many).ok());
  const EvaluationSet set = *from({1, 2});
  EXPECT_TRUE(set.contains(*ParticipantIndex::from(2)));
  EXPECT_FALSE(set.contains(*ParticipantIndex::from(3)));
  EXPECT_EQ(*set.coefficient(*ParticipantIndex::from(1)), Scalar::from_u64(2));
  EXPECT_FALSE(set.coefficient(*ParticipantIndex::from(3)).ok());
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
