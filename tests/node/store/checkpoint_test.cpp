// Files of different moments beside each other: an older database's file, or an older write-ahead
// log, however many times the log was emptied in between.
#include "node/store/checkpoint.h"

#include <cerrno>
#include <vector>

#include "crypto/base/disk.h"
#include "tests/node/store/store_fixture.h"

namespace hedgerow::store {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr const char* kTables[] = {"CREATE TABLE thing (n INTEGER, b BLOB) STRICT"};
constexpr Schema kSchema{0x54455354, "test database", kTables};

struct Moment {
  Bytes file, log;
  std::int64_t things = 0;
};

// Every change of a file's bytes fails from the nth on.
class NoMoreWrites : public DiskFaults {
 public:
  explicit NoMoreWrites(std::size_t nth) : left_(nth) { set_disk_faults(this); }
  ~NoMoreWrites() override { set_disk_faults(nullptr); }
  int before(const DiskOperation& o) override {
    if (o.action != DiskAction::write && o.action != DiskAction::truncate) return 0;
    if (left_ == 0) {
      failed = true;
      return EIO;
    }
    --left_;
    return 0;
  }
  bool failed = false;

 private:
  std::size_t left_;
};

class CheckpointTest : public ::testing::Test {
 protected:
  CheckpointTest() : rng_(ByteArray<32>{1}), key_(random_database_key(rng_)) {}
  Result<Database> open(OpenMode mode = OpenMode::existing) {
    return Database::open(file(), key_, mode, Durability::full, kSchema);
  }
  Database accepted(OpenMode mode = OpenMode::existing) {
    Database db = open(mode).value();
    HR_CHECK(db.accept().ok());
    return db;
  }
  fs::path file() const { return folder_ / "test.db"; }
  fs::path log() const { return folder_ / "test.db-wal"; }

  void insert(Database& db, std::size_t bytes = 0) {
    Transaction t = Transaction::begin(db).value();
    Statement s = db.prepare("INSERT INTO thing VALUES (?1, ?2)");
    const Bytes blob(bytes, 7);
    ASSERT_TRUE(s.bind(1, ++things_).bind(2, ByteView(blob)).run().ok());
    ASSERT_TRUE(t.commit().ok());
  }
  static std::int64_t count(Database& db) {
    Statement s = db.prepare("SELECT count(*) FROM thing");
    EXPECT_TRUE(s.step().value());
    return s.integer(0);
  }
  Moment now() const {
    return {file_bytes(file()), fs::exists(log()) ? file_bytes(log()) : Bytes(), things_};
  }
  void put(const Bytes& database, const Bytes& log_bytes) {
    write_file(file(), database);
    write_file(log(), log_bytes);
  }
  void put(const Moment& m) { put(m.file, m.log); }
  void expect_refused() {
    const auto db = open();
    ASSERT_FALSE(db.ok());
    EXPECT_EQ(db.error().code, Code::configuration);
    EXPECT_THAT(db.error().text, HasSubstr("not of one moment"));
    EXPECT_THAT(db.error().hint, HasSubstr("put back"));
  }
  // Refused by SQLite where pages are missing, by the numbers else.
  void expect_not_opened() {
    const auto db = open();
    ASSERT_FALSE(db.ok());
    EXPECT_EQ(db.error().code, Code::configuration);
  }
  // Refused (false), or no mixture: as many things as that, in whole tables.
  bool opens_whole(std::int64_t things) {
    auto db = open();
    if (!db.ok()) {
      EXPECT_EQ(db.error().code, Code::configuration);
      return false;
    }
    EXPECT_EQ(count(*db), things);
    Statement check = db->prepare("PRAGMA integrity_check");
    EXPECT_TRUE(check.step().value());
    EXPECT_EQ(check.text(0), "ok");
    return true;
  }
  // What each write of a checkpoint leaves behind that is its last, from `begun` on; the last of
  // them is of the checkpoint that came to its end.
  std::vector<Moment> cut_short(const Moment& begun) {
    std::vector<Moment> left;
    for (bool failed = true; failed;) {
      put(begun);
      Database db = accepted();
      NoMoreWrites disk(left.size());
      const bool done = db.checkpoint().ok();
      failed = disk.failed;
      EXPECT_EQ(done, !failed);
      if (failed) {
        EXPECT_FALSE(Transaction::begin(db).ok());
      }
      left.push_back(now());
    }
    return left;
  }

