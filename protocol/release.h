// What is released once, and who takes part in computing it: what every joint computation over
// frozen rows has in common (the sum, the link).
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/sign.h"
#include "protocol/statement.h"

namespace hedgerow::protocol {

using ReleaseId = Id<struct ReleaseTag, 16>;

// What is released can be released once, so its name follows from what it is and nobody
// chooses it: SHA-256("hedgerow/v1/release", lineage, grant, table, period)[:16], each behind
// its length. A contributor refuses a manifest with another.
ReleaseId release_id(const Lineage& lineage, std::string_view grant, std::string_view table,
                     std::string_view period);

struct Thresholds {
  std::uint32_t min_children = 0;
  std::uint32_t min_agencies = 0;
  std::uint32_t round_to = 0;
  bool true_zero = false;
  friend bool operator==(const Thresholds&, const Thresholds&) = default;
};

// Which attempt at which release: the first fields of every message of an attempt.
struct AttemptId {
  ReleaseId release;
  std::uint32_t attempt = 0;
  friend bool operator==(const AttemptId&, const AttemptId&) = default;
};

// Who takes part. `key` is the node's message key; it outlives the role.
struct Parties {
  PartyId self;
  PartyId hub;
  std::map<PartyId, VerifyKey> keys;  // message keys: of the hub and of everybody who takes part
  const SigningKey* key = nullptr;
};

// The body of a statement that must have exactly this type and header, by the signature under
// `key`. Errors: bad_input, `blame` as culprit.
Result<Bytes> read_statement_of(MessageType type, const StatementHeader& expected,
                                const VerifyKey& key, ByteView statement, const PartyId& blame);

// --- fields that messages of attempts share; a reader fails on what is out of bounds ---

inline constexpr std::size_t kMaxNameBytes = 64;

void write_attempt_id(Writer& w, const AttemptId& id);
AttemptId read_attempt_id(Reader& r);
void write_thresholds(Writer& w, const Thresholds& thresholds);  // u32 u32 u32 u8
Thresholds read_thresholds(Reader& r);
// 1 to 64 printable ASCII characters without blanks.
std::string read_label(Reader& r);
template <class N>
N read_name_of(Reader& r) {
  auto name = N::parse(r.text(kMaxNameBytes));
  if (name.ok()) return *name;
  r.fail();
  return {};
}
// u32 count, each as text, strictly ascending.
void write_parties(Writer& w, const std::vector<PartyId>& parties);
std::vector<PartyId> read_parties(Reader& r, std::size_t min, std::size_t max);

}  // namespace hedgerow::protocol
