// A page that was altered is told with the statement that read it, also where it is the last page
// that the statement reads: SQLCipher gives it as zeros and its error with the page after it.
#include <vector>

#include "tests/node/store/store_fixture.h"

namespace hedgerow::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPage = 4096;
constexpr std::int64_t kThings = 3;

constexpr const char* kTables[] = {
    "CREATE TABLE thing (n INTEGER PRIMARY KEY, b BLOB NOT NULL, last INTEGER NOT NULL) STRICT"};
constexpr Schema kSchema{0x54455354, "test database", kTables};

class PageCheckTest : public ::testing::Test {
 protected:
  PageCheckTest() : rng_(ByteArray<32>{1}), key_(random_database_key(rng_)) {
    Database db = open(OpenMode::create).value();
    HR_CHECK(db.accept().ok());
    Transaction t = Transaction::begin(db).value();
    for (std::int64_t n = 0; n < kThings; ++n) insert(db, n);
    HR_CHECK(t.commit().ok());
  }
  Result<Database> open(OpenMode mode = OpenMode::existing) {
    return Database::open(folder_ / "test.db", key_, mode, Durability::full, kSchema);
  }

  // On its leaf and on two pages more.
  static Bytes value(std::int64_t n) {
    return Bytes(2 * kPage + 400, static_cast<std::uint8_t>(n + 1));
  }
  static void insert(Database& db, std::int64_t n) {
    const Bytes b = value(n);
    Statement s = db.prepare("INSERT INTO thing VALUES (?1, ?2, ?1 + 10)");
    HR_CHECK(s.bind(1, n).bind(2, ByteView(b)).run().ok());
  }

  fs::path log() const { return folder_ / "test.db-wal"; }
  static void flip(const fs::path& path, std::size_t at) {
    std::fstream f(path, std::ios::binary | std::ios::in | std::ios::out);
    f.seekg(static_cast<std::streamoff>(at));
    const int byte = f.get();
    f.seekp(static_cast<std::streamoff>(at));
    f.put(static_cast<char>(byte ^ 1));
    HR_CHECK(f.good());
  }

  // A change of each page in turn: `read` gives what it gives of the whole database, or an error.
  // Returns the pages for which a database that opened had an error.
  template <class Read>
  std::size_t told(const Read& read) {
    const Bytes whole = file_bytes(folder_ / "test.db");
    const auto right = [&] {
      Database db = open().value();
      return read(db).value();
    }();
    std::size_t errors = 0;
    for (std::size_t at = kPage / 2; at < whole.size(); at += kPage) {
      SCOPED_TRACE("page " + std::to_string(at / kPage + 1));
      Bytes altered = whole;
      altered[at] ^= 1;
      write_file(folder_ / "test.db", altered);
      auto db = open();
      if (!db.ok()) continue;
      const auto found = read(*db);
      if (found.ok()) {
        EXPECT_EQ(*found, right);
      } else {
        ++errors;
        EXPECT_EQ(found.error().code, Code::configuration);
      }
    }
    write_file(folder_ / "test.db", whole);
    return errors;
  }

  Folder folder_;
  SeededRandom rng_;
  SecretBytes key_;
};

TEST_F(PageCheckTest, OfOneValue) {
  for (std::int64_t n = 0; n < kThings; ++n) {
    const auto read = [n](Database& db) -> Result<Bytes> {
      Statement s = db.prepare("SELECT b FROM thing WHERE n = ?1");
      s.bind(1, n);
      HR_ASSIGN(const bool found, s.step());
      HR_CHECK(found);
      return s.blob(0);
    };
    EXPECT_EQ(told(read), 3U);  // a leaf of the table, and two pages of the value
  }
}

TEST_F(PageCheckTest, OfAllValues) {
  const auto read = [](Database& db) -> Result<Bytes> {
    Statement s = db.prepare("SELECT b, last FROM thing ORDER BY n");
    Bytes all;
    for (;;) {
      HR_ASSIGN(const bool more, s.step());
      if (!more) return all;
      const ByteView b = s.blob_view(0);
      all.insert(all.end(), b.begin(), b.end());
      all.push_back(static_cast<std::uint8_t>(s.integer(1)));
    }
  };
  EXPECT_EQ(told(read), 2U * kThings + 1);
}

// Nothing found is said of whole pages only: here no row tells of the page.
TEST_F(PageCheckTest, OfAValueThatIsLookedFor) {
  const Bytes wanted = value(kThings - 1);
  const auto read = [&](Database& db) -> Result<bool> {
    Statement s = db.prepare("SELECT n FROM thing WHERE b = ?1");
    s.bind(1, ByteView(wanted));
    return s.step();
  };
  EXPECT_EQ(told(read), 2U * kThings + 1);
}

TEST_F(PageCheckTest, InsideATransaction) {
  const auto read = [](Database& db) -> Result<std::int64_t> {
    HR_ASSIGN(Transaction t, Transaction::begin(db));
    Statement s = db.prepare("SELECT last FROM thing WHERE n = 1");
    HR_ASSIGN(const bool found, s.step());
    HR_CHECK(found);
    return s.integer(0);
  };
  EXPECT_EQ(told(read), 3U);
}

