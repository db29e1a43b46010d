// Traces in a whole region: what the practitioner learns, what the responders do not, and what
// becomes of it when people, peers and machines do not do as they should.
#include <gmock/gmock.h>

#include "protocol/envelope.h"
#include "protocol/trace/messages.h"
#include "tests/simulation/children.h"
#include "tests/simulation/evidence.h"
#include "tests/simulation/paper.h"
#include "tests/simulation/tracing.h"

namespace hedgerow::simulation {
namespace {

using nlohmann::json;
using protocol::MessageType;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kHome = "vale-council";
const std::string kPolice = "vale-police";
const std::string kHealth = "vale-health";
const std::string kVoice = "vale-voice";

Row row(std::size_t child, std::string day = "2026-08-04") {
  Row r;
  r.child = child;
  r.reference = "r" + std::to_string(child);
  r.day = std::move(day);
  r.origin = "E06000036";
  r.destination = "E06000037";
  r.source = "S" + std::to_string(child);
  return r;
}

// The police know children 1 and 2, health 1 and 3, the council 4, and nobody else anybody.
Records usual() {
  return {{kHome, {row(4)}}, {kPolice, {row(1), row(2)}}, {kHealth, {row(1), row(3)}}};
}

struct TracedWorld {
  explicit TracedWorld(std::uint64_t seed, const Records& records = usual(), Options o = {})
      : region(seed, options(std::move(o))) {
    region.run_for(seconds(1));
    for (const auto& [party, rows] : records)
      EXPECT_TRUE(region.import(party, to_csv(rows)).has_value()) << party;
  }
  static Options options(Options o) {
    o.shape = with_traces(shape(0));
    o.with_key = true;
    return o;
  }
  Outcome run(core::ConnectionId command) { return region.wait(command, seconds(600)); }
  std::vector<audit::Entry> log(const std::string& party) {
    std::vector<std::string> faults;
    auto entries = effective(verified_log(region, party, faults));
    EXPECT_THAT(faults, IsEmpty());
    return entries;
  }
  std::string field(const std::string& party, std::string_view kind, std::string_view name) {
    for (const auto& e : log(party))
      if (e.kind == kind) return std::string(e.field(name));
    return "absent";
  }
  void check_faults() {
    EXPECT_TRUE(settle(region));
    EXPECT_THAT(faults_of(region), IsEmpty());
  }
  // Prepared, and no further.
  Tracing prepared(std::size_t child) {
    Tracing t(kHome, child);
    const Outcome o = run(t.begin(region));
    EXPECT_TRUE(o.result.has_value()) << (o.error ? o.error->text : "lost");
    t.on(o);
    return t;
  }
  Region region;
};

TEST(SimulatedTrace, TellsWhomToRing) {
  TracedWorld w(1);
  const auto result = trace(w.region, kHome, 1);
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(result->at("complete"));
  EXPECT_EQ(traced_status(*result, kPolice), "contact");
  EXPECT_EQ(traced_status(*result, kHealth), "contact");
  EXPECT_EQ(traced_status(*result, kVoice), "nothing-to-share");
  for (const json& p : result->at("parties"))
    if (p.at("party") == kPolice) {
      EXPECT_EQ(p.at("contact"), "MASH of vale-police");
    }
  const auto of_three = trace(w.region, kHome, 3);
  EXPECT_EQ(traced_status(*of_three, kPolice), "nothing-to-share");
  EXPECT_EQ(traced_status(*of_three, kHealth), "contact");
  w.check_faults();
  // Everybody has it on record: the responders as answered, the hub as noticed.
  for (const std::string& party : {kPolice, kHealth, kVoice})
    EXPECT_EQ(count_of(w.log(party), "trace.answer"), 2U) << party;
  EXPECT_EQ(count_of(w.log(std::string(kHub)), "trace.notice"), 2U);
  EXPECT_EQ(w.field(std::string(kHub), "trace.notice", "practitioner"),
            "urn:hedgerow:vale-council:practitioner:social-worker");
  EXPECT_EQ(w.field(kPolice, "trace.answer", "reason"), "A strategy meeting");
}

struct Sight {
  std::int64_t at = 0;
  std::size_t from = 0, to = 0, bytes = 0;
  friend bool operator==(const Sight&, const Sight&) = default;
};

std::vector<Sight> sights_of(const Region& region) {
  std::vector<Sight> out;
  for (const SentFrame& f : region.frames())
    out.push_back({to_unix_ms(f.at), f.from, f.to, f.bytes.size()});
  return out;
}

// An entry but for what is random in it: its kind, its time, its fields and how long each is.
std::vector<std::string> entries_of(TracedWorld& w, const std::string& party) {
  std::vector<std::string> out;
  for (const auto& e : w.log(party)) {
    std::string line = std::to_string(to_unix_ms(e.time)) + " " + e.kind;
    for (const auto& [key, value] : e.fields)
      line += " " + key + ":" + std::to_string(value.size());
    out.push_back(std::move(line));
  }
  return out;
}

// What it sees, does, writes and sends is the same: no frame, no byte more, nothing at another
// time, no entry on its log.
TEST(SimulatedTrace, IsTheSameForResponderAndHubWhateverTheChild) {
  TracedWorld known(2);
  ASSERT_EQ(traced_status(*trace(known.region, kHome, 1), kPolice), "contact");
  TracedWorld unknown(2);
  ASSERT_EQ(traced_status(*trace(unknown.region, kHome, 9), kPolice), "nothing-to-share");
  settle(known.region);
  settle(unknown.region);
  EXPECT_EQ(sights_of(known.region), sights_of(unknown.region));
  for (const std::string& party : known.region.names())
    EXPECT_EQ(entries_of(known, party), entries_of(unknown, party)) << party;
}

// Withheld, unknown, or known too long ago: the same answer, the same bytes, the same times.
TEST(SimulatedTrace, WithheldAndUnknownLookAlike) {
  const auto seen = [](const Records& records, bool withhold) {
    TracedWorld w(3, records);
    // A decision in both worlds, of the child or of somebody nobody knows.
    const Outcome o = w.run(w.region.command(kPolice,
                                             {{"command", "withhold-add"},
                                              {"reason", "A court order"},
                                              {"decider", "Caldicott Guardian"},
                                              {"review", "2027-01-31"}},
                                             std::string(withhold ? "r1" : "r8") + "\n"));
    EXPECT_TRUE(o.result.has_value()) << (o.error ? o.error->text : "lost");
    auto result = trace(w.region, kHome, 1);
    EXPECT_TRUE(result.has_value());
    result->erase("id");
    settle(w.region);
    return std::tuple(result->dump(), sights_of(w.region), entries_of(w, kPolice));
  };
  Records with = usual();
  Records without = usual();
  without.at(kPolice) = {row(5), row(2)};
  const auto withheld = seen(with, true);
  const auto unknown = seen(without, false);
  EXPECT_THAT(std::get<0>(withheld), HasSubstr("nothing-to-share"));
  EXPECT_EQ(std::get<0>(withheld), std::get<0>(unknown));
  EXPECT_EQ(std::get<1>(withheld), std::get<1>(unknown));
  EXPECT_EQ(std::get<2>(withheld), std::get<2>(unknown));
}

TEST(SimulatedTrace, NeedsASecondPerson) {
  TracedWorld w(4);
  Tracing t = w.prepared(1);
  const auto& who = w.region.identities();
  // Nobody approves what nobody has signed.
  EXPECT_EQ(w.run(w.region.command(kHome, t.approval(w.region))).error->code, Code::denied);
  t.on(w.run(t.begin(w.region)));
  ASSERT_EQ(t.stage(), Tracing::Stage::approve);
  // The practitioner's own certificate does not approve.
  const SessionId id = *t.id();
  const Bytes request = *from_base64(t.request(w.region).at("statement").get<std::string>());
  const AgreementHash hash{sha256(as_bytes(who.agreement))};
  const auto approve = [&](const Person& by) {
    const Bytes s = protocol::trace::sign(by.key, by.certificate, MessageType::trace_approval,
                                          Lineage::parse("vale-cse").value(), hash, id,
                                          w.region.now() + hours(1), sha256_id(request).view())
                        .encode();
    return w.run(w.region.command(
        kHome, {{"command", "trace-approve"}, {"id", id.hex()}, {"statement", to_base64(s)}}));
  };
  EXPECT_EQ(approve(who.practitioners.at(kHome)).error->code, Code::denied);
  // Nor does another agency's approver.
  EXPECT_TRUE(approve(who.approvers.at(kPolice)).error.has_value());
  // Until then nothing has left, and the result waits.
  EXPECT_EQ(count_of(w.log(kPolice), "trace.answer"), 0U);
  const Outcome early = w.run(w.region.command(kHome, t.collect(w.region)));
  EXPECT_EQ(early.error->code, Code::try_again);
  EXPECT_TRUE(approve(who.approvers.at(kHome)).result.has_value());
  w.check_faults();
}

TEST(SimulatedTrace, TheResultIsForWhoAsked) {
  TracedWorld w(5);
  Tracing t = w.prepared(1);
  t.on(w.run(t.begin(w.region)));
  t.on(w.run(t.begin(w.region)));
  ASSERT_EQ(t.stage(), Tracing::Stage::collect);
  json other = t.collect(w.region);
  Tracing of_other = w.prepared(1);
  other["statement"] = of_other.collect(w.region).at("statement");
  EXPECT_EQ(w.run(w.region.command(kHome, other)).error->code, Code::bad_input);
  EXPECT_TRUE(t.on(w.run(t.begin(w.region))));
  w.check_faults();
}

TEST(SimulatedTrace, QuotasHoldAtTheNodeAndAtEveryResponder) {
  TracedWorld w(6);
  for (std::uint32_t i = 0; i < kTracesADay; ++i)
    ASSERT_TRUE(trace(w.region, kHome, i).has_value()) << i;
  const Outcome o = w.run(Tracing(kHome, 1).begin(w.region));
  ASSERT_TRUE(o.error.has_value());
  EXPECT_EQ(o.error->code, Code::try_again);
  EXPECT_THAT(o.error->text, HasSubstr("quota"));
  // Another agency has its own.
  EXPECT_TRUE(trace(w.region, kPolice, 3).has_value());
  w.check_faults();
}

TEST(SimulatedTrace, NamesWhoCannotBeReached) {
  TracedWorld w(7);
  w.region.crash(kHealth);
  const auto result = trace(w.region, kHome, 1);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(traced_status(*result, kHealth), "not-reached");
  EXPECT_EQ(traced_status(*result, kPolice), "contact");
  w.region.start(kHealth);
  w.check_faults();
  // It was not asked, and has it on record all the same.
  EXPECT_EQ(count_of(w.log(kHealth), "trace.answer"), 0U);
  EXPECT_EQ(count_of(w.log(kHealth), "trace.notice"), 1U);
}

// Silent after its directory was fetched: named when the request has run out.
TEST(SimulatedTrace, ASilentResponderIsNamedAtTheEnd) {
  TracedWorld w(8);
  Tracing t = w.prepared(1);
  t.on(w.run(t.begin(w.region)));
  w.region.crash(kHealth);
  t.on(w.run(t.begin(w.region)));
  const Outcome partial = w.run(t.begin(w.region));
  EXPECT_FALSE(t.on(partial));
  EXPECT_EQ(traced_status(*partial.result, kHealth), "not-reached");
  EXPECT_EQ(traced_status(*partial.result, kPolice), "contact");
  w.region.run_for(hours(48));
  const Outcome late = w.run(t.begin(w.region));
  ASSERT_TRUE(late.result.has_value()) << (late.error ? late.error->text : "lost");
  EXPECT_TRUE(t.on(late));
  EXPECT_TRUE(late.result->at("over"));
  EXPECT_EQ(traced_status(*late.result, kHealth), "not-reached");
  // A week later nothing of it is left.
  w.region.run_for(hours(24 * 8));
  const Outcome wiped = w.run(t.begin(w.region));
  ASSERT_TRUE(wiped.error.has_value());
  EXPECT_EQ(wiped.error->code, Code::bad_input);
}

TEST(SimulatedTrace, AnExpiredRequestIsNotApproved) {
  TracedWorld w(9);
  Tracing t = w.prepared(1);
  t.on(w.run(t.begin(w.region)));
  w.region.run_for(hours(48));
  EXPECT_TRUE(w.run(t.begin(w.region)).error.has_value());
  EXPECT_EQ(count_of(w.log(kPolice), "trace.answer"), 0U);
  w.check_faults();
}

// The day after, yesterday's request is still answered, from yesterday's directory.
TEST(SimulatedTrace, IsAnsweredTheDayAfterItWasMade) {
  TracedWorld w(10);
  Tracing t = w.prepared(1);
  t.on(w.run(t.begin(w.region)));
  w.region.run_for(hours(20));
  t.on(w.run(t.begin(w.region)));
  EXPECT_TRUE(t.on(w.run(t.begin(w.region))));
  EXPECT_EQ(traced_status(t.result(), kPolice), "contact");
  w.check_faults();
}

TEST(SimulatedTrace, AnOfficerMayRefuseThemAll) {
  TracedWorld w(11);
  w.region.restrict_by(kHealth,
                       "[[refuse]]\nquestion = \"trace\"\nwhy = \"not before the review\"\n");
  const auto result = trace(w.region, kHome, 1);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(traced_status(*result, kHealth), "refused");
  EXPECT_EQ(traced_status(*result, kPolice), "contact");
  EXPECT_EQ(w.field(kHealth, "trace.refused", "refused"), "not-permitted");
  w.check_faults();
}

TEST(SimulatedTrace, RevokedPeopleNeitherAskNorApprove) {
  TracedWorld w(12);
  Tracing t = w.prepared(1);
  t.on(w.run(t.begin(w.region)));
  const auto& who = w.region.identities();
  const RevocationList list = revoke(w.region, kHome, {who.approvers.at(kHome).certificate}, 1);
  ASSERT_TRUE(w.run(w.region.command(kHome, revoke_request(list))).result.has_value());
  const Outcome o = w.run(t.begin(w.region));
  ASSERT_TRUE(o.error.has_value());
  EXPECT_EQ(o.error->code, Code::denied);
  w.check_faults();
}

// At every point of its work, requester and responder: the result is right, and everybody is
// charged once.
TEST(SimulatedTrace, SurvivesTheEndOfEitherSideAtAnyPoint) {
  std::uint64_t seed = 100;
  std::size_t ended = 0;
  for (const std::string& party : {kHome, kPolice})
    for (const char* point : {"before_commit", "after_append", "after_transaction", "after_confirm",
                              "after_send", "delivery"})
      for (const std::size_t skip : {std::size_t{0}, std::size_t{2}}) {
        SCOPED_TRACE(party + " " + point + " " + std::to_string(skip));
        TracedWorld w(++seed);
        w.region.plan({party, point, skip, "trace"});
        const auto result = trace(w.region, kHome, 1);
        ASSERT_TRUE(result.has_value());
        const std::string police = traced_status(*result, kPolice);
        EXPECT_TRUE(police == "contact" || police == "not-reached") << police;
        EXPECT_EQ(traced_status(*result, kVoice), "nothing-to-share");
        if (w.region.planned() == 0) ++ended;
        w.region.forget_plan();
        w.check_faults();
      }
  EXPECT_GT(ended, 16U);
}

// What came before comes again: nothing is charged, and nothing answered anew.
TEST(SimulatedTrace, AReplayedAskChangesNothing) {
  TracedWorld w(13);
  ASSERT_TRUE(trace(w.region, kHome, 1).has_value());
  settle(w.region);
  const auto frames = w.region.frames();
  const auto before = state_of(w.region);
  for (const SentFrame& f : frames)
    w.region.inject(w.region.names()[f.to], w.region.curve_of(w.region.names()[f.from]), f.bytes);
  w.region.run_for(seconds(5));
  EXPECT_EQ(state_of(w.region), before);
}

}  // namespace
}  // namespace hedgerow::simulation
