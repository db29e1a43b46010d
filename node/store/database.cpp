#include "node/store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>

#include "crypto/base/disk.h"
#include "node/store/checkpoint.h"
#include "node/store/database_impl.h"
#include "node/store/files.h"
#include "node/store/vfs.h"

namespace hedgerow::store {

namespace {

namespace fs = std::filesystem;

constexpr const char* kRestoreHint = "put back the newest copy of the whole state folder";

// One row: how many transactions were committed, and where the log stood at the last one.
constexpr const char* kGenerationTable =
    "CREATE TABLE generation (one INTEGER PRIMARY KEY CHECK (one = 1), value INTEGER NOT NULL,"
    " log_size INTEGER NOT NULL, log_root BLOB NOT NULL CHECK (length(log_root) = 32)) STRICT;"
    "INSERT INTO generation VALUES (1, 0, 0, zeroblob(32));";

Result<void> make_private_file(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return configuration("cannot make the database " + path.string());
  ::close(fd);
  return {};
}

#ifndef HEDGEROW_PLANT_plaintext_store
Result<void> refuse_plaintext(const fs::path& path) {
  static constexpr std::string_view kPlaintextHeader = "SQLite format 3";
  std::array<char, kPlaintextHeader.size()> start{};
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), start.size());
  if (file.gcount() < static_cast<std::streamsize>(start.size()))
    return configuration(path.string() + " is no database: too short", kRestoreHint);
  if (std::string_view(start.data(), start.size()) == kPlaintextHeader)
    return configuration(path.string() + " is not encrypted",
                         "this file was not made by Hedgerow; restore it from a backup");
  return {};
}

// The 96-hex literal x'<key><salt>': with the salt given, SQLCipher derives nothing and does not
// depend on the file's first page being whole (architecture.md, Store).
Result<void> set_key(sqlite3* handle, const SecretBytes& key) {
  static constexpr char kDigits[] = "0123456789abcdef";
  WipingVector<char> literal;
  literal.reserve(2 * key.size() + 3);
  literal.push_back('x');
  literal.push_back('\'');
  for (const std::uint8_t b : key.expose()) {
    literal.push_back(kDigits[b >> 4U]);
    literal.push_back(kDigits[b & 15U]);
  }
  literal.push_back('\'');
  if (sqlite3_key(handle, literal.data(), static_cast<int>(literal.size())) != SQLITE_OK)
    return internal("SQLCipher does not take a key");
  return {};
}
#endif

Result<std::string> pragma_text(Database::Impl& db, const char* sql) {
  sqlite3_stmt* stmt = nullptr;
  int code = sqlite3_prepare_v2(db.handle, sql, -1, &stmt, nullptr);
  std::string value;
  if (code == SQLITE_OK) {
    code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(stmt, 0));
      if (text != nullptr) value = text;
    }
  }
  sqlite3_finalize(stmt);
  if (code != SQLITE_ROW && code != SQLITE_DONE) return db.error(code);
  return value;
}

Result<void> configure(Database::Impl& db, Durability durability) {
  HR_ASSIGN(const std::string journal, pragma_text(db, "PRAGMA journal_mode = WAL"));
  if (journal != "wal") return configuration(db.path.string() + ": no write-ahead log possible");
  switch (durability) {
    case Durability::full:
      HR_TRY(db.execute("PRAGMA synchronous = FULL"));
      break;
    case Durability::simulated:
      HR_TRY(db.execute("PRAGMA synchronous = OFF"));
      break;
  }
  return db.execute(
      "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA secure_delete = ON;"
      "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
      "PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -16384");
}

