// One SQLCipher database: opened the one safe way (architecture.md, Store), prepared statements
// only, transactions that advance a generation.
//
// Errors: Code::configuration for a wrong key, a plaintext or foreign file, a newer schema, a
// database that is missing or already there; Code::internal for what SQLite reports later.
// One connection, one thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"
#include "crypto/base/seams.h"
#include "crypto/base/secret.h"
#include "crypto/base/wiping.h"

struct sqlite3_stmt;

namespace hedgerow::store {

// create: the file must not exist; it is built beside its place and renamed, so that a crash leaves
// a whole database or none.
enum class OpenMode { create, existing };
enum class Durability { full, simulated };  // simulated: no fsync; for the simulator only

// 32 bytes of key, then 16 bytes of salt.
inline constexpr std::size_t kDatabaseKeySize = 48;
SecretBytes random_database_key(Random& rng);

// What a database must be. migrations[v] is SQL that brings user_version v to v + 1.
struct Schema {
  std::uint32_t application_id;
  std::string_view what;  // for messages: "lineage database"
  std::span<const char* const> migrations;
};

// Where the audit log stood when a transaction was committed: kept inside the database, so that
// a log that was cut or exchanged is found at the next start (audit::Log::reconcile).
struct LogPosition {
  std::uint64_t size = 0;
  ByteArray<32> root{};
  friend bool operator==(const LogPosition&, const LogPosition&) = default;
};

class Statement;

class Database {
 public:
  static Result<Database> open(const std::filesystem::path& path, const SecretBytes& key,
                               OpenMode mode, Durability durability, const Schema& schema);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // A statement from a cache; `sql` is a literal. A fault in the SQL is our own bug (HR_CHECK), and
  // so is a statement that writes outside a Transaction.
  Statement prepare(const char* sql);

  std::uint64_t generation() const;   // of the last commit
  Result<LogPosition> covered_log();  // as of the last commit that named one
  bool in_transaction() const;
  std::int64_t changed_rows() const;  // by the last statement that wrote
  // The database is the one that the audit log knows (audit::Log::reconcile): from now on closing
  // it moves the write-ahead log into the file. Before, a log that was cut stays as it is. Brings
  // to its end what a crash left of a checkpoint.
  Result<void> accept();
  // Moves the write-ahead log into the file and truncates it; a commit does so where it has grown
  // long. Accepted databases only (HR_CHECK). After an error no transaction begins.
  Result<void> checkpoint();
  const std::filesystem::path& path() const;

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A prepared statement in use; given back to the cache (reset, bindings cleared) at the end.
// Indices of bind begin with 1, of columns with 0, as SQLite's do. Bound bytes are not copied and
// must live until the statement is reset; bound text is.
class Statement {
 public:
  Statement(Statement&& o) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  template <std::integral T>
  Statement& bind(int index, T value) {
    HR_CHECK(std::in_range<std::int64_t>(value));
    return bind_integer(index, static_cast<std::int64_t>(value));
  }
  Statement& bind(int index, UtcTime time) { return bind_integer(index, to_unix_ms(time)); }
  Statement& bind(int index, std::string_view text);  // copied
  Statement& bind(int index, ByteView blob);          // not copied
  Statement& bind_null(int index);
  template <class T>
  Statement& bind_optional(int index, const std::optional<T>& value) {
    return value ? bind(index, *value) : bind_null(index);
  }

  // True: there is a row. Every page that it was read from was whole.
  Result<bool> step();
  Result<void> run();  // step to the end, then reset
  void reset();

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  std::uint64_t unsigned_integer(int column) const;
  UtcTime time(int column) const { return from_unix_ms(integer(column)); }
  std::string text(int column) const;
  ByteView blob_view(int column) const;  // until the next step
  Bytes blob(int column) const;
  WipingBytes wiping_blob(int column) const;
  SecretBytes secret_blob(int column) const;
  // Exactly N bytes; another length is an error (configuration: the store was altered).
  template <std::size_t N>
  Result<ByteArray<N>> array(int column) const {
    const ByteView v = blob_view(column);
    if (v.size() != N) return configuration("the store holds a value of the wrong length");
    ByteArray<N> a{};
    for (std::size_t i = 0; i < N; ++i) a[i] = v[i];
    return a;
  }

 private:
  friend class Database;
  Statement(Database::Impl* db, sqlite3_stmt* stmt, bool* in_use)
      : db_(db), stmt_(stmt), in_use_(in_use) {}
  Result<bool> stepped(int code);
  void end_reading();
  Statement& bind_integer(int index, std::int64_t value);

  Database::Impl* db_;
  sqlite3_stmt* stmt_;    // null where it could not be prepared: step() then fails
  bool* in_use_;          // the cache's mark; null: not from the cache
  bool reading_ = false;  // page_check.h
};

// BEGIN IMMEDIATE ... COMMIT; rolled back unless committed. One at a time (HR_CHECK). Everything
// written between begin and commit is one atomic change, with one generation.
class Transaction {
 public:
  static Result<Transaction> begin(Database& db);
  Transaction(Transaction&& o) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // The generation this transaction will have: what the log entries that cover it must name.
  std::uint64_t generation() const;
  // Returns the new generation. With `covered`, notes where the log stands that covers it.
  Result<std::uint64_t> commit(std::optional<LogPosition> covered = std::nullopt);

 private:
  explicit Transaction(Database::Impl* db) : db_(db) {}
  Database::Impl* db_;
};

}  // namespace hedgerow::store
