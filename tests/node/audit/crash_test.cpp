// A process that dies at a named point of an exchange, and what its successor finds.
#include <sys/wait.h>
#include <unistd.h>

#include "node/store/lineage_store.h"
#include "tests/node/audit/log_fixture.h"

namespace hedgerow::audit {
namespace {

enum class Point { before_append, after_append, after_write, after_commit, after_confirm };

class CrashTest : public LogTest, public ::testing::WithParamInterface<Point> {
 protected:
  static constexpr const char* kName = "vale-cse";

  std::filesystem::path database() const { return folder_ / "lineage.db"; }
  const Lineage lineage_ = Lineage::parse(kName).value();

  static SecretBytes database_key() { return SecretBytes(store::kDatabaseKeySize); }

  // One exchange, dying at `point` without any tidying up.
  void exchange_until(store::LineageStore& s, Log& log, Point point) {
    const auto die_at = [point](Point here) {
      if (point == here) ::_exit(0);
    };
    die_at(Point::before_append);
    const Appended appended =
        log.append(std::vector<Entry>{entry("question", kName, s.database().generation() + 1)})
            .value();
    die_at(Point::after_append);
    store::Transaction t = store::Transaction::begin(s.database()).value();
    const PartyId hub = PartyId::parse("hub").value();
    HR_CHECK(s.outbox().next_sequence(hub, SessionId{}).ok());
    die_at(Point::after_write);
    const std::uint64_t generation =
        t.commit(store::LogPosition{appended.size, appended.root}).value();
    die_at(Point::after_commit);
    log.confirm(kName, generation).value();
    die_at(Point::after_confirm);
  }

  void die_in_a_child(Point point) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      store::LineageStore s =
          store::LineageStore::open(database(), lineage_, database_key(), store::Durability::full)
              .value();
      Log log = open().value();
      exchange_until(s, log, point);
      ::_exit(1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
};

TEST_P(CrashTest, TheSuccessorIsConsistentWithWhatWasPromised) {
  {
    store::LineageStore s = store::LineageStore::create(database(), lineage_, database_key(),
                                                        store::Durability::full, rng_)
                                .value();
    ASSERT_TRUE(log().confirm(kName, s.database().generation()).ok());
  }
  close();
  die_in_a_child(GetParam());

  log_.emplace(open().value());
  store::LineageStore s =
      store::LineageStore::open(database(), lineage_, database_key(), store::Durability::full)
          .value();
  const auto covered = s.database().covered_log().value();
  const std::vector<DatabaseState> states = {
      {kName, s.database().generation(), covered.size, covered.root, false}};
  const Reconciled outcome = log().reconcile(states, at_ms(1000), rng_).value();

  const Point point = GetParam();
  const bool logged = point != Point::before_append;
  const bool committed = point == Point::after_commit || point == Point::after_confirm;
  EXPECT_EQ(s.database().generation(), committed ? 2U : 1U);
  EXPECT_EQ(outcome.abandoned, logged && !committed ? 1U : 0U);
  EXPECT_EQ(outcome.caught_up, point == Point::after_commit ? 1U : 0U);
  EXPECT_EQ(log().confirmed_generation(kName), s.database().generation());
  EXPECT_EQ(log().confirmed_size(), log().size());
  EXPECT_EQ(log().size(), (logged ? 1U : 0U) + outcome.abandoned);

  // And the next exchange goes on from there.
  store::Transaction t = store::Transaction::begin(s.database()).value();
  const auto next = s.outbox().next_sequence(PartyId::parse("hub").value(), SessionId{}).value();
  EXPECT_EQ(next, committed ? 2U : 1U);
  EXPECT_TRUE(log().confirm(kName, t.commit().value()).ok());
}

INSTANTIATE_TEST_SUITE_P(AtEveryPoint, CrashTest,
                         ::testing::Values(Point::before_append, Point::after_append,
                                           Point::after_write, Point::after_commit,
                                           Point::after_confirm));

}  // namespace
}  // namespace hedgerow::audit
