#include "protocol/header_bytes.h"

namespace hedgerow::protocol {

void write_domain(Writer& w, MessageType type) {
  w.raw(as_bytes("hedgerow/v1/")).raw(as_bytes(name_of(type))).raw(as_bytes("\n"));
}

void write_signed_context(Writer& w, const Lineage& lineage, const AgreementHash& agreement,
                          const SessionId& session, std::uint64_t sequence, UtcTime not_after) {
  w.text(lineage.str()).bytes(agreement.view()).bytes(session.view());
  w.u32(8).u64(sequence);
  w.u32(8).time(not_after);
}

void write_wire_context(Writer& w, const Lineage& lineage, const AgreementHash& agreement,
                        const SessionId& session, std::uint64_t sequence, UtcTime not_after) {
  w.text(lineage.str()).raw(agreement.view()).raw(session.view());
  w.u64(sequence).time(not_after);
}

Result<void> read_version_and_type(Reader& r, MessageType& type) {
  if (r.u8() != kWireVersion) return bad_input("a message of an unknown version");
  const auto known = message_type_from(r.u8());
  if (!known) return bad_input("a message of an unknown type");
  type = *known;
  return {};
}

Result<void> read_name(Reader& r, PartyId& party) {
  HR_ASSIGN(party, PartyId::parse(r.text(64)));
  return {};
}

Result<void> read_wire_context(Reader& r, Lineage& lineage, AgreementHash& agreement,
                               SessionId& session, std::uint64_t& sequence, UtcTime& not_after) {
  HR_ASSIGN(lineage, Lineage::parse(r.text(64)));
  agreement.bytes = r.array<32>();
  session.bytes = r.array<16>();
  sequence = r.u64();
  not_after = r.time();
  return {};
}

}  // namespace hedgerow::protocol
