#include "node/ipc/link.h"

#include <algorithm>

namespace hedgerow::ipc {
namespace {

Frame frame_of(LinkKind kind, const Writer& w) {
  return make_frame(static_cast<std::uint8_t>(kind), {w.data().data(), w.data().size()});
}

CurveKey read_key(Reader& r) { return {r.array<CurveKey::kSize>()}; }

Bytes read_message(Reader& r) {
  const ByteView v = r.bytes(kMaxMessage);
  if (v.empty()) r.fail();
  return to_bytes(v);
}

struct FromGatewayEncoder {
  Frame operator()(const Hello& m) const {
    return frame_of(LinkKind::hello, Writer().u32(m.version));
  }
  Frame operator()(const PeerUp& m) const {
    return frame_of(LinkKind::peer_up, Writer().raw(m.peer.view()));
  }
  Frame operator()(const PeerDown& m) const {
    return frame_of(LinkKind::peer_down, Writer().raw(m.peer.view()));
  }
  Frame operator()(const Received& m) const {
    HR_CHECK(!m.bytes.empty() && m.bytes.size() <= kMaxMessage);
    return frame_of(LinkKind::received, Writer().raw(m.peer.view()).bytes(m.bytes));
  }
  Frame operator()(const Credit& m) const {
    HR_CHECK(m.n >= 1 && m.n <= kWindow);
    return frame_of(LinkKind::credit, Writer().raw(m.peer.view()).u32(m.n));
  }
  Frame operator()(const Listening& m) const {
    HR_CHECK(m.endpoint.size() <= kMaxEndpoint);
    return frame_of(LinkKind::listening, Writer().text(m.endpoint));
  }
  Frame operator()(const Trouble& m) const {
    return frame_of(LinkKind::trouble, Writer().text(m.text.substr(0, kMaxTrouble)));
  }
};

struct ToGatewayEncoder {
  Frame operator()(const Configure& m) const {
    HR_CHECK(m.endpoint.size() <= kMaxEndpoint && m.allowed.size() <= kMaxAllowed);
    HR_CHECK(std::adjacent_find(m.allowed.begin(), m.allowed.end(), std::greater_equal<>()) ==
             m.allowed.end());
    Writer w;
    w.u8(static_cast<std::uint8_t>(m.role))
        .text(m.endpoint)
        .raw(m.own.view())
        .raw(m.hub.view())
        .u32(static_cast<std::uint32_t>(m.allowed.size()));
    for (const CurveKey& key : m.allowed) w.raw(key.view());
    return frame_of(LinkKind::configure, w);
  }
  Frame operator()(const Send& m) const {
    HR_CHECK(!m.bytes.empty() && m.bytes.size() <= kMaxMessage);
    return frame_of(LinkKind::send, Writer().raw(m.peer.view()).bytes(m.bytes));
  }
};

Result<ToGateway> read_configure(Reader& r) {
  Configure m;
  const std::uint8_t role = r.u8();
  m.endpoint = r.text(kMaxEndpoint);
  m.own = read_key(r);
  m.hub = read_key(r);
  const std::size_t n = r.count(kMaxAllowed, CurveKey::kSize);
  m.allowed.reserve(n);
  for (std::size_t i = 0; i < n; ++i) m.allowed.push_back(read_key(r));
  HR_TRY(r.finish("configure"));
  const bool hub = role == static_cast<std::uint8_t>(Role::hub);
  if (!hub && role != static_cast<std::uint8_t>(Role::node))
    return bad_input("configure with an unknown role");
  m.role = hub ? Role::hub : Role::node;
  if (m.endpoint.empty()) return bad_input("configure without an endpoint");
  if (hub != m.hub.is_zero()) return bad_input("configure whose hub key does not fit its role");
  if (!hub && !m.allowed.empty()) return bad_input("configure of a node with an allow-list");
  if (std::adjacent_find(m.allowed.begin(), m.allowed.end(), std::greater_equal<>()) !=
      m.allowed.end())
    return bad_input("configure with an allow-list out of order");
  return ToGateway(std::move(m));
}

}  // namespace

std::uint32_t message_cost(std::size_t message_size) {
  HR_CHECK(message_size <= kMaxMessage);
  const std::size_t pieces = (message_size + kPieceSize - 1) / kPieceSize;
  return static_cast<std::uint32_t>(std::max<std::size_t>(pieces, 1));
}

Frame encode(const FromGateway& message) { return std::visit(FromGatewayEncoder{}, message); }
Frame encode(const ToGateway& message) { return std::visit(ToGatewayEncoder{}, message); }

Result<FromGateway> decode_from_gateway(const Frame& frame) {
  Reader r(frame.view());
  FromGateway m;
  switch (static_cast<LinkKind>(frame.kind)) {
    case LinkKind::hello:
      m = Hello{r.u32()};
      break;
    case LinkKind::peer_up:
      m = PeerUp{read_key(r)};
      break;
    case LinkKind::peer_down:
      m = PeerDown{read_key(r)};
      break;
    case LinkKind::received: {
      Received received{read_key(r), {}};
      received.bytes = read_message(r);
      m = std::move(received);
      break;
    }
    case LinkKind::credit: {
      Credit credit{read_key(r), 0};
      credit.n = r.u32();
      if (credit.n < 1 || credit.n > kWindow) r.fail();
      m = credit;
      break;
    }
    case LinkKind::listening:
      m = Listening{r.text(kMaxEndpoint)};
      break;
    case LinkKind::trouble:
      m = Trouble{r.text(kMaxTrouble)};
      break;
    case LinkKind::configure:
    case LinkKind::send:
      return bad_input("gateway frame in the wrong direction");
  }
  if (frame.kind < static_cast<std::uint8_t>(LinkKind::hello) ||
      frame.kind > static_cast<std::uint8_t>(LinkKind::trouble))
    return bad_input("gateway frame of an unknown kind");
  HR_TRY(r.finish("gateway frame"));
  return m;
}

Result<ToGateway> decode_to_gateway(const Frame& frame) {
  Reader r(frame.view());
  switch (static_cast<LinkKind>(frame.kind)) {
    case LinkKind::configure:
      return read_configure(r);
    case LinkKind::send: {
      Send m{read_key(r), {}};
      m.bytes = read_message(r);
      HR_TRY(r.finish("send"));
      return ToGateway(std::move(m));
    }
    case LinkKind::hello:
    case LinkKind::peer_up:
    case LinkKind::peer_down:
    case LinkKind::received:
    case LinkKind::credit:
    case LinkKind::listening:
    case LinkKind::trouble:
      return bad_input("gateway frame in the wrong direction");
  }
  return bad_input("gateway frame of an unknown kind");
}

void Credits::apply(const FromGateway& message) {
  if (const auto* up = std::get_if<PeerUp>(&message)) {
    if (left_.size() < kMaxAllowed || left_.contains(up->peer)) left_[up->peer] = 0;
  } else if (const auto* down = std::get_if<PeerDown>(&message)) {
    left_.erase(down->peer);
  } else if (const auto* credit = std::get_if<Credit>(&message)) {
    const auto it = left_.find(credit->peer);
    // The gateway is not trusted to count: more than a window is never out.
    if (it != left_.end()) it->second = std::min(it->second + credit->n, kWindow);
  }
}

std::uint32_t Credits::left(const CurveKey& peer) const {
  const auto it = left_.find(peer);
  return it == left_.end() ? 0 : it->second;
}

bool Credits::take(const CurveKey& peer, std::size_t message_size) {
  const auto it = left_.find(peer);
  const std::uint32_t cost = message_cost(message_size);
  if (it == left_.end() || it->second < cost) return false;
  it->second -= cost;
  return true;
}

}  // namespace hedgerow::ipc
