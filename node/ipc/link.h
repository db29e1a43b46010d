// Frames on the gateway socket, between the gateway and the core. The core listens, the gateway
// connects. The core treats the gateway as hostile: everything here is bounded when decoded, and
// what `received` carries is signed and sealed end to end.
//
// Course of a connection: gateway `hello`; core `configure` (again at any time); then `send` and
// the rest. A new connection begins with no peer up and no credit.
//
// A peer's session: from `peer_up` to `peer_down` (or the connection's end, or the next `peer_up`
// of the same peer) messages arrive whole, once and in order, at the peer's core as here; all
// that was in flight at `peer_down` may be lost. `peer_up` means that the peer's own core is
// attached to its gateway: it is the moment to send the outbox again.
//
// Credit: each `peer_up` sets the peer's credit to zero; `credit` adds to it; sending a message
// costs message_cost(size). The core never sends without credit (Credits, below, counts it);
// a message to a peer that is not up, or beyond the credit, is dropped. At most kWindow credits
// are out at a time: one message of the greatest size, or kWindow small ones.
#pragma once

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "crypto/base/ids.h"
#include "node/ipc/frames.h"

namespace hedgerow::ipc {

using CurveKey = Id<struct CurveKeyTag, 32>;  // a node's public CURVE key: its name on the wire

inline constexpr std::uint32_t kLinkVersion = 1;
inline constexpr std::size_t kMaxAllowed = 1024;  // keys in an allow-list
inline constexpr std::size_t kMaxEndpoint = 256;
inline constexpr std::size_t kMaxTrouble = 512;
inline constexpr std::size_t kPieceSize = 64 * 1024;  // bytes of a message that cost one credit
inline constexpr std::uint32_t kWindow = 64;

// 1 for a message of up to kPieceSize bytes, 64 for one of kMaxMessage.
std::uint32_t message_cost(std::size_t message_size);

enum class LinkKind : std::uint8_t {
  // gateway to core
  hello = 16,
  peer_up = 17,
  peer_down = 18,
  received = 19,
  credit = 20,
  listening = 21,
  trouble = 22,
  // core to gateway
  configure = 32,
  send = 33,
};

struct Hello {
  std::uint32_t version = kLinkVersion;
  friend bool operator==(const Hello&, const Hello&) = default;
};
struct PeerUp {
  CurveKey peer;
  friend bool operator==(const PeerUp&, const PeerUp&) = default;
};
struct PeerDown {
  CurveKey peer;
  friend bool operator==(const PeerDown&, const PeerDown&) = default;
};
struct Received {
  CurveKey peer;  // who sent it, as the CURVE handshake proved
  Bytes bytes;    // 1 to kMaxMessage
  friend bool operator==(const Received&, const Received&) = default;
};
struct Credit {
  CurveKey peer;
  std::uint32_t n = 0;  // 1 to kWindow
  friend bool operator==(const Credit&, const Credit&) = default;
};
// The hub's gateway listens; the endpoint with the port that was really bound.
struct Listening {
  std::string endpoint;
  friend bool operator==(const Listening&, const Listening&) = default;
};
// What stands in the gateway's way, for the operator: an address in use, a key that does not fit.
struct Trouble {
  std::string text;
  friend bool operator==(const Trouble&, const Trouble&) = default;
};

enum class Role : std::uint8_t { hub = 1, node = 2 };

struct Configure {
  Role role = Role::node;
  std::string endpoint;  // hub: where to listen (port * lets the system choose); node: the hub's
  CurveKey own;          // must be the key in keys/curve.key
  CurveKey hub;          // node: the hub's key; hub: zeros
  std::vector<CurveKey> allowed;  // hub: who may connect, ascending, without repeats; node: empty
  friend bool operator==(const Configure&, const Configure&) = default;
};
struct Send {
  CurveKey peer;
  Bytes bytes;  // 1 to kMaxMessage
  friend bool operator==(const Send&, const Send&) = default;
};

using FromGateway = std::variant<Hello, PeerUp, PeerDown, Received, Credit, Listening, Trouble>;
using ToGateway = std::variant<Configure, Send>;

Frame encode(const FromGateway& message);
Frame encode(const ToGateway& message);
Result<FromGateway> decode_from_gateway(const Frame& frame);  // bad_input
Result<ToGateway> decode_to_gateway(const Frame& frame);      // bad_input

// The core's account of what it may send. Give it every message of the gateway, and start a new
// one with every new connection.
class Credits {
 public:
  void apply(const FromGateway& message);
  bool is_up(const CurveKey& peer) const { return left_.contains(peer); }
  std::uint32_t left(const CurveKey& peer) const;
  // Pays for one message; false, with nothing taken, where the peer is down or the credit short.
  bool take(const CurveKey& peer, std::size_t message_size);

 private:
  std::map<CurveKey, std::uint32_t> left_;
};

}  // namespace hedgerow::ipc
