#include "tests/node/audit/log_fixture.h"

namespace hedgerow::audit {
namespace {

using ::testing::HasSubstr;

class ReconcileTest : public LogTest {
 protected:
  Result<Reconciled> reconcile(std::vector<DatabaseState> databases) {
    return log().reconcile(databases, at_ms(1000), rng_);
  }
  DatabaseState vale(std::uint64_t generation) const {
    return {"vale-cse", generation, covered_.size, covered_.root, false};
  }
  // As a commit notes it.
  void cover() { covered_ = {0, log().size(), log().root()}; }

  Appended covered_{};
};

TEST_F(ReconcileTest, ACleanStopNeedsNothing) {
  exchange("vale-cse", 1);
  cover();
  reopen();
  const Bytes before = file_bytes(confirmed());
  const Reconciled outcome = reconcile({vale(1)}).value();
  EXPECT_EQ(outcome.abandoned, 0U);
  EXPECT_EQ(outcome.caught_up, 0U);
  EXPECT_EQ(log().size(), 1U);
  EXPECT_EQ(file_bytes(confirmed()), before);
}

TEST_F(ReconcileTest, ACommitThatWasNotConfirmedIsConfirmedNow) {
  exchange("vale-cse", 1);
  append(entry("question", "vale-cse", 2));
  cover();
  reopen();
  const Reconciled outcome = reconcile({vale(2)}).value();
  EXPECT_EQ(outcome.caught_up, 1U);
  EXPECT_EQ(outcome.abandoned, 0U);
  EXPECT_EQ(log().size(), 2U);
  reopen();
  EXPECT_EQ(log().confirmed_generation("vale-cse"), 2U);
  EXPECT_EQ(log().confirmed_size(), 2U);
}

TEST_F(ReconcileTest, AnEntryWhoseTransactionNeverCameIsAbandonedOnTheRecord) {
  exchange("vale-cse", 1);
  cover();
  append(entry("question", "vale-cse", 2));
  append(entry("charge", "vale-cse", 2));
  reopen();
  EXPECT_EQ(reconcile({vale(1)})->abandoned, 2U);
  ASSERT_EQ(log().size(), 4U);
  const Entry note = log().read(3).value();
  EXPECT_EQ(note.kind, "abandoned");
  EXPECT_EQ(note.database, "vale-cse");
  EXPECT_EQ(note.field("generation"), "2");
  EXPECT_EQ(note.field("first"), "1");
  EXPECT_EQ(note.field("count"), "2");
  EXPECT_EQ(note.time, at_ms(1000));
  // Once: the next start has nothing to say.
  reopen();
  EXPECT_EQ(reconcile({vale(1)})->abandoned, 0U);
  EXPECT_EQ(log().size(), 4U);
  EXPECT_EQ(log().confirmed_size(), 4U);
}

TEST_F(ReconcileTest, ACrashWhileAbandoningIsHarmless) {
  exchange("vale-cse", 1);
  cover();
  append(entry("question", "vale-cse", 2));
  const Bytes slots = file_bytes(confirmed());
  reopen();
  ASSERT_TRUE(reconcile({vale(1)}).ok());
  close();
  write_file(confirmed(), slots);  // the note is written, its confirmation was not
  reopen();
  EXPECT_EQ(reconcile({vale(1)})->abandoned, 0U);
  EXPECT_EQ(log().size(), 3U);
}

TEST_F(ReconcileTest, ADatabaseBehindItsConfirmedGenerationDoesNotStart) {
  exchange("vale-cse", 1);
  exchange("vale-cse", 2);
  reopen();
  const auto refused = reconcile({vale(1)});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::configuration);
  EXPECT_THAT(refused.error().text, HasSubstr("generation 1, confirmed 2"));
  EXPECT_THAT(refused.error().hint, HasSubstr("put back the newest copy"));
}

// Database and confirmed state of an older moment, the log of today.
TEST_F(ReconcileTest, EntriesForMoreThanTheNextTransactionShowAnOldCopy) {
  exchange("vale-cse", 1);
  append(entry("question", "vale-cse", 2));
  append(entry("question", "vale-cse", 3));
  reopen();
  const auto refused = reconcile({vale(1)});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::configuration);
  EXPECT_THAT(refused.error().text, HasSubstr("generation 1, logged 3"));
  EXPECT_THAT(refused.error().hint, HasSubstr("put back the newest copy"));
}

