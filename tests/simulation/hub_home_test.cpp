// The hub as the home of its own askers: what its two desks say to each other lies in memory alone
// (docs/design/exchange.md), and what a crash leaves of it must be taken up again.
#include "tests/simulation/world.h"

namespace hedgerow::simulation {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using ::testing::IsEmpty;

const std::string kHubName(kHub);
const std::string kOther = "vale-council";

Options hub_asks() {
  Options options;
  options.shape = shape(1);  // "the hub holds a share": it has an analyst too
  options.with_key = true;
  return options;
}

json result_request(const SessionId& id) {
  return {{"command", "ask-result"}, {"agreement", "vale-cse"}, {"id", id.hex()}};
}

core::ConnectionId ask(Region& region, const std::string& home, const SessionId& id) {
  Ask ask;
  ask.home = home;
  ask.id = id;
  return region.command(home, region.ask_request(ask));
}

store::QuestionStatus status_at_hub(Region& region, const SessionId& id) {
  return region.lineage(kHubName).context().store.questions().get(id).value()->status;
}

std::vector<audit::Entry> hub_log(Region& region) {
  std::vector<std::string> faults;
  auto log = effective(verified_log(region, kHubName, faults));
  EXPECT_THAT(faults, IsEmpty());
  return log;
}

// The hub ends on the tick that delivers an answer to itself: at `point` of the commit that gives
// it away (0) or of the one that receives it (1). Nobody asks again before it was received.
void end_and_receive(Region& region, const SessionId& id, const std::string& point,
                     std::size_t commit) {
  SCOPED_TRACE(point + " of commit " + std::to_string(commit));
  const std::size_t received = count_of(hub_log(region), "answer.received");
  const auto asked = ask(region, kHubName, id);
  ASSERT_FALSE(region.outcome(asked).ended());
  region.plan({kHubName, point, commit, "time"});
  ASSERT_TRUE(region.run_until([&] { return region.planned() == 0; }, seconds(60)));
  EXPECT_TRUE(region.outcome(asked).lost);
  ASSERT_TRUE(region.run_until([&] { return region.has_lineage(kHubName); }, seconds(60)));
  ASSERT_TRUE(region.run_until(
      [&] { return status_at_hub(region, id) == store::QuestionStatus::answered; }, seconds(60)));
  EXPECT_EQ(count_of(hub_log(region), "answer.received"), received + 1);
  const Outcome later = region.wait(region.command(kHubName, result_request(id)));
  ASSERT_TRUE(later.result) << (later.error ? later.error->text : "");
  ASSERT_TRUE(settle(region));
  EXPECT_THAT(faults_of(region), IsEmpty());
}

TEST(SimulatedHubAsHome, ReceivesAnAnswerAlthoughItEndsAnywhereInItsDelivery) {
  std::uint64_t seed = 90;
  for (const std::string point :
       {"before_commit", "after_append", "after_transaction", "after_confirm", "after_send"})
    for (const std::size_t commit : {0U, 1U}) {
      Region region(++seed, hub_asks());
      end_and_receive(region, question_id(seed), point, commit);
    }
}

TEST(SimulatedHubAsHome, ReceivesAServedAnswerAlthoughItEndsInItsDelivery) {
  Region region(101, hub_asks());
  ASSERT_TRUE(region.wait(ask(region, kOther, question_id(101))).result);
  end_and_receive(region, question_id(101, 2), "before_commit", 1);
  end_and_receive(region, question_id(101, 3), "after_append", 1);
}

TEST(SimulatedHubAsHome, ShowsNoAnswerThatAnotherHomeAskedFor) {
  Region region(102, hub_asks());
  const SessionId id = question_id(102);
  ASSERT_TRUE(region.wait(ask(region, kOther, id)).result);
  ASSERT_TRUE(settle(region));
  const Outcome o = region.wait(region.command(kHubName, result_request(id)));
  ASSERT_TRUE(o.error);
  EXPECT_EQ(o.error->code, Code::bad_input);
  EXPECT_EQ(o.error->text, "no question with this id was asked here");
  EXPECT_TRUE(region.wait(region.command(kOther, result_request(id))).result);
  EXPECT_THAT(faults_of(region), IsEmpty());
}

// The home's part has ended, by its own officer; the hub's part goes on with the answer it signed.
TEST(SimulatedHubAsHome, ShowsNoAnswerToAQuestionThatItGaveUp) {
  Region region(103, hub_asks());
  const SessionId id = question_id(103);
  ask(region, kHubName, id);
  auto& hub = region.lineage(kHubName).context().store;
  ASSERT_TRUE(
      region.run_until([&] { return hub.editions().head().value().has_value(); }, seconds(600)));
  region.crash("vale-police");  // a receipt is lacking
  region.restrict_by(kHubName, "[[refuse]]\nasker = \"agency:vale-partnership\"\nwhy = \"w\"\n");
  region.crash(kHubName);
  region.start(kHubName);
  region.start("vale-police");
  ASSERT_TRUE(region.run_until(
      [&] { return status_at_hub(region, id) != store::QuestionStatus::waiting; }, seconds(900)));
  EXPECT_EQ(status_at_hub(region, id), store::QuestionStatus::refused);
  const Outcome o = region.wait(region.command(kHubName, result_request(id)));
  ASSERT_TRUE(o.error);
  EXPECT_EQ(o.error->code, Code::denied);
  ASSERT_TRUE(settle(region));
  const auto log = hub_log(region);
  EXPECT_EQ(count_of(log, "answer"), 1U);
  EXPECT_EQ(count_of(log, "question.refused"), 1U);
  EXPECT_EQ(count_of(log, "answer.received"), 0U);
  EXPECT_THAT(faults_of(region), IsEmpty());
}

}  // namespace
}  // namespace hedgerow::simulation
