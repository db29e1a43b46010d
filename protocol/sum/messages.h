// The bodies of the messages of the sum (cryptography.md C), and what is computed over them.
//
//   message            from         to            as
//   manifest           hub          contributors  statement of the hub
//   advert             contributor  hub           statement, shown to all in the roster
//   roster             hub          contributors  list of statements
//   roster signature   contributor  hub           statement, shown to all
//   roster signatures  hub          contributors  list of statements
//   masked input       contributor  hub           sealed to the hub, never shown
//   masked hash        contributor  hub           statement, shown to all
//   masked hashes      hub          contributors  list of statements
//   opening            contributor  hub           sealed to the hub, never shown
//   match rate         contributor  hub           statement, shown to the asker
//   refusal            contributor  hub           statement
//   void               hub          contributors  sealed
//
// Every statement of an attempt carries the manifest's session, agreement and expiry in its
// header. Texts are 1 to 64 printable ASCII characters without blanks. All decoders refuse
// what is truncated, above a maximum, not canonical, or followed by further bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/seams.h"
#include "crypto/base/secret.h"
#include "crypto/base/wiping.h"
#include "crypto/mask.h"
#include "protocol/release.h"

namespace hedgerow::protocol::sum {

inline constexpr std::size_t kMinContributors = 3;
inline constexpr std::size_t kMaxContributors = 64;
inline constexpr std::size_t kMaxCells = 20000;
inline constexpr std::size_t kVectors = 4;  // V || C || K || Z
// One cell of one contributor. 64 contributors stay far below 2^64.
inline constexpr std::uint64_t kMaxCellValue = std::uint64_t{1} << 32U;
inline constexpr std::size_t kMaxManifestStatement = 16384;
inline constexpr std::size_t kMaxSmallStatement = 1024;

using protocol::AttemptId;
using protocol::Parties;
using protocol::release_id;
using protocol::ReleaseId;
using protocol::Thresholds;

// release (16), lineage as text, agreement hash (32), grant, table, period and place level as
// text, cell space (32), u32 cells, contributors (u32 count, each as text; strictly ascending),
// editions head (32), u32 min_children, u32 min_agencies, u32 round_to, u8 true_zero,
// u32 attempt, i64 expiry.
struct Manifest {
  ReleaseId release;
  Lineage lineage;
  AgreementHash agreement;
  std::string grant;
  std::string table;
  std::string period;
  std::string place_level;
  Sha256 cell_space;                  // names the cells and their order
  std::uint32_t cells = 0;            // 1 .. kMaxCells
  std::vector<PartyId> contributors;  // 3 .. 64
  Sha256 editions_head;               // head of the chain of released editions
  Thresholds thresholds;
  std::uint32_t attempt = 0;  // from 1
  UtcTime expiry;

  Bytes encode() const;
  static Result<Manifest> decode(ByteView bytes);
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

// release, attempt, E_i (32).
struct Advert {
  AttemptId id;
  MaskPublicKey key;
  Bytes encode() const;
  static Result<Advert> decode(ByteView bytes);
};

// Roster, roster signatures, masked hashes: release, attempt, u32 count, one encoded statement
// for each contributor, in the manifest's order, each behind its length.
struct StatementList {
  AttemptId id;
  std::vector<Bytes> statements;
  Bytes encode() const;
  static Result<StatementList> decode(ByteView bytes);
};

// h: SHA-512("hedgerow/v1/sum-roster", manifest statement, roster), each behind its length,
// both as encoded.
Hash64 roster_hash(ByteView manifest_statement, ByteView roster);

// release, attempt, h (64).
struct RosterSignature {
  AttemptId id;
  Hash64 roster;
  Bytes encode() const;
  static Result<RosterSignature> decode(ByteView bytes);
};

// release, attempt, h (64), u32 count, that many u64: y, the masked V || C || K || Z.
struct MaskedInput {
  AttemptId id;
  Hash64 roster;
  WipingVector<std::uint64_t> y;
  Bytes encode() const;
  static Result<MaskedInput> decode(ByteView bytes);
};

// H(y): SHA-512("hedgerow/v1/sum-masked-input", body of the masked input), each behind its
// length.
Hash64 masked_input_hash(ByteView masked_input);

// release, attempt, h (64), H(y) (64).
struct MaskedHash {
  AttemptId id;
  Hash64 roster;
  Hash64 masked_input;
  Bytes encode() const;
  static Result<MaskedHash> decode(ByteView bytes);
};

// release, attempt, h (64), b_i (32).
struct Opening {
  AttemptId id;
  Hash64 roster;
  MaskSeed seed;
  Bytes encode() const;
  static Result<Opening> decode(ByteView bytes);
};

inline constexpr std::uint8_t kMaxMatchBand = 4;
inline constexpr std::size_t kMaxMatchStatement = 512;

// For which share of what it counted in this release the contributor knows the child's NHS number,
// as one of a few bands (u8, at most kMaxMatchBand; what they mean is not the protocol's business).
// Sent with the opening; the same in every attempt, since the period is frozen. release, band.
struct MatchRate {
  ReleaseId release;
  std::uint8_t band = 0;
  Bytes encode() const;
  static Result<MatchRate> decode(ByteView bytes);
};

// Why a contributor does not take part. Never depends on the contributor's data.
enum class RefusalReason : std::uint8_t {
  denied = 1,        // its own evaluation or standing restrictions deny the table
  editions = 2,      // its chain of released editions has another head
  opened = 3,        // it has opened this release with another roster
  not_ready = 4,     // try again later
  void_attempt = 5,  // it has given this attempt up
};
std::string_view name_of(RefusalReason reason);
// How a refusal ends the hub's attempt: try_again where a later attempt can succeed.
Code code_of(RefusalReason reason);

inline constexpr std::size_t kMaxReasonText = 200;

// release, attempt, u8 reason, text (printable ASCII, at most kMaxReasonText).
struct Refusal {
  AttemptId id;
  RefusalReason reason = RefusalReason::denied;
  std::string text;
  Bytes encode() const;
  static Result<Refusal> decode(ByteView bytes);
};

// The hub gives the attempt up: release, attempt.
struct Void {
  AttemptId id;
  Bytes encode() const;
  static Result<Void> decode(ByteView bytes);
};

}  // namespace hedgerow::protocol::sum
