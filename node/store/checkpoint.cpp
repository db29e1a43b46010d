#include "node/store/checkpoint.h"

#include <sqlite3.h>

#include <filesystem>

namespace hedgerow::store {

namespace {

// Each in a table, so on a page, of its own: the page that the log of the present checkpoint
// does not have can only come from the file.
constexpr const char* kNumbers =
    "ALTER TABLE generation ADD COLUMN checkpoint INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE checkpoint_even (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT "
    "NULL)"
    " STRICT;"
    "CREATE TABLE checkpoint_odd (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL)"
    " STRICT;"
    "INSERT INTO checkpoint_even VALUES (1, 0);"
    "INSERT INTO checkpoint_odd VALUES (1, -1);";

constexpr const char* kRead =
    "SELECT g.checkpoint, e.number, o.number FROM generation g, checkpoint_even e, checkpoint_odd "
    "o";

bool has_statement_under_way(Database::Impl& db) {
  for (sqlite3_stmt* s = sqlite3_next_stmt(db.handle, nullptr); s != nullptr;
       s = sqlite3_next_stmt(db.handle, s))
    if (sqlite3_stmt_busy(s) != 0) return true;
  return false;
}

int note_length(void* db, sqlite3*, const char*, int pages) {
  static_cast<Database::Impl*>(db)->log_pages = pages;
  return SQLITE_OK;
}

// The next number into the table that the log does not have yet.
Result<void> begin_checkpoint(Database::Impl& db) {
  const std::int64_t next = db.checkpoint + 1;
  const std::string sql = "BEGIN IMMEDIATE; UPDATE " +
                          std::string(next % 2 == 0 ? "checkpoint_even" : "checkpoint_odd") +
                          " SET number = " + std::to_string(next) +
                          "; UPDATE generation SET checkpoint = " + std::to_string(db.checkpoint) +
                          "; COMMIT";
  if (Result<void> done = db.execute(sql.c_str()); !done.ok()) {
    if (sqlite3_get_autocommit(db.handle) == 0) (void)db.execute("ROLLBACK");
    return done;
  }
  db.checkpoint = next;
  db.unfinished = true;
  return {};
}

Result<void> finish_checkpoint(Database::Impl& db) {
  const int code =
      sqlite3_wal_checkpoint_v2(db.handle, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (code != SQLITE_OK) return db.error(code);
  db.unfinished = false;
  db.log_pages = 0;
  return {};
}

}  // namespace

Result<void> make_checkpoint_numbers(Database::Impl& db) { return db.execute(kNumbers); }

Result<bool> has_checkpoint_numbers(Database::Impl& db) {
  HR_ASSIGN(const std::int64_t tables,
            db.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'checkpoint_odd'"));
  return tables != 0;
}

Result<void> read_checkpoint_numbers(Database::Impl& db) {
  sqlite3_stmt* stmt = nullptr;
  int code = sqlite3_prepare_v2(db.handle, kRead, -1, &stmt, nullptr);
  std::int64_t present = 0, even = 0, odd = 0;
  if (code == SQLITE_OK) code = sqlite3_step(stmt);
  if (code == SQLITE_ROW) {
    present = sqlite3_column_int64(stmt, 0);
    even = sqlite3_column_int64(stmt, 1);
    odd = sqlite3_column_int64(stmt, 2);
  }
  sqlite3_finalize(stmt);
  if (code != SQLITE_ROW) return db.error(code == SQLITE_DONE ? SQLITE_CORRUPT : code);
  const std::int64_t own = present % 2 == 0 ? even : odd;
  const std::int64_t other = present % 2 == 0 ? odd : even;
  const bool begun = other == present + 1;
  if (own != present || (!begun && other != present - 1))
    return configuration(db.path.string() + " and its write-ahead log are not of one moment",
                         "put back the newest copy of the whole state folder");
  // The next one was begun, and nothing committed since. Where the log is empty, it ended; else
  // Database::accept ends it before anything relies on it.
  db.checkpoint = begun ? present + 1 : present;
  db.unfinished = begun && db.log_pages != 0;
  return {};
}

Result<void> take_over_checkpoints(Database::Impl& db) {
  HR_TRY(db.execute("PRAGMA wal_autocheckpoint = 0"));
  sqlite3_wal_hook(db.handle, note_length, &db);
  std::error_code none;
  const auto size = std::filesystem::file_size(db.path.string() + "-wal", none);
  db.log_pages = none || size == 0 ? 0 : 1;  // how many does not matter before the first commit
  return {};
}

Result<void> empty_log(Database::Impl& db) {
  HR_CHECK(!db.in_transaction);
  if (db.failure) return *db.failure;
  if (db.log_pages == 0 && !db.unfinished) return {};
  if (has_statement_under_way(db))
    return internal("the write-ahead log of " + db.path.string() + " is still read");
  Result<void> done;
  if (!db.unfinished) done = begin_checkpoint(db);
  if (done.ok()) done = finish_checkpoint(db);
  // Once more, which moves the numbers alone: a copy of the file taken in the middle of the first
  // may have its number, but not that of the second.
  if (done.ok()) done = begin_checkpoint(db);
  if (done.ok()) done = finish_checkpoint(db);
  if (!done.ok()) db.failure = done.error();
  return done;
}

void empty_long_log(Database::Impl& db) {
  // What fails is told to the next transaction; this one is committed.
  if (db.log_pages >= kLogPages && !has_statement_under_way(db)) (void)empty_log(db);
}

}  // namespace hedgerow::store
