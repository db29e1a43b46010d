#include <sqlite3.h>

#include "node/store/checkpoint.h"
#include "node/store/database.h"
#include "node/store/database_impl.h"
#include "node/store/page_check.h"

namespace hedgerow::store {

namespace {

Error failed_before(const Database::Impl& db) {
  return internal("the database " + db.path.string() + " failed before; it must be opened again");
}

// SQLite itself rolls back after some failures; what then would be written stood alone.
bool was_rolled_back(const Database::Impl& db) {
  return db.in_transaction && sqlite3_get_autocommit(db.handle) != 0;
}

}  // namespace

Statement Database::prepare(const char* sql) {
  Impl::Cached& cached = impl_->statements[sql];
  if (cached.stmt != nullptr && !cached.in_use) {
    cached.in_use = true;
    return Statement(impl_.get(), cached.stmt, &cached.in_use);
  }
  sqlite3_stmt* stmt = nullptr;
  const int code =
      sqlite3_prepare_v3(impl_->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, nullptr);
  HR_CHECK((code & 0xff) != SQLITE_ERROR);
  // The same statement within itself is prepared a second time, and not kept.
  const bool keep = stmt != nullptr && cached.stmt == nullptr;
  if (keep) cached = {stmt, true};
  return Statement(impl_.get(), stmt, keep ? &cached.in_use : nullptr);
}

Statement::Statement(Statement&& o) noexcept
    : db_(o.db_),
      stmt_(std::exchange(o.stmt_, nullptr)),
      in_use_(o.in_use_),
      reading_(std::exchange(o.reading_, false)) {}

Statement::~Statement() {
  if (stmt_ == nullptr) return;
  reset();
  if (in_use_ == nullptr) {
    sqlite3_finalize(stmt_);
    return;
  }
  sqlite3_clear_bindings(stmt_);
  *in_use_ = false;
}

Statement& Statement::bind_integer(int index, std::int64_t value) {
  if (stmt_ != nullptr) HR_CHECK(sqlite3_bind_int64(stmt_, index, value) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  if (stmt_ != nullptr)
    HR_CHECK(sqlite3_bind_text64(stmt_, index, text.empty() ? "" : text.data(), text.size(),
                                 SQLITE_TRANSIENT, SQLITE_UTF8) == SQLITE_OK);
  return *this;
}

Statement& Statement::bind(int index, ByteView blob) {
  if (stmt_ == nullptr) return *this;
  // An empty view may have no address, which would be bound as NULL.
  const int code = blob.empty()
                       ? sqlite3_bind_zeroblob(stmt_, index, 0)
                       : sqlite3_bind_blob64(stmt_, index, blob.data(), blob.size(), SQLITE_STATIC);
  HR_CHECK(code == SQLITE_OK);
  return *this;
}

Statement& Statement::bind_null(int index) {
  if (stmt_ != nullptr) HR_CHECK(sqlite3_bind_null(stmt_, index) == SQLITE_OK);
  return *this;
}

Result<bool> Statement::step() {
  if (stmt_ == nullptr) return db_->error(sqlite3_errcode(db_->handle));
  HR_CHECK(sqlite3_stmt_readonly(stmt_) != 0 || db_->in_transaction);
  if (was_rolled_back(*db_)) return failed_before(*db_);
  if (!reading_ && !db_->in_transaction) {
    HR_TRY(keep_reading(*db_));
    reading_ = true;
  }
  Result<bool> more = stepped(sqlite3_step(stmt_));
  if (!more.ok())
    reset();
  else if (!*more)
    end_reading();
  return more;
}

Result<bool> Statement::stepped(int code) {
  if (code != SQLITE_ROW && code != SQLITE_DONE) return db_->error(code);
  HR_TRY(pages_were_whole(*db_));
  return code == SQLITE_ROW;
}

void Statement::end_reading() {
  if (std::exchange(reading_, false)) store::end_reading(*db_);
}

Result<void> Statement::run() {
  bool more = true;
  while (more) {
    Result<bool> stepped = step();
    if (!stepped.ok()) return std::move(stepped).error();
    more = *stepped;
  }
  reset();
  return {};
}

void Statement::reset() {
  if (stmt_ != nullptr) sqlite3_reset(stmt_);
  end_reading();
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(stmt_, column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(stmt_, column); }

std::uint64_t Statement::unsigned_integer(int column) const {
  return static_cast<std::uint64_t>(integer(column));
}

std::string Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(stmt_, column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(stmt_, column))};
}

ByteView Statement::blob_view(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(stmt_, column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(stmt_, column))};
}

Bytes Statement::blob(int column) const { return to_bytes(blob_view(column)); }

WipingBytes Statement::wiping_blob(int column) const {
  const ByteView view = blob_view(column);
  return {view.begin(), view.end()};
}

SecretBytes Statement::secret_blob(int column) const {
  return SecretBytes::copy_from(blob_view(column));
}

Result<Transaction> Transaction::begin(Database& db) {
  Database::Impl& impl = db.impl();
  HR_CHECK(!impl.in_transaction);
  if (impl.failure) return *impl.failure;
  HR_TRY(impl.execute("BEGIN IMMEDIATE"));
  impl.in_transaction = true;
  return Transaction(&impl);
}

Transaction::Transaction(Transaction&& o) noexcept : db_(std::exchange(o.db_, nullptr)) {}

Transaction::~Transaction() {
  if (db_ == nullptr) return;
  db_->in_transaction = false;
  // SQLite itself rolls back after some failures; then there is nothing left to end.
  if (sqlite3_get_autocommit(db_->handle) == 0 && !db_->execute("ROLLBACK").ok())
    db_->failure = failed_before(*db_);
}

std::uint64_t Transaction::generation() const { return db_->generation + 1; }

Result<std::uint64_t> Transaction::commit(std::optional<LogPosition> covered) {
  HR_CHECK(db_ != nullptr);
  if (was_rolled_back(*db_)) return failed_before(*db_);
  {
    sqlite3_stmt* stmt = nullptr;
    const char* sql =
        "UPDATE generation SET value = ?1, log_size = coalesce(?2, log_size),"
        " log_root = coalesce(?3, log_root)";
    int code = sqlite3_prepare_v2(db_->handle, sql, -1, &stmt, nullptr);
    if (code == SQLITE_OK) {
      sqlite3_bind_int64(stmt, 1, static_cast<std::int64_t>(generation()));
      if (covered) {
        sqlite3_bind_int64(stmt, 2, static_cast<std::int64_t>(covered->size));
        sqlite3_bind_blob(stmt, 3, covered->root.data(), static_cast<int>(covered->root.size()),
                          SQLITE_STATIC);
      }
      code = sqlite3_step(stmt);
    }
    sqlite3_finalize(stmt);
    if (code != SQLITE_DONE) return db_->error(code);
  }
  HR_TRY(write_checkpoint_number(*db_));
  if (Result<void> committed = db_->execute("COMMIT"); !committed.ok()) {
    db_->failure = failed_before(*db_);
    return std::move(committed).error();
  }
  db_->in_transaction = false;
  ++db_->generation;
  empty_long_log(*db_);
  return std::exchange(db_, nullptr)->generation;
}

}  // namespace hedgerow::store
