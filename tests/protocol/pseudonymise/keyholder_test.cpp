#include "protocol/pseudonymise/keyholder.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "crypto/domains.h"
#include "crypto/hash.h"
#include "tests/protocol/pseudonymise/region.h"

namespace hedgerow::protocol {
namespace {

class Keyholder : public testing::Test {
 protected:
  Keyholder() : rng_(ByteArray<32>{61}), share_(make_share()) {
    std::vector<WipingBytes> inputs;
    for (const NhsDigits& n : numbers(10)) inputs.push_back(*identifier_input(n));
    blinded_.emplace(*ThresholdBlinded::blind(inputs, rng_));
    request_.key = share_.key;
    request_.share_version = share_.share_version;
    request_.batch.bytes.fill(9);
    request_.purpose = "import";
    request_.blinded_elements = blinded_->blinded_elements();
    bytes_ = request_.encode();
  }

  KeyShare make_share() {
    SecretScalar x = random_scalar(rng_);
    const Element y = *multiply_base(x);
    return {test_key(), *ParticipantIndex::from(2), 1, std::move(x), y, 3, keyholders_};
  }
  KeyholderDecision decide(EvaluationQuota quota, std::optional<SeenBatch> seen = std::nullopt) {
    return authorise(share_, requester_, bytes_, quota, seen);
  }
  static std::vector<std::pair<std::string, std::uint64_t>> charges(const KeyholderDecision& d) {
    std::vector<std::pair<std::string, std::uint64_t>> out;
    for (const Charge& c : std::get<Authorised>(d).charges()) out.push_back({c.account, c.amount});
    return out;
  }
  // The refusal, which must be well-formed and about this request.
  EvaluateRefusal refusal(const KeyholderDecision& d, RefusalReason reason) {
    EXPECT_TRUE(std::holds_alternative<Refused>(d));
    const Refused& r = std::get<Refused>(d);
    EXPECT_EQ(r.reason, reason);
    EXPECT_EQ(r.error.culprit, requester_.str());
    EXPECT_EQ(r.note.kind, "evaluate-refused");
    const EvaluateRefusal m = *EvaluateRefusal::decode(r.body);
    EXPECT_EQ(m.reason, reason);
    EXPECT_EQ(m.request_hash, sha256_id(bytes_));
    return m;
  }

