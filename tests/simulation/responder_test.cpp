// What a responder refuses for itself, whatever the requester's node let pass: it keeps it on
// record, and charges nothing (docs/design/trace.md, The run, 5).
#include "tests/policies/sample_agreement.h"
#include "tests/simulation/hostile_requester.h"

namespace hedgerow::simulation {
namespace {

using protocol::MessageType;
using protocol::trace::Ask;
using protocol::trace::RefusalReason;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SimulatedQuotas : public SimulatedResponder {
 protected:
  SimulatedQuotas() : SimulatedResponder(options()) {}
  static Options options() {
    Options o = hostile_options();
    o.with_key = false;
    o.edit = [](const std::string& draft) {
      const std::string both = std::to_string(kTracesADay);
      return policies::replaced(draft, "daily_quota = " + both + "\npractitioner_quota = " + both,
                                "daily_quota = 3\npractitioner_quota = 2");
    };
    return o;
  }
};

TEST_F(SimulatedResponder, CallsMalformedWhatIsNoTrace) {
  const MadeUp t = fresh();
  refused(kRequester, t.id, to_bytes("no trace"), RefusalReason::malformed, "");
  Bytes no_point = t.ask();
  std::fill_n(no_point.rbegin(), Element::kSize, std::uint8_t{0});
  refused(kRequester, t.id, no_point, RefusalReason::malformed, "");
  Bytes longer = t.ask();
  longer.push_back(0);
  refused(kRequester, t.id, longer, RefusalReason::malformed, "");
  refused(kRequester, fresh().id, t.ask(), RefusalReason::malformed, "another id than its own");
  const Bytes request =
      t.sign(social_worker(), MessageType::trace_request, t.not_after, to_bytes("no order"));
  refused(kRequester, t.id, Ask{request, t.approval_of(request), t.point}.encode(),
          RefusalReason::malformed, "");
  answered(t);
}

TEST_F(SimulatedResponder, BelievesNoSignatureThatDoesNotHold) {
  const MadeUp t = fresh();
  const auto with = [&](const Bytes& request, const Bytes& approval, const std::string& why) {
    refused(kRequester, t.id, Ask{request, approval, t.point}.encode(), RefusalReason::signature,
            why);
  };
  const Bytes request = t.request();
  const Bytes approval = t.approval_of(request);
  Bytes altered = request;
  altered.back() ^= 1U;
  with(altered, t.approval_of(altered), "signature");
  altered = approval;
  altered.back() ^= 1U;
  with(request, altered, "signature");
  with(request, t.approval_of(fresh().request()), "of another request");
  MadeUp other_id = t;
  other_id.id = fresh().id;
  with(request, other_id.approval_of(request), "of another request");
  MadeUp other = t;
  other.agreement.bytes[0] ^= 1U;
  with(other.request(), other.approval_of(other.request()), "another agreement");
  with(request, request, "");
  with(t.approval_of(request), t.approval_of(request), "");
}

TEST_F(SimulatedResponder, BelievesNobodyWhoIsNotOfTheRequestersAgency) {
  const auto refuses = [&](const Person& practitioner, const Person& approver,
                           const std::string& why) {
    refused(fresh(kRequester, practitioner, approver), RefusalReason::signature, why);
  };
  const auto& who = region.identities();
  refuses(who.practitioners.at(kResponder), who.approvers.at(kResponder), "");
  refuses(social_worker(), who.approvers.at(kResponder), "");
  // Another kind of certificate.
  refuses(social_worker(), social_worker(), "");
  refuses(team_manager(), team_manager(), "");
  // One that has run out, and one of a root of the same name.
  const Validity over{region.now() - hours(48), region.now() - hours(1)};
  SeededRandom rng(seed_of("another root", 1));
  const Person late =
      certified(kRequester, CertificateKind::practitioner, "late", SigningKey::random(rng), over);
  refuses(late, team_manager(), "expired");
  const OfficerKey root_key = OfficerKey::random(rng);
  const PartyId agency = PartyId::parse(kRequester).value();
  const Validity dates = for_days(region, 90);
  const Certificate root = issue_root(agency, root_key, dates, rng).value();
  SigningKey key = SigningKey::random(rng);
  Certificate made_up = issue({agency, CertificateKind::approver, "made-up"},
                              SubjectKey(key.verify_key()), dates, root, root_key, rng)
                            .value();
  refuses(social_worker(), {std::move(made_up), std::move(key)}, "");
}

TEST_F(SimulatedResponder, RefusesPeopleWhoAreRevoked) {
  const Person other = person(kRequester, CertificateKind::approver, "other-manager");
  const Person left = person(kRequester, CertificateKind::practitioner, "left");
  const MadeUp before = fresh();
  const Bytes answer = answered(before);
  const RevocationList list =
      revoke(region, kRequester, {team_manager().certificate, left.certificate}, 1);
  const Outcome o = region.wait(region.command(kRequester, revoke_request(list)));
  ASSERT_TRUE(o.result.has_value());
  ASSERT_TRUE(settle(region));
  refused(fresh(), RefusalReason::signature, "team-manager was revoked");
  refused(fresh(kRequester, left, other), RefusalReason::signature, "left was revoked");
  answered(fresh(kRequester, social_worker(), other));
  // What was charged before is still said.
  answered_again(before, answer);
}

TEST_F(SimulatedResponder, PermitsOnlyWhatTheAgreementGrantsToTwoPeople) {
  const auto denied = [&](const MadeUp& t, const std::string& why) {
    refused(t, RefusalReason::not_permitted, why);
  };
  const Validity dates = for_days(region, 90);
  const Person same_key = certified(kRequester, CertificateKind::approver, "another-name",
                                    social_worker().key.clone(), dates);
  denied(fresh(kRequester, social_worker(), same_key), "the same key");
  const Person same_name = person(kRequester, CertificateKind::approver, "social-worker");
  denied(fresh(kRequester, social_worker(), same_name), "the approver is the practitioner");
  MadeUp t = fresh();
  t.order.purpose = "pattern-detection";
  denied(t, "for this purpose");
  t = fresh();
  t.order.legal_basis = "uk-gdpr:6(1)(a)";
  denied(t, "legal basis");
  t = fresh();
  t.order.reason = "";
  denied(t, "");
}

TEST_F(SimulatedResponder, AnswersContributorsAlone) {
  const std::string hub(kHub);
  const Person practitioner = person(hub, CertificateKind::practitioner, "coordinator");
  const Person approver = person(hub, CertificateKind::approver, "chair");
  refused(fresh(hub, practitioner, approver), RefusalReason::not_permitted,
          "only contributors trace");
  // Nor does it serve those whom the requester calls its own.
  MadeUp t = fresh();
  refused(hub, t.id, t.ask(), RefusalReason::signature, "");
  answered(t);
}

TEST_F(SimulatedResponder, AnswersTodayAndYesterdayIfThereIsADirectory) {
  const auto of = [&](std::int32_t day) {
    MadeUp t = fresh();
    set_point(t, day, t.point);
    t.not_after = t.approved_until = region.now() + minutes(30);
    return t;
  };
  ASSERT_FALSE(traces(kResponder).own_day(today() - 1).value());
  refused(of(today() - 1), RefusalReason::day, "no directory");
  refused(of(today() - 2), RefusalReason::day, "today or yesterday");
  refused(of(today() + 1), RefusalReason::day, "today or yesterday");
  // With a clock that is ahead it may be tomorrow's; but there is none.
  until(start_of(today() + 1) - minutes(1));
  refused(of(today() + 1), RefusalReason::day, "no directory");
  refused(of(today() + 2), RefusalReason::day, "today or yesterday");
}

TEST_F(SimulatedResponder, RefusesWhatHasExpiredOrOutlivesItsKey) {
  const auto lasting = [&](UtcTime request, UtcTime approval) {
    MadeUp t = fresh();
    t.not_after = request;
    t.approved_until = approval;
    return t;
  };
  const UtcTime end = start_of(today() + 2);
  const UtcTime over = region.now() - seconds(1);
  refused(lasting(over, over), RefusalReason::expired, "has expired");
  refused(lasting(end - minutes(10), over), RefusalReason::expired, "has expired");
  refused(lasting(end - minutes(10), end - minutes(9)), RefusalReason::expired,
          "longer than its request");
  refused(lasting(end + milliseconds(1), end), RefusalReason::expired, "longer than its day's key");
  answered(lasting(end, end));
}

TEST_F(SimulatedResponder, AnswersOnlyThePointThatWasSigned) {
  MadeUp t = fresh();
  refused(kRequester, t.id, Ask{t.request(), t.approval_of(t.request()), any_point()}.encode(),
          RefusalReason::point, "not the one that was signed");
  t.order.points.front().party = PartyId::parse(kSecond).value();
  refused(t, RefusalReason::point, "not the one that was signed");
}

// Otherwise one quota would pay for many children: under one id, or as parts of one point.
TEST_F(SimulatedResponder, AnswersAnIdAndAPointOnce) {
  const MadeUp t = fresh();
  const Bytes answer = answered(t);
  answered_again(t, answer);
  region.crash(kResponder);
  region.start(kResponder);
  region.run_for(seconds(30));
  answered_again(t, answer);

  MadeUp other = t;
  set_point(other, today(), any_point());
  refused(other, RefusalReason::reused, "id was used");
  other = t;
  other.order.reason = "Another one";
  refused(other, RefusalReason::reused, "id was used");
  other = t;
  other.id = fresh().id;
  refused(other, RefusalReason::reused, "point was answered");

  const Person practitioner = person(kSecond, CertificateKind::practitioner, "nurse");
  const Person approver = person(kSecond, CertificateKind::approver, "matron");
  MadeUp elsewhere = fresh(kSecond, practitioner, approver);
  set_point(elsewhere, today(), t.point);
  refused(elsewhere, RefusalReason::reused, "point was answered");
  // Ids are each agency's own.
  elsewhere = fresh(kSecond, practitioner, approver);
  elsewhere.id = t.id;
  answered(elsewhere);

  // Nor does the next day charge it again.
  until(start_of(today() + 1) + minutes(10));
  answered_again(t, answer);
  EXPECT_EQ(charged(kRequester, today()), 0U);
  other = t;
  other.id = fresh().id;
  refused(other, RefusalReason::reused, "point was answered");
}

TEST_F(SimulatedQuotas, OfAPractitionerAndOfAnAgencyHoldAtTheResponder) {
  const Person other = person(kRequester, CertificateKind::practitioner, "other-worker");
  const Person renewed = person(kRequester, CertificateKind::practitioner, "social-worker");
  const auto of_other = [&] { return fresh(kRequester, other, team_manager()); };
  const MadeUp first = fresh();
  const Bytes answer = answered(first);
  answered(fresh());
  refused(fresh(), RefusalReason::quota, "the practitioner has had its 2");
  // A new certificate is no new person.
  refused(fresh(kRequester, renewed, team_manager()), RefusalReason::quota,
          "the practitioner has had its 2");
  answered(of_other());
  refused(of_other(), RefusalReason::quota, "the agency has had its 3");
  EXPECT_EQ(charged(kRequester, today()), 3U);
  const PartyId home = PartyId::parse(kRequester).value();
  const auto had = [&](const Person& p) {
    return traces(kResponder)
        .asked_of_practitioner(home, p.certificate.subject().urn(), today())
        .value();
  };
  EXPECT_EQ(had(social_worker()), 2U);
  EXPECT_EQ(had(other), 1U);
  // What was paid for is said again; another agency has its own.
  answered_again(first, answer);
  const Person practitioner = person(kSecond, CertificateKind::practitioner, "social-worker");
  const Person approver = person(kSecond, CertificateKind::approver, "matron");
  answered(fresh(kSecond, practitioner, approver));

  // The next day has its own, whichever directory is asked for.
  const std::int32_t yesterday = today();
  until(start_of(yesterday + 1) + minutes(10));
  fetch();
  ASSERT_TRUE(traces(kResponder).own_day(today()).value());
  MadeUp late = fresh();
  set_point(late, yesterday, late.point);
  late.not_after = late.approved_until = start_of(yesterday + 2);
  answered(late);
  answered(fresh());
  late = fresh();
  set_point(late, yesterday, late.point);
  late.not_after = late.approved_until = start_of(yesterday + 2);
  refused(late, RefusalReason::quota, "the practitioner has had its 2");
  answered(of_other());
  refused(of_other(), RefusalReason::quota, "the agency has had its 3");
  EXPECT_EQ(charged(kRequester, yesterday), 3U);
}

TEST_F(SimulatedResponder, KeepsOnRecordThatANoticeDoesNotHold) {
  const std::string hub(kHub);
  const MadeUp t = fresh();
  const auto notice = [&](const Bytes& approval) {
    core::Work work;
    work.message(t.id, PartyId::parse(hub).value(), MessageType::trace_notice,
                 protocol::trace::Notice{t.request(), approval}.encode(), seconds(60));
    ASSERT_TRUE(region.lineage(kRequester).commit(std::move(work), region.now()).ok());
    region.run_for(seconds(3));
  };
  notice(t.approval_of(fresh().request()));
  EXPECT_EQ(count_of(log(hub), "trace.notice-refused"), 1U);
  EXPECT_EQ(count_of(log(hub), "trace.notice"), 0U);
  notice(t.approval_of(t.request()));
  EXPECT_EQ(count_of(log(hub), "trace.notice"), 1U);
  // It holds no records, and is not asked.
  core::Work work;
  work.message(t.id, PartyId::parse(hub).value(), MessageType::trace_ask, t.ask(), seconds(60));
  ASSERT_TRUE(region.lineage(kRequester).commit(std::move(work), region.now()).ok());
  region.run_for(seconds(3));
  EXPECT_THAT(region.last_report(hub), HasSubstr("holds no records"));
}

// Whoever asks without end and takes nothing costs the responder a bounded outbox, not its life.
TEST_F(SimulatedResponder, KeepsNoEndlessRepliesForOneWhoTakesNone) {
  const MadeUp t = fresh();
  region.intercept([&](const SentFrame& f) { return region.names()[f.from] == kResponder; });
  SeededRandom rng(seed_of("without end", 1));
  std::uint64_t sequence = 0;
  const auto repeat = [&](const Bytes& body, std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) {
      const protocol::EnvelopeHeader h{MessageType::trace_ask,
                                       PartyId::parse(kRequester).value(),
                                       PartyId::parse(kResponder).value(),
                                       Lineage::parse("vale-cse").value(),
                                       t.agreement,
                                       t.id,
                                       ++sequence,
                                       region.now() + minutes(5)};
      const auto& seal = region.keyring(kResponder).public_keys().seal;
      region.inject(
          kResponder, region.curve_of(std::string(kHub)),
          protocol::Envelope::make(h, body, region.keyring(kRequester).message(), seal, rng));
      region.run_for(seconds(0));
    }
    region.run_for(seconds(2));
  };
  const auto waiting = [&] {
    return region.lineage(kResponder)
        .context()
        .store.outbox()
        .count_for(PartyId::parse(kRequester).value())
        .value();
  };
  repeat(t.ask(), core::kMaxReplies + 20);
  EXPECT_LE(waiting(), core::kMaxReplies);
  repeat(to_bytes("no trace"), 20);
  EXPECT_LE(waiting(), core::kMaxReplies);
  EXPECT_EQ(count_of(log(), "trace.refused"), 20U);
  // Beyond the bound of a day nothing is written down any more.
  repeat(to_bytes("no trace"), core::kMaxAsksADay);
  const std::size_t refused = count_of(log(), "trace.refused");
  EXPECT_LT(refused, core::kMaxAsksADay);
  EXPECT_GT(refused, 20U);
  repeat(to_bytes("no trace"), 20);
  EXPECT_EQ(count_of(log(), "trace.refused"), refused);
  EXPECT_EQ(charges(), 1U);
  EXPECT_THAT(region.failures(), ::testing::IsEmpty());
}

// What is looked at after every run finds a charge that no entry says, and the other way round.
TEST_F(SimulatedResponder, ChargesAndEntriesAreComparedBothWays) {
  const MadeUp t = fresh();
  answered(t);
  ASSERT_TRUE(settle(region));
  const std::string not_approved = "has not as approved";  // nor has it: nothing was prepared there
  EXPECT_THAT(faults_of(region), ElementsAre(HasSubstr(not_approved)));

  const auto write = [&](core::Work::Write w) {
    core::Work work;
    work.write(std::move(w));
    ASSERT_TRUE(region.lineage(kResponder).commit(std::move(work), region.now()).ok());
  };
  const store::SeenTrace of_nobody{PartyId::parse(kSecond).value(),
                                   fresh().id,
                                   "urn:hedgerow:vale-health:practitioner:nobody",
                                   today(),
                                   sha256_id(to_bytes("request")),
                                   sha256_id(to_bytes("point")),
                                   to_bytes("answer"),
                                   region.now() + hours(1)};
  write([&](store::LineageStore& s) { return s.traces().add_seen(of_nobody); });
  EXPECT_THAT(faults_of(region),
              ElementsAre(HasSubstr(not_approved), HasSubstr("charged vale-health for a trace")));
  write([](store::LineageStore& s) -> Result<void> {
    return s.database().prepare("DELETE FROM trace_seen").run();
  });
  EXPECT_THAT(faults_of(region),
              ElementsAre(HasSubstr(not_approved), HasSubstr("answered 1 traces and charged 0")));
}

}  // namespace
}  // namespace hedgerow::simulation
