// The bodies of the messages of the link (cryptography.md B; docs/design/link.md, The run), and
// what is hashed of them.
//
// Every body begins with the attempt's id: release (16), u32 attempt. All integers are
// little-endian. All decoders refuse what is truncated, above a maximum, not canonical, or
// followed by further bytes. Statements carry the plan's session, agreement and expiry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/dleq.h"
#include "crypto/group.h"
#include "crypto/seal.h"
#include "protocol/release.h"

namespace hedgerow::protocol::link {

inline constexpr std::size_t kMinContributors = 3;
inline constexpr std::size_t kMaxContributors = 64;
inline constexpr std::size_t kMinMixers = 2;
inline constexpr std::size_t kMaxMixers = 8;
inline constexpr std::size_t kMinEntries = 16;  // of one contributor
inline constexpr std::size_t kMaxEntries = 8192;
inline constexpr std::size_t kMaxAllEntries = 262144;  // of all contributors together
inline constexpr std::size_t kMaxCells = 20000;
inline constexpr std::size_t kMaxPerChild = 64;
inline constexpr std::size_t kMaxStatement = 1024;
inline constexpr std::size_t kMaxManifestStatement = 16384;

// What goes in one message.
inline constexpr std::size_t kPointsInPart = 512;
inline constexpr std::size_t kOnionsInPart = 512;
inline constexpr std::size_t kBatchInPart = 2048;
inline constexpr std::size_t kHashesInPart = 65536;

// What an entry is of, and whether it says who entered it.
enum class Kind : std::uint8_t {
  children = 1,            // a child in a cell
  episodes = 2,            // a child and the day an episode began
  children_by_agency = 3,  // a child in a cell, with the contributor's number
};

// What is to be computed, without keys: AttemptId, lineage as text, agreement hash (32), grant,
// table, period as text, u8 kind, link cells' hash (32), u32 cells, contributors, mixers (each u32
// count, texts, strictly ascending), u32 entries, u32 cells a child, u32 episodes a child,
// editions head (32), thresholds, i64 expiry. It is the body of link-call.
struct Plan {
  AttemptId id;
  Lineage lineage;
  AgreementHash agreement;
  std::string grant;
  std::string table;
  std::string period;
  Kind kind = Kind::children;
  Sha256 cell_space;
  std::uint32_t cells = 0;
  std::vector<PartyId> contributors;
  std::vector<PartyId> mixers;  // in the order of the cascade
  std::uint32_t entries = 0;    // n, of each contributor
  std::uint32_t cells_per_child = 0;
  std::uint32_t episodes_per_child = 0;
  Sha256 editions_head;
  Thresholds thresholds;
  UtcTime expiry;

