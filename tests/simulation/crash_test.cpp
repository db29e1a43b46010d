#include "tests/simulation/world.h"

namespace hedgerow::simulation {
namespace {

using ::testing::IsEmpty;

const std::vector<std::string> kPoints = {"before_commit", "after_append", "after_transaction",
                                          "after_confirm", "after_send",   "delivery"};

// One region in which `party` ends at `point` once in each phase, at another passage each time.
void crash_in_every_phase(const std::string& party, const std::string& point, std::uint64_t seed) {
  SCOPED_TRACE(party + " " + point + " seed " + std::to_string(seed));
  const bool hub = party == kHub;
  World w(seed, 40);
  Region& region = w.region;

  // At least five commits at each node, and some more at the hub.
  region.plan({party, point, (hub ? 3 * seed : seed) % (hub ? 12U : 5U)});
  w.begin();
  ASSERT_EQ(region.planned(), 0U) << "no crash in the key generation";

  // The hub only relays what keyholders and importers say.
  region.plan({party, hub ? "delivery" : point, seed % 7});
  w.import_all();
  ASSERT_EQ(region.planned(), 0U) << "no crash in the import";

  region.plan({party, point, (hub ? 5 * seed : seed) % (hub ? 20U : 6U)});
  const auto answer = w.ask();
  ASSERT_EQ(region.planned(), 0U) << "no crash in the sum";
  w.check(answer);

  std::vector<std::string> faults;
  EXPECT_EQ(count_of(effective(verified_log(region, std::string(kHub), faults)), "release"), 1U);
  for (const std::string& p : contributor_names())
    EXPECT_EQ(count_of(effective(verified_log(region, p, faults)), "edition"), 1U) << p;
  EXPECT_THAT(faults, IsEmpty());
}

class CrashAt : public ::testing::TestWithParam<std::string> {};

TEST_P(CrashAt, AnyPartyInAnyPhaseChangesNothingInTheEnd) {
  std::uint64_t seed = 20;
  for (const std::string& point : kPoints) crash_in_every_phase(GetParam(), point, seed++);
}

INSTANTIATE_TEST_SUITE_P(Simulated, CrashAt, ::testing::ValuesIn(party_names()),
                         [](const auto& i) { return "party" + std::to_string(i.index); });

// On the whole way of the hub's sum: nothing hangs, nothing is released twice.
TEST(SimulatedCrash, OfTheHubAnywhereInTheSumReleasesOnce) {
  std::size_t crashes = 0;
  for (std::size_t passage = 0; passage < 35; passage += 5) {
    SCOPED_TRACE(passage);
    World w(50 + passage, 40);
    w.begin();
    w.import_all();
    w.region.plan(
        {std::string(kHub), passage % 2 == 0 ? "after_transaction" : "after_append", passage});
    const auto answer = w.ask();
    if (w.region.planned() == 0) ++crashes;
    w.check(answer);
  }
  EXPECT_GE(crashes, 5U);
}

TEST(SimulatedCrash, BetweenLogAndTransactionLeavesAnAbandonedEntry) {
  World w(30, 40);
  w.begin();
  w.import_all();
  std::vector<std::string> faults;
  ASSERT_EQ(count_of(verified_log(w.region, "vale-council", faults), "abandoned"), 0U);
  w.region.plan({"vale-council", "after_append", 0});  // the commit of the question itself
  const auto answer = w.ask();
  ASSERT_EQ(w.region.planned(), 0U);
  w.check(answer);
  const auto log = verified_log(w.region, "vale-council", faults);
  EXPECT_EQ(count_of(log, "abandoned"), 1U);
  std::size_t questions = 0;  // the one that came to nothing, and the one asked again
  for (const auto& e : log)
    if (e.kind == "question" && e.field("question") == question_id(30).hex()) ++questions;
  EXPECT_GE(questions, 2U);
  EXPECT_EQ(count_of(effective(log), "question") + 1, count_of(log, "question"));
  EXPECT_THAT(faults, IsEmpty());
}

TEST(SimulatedCrash, AfterTheTransactionLosesNothingAndAbandonsNothing) {
  World w(31, 40);
  w.begin();
  w.import_all();
  w.region.plan({"vale-council", "after_transaction", 0});
  const auto answer = w.ask();
  ASSERT_EQ(w.region.planned(), 0U);
  w.check(answer);
  std::vector<std::string> faults;
  EXPECT_EQ(count_of(verified_log(w.region, "vale-council", faults), "abandoned"), 0U);
  EXPECT_EQ(count_of(verified_log(w.region, "vale-council", faults), "answer.received"), 1U);
}

}  // namespace
}  // namespace hedgerow::simulation
