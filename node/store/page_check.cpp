#include "node/store/page_check.h"

#include <sqlite3.h>

#include "node/store/vfs.h"

namespace hedgerow::store {

namespace {

// SQLite asks the pager for the table's page, in memory or not, before it has a row.
int ask_for_page(Database::Impl& db, sqlite3_stmt*& stmt) {
  if (stmt == nullptr) {
    const int code = sqlite3_prepare_v3(db.handle, "SELECT one FROM generation", -1,
                                        SQLITE_PREPARE_PERSISTENT, &stmt, nullptr);
    if (code != SQLITE_OK) return code;
  }
  return sqlite3_step(stmt);
}

}  // namespace

Result<void> keep_reading(Database::Impl& db) {
  if (db.readers == 0) {
    if (const int code = ask_for_page(db, db.held_page); code != SQLITE_ROW) {
      sqlite3_reset(db.held_page);
      return db.error(code);
    }
  }
  ++db.readers;
  return {};
}

void end_reading(Database::Impl& db) {
  HR_CHECK(db.readers > 0);
  if (--db.readers == 0) sqlite3_reset(db.held_page);
}

Result<void> pages_were_whole(Database::Impl& db) {
  const std::uint64_t reads = reads_from_disk();
  if (reads == db.checked_reads) return {};
  const int code = ask_for_page(db, db.asked_page);
  sqlite3_reset(db.asked_page);
  if (code != SQLITE_ROW) return db.error(code);
  db.checked_reads = reads;
  return {};
}

}  // namespace hedgerow::store
