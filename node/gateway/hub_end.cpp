#include "node/gateway/hub_end.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace hedgerow::gateway {
namespace {

constexpr int kMessagesAtATime = 256;
constexpr Milliseconds kPingInterval = 500;
constexpr Milliseconds kStuckInterval = 10;
constexpr Milliseconds kReportInterval = 10'000;
constexpr Milliseconds kHelloInterval = 200;  // of one key
constexpr Milliseconds kByeInterval = 200;    // to one key

// Over all peers together, whatever each may hold by its own window.
constexpr std::size_t kMaxWaiting = std::size_t{96} << 20;
constexpr std::size_t kMaxPartial = std::size_t{48} << 20;

constexpr std::size_t kParts = 2;  // routing id, wire frame

// Takes one of something a key may have once in `interval`.
bool is_due(std::map<ipc::CurveKey, Milliseconds>& last, const ipc::CurveKey& key, Milliseconds now,
            Milliseconds interval) {
  const auto [it, fresh] = last.try_emplace(key, now);
  if (!fresh && now - it->second < interval) return false;
  it->second = now;
  return true;
}

}  // namespace

Result<std::unique_ptr<PeerEnd>> open_hub_end(zmq::context_t& context, const CurvePair& pair,
                                              Zap& zap, Outlet& outlet, const DoorPlan& plan) {
  HR_ASSIGN(zmq::socket_t socket, make_socket(context, zmq::socket_type::router));
  HR_TRY(set_limits(socket));
  HR_TRY(set_curve_server(socket, pair));
  HR_TRY(set_option(socket, ZMQ_ROUTER_MANDATORY, 1));
  // A peer that claims another's routing id must not take over its connection.
  HR_TRY(set_option(socket, ZMQ_ROUTER_HANDOVER, 0));
  HR_ASSIGN(std::unique_ptr<Door> door, Door::open(plan));
  HR_TRY(gateway::bind(socket, "ipc://" + plan.inner_path));
  spdlog::info("listening on {}", door->endpoint());
  return std::unique_ptr<PeerEnd>(
      std::make_unique<HubEnd>(std::move(socket), std::move(door), zap, outlet));
}

void HubEnd::attach() {
  attached_ = true;
  outlet_.tell(ipc::Listening{door_->endpoint()});
}

void HubEnd::detach() {
  attached_ = false;
  while (!peers_.empty()) end(peers_.begin(), true);
}

void HubEnd::send(const ipc::Send& message) {
  const auto it = peers_.find(message.peer);
  if (it == peers_.end()) return;
  std::size_t waiting = message.bytes.size();
  for (const auto& [key, peer] : peers_) waiting += peer.session.waiting_bytes();
  if (waiting > kMaxWaiting || !it->second.session.offer(message.bytes)) {
    spdlog::warn("more for {:.8} than may wait; its session starts again", it->first.hex());
    end(it, true);
    return;
  }
  if (!it->second.stuck && !flush(it->second)) end(it, false);
}

std::vector<zmq_pollitem_t> HubEnd::poll_items() {
  const bool reading = attached_ && outlet_.accepting();
  return {{socket_.handle(), -1, static_cast<short>(reading ? ZMQ_POLLIN : 0), 0},
          {nullptr, door_->parties_fd(), ZMQ_POLLIN, 0},
          {nullptr, door_->strangers_fd(), ZMQ_POLLIN, 0}};
}

void HubEnd::on_poll(std::span<const zmq_pollitem_t> items, Milliseconds now) {
  if ((items[1].revents & ZMQ_POLLIN) != 0) door_->serve_parties(now);
  if ((items[0].revents & ZMQ_POLLIN) != 0) {
    read(now);
    flush_all();
  }
  if ((items[2].revents & ZMQ_POLLIN) != 0) door_->serve_strangers(now);
}

void HubEnd::read(Milliseconds now) {
  for (int i = 0; i < kMessagesAtATime && attached_ && outlet_.accepting(); ++i) {
    auto message = receive(socket_, kParts);
    if (!message) return;
    on_message(*message, now);
  }
}

void HubEnd::on_message(Received& message, Milliseconds now) {
  // A ROUTER's first part is its own, and what a peer sends has the peer's key in each part.
  const auto key = user_of(message.parts.back());
  if (!key) {
    ++refused_;
    return;
  }
  if (message.excess || message.parts.size() != kParts)
    return refuse(*key, "a message of several parts");
  // ZAP ran at the handshake only: the list may have changed since.
  if (!zap_.allows(*key)) return refuse(*key, "no longer on the allow-list");
  const ByteView routing_id = view(message.parts[0]);
  const auto frame = decode_wire(view(message.parts[1]));
  if (!frame.ok()) return refuse(*key, frame.error().text);
  const auto it = peers_.find(*key);
  const bool current = it != peers_.end() && std::ranges::equal(it->second.routing_id, routing_id);
  switch (frame->kind) {
    case WireKind::hello:
      on_hello(*key, routing_id, frame->session, now);
      return;
    case WireKind::envelope:
    case WireKind::piece:
    case WireKind::credit:
      if (current)
        on_data(it, *frame);
      else
        say_bye(*key, routing_id, now);
      return;
    case WireKind::bye:
      if (current) end(it, false);
      return;
    case WireKind::ping:
      return;
  }
}

