// An import whose batch is checked as one, in a region: what it is charged, what it leaves on the
// keyholders' logs, and what happens when one of them ends or is silent in between.
#include "protocol/envelope.h"
#include "tests/simulation/world.h"

namespace hedgerow::simulation {
namespace {

using protocol::MessageType;
using ::testing::IsEmpty;

constexpr std::size_t kChildren = 40;
constexpr const char* kImporter = "vale-police";
const PartyId& importer() {
  static const PartyId id = PartyId::parse(kImporter).value();
  return id;
}

class SimulatedEvaluation : public ::testing::Test {
 protected:
  static Options two_of_four() {
    Options o;
    o.shape = shape(0);  // so that a set of two leaves one keyholder over
    o.restart_after = std::chrono::milliseconds(300);
    return o;
  }

  void begin() {
    world_.begin();
    rows_ = world_.records.at(kImporter);
    rows_.resize(kChildren);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      rows_[i].child = i;
      rows_[i].reference = "ref-" + std::to_string(i);
      rows_[i].with_number = true;
    }
  }
  Outcome import() {
    const nlohmann::json request = {{"command", "import-movements"}, {"source", "movements.csv"}};
    return region().wait(region().command(kImporter, request, to_csv(rows_)));
  }
  Region& region() { return world_.region; }
  std::uint64_t spent(const std::string& keyholder) {
    return region().lineage(keyholder).context().store.ledger().import_spent(importer()).value();
  }
  std::size_t logged(const std::string& party, std::string_view kind) {
    std::vector<std::string> faults;
    const std::size_t n = count_of(effective(verified_log(region(), party, faults)), kind);
    EXPECT_THAT(faults, IsEmpty());
    return n;
  }
  // Over the three that may evaluate for the importer.
  std::size_t logged_by_keyholders(std::string_view kind) {
    std::size_t n = 0;
    for (const std::string& k : keyholders_) n += logged(k, kind);
    return n;
  }
  // Calls it with each of these messages on its last hop; true swallows it.
  void on_last_hop(MessageType type, std::function<bool(const std::string& receiver)> what) {
    region().intercept([=](const SentFrame& f) {
      const auto envelope = protocol::Envelope::decode(f.bytes);
      return f.from == 0 && envelope.ok() && envelope->header().type == type &&
             what(envelope->header().receiver.str());
    });
  }
  void expect_whole() {
    ASSERT_TRUE(settle(region()));
    EXPECT_THAT(faults_of(region()), IsEmpty());
    EXPECT_EQ(region().lineage(kImporter).context().store.records().current_rows().value(),
              kChildren);
  }

  World world_{70, 60, two_of_four()};
  std::vector<Row> rows_;
  const std::vector<std::string> keyholders_{"vale-council", "vale-health", "vale-voice"};
};

TEST_F(SimulatedEvaluation, ChecksAnImportAsOneAndChargesOneElementMore) {
  begin();
  ASSERT_TRUE(import().result);
  expect_whole();
  EXPECT_EQ(logged_by_keyholders("evaluate"), 2U);
  EXPECT_EQ(logged_by_keyholders("evaluate-check"), 2U);
  EXPECT_EQ(logged_by_keyholders("evaluate-prove"), 0U);
  for (const std::string& k : keyholders_) {
    const std::size_t part = logged(k, "evaluate");
    EXPECT_EQ(spent(k), part * (kChildren + 1)) << k;
    EXPECT_EQ(region().witness().evaluated(k, kImporter), part * (kChildren + 1)) << k;
  }
}

TEST_F(SimulatedEvaluation, KeyholderThatEndsBetweenItsAnswerAndTheCheckGoesOn) {
  begin();
  std::string ended;
  on_last_hop(MessageType::evaluate_check, [&](const std::string& receiver) {
    if (!ended.empty()) return false;
    ended = receiver;
    region().at(region().now(), [&] {
      region().crash(ended);
      region().start(ended);
    });
    return true;
  });
  ASSERT_TRUE(import().result);
  ASSERT_FALSE(ended.empty());
  expect_whole();
  EXPECT_EQ(logged(ended, "evaluate"), 1U);
  EXPECT_EQ(logged(ended, "evaluate-check"), 1U);
  EXPECT_EQ(spent(ended), kChildren + 1);
}

// Charged, and ended before the answer was durable; and while it kept the answer, or the check's.
TEST_F(SimulatedEvaluation, KeyholdersThatEndAgainAndAgainChargeOnce) {
  begin();
  std::size_t planned = 0;
  for (const std::string& k : keyholders_)
    for (const Crash& crash : {Crash{k, "charged", 0}, Crash{k, "after_append", 1, "pseudonyms"},
                               Crash{k, "after_transaction", 1, "pseudonyms"}}) {
      region().plan(crash);
      ++planned;
    }
  ASSERT_TRUE(import().result);
  EXPECT_LE(region().planned() + 6, planned);  // all three at both of the set
  region().forget_plan();
  expect_whole();
  for (const std::string& k : keyholders_) {
    const std::size_t n = logged(k, "evaluate");
    ASSERT_LE(n, 1U) << k;
    EXPECT_TRUE(spent(k) == n * (kChildren + 1) || spent(k) == n * kChildren) << k;
  }
}

TEST_F(SimulatedEvaluation, SilentKeyholderIsReplacedAndTheOtherProvesWithoutADebit) {
  begin();
  std::string silent;
  on_last_hop(MessageType::evaluate_check, [&](const std::string& receiver) {
    if (silent.empty()) silent = receiver;
    return receiver == silent;
  });
  ASSERT_TRUE(import().result);
  ASSERT_FALSE(silent.empty());
  region().intercept({});
  expect_whole();
  EXPECT_GE(logged_by_keyholders("evaluate-prove"), 1U);
  for (const std::string& k : keyholders_) {
    const std::uint64_t expected = logged(k, "evaluate-check") == 1 || k == silent
                                       ? kChildren + 1
                                       : kChildren;  // in the silent one's place
    EXPECT_EQ(spent(k), expected) << k;
  }
}

}  // namespace
}  // namespace hedgerow::simulation
