#include "protocol/trace/requester.h"

#include "tests/protocol/trace/people.h"

namespace hedgerow::protocol::trace {
namespace {

class Requesting : public Traced {
 protected:
  const Requester::Party& party(const Requester& r, const PartyId& id) {
    for (const auto& p : r.parties())
      if (p.party == id) return p;
    ADD_FAILURE();
    return r.parties()[0];
  }
  Result<std::optional<Requester::Found>> take(Requester& r, const PartyId& from,
                                               const Bytes& statement,
                                               MessageType type = MessageType::trace_answer) {
    return r.on_message(from, nodes_.at(from).verify_key(), type, statement);
  }
  // As the node does: the tag looked up in the directory.
  void look_up(Requester& r, const Requester::Found& found) {
    const Bytes run = directories_.at(found.party).chunk(0);
    const auto record = find_record(run, found.keys.tag);
    std::optional<std::string> contact;
    if (record) contact = open_trace_record(found.keys.key, *record).value();
    r.set_outcome(found.party, contact);
  }
  Bytes refusal(const PartyId& from, const Requester& r, RefusalReason reason) {
    return Statement::sign(nodes_.at(from), MessageType::trace_refusal,
                           {from, lineage_, agreement_, r.id(), 0, r.not_after()},
                           Refusal{sha256_id(r.request()), reason}.encode())
        .encode();
  }
};

TEST_F(Requesting, LearnsWhomToRing) {
  Requester r = begin(known_);
  const Step step = asked(r);
  ASSERT_EQ(step.send.size(), 3U);
  EXPECT_EQ(step.send[0].to, health_);
  EXPECT_EQ(step.send[1].to, police_);
  EXPECT_EQ(step.send[2].to, partnership_);
  EXPECT_EQ(step.send[2].type, MessageType::trace_notice);
  for (std::size_t i = 0; i < 2; ++i) {
    const PartyId from = step.send[i].to;
    EXPECT_FALSE(r.complete());
    const auto found = take(r, from, answer(directories_.at(from), from, step.send[i].body));
    ASSERT_TRUE(found.ok()) << found.error().text;
    ASSERT_TRUE(found->has_value());
    look_up(r, **found);
  }
  EXPECT_TRUE(r.complete());
  EXPECT_EQ(party(r, police_).outcome, Outcome::contact);
  EXPECT_EQ(party(r, police_).contact, "Duty of vale-police");
  EXPECT_EQ(party(r, health_).outcome, Outcome::nothing);
}

// What leaves for a child that a responder knows is of the same shape as for any other.
TEST_F(Requesting, SendsTheSameSizesForEveryChild) {
  Requester known = begin(known_);
  Requester unknown = begin(child());
  const Step a = asked(known);
  const Step b = asked(unknown);
  ASSERT_EQ(a.send.size(), b.send.size());
  for (std::size_t i = 0; i < a.send.size(); ++i)
    EXPECT_EQ(a.send[i].body.size(), b.send[i].body.size()) << i;
  EXPECT_EQ(answer(directories_.at(police_), police_, a.send[1].body).size(),
            answer(directories_.at(police_), police_, b.send[1].body).size());
}

TEST_F(Requesting, EveryBlindIsFresh) {
  const Requester a = begin(known_);
  const Requester b = begin(known_);
  EXPECT_NE(party(a, police_).blinded, party(b, police_).blinded);
  EXPECT_NE(party(a, police_).blinded, party(a, health_).blinded);
}

TEST_F(Requesting, AnAnswerUnderAnotherKeyIsNamedAndNotUsed) {
  Requester r = begin(known_);
  const Step step = asked(r);
  const Directory other = directory(police_, {known_});
  const auto wrong = take(r, police_, answer(other, police_, step.send[1].body));
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().culprit, "vale-police");
  EXPECT_EQ(party(r, police_).outcome, Outcome::bad_answer);
  // It has had its chance: the right one comes too late.
  const auto late = take(r, police_, answer(directories_.at(police_), police_, step.send[1].body));
  ASSERT_TRUE(late.ok());
  EXPECT_FALSE(late->has_value());
  EXPECT_EQ(party(r, police_).outcome, Outcome::bad_answer);
}

TEST_F(Requesting, AnAnswerOfAnotherDayOrRequestIsNotUsed) {
  Requester r = begin(known_);
  const Step step = asked(r);
  Requester before = begin(known_);
  const Step earlier = asked(before);
  EXPECT_FALSE(
      take(r, police_, answer(directories_.at(police_), police_, earlier.send[1].body)).ok())
      << "its session is another";
  EXPECT_EQ(party(r, police_).outcome, Outcome::none) << "a replay does not end it";
  auto body = Answer::decode(
      Statement::decode(answer(directories_.at(police_), police_, step.send[1].body))->body());
  body->day -= 1;
  const Bytes statement =
      Statement::sign(nodes_.at(police_), MessageType::trace_answer,
                      {police_, lineage_, agreement_, r.id(), 0, r.not_after()}, body->encode())
          .encode();
  EXPECT_FALSE(take(r, police_, statement).ok());
  EXPECT_EQ(party(r, police_).outcome, Outcome::bad_answer);
}

TEST_F(Requesting, NobodyAnswersForAnother) {
  Requester r = begin(known_);
  const Step step = asked(r);
  const Bytes of_police = answer(directories_.at(police_), police_, step.send[1].body);
  EXPECT_FALSE(take(r, health_, of_police).ok());
  EXPECT_EQ(party(r, health_).outcome, Outcome::none);
  EXPECT_FALSE(r.on_message(partnership_, nodes_.at(police_).verify_key(),
                            MessageType::trace_answer, of_police)
                   .ok());
}

TEST_F(Requesting, ARefusalSaysWhy) {
  Requester r = begin(known_);
  asked(r);
  ASSERT_TRUE(
      take(r, police_, refusal(police_, r, RefusalReason::quota), MessageType::trace_refusal).ok());
  EXPECT_EQ(party(r, police_).outcome, Outcome::refused);
  EXPECT_EQ(party(r, police_).reason, RefusalReason::quota);
  EXPECT_FALSE(r.complete());
}

TEST_F(Requesting, ARefusalOfAnotherRequestDoesNotCount) {
  Requester r = begin(known_);
  asked(r);
  const auto refused = [&](const Sha256& request, RefusalReason reason) {
    const Bytes s = Statement::sign(nodes_.at(police_), MessageType::trace_refusal,
                                    {police_, lineage_, agreement_, r.id(), 0, r.not_after()},
                                    Refusal{request, reason}.encode())
                        .encode();
    return take(r, police_, s, MessageType::trace_refusal);
  };
  EXPECT_FALSE(refused(sha256_id(as_bytes("other")), RefusalReason::quota).ok());
  EXPECT_FALSE(refused({}, RefusalReason::quota).ok());
  EXPECT_EQ(r.outcome_of(police_), Outcome::none);
  EXPECT_TRUE(refused({}, RefusalReason::malformed).ok()) << "it could not be read";
  EXPECT_EQ(r.outcome_of(police_), Outcome::refused);
  EXPECT_FALSE(r.outcome_of(partnership_).has_value());
}

TEST_F(Requesting, OnlyTheOrderPreparedHereIsTaken) {
  Requester r = begin(known_);
  const Requester other = begin(known_);
  EXPECT_FALSE(
      r.take_request(verified(sign_request(other, practitioner_), MessageType::trace_request))
          .ok());
  Order order = r.order();
  order.reason = "another reason";
  const Bytes altered =
      sign(practitioner_.key, practitioner_.certificate, MessageType::trace_request, lineage_,
           agreement_, r.id(), r.not_after(), order.encode())
          .encode();
  EXPECT_FALSE(r.take_request(verified(altered, MessageType::trace_request)).ok());
  const Bytes request = sign_request(r, practitioner_);
  EXPECT_TRUE(r.take_request(verified(request, MessageType::trace_request)).ok());
  EXPECT_FALSE(r.take_request(verified(request, MessageType::trace_request)).ok()) << "twice";
}

TEST_F(Requesting, NothingIsAskedBeforeTheApproval) {
  Requester r = begin(known_);
  const Bytes request = sign_request(r, practitioner_);
  const auto approval = verified(sign_approval(request, approver_, r.id(), r.not_after()),
                                 MessageType::trace_approval);
  EXPECT_FALSE(r.take_approval(approval, {}, kTraceNow).ok()) << "not signed";
  ASSERT_TRUE(r.take_request(verified(request, MessageType::trace_request)).ok());
  EXPECT_FALSE(r.take_approval(approval, {}, r.not_after()).ok()) << "too late";
  const auto of_other = verified(sign_approval(as_bytes("other"), approver_, r.id(), r.not_after()),
                                 MessageType::trace_approval);
  EXPECT_FALSE(r.take_approval(of_other, {}, kTraceNow).ok());
  EXPECT_TRUE(r.take_approval(approval, {}, kTraceNow).ok());
  EXPECT_FALSE(r.take_approval(approval, {}, kTraceNow).ok()) << "twice";
}

TEST_F(Requesting, EndsWithWhoHasNotAnswered) {
  Requester r = begin(known_);
  const Step step = asked(r);
  EXPECT_EQ(step.wake_at, r.not_after());
  EXPECT_FALSE(r.on_time(r.not_after() - std::chrono::milliseconds(1)));
  EXPECT_TRUE(r.on_time(r.not_after()));
  EXPECT_EQ(r.state(), Requester::State::ended);
  EXPECT_FALSE(r.complete());
  const auto late = take(r, police_, answer(directories_.at(police_), police_, step.send[1].body));
  ASSERT_TRUE(late.ok());
  EXPECT_FALSE(late->has_value());
}

TEST_F(Requesting, GoesOnFromWhatWasSaved) {
  Requester r = begin(known_);
  const Step step = asked(r);
  const auto first = take(r, health_, answer(directories_.at(health_), health_, step.send[0].body));
  look_up(r, **first);
  const RequesterSetup setup{r.id(), council_, lineage_, agreement_};
  const SecretBytes saved = r.save();
  auto again = Requester::restore(setup, saved.expose());
  ASSERT_TRUE(again.ok()) << again.error().text;
  EXPECT_EQ(again->order(), r.order());
  EXPECT_EQ(again->not_after(), r.not_after());
  EXPECT_EQ(party(*again, health_).outcome, Outcome::nothing);
  const auto found =
      take(*again, police_, answer(directories_.at(police_), police_, step.send[1].body));
  ASSERT_TRUE(found.ok() && found->has_value());
  look_up(*again, **found);
  EXPECT_EQ(party(*again, police_).contact, "Duty of vale-police");
  for (std::size_t n = 0; n < saved.size(); n += 7)
    EXPECT_FALSE(Requester::restore(setup, saved.expose().first(n)).ok()) << n;
}

// Once a responder has answered, nothing is left that would look its child up again.
TEST_F(Requesting, ForgetsPointAndBlindWithTheAnswer) {
  Requester r = begin(known_);
  const Step step = asked(r);
  const auto secrets = [&] {
    const SecretBytes saved = r.save();
    const ByteView last = saved.expose().last(2 * 64);
    return std::pair(to_bytes(last.first(64)), to_bytes(last.last(64)));
  };
  const Bytes zeros(64);
  EXPECT_NE(secrets().first, zeros);
  EXPECT_NE(secrets().second, zeros);
  ASSERT_TRUE(take(r, health_, answer(directories_.at(health_), health_, step.send[0].body)).ok());
  EXPECT_EQ(secrets().first, zeros);
  EXPECT_NE(secrets().second, zeros);
  r.on_time(r.not_after());
  EXPECT_EQ(secrets().second, zeros);
}

}  // namespace
}  // namespace hedgerow::protocol::trace
