#include "node/store/children.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

#include "node/store/import_batch.h"
#include "node/store/withheld.h"

namespace hedgerow::store {

Result<NewestPseudonyms> NewestPseudonyms::as_of(Database& db, std::uint64_t sequence) {
  NewestPseudonyms newest;
  Statement s = db.prepare(
      "SELECT child_key, pseudonym, seq FROM record NOT INDEXED WHERE child_key IS NOT NULL"
      " AND pseudonym IS NOT NULL AND seq <= ?1 AND (closed_seq IS NULL OR closed_seq > ?1)"
      " UNION ALL SELECT child_key, pseudonym, seq FROM crosswalk NOT INDEXED"
      " WHERE seq <= ?1 AND (closed_seq IS NULL OR closed_seq > ?1)");
  s.bind(1, sequence);
  while (true) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) break;
    HR_ASSIGN(const auto child_key, s.array<32>(0));
    HR_ASSIGN(const auto pseudonym, s.array<32>(1));
    newest.all_.push_back({child_key, s.integer(2), pseudonym});
  }
  std::ranges::sort(newest.all_, {},
                    [](const Known& k) { return std::tie(k.child_key, k.sequence); });
  return newest;
}

std::optional<ByteArray<32>> NewestPseudonyms::of(const ByteArray<32>& child_key) const {
  // The last of equals is the newest.
  const auto after = std::ranges::upper_bound(all_, child_key, {}, &Known::child_key);
  if (after == all_.begin() || std::prev(after)->child_key != child_key) return std::nullopt;
  return std::prev(after)->pseudonym;
}

Result<WipingVector<KnownChild>> Children::known() {
  HR_ASSIGN(const std::int64_t last, last_sequence(*db_));
  HR_ASSIGN(const NewestPseudonyms newest,
            NewestPseudonyms::as_of(*db_, static_cast<std::uint64_t>(last)));
  Statement s = db_->prepare(
      "SELECT DISTINCT child_key FROM record NOT INDEXED"
      " WHERE child_key IS NOT NULL AND closed_seq IS NULL ORDER BY child_key");
  WipingVector<KnownChild> known;
  while (true) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) return known;
    HR_ASSIGN(const auto child_key, s.array<32>(0));
    known.push_back({child_key, newest.of(child_key)});
  }
}

Result<bool> Children::has(const ByteArray<32>& child_key) {
  Statement s = db_->prepare(
      "SELECT 1 FROM record NOT INDEXED WHERE child_key = ?1 AND closed_seq IS NULL LIMIT 1");
  return s.bind(1, child_key).step();
}

Result<WipingVector<ByteArray<32>>> Children::shared(std::int32_t first_day) {
  HR_ASSIGN(const std::int64_t last, last_sequence(*db_));
  const auto now = static_cast<std::uint64_t>(last);
  HR_ASSIGN(const NewestPseudonyms newest, NewestPseudonyms::as_of(*db_, now));
  HR_ASSIGN(const WithheldChildren withheld, WithheldChildren::as_of(*db_, now, newest));
  Statement s = db_->prepare(
      "SELECT child_key, pseudonym FROM record NOT INDEXED"
      " WHERE closed_seq IS NULL AND started_day >= ?1");
  s.bind(1, first_day);
  WipingVector<ByteArray<32>> shared;
  while (true) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) break;
    std::optional<ByteArray<32>> pseudonym;
    if (!s.is_null(0)) {
      HR_ASSIGN(const auto child_key, s.array<32>(0));
      pseudonym = newest.of(child_key);
    }
    if (!pseudonym && !s.is_null(1)) {
      HR_ASSIGN(pseudonym, s.array<32>(1));
    }
    if (pseudonym && !withheld.has(*pseudonym)) shared.push_back(*pseudonym);
  }
  std::ranges::sort(shared);
  const auto repeated = std::unique(shared.begin(), shared.end());
  shared.erase(repeated, shared.end());
  return shared;
}

Result<void> Children::apply_crosswalk(const ImportBatch& batch,
                                       std::span<const CrosswalkLine> lines) {
  if (lines.size() > kMaxImportRows) return bad_input("too many rows in one import");
  std::set<ByteArray<32>> seen;
  for (const CrosswalkLine& line : lines)
    if (!seen.insert(line.child_key).second)
      return bad_input("two rows of the crosswalk have the same child_ref");
  HR_ASSIGN(const std::int64_t number, batch_number(*db_, batch));
  HR_ASSIGN(std::int64_t last, last_sequence(*db_));
  for (const CrosswalkLine& line : lines) {
    ++last;
    // Closed before the new one is there, since at most one is open.
    Statement close = db_->prepare(
        "UPDATE crosswalk SET closed_seq = ?1 WHERE child_key = ?2 AND closed_seq IS NULL");
    HR_TRY(close.bind(1, last).bind(2, line.child_key).run());
    Statement insert = db_->prepare(
        "INSERT INTO crosswalk (seq, batch, child_key, pseudonym) VALUES (?1, ?2, ?3, ?4)");
    insert.bind(1, last).bind(2, number).bind(3, line.child_key).bind(4, line.pseudonym);
    HR_TRY(insert.run());
  }
  return set_last_sequence(*db_, last);
}

}  // namespace hedgerow::store
