#include "tests/simulation/world.h"

namespace hedgerow::simulation {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Options bad_network() {
  Options o;
  o.loss = 100;
  o.duplication = 100;
  o.in_order = false;
  o.longest_delay = std::chrono::milliseconds(400);
  return o;
}

std::uint64_t editions_at(Region& region, const std::string& party) {
  const auto head = region.lineage(party).context().store.editions().head().value();
  return head ? head->sequence : 0;
}

std::size_t openings_at(Region& region, const std::string& party) {
  auto& context = region.lineage(party).context();
  const auto release = protocol::sum::release_id(context.id(), "movements", "flows", kPeriod);
  std::size_t n = 0;
  const auto attempts = context.store.attempts().list(release.view()).value();
  for (const auto& a : attempts)
    if (a.state == store::AttemptState::opened) ++n;
  return n;
}

TEST(SimulatedRegion, GivesTheAnswerThatAPlainComputationGives) {
  World w(1, 200);
  w.begin();
  w.import_all();
  w.check(w.ask());
  EXPECT_GE(w.plain.released, 5U);
  EXPECT_GE(w.plain.suppressed, 5U);
  EXPECT_GE(w.plain.by_z, 1U);
  for (const std::string& party : contributor_names()) EXPECT_EQ(openings_at(w.region, party), 1U);
}

TEST(SimulatedRegion, ServesASecondQuestionFromTheRelease) {
  World w(2);
  w.begin();
  w.import_all();
  const auto first = w.ask(1);
  const std::uint64_t editions = editions_at(w.region, std::string(kHub));
  const auto second = w.ask(2);
  w.check(second);
  EXPECT_EQ(first->at("periods"), second->at("periods"));
  EXPECT_EQ(editions_at(w.region, std::string(kHub)), editions);
}

TEST(SimulatedRegion, IsTheSameAgainFromTheSameSeed) {
  const auto run = [](std::uint64_t seed) {
    World w(seed, 40, bad_network());
    w.begin();
    w.region.plan({"vale-police", "after_transaction", 2});
    w.import_all();
    const auto answer = w.ask();
    EXPECT_TRUE(answer);
    return std::pair(w.region.fingerprint(), answer ? answer->dump() : "");
  };
  const auto once = run(3);
  EXPECT_EQ(once, run(3));
  EXPECT_NE(once.first, run(4).first);
}

TEST(SimulatedRegion, ToleratesLossDuplicatesAndDisorder) {
  for (std::uint64_t seed = 10; seed < 15; ++seed) {
    SCOPED_TRACE(seed);
    World w(seed, 60, bad_network());
    w.begin();
    w.import_all();
    w.check(w.ask());
    std::vector<std::string> faults;
    EXPECT_EQ(count_of(verified_log(w.region, std::string(kHub), faults), "release"), 1U);
  }
}

TEST(EightSimulatedRegions, EqualThePlainComputation) {
  std::size_t by_z = 0;
  for (std::uint64_t seed = 100; seed < 108; ++seed) {
    SCOPED_TRACE(seed);
    World w(seed, 100);
    w.begin();
    w.import_all();
    w.check(w.ask());
    EXPECT_GE(w.plain.released, 5U);
    EXPECT_GE(w.plain.suppressed, 5U);
    by_z += w.plain.by_z;
  }
  EXPECT_GE(by_z, 8U);
}

TEST(SimulatedRegion, StopsImportsAndNothingElseWhereAKeyholderIsDead) {
  World w(5);
  w.begin();
  w.import_all();
  const auto first = w.ask(1);
  w.check(first);
  auto& region = w.region;
  region.crash("vale-voice");

  std::vector<Row> more = w.records.at("vale-police");
  more.resize(10);
  for (Row& r : more) r.child += 1000;
  const auto before =
      region.lineage("vale-police").context().store.records().current_rows().value();
  const Outcome import = region.wait(region.command(
      "vale-police", {{"command", "import-movements"}, {"source", "more.csv"}}, to_csv(more)));
  ASSERT_TRUE(import.error);
  EXPECT_EQ(static_cast<int>(import.error->code), 75);
  EXPECT_THAT(import.error->text + import.error->culprit, HasSubstr("vale-voice"));
  EXPECT_EQ(region.lineage("vale-police").context().store.records().current_rows().value(), before);
  std::vector<std::string> faults;
  EXPECT_EQ(count_of(verified_log(region, "vale-police", faults), "import"), 1U);

  const auto again = w.ask(2);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->at("periods"), first->at("periods"));
  EXPECT_FALSE(region.is_up("vale-voice"));
  region.start("vale-voice");
  w.check(again);
}

