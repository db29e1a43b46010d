#include "node/store/records.h"

#include <set>
#include <tuple>

#include "node/store/children.h"
#include "node/store/import_batch.h"
#include "node/store/row.h"
#include "node/store/withheld.h"

namespace hedgerow::store {

namespace {

auto compared(const MovementRow& r) {
  return std::tie(r.source_key, r.child_key, r.pseudonym, r.event, r.started_day, r.started_minute,
                  r.ended_day, r.ended_minute, r.origin, r.destination, r.place_type,
                  r.missing_risk, r.exploitation_risk, r.factors, r.sex, r.care_status,
                  r.return_interview, r.age, r.birthday18_month, r.case_ref_key);
}

#define HR_ROW_COLUMNS                                                                        \
  "source_key, child_key, pseudonym, event, started_day, started_minute, ended_day,"          \
  " ended_minute, origin, destination, place_type, missing_risk, exploitation_risk, factors," \
  " sex, care_status, return_interview, age, birthday18_month, case_ref_sealed, case_ref_key"
constexpr int kRowColumns = 21;

// Binds the columns above from index `at` on.
void bind_row(Statement& s, int at, const MovementRow& r) {
  s.bind(at, r.source_key)
      .bind_optional(at + 1, r.child_key)
      .bind_optional(at + 2, r.pseudonym)
      .bind(at + 3, r.event)
      .bind(at + 4, r.started_day)
      .bind_optional(at + 5, r.started_minute)
      .bind_optional(at + 6, r.ended_day)
      .bind_optional(at + 7, r.ended_minute)
      .bind(at + 8, r.origin)
      .bind(at + 9, r.destination)
      .bind(at + 10, r.place_type)
      .bind(at + 11, r.missing_risk)
      .bind(at + 12, r.exploitation_risk)
      .bind(at + 13, r.factors)
      .bind(at + 14, r.sex)
      .bind(at + 15, r.care_status)
      .bind(at + 16, r.return_interview)
      .bind_optional(at + 17, r.age)
      .bind_optional(at + 18, r.birthday18_month)
      .bind(at + 19, ByteView(r.case_ref_sealed))
      .bind_optional(at + 20, r.case_ref_key);
}

Result<std::optional<ByteArray<32>>> optional_key(const Statement& s, int column) {
  if (s.is_null(column)) return std::optional<ByteArray<32>>();
  HR_ASSIGN(const ByteArray<32> key, s.array<32>(column));
  return std::optional<ByteArray<32>>(key);
}

template <class T>
std::optional<T> optional_number(const Statement& s, int column) {
  if (s.is_null(column)) return std::nullopt;
  return static_cast<T>(s.integer(column));
}

Result<MovementRow> read_row(const Statement& s, int at) {
  MovementRow r;
  HR_ASSIGN(r.source_key, s.array<32>(at));
  HR_ASSIGN(r.child_key, optional_key(s, at + 1));
  HR_ASSIGN(r.pseudonym, optional_key(s, at + 2));
  r.event = static_cast<std::uint8_t>(s.integer(at + 3));
  r.started_day = static_cast<std::int32_t>(s.integer(at + 4));
  r.started_minute = optional_number<std::int32_t>(s, at + 5);
  r.ended_day = optional_number<std::int32_t>(s, at + 6);
  r.ended_minute = optional_number<std::int32_t>(s, at + 7);
  r.origin = s.text(at + 8);
  r.destination = s.text(at + 9);
  r.place_type = static_cast<std::uint8_t>(s.integer(at + 10));
  r.missing_risk = static_cast<std::uint8_t>(s.integer(at + 11));
  r.exploitation_risk = static_cast<std::uint8_t>(s.integer(at + 12));
  r.factors = static_cast<std::uint16_t>(s.integer(at + 13));
  r.sex = static_cast<std::uint8_t>(s.integer(at + 14));
  r.care_status = static_cast<std::uint8_t>(s.integer(at + 15));
  r.return_interview = static_cast<std::uint8_t>(s.integer(at + 16));
  r.age = optional_number<std::uint8_t>(s, at + 17);
  r.birthday18_month = optional_number<std::int32_t>(s, at + 18);
  r.case_ref_sealed = s.blob(at + 19);
  HR_ASSIGN(r.case_ref_key, optional_key(s, at + 20));
  return r;
}

Result<void> check_row(const MovementRow& r) {
  HR_TRY(check_size(r.origin.size(), kMaxAreaCode, "an area code"));
  HR_TRY(check_size(r.destination.size(), kMaxAreaCode, "an area code"));
  return check_size(r.case_ref_sealed.size(), kMaxSealedCaseRef, "a sealed case reference");
}

enum class Outcome { added, replaced, unchanged };

// Takes the number after `last` for the row where it is new.
Result<Outcome> apply_row(Database& db, std::int64_t batch, const MovementRow& row,
                          std::int64_t& last) {
  std::optional<std::int64_t> replaced;
  {
    Statement current = db.prepare("SELECT seq, " HR_ROW_COLUMNS
                                   " FROM record WHERE source_key = ?1 AND closed_seq IS NULL");
    HR_ASSIGN(const bool found, current.bind(1, row.source_key).step());
    if (found) {
      HR_ASSIGN(const MovementRow old, read_row(current, 1));
      if (old.same_content(row)) return Outcome::unchanged;
      replaced = current.integer(0);
    }
  }
  const std::int64_t seq = ++last;
  // Closed before the new version is there, since at most one version is open.
  if (replaced) {
    Statement close = db.prepare("UPDATE record SET closed_seq = ?1 WHERE seq = ?2");
    HR_TRY(close.bind(1, seq).bind(2, *replaced).run());
  }
  Statement insert = db.prepare("INSERT INTO record (seq, batch, " HR_ROW_COLUMNS
                                ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
                                " ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)");
  static_assert(kRowColumns == 23 - 2);
  insert.bind(1, seq).bind(2, batch);
  bind_row(insert, 3, row);
  HR_TRY(insert.run());
  return replaced ? Outcome::replaced : Outcome::added;
}

}  // namespace

bool MovementRow::same_content(const MovementRow& o) const {
  return compared(*this) == compared(o);
}

Result<ImportCounts> Records::apply_import(const ImportBatch& batch,
                                           std::span<const MovementRow> rows) {
  if (rows.size() > kMaxImportRows) return bad_input("too many rows in one import");
  std::set<ByteArray<32>> seen;
  for (const MovementRow& row : rows) {
    HR_TRY(check_row(row));
    if (!seen.insert(row.source_key).second)
      return bad_input("two rows of the import have the same source_ref");
  }
  HR_ASSIGN(const std::int64_t number, batch_number(*db_, batch));
  HR_ASSIGN(std::int64_t last, last_sequence(*db_));
  ImportCounts counts;
  for (const MovementRow& row : rows) {
    HR_ASSIGN(const Outcome outcome, apply_row(*db_, number, row, last));
    switch (outcome) {
      case Outcome::added:
        ++counts.added;
        break;
      case Outcome::replaced:
        ++counts.replaced;
        break;
      case Outcome::unchanged:
        ++counts.unchanged;
        break;
    }
  }
  HR_TRY(set_last_sequence(*db_, last));
  return counts;
}

Result<Freeze> Records::freeze(const std::string& grant, const std::string& period, UtcTime at) {
  HR_TRY(check_size(grant.size(), kMaxGrantName, "a grant's name"));
  HR_TRY(check_size(period.size(), kMaxPeriodName, "a period's name"));
  Statement add = db_->prepare(
      "INSERT INTO frozen (grant_id, period, seq, at)"
      " SELECT ?1, ?2, last, ?3 FROM record_sequence WHERE true ON CONFLICT DO NOTHING");
  HR_TRY(add.bind(1, grant).bind(2, period).bind(3, at).run());
  HR_ASSIGN(const std::optional<Freeze> freeze, find_freeze(grant, period));
  if (!freeze) return altered("freeze");
  return *freeze;
}

Result<std::optional<Freeze>> Records::find_freeze(const std::string& grant,
                                                   const std::string& period) {
  Statement s = db_->prepare("SELECT seq, at FROM frozen WHERE grant_id = ?1 AND period = ?2");
  HR_ASSIGN(const bool found, s.bind(1, grant).bind(2, period).step());
  if (!found) return std::optional<Freeze>();
  return std::optional<Freeze>(Freeze{grant, period, s.unsigned_integer(0), s.time(1)});
}

Result<void> Records::frozen_rows(const std::string& grant, const std::string& period,
                                  std::int32_t first_day, std::int32_t last_day,
                                  const Visitor& visit) {
  HR_ASSIGN(const std::optional<Freeze> freeze, find_freeze(grant, period));
  if (!freeze) return bad_input("the period is not frozen");
  HR_ASSIGN(const NewestPseudonyms newest, NewestPseudonyms::as_of(*db_, freeze->sequence));
  HR_ASSIGN(const WithheldChildren withheld,
            WithheldChildren::as_of(*db_, freeze->sequence, newest));
  // In the table's own order: by the index of days every row would be looked up, and its page
  // decrypted, by itself.
  Statement s = db_->prepare("SELECT " HR_ROW_COLUMNS
                             " FROM record NOT INDEXED WHERE started_day BETWEEN ?2 AND ?3"
                             " AND seq <= ?1 AND (closed_seq IS NULL OR closed_seq > ?1)"
                             " ORDER BY seq");
  s.bind(1, freeze->sequence).bind(2, first_day).bind(3, last_day);
  while (true) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) return {};
    HR_ASSIGN(MovementRow row, read_row(s, 0));
    if (row.child_key)
      if (const auto pseudonym = newest.of(*row.child_key)) row.pseudonym = pseudonym;
    const ByteArray<32>& child = row.pseudonym   ? *row.pseudonym
                                 : row.child_key ? *row.child_key
                                                 : row.source_key;
    if (!withheld.has(child)) HR_TRY(visit(row, child));
  }
}

