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

  // Three pages each, with little on the third.
  static Bytes value(std::int64_t n) {
    return Bytes(2 * kPage + 400, static_cast<std::uint8_t>(n + 1));
  }
  static void insert(Database& db, std::int64_t n) {
    const Bytes b = value(n);
    Statement s = db.prepare("INSERT INTO thing VALUES (?1, ?2, ?1 + 10)");
    HR_CHECK(s.bind(1, n).bind(2, ByteView(b)).run().ok());
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
    EXPECT_GE(told(read), 3U);  // a leaf of the table, and two pages of the value
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
  EXPECT_GE(told(read), 2U * kThings);
}

// Nothing found is said of whole pages only: here no row tells of the page.
TEST_F(PageCheckTest, OfAValueThatIsLookedFor) {
  const Bytes wanted = value(kThings - 1);
  const auto read = [&](Database& db) -> Result<bool> {
    Statement s = db.prepare("SELECT n FROM thing WHERE b = ?1");
    s.bind(1, ByteView(wanted));
    return s.step();
  };
  EXPECT_GE(told(read), 2U * kThings);
}

TEST_F(PageCheckTest, InsideATransaction) {
  const auto read = [](Database& db) -> Result<std::int64_t> {
    HR_ASSIGN(Transaction t, Transaction::begin(db));
    Statement s = db.prepare("SELECT last FROM thing WHERE n = 1");
    HR_ASSIGN(const bool found, s.step());
    HR_CHECK(found);
    return s.integer(0);
  };
  EXPECT_GE(told(read), 3U);
}

// One statement within another, and a page read by the outer one after the inner has ended.
TEST_F(PageCheckTest, OfStatementsWithinEachOther) {
  const auto read = [](Database& db) -> Result<Bytes> {
    Statement outer = db.prepare("SELECT n FROM thing ORDER BY n");
    Bytes ends;
    for (;;) {
      HR_ASSIGN(const bool more, outer.step());
      if (!more) return ends;
      Statement inner = db.prepare("SELECT b FROM thing WHERE n = ?1");
      inner.bind(1, outer.integer(0));
      HR_ASSIGN(const bool found, inner.step());
      HR_CHECK(found);
      ends.push_back(inner.blob_view(0).back());
    }
  };
  EXPECT_GE(told(read), 2U * kThings);
}

// What was read from keeps no transaction open afterwards.
TEST_F(PageCheckTest, EndsItsReading) {
  Database db = open().value();
  ASSERT_TRUE(db.accept().ok());
  {
    Transaction t = Transaction::begin(db).value();
    insert(db, kThings);
    ASSERT_TRUE(t.commit().ok());
  }
  Statement s = db.prepare("SELECT n FROM thing");
  ASSERT_TRUE(s.step().value());
  EXPECT_FALSE(db.checkpoint().ok());
  s.reset();
  EXPECT_TRUE(db.checkpoint().ok());
  while (s.step().value()) {
  }
  EXPECT_TRUE(db.checkpoint().ok());
  {
    Statement left = db.prepare("SELECT last FROM thing");
    ASSERT_TRUE(left.step().value());
  }
  EXPECT_TRUE(db.checkpoint().ok());
}

}  // namespace
}  // namespace hedgerow::store