TEST(SimulatedRegion, ReleasesNothingWhileAContributorIsAway) {
  World w(6);
  w.begin();
  w.import_all();
  auto& region = w.region;
  ASSERT_TRUE(settle(region));
  region.crash("vale-health");
  const SessionId id = question_id(6);
  const auto asked = region.command("vale-council", region.ask_request(id));
  region.run_for(minutes(20));
  const Outcome& waiting = region.outcome(asked);
  ASSERT_FALSE(waiting.ended());
  ASSERT_FALSE(waiting.progress.empty());
  EXPECT_EQ(waiting.progress.back().value("step", ""), "waiting");
  EXPECT_EQ(waiting.progress.back().value("party", ""), "vale-health");
  EXPECT_EQ(editions_at(region, std::string(kHub)), 0U);
  for (const std::string& party : contributor_names())
    EXPECT_TRUE(party == "vale-health" || openings_at(region, party) == 0U) << party;

  region.start("vale-health");
  const Outcome answered = region.wait(asked);
  w.check(answered.result);
  EXPECT_EQ(editions_at(region, std::string(kHub)), 1U);
  for (const std::string& party : contributor_names())
    EXPECT_EQ(openings_at(region, party), 1U) << party;
}

TEST(SimulatedRegion, KeepsTheQuotasOfItsKeyholders) {
  Options options;
  options.quotas = {30, 10};
  World w(7, 60, options);
  w.begin();
  auto& region = w.region;
  std::vector<Row> rows = w.records.at("vale-police");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].child = i;
    rows[i].reference = "ref-" + std::to_string(i);
    rows[i].with_number = true;
  }
  rows.resize(41);  // one child more than a day and the lifetime's balance allow
  const nlohmann::json request = {{"command", "import-movements"}, {"source", "movements.csv"}};
  const Outcome refused = region.wait(region.command("vale-police", request, to_csv(rows)));
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(static_cast<int>(refused.error->code), 75);
  EXPECT_EQ(region.lineage("vale-police").context().store.records().current_rows().value(), 0U);

  rows.resize(40);
  const Outcome good = region.wait(region.command("vale-police", request, to_csv(rows)));
  EXPECT_TRUE(good.result);
  ASSERT_TRUE(settle(region));
  auto ledger = region.lineage("vale-council").context().store.ledger();
  EXPECT_EQ(ledger.import_spent(PartyId::parse("vale-police").value()).value(), 30U);
  // The day's quota is spent too: the same children again must wait for tomorrow.
  rows.resize(5);
  const Outcome again = region.wait(region.command("vale-police", request, to_csv(rows)));
  ASSERT_TRUE(again.error);
  EXPECT_EQ(static_cast<int>(again.error->code), 75);
  region.run_for(std::chrono::hours(16));
  const Outcome tomorrow = region.wait(region.command("vale-police", request, to_csv(rows)));
  EXPECT_TRUE(tomorrow.result);
  ASSERT_TRUE(settle(region));
  EXPECT_THAT(faults_of(region), IsEmpty());
}

// A minute before 2026-Q4 settles, by true time; hub and home are a minute and a half ahead.
TEST(SimulatedRegion, AHubWhoseClockIsAheadWaitsForContributorsForWhomAPeriodHasNotSettled) {
  World w(9, 40);
  w.begin();
  w.import_all();
  constexpr std::int64_t kSettled = 1'799'971'200'000;  // 15 January 2027, 00:00 in London
  w.region.run_for(
      std::chrono::duration_cast<seconds>(from_unix_ms(kSettled) - minutes(1) - w.region.now()));
  for (const char* party : {"vale-partnership", "vale-council"})
    w.region.set_clock(party, seconds(90));
  const auto asked =
      w.region.command("vale-council", w.region.ask_request(question_id(9), "2026-Q4"));
  w.region.run_for(seconds(40));
  EXPECT_FALSE(w.region.outcome(asked).ended());
  for (const auto& party : contributor_names())
    EXPECT_EQ(editions_at(w.region, party), 0U) << party;
  const Outcome o = w.region.wait(asked);
  ASSERT_TRUE(o.result) << (o.error ? o.error->text : "no end")
                        << nlohmann::json(o.progress).dump();
  EXPECT_EQ(o.result->at("periods").at(0).at("period"), "2026-Q4");
  EXPECT_GE(w.region.now(), from_unix_ms(kSettled));
  ASSERT_TRUE(settle(w.region));
  EXPECT_THAT(faults_of(w.region), IsEmpty());
}

TEST(SimulatedRegion, DeniesAPeriodThatIsNotSettledAndLogsTheQuestion) {
  World w(8, 40);
  w.begin();
  const Outcome o = w.region.wait(
      w.region.command("vale-council", w.region.ask_request(question_id(8), "2026-Q4")));
  ASSERT_TRUE(o.error);
  EXPECT_EQ(static_cast<int>(o.error->code), 75);
  std::vector<std::string> faults;
  const auto log = verified_log(w.region, "vale-council", faults);
  ASSERT_EQ(count_of(log, "question"), 1U);
  for (const auto& e : log) EXPECT_TRUE(e.kind != "question" || e.field("decision") == "deny");
  EXPECT_THAT(faults, IsEmpty());
}

}  // namespace
}  // namespace hedgerow::simulation
