// What two gateways say to each other inside CURVE: one ZeroMQ message of one part
// (docs/design/transport.md, Between gateways).
//
//   u8 version, 1;  u8 kind;  then
//   hello     u64 session       node: a new session; hub: agreed, the same number
//   envelope  1..kPieceSize     the last (or only) piece of a message
//   piece     kPieceSize        a piece that more follow
//   credit    u32 n             n pieces were taken by the receiving core's socket
//   ping                        the hub is there
//   bye                         the session is over; a node asks for a new one
//
// Messages travel in pieces because ZeroMQ's limit on a message's size is also what each
// stranger can make it hold before the handshake.
#pragma once

#include "node/ipc/link.h"

namespace hedgerow::gateway {

inline constexpr std::uint8_t kWireVersion = 1;
inline constexpr std::size_t kWireHeader = 2;
inline constexpr std::size_t kMaxWireFrame = kWireHeader + ipc::kPieceSize;

enum class WireKind : std::uint8_t {
  hello = 0,
  envelope = 1,
  piece = 2,
  credit = 3,
  ping = 4,
  bye = 5,
};

struct WireFrame {
  WireKind kind = WireKind::ping;
  std::uint64_t session = 0;  // hello
  std::uint32_t credit = 0;   // credit: 1 to 2 * kWindow
  ByteView bytes;             // envelope, piece; points into what was decoded
};

Bytes encode_hello(std::uint64_t session);
Bytes encode_piece(ByteView bytes, bool last);
Bytes encode_credit(std::uint32_t n);
Bytes encode_ping();
Bytes encode_bye();

Result<WireFrame> decode_wire(ByteView frame);  // bad_input

}  // namespace hedgerow::gateway