void HubEnd::on_hello(const ipc::CurveKey& key, ByteView routing_id, std::uint64_t number,
                      Milliseconds now) {
  const auto it = peers_.find(key);
  if (it != peers_.end() && it->second.number == number &&
      std::ranges::equal(it->second.routing_id, routing_id)) {
    // The same hello, asked again before our answer came.
    if (send_to(socket_, routing_id, encode_hello(number)) == SendOutcome::unreachable)
      end(it, false);
    return;
  }
  if (!is_due(last_hello_, key, now, kHelloInterval)) return;
  if (it != peers_.end()) end(it, false);
  if (send_to(socket_, routing_id, encode_hello(number)) != SendOutcome::sent) return;
  Peer peer;
  peer.routing_id = to_bytes(routing_id);
  peer.number = number;
  peers_.emplace(key, std::move(peer));
  spdlog::info("peer {:.8} is up", key.hex());
  outlet_.tell(ipc::PeerUp{key});
  outlet_.tell(ipc::Credit{key, ipc::kWindow});
}

void HubEnd::on_data(Peers::iterator peer, const WireFrame& frame) {
  Session& session = peer->second.session;
  if (frame.kind == WireKind::credit) {
    if (const std::uint32_t n = session.on_credit(frame.credit); n > 0)
      outlet_.tell(ipc::Credit{peer->first, std::min(n, ipc::kWindow)});
    return;
  }
  std::size_t partial = frame.bytes.size();
  for (const auto& [key, other] : peers_) partial += other.session.partial_bytes();
  auto message = session.take(frame);
  if (!message.ok() || partial > kMaxPartial) {
    spdlog::warn("peer {:.8}: {}", peer->first.hex(),
                 message.ok() ? "too many unfinished messages" : message.error().text);
    end(peer, true);
    return;
  }
  if (*message) outlet_.tell(ipc::Received{peer->first, std::move(**message)});
}

void HubEnd::say_bye(const ipc::CurveKey& key, ByteView routing_id, Milliseconds now) {
  refuse(key, "a message without a session");
  if (is_due(last_bye_, key, now, kByeInterval)) (void)send_to(socket_, routing_id, encode_bye());
}

HubEnd::Peers::iterator HubEnd::end(Peers::iterator peer, bool bye) {
  if (bye) (void)send_to(socket_, peer->second.routing_id, encode_bye());
  spdlog::info("peer {:.8} is down", peer->first.hex());
  outlet_.tell(ipc::PeerDown{peer->first});
  return peers_.erase(peer);
}

bool HubEnd::flush(Peer& peer) {
  peer.stuck = false;
  while (const Bytes* frame = peer.session.next()) {
    switch (send_to(socket_, peer.routing_id, *frame)) {
      case SendOutcome::sent:
        peer.session.sent();
        break;
      case SendOutcome::full:
        peer.stuck = true;
        return true;
      case SendOutcome::unreachable:
        return false;
    }
  }
  return true;
}

void HubEnd::flush_all() {
  for (auto it = peers_.begin(); it != peers_.end();)
    it = flush(it->second) ? std::next(it) : end(it, false);
}

Milliseconds HubEnd::tick(Milliseconds now) {
  flush_all();
  if (now >= next_ping_) {
    next_ping_ = now + kPingInterval;
    for (auto it = peers_.begin(); it != peers_.end();) {
      const bool gone = !it->second.stuck && send_to(socket_, it->second.routing_id,
                                                     encode_ping()) == SendOutcome::unreachable;
      it = gone ? end(it, false) : std::next(it);
    }
  }
  report(now);
  const Milliseconds door = door_->tick(now);
  const bool stuck =
      std::ranges::any_of(peers_, [](const auto& entry) { return entry.second.stuck; });
  return std::min(door, stuck ? kStuckInterval : next_ping_ - now);
}

void HubEnd::refuse(const ipc::CurveKey& key, std::string why) {
  ++refused_;
  last_refusal_ = fmt::format("{:.8}: {}", key.hex(), why);
}

// However many came: a flood must not fill the operator's disk.
void HubEnd::report(Milliseconds now) {
  if (now < next_report_) return;
  const Door::Turned turned = door_->take_turned();
  const std::uint64_t unlisted = zap_.take_refused();
  if (turned.total() + unlisted > 0)
    spdlog::warn(
        "turned away {} connections: {} said nothing, {} do not speak CURVE, {} found no place, {} "
        "did not prove a key, {} of these with one that is not on the allow-list",
        turned.total(), turned.silent, turned.no_curve, turned.crowded, turned.unproven, unlisted);
  if (refused_ > 0)
    spdlog::warn("refused {} messages of parties, the last of {}", refused_, last_refusal_);
  if (turned.total() + unlisted + refused_ == 0) return;
  next_report_ = now + kReportInterval;
  refused_ = 0;
}

void HubEnd::drop_unlisted() {
  for (auto it = peers_.begin(); it != peers_.end();)
    it = zap_.allows(it->first) ? std::next(it) : end(it, true);
  std::erase_if(last_hello_, [this](const auto& entry) { return !zap_.allows(entry.first); });
  std::erase_if(last_bye_, [this](const auto& entry) { return !zap_.allows(entry.first); });
}

}  // namespace hedgerow::gateway
