// A record of a trace's directory (cryptography.md D; docs/design/trace.md, Days and directories).
//
//   T    = MAP(u32 lineage || u32 responder || i32 day || N, "hedgerow/v1/map/trace")
//   tag || key || 16 unused = SHA-512("hedgerow/v1/trace-record", T, dT), each behind its length
//   record = tag (16) || XChaCha20-Poly1305(key, nonce 0, u16 size || contact, padded to 224)
//
// Without d nobody tells a record from 256 random bytes: not the contact, which is the same in all
// of them, nor whether there is a child at all.
#pragma once

#include <string>
#include <string_view>

#include "crypto/aead.h"
#include "crypto/base/ids.h"
#include "crypto/group.h"
#include "crypto/pseudonym.h"

namespace hedgerow {

inline constexpr std::size_t kTraceTagSize = 16;
inline constexpr std::size_t kTraceRecordSize = 256;
inline constexpr std::size_t kMaxTraceContact = 222;  // bytes of UTF-8

using TraceTag = ByteArray<kTraceTagSize>;
using TraceRecord = ByteArray<kTraceRecordSize>;

struct TraceKeys {
  TraceTag tag{};
  AeadKey key;
};

// T: a child at one responder on one day, in days since 1970-01-01 UTC. Two days, or two
// responders, have nothing in common that shows.
Element trace_point(const Lineage& lineage, const PartyId& responder, std::int32_t day,
                    const Pseudonym& child);

// Where a child's record stands and what opens it; `evaluated` is dT.
TraceKeys trace_keys(const Element& point, const Element& evaluated);

// `contact` is at most kMaxTraceContact bytes (HR_CHECK).
TraceRecord seal_trace_record(const TraceKeys& keys, std::string_view contact);
TraceRecord random_trace_record(Random& rng);

// The contact. Errors (bad_input): not kTraceRecordSize bytes; it does not open; what is inside is
// no contact, or not plain text: it is shown to people.
Result<std::string> open_trace_record(const AeadKey& key, ByteView record);

}  // namespace hedgerow