  using Charged = std::vector<std::pair<std::string, std::uint64_t>>;
  SeededRandom rng_;
  std::vector<PartyId> keyholders_{party("vale-council"), party("vale-police"),
                                   party("vale-health"), party("vale-voice"), party("vale-north")};
  KeyShare share_;
  PartyId requester_ = party("vale-council");
  std::optional<ThresholdBlinded> blinded_;
  EvaluateRequest request_;
  Bytes bytes_;
};

TEST_F(Keyholder, AnswersWithAShareThatVerifies) {
  KeyholderDecision d = decide({100, 0});
  EXPECT_EQ(std::get<Authorised>(d).elements(), 10u);
  EXPECT_EQ(std::get<Authorised>(d).batch(), request_.batch);
  EXPECT_EQ(std::get<Authorised>(d).request_hash(), sha256_id(bytes_));
  EXPECT_EQ(std::get<Authorised>(d).note().kind, "evaluate");
  const Bytes body = *std::move(std::get<Authorised>(d)).evaluate(share_, rng_);
  const EvaluateResponse r = *EvaluateResponse::decode(body);
  EXPECT_EQ(r.batch, request_.batch);
  EXPECT_EQ(r.index, share_.index);
  EXPECT_EQ(r.share_version, 1u);
  EXPECT_EQ(r.request_hash, sha256_id(bytes_));
  EXPECT_TRUE(blinded_
                  ->verify_share(r.index, share_.verification_share,
                                 {r.evaluated_elements, r.proof.value()})
                  .ok());
}

TEST_F(Keyholder, ChargesTheImportQuotaFirstThenTheDailyOne) {
  EXPECT_EQ(charges(decide({10, 0})), (Charged{{"evaluate-import:vale-council", 10}}));
  EXPECT_EQ(charges(decide({4, 6})),
            (Charged{{"evaluate-import:vale-council", 4}, {"evaluate-daily:vale-council", 6}}));
  EXPECT_EQ(charges(decide({0, 10})), (Charged{{"evaluate-daily:vale-council", 10}}));
}

TEST_F(Keyholder, RefusesBeyondBothQuotasAndSaysWhatIsLeft) {
  EXPECT_EQ(refusal(decide({4, 5}), RefusalReason::quota).quota_left, 9u);
  EXPECT_EQ(refusal(decide({0, 0}), RefusalReason::quota).quota_left, 0u);
  EXPECT_EQ(refusal(decide({0, 9}), RefusalReason::quota).batch, request_.batch);
}

TEST_F(Keyholder, SendsIdenticalBytesAgainWithoutADebit) {
  KeyholderDecision first = decide({10, 0});
  const Bytes response = *std::move(std::get<Authorised>(first)).evaluate(share_, rng_);
  const KeyholderDecision again =
      decide({0, 0}, SeenBatch{sha256_id(bytes_), response, {}, {}, {}});
  ASSERT_TRUE(std::holds_alternative<Resend>(again));
  EXPECT_EQ(std::get<Resend>(again).response, response);
}

TEST_F(Keyholder, RefusesABatchIdSeenWithAnotherRequest) {
  Sha256 other;
  refusal(decide({100, 0}, SeenBatch{other, Bytes{1}, {}, {}, {}}), RefusalReason::batch_reused);
}

TEST_F(Keyholder, EvaluatesWithoutASecondDebitWhatWasChargedBeforeACrash) {
  KeyholderDecision d = decide({0, 0}, SeenBatch{sha256_id(bytes_), {}, {}, {}, {}});
  EXPECT_TRUE(std::get<Authorised>(d).charges().empty());
  EXPECT_TRUE(std::move(std::get<Authorised>(d)).evaluate(share_, rng_).ok());
}

TEST_F(Keyholder, RefusesAnotherKeyOrShareVersion) {
  request_.share_version = 2;
  bytes_ = request_.encode();
  refusal(decide({100, 0}), RefusalReason::key);
  request_.share_version = 1;
  request_.key.bytes[0] ^= 1;
  bytes_ = request_.encode();
  refusal(decide({100, 0}), RefusalReason::key);
}

TEST_F(Keyholder, RefusesABadElementNamingTheRequester) {
  bytes_.back() |= 0x80;
  EXPECT_EQ(refusal(decide({100, 0}), RefusalReason::malformed).batch, request_.batch);
}

TEST_F(Keyholder, RefusesWhatIsNoRequestWithBatchIdZero) {
  bytes_ = to_bytes("nonsense");
  EXPECT_TRUE(refusal(decide({100, 0}), RefusalReason::malformed).batch.is_zero());
}

TEST_F(Keyholder, CarriesTheCallersOwnRefusals) {
  for (const RefusalReason reason : {RefusalReason::busy, RefusalReason::not_authorised})
    refusal(refuse(requester_, bytes_, reason), reason);
  EXPECT_EQ(refuse(requester_, bytes_, RefusalReason::busy).error.code, Code::try_again);
  EXPECT_EQ(refuse(requester_, bytes_, RefusalReason::not_authorised).error.code, Code::denied);
}

TEST_F(Keyholder, DoesNotWorkWithADamagedShare) {
  KeyholderDecision d = decide({100, 0});
  share_.value = random_scalar(rng_);
  const auto refused = std::move(std::get<Authorised>(d)).evaluate(share_, rng_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::configuration);
}

// --- a set, its check, proofs afterwards ---

class KeyholderOfSet : public Keyholder {
 protected:
  KeyholderOfSet() { name_set({2, 3, 5}); }