  Folder folder_;
  SeededRandom rng_;
  SecretBytes key_;
  std::int64_t things_ = 0;
};

TEST_F(CheckpointTest, AnOlderFileBesideTheLogIsRefused) {
  std::vector<Moment> moments;
  Moment last;
  {
    Database db = accepted(OpenMode::create);
    for (int round = 0; round < 5; ++round) {
      moments.push_back(now());
      for (int i = 0; i < 3; ++i) insert(db, 2000);
      moments.push_back(now());
      ASSERT_TRUE(db.checkpoint().ok());
    }
    insert(db);
    last = now();
  }
  for (const Moment& older : moments) {
    SCOPED_TRACE(older.things);
    ASSERT_NE(older.file, last.file);
    put(older.file, last.log);
    expect_refused();
    EXPECT_EQ(now().log, last.log);
  }
  put(last);
  Database db = open().value();
  EXPECT_EQ(count(db), 16);
}

TEST_F(CheckpointTest, AnOlderLogBesideTheFileIsRefused) {
  std::vector<Moment> moments;
  Moment last;
  {
    Database db = accepted(OpenMode::create);
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < 3; ++i) insert(db, 2000);
      moments.push_back(now());
      ASSERT_TRUE(db.checkpoint().ok());
    }
    last = now();
  }
  EXPECT_TRUE(last.log.empty());
  for (const Moment& older : moments) {
    SCOPED_TRACE(older.things);
    put(last.file, older.log);
    expect_refused();
  }
}

// More than fits into memory fails as it is written, and SQLite rolls the transaction back.
TEST_F(CheckpointTest, WhatFollowsAFailureInATransactionIsNotWritten) {
  Database db = accepted(OpenMode::create);
  insert(db);
  const auto generation = db.generation();
  {
    Transaction t = Transaction::begin(db).value();
    Statement s = db.prepare("INSERT INTO thing VALUES (?1, ?2)");
    const Bytes blob(std::size_t{20} << 20U, 7);
    {
      NoMoreWrites disk(0);
      ASSERT_FALSE(s.bind(1, 2).bind(2, ByteView(blob)).run().ok());
      ASSERT_TRUE(disk.failed);
    }
    EXPECT_FALSE(s.bind(1, 3).bind_null(2).run().ok());
    EXPECT_FALSE(t.commit().ok());
  }
  EXPECT_EQ(count(db), 1);
  EXPECT_EQ(db.generation(), generation);
  insert(db);
  EXPECT_EQ(count(db), 2);
}

TEST_F(CheckpointTest, ALongLogIsEmptiedByTheCommitThatSeesIt) {
  std::vector<Moment> moments;
  Moment last;
  {
    Database db = accepted(OpenMode::create);
    moments.push_back(now());
    for (std::int64_t i = 0; i < 8; ++i) {
      insert(db, kLogPages / 2 * 4096);
      if (fs::file_size(log()) != 0) continue;
      moments.push_back(now());
    }
    insert(db);
    last = now();
  }
  EXPECT_EQ(moments.size(), 5U);
  EXPECT_LT(last.log.size(), 100U * 4096);
  for (std::size_t i = 0; i + 1 < moments.size(); ++i) {
    put(moments[i].file, last.log);
    expect_not_opened();
  }
  put(last);
  Database db = open().value();
  EXPECT_EQ(count(db), 9);
}

TEST_F(CheckpointTest, NothingLeavesTheLogBeforeTheDatabaseIsAccepted) {
  { accepted(OpenMode::create); }
  const Moment before = now();
  Database db = open().value();
  insert(db, 2 * kLogPages * 4096);
  EXPECT_EQ(now().file, before.file);
  ASSERT_TRUE(db.accept().ok());
  insert(db);
  EXPECT_NE(now().file, before.file);
}

TEST_F(CheckpointTest, AStatementUnderWayPutsItOff) {
  Database db = accepted(OpenMode::create);
  insert(db);
  const Moment before = now();
  {
    Statement reading = db.prepare("SELECT n FROM thing");
    ASSERT_TRUE(reading.step().value());
    insert(db, kLogPages * 4096);
    EXPECT_EQ(now().file, before.file);
    EXPECT_EQ(db.checkpoint().error().code, Code::internal);
  }
  insert(db);
  EXPECT_NE(now().file, before.file);
  EXPECT_EQ(fs::file_size(log()), 0U);
}

