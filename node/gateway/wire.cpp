#include "node/gateway/wire.h"

namespace hedgerow::gateway {
namespace {

Writer begin(WireKind kind) {
  Writer w;
  w.u8(kWireVersion).u8(static_cast<std::uint8_t>(kind));
  return w;
}

}  // namespace

Bytes encode_hello(std::uint64_t session) {
  return std::move(begin(WireKind::hello).u64(session)).take();
}

Bytes encode_piece(ByteView bytes, bool last) {
  HR_CHECK(!bytes.empty() && bytes.size() <= ipc::kPieceSize);
  HR_CHECK(last || bytes.size() == ipc::kPieceSize);
  return std::move(begin(last ? WireKind::envelope : WireKind::piece).raw(bytes)).take();
}

Bytes encode_credit(std::uint32_t n) { return std::move(begin(WireKind::credit).u32(n)).take(); }
Bytes encode_ping() { return begin(WireKind::ping).take(); }
Bytes encode_bye() { return begin(WireKind::bye).take(); }

Result<WireFrame> decode_wire(ByteView frame) {
  Reader r(frame);
  WireFrame f;
  if (r.u8() != kWireVersion) return bad_input("wire frame of an unknown version");
  const std::uint8_t kind = r.u8();
  if (kind > static_cast<std::uint8_t>(WireKind::bye))
    return bad_input("wire frame of an unknown kind");
  f.kind = static_cast<WireKind>(kind);
  switch (f.kind) {
    case WireKind::hello:
      f.session = r.u64();
      break;
    case WireKind::envelope:
    case WireKind::piece: {
      const std::size_t size = r.left();
      const bool fits = f.kind == WireKind::piece ? size == ipc::kPieceSize
                                                  : size >= 1 && size <= ipc::kPieceSize;
      if (!fits) return bad_input("wire frame of a wrong size");
      f.bytes = r.raw(size);
      break;
    }
    case WireKind::credit:
      f.credit = r.u32();
      if (f.credit < 1 || f.credit > 2 * ipc::kWindow) r.fail();
      break;
    case WireKind::ping:
    case WireKind::bye:
      break;
  }
  HR_TRY(r.finish("wire frame"));
  return f;
}

}  // namespace hedgerow::gateway