  void name_set(const std::vector<std::uint16_t>& numbers) {
    std::vector<ParticipantIndex> indexes;
    for (const std::uint16_t n : numbers) indexes.push_back(*ParticipantIndex::from(n));
    request_.set = *EvaluationSet::from(indexes);
    bytes_ = request_.encode();
  }
  // Answers the request, and remembers.
  SeenBatch answered() {
    KeyholderDecision d = decide({100, 0});
    return {
        sha256_id(bytes_), *std::move(std::get<Authorised>(d)).evaluate(share_, rng_), {}, {}, {}};
  }
  Bytes a_check(std::uint64_t times = 3) const {
    return EvaluateCheck{share_.key, share_.share_version, request_.batch, sha256_id(bytes_),
                         *multiply(Scalar::from_u64(times), Element::base())}
        .encode();
  }
  FollowUp check_it(ByteView message, const std::optional<SeenBatch>& seen) {
    return *check(share_, requester_, message, seen, rng_);
  }
  FollowUp prove_it(const std::optional<SeenBatch>& seen) {
    return *prove(share_, requester_, bytes_, seen, rng_);
  }
  static RefusalReason reason(const FollowUp& f) {
    EXPECT_TRUE(std::holds_alternative<Refused>(f));
    return std::get<Refused>(f).reason;
  }
  Scalar coefficient() const { return *request_.set->coefficient(share_.index); }
};

TEST_F(KeyholderOfSet, FoldsItsCoefficientInAndProvesNothing) {
  const EvaluateResponse r = *EvaluateResponse::decode(answered().response);
  EXPECT_FALSE(r.proof.has_value());
  const SecretScalar folded = multiply(share_.value, coefficient());
  for (std::size_t j = 0; j < 10; ++j)
    EXPECT_EQ(r.evaluated_elements[j], *multiply(folded, request_.blinded_elements[j]));
}

TEST_F(KeyholderOfSet, ChargesOneElementMoreForTheCheck) {
  const KeyholderDecision d = decide({4, 7});
  EXPECT_EQ(charges(d),
            (Charged{{"evaluate-import:vale-council", 4}, {"evaluate-daily:vale-council", 7}}));
  EXPECT_EQ(std::get<Authorised>(d).cost(), 11u);
  EXPECT_EQ(std::get<Authorised>(d).elements(), 10u);
  EXPECT_EQ(refusal(decide({4, 6}), RefusalReason::quota).quota_left, 10u);
}

// The requester is keyholder 1, this one is 2, the threshold is 3, and there are 5.
TEST_F(KeyholderOfSet, RefusesASetThatIsNotAThresholdWithItselfAndWithoutTheRequester) {
  const std::vector<std::vector<std::uint16_t>> wrong = {
      {2, 3}, {2, 3, 4, 5}, {3, 4, 5}, {1, 2, 3}, {2, 3, 6}, {2, 3, 65535}, {2}};
  for (const auto& numbers : wrong) {
    name_set(numbers);
    refusal(decide({100, 0}), RefusalReason::set);
  }
  name_set({2, 4, 5});
  EXPECT_TRUE(std::holds_alternative<Authorised>(decide({100, 0})));
}

TEST_F(KeyholderOfSet, EvaluatesTheCheckWithAProofAgainstItsVerificationShare) {
  const Bytes message = a_check();
  const FollowUp f = check_it(message, answered());
  const Answered& a = std::get<Answered>(f);
  EXPECT_EQ(a.type, MessageType::evaluate_checked);
  EXPECT_EQ(a.note.kind, "evaluate-check");
  EXPECT_EQ(a.memory.check_hash, sha256_id(message));
  EXPECT_EQ(a.memory.checked, a.response);
  const EvaluateChecked c = *EvaluateChecked::decode(a.response);
  EXPECT_EQ(c.check_hash, sha256_id(message));
  const std::vector<Element> m{*multiply(Scalar::from_u64(3), Element::base())};
  const std::vector<Element> v{c.evaluated_element};
  EXPECT_EQ(v[0], *multiply(share_.value, m[0]));
  EXPECT_TRUE(
      verify_proof(Element::base(), share_.verification_share, m, v, kOprfContext, c.proof).ok());
}

TEST_F(KeyholderOfSet, AnswersTheSameCheckWithTheSameBytesAndNoOther) {
  const FollowUp f = check_it(a_check(), answered());
  const SeenBatch memory = std::get<Answered>(f).memory;
  const FollowUp again = check_it(a_check(), memory);
  EXPECT_EQ(std::get<Resend>(again).response, std::get<Answered>(f).response);
  EXPECT_EQ(reason(check_it(a_check(4), memory)), RefusalReason::batch_reused);
}

TEST_F(KeyholderOfSet, ChecksOnlyWhatItEvaluatedForASet) {
  EXPECT_EQ(reason(check_it(a_check(), std::nullopt)), RefusalReason::unknown_batch);
  // Charged, but not answered before a crash.
  EXPECT_EQ(reason(check_it(a_check(), SeenBatch{sha256_id(bytes_), {}, {}, {}, {}})),
            RefusalReason::unknown_batch);
  EXPECT_EQ(reason(check_it(a_check(), SeenBatch{Sha256{}, answered().response, {}, {}, {}})),
            RefusalReason::batch_reused);
  request_.set.reset();
  bytes_ = request_.encode();  // paid for its elements only
  EXPECT_EQ(reason(check_it(a_check(), answered())), RefusalReason::unknown_batch);
}

TEST_F(KeyholderOfSet, RefusesACheckThatIsNoneOrOfAnotherKey) {
  const SeenBatch seen = answered();
  Bytes cut = a_check();
  cut.pop_back();
  EXPECT_EQ(reason(check_it(cut, seen)), RefusalReason::malformed);
  EXPECT_EQ(reason(check_it(to_bytes("nonsense"), std::nullopt)), RefusalReason::malformed);
  const Bytes message = a_check();
  share_.share_version = 2;
  EXPECT_EQ(reason(check_it(message, seen)), RefusalReason::key);
  EXPECT_EQ(reason(prove_it(seen)), RefusalReason::key);
}

TEST_F(KeyholderOfSet, ProvesAfterwardsWhatItGave) {
  const SeenBatch seen = answered();
  const FollowUp f = prove_it(seen);
  const Answered& a = std::get<Answered>(f);
  EXPECT_EQ(a.type, MessageType::evaluate_response);
  EXPECT_EQ(a.note.kind, "evaluate-prove");
  const EvaluateResponse before = *EvaluateResponse::decode(seen.response);
  const EvaluateResponse r = *EvaluateResponse::decode(a.response);
  EXPECT_EQ(r.evaluated_elements, before.evaluated_elements);
  EXPECT_EQ(r.request_hash, sha256_id(bytes_));
  EXPECT_TRUE(blinded_
                  ->verify_folded(*request_.set, share_.index, share_.verification_share,
                                  {r.evaluated_elements, r.proof.value()})
                  .ok());
  // Once: then the same bytes again. The first answer stays what it was.
  EXPECT_EQ(a.memory.response, seen.response);
  EXPECT_EQ(std::get<Resend>(prove_it(a.memory)).response, a.response);
  EXPECT_EQ(std::get<Resend>(decide({0, 0}, a.memory)).response, seen.response);
}

TEST_F(KeyholderOfSet, ProvesNothingThatItDidNotEvaluate) {
  EXPECT_EQ(reason(prove_it(std::nullopt)), RefusalReason::unknown_batch);
  EXPECT_EQ(reason(prove_it(SeenBatch{sha256_id(bytes_), {}, {}, {}, {}})),
            RefusalReason::unknown_batch);
  EXPECT_EQ(reason(prove_it(SeenBatch{Sha256{}, answered().response, {}, {}, {}})),
            RefusalReason::batch_reused);
  const SeenBatch seen = answered();
  request_.blinded_elements[3] = Element::base();
  bytes_ = request_.encode();
  EXPECT_EQ(reason(prove_it(seen)), RefusalReason::batch_reused);
}

TEST_F(KeyholderOfSet, AsksForNoProofWhereOneWasGiven) {
  request_.set.reset();
  bytes_ = request_.encode();
  const SeenBatch seen = answered();
  EXPECT_EQ(std::get<Resend>(prove_it(seen)).response, seen.response);
}

TEST_F(KeyholderOfSet, NeitherChecksNorProvesWithADamagedShare) {
  const SeenBatch seen = answered();
  share_.value = random_scalar(rng_);
  const auto checked = check(share_, requester_, a_check(), seen, rng_);
  const auto proven = prove(share_, requester_, bytes_, seen, rng_);
  ASSERT_FALSE(checked.ok() || proven.ok());
  EXPECT_EQ(checked.error().code, Code::configuration);
  EXPECT_EQ(proven.error().code, Code::configuration);
}

TEST_F(KeyholderOfSet, RemembersThroughTheStore) {
  SeenBatch seen = answered();
  const auto round = [&] { return *SeenBatch::restore(seen.request_hash, seen.save()); };
  EXPECT_EQ(round(), seen);
  seen = std::get<Answered>(check_it(a_check(), seen)).memory;
  EXPECT_EQ(round(), seen);
  seen = std::get<Answered>(prove_it(seen)).memory;
  EXPECT_EQ(round(), seen);
  EXPECT_TRUE((SeenBatch{seen.request_hash, {}, {}, {}, {}}.save().empty()));
  EXPECT_TRUE(SeenBatch::restore(seen.request_hash, {})->response.empty());

  const Bytes good = seen.save();
  for (const std::size_t n : {std::size_t{1}, std::size_t{40}, good.size() - 1})
    EXPECT_FALSE(SeenBatch::restore({}, ByteView(good).first(n)).ok()) << n;
  Bytes other = good;
  other[0] = 2;
  EXPECT_FALSE(SeenBatch::restore({}, other).ok());
  seen.checked.clear();
  EXPECT_FALSE(SeenBatch::restore({}, seen.save()).ok());
}

template <class A>
concept EvaluatesKept = requires(A& a, const KeyShare& s, Random& r) {
  a.evaluate(s, r);
};

TEST_F(Keyholder, OnlyAuthoriseMakesAnAuthorised) {
  static_assert(!std::is_default_constructible_v<Authorised>);
  static_assert(!EvaluatesKept<Authorised>);
}

}  // namespace
}  // namespace hedgerow::protocol