class CutShortTest : public CheckpointTest {
 protected:
  void SetUp() override {
    Database db = accepted(OpenMode::create);
    for (int i = 0; i < 4; ++i) insert(db, 3000);
    ASSERT_TRUE(db.checkpoint().ok());
    for (int i = 0; i < 4; ++i) insert(db, 3000);
    earlier_ = now();
    for (int i = 0; i < 4; ++i) insert(db, 3000);
    begun_ = now();
    things_at_ = things_;
  }
  Moment begun_, earlier_;  // before the checkpoint; with a part of its log
  std::int64_t things_at_ = 0;
};

// The next start has all, ends what was begun, and the torn file that was there does not go with
// the log that comes after.
TEST_F(CutShortTest, NothingIsLostAndTheTornFileIsTold) {
  const std::vector<Moment> moments = cut_short(begun_);
  std::size_t torn = 0;
  for (const Moment& middle : moments) {
    SCOPED_TRACE(&middle - moments.data());
    if (middle.file != begun_.file) ++torn;
    put(middle);
    things_ = things_at_;
    Moment next;
    {
      Database db = open().value();
      EXPECT_EQ(count(db), things_at_);
      EXPECT_EQ(db.generation(), static_cast<std::uint64_t>(things_at_));
      ASSERT_TRUE(db.accept().ok());
      insert(db);
      next = now();
    }
    EXPECT_FALSE(fs::exists(log()));  // accepted, so emptied at closing
    {
      Database db = open().value();
      EXPECT_EQ(count(db), things_at_ + 1);
    }
    for (const Bytes& older : {begun_.file, middle.file}) {
      if (older == next.file) continue;
      put(older, next.log);
      expect_refused();
    }
    put(next);
    Database db = open().value();
    EXPECT_EQ(count(db), things_at_ + 1);
  }
  EXPECT_GT(moments.size(), 10U);
  EXPECT_GT(torn, 5U);
}

// Neither does it open by itself, or with a part of the log. That the generation is the confirmed
// one would not show it.
TEST_F(CutShortTest, ATornFileOpensWithItsOwnLogAlone) {
  const std::vector<Moment> moments = cut_short(begun_);
  ASSERT_TRUE(moments.back().log.empty());
  std::size_t alone = 0;
  for (const Moment& middle : moments) {
    SCOPED_TRACE(&middle - moments.data());
    if (middle.file == begun_.file) continue;
    put(middle.file, {});
    alone += opens_whole(begun_.things) ? 1U : 0U;  // all of it was moved
    fs::remove(log());
    opens_whole(begun_.things);
    put(middle.file, earlier_.log);
    opens_whole(earlier_.things);  // nothing but what the log has was moved yet
  }
  EXPECT_LE(alone, 3U);
}

// Put back as a whole, a backup goes on counting where it stood: numbers alone would not tell its
// files from those of the life that was given up.
TEST_F(CheckpointTest, AFileOfAnotherHistoryBesideTheLogIsRefused) {
  const auto go_on = [&] {
    Database db = accepted();
    insert(db, 3000);
    EXPECT_TRUE(db.checkpoint().ok());
    insert(db);
    return now();
  };
  {
    Database db = accepted(OpenMode::create);
    for (int i = 0; i < 4; ++i) insert(db, 3000);
  }
  const Moment backup = now();
  const Moment given_up = go_on();
  put(backup);
  const Moment present = go_on();
  ASSERT_EQ(given_up.log.size(), present.log.size());
  put(given_up.file, present.log);
  expect_refused();
  put(present.file, given_up.log);
  expect_refused();
}

TEST_F(CheckpointTest, ADatabaseWithoutNumbersGetsThemOnceItIsAccepted) {
  {
    Database db = open(OpenMode::create).value();
    insert(db);
    Transaction t = Transaction::begin(db).value();
    for (const char* sql : {"DROP TABLE checkpoint_even", "DROP TABLE checkpoint_odd",
                            "ALTER TABLE generation DROP COLUMN checkpoint",
                            "ALTER TABLE generation DROP COLUMN mark",
                            "ALTER TABLE generation DROP COLUMN begun", "COMMIT"}) {
      Statement s = db.prepare(sql);
      ASSERT_TRUE(s.run().ok()) << sql;
    }
  }
  const Moment before = now();
  { EXPECT_EQ(open().value().generation(), 1U); }
  EXPECT_EQ(now().file, before.file);
  EXPECT_EQ(now().log, before.log);
  Moment last;
  {
    Database db = accepted();
    EXPECT_EQ(db.generation(), 1U);
    insert(db);
    last = now();
  }
  put(before.file, last.log);
  expect_not_opened();
  put(last);
  Database db = open().value();
  EXPECT_EQ(count(db), 2);
}

}  // namespace
}  // namespace hedgerow::store
