// What Database, Statement and Transaction share. For the sources of node/store only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "node/store/database.h"

struct sqlite3;
struct sqlite3_stmt;

namespace hedgerow::store {

struct Database::Impl {
  struct Cached {
    sqlite3_stmt* stmt = nullptr;
    bool in_use = false;
  };

  std::filesystem::path path;
  sqlite3* handle = nullptr;
  std::map<const char*, Cached> statements;  // by the literal's address
  std::uint64_t generation = 0;
  bool in_transaction = false;
  // A commit or checkpoint failed: what is on the disk is known only after opening again.
  std::optional<Error> failure;
  bool accepted = false;  // vouched for (Database::accept); before, nothing leaves the log

  // Of checkpoint.h: whether the database has numbers; the checkpoint that the write-ahead log
  // follows on, and its mark; whether the next one was begun, and its mark; the log's pages.
  bool numbered = false;
  std::int64_t checkpoint = 0;
  std::int64_t mark = 0;
  bool begun = false;
  std::int64_t next_mark = 0;
  int log_pages = 0;

  // Of page_check.h: statements under way outside a transaction; what keeps their read transaction
  // open; what asks for one page more; reads from the disk up to which all pages were whole.
  std::size_t readers = 0;
  sqlite3_stmt* held_page = nullptr;
  sqlite3_stmt* asked_page = nullptr;
  std::uint64_t checked_reads = 0;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  Result<void> execute(const char* sql);
  Result<std::int64_t> integer(const char* sql);  // the first column of the first row; 0: none
  Error error(int code) const;
};

}  // namespace hedgerow::store
