// One entry of the audit log, format 1 (docs/design/audit-log.md):
//
//   "HRE" 0x01 | random[32] | time i64 ms UTC | database text<=64 | generation u64 | kind text<=64
//   | count u32 <= 64 | count * (key text<=64, value text<=8192)
//
// in the encoding of crypto/base/bytes.h. Never in an entry: an identifier, a pseudonym, an
// unreleased figure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "crypto/base/seams.h"

namespace hedgerow::audit {

inline constexpr std::size_t kMaxEntryName = 64;  // database, kind, key
inline constexpr std::size_t kMaxEntryValue = 8192;
inline constexpr std::size_t kMaxEntryFields = 64;
inline constexpr std::size_t kMaxEntry = 600 * 1024;  // above what the maxima allow

struct Entry {
  ByteArray<32> random{};  // makes the leaf hash unguessable
  UtcTime time{};
  std::string database;          // lineage, or "node"; empty: covers no transaction
  std::uint64_t generation = 0;  // the one the entry covers; 0: none
  std::string kind;              // "question", "evaluate", "release", ...: [a-z0-9.-]
  std::vector<std::pair<std::string, std::string>> fields;  // in a fixed order for each kind

  // Adds a field; returns *this.
  Entry& add(std::string key, std::string value);
  // The value of the first field of that name, or empty.
  std::string_view field(std::string_view key) const;

  friend bool operator==(const Entry&, const Entry&) = default;
};

// An entry with its random bytes drawn.
Entry make_entry(std::string kind, UtcTime time, Random& rng);

// Errors (bad_input): a part beyond its maximum; a name outside [a-z0-9._-]; a generation
// without a database.
Result<Bytes> encode(const Entry& entry);
// Errors (bad_input): any bytes that encode() would not have made.
Result<Entry> decode_entry(ByteView bytes);

}  // namespace hedgerow::audit
