#include "protocol/trace/responder.h"

#include "tests/protocol/trace/people.h"

namespace hedgerow::protocol::trace {
namespace {

class Responding : public Traced {
 protected:
  Responding() : requester_(begin(known_)) {
    request_ = sign_request(requester_, practitioner_);
    approval_ = sign_approval(request_, approver_, requester_.id(), requester_.not_after());
  }
  const Element& point(const PartyId& party) {
    for (const auto& p : requester_.parties())
      if (p.party == party) return p.blinded;
    ADD_FAILURE();
    return requester_.parties()[0].blinded;
  }
  Examination examine(const Ask& ask, UtcTime now = kTraceNow) {
    return examine_ask(ask.encode(), council_, police_, lineage_, agreement_, root_, now);
  }
  Ask good() { return {request_, approval_, point(police_)}; }
  static void expect_refused(const Examination& e, RefusalReason reason) {
    const auto* refused = std::get_if<Refused>(&e);
    ASSERT_NE(refused, nullptr);
    EXPECT_EQ(name_of(refused->reason), name_of(reason)) << refused->why;
  }

  Requester requester_;
  Bytes request_, approval_;
};

TEST_F(Responding, TakesWhatTwoPeopleSignedAndAnswersWithAProof) {
  const auto e = examine(good());
  const auto* examined = std::get_if<Examined>(&e);
  ASSERT_NE(examined, nullptr) << std::get<Refused>(e).why;
  EXPECT_EQ(examined->day, kToday);
  EXPECT_EQ(examined->order.reason, "strategy meeting");
  const Directory& d = directories_.at(police_);
  const Answer answer = evaluate(d.secret, d.header.key, *examined, rng_).value();
  EXPECT_TRUE(verify_evaluation(d.header.key, point(police_), answer).ok());
  EXPECT_FALSE(verify_evaluation(directories_.at(health_).header.key, point(police_), answer).ok());
  EXPECT_FALSE(verify_evaluation(d.header.key, point(health_), answer).ok());
}

TEST_F(Responding, RefusesWithoutASecondPersonsApproval) {
  Ask ask = good();
  ask.approval = ask.request;
  expect_refused(examine(ask), RefusalReason::signature);
  ask.approval.clear();
  expect_refused(examine(ask), RefusalReason::signature);
  // An approval by the practitioner's own certificate, which is of another kind.
  ask.approval = sign_approval(request_, practitioner_, requester_.id(), requester_.not_after());
  expect_refused(examine(ask), RefusalReason::signature);
}

TEST_F(Responding, RefusesAnApprovalOfAnotherRequest) {
  const Requester other = begin(known_);
  const Bytes other_request = sign_request(other, practitioner_);
  Ask ask = good();
  ask.approval = sign_approval(other_request, approver_, other.id(), other.not_after());
  expect_refused(examine(ask), RefusalReason::signature);
  // The same id does not make it an approval of these points.
  ask.approval = sign_approval(other_request, approver_, requester_.id(), requester_.not_after());
  expect_refused(examine(ask), RefusalReason::signature);
}

TEST_F(Responding, RefusesAnotherPointThanWasSigned) {
  Ask ask = good();
  ask.point = point(health_);
  expect_refused(examine(ask), RefusalReason::point);
  expect_refused(
      examine_ask(good().encode(), council_, partnership_, lineage_, agreement_, root_, kTraceNow),
      RefusalReason::point);
}

TEST_F(Responding, RefusesWhatHasExpiredAndAnApprovalBeyondItsRequest) {
  expect_refused(examine(good(), requester_.not_after() + std::chrono::milliseconds(1)),
                 RefusalReason::expired);
  Ask ask = good();
  ask.approval = sign_approval(request_, approver_, requester_.id(),
                               requester_.not_after() + std::chrono::hours(1));
  expect_refused(examine(ask), RefusalReason::expired);
  ask.approval =
      sign_approval(request_, approver_, requester_.id(), kTraceNow - std::chrono::seconds(1));
  expect_refused(examine(ask), RefusalReason::expired);
}

TEST_F(Responding, RefusesPeopleOfAnotherAgencyLineageOrAgreement) {
  const Ask ask = good();
  expect_refused(
      examine_ask(ask.encode(), health_, police_, lineage_, agreement_, root_, kTraceNow),
      RefusalReason::signature);
  expect_refused(examine_ask(ask.encode(), council_, police_, Lineage::parse("vale-other").value(),
                             agreement_, root_, kTraceNow),
                 RefusalReason::signature);
  AgreementHash other = agreement_;
  other.bytes[0] ^= 1U;
  expect_refused(examine_ask(ask.encode(), council_, police_, lineage_, other, root_, kTraceNow),
                 RefusalReason::signature);
}

TEST_F(Responding, RefusesWhatIsNoTrace) {
  expect_refused(
      examine_ask(as_bytes("x"), council_, police_, lineage_, agreement_, root_, kTraceNow),
      RefusalReason::malformed);
  // Signed, but no order.
  Ask ask = good();
  ask.request = sign(practitioner_.key, practitioner_.certificate, MessageType::trace_request,
                     lineage_, agreement_, requester_.id(), requester_.not_after(), as_bytes("x"))
                    .encode();
  ask.approval = sign_approval(ask.request, approver_, requester_.id(), requester_.not_after());
  expect_refused(examine(ask), RefusalReason::malformed);
}

TEST_F(Responding, ANoticeIsTheSameWithoutAPoint) {
  const Notice notice{request_, approval_};
  const auto e = examine_notice(notice.encode(), council_, lineage_, agreement_, root_, kTraceNow);
  const auto* examined = std::get_if<Examined>(&e);
  ASSERT_NE(examined, nullptr);
  EXPECT_FALSE(examined->point.has_value());
  EXPECT_EQ(examined->order, requester_.order());
  expect_refused(examine_notice(notice.encode(), police_, lineage_, agreement_, root_, kTraceNow),
                 RefusalReason::signature);
}

}  // namespace
}  // namespace hedgerow::protocol::trace
