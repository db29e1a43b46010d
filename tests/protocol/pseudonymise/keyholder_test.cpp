#include "protocol/pseudonymise/keyholder.h"

#include <gtest/gtest.h>

#include <type_traits>

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
    return {test_key(), *ParticipantIndex::from(2), 1, std::move(x), y};
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
  EXPECT_TRUE(blinded_->verify_share(r.index, share_.verification_share, r.evaluation).ok());
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
  const KeyholderDecision again = decide({0, 0}, SeenBatch{sha256_id(bytes_), response});
  ASSERT_TRUE(std::holds_alternative<Resend>(again));
  EXPECT_EQ(std::get<Resend>(again).response, response);
}

TEST_F(Keyholder, RefusesABatchIdSeenWithAnotherRequest) {
  Sha256 other;
  refusal(decide({100, 0}, SeenBatch{other, Bytes{1}}), RefusalReason::batch_reused);
}

TEST_F(Keyholder, EvaluatesWithoutASecondDebitWhatWasChargedBeforeACrash) {
  KeyholderDecision d = decide({0, 0}, SeenBatch{sha256_id(bytes_), {}});
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
