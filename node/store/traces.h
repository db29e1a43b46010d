// What a node keeps for traces (cryptography.md D; docs/design/trace.md, Days and directories):
// the secrets of its own days, directories (its own, and those it fetched), and which traces it
// answered, which is also what they were charged with.
//
// Days are days since 1970-01-01, UTC. What is erased is overwritten in the file (PRAGMA
// secure_delete); what still lies in the write-ahead log goes with Database::checkpoint.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "crypto/base/seams.h"
#include "crypto/group.h"
#include "crypto/trace_record.h"
#include "node/store/database.h"

namespace hedgerow::store {

inline constexpr std::size_t kMaxTraceHeader = 1024;  // bytes of a header's statement
inline constexpr std::size_t kMaxTraceChunk = std::size_t{4096} * kTraceRecordSize;
inline constexpr std::uint32_t kMaxTraceChunks = 32;
inline constexpr std::size_t kMaxTraceAnswer = 1024;       // bytes of an answer's statement
inline constexpr std::size_t kMaxTraceOpening = 1024;      // bytes, with its commitment
inline constexpr std::size_t kMaxTracePractitioner = 200;  // bytes of a certificate's URN
inline constexpr std::chrono::hours kTraceSeenGrace{24};   // beyond not_after

// A day for which this node answers traces.
struct TraceDay {
  std::int32_t day = 0;
  SecretScalar secret;  // d
  Bytes header;         // its statement
};

struct TraceDirectory {
  Bytes header;           // its statement
  bool complete = false;  // every chunk is there, and the root is the header's
};

// A trace that was charged and answered.
struct SeenTrace {
  PartyId requester;
  SessionId id;
  std::string practitioner;  // URN of the certificate
  std::int32_t utc_day = 0;  // that was charged
  Sha256 request_hash;
  Sha256 point_hash;
  Bytes answer;  // its statement
  UtcTime not_after{};
};

class Traces {
 public:
  explicit Traces(Database& db) : db_(&db) {}

  // --- own days ---
  // Writes. bad_input: there is one of that day; a header out of bounds.
  Result<void> put_day(std::int32_t day, const SecretScalar& secret, ByteView header);
  Result<std::optional<TraceDay>> own_day(std::int32_t day);
  Result<std::optional<std::int32_t>> newest_own_day();
  // Writes. Secrets and own directories of days before `day`; whether there was any secret.
  Result<bool> erase_days_before(const PartyId& self, std::int32_t day);

  // --- directories ---
  // Writes. bad_input: there is one of that party and day; a header out of bounds.
  Result<void> put_directory(const PartyId& party, std::int32_t day, ByteView header);
  Result<std::optional<TraceDirectory>> find_directory(const PartyId& party, std::int32_t day);
  // Writes. bad_input: no such directory, or complete; not the chunk after those that are there;
  // not 1 to kMaxTraceChunk bytes of whole records.
  Result<void> put_chunk(const PartyId& party, std::int32_t day, std::uint32_t number,
                         ByteView records);
  Result<std::uint32_t> chunks_stored(const PartyId& party, std::int32_t day);
  Result<std::optional<Bytes>> chunk(const PartyId& party, std::int32_t day, std::uint32_t number);
  // The chunk that has the record with this tag if any of this directory has.
  Result<std::optional<Bytes>> chunk_with(const PartyId& party, std::int32_t day,
                                          const TraceTag& tag);
  // Writes. bad_input: no such directory.
  Result<void> set_complete(const PartyId& party, std::int32_t day);
  // Writes; nothing where there is none.
  Result<void> drop_directory(const PartyId& party, std::int32_t day);
  // Whether anything is kept of days before `day`: a secret, or anybody's directory.
  Result<bool> any_before(std::int32_t day);
  // Writes. Of every party.
  Result<void> drop_directories_before(std::int32_t day);

  // --- traces answered ---
  Result<std::optional<SeenTrace>> find_seen(const PartyId& requester, const SessionId& id);
  // Whether a point with this hash came before, from whomever and under whatever id.
  Result<bool> point_seen(const Sha256& point_hash);
  // Writes: this is the charge. bad_input: the requester's id or the point is there already; out of
  // bounds.
  Result<void> add_seen(const SeenTrace& trace);
  // What was charged on a day.
  Result<std::uint32_t> asked_of_agency(const PartyId& requester, std::int32_t utc_day);
  Result<std::uint32_t> asked_of_practitioner(const PartyId& requester,
                                              const std::string& practitioner,
                                              std::int32_t utc_day);
  // --- openings of own traces' case references ---
  // Writes: adds, or replaces. bad_input: out of bounds.
  Result<void> put_opening(const SessionId& id, ByteView opening, UtcTime not_after);
  Result<std::optional<Bytes>> find_opening(const SessionId& id);
  // Writes. Those whose date has passed.
  Result<void> prune_openings(UtcTime now);

  // Writes. Forgets what charges nothing any more and can come again no more: its day is over, and
  // its date passed kTraceSeenGrace ago. How many there were.
  Result<std::uint64_t> prune_seen(UtcTime now);

 private:
  Database* db_;
};

}  // namespace hedgerow::store
