// A contributor's own officer takes away: its records stay out of a release, or its thresholds hold
// for everybody; the figures are those of a plain computation under the same restriction.
#include "protocol/envelope.h"
#include "tests/simulation/world.h"

namespace hedgerow::simulation {
namespace {

using std::chrono::minutes;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kRefusesFlows =
    "[[refuse]]\nquestion = \"flows\"\nwhy = \"not before the review\"\n";

std::string status_of(const nlohmann::json& answer, const std::string& party) {
  for (const auto& p : answer.at("periods").at(0).at("parties"))
    if (p.at("party") == party) return p.at("status");
  return "absent";
}

std::string field_of(const std::vector<audit::Entry>& log, std::string_view kind,
                     std::string_view name) {
  for (const auto& entry : log)
    if (entry.kind == kind)
      for (const auto& [key, value] : entry.fields)
        if (key == name) return value;
  return "absent";
}

TEST(SimulatedRestriction, KeepsAContributorOutAndTheRestGoOn) {
  World w(41, 200);
  w.begin();
  w.import_all();
  w.region.restrict_by("vale-voice", kRefusesFlows);
  Records others = w.records;
  others.erase("vale-voice");
  w.plain = compute_plainly(others);
  const auto answer = w.ask();
  w.check(answer);
  EXPECT_EQ(status_of(*answer, "vale-voice"), "refused: standing restriction");
  EXPECT_EQ(status_of(*answer, "vale-police"), "answered");
  EXPECT_NE(compute_plainly(w.records).cells.size(), 0U);

  // It stays out for good: the period is frozen, whatever its officer thinks later.
  w.region.restrict_by("vale-voice", "");
  w.check(w.ask(2));
  std::vector<std::string> faults;
  const auto log = verified_log(w.region, "vale-voice", faults);
  EXPECT_EQ(field_of(log, "release.aside", "why"), "not before the review");
  EXPECT_EQ(field_of(log, "release.aside", "restrictions"), field_of(log, "restrictions", "hash"));
  EXPECT_EQ(count_of(log, "period.frozen"), 0U);
  EXPECT_THAT(faults, IsEmpty());
}

TEST(SimulatedRestriction, TheStrictestThresholdsHoldForAll) {
  World w(42, 200);
  w.begin();
  w.import_all();
  w.region.restrict_by("vale-health", "[[raise]]\nmin_children = 12\nround_to = 10\n");
  w.region.restrict_by("vale-police", "[[raise]]\nmin_children = 9\nmin_agencies = 2\n");
  const PlainAnswer before = w.plain;
  w.plain = compute_plainly(w.records, {12, 2, 10});
  ASSERT_NE(w.plain.released, before.released);
  const auto answer = w.ask();
  w.check(answer);
  const auto& rule = answer->at("periods").at(0).at("rule");
  EXPECT_EQ(rule.at("min_children"), 12);
  EXPECT_EQ(rule.at("min_agencies"), 2);
  EXPECT_EQ(rule.at("round_to"), 10);
  EXPECT_THAT(answer->at("notes").get<std::vector<std::string>>(),
              Contains(HasSubstr("stricter than the agreement's")));
}

TEST(SimulatedRestriction, FewerThanThreeContributorsReleaseNothing) {
  World w(43);
  w.begin();
  w.import_all();
  for (const char* party : {"vale-voice", "vale-health"})
    w.region.restrict_by(party, kRefusesFlows);
  const auto outcome =
      w.region.wait(w.region.command("vale-council", w.region.ask_request(question_id(43))));
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, Code::denied);
  EXPECT_THAT(outcome.error->text, HasSubstr("too few contributors"));
  ASSERT_TRUE(settle(w.region));
  EXPECT_THAT(faults_of(w.region), IsEmpty());
}

TEST(SimulatedRestriction, OfTheHomeNodeOrTheHubRefusesTheQuestion) {
  for (const std::string party : {"vale-council", "vale-partnership"}) {
    SCOPED_TRACE(party);
    World w(44);
    w.begin();
    w.import_all();
    w.region.restrict_by(party, "[[refuse]]\nasker = \"agency:vale-council\"\nwhy = \"w\"\n");
    const auto refused =
        w.region.wait(w.region.command("vale-council", w.region.ask_request(question_id(44))));
    ASSERT_TRUE(refused.error);
    EXPECT_EQ(refused.error->code, Code::denied);
    EXPECT_THAT(refused.error->text, HasSubstr("standing restriction of " + party));
    std::vector<std::string> faults;
    const auto log = verified_log(w.region, party, faults);
    EXPECT_EQ(field_of(log, "question", "why"), "restricted");
    w.region.restrict_by(party, "");
    w.check(w.ask(2));
  }
}

TEST(SimulatedQuestion, HasItsReasonOnTheLogOfEveryParty) {
  World w(46);
  w.begin();
  w.import_all();
  w.check(w.ask());
  for (const std::string& party : party_names()) {
    std::vector<std::string> faults;
    const auto log = verified_log(w.region, party, faults);
    EXPECT_THAT(field_of(log, "question", "reason"), "Which way missing episodes lead") << party;
  }
}

TEST(SimulatedRestriction, AFileThatCannotBeReadRefusesEverythingUntilItIsMended) {
  World w(45);
  w.begin();
  w.import_all();
  w.region.restrict_by("vale-health", "[[refuse]]\nquestion = flows\n");
  EXPECT_THAT(w.region.last_report("vale-health"), HasSubstr("restrictions.toml:2:"));
  const auto asked = w.region.command("vale-council", w.region.ask_request(question_id(45)));
  w.region.run_for(minutes(10));
  ASSERT_FALSE(w.region.outcome(asked).ended());
  w.region.restrict_by("vale-health", "");
  w.check(w.region.wait(asked).result);
}

// Runs until the hub's manifest is on its way to the party, which does not get it before this ends.
void hold_manifest(Region& region, const std::string& party) {
  const auto at = std::find(party_names().begin(), party_names().end(), party);
  const auto to = static_cast<std::size_t>(at - party_names().begin());
  bool sent = false;
  region.intercept([&sent, to](const SentFrame& f) {
    const auto envelope = protocol::Envelope::decode(f.bytes);
    if (f.to != to || !envelope.ok() ||
        envelope->header().type != protocol::MessageType::sum_manifest)
      return false;
    sent = true;
    return true;
  });
  EXPECT_TRUE(region.run_until([&sent] { return sent; }, minutes(1)));
  region.intercept({});
}

TEST(SimulatedRestriction, RaisedAfterTheStandingHoldsForTheRelease) {
  World w(47, 200);
  w.begin();
  w.import_all();
  const PlainAnswer before = w.plain;
  const auto asked = w.region.command("vale-council", w.region.ask_request(question_id(47)));
  hold_manifest(w.region, "vale-health");
  w.region.restrict_by("vale-health", "[[raise]]\nmin_children = 12\nround_to = 10\n");
  w.plain = compute_plainly(w.records, {12, 1, 10});
  ASSERT_NE(w.plain.released, before.released);
  w.check(w.region.wait(asked).result);
  std::vector<std::string> faults;
  const auto log = verified_log(w.region, "vale-health", faults);
  EXPECT_EQ(field_of(log, "release.refused", "why"), "not-ready");
}

TEST(SimulatedRestriction, RefusedAfterTheStandingStaysOut) {
  for (const std::string entry : {"question = \"flows\"", "asker = \"agency:vale-council\""}) {
    SCOPED_TRACE(entry);
    World w(48, 200);
    w.begin();
    w.import_all();
    const auto asked = w.region.command("vale-council", w.region.ask_request(question_id(48)));
    hold_manifest(w.region, "vale-voice");
    w.region.restrict_by("vale-voice", "[[refuse]]\n" + entry + "\nwhy = \"w\"\n");
    const Outcome outcome = w.region.wait(asked);
    std::vector<std::string> faults;
    const auto log = verified_log(w.region, "vale-voice", faults);
    EXPECT_EQ(field_of(log, "release.refused", "why"), "not-ready");
    EXPECT_EQ(count_of(log, "period.frozen"), 0U);
    if (entry.starts_with("asker")) {
      ASSERT_TRUE(outcome.error);
      EXPECT_EQ(outcome.error->code, Code::denied);
      continue;
    }
    Records others = w.records;
    others.erase("vale-voice");
    w.plain = compute_plainly(others);
    w.check(outcome.result);
    EXPECT_EQ(status_of(*outcome.result, "vale-voice"), "refused: standing restriction");
  }
}

TEST(SimulatedRestriction, AFileThatGoesWhileTheNodeIsOffLeavesATraceOnTheLog) {
  World w(49);
  w.begin();
  Region& region = w.region;
  const std::string party = "vale-health";
  const auto noted = [&] {
    std::vector<std::string> faults;
    std::vector<std::string> hashes;
    for (const auto& entry : verified_log(region, party, faults))
      if (entry.kind == "restrictions") hashes.emplace_back(entry.field("hash"));
    EXPECT_THAT(faults, IsEmpty());
    return hashes;
  };
  EXPECT_THAT(noted(), IsEmpty());
  const std::string hash = sha256_id(as_bytes(std::string_view(kRefusesFlows))).hex();
  const std::string none(64, '0');
  const auto off_and_on = [&](const char* toml) {
    region.crash(party);
    region.restrict_by(party, toml);
    region.start(party);
    region.run_for(std::chrono::seconds(1));
  };
  off_and_on(kRefusesFlows);
  EXPECT_EQ(noted(), std::vector<std::string>({hash}));
  off_and_on(kRefusesFlows);  // nothing new
  EXPECT_EQ(noted(), std::vector<std::string>({hash}));
  off_and_on("");
  EXPECT_EQ(noted(), std::vector<std::string>({hash, none}));
  off_and_on("");
  EXPECT_EQ(noted(), std::vector<std::string>({hash, none}));
  region.restrict_by(party, kRefusesFlows);
  EXPECT_EQ(noted(), std::vector<std::string>({hash, none, hash}));
  EXPECT_THAT(faults_of(region), IsEmpty());
}

TEST(SimulatedRestriction, OfTheHomeNodeEndsAtItsStartAQuestionThatWaits) {
  World w(51, 20);
  w.begin();
  Region& region = w.region;
  const std::string home = "vale-council";
  region.crash("vale-police");
  region.command(home, region.ask_request(question_id(51)));
  region.run_for(std::chrono::seconds(5));
  const auto status = [&] {
    return region.lineage(home).context().store.questions().get(question_id(51)).value()->status;
  };
  ASSERT_EQ(status(), store::QuestionStatus::waiting);
  const auto restart = [&](const char* toml) {
    region.crash(home);
    region.restrict_by(home, toml);
    region.start(home);
  };
  restart("not toml");  // worth trying again
  EXPECT_EQ(status(), store::QuestionStatus::waiting);
  restart(kRefusesFlows);
  EXPECT_EQ(status(), store::QuestionStatus::refused);
  region.start("vale-police");
  region.run_for(minutes(3));
  EXPECT_EQ(status(), store::QuestionStatus::refused);
  EXPECT_THAT(region.failures(), IsEmpty());
}

TEST(SimulatedRestriction, OfTheHubEndsAtItsStartAQuestionThatWaits) {
  World w(50);
  w.begin();
  w.import_all();
  Region& region = w.region;
  const std::string hub(kHub);
  region.crash("vale-police");
  const auto asked = region.command("vale-council", region.ask_request(question_id(50)));
  region.run_for(std::chrono::seconds(20));
  ASSERT_FALSE(region.outcome(asked).ended());
  const auto waiting = [&] {
    return region.lineage(hub).context().store.questions().waiting().value().size();
  };
  ASSERT_EQ(waiting(), 1U);
  region.crash(hub);
  region.restrict_by(hub, "[[refuse]]\nasker = \"agency:vale-council\"\nwhy = \"w\"\n");
  region.start(hub);
  EXPECT_EQ(waiting(), 0U);
  const Outcome outcome = region.wait(asked, std::chrono::seconds(30));
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, Code::denied);
  EXPECT_THAT(outcome.error->text, HasSubstr("standing restriction of vale-partnership"));
  // Asked anew, once it may be, it is answered.
  region.restrict_by(hub, "");
  region.start("vale-police");
  w.check(w.ask(2));
}

}  // namespace
}  // namespace hedgerow::simulation
