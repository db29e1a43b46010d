#include "node/core/receipt_rows.h"

#include "protocol/answering.h"

namespace hedgerow::core {

Bytes encode_receipts(const std::map<PartyId, Bytes>& receipts) {
  Writer w;
  w.u32(static_cast<std::uint32_t>(receipts.size()));
  for (const auto& [party, receipt] : receipts) w.text(party.str()).bytes(receipt);
  return std::move(w).take();
}

Result<std::map<PartyId, Bytes>> decode_receipts(ByteView bytes) {
  std::map<PartyId, Bytes> out;
  if (bytes.empty()) return out;
  Reader r(bytes);
  const std::size_t n = r.count(protocol::kMaxAnsweringParties, 8);
  for (std::size_t i = 0; i < n; ++i) {
    HR_ASSIGN(PartyId party, PartyId::parse(r.text(64)));
    if (!out.empty() && party <= out.rbegin()->first)
      return bad_input("stored receipts out of their order");
    out[std::move(party)] = to_bytes(r.bytes(protocol::kMaxReceiptBytes));
  }
  HR_TRY(r.finish("stored receipts"));
  return out;
}

}  // namespace hedgerow::core
