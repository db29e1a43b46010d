// A database that lives through power cuts in its checkpoints: one life after the other on the same
// files, each cut at some operation, the next begun from what a disk then holds.
#include <gmock/gmock.h>

#include "crypto/random.h"
#include "node/store/database.h"
#include "node/store/files.h"
#include "tests/faults/disks.h"
#include "tests/faults/home.h"

namespace hedgerow::faults {
namespace {

using store::Database;
using store::Durability;
using store::OpenMode;
using store::Statement;
using store::Transaction;

constexpr const char* kTables[] = {"CREATE TABLE thing (n INTEGER, b BLOB) STRICT",
                                   "CREATE INDEX thing_n ON thing (n)"};
constexpr store::Schema kSchema{0x54455354, "test database", kTables};
constexpr store::Schema kOlderSchema{0x54455354, "test database", std::span(kTables).first(1)};

class CheckpointPowerTest : public ::testing::Test {
 protected:
  CheckpointPowerTest() : rng_(ByteArray<32>{31}), key_(store::random_database_key(rng_)) {}

  std::filesystem::path file() const { return scratch_.path() / "test.db"; }
  Result<Database> open(OpenMode mode, const store::Schema& schema = kSchema) {
    return Database::open(file(), key_, mode, Durability::full, schema);
  }

  Result<void> insert(Database& db) {
    HR_ASSIGN(Transaction t, Transaction::begin(db));
    Statement s = db.prepare("INSERT INTO thing VALUES (?1, ?2)");
    const Bytes blob(3000, 7);
    ++tried_;
    HR_TRY(s.bind(1, tried_).bind(2, ByteView(blob)).run());
    HR_TRY(t.commit());
    acknowledged_ = tried_;
    return {};
  }

  // Rows and checkpoints, as the dice fall, until the disk ends it.
  Result<void> live(const store::Schema& schema) {
    HR_ASSIGN(Database db, open(OpenMode::existing, schema));
    if (random_below(rng_, 8) == 0) HR_TRY(insert(db));
    HR_TRY(db.accept());
    for (int i = 0; i < 12; ++i) HR_TRY(random_below(rng_, 3) == 0 ? db.checkpoint() : insert(db));
    return {};
  }

  // Every row that was acknowledged, at most the one besides that was under way, in whole tables.
  void expect_whole(const store::Schema& schema) {
    auto db = open(OpenMode::existing, schema);
    ASSERT_TRUE(db.ok()) << db.error().text;
    Statement rows = db->prepare("SELECT count(*), coalesce(max(n), 0) FROM thing");
    ASSERT_TRUE(rows.step().value());
    EXPECT_EQ(rows.integer(0), rows.integer(1));
    EXPECT_GE(rows.integer(0), acknowledged_);
    EXPECT_LE(rows.integer(0), tried_);
    EXPECT_EQ(db->generation(), static_cast<std::uint64_t>(rows.integer(0)));
    tried_ = acknowledged_ = rows.integer(0);
    Statement check = db->prepare("PRAGMA integrity_check");
    ASSERT_TRUE(check.step().value());
    EXPECT_EQ(check.text(0), "ok");
  }

  Scratch scratch_;
  SeededRandom rng_;
  SecretBytes key_;
  std::int64_t tried_ = 0, acknowledged_ = 0;
};

TEST_F(CheckpointPowerTest, EveryNextStartOpensWithAllThatWasAcknowledged) {
  constexpr int kDatabases = 20, kLives = 20;
  constexpr std::uint64_t kMostOperations = 120;
  int cut = 0;
  for (int database = 0; database < kDatabases && !HasFailure(); ++database) {
    store::remove_database_files(file());
    tried_ = acknowledged_ = 0;
    ASSERT_TRUE(open(OpenMode::create, kOlderSchema).ok());
    for (int life = 0; life < kLives && !HasFailure(); ++life) {
      SCOPED_TRACE(std::to_string(database) + ", life " + std::to_string(life));
      const store::Schema& schema = life < kLives / 2 ? kOlderSchema : kSchema;
      PowerCut power(static_cast<std::size_t>(random_below(rng_, kMostOperations)));
      if (!live(schema).ok()) ++cut;
      power.cut();
      power.lose(static_cast<PowerCut::Since>(random_below(rng_, 3)), rng_);
      expect_whole(schema);
    }
  }
  EXPECT_GT(cut, kDatabases * kLives / 2);
}

}  // namespace
}  // namespace hedgerow::faults
