#include "node/store/traces.h"

#include <chrono>

#include "node/store/row.h"

namespace hedgerow::store {

namespace {

Result<void> check_header(ByteView header) {
  if (header.empty()) return bad_input("a directory without its header");
  return check_size(header.size(), kMaxTraceHeader, "a directory's header");
}

}  // namespace

Result<void> Traces::put_day(std::int32_t day, const SecretScalar& secret, ByteView header) {
  HR_TRY(check_header(header));
  Statement s = db_->prepare(
      "INSERT INTO trace_day (day, secret, header) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING");
  HR_TRY(s.bind(1, day).bind(2, secret.expose()).bind(3, header).run());
  if (db_->changed_rows() != 1) return bad_input("a second directory of one day");
  return {};
}

Result<std::optional<TraceDay>> Traces::own_day(std::int32_t day) {
  Statement s = db_->prepare("SELECT secret, header FROM trace_day WHERE day = ?1");
  HR_ASSIGN(const bool found, s.bind(1, day).step());
  if (!found) return std::optional<TraceDay>();
  auto secret = decode_secret_scalar(s.blob_view(0));
  if (!secret.ok()) return altered("secret of a directory");
  return std::optional(TraceDay{day, std::move(secret).value(), s.blob(1)});
}

Result<std::optional<std::int32_t>> Traces::newest_own_day() {
  Statement s = db_->prepare("SELECT max(day) FROM trace_day");
  HR_ASSIGN(const bool found, s.step());
  if (!found || s.is_null(0)) return std::optional<std::int32_t>();
  return std::optional(static_cast<std::int32_t>(s.integer(0)));
}

Result<bool> Traces::erase_days_before(const PartyId& self, std::int32_t day) {
  for (const char* sql : {"DELETE FROM trace_chunk WHERE party = ?1 AND day < ?2",
                          "DELETE FROM trace_directory WHERE party = ?1 AND day < ?2"}) {
    Statement s = db_->prepare(sql);
    HR_TRY(s.bind(1, self.str()).bind(2, day).run());
  }
  Statement s = db_->prepare("DELETE FROM trace_day WHERE day < ?1");
  HR_TRY(s.bind(1, day).run());
  return db_->changed_rows() != 0;
}

Result<void> Traces::put_directory(const PartyId& party, std::int32_t day, ByteView header) {
  HR_TRY(check_header(header));
  Statement s = db_->prepare(
      "INSERT INTO trace_directory (party, day, header, complete) VALUES (?1, ?2, ?3, 0)"
      " ON CONFLICT DO NOTHING");
  HR_TRY(s.bind(1, party.str()).bind(2, day).bind(3, header).run());
  if (db_->changed_rows() != 1) return bad_input("a second directory of one party and day");
  return {};
}

Result<std::optional<TraceDirectory>> Traces::find_directory(const PartyId& party,
                                                             std::int32_t day) {
  Statement s =
      db_->prepare("SELECT header, complete FROM trace_directory WHERE party = ?1 AND day = ?2");
  HR_ASSIGN(const bool found, s.bind(1, party.str()).bind(2, day).step());
  if (!found) return std::optional<TraceDirectory>();
  return std::optional(TraceDirectory{s.blob(0), s.integer(1) != 0});
}

Result<void> Traces::put_chunk(const PartyId& party, std::int32_t day, std::uint32_t number,
                               ByteView records) {
  if (number >= kMaxTraceChunks || records.empty() || records.size() > kMaxTraceChunk ||
      records.size() % kTraceRecordSize != 0)
    return bad_input("a part of a directory out of bounds");
  HR_ASSIGN(const auto directory, find_directory(party, day));
  if (!directory || directory->complete) return bad_input("a part of a directory that takes none");
  HR_ASSIGN(const std::uint32_t stored, chunks_stored(party, day));
  if (number != stored) return bad_input("another part of a directory than the next");
  Statement s = db_->prepare(
      "INSERT INTO trace_chunk (party, day, number, first, records) VALUES (?1, ?2, ?3, ?4, ?5)");
  return s.bind(1, party.str())
      .bind(2, day)
      .bind(3, number)
      .bind(4, records.first(kTraceTagSize))
      .bind(5, records)
      .run();
}

Result<std::uint32_t> Traces::chunks_stored(const PartyId& party, std::int32_t day) {
  Statement s = db_->prepare("SELECT count(number) FROM trace_chunk WHERE party = ?1 AND day = ?2");
  HR_ASSIGN(const bool found, s.bind(1, party.str()).bind(2, day).step());
  return found ? static_cast<std::uint32_t>(s.integer(0)) : 0U;
}

Result<std::optional<Bytes>> Traces::chunk(const PartyId& party, std::int32_t day,
                                           std::uint32_t number) {
  Statement s =
      db_->prepare("SELECT records FROM trace_chunk WHERE party = ?1 AND day = ?2 AND number = ?3");
  HR_ASSIGN(const bool found, s.bind(1, party.str()).bind(2, day).bind(3, number).step());
  if (!found) return std::optional<Bytes>();
  return std::optional(s.blob(0));
}

Result<std::optional<Bytes>> Traces::chunk_with(const PartyId& party, std::int32_t day,
                                                const TraceTag& tag) {
  Statement s = db_->prepare(
      "SELECT records FROM trace_chunk WHERE party = ?1 AND day = ?2 AND first <= ?3"
      " ORDER BY number DESC LIMIT 1");
  HR_ASSIGN(const bool found, s.bind(1, party.str()).bind(2, day).bind(3, ByteView(tag)).step());
  if (!found) return std::optional<Bytes>();
  return std::optional(s.blob(0));
}

Result<void> Traces::set_complete(const PartyId& party, std::int32_t day) {
  Statement s =
      db_->prepare("UPDATE trace_directory SET complete = 1 WHERE party = ?1 AND day = ?2");
  HR_TRY(s.bind(1, party.str()).bind(2, day).run());
  if (db_->changed_rows() != 1) return bad_input("no such directory");
  return {};
}

Result<void> Traces::drop_directory(const PartyId& party, std::int32_t day) {
  for (const char* sql : {"DELETE FROM trace_chunk WHERE party = ?1 AND day = ?2",
                          "DELETE FROM trace_directory WHERE party = ?1 AND day = ?2"}) {
    Statement s = db_->prepare(sql);
    HR_TRY(s.bind(1, party.str()).bind(2, day).run());
  }
  return {};
}

Result<bool> Traces::any_before(std::int32_t day) {
  Statement s = db_->prepare(
      "SELECT 1 WHERE EXISTS (SELECT 1 FROM trace_day WHERE day < ?1)"
      " OR EXISTS (SELECT 1 FROM trace_directory WHERE day < ?1)");
  return s.bind(1, day).step();
}

Result<void> Traces::drop_directories_before(std::int32_t day) {
  for (const char* sql :
       {"DELETE FROM trace_chunk WHERE day < ?1", "DELETE FROM trace_directory WHERE day < ?1"}) {
    Statement s = db_->prepare(sql);
    HR_TRY(s.bind(1, day).run());
  }
  return {};
}

Result<std::optional<SeenTrace>> Traces::find_seen(const PartyId& requester, const SessionId& id) {
  Statement s = db_->prepare(
      "SELECT practitioner, utc_day, request_hash, point_hash, answer, not_after FROM trace_seen"
      " WHERE requester = ?1 AND id = ?2");
  HR_ASSIGN(const bool found, s.bind(1, requester.str()).bind(2, id.view()).step());
  if (!found) return std::optional<SeenTrace>();
  SeenTrace t;
  t.requester = requester;
  t.id = id;
  t.practitioner = s.text(0);
  t.utc_day = static_cast<std::int32_t>(s.integer(1));
  HR_ASSIGN(t.request_hash, read_id<Sha256>(s, 2));
  HR_ASSIGN(t.point_hash, read_id<Sha256>(s, 3));
  t.answer = s.blob(4);
  t.not_after = s.time(5);
  return std::optional(std::move(t));
}

Result<bool> Traces::point_seen(const Sha256& point_hash) {
  Statement s = db_->prepare("SELECT 1 FROM trace_seen WHERE point_hash = ?1");
  return s.bind(1, point_hash.view()).step();
}

Result<void> Traces::add_seen(const SeenTrace& t) {
  HR_TRY(check_line(t.practitioner, kMaxTracePractitioner, "a practitioner's name"));
  HR_TRY(check_size(t.answer.size(), kMaxTraceAnswer, "a trace's answer"));
  Statement s = db_->prepare(
      "INSERT INTO trace_seen (requester, id, practitioner, utc_day, request_hash, point_hash,"
      " answer, not_after) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING");
  HR_TRY(s.bind(1, t.requester.str())
             .bind(2, t.id.view())
             .bind(3, t.practitioner)
             .bind(4, t.utc_day)
             .bind(5, t.request_hash.view())
             .bind(6, t.point_hash.view())
             .bind(7, ByteView(t.answer))
             .bind(8, t.not_after)
             .run());
  if (db_->changed_rows() != 1) return bad_input("a trace's id or point was used before");
  return {};
}

Result<std::uint32_t> Traces::asked_of_agency(const PartyId& requester, std::int32_t utc_day) {
  Statement s =
      db_->prepare("SELECT count(*) FROM trace_seen WHERE requester = ?1 AND utc_day = ?2");
  HR_ASSIGN(const bool found, s.bind(1, requester.str()).bind(2, utc_day).step());
  return found ? static_cast<std::uint32_t>(s.integer(0)) : 0U;
}

Result<std::uint32_t> Traces::asked_of_practitioner(const PartyId& requester,
                                                    const std::string& practitioner,
                                                    std::int32_t utc_day) {
  Statement s = db_->prepare(
      "SELECT count(*) FROM trace_seen"
      " WHERE requester = ?1 AND utc_day = ?2 AND practitioner = ?3");
  HR_ASSIGN(const bool found,
            s.bind(1, requester.str()).bind(2, utc_day).bind(3, practitioner).step());
  return found ? static_cast<std::uint32_t>(s.integer(0)) : 0U;
}

Result<void> Traces::put_opening(const SessionId& id, ByteView opening, UtcTime not_after) {
  HR_TRY(check_size(opening.size(), kMaxTraceOpening, "the opening of a case reference"));
  Statement s = db_->prepare(
      "INSERT INTO trace_opening (id, opening, not_after) VALUES (?1, ?2, ?3)"
      " ON CONFLICT (id) DO UPDATE SET opening = ?2, not_after = ?3");
  return s.bind(1, id.view()).bind(2, opening).bind(3, not_after).run();
}

Result<std::optional<Bytes>> Traces::find_opening(const SessionId& id) {
  Statement s = db_->prepare("SELECT opening FROM trace_opening WHERE id = ?1");
  HR_ASSIGN(const bool found, s.bind(1, id.view()).step());
  if (!found) return std::optional<Bytes>();
  return std::optional<Bytes>(s.blob(0));
}

Result<void> Traces::prune_openings(UtcTime now) {
  Statement s = db_->prepare("DELETE FROM trace_opening WHERE not_after < ?1");
  return s.bind(1, now).run();
}

Result<std::uint64_t> Traces::prune_seen(UtcTime now) {
  const auto today = std::chrono::floor<std::chrono::days>(now).time_since_epoch().count();
  Statement s = db_->prepare("DELETE FROM trace_seen WHERE utc_day < ?1 AND not_after < ?2");
  HR_TRY(s.bind(1, today).bind(2, UtcTime(now - kTraceSeenGrace)).run());
  return static_cast<std::uint64_t>(db_->changed_rows());
}

}  // namespace hedgerow::store
