#include "node/store/database.h"

#include <sys/stat.h>

#include "tests/node/store/store_fixture.h"

namespace hedgerow::store {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr const char* kOne[] = {"CREATE TABLE thing (n INTEGER, b BLOB, t TEXT) STRICT"};
constexpr const char* kTwo[] = {kOne[0], "ALTER TABLE thing ADD COLUMN more INTEGER"};
constexpr Schema kSchema{0x54455354, "test database", kOne};
constexpr Schema kNewerSchema{0x54455354, "test database", kTwo};
constexpr Schema kForeignSchema{0x46524e00, "foreign database", kOne};

class DatabaseTest : public ::testing::Test {
 protected:
  DatabaseTest() : rng_(ByteArray<32>{1}), key_(random_database_key(rng_)) {}
  Result<Database> open(OpenMode mode, const Schema& schema = kSchema) {
    return Database::open(file(), key_, mode, Durability::full, schema);
  }
  fs::path file() const { return folder_ / "test.db"; }

  static Result<std::uint64_t> insert(Database& db, std::int64_t n) {
    HR_ASSIGN(Transaction t, Transaction::begin(db));
    Statement s = db.prepare("INSERT INTO thing (n) VALUES (?1)");
    HR_TRY(s.bind(1, n).run());
    return t.commit();
  }
  static std::int64_t count(Database& db) {
    Statement s = db.prepare("SELECT count(*) FROM thing");
    EXPECT_TRUE(s.step().value());
    return s.integer(0);
  }

  Folder folder_;
  SeededRandom rng_;
  SecretBytes key_;
};

TEST_F(DatabaseTest, KeepsWhatWasCommittedAndItsGeneration) {
  {
    Database db = open(OpenMode::create).value();
    EXPECT_EQ(db.generation(), 0U);
    EXPECT_EQ(insert(db, 1).value(), 1U);
    EXPECT_EQ(insert(db, 2).value(), 2U);
  }
  Database db = open(OpenMode::existing).value();
  EXPECT_EQ(db.generation(), 2U);
  EXPECT_EQ(count(db), 2);
}

TEST_F(DatabaseTest, RollsBackWhatIsNotCommitted) {
  Database db = open(OpenMode::create).value();
  {
    Transaction t = Transaction::begin(db).value();
    EXPECT_EQ(t.generation(), 1U);
    Statement s = db.prepare("INSERT INTO thing (n) VALUES (1)");
    EXPECT_TRUE(s.run().ok());
  }
  EXPECT_FALSE(db.in_transaction());
  EXPECT_EQ(count(db), 0);
  EXPECT_EQ(db.generation(), 0U);
}

TEST_F(DatabaseTest, NotesWhereTheLogStood) {
  const LogPosition position{17, {1, 2, 3}};
  {
    Database db = open(OpenMode::create).value();
    EXPECT_EQ(db.covered_log().value(), LogPosition{});
    Transaction t = Transaction::begin(db).value();
    EXPECT_TRUE(t.commit(position).ok());
    EXPECT_TRUE(insert(db, 1).ok());  // names none: the last one stays
  }
  Database db = open(OpenMode::existing).value();
  EXPECT_EQ(db.covered_log().value(), position);
}

TEST_F(DatabaseTest, TheFileIsPrivateAndHoldsNothingReadable) {
  constexpr std::string_view kMarker = "a marker that must not be found";
  Database db = open(OpenMode::create).value();
  {
    Transaction t = Transaction::begin(db).value();
    Statement s = db.prepare("INSERT INTO thing (t) VALUES (?1)");
    EXPECT_TRUE(s.bind(1, kMarker).run().ok());
    EXPECT_TRUE(t.commit().ok());
  }
  for (const auto& entry : fs::directory_iterator(folder_.path())) {
    struct stat status {};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << entry.path();
    const Bytes bytes = file_bytes(entry.path());
    EXPECT_EQ(as_text(bytes).find(kMarker), std::string_view::npos) << entry.path();
    EXPECT_EQ(as_text(bytes).find("CREATE TABLE"), std::string_view::npos) << entry.path();
  }
  ASSERT_TRUE(db.accept().ok());
  EXPECT_TRUE(db.checkpoint().ok());
  EXPECT_EQ(as_text(file_bytes(file())).find(kMarker), std::string_view::npos);
}

TEST_F(DatabaseTest, AWrongKeyOpensNothing) {
  EXPECT_TRUE(open(OpenMode::create).ok());
  for (const std::size_t at : {std::size_t{0}, std::size_t{31}}) {
    SecretBytes wrong = SecretBytes::copy_from(key_.expose());
    wrong.writable()[at] ^= 1;
    ::testing::internal::CaptureStderr();
    const auto opened =
        Database::open(file(), wrong, OpenMode::existing, Durability::full, kSchema);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");  // the error is the one line there is
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, Code::configuration);
    EXPECT_THAT(opened.error().text, HasSubstr("key"));
  }
}