// The outer statement's last step reads the last value, and finds nothing, after inner ones have
// ended.
TEST_F(PageCheckTest, OfStatementsWithinEachOther) {
  const Bytes wanted = value(kThings);  // there is none
  const auto read = [&](Database& db) -> Result<std::int64_t> {
    Statement outer = db.prepare("SELECT n FROM thing WHERE n < 2 OR b = ?1 ORDER BY n");
    outer.bind(1, ByteView(wanted));
    std::int64_t sum = 0;
    for (;;) {
      HR_ASSIGN(const bool more, outer.step());
      if (!more) return sum;
      Statement inner = db.prepare("SELECT last FROM thing WHERE n = ?1");
      inner.bind(1, outer.integer(0));
      HR_ASSIGN(const bool found, inner.step());
      HR_CHECK(found);
      sum += inner.integer(0);
    }
  };
  EXPECT_EQ(told(read), 2U * kThings + 1);
}

// Pages of the write-ahead log, altered while it is open: at a start SQLite drops frames whose
// checksum does not fit, which no key protects.
TEST_F(PageCheckTest, OfPagesInTheLog) {
  constexpr std::size_t kHeader = 32, kFrame = 24;
  std::size_t errors = 0;
  {
    Database db = open().value();
    HR_CHECK(db.accept().ok());
  }
  const Bytes file = file_bytes(folder_ / "test.db");
  Bytes whole;
  for (std::size_t at = kHeader + kFrame + kPage / 2; whole.empty() || at < whole.size();
       at += kFrame + kPage) {
    if (whole.empty()) {
      Database db = open().value();
      Transaction t = Transaction::begin(db).value();
      for (std::int64_t n = 0; n < kThings; ++n) insert(db, kThings + n);
      HR_CHECK(t.commit().ok());
      whole = file_bytes(log());
    }
    write_file(folder_ / "test.db", file);
    write_file(log(), whole);
    Database db = open().value();
    flip(log(), at);
    Statement s = db.prepare("SELECT n, b FROM thing ORDER BY n");
    for (std::int64_t n = 0; n <= 2 * kThings; ++n) {
      const auto more = s.step();
      if (!more.ok()) {
        ++errors;
        EXPECT_EQ(more.error().code, Code::configuration);
        break;
      }
      ASSERT_EQ(*more, n < 2 * kThings);
      if (*more) {
        EXPECT_EQ(s.blob(1), value(n));
      }
    }
  }
  EXPECT_GE(errors, 2U * kThings);
}

// The rest can be read and written afterwards; what was altered cannot be written over.
TEST_F(PageCheckTest, OneStatementFailsAndNoOther) {
  std::size_t failed = 0;
  const Bytes whole = file_bytes(folder_ / "test.db");
  for (std::size_t at = kPage / 2; at < whole.size(); at += kPage) {
    write_file(folder_ / "test.db", whole);
    flip(folder_ / "test.db", at);
    auto db = open();
    if (!db.ok()) continue;
    const auto reads = [&](std::int64_t n) {
      Statement s = db->prepare("SELECT b FROM thing WHERE n = ?1");
      return s.bind(1, n).step().ok();
    };
    if (reads(0) || !reads(1)) continue;  // this page is of the first value alone
    ++failed;
    EXPECT_TRUE(db->accept().ok());
    EXPECT_TRUE(reads(2));
    Transaction t = Transaction::begin(*db).value();
    insert(*db, kThings);
    EXPECT_TRUE(t.commit().ok());
    EXPECT_TRUE(db->checkpoint().ok());
    EXPECT_FALSE(reads(0));
  }
  EXPECT_EQ(failed, 2U);
  write_file(folder_ / "test.db", whole);
}

// What was read from keeps no transaction open afterwards.
TEST_F(PageCheckTest, EndsItsReading) {
  Database db = open().value();
  ASSERT_TRUE(db.accept().ok());
  std::int64_t next = kThings;
  const auto write = [&] {
    Transaction t = Transaction::begin(db).value();
    insert(db, next++);
    ASSERT_TRUE(t.commit().ok());
  };
  write();
  Statement s = db.prepare("SELECT n FROM thing");
  ASSERT_TRUE(s.step().value());
  EXPECT_FALSE(db.checkpoint().ok());
  s.reset();
  EXPECT_TRUE(db.checkpoint().ok());
  write();
  while (s.step().value()) {
  }
  EXPECT_TRUE(db.checkpoint().ok());
  write();
  {
    Statement made = db.prepare("SELECT last FROM thing");
    ASSERT_TRUE(made.step().value());
    const Statement left = std::move(made);
    EXPECT_FALSE(db.checkpoint().ok());
  }
  EXPECT_TRUE(db.checkpoint().ok());
}

}  // namespace
}  // namespace hedgerow::store
