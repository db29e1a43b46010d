// A contributor's own officer takes away: its records stay out of a release, or its thresholds hold
// for everybody; the figures are those of a plain computation under the same restriction.
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

}  // namespace
}  // namespace hedgerow::simulation
