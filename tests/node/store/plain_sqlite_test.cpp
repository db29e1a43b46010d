// The store, linked with a plain SQLite that takes a key and forgets it.
#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>

#include "crypto/random.h"
#include "node/store/database.h"

struct sqlite3;
extern "C" int sqlite3_key(sqlite3*, const void*, int) { return 0; }

namespace hedgerow::store {
namespace {

constexpr const char* kTable[] = {"CREATE TABLE t (a INTEGER) STRICT;"};

TEST(PlainSqlite, IsRefusedBeforeAnythingIsWritten) {
  std::string pattern = (std::filesystem::temp_directory_path() / "hedgerow-XXXXXX").string();
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
  const std::filesystem::path folder = pattern;
  SeededRandom rng(ByteArray<32>{1});
  const auto opened = Database::open(folder / "a.db", random_database_key(rng), OpenMode::create,
                                     Durability::full, {1, "test database", kTable});
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Code::configuration);
  EXPECT_THAT(opened.error().text, ::testing::HasSubstr("is not SQLCipher"));
  EXPECT_THAT(opened.error().hint, ::testing::HasSubstr("libsqlcipher"));
  EXPECT_FALSE(std::filesystem::exists(folder / "a.db"));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace hedgerow::store
