// A requester whose node keeps none of its own rules: what it sends is signed by its people, and
// goes to the responder directly.
#pragma once

#include <algorithm>

#include "crypto/hash.h"
#include "protocol/envelope.h"
#include "protocol/trace/responder.h"
#include "tests/simulation/evidence.h"
#include "tests/simulation/paper.h"
#include "tests/simulation/tracing.h"

namespace hedgerow::simulation {

inline const std::string kRequester = "vale-council";
inline const std::string kSecond = "vale-health";  // another agency that asks
inline const std::string kResponder = "vale-police";

inline std::int32_t utc_date_of(UtcTime t) {
  return static_cast<std::int32_t>(
      std::chrono::floor<std::chrono::days>(t).time_since_epoch().count());
}
inline UtcTime start_of(std::int32_t date) {
  return std::chrono::sys_days(std::chrono::days(date));
}

inline Options hostile_options() {
  Options o;
  o.shape = with_traces(shape(0));
  o.with_key = true;
  return o;
}

// Everything of a trace at the responder, in the requester's own hand.
struct MadeUp {
  std::string home;
  SessionId id;
  const Person* practitioner = nullptr;
  const Person* approver = nullptr;
  AgreementHash agreement;
  protocol::trace::Order order;
  Element point;
  UtcTime not_after, approved_until;

  Bytes request() const {
    return sign(*practitioner, protocol::MessageType::trace_request, not_after, order.encode());
  }
  Bytes approval_of(ByteView request) const {
    return sign(*approver, protocol::MessageType::trace_approval, approved_until,
                sha256_id(request).view());
  }
  Bytes ask() const {
    return protocol::trace::Ask{request(), approval_of(request()), point}.encode();
  }

  Bytes sign(const Person& by, protocol::MessageType type, UtcTime until, ByteView said) const {
    return protocol::trace::sign(by.key, by.certificate, type, Lineage::parse("vale-cse").value(),
                                 agreement, id, until, said)
        .encode();
  }
};

class SimulatedResponder : public ::testing::Test {
 protected:
  explicit SimulatedResponder(Options options = hostile_options())
      : region(41, std::move(options)), rng_(seed_of("hostile requester", 41)) {
    region.run_for(std::chrono::seconds(1));
    if (!region.key_is_ready()) HR_CHECK(region.generate_key());
    fetch();
    first_day_ = today();
  }
  std::int32_t today() { return utc_date_of(region.now()); }
  store::Traces traces(const std::string& party) {
    return region.lineage(party).context().store.traces();
  }
  void fetch() {
    const Outcome o = region.wait(region.command(kRequester, {{"command", "trace-fetch"}}));
    HR_CHECK(o.result.has_value());
  }
  protocol::trace::DirectoryHeader header(std::int32_t day) {
    const auto d = traces(kRequester).find_directory(PartyId::parse(kResponder).value(), day);
    HR_CHECK(d.ok() && d->has_value());
    const auto statement = protocol::Statement::decode((*d)->header).value();
    return protocol::trace::DirectoryHeader::decode(statement.body()).value();
  }
  void until(UtcTime time) {
    region.run_for(std::chrono::duration_cast<std::chrono::seconds>(time - region.now()) +
                   std::chrono::seconds(1));
  }

  Person person(const std::string& agency, CertificateKind kind, std::string_view name) {
    return certified(agency, kind, name, SigningKey::random(rng_), for_days(region, 90));
  }
  Person certified(const std::string& agency, CertificateKind kind, std::string_view name,
                   SigningKey key, const Validity& dates) {
    const auto& who = region.identities();
    Certificate certificate = issue({PartyId::parse(agency).value(), kind, std::string(name)},
                                    SubjectKey(key.verify_key()), dates, who.roots.at(agency),
                                    who.root_keys.at(agency), rng_)
                                  .value();
    return {std::move(certificate), std::move(key)};
  }
  const Person& social_worker() { return region.identities().practitioners.at(kRequester); }
  const Person& team_manager() { return region.identities().approvers.at(kRequester); }

  Element any_point() { return multiply_base(random_scalar(rng_)).value(); }
  // Nothing is wrong with it.
  MadeUp fresh() { return fresh(kRequester, social_worker(), team_manager()); }
  MadeUp fresh(const std::string& home, const Person& practitioner, const Person& approver) {
    MadeUp t{home,
             {},
             &practitioner,
             &approver,
             AgreementHash{sha256(as_bytes(region.identities().agreement))},
             {},
             any_point(),
             start_of(today() + 2) - std::chrono::minutes(10),
             start_of(today() + 2) - std::chrono::minutes(10)};
    rng_.fill(t.id.bytes);
    t.order.purpose = kTracePurpose;
    t.order.legal_basis = kTraceBasis;
    t.order.reason = "A strategy meeting";
    t.order.commitment.fill(7);
    set_point(t, today(), t.point);
    return t;
  }
  static void set_point(MadeUp& t, std::int32_t day, const Element& point) {
    t.point = point;
    t.order.points = {{PartyId::parse(kResponder).value(), day, sha256_id(point.bytes())}};
  }