Result<std::unique_ptr<Database::Impl>> connect(const fs::path& path, const SecretBytes& key,
                                                Durability durability) {
  auto db = std::make_unique<Database::Impl>();
  db->path = path;
  const char* vfs = guarded_vfs();
  if (vfs == nullptr) return internal("SQLite does not take the way to the disk it is given");
  const int code =
      sqlite3_open_v2(path.c_str(), &db->handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, vfs);
  if (code != SQLITE_OK) return configuration("cannot open the database " + path.string());
  sqlite3_extended_result_codes(db->handle, 1);
  // What may have been tampered with is left as it is until accept(); afterwards a checkpoint is
  // more than SQLite's own.
  sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  // Plain SQLite may have a function that takes a key and forgets it.
  HR_ASSIGN(const std::string cipher, pragma_text(*db, "PRAGMA cipher_version"));
  if (cipher.empty())
    return configuration("the SQLite library in use is not SQLCipher",
                         "install libsqlcipher 4, which hedgerowd is linked with");
#ifdef HEDGEROW_PLANT_plaintext_store
  (void)key;
#else
  HR_TRY(set_key(db->handle, key));
  // Its own lines on standard error would bury the one that says what to do.
  HR_TRY(db->execute("PRAGMA cipher_log_level = NONE"));
#endif
  // Exclusive before the first reading: a second process cannot open the store, and the WAL index
  // stays in memory.
  HR_TRY(db->execute("PRAGMA locking_mode = EXCLUSIVE"));
  // That shows whether the key fits.
  const Result<std::string> first = pragma_text(*db, "SELECT count(*) FROM sqlite_schema");
  if (!first.ok()) {
    const int reason = sqlite3_errcode(db->handle);
    if (reason == SQLITE_NOTADB)
      return configuration(
          path.string() + ": the key does not open this database, or it was altered",
          "the node's keys and its state must come from the same backup");
    return first.error();
  }
  HR_TRY(configure(*db, durability));
  HR_TRY(take_over_checkpoints(*db));
  return db;
}

// Brings the schema from its version to the present one, each step in a transaction of its own.
Result<void> migrate(Database::Impl& db, const Schema& schema) {
  HR_ASSIGN(const std::int64_t found, db.integer("PRAGMA user_version"));
  const auto wanted = static_cast<std::int64_t>(schema.migrations.size());
  if (found > wanted)
    return configuration(db.path.string() + " was written by a newer Hedgerow (schema " +
                             std::to_string(found) + ", this program knows " +
                             std::to_string(wanted) + ")",
                         "install the newer program again");
  for (std::int64_t version = found; version < wanted; ++version) {
    HR_TRY(db.execute("BEGIN IMMEDIATE"));
    if (version == 0) {
      HR_TRY(db.execute(kGenerationTable));
      HR_TRY(make_checkpoint_numbers(db));
      HR_TRY(
          db.execute(("PRAGMA application_id = " + std::to_string(schema.application_id)).c_str()));
    }
    HR_TRY(db.execute(schema.migrations[static_cast<std::size_t>(version)]));
    HR_TRY(db.execute(("PRAGMA user_version = " + std::to_string(version + 1)).c_str()));
    HR_TRY(write_checkpoint_number(db));
    HR_TRY(db.execute("COMMIT"));
  }
  return {};
}

// Builds the database beside its place, empties the write-ahead log into it and renames it.
Result<void> create(const fs::path& path, const SecretBytes& key, Durability durability,
                    const Schema& schema) {
  std::error_code failed;
  if (fs::exists(fs::symlink_status(path, failed)))
    return configuration("there is a database at " + path.string() + " already");
  fs::path fresh = path;
  fresh += ".new";
  remove_database_files(fresh);
  HR_TRY(make_private_file(fresh));
  {
    HR_ASSIGN(const std::unique_ptr<Database::Impl> db, connect(fresh, key, durability));
    HR_TRY(migrate(*db, schema));
    db->accepted = true;
    HR_TRY(empty_log(*db));
  }
  if (durability == Durability::full) HR_TRY(sync_path(fresh));
  fs::rename(fresh, path, failed);
  if (failed) return configuration("cannot make the database " + path.string());
  if (durability == Durability::full) HR_TRY(sync_path(path.parent_path()));
  return {};
}

}  // namespace

