// What Database, Statement and Transaction share. For the sources of node/store only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
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
  bool failed = false;  // a commit failed: what is on the disk is known only after opening again

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  Result<void> execute(const char* sql);
  Error error(int code) const;
};

}  // namespace hedgerow::store