TEST_F(ReconcileTest, AConfirmedDatabaseThatIsMissingDoesNotStartUnlessWithdrawn) {
  exchange("vale-cse", 1);
  exchange("node", 1);
  reopen();
  const DatabaseState node{"node", 1, 0, {}, false};
  EXPECT_THAT(reconcile({node}).error().text, HasSubstr("missing"));
  DatabaseState gone = vale(0);
  gone.withdrawn = true;
  ASSERT_TRUE(reconcile({node, gone}).ok());
  reopen();
  EXPECT_EQ(log().confirmed_generation("vale-cse"), 0U);
  EXPECT_TRUE(reconcile({node}).ok());
}

TEST_F(ReconcileTest, ALogPutBackFromAnOldCopyIsFound) {
  exchange("vale-cse", 1);
  const Bytes old_entries = file_bytes(entries());
  const Bytes old_confirmed = file_bytes(confirmed());
  exchange("vale-cse", 2);
  cover();
  close();
  write_file(entries(), old_entries);
  write_file(confirmed(), old_confirmed);
  reopen();
  const auto refused = reconcile({vale(2)});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::configuration);
  EXPECT_THAT(refused.error().text, HasSubstr("tampered"));
}

TEST_F(ReconcileTest, ALogBegunAnewBesideAnOldDatabaseIsFound) {
  exchange("vale-cse", 1);
  cover();
  close();
  std::filesystem::remove_all(directory());
  log_.emplace(Log::create(directory(), "hedgerow/vale-council", key_, Durability::full).value());
  EXPECT_THAT(reconcile({vale(1)}).error().text, HasSubstr("tampered"));
  exchange("vale-cse", 1);
  EXPECT_THAT(reconcile({vale(1)}).error().text, HasSubstr("tampered"));
}

TEST_F(ReconcileTest, CommitsWithoutEntriesMayRunAhead) {
  exchange("vale-cse", 1);
  cover();
  reopen();
  EXPECT_EQ(reconcile({vale(5)})->caught_up, 1U);
  EXPECT_EQ(log().confirmed_generation("vale-cse"), 5U);
}

TEST_F(ReconcileTest, ConfirmingOneDatabaseLeavesTheOthersEntriesOpen) {
  exchange("vale-cse", 1);
  cover();
  append(entry("question", "vale-cse", 2));
  exchange("node", 1);
  EXPECT_EQ(log().confirmed_size(), 1U);
  reopen();
  const DatabaseState node{"node", 1, 0, {}, false};
  EXPECT_EQ(reconcile({vale(1), node})->abandoned, 1U);
  EXPECT_EQ(log().confirmed_size(), 4U);
}

TEST_F(ReconcileTest, AFailedCommitIsAbandonedWhileTheNodeRuns) {
  exchange("vale-cse", 1);
  append(entry("question", "vale-cse", 2));
  ASSERT_TRUE(log().abandon("vale-cse", at_ms(50), rng_).ok());
  EXPECT_EQ(log().read(2)->kind, "abandoned");
  ASSERT_TRUE(log().abandon("vale-cse", at_ms(50), rng_).ok());
  EXPECT_EQ(log().size(), 3U);
  exchange("vale-cse", 2);
  EXPECT_EQ(log().confirmed_size(), 4U);
  cover();
  reopen();
  EXPECT_EQ(reconcile({vale(2)})->abandoned, 0U);
}

TEST_F(ReconcileTest, TimeInTheLogDoesNotRunBackwards) {
  append(entry("question", "vale-cse", 1));
  const UtcTime last = *log().last_time();
  const std::vector<DatabaseState> none;
  ASSERT_TRUE(log().reconcile(none, last - std::chrono::hours(1), rng_).ok());
  EXPECT_EQ(log().last_time(), last);
  EXPECT_EQ(log().size(), 2U);
}

}  // namespace
}  // namespace hedgerow::audit