  void send(const std::string& from, const SessionId& session, Bytes body) {
    core::Work work;
    work.message(session, PartyId::parse(kResponder).value(), protocol::MessageType::trace_ask,
                 std::move(body), std::chrono::seconds(60));
    ASSERT_TRUE(region.lineage(from).commit(std::move(work), region.now()).ok());
    region.run_for(std::chrono::seconds(3));
    ASSERT_THAT(region.failures(), ::testing::IsEmpty());
  }
  // What the responder sent back in this session, each once.
  std::vector<std::pair<protocol::MessageType, Bytes>> replies(const std::string& home,
                                                               const SessionId& session) {
    std::map<std::uint64_t, std::pair<protocol::MessageType, Bytes>> out;
    for (const SentFrame& f : region.frames()) {
      if (region.names()[f.from] != kResponder) continue;
      const auto e = protocol::Envelope::decode(f.bytes).value();
      const auto& h = e.header();
      if (h.session != session || h.receiver.str() != home || h.type == protocol::MessageType::ack)
        continue;
      const auto& keys = region.keyring(home);
      out[h.sequence] = {h.type, e.open(keys.seal(), keys.public_keys().seal).value()};
    }
    std::vector<std::pair<protocol::MessageType, Bytes>> list;
    for (auto& [sequence, reply] : out) list.push_back(std::move(reply));
    return list;
  }
  std::vector<audit::Entry> log(const std::string& party = kResponder) {
    std::vector<std::string> faults;
    auto entries = effective(verified_log(region, party, faults));
    EXPECT_THAT(faults, ::testing::IsEmpty());
    return entries;
  }
  std::uint32_t charged(const std::string& home, std::int32_t day) {
    return traces(kResponder).asked_of_agency(PartyId::parse(home).value(), day).value();
  }
  // To anybody, on any day.
  std::size_t charges() {
    std::size_t n = 0;
    for (const std::string& party : region.names())
      for (std::int32_t day = first_day_ - 2; day <= today() + 2; ++day) n += charged(party, day);
    return n;
  }

  // It is refused, on record, said to the requester, and nothing else happens.
  void refused(const std::string& home, const SessionId& session, const Bytes& body,
               protocol::trace::RefusalReason reason, const std::string& why) {
    SCOPED_TRACE(why);
    const std::size_t before = replies(home, session).size();
    send(home, session, body);
    const auto entries = log();
    EXPECT_EQ(count_of(entries, "trace.refused"), ++refusals_);
    EXPECT_EQ(count_of(entries, "trace.answer"), answers_);
    EXPECT_EQ(charges(), answers_);
    const auto last = std::ranges::find_if(entries.rbegin(), entries.rend(),
                                           [](const auto& e) { return e.kind == "trace.refused"; });
    ASSERT_NE(last, entries.rend());
    EXPECT_EQ(last->field("requester"), home);
    EXPECT_EQ(last->field("refused"), name_of(reason));
    EXPECT_THAT(std::string(last->field("why")), ::testing::HasSubstr(why));
    const auto said = replies(home, session);
    ASSERT_EQ(said.size(), before + 1);
    ASSERT_EQ(said.back().first, protocol::MessageType::trace_refusal);
    const auto statement = protocol::Statement::decode(said.back().second).value();
    EXPECT_TRUE(statement
                    .verify_signature(region.keyring(kResponder).public_keys().message,
                                      protocol::MessageType::trace_refusal)
                    .ok());
    const auto refusal = protocol::trace::Refusal::decode(statement.body()).value();
    EXPECT_EQ(refusal.reason, reason);
    EXPECT_EQ(refusal.request.hex(), last->field("request"));
  }
  void refused(const MadeUp& t, protocol::trace::RefusalReason reason, const std::string& why) {
    refused(t.home, t.id, t.ask(), reason, why);
  }
  // It is answered, charged once, and on record. The answer's bytes.
  Bytes answered(const MadeUp& t) {
    const std::uint32_t before = charged(t.home, today());
    const std::size_t replied = replies(t.home, t.id).size();
    send(t.home, t.id, t.ask());
    ++answers_;
    const auto entries = log();
    EXPECT_EQ(count_of(entries, "trace.refused"), refusals_);
    EXPECT_EQ(count_of(entries, "trace.answer"), answers_);
    EXPECT_EQ(charges(), answers_);
    EXPECT_EQ(charged(t.home, today()), before + 1);
    const auto said = replies(t.home, t.id);
    EXPECT_EQ(said.size(), replied + 1);
    if (said.empty() || said.back().first != protocol::MessageType::trace_answer) {
      ADD_FAILURE() << "not answered";
      return {};
    }
    const auto statement = protocol::Statement::decode(said.back().second).value();
    const auto answer = protocol::trace::Answer::decode(statement.body()).value();
    EXPECT_EQ(answer.request, sha256_id(t.request()));
    const auto day = t.order.points.front().day;
    EXPECT_TRUE(protocol::trace::verify_evaluation(header(day).key, t.point, answer).ok());
    return said.back().second;
  }
  // The same message once more: the same answer, and no second charge.
  void answered_again(const MadeUp& t, const Bytes& answer) {
    const auto before = replies(t.home, t.id).size();
    send(t.home, t.id, t.ask());
    const auto said = replies(t.home, t.id);
    ASSERT_EQ(said.size(), before + 1);
    EXPECT_TRUE(said.back() == std::pair(protocol::MessageType::trace_answer, answer));
    EXPECT_EQ(charges(), answers_);
    EXPECT_EQ(count_of(log(), "trace.answer"), answers_);
  }

  Region region;

 private:
  SeededRandom rng_;
  std::int32_t first_day_ = 0;
  std::size_t answers_ = 0, refusals_ = 0;
};

}  // namespace hedgerow::simulation