TEST_F(DatabaseTest, RefusesAPlaintextDatabaseATextFileAndAnEmptyOne) {
  Bytes plain = to_bytes("SQLite format 3");
  plain.resize(4096);
  write_file(file(), plain);
  EXPECT_THAT(open(OpenMode::existing).error().text, HasSubstr("not encrypted"));
  write_file(file(), as_bytes("a text that is much longer than a header, but no database at all"));
  EXPECT_EQ(open(OpenMode::existing).error().code, Code::configuration);
  write_file(file(), {});
  EXPECT_EQ(open(OpenMode::existing).error().code, Code::configuration);
}

TEST_F(DatabaseTest, RefusesToOpenWhatIsMissingAndToCreateWhatIsThere) {
  EXPECT_EQ(open(OpenMode::existing).error().code, Code::configuration);
  EXPECT_TRUE(open(OpenMode::create).ok());
  const Bytes before = file_bytes(file());
  EXPECT_THAT(open(OpenMode::create).error().text, HasSubstr("already"));
  EXPECT_EQ(file_bytes(file()), before);
}

TEST_F(DatabaseTest, CreationBeginsAfreshWhereItWasInterrupted) {
  write_file(folder_ / "test.db.new", as_bytes("half a database"));
  write_file(folder_ / "test.db.new-wal", as_bytes("half a log"));
  Database db = open(OpenMode::create).value();
  EXPECT_TRUE(insert(db, 1).ok());
  EXPECT_FALSE(fs::exists(folder_ / "test.db.new"));
  EXPECT_FALSE(fs::exists(folder_ / "test.db.new-wal"));
}

TEST_F(DatabaseTest, ASecondOpenerIsToldThatItIsInUse) {
  Database db = open(OpenMode::create).value();
  EXPECT_TRUE(insert(db, 1).ok());
  const auto second = open(OpenMode::existing);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::try_again);
}

TEST_F(DatabaseTest, MigratesForwardAndRefusesANewerSchema) {
  {
    Database db = open(OpenMode::create).value();
    EXPECT_TRUE(insert(db, 1).ok());
  }
  {
    Database db = open(OpenMode::existing, kNewerSchema).value();
    EXPECT_EQ(db.generation(), 1U);
    Statement s = db.prepare("SELECT n, more FROM thing");
    EXPECT_TRUE(s.step().value());
    EXPECT_EQ(s.integer(0), 1);
    EXPECT_TRUE(s.is_null(1));
  }
  const auto older = open(OpenMode::existing);
  ASSERT_FALSE(older.ok());
  EXPECT_EQ(older.error().code, Code::configuration);
  EXPECT_THAT(older.error().text, HasSubstr("newer Hedgerow"));
}