Result<std::uint64_t> Records::late_rows(const std::string& grant, const std::string& period,
                                         std::int32_t first_day, std::int32_t last_day) {
  HR_ASSIGN(const std::optional<Freeze> freeze, find_freeze(grant, period));
  if (!freeze) return bad_input("the period is not frozen");
  Statement s =
      db_->prepare("SELECT count(*) FROM record WHERE started_day BETWEEN ?2 AND ?3 AND seq > ?1");
  HR_ASSIGN(const bool found,
            s.bind(1, freeze->sequence).bind(2, first_day).bind(3, last_day).step());
  return found ? s.unsigned_integer(0) : 0;
}

Result<std::optional<MovementRow>> Records::find(const ByteArray<32>& source_key) {
  Statement s = db_->prepare("SELECT " HR_ROW_COLUMNS
                             " FROM record WHERE source_key = ?1 AND closed_seq IS NULL");
  HR_ASSIGN(const bool found, s.bind(1, source_key).step());
  if (!found) return std::optional<MovementRow>();
  HR_ASSIGN(MovementRow row, read_row(s, 0));
  return std::optional<MovementRow>(std::move(row));
}

Result<std::uint64_t> Records::current_rows() {
  Statement s = db_->prepare("SELECT count(*) FROM record WHERE closed_seq IS NULL");
  HR_ASSIGN(const bool found, s.step());
  return found ? s.unsigned_integer(0) : 0;
}

Result<std::optional<ImportBatch>> Records::find_import(const SessionId& id) {
  Statement s = db_->prepare("SELECT at, sealed_case_key FROM import_batch WHERE id = ?1");
  HR_ASSIGN(const bool found, s.bind(1, id.view()).step());
  if (!found) return std::optional<ImportBatch>();
  return std::optional<ImportBatch>(ImportBatch{id, s.time(0), s.blob(1)});
}

}  // namespace hedgerow::store
