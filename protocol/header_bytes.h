// The fields that statements and envelopes have in common, in their two encodings: as signed
// (each behind its length) and on the wire.
#pragma once

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/seams.h"
#include "protocol/message.h"

namespace hedgerow::protocol {

inline constexpr std::uint8_t kWireVersion = 1;

void write_domain(Writer& w, MessageType type);
void write_signed_context(Writer& w, const Lineage& lineage, const AgreementHash& agreement,
                          const SessionId& session, std::uint64_t sequence, UtcTime not_after);
void write_wire_context(Writer& w, const Lineage& lineage, const AgreementHash& agreement,
                        const SessionId& session, std::uint64_t sequence, UtcTime not_after);

Result<void> read_version_and_type(Reader& r, MessageType& type);
Result<void> read_name(Reader& r, PartyId& party);
Result<void> read_wire_context(Reader& r, Lineage& lineage, AgreementHash& agreement,
                               SessionId& session, std::uint64_t& sequence, UtcTime& not_after);

}  // namespace hedgerow::protocol
