// The messages of the trace (cryptography.md D; docs/design/trace.md), as bytes.
//
//   message        from          to            as
//   header-get     requester     responder     sealed, empty
//   header         responder     requester     statement
//   chunk-get      requester     responder     sealed
//   chunk          responder     requester     sealed
//   request        practitioner  own node      statement, shown to all
//   approval       approver      own node      statement, shown to all
//   ask            requester     responder     request, approval and one point, sealed
//   notice         requester     all others    request and approval, sealed
//   answer         responder     requester     statement
//   refusal        responder     requester     statement
//   collect        practitioner  own node      statement, without a body
//
// A request's id is the session of everything from it on. All decoders refuse what is truncated,
// above a maximum, not canonical, or followed by further bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/dleq.h"
#include "crypto/group.h"
#include "crypto/merkle.h"
#include "protocol/statement.h"

namespace hedgerow::protocol::trace {

inline constexpr std::size_t kMaxResponders = 63;
inline constexpr std::size_t kMaxWord = 64;     // bytes of a purpose or a legal basis
inline constexpr std::size_t kMaxReason = 500;  // bytes
inline constexpr std::size_t kMaxPersonStatement = std::size_t{32} << 10U;

// Bounds of a directory: bucket sizes and what a chunk holds, in records of kTraceRecordSize.
inline constexpr std::uint32_t kChunkRecords = 4096;
inline constexpr std::uint32_t kMaxRecords = std::uint32_t{1} << 17U;

// The directory of one responder for one day. Body of the statement trace-header: i32 day, K 32,
// u32 records, root 32.
struct DirectoryHeader {
  std::int32_t day = 0;  // since 1970-01-01, UTC
  Element key;           // K = dG
  std::uint32_t records = 0;
  MerkleHash root{};  // RFC 6962, a leaf a record

  std::uint32_t chunks() const { return (records + kChunkRecords - 1) / kChunkRecords; }
  // Records in this chunk; 0 beyond the last.
  std::uint32_t records_in(std::uint32_t chunk) const;

  Bytes encode() const;
  // Errors: not such a body; a number of records that is no bucket; a bad element.
  static Result<DirectoryHeader> decode(ByteView bytes);
  friend bool operator==(const DirectoryHeader&, const DirectoryHeader&) = default;
};

// trace-chunk-get: i32 day, u32 chunk, from 0.
struct ChunkGet {
  std::int32_t day = 0;
  std::uint32_t chunk = 0;
  Bytes encode() const;
  static Result<ChunkGet> decode(ByteView bytes);
};

// trace-chunk: i32 day, u32 chunk, u32 records of kTraceRecordSize each.
struct Chunk {
  std::int32_t day = 0;
  std::uint32_t chunk = 0;
  Bytes records;
  Bytes encode() const;
  // Errors: not such a body; not 1 to kChunkRecords whole records.
  static Result<Chunk> decode(ByteView bytes);
};

// What a practitioner signs. Purpose, legal basis and reason as texts, commitment 32, u32 n, n
// times (party as text, i32 day, SHA-256 of its point 32), by party.
struct Order {
  struct Point {
    PartyId party;
    std::int32_t day = 0;
    Sha256 hash;  // of the blinded point's 32 bytes
    friend bool operator==(const Point&, const Point&) = default;
  };

  std::string purpose;
  std::string legal_basis;
  std::string reason;
  ByteArray<32> commitment{};  // to the case reference (crypto/trace_case.h)
  std::vector<Point> points;   // 1 to kMaxResponders, strictly ascending

  const Point* point_of(const PartyId& party) const;
  Bytes encode() const;
  static Result<Order> decode(ByteView bytes);
  friend bool operator==(const Order&, const Order&) = default;
};

// A person's statement whose chain, signature and date hold. Its body is the certificate (DER),
// then what is said, each behind its length.
struct Signed {
  SessionId id;
  Certificate person;
  AgreementHash agreement;
  UtcTime not_after;
  Bytes said;
  Bytes statement;  // exact bytes
};

// Signs for a person: trace_request says an Order, trace_approval the SHA-256 of the request
// statement's bytes, trace_collect nothing.
Statement sign(const SigningKey& key, const Certificate& person, MessageType type,
               const Lineage& lineage, const AgreementHash& agreement, const SessionId& id,
               UtcTime not_after, ByteView said);

// Verifies a person's statement: the chain to `root` (the root that the agreement names for the
// person's agency), the kind of certificate, the signature, the date. The sender must be the
// certificate's agency. Revocation is for the caller. Errors name the sender as culprit; denied:
// the certificate or the statement has expired, or is of another kind.
Result<Signed> verify_signed(ByteView statement, MessageType type, const Certificate& root,
                             const Lineage& lineage, UtcTime now);

// The same for somebody without the root at hand: only the signature under the certificate inside,
// its kind and its agency. Whether the certificate counts, and the dates, are for the caller.
Result<Signed> read_signed(ByteView statement, MessageType type);

// trace-ask: request and approval statements, each behind its length, and B 32.
struct Ask {
  Bytes request;
  Bytes approval;
  Element point;
  Bytes encode() const;
  static Result<Ask> decode(ByteView bytes);
};

// trace-notice: the same without a point.
struct Notice {
  Bytes request;
  Bytes approval;
  Bytes encode() const;
  static Result<Notice> decode(ByteView bytes);
};

// Body of the statement trace-answer: SHA-256 of the request statement 32, i32 day, Z 32, proof 64:
// log_G K = log_B Z (RFC 9497, context "hedgerow/v1/trace-evaluation").
struct Answer {
  Sha256 request;
  std::int32_t day = 0;
  Element evaluated;  // Z = dB
  DleqProof proof;
  Bytes encode() const;
  static Result<Answer> decode(ByteView bytes);
};

enum class RefusalReason : std::uint8_t {
  malformed = 1,      // not such a message, or a point that is none
  signature = 2,      // a signature or a certificate that does not hold
  not_permitted = 3,  // not under this agreement, or not by these two people
  quota = 4,          // no trace left today
  day = 5,            // another day than today or yesterday, or no directory of it
  expired = 6,
  reused = 7,  // the id or the point was used for another request
  point = 8,   // another point than was signed
};
std::string_view name_of(RefusalReason reason);
std::string_view in_words(RefusalReason reason);

// Body of the statement trace-refusal: SHA-256 of the request statement (zeros where it could not
// be read) 32, u8 reason.
struct Refusal {
  Sha256 request;
  RefusalReason reason = RefusalReason::malformed;
  Bytes encode() const;
  static Result<Refusal> decode(ByteView bytes);
};

// The smallest bucket that holds so many records; kMaxRecords where none does.
std::uint32_t bucket_of(std::size_t records);

}  // namespace hedgerow::protocol::trace