SecretBytes random_database_key(Random& rng) {
  SecretBytes key(kDatabaseKeySize);
  rng.fill(key.writable());
  return key;
}

Database::Impl::~Impl() {
  for (auto& [sql, cached] : statements) sqlite3_finalize(cached.stmt);
  sqlite3_finalize(held_page);
  sqlite3_finalize(asked_page);
  // Emptied, the log is removed by SQLite as it closes.
  if (accepted && !in_transaction && empty_log(*this).ok())
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  sqlite3_close_v2(handle);
}

Result<void> Database::Impl::execute(const char* sql) {
  const int code = sqlite3_exec(handle, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code);
  return {};
}

Result<std::int64_t> Database::Impl::integer(const char* sql) {
  HR_ASSIGN(const std::string text, pragma_text(*this, sql));
  return static_cast<std::int64_t>(std::strtoll(text.c_str(), nullptr, 10));
}

Error Database::Impl::error(int code) const {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return try_again("the database " + path.string() + " is in use by another process");
    // What SQLCipher says of a page whose authenticator does not fit; a fault in our own SQL is
    // found when it is prepared.
    case SQLITE_ERROR:
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return configuration("the database " + path.string() + " is damaged or was altered",
                           "restore the node from a backup");
    case SQLITE_FULL:
      return disk_error("cannot write the database " + path.string(), ENOSPC);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return configuration("no permission to write the database " + path.string(),
                           "it must belong to the user the node runs as, on a disk that can be "
                           "written");
    case SQLITE_IOERR:
      return disk_error("the database " + path.string() + " (" + sqlite3_errstr(code) + ")",
                        sqlite3_system_errno(handle) == 0 ? EIO : sqlite3_system_errno(handle));
    default:
      return internal("the database " + path.string() + " fails: " + sqlite3_errstr(code));
  }
}

Result<Database> Database::open(const fs::path& path, const SecretBytes& key, OpenMode mode,
                                Durability durability, const Schema& schema) {
  HR_CHECK(key.size() == kDatabaseKeySize);
  if (mode == OpenMode::create) HR_TRY(create(path, key, durability, schema));
  std::error_code failed;
  if (!fs::is_regular_file(path, failed))
    return configuration("there is no database at " + path.string(), kRestoreHint);
#ifndef HEDGEROW_PLANT_plaintext_store
  HR_TRY(refuse_plaintext(path));
#endif
  HR_ASSIGN(std::unique_ptr<Impl> impl, connect(path, key, durability));
  HR_ASSIGN(const std::int64_t application, impl->integer("PRAGMA application_id"));
  if (application != static_cast<std::int64_t>(schema.application_id))
    return configuration(path.string() + " is not a " + std::string(schema.what), kRestoreHint);
  HR_TRY(read_checkpoint_numbers(*impl));
  HR_TRY(migrate(*impl, schema));
  HR_ASSIGN(const std::int64_t generation, impl->integer("SELECT value FROM generation"));
  impl->generation = static_cast<std::uint64_t>(generation);
  return Database(std::move(impl));
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

std::uint64_t Database::generation() const { return impl_->generation; }
bool Database::in_transaction() const { return impl_->in_transaction; }
const fs::path& Database::path() const { return impl_->path; }
std::int64_t Database::changed_rows() const { return sqlite3_changes64(impl_->handle); }

Result<LogPosition> Database::covered_log() {
  Statement s = prepare("SELECT log_size, log_root FROM generation");
  HR_ASSIGN(const bool found, s.step());
  if (!found) return configuration("the database " + path().string() + " was altered");
  LogPosition position;
  position.size = s.unsigned_integer(0);
  HR_ASSIGN(position.root, s.array<32>(1));
  return position;
}

Result<void> Database::accept() {
  impl_->accepted = true;
  return take_up_checkpoints(*impl_);
}

Result<void> Database::checkpoint() { return empty_log(*impl_); }

}  // namespace hedgerow::store