TEST_F(DatabaseTest, RefusesADatabaseOfAnotherKind) {
  EXPECT_TRUE(open(OpenMode::create).ok());
  EXPECT_THAT(open(OpenMode::existing, kForeignSchema).error().text,
              HasSubstr("not a foreign database"));
}

TEST_F(DatabaseTest, FindsAlteredPages) {
  {
    Database db = open(OpenMode::create).value();
    for (std::int64_t i = 0; i < 300; ++i) ASSERT_TRUE(insert(db, i).ok());
    ASSERT_TRUE(db.accept().ok());  // closing moves all pages out of the write-ahead log
  }
  const Bytes whole = file_bytes(file());
  std::size_t found = 0;
  for (std::size_t page = 0; page < whole.size() / 4096; ++page) {
    Bytes altered = whole;
    altered[page * 4096 + 2000] ^= 1;
    write_file(file(), altered);
    auto db = open(OpenMode::existing);
    if (!db.ok()) {
      EXPECT_EQ(db.error().code, Code::configuration);
      ++found;
      continue;
    }
    Statement s = db->prepare("SELECT sum(n) FROM thing");
    const auto stepped = s.step();
    ASSERT_FALSE(stepped.ok()) << "page " << page;
    EXPECT_EQ(stepped.error().code, Code::configuration);
    ++found;
  }
  EXPECT_EQ(found, whole.size() / 4096);
  EXPECT_GE(found, 3U);
}

TEST_F(DatabaseTest, TypedValuesComeBackAsTheyWere) {
  Database db = open(OpenMode::create).value();
  Transaction t = Transaction::begin(db).value();
  Statement put = db.prepare("INSERT INTO thing VALUES (?1, ?2, ?3)");
  const Bytes blob = {0, 1, 0, 255};
  ASSERT_TRUE(put.bind(1, std::int64_t{-5}).bind(2, ByteView(blob)).bind(3, "text").run().ok());
  ASSERT_TRUE(put.bind_null(1).bind(2, ByteView()).bind(3, "").run().ok());
  Statement get = db.prepare("SELECT n, b, t FROM thing ORDER BY rowid");
  ASSERT_TRUE(get.step().value());
  EXPECT_EQ(get.integer(0), -5);
  EXPECT_EQ(get.blob(1), blob);
  EXPECT_EQ(get.text(2), "text");
  EXPECT_TRUE(get.array<4>(1).ok());
  EXPECT_EQ(get.array<5>(1).error().code, Code::configuration);
  ASSERT_TRUE(get.step().value());
  EXPECT_TRUE(get.is_null(0));
  EXPECT_FALSE(get.is_null(1));
  EXPECT_TRUE(get.blob(1).empty());
  EXPECT_EQ(get.text(2), "");
  EXPECT_FALSE(get.step().value());
}

TEST_F(DatabaseTest, AStatementMayRunWithinItself) {
  Database db = open(OpenMode::create).value();
  for (std::int64_t i = 0; i < 3; ++i) ASSERT_TRUE(insert(db, i).ok());
  int pairs = 0;
  constexpr const char* kAll = "SELECT n FROM thing";
  Statement outer = db.prepare(kAll);
  while (outer.step().value()) {
    Statement inner = db.prepare(kAll);
    while (inner.step().value()) ++pairs;
  }
  EXPECT_EQ(pairs, 9);
}

using DatabaseDeathTest = DatabaseTest;

TEST_F(DatabaseDeathTest, WritingOutsideATransactionIsOurBug) {
  Database db = open(OpenMode::create).value();
  Statement s = db.prepare("INSERT INTO thing (n) VALUES (1)");
  EXPECT_DEATH((void)s.run(), "in_transaction");
}

TEST_F(DatabaseDeathTest, ATransactionWithinATransactionIsOurBug) {
  Database db = open(OpenMode::create).value();
  Transaction t = Transaction::begin(db).value();
  EXPECT_DEATH((void)Transaction::begin(db), "in_transaction");
}

}  // namespace
}  // namespace hedgerow::store
