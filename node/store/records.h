// Movements: versioned rows, imports, and periods frozen once and for all.
//
// Every row version has a sequence number that only grows. A row imported again with other
// content closes the old version at the new one's number. A freeze fixes, for one grant and
// period, the highest number that counts; what it shows never changes afterwards.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "crypto/base/seams.h"
#include "node/store/database.h"

namespace hedgerow::store {

inline constexpr std::size_t kMaxImportRows = 200'000;
inline constexpr std::size_t kMaxAreaCode = 16;
inline constexpr std::size_t kMaxSealedCaseRef = 1024;
inline constexpr std::size_t kMaxSealedImportKey = 256;
inline constexpr std::size_t kMaxGrantName = 64;
inline constexpr std::size_t kMaxPeriodName = 16;

// One movement. Codes are positions in the shipped code lists (policies/code_list.h). Days are
// London days since 1970-01-01, minutes count from that day's midnight, months since 1970-01.
struct MovementRow {
  ByteArray<32> source_key{};              // keyed hash of source_ref: the row's identity
  std::optional<ByteArray<32>> child_key;  // keyed hash of child_ref
  std::optional<ByteArray<32>> pseudonym;  // cryptography.md A; never leaves the node
  std::uint8_t event = 0;
  std::int32_t started_day = 0;
  std::optional<std::int32_t> started_minute;
  std::optional<std::int32_t> ended_day;
  std::optional<std::int32_t> ended_minute;
  std::string origin;  // at most kMaxAreaCode; empty: unknown
  std::string destination;
  std::uint8_t place_type = 0;
  std::uint8_t missing_risk = 0;
  std::uint8_t exploitation_risk = 0;
  std::uint16_t factors = 0;  // bits
  std::uint8_t sex = 0;
  std::uint8_t care_status = 0;
  std::uint8_t return_interview = 0;
  std::optional<std::uint8_t> age;  // whole years at the event
  std::optional<std::int32_t> birthday18_month;
  Bytes case_ref_sealed;                      // under the import's key; empty: none
  std::optional<ByteArray<32>> case_ref_key;  // keyed hash of case_ref: shows a change of it

  // Whether an import would change nothing. case_ref_sealed is left out: it is sealed anew, with
  // other bytes, each time; case_ref_key stands for it.
  bool same_content(const MovementRow& o) const;
};

struct ImportBatch {
  SessionId id;
  UtcTime at{};
  Bytes sealed_case_key;  // the key of case_ref_sealed, sealed to the re-identification key; may be
                          // empty
};

struct ImportCounts {
  std::uint64_t added = 0;
  std::uint64_t replaced = 0;
  std::uint64_t unchanged = 0;
  friend bool operator==(const ImportCounts&, const ImportCounts&) = default;
};

struct Freeze {
  std::string grant;
  std::string period;
  std::uint64_t sequence = 0;  // rows up to and including this one count
  UtcTime at{};
};

class Records {
 public:
  explicit Records(Database& db) : db_(&db) {}

  // Writes (inside a Transaction). May be called several times with one batch, for parts of it.
  // Errors (bad_input): too many rows, a value out of bounds, one source_key twice in `rows`.
  Result<ImportCounts> apply_import(const ImportBatch& batch, std::span<const MovementRow> rows);

  // Writes. Idempotent: a period frozen before keeps its sequence and time.
  Result<Freeze> freeze(const std::string& grant, const std::string& period, UtcTime at);

  Result<std::optional<Freeze>> find_freeze(const std::string& grant, const std::string& period);

  // Every row that counts for the frozen period, in order of sequence: started on first_day to
  // last_day (both included), as of the freeze. `child` is the child's identity within this
  // agency, the same for all rows of one child as of the freeze: the newest pseudonym of its
  // child_key (children.h); else the row's own pseudonym, else child_key, else source_key.
  // row.pseudonym is the child's too: none where the agency knew no number of it, and then the row
  // takes part in sums only. Rows of children that were withheld as of the freeze (withheld.h) do
  // not count.
  // An error of the visitor ends the walk and is returned. Errors: bad_input where the period is
  // not frozen.
  using Visitor = std::function<Result<void>(const MovementRow& row, const ByteArray<32>& child)>;
  Result<void> frozen_rows(const std::string& grant, const std::string& period,
                           std::int32_t first_day, std::int32_t last_day, const Visitor& visit);

  // Row versions of these days that came after the freeze and so do not count.
  Result<std::uint64_t> late_rows(const std::string& grant, const std::string& period,
                                  std::int32_t first_day, std::int32_t last_day);

  Result<std::optional<MovementRow>> find(const ByteArray<32>& source_key);  // current version
  Result<std::uint64_t> current_rows();
  Result<std::optional<ImportBatch>> find_import(const SessionId& id);

 private:
  Database* db_;
};

}  // namespace hedgerow::store
