#include "node/store/withheld.h"

#include <algorithm>

#include "node/store/import_batch.h"
#include "node/store/row.h"

namespace hedgerow::store {

namespace {

#define HR_WITHHELD_COLUMNS \
  "number, reason, decider, decided_day, review_day, ended_reason, ended_decider, ended_day"

Result<void> check_words(const std::string& reason, const std::string& decider) {
  HR_TRY(check_line(reason, kMaxWithholdReason, "the reason"));
  return check_line(decider, kMaxDecider, "who decides");
}

WithholdRecord read_decision(const Statement& s) {
  WithholdRecord r;
  r.number = s.unsigned_integer(0);
  r.reason = s.text(1);
  r.decider = s.text(2);
  r.decided_day = static_cast<std::int32_t>(s.integer(3));
  r.review_day = static_cast<std::int32_t>(s.integer(4));
  if (!s.is_null(7))
    r.ended = WithholdEnd{s.text(5), s.text(6), static_cast<std::int32_t>(s.integer(7))};
  return r;
}

}  // namespace

Result<std::uint64_t> Withheld::may_add(const WithholdDecision& d) {
  HR_TRY(check_words(d.reason, d.decider));
  if (d.review_day < d.decided_day)
    return bad_input("the review lies before the decision", "see --date and --review");
  std::uint64_t number = 0;
  {
    // Nothing is ever removed, so the highest is the newest.
    Statement newest = db_->prepare("SELECT coalesce(max(number), 0) FROM withheld");
    HR_ASSIGN(const bool found, newest.step());
    if (!found) return altered("decision");
    number = newest.unsigned_integer(0) + 1;
  }
  if (number <= kMaxInForce) return number;  // there cannot be that many
  Statement count = db_->prepare("SELECT count(*) FROM withheld WHERE ended_seq IS NULL");
  HR_ASSIGN(const bool found, count.step());
  if (!found || count.unsigned_integer(0) >= kMaxInForce)
    return bad_input("too many decisions to withhold are in force",
                     "end those that are no longer needed");
  return number;
}

Result<std::uint64_t> Withheld::add(const WithholdDecision& d) {
  HR_ASSIGN(const std::uint64_t number, may_add(d));
  HR_ASSIGN(const std::int64_t last, last_sequence(*db_));
  Statement s = db_->prepare(
      "INSERT INTO withheld (number, seq, child_key, reason, decider, decided_day, review_day)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  s.bind(1, number).bind(2, last + 1).bind(3, d.child_key).bind(4, d.reason).bind(5, d.decider);
  HR_TRY(s.bind(6, d.decided_day).bind(7, d.review_day).run());
  HR_TRY(set_last_sequence(*db_, last + 1));
  return number;
}

Result<void> Withheld::may_end(std::uint64_t number, const WithholdEnd& e) {
  HR_TRY(check_words(e.reason, e.decider));
  HR_ASSIGN(const std::optional<WithholdRecord> record, get(number));
  if (!record)
    return bad_input("there is no decision with the number " + std::to_string(number),
                     "see `hedgerow withhold list`");
  if (record->ended)
    return bad_input("decision " + std::to_string(number) + " has ended already",
                     "see `hedgerow withhold list --all`");
  if (e.day < record->decided_day)
    return bad_input("decision " + std::to_string(number) + " would end before it was taken",
                     "see --date");
  return {};
}

Result<void> Withheld::end(std::uint64_t number, const WithholdEnd& e) {
  HR_TRY(may_end(number, e));
  HR_ASSIGN(const std::int64_t last, last_sequence(*db_));
  Statement s = db_->prepare(
      "UPDATE withheld SET ended_seq = ?2, ended_reason = ?3, ended_decider = ?4, ended_day = ?5"
      " WHERE number = ?1");
  s.bind(1, number).bind(2, last + 1).bind(3, e.reason).bind(4, e.decider);
  HR_TRY(s.bind(5, e.day).run());
  return set_last_sequence(*db_, last + 1);
}

Result<std::optional<WithholdRecord>> Withheld::get(std::uint64_t number) {
  // No decision has a number that the database cannot hold.
  if (!std::in_range<std::int64_t>(number)) return std::optional<WithholdRecord>();
  Statement s = db_->prepare("SELECT " HR_WITHHELD_COLUMNS " FROM withheld WHERE number = ?1");
  HR_ASSIGN(const bool found, s.bind(1, number).step());
  if (!found) return std::optional<WithholdRecord>();
  return std::optional(read_decision(s));
}

Result<std::vector<WithholdRecord>> Withheld::list(bool with_ended, std::uint64_t after,
                                                   std::size_t max_items) {
  std::vector<WithholdRecord> all;
  if (!std::in_range<std::int64_t>(after)) return all;
  Statement s = db_->prepare("SELECT " HR_WITHHELD_COLUMNS
                             " FROM withheld WHERE number > ?1 AND (?2 OR ended_seq IS NULL)"
                             " ORDER BY number LIMIT ?3");
  s.bind(1, after).bind(2, with_ended ? 1 : 0).bind(3, std::min(max_items, kMaxWithheldListed));
  while (true) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) return all;
    all.push_back(read_decision(s));
  }
}

Result<WithheldChildren> WithheldChildren::as_of(Database& db, std::uint64_t sequence,
                                                 const NewestPseudonyms& newest) {
  WithheldChildren withheld;
  Statement s = db.prepare(
      "SELECT DISTINCT child_key FROM withheld"
      " WHERE seq <= ?1 AND (ended_seq IS NULL OR ended_seq > ?1)");
  s.bind(1, sequence);
  while (true) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) break;
    HR_ASSIGN(const auto child_key, s.array<32>(0));
    withheld.all_.push_back(child_key);
    if (const auto pseudonym = newest.of(child_key)) withheld.all_.push_back(*pseudonym);
  }
  std::ranges::sort(withheld.all_);
  return withheld;
}

bool WithheldChildren::has(const ByteArray<32>& child) const {
  return std::ranges::binary_search(all_, child);
}

}  // namespace hedgerow::store