  std::size_t points() const { return entries * (kind == Kind::episodes ? 2U : 1U); }
  std::size_t all_entries() const { return entries * contributors.size(); }
  Bytes encode() const;
  static Result<Plan> decode(ByteView bytes);
  friend bool operator==(const Plan&, const Plan&) = default;
};

// A mixer's keys for one attempt: S_j (32), P_j (32), proof of knowledge of s_j (64).
struct MixerKeys {
  Element evaluation;
  SealPublicKey seal;
  DleqProof proof;
  friend bool operator==(const MixerKeys&, const MixerKeys&) = default;
};
// The context that S_j's proof is made for.
std::string key_context(const AttemptId& id, const PartyId& mixer);

// AttemptId, MixerKeys.
struct Key {
  AttemptId id;
  MixerKeys keys;
  Bytes encode() const;
  static Result<Key> decode(ByteView bytes);
};

// The hub's statement: plan behind its length, MixerKeys in the order of the mixers, the hub's
// key for this attempt (32).
struct Manifest {
  Plan plan;
  std::vector<MixerKeys> keys;
  SealPublicKey hub_key;
  Bytes encode() const;
  static Result<Manifest> decode(ByteView bytes);
};
// qh: SHA-512("hedgerow/v1/link-manifest", statement), behind its length.
Hash64 manifest_hash(ByteView manifest_statement);

// Manifest statement behind its length, then every mixer's signature statement, in order.
struct Begin {
  Bytes manifest;
  std::vector<Bytes> signatures;
  Bytes encode() const;
  static Result<Begin> decode(ByteView bytes);
};

// Statements over a hash: AttemptId, qh (64), u32 count, hash (64).
//   manifest signature  count 0, hash zero
//   list                points of the contributor's list, list_hash
//   entries             its onions, onions_hash
//   confirmation        the hashes shown, hashes_hash
struct Vouched {
  AttemptId id;
  Hash64 qh;
  std::uint32_t count = 0;
  Hash64 hash;
  Bytes encode() const;
  static Result<Vouched> decode(ByteView bytes);
  friend bool operator==(const Vouched&, const Vouched&) = default;
};

// A mixer's statement: AttemptId, qh (64), u32 in, hash in (64), u32 out, hash out (64), shown
// (64). `shown`, of the last mixer: hashes_hash of what the hub must show; of the others zero.
struct Counts {
  AttemptId id;
  Hash64 qh;
  std::uint32_t in = 0;
  Hash64 hash_in;
  std::uint32_t out = 0;
  Hash64 hash_out;
  Hash64 shown;
  Bytes encode() const;
  static Result<Counts> decode(ByteView bytes);
  friend bool operator==(const Counts&, const Counts&) = default;
};

// A part of a list: AttemptId, u32 index of the first, the items one after the other, behind their
// length in all. Items are elements (32), onions or hashes (16) of the size that the manifest
// gives.
struct Part {
  AttemptId id;
  std::uint32_t first = 0;
  Bytes items;
  Bytes encode() const;
  static Result<Part> decode(ByteView bytes);
};

// AttemptId, an element (32): M.
struct Check {
  AttemptId id;
  Element element;
  Bytes encode() const;
  static Result<Check> decode(ByteView bytes);
};
// AttemptId, s_j M (32), proof (64).
struct Checked {
  AttemptId id;
  Element element;
  DleqProof proof;
  Bytes encode() const;
  static Result<Checked> decode(ByteView bytes);
};
// AttemptId, proof (64) over the whole list.
struct WholeProof {
  AttemptId id;
  DleqProof proof;
  Bytes encode() const;
  static Result<WholeProof> decode(ByteView bytes);
};
// The context of a proof of evaluation: the tag and qh.
std::string evaluation_context(const Hash64& qh);

// AttemptId alone: link-prove.
Bytes encode_id(const AttemptId& id);
Result<AttemptId> decode_id(ByteView bytes);

// Every statement of the cascade: AttemptId, the contributors' `entries` and the mixers' counts, in
// the manifest's order, each behind its length, behind their u32 numbers.
struct Cascade {
  AttemptId id;
  std::vector<Bytes> entries;
  std::vector<Bytes> counts;
  Bytes encode() const;
  static Result<Cascade> decode(ByteView bytes);
};

// Every contributor's confirmation: AttemptId, u32 count, statements in order, each behind its
// length.
struct Confirmations {
  AttemptId id;
  std::vector<Bytes> statements;
  Bytes encode() const;
  static Result<Confirmations> decode(ByteView bytes);
};

// Why a party does not go on. Never depends on a contributor's records.
enum class RefusalReason : std::uint8_t {
  denied = 1,     // its own evaluation or restrictions deny the table
  editions = 2,   // its chain of released editions has another head
  sent = 3,       // it has sent entries for this release with another roster
  not_ready = 4,  // try again later
  restarted = 5,  // it has ended in mid-attempt and forgotten it
  deviation = 6,  // somebody did not keep to the protocol
  expired = 7,    // its part ran out of time; the culprit is whom it waited for
};
std::string_view name_of(RefusalReason reason);
Code code_of(RefusalReason reason);  // try_again where a later attempt can succeed

inline constexpr std::size_t kMaxReasonText = 200;

// AttemptId, u8 reason, the party at fault as text (empty: none known), text (printable ASCII).
struct Refusal {
  AttemptId id;
  RefusalReason reason = RefusalReason::denied;
  std::string culprit;
  std::string text;
  Bytes encode() const;
  static Result<Refusal> decode(ByteView bytes);
};

// The hub ends the attempt: the same fields.
using Void = Refusal;

// --- hashes, each SHA-512 over its tag, qh and the bytes, each behind its length ---

Hash64 list_hash(const Hash64& qh, ByteView elements);
Hash64 onions_hash(const Hash64& qh, ByteView onions);
// Of what came in at M_1: the contributors' stated hashes, in order.
Hash64 stated_hash(const Hash64& qh, const std::vector<Hash64>& stated);
Hash64 batch_hash(const Hash64& qh, ByteView ciphertexts);
Hash64 hashes_hash(const Hash64& qh, ByteView hashes);

inline constexpr std::size_t kEntryHashSize = 16;
using EntryHash = ByteArray<kEntryHashSize>;
EntryHash entry_hash(ByteView innermost_ciphertext);
// Of a list of innermost ciphertexts, each of `size` bytes: their hashes, ascending, one after the
// other. What the hub shows, and what the last mixer states of it.
Bytes sorted_hashes(ByteView ciphertexts, std::size_t size);

}  // namespace hedgerow::protocol::link
