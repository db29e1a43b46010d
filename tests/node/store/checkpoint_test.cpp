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

  Folder folder_;
  SeededRandom rng_;
  SecretBytes key_;
  std::int64_t things_ = 0;
};

TEST_F(CheckpointTest, AnOlderFileBesideTheLogIsRefused) {
  std::vector<Moment> moments;
  {
    Database db = open(OpenMode::create).value();
    for (int round = 0; round < 5; ++round) {
      moments.push_back(now());
      for (int i = 0; i < 3; ++i) insert(db, 2000);
      moments.push_back(now());
      ASSERT_TRUE(db.checkpoint().ok());
    }
    insert(db);
  }
  const Moment last = now();
  std::size_t refused = 0;
  for (const Moment& older : moments) {
    ASSERT_NE(older.file, last.file);
    put(older.file, last.log);
    const auto db = open();
    ASSERT_FALSE(db.ok()) << older.things;
    EXPECT_EQ(db.error().code, Code::configuration);
    EXPECT_THAT(db.error().text, HasSubstr("not of one moment"));
    EXPECT_THAT(db.error().hint, HasSubstr("put back"));
    ++refused;
  }
  EXPECT_EQ(refused, 10U);
  put(last.file, last.log);
  Database db = open().value();
  EXPECT_EQ(count(db), 16);
}

// What it may not be is a mixture: a file and a log of before it was emptied are the older whole,
// which the audit log tells by its generation.
TEST_F(CheckpointTest, AnOlderLogBesideTheFileIsTheOlderWholeOrRefused) {
  std::vector<Moment> moments;
  {
    Database db = open(OpenMode::create).value();
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < 3; ++i) insert(db, 2000);
      moments.push_back(now());
      ASSERT_TRUE(db.checkpoint().ok());
    }
  }
  const Moment last = now();
  std::size_t opened = 0;
  for (const Moment& older : moments) {
    put(last.file, older.log);
    auto db = open();
    if (!db.ok()) {
      EXPECT_THAT(db.error().text, HasSubstr("not of one moment"));
      continue;
    }
    ++opened;
    EXPECT_EQ(count(*db), older.things);
    EXPECT_EQ(db->generation(), static_cast<std::uint64_t>(older.things));
  }
  EXPECT_LE(opened, 1U);
}

TEST_F(CheckpointTest, ALongLogIsEmptiedByTheCommitThatSeesIt) {
  std::vector<Moment> moments;
  std::size_t emptied = 0;
  {
    Database db = open(OpenMode::create).value();
    moments.push_back(now());
    for (std::int64_t i = 0; i < 8; ++i) {
      insert(db, kLogPages / 2 * 4096);
      if (fs::file_size(log()) != 0) continue;
      ++emptied;
      moments.push_back(now());
      EXPECT_NE(moments[emptied].file, moments[emptied - 1].file);
    }
    insert(db);
  }
  EXPECT_EQ(emptied, 4U);
  const Moment last = now();
  EXPECT_LT(last.log.size(), 100U * 4096);
  for (std::size_t i = 0; i + 1 < moments.size(); ++i) {
    put(moments[i].file, last.log);
    EXPECT_FALSE(open().ok()) << i;
  }
  put(last.file, last.log);
  Database db = open().value();
  EXPECT_EQ(count(db), 9);
}

TEST_F(CheckpointTest, AStatementUnderWayPutsItOff) {
  Database db = open(OpenMode::create).value();
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

// Ended in the middle, at every write: the next start has all, ends what was begun, and the torn
// file that was there does not go with the log that comes after.
TEST_F(CheckpointTest, EndedInTheMiddleNothingIsLostAndTheTornFileIsTold) {
  {
    Database db = open(OpenMode::create).value();
    for (int i = 0; i < 4; ++i) insert(db, 3000);
    ASSERT_TRUE(db.checkpoint().ok());
    for (int i = 0; i < 4; ++i) insert(db, 3000);
  }
  const Moment begun = now();
  const std::int64_t things = things_;
  std::size_t nth = 0, torn = 0;
  for (bool failed = true; failed; ++nth) {
    SCOPED_TRACE(nth);
    put(begun.file, begun.log);
    things_ = things;
    {
      Database db = open().value();
      NoMoreWrites disk(nth);
      const bool done = db.checkpoint().ok();
      failed = disk.failed;
      EXPECT_EQ(done, !failed);
      if (failed) {
        EXPECT_FALSE(Transaction::begin(db).ok());
      }
    }
    const Moment middle = now();
    if (middle.file != begun.file) ++torn;
    Moment next;
    {
      Database db = open().value();
      EXPECT_EQ(count(db), things);
      EXPECT_EQ(db.generation(), static_cast<std::uint64_t>(things));
      ASSERT_TRUE(db.accept().ok());
      insert(db);
      next = now();
    }
    EXPECT_FALSE(fs::exists(log()));  // accepted, so emptied at closing
    {
      Database db = open().value();
      EXPECT_EQ(count(db), things + 1);
    }
    for (const Bytes& older : {begun.file, middle.file}) {
      if (older == next.file) continue;
      put(older, next.log);
      EXPECT_FALSE(open().ok());
    }
    put(next.file, next.log);
    Database db = open().value();
    EXPECT_EQ(count(db), things + 1);
  }
  EXPECT_GT(nth, 10U);
  EXPECT_GT(torn, 5U);
}

TEST_F(CheckpointTest, ADatabaseWithoutNumbersGetsThem) {
  {
    Database db = open(OpenMode::create).value();
    insert(db);
    Transaction t = Transaction::begin(db).value();
    for (const char* sql : {"DROP TABLE checkpoint_even", "DROP TABLE checkpoint_odd",
                            "ALTER TABLE generation DROP COLUMN checkpoint", "COMMIT"}) {
      Statement s = db.prepare(sql);
      ASSERT_TRUE(s.run().ok()) << sql;
    }
  }
  {
    Database db = open().value();
    EXPECT_EQ(db.generation(), 1U);
    ASSERT_TRUE(db.accept().ok());
    insert(db);
  }
  Database db = open().value();
  EXPECT_EQ(count(db), 2);
}

}  // namespace
}  // namespace hedgerow::store
