#include "node/store/checkpoint.h"

#include <sqlite3.h>

#include <filesystem>

namespace hedgerow::store {

namespace {

// Each in a table, so on a page, of its own: the page that the log of the present checkpoint does
// not have can only come from the file.
constexpr const char* kTables =
    "ALTER TABLE generation ADD COLUMN checkpoint INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE generation ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE generation ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE checkpoint_even (one INTEGER PRIMARY KEY CHECK (one = 1),"
    " number INTEGER NOT NULL, mark INTEGER NOT NULL) STRICT;"
    "CREATE TABLE checkpoint_odd (one INTEGER PRIMARY KEY CHECK (one = 1),"
    " number INTEGER NOT NULL, mark INTEGER NOT NULL) STRICT;"
    "INSERT INTO checkpoint_even VALUES (1, 0, 0);"
    "INSERT INTO checkpoint_odd VALUES (1, -1, 0);";

constexpr const char* kRead =
    "SELECT g.checkpoint, g.mark, g.begun, e.number, e.mark, o.number, o.mark"
    " FROM generation g, checkpoint_even e, checkpoint_odd o";

bool is_odd(std::int64_t number) { return number % 2 != 0; }

std::string number_sql(const Database::Impl& db) {
  return "UPDATE generation SET checkpoint = " + std::to_string(db.checkpoint) +
         ", mark = " + std::to_string(db.mark) + ", begun = " + (db.begun ? "1" : "0");
}

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

// One transaction of ours, which advances no generation.
Result<void> in_transaction(Database::Impl& db, const std::string& sql) {
  Result<void> done = db.execute(("BEGIN IMMEDIATE;" + sql + ";COMMIT").c_str());
  if (!done.ok() && sqlite3_get_autocommit(db.handle) == 0) (void)db.execute("ROLLBACK");
  return done;
}

// The next number, into the table that the log does not have yet.
Result<void> begin_checkpoint(Database::Impl& db) {
  const std::int64_t next = db.checkpoint + 1;
  sqlite3_randomness(sizeof db.next_mark, &db.next_mark);
  db.begun = true;
  return in_transaction(
      db, number_sql(db) + (is_odd(next) ? ";UPDATE checkpoint_odd" : ";UPDATE checkpoint_even") +
              " SET number = " + std::to_string(next) + ", mark = " + std::to_string(db.next_mark));
}

// Only the second of a pair cuts the log to nothing: where there is none, a pair has ended.
Result<void> finish_checkpoint(Database::Impl& db) {
  const std::int64_t next = db.checkpoint + 1;
  const int code = sqlite3_wal_checkpoint_v2(
      db.handle, nullptr, is_odd(next) ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_TRUNCATE,
      nullptr, nullptr);
  if (code != SQLITE_OK) return db.error(code);
  db.checkpoint = next;
  db.mark = db.next_mark;
  db.begun = false;
  db.log_pages = 0;
  return {};
}

Result<void> one_checkpoint(Database::Impl& db) {
  HR_TRY(begin_checkpoint(db));
  return finish_checkpoint(db);
}

// Two: the first moves what the log has, the second the numbers alone, so that no copy taken in the
// middle of the first has the number that counts.
Result<void> checkpoints(Database::Impl& db) {
  HR_TRY(one_checkpoint(db));
  return is_odd(db.checkpoint) ? one_checkpoint(db) : Result<void>();
}

// What an error leaves behind is known only after opening again.
Result<void> or_fail(Database::Impl& db, Result<void> done) {
  if (!done.ok()) db.failure = done.error();
  return done;
}

}  // namespace

Result<void> make_checkpoint_numbers(Database::Impl& db) {
  HR_TRY(db.execute(kTables));
  db.numbered = true;
  return {};
}

Result<void> write_checkpoint_number(Database::Impl& db) {
  if (!db.numbered) return {};
  return db.execute(number_sql(db).c_str());
}

Result<void> read_checkpoint_numbers(Database::Impl& db) {
  HR_ASSIGN(const std::int64_t tables,
            db.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'checkpoint_odd'"));
  db.numbered = tables != 0;
  if (!db.numbered) return {};
  sqlite3_stmt* stmt = nullptr;
  std::int64_t read[7] = {};
  int code = sqlite3_prepare_v2(db.handle, kRead, -1, &stmt, nullptr);
  if (code == SQLITE_OK) code = sqlite3_step(stmt);
  if (code == SQLITE_ROW)
    for (int i = 0; i < 7; ++i) read[i] = sqlite3_column_int64(stmt, i);
  sqlite3_finalize(stmt);
  if (code != SQLITE_ROW) return db.error(code == SQLITE_DONE ? SQLITE_CORRUPT : code);

  db.checkpoint = read[0];
  db.mark = read[1];
  db.begun = read[2] != 0;
  const std::int64_t* own = is_odd(db.checkpoint) ? read + 5 : read + 3;
  const std::int64_t* other = is_odd(db.checkpoint) ? read + 3 : read + 5;
  const bool no_log = db.log_pages == 0;
  if (own[0] != db.checkpoint || own[1] != db.mark ||
      other[0] != db.checkpoint + (db.begun ? 1 : -1) ||
      (no_log && !(db.begun && is_odd(db.checkpoint))))
    return configuration(db.path.string() + " and its write-ahead log are not of one moment",
                         "put back the newest copy of the whole state folder");
  db.next_mark = other[1];
  if (no_log) {  // the second of a pair has ended
    ++db.checkpoint;
    db.mark = db.next_mark;
    db.begun = false;
  }
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

Result<void> take_up_checkpoints(Database::Impl& db) {
  HR_CHECK(db.accepted && !db.in_transaction);
  if (db.failure) return *db.failure;
  if (!db.numbered) {
    HR_TRY(or_fail(db, in_transaction(db, kTables)));
    db.numbered = true;
    return or_fail(db, checkpoints(db));
  }
  if (!db.begun) return {};
  HR_TRY(or_fail(db, finish_checkpoint(db)));
  // A migration may have written since the number was.
  return or_fail(db, checkpoints(db));
}

Result<void> empty_log(Database::Impl& db) {
  HR_CHECK(db.accepted && !db.in_transaction);
  if (db.failure) return *db.failure;
  if (db.log_pages == 0) return {};
  if (has_statement_under_way(db))
    return internal("the write-ahead log of " + db.path.string() + " is still read");
  return or_fail(db, checkpoints(db));
}

void empty_long_log(Database::Impl& db) {
  // What fails is told to the next transaction; this one is committed.
  if (db.accepted && db.log_pages >= kLogPages && !has_statement_under_way(db)) (void)empty_log(db);
}

}  // namespace hedgerow::store
