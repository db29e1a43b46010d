#include "node/gateway/node_end.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace hedgerow::gateway {
namespace {

constexpr int kMessagesAtATime = 256;
constexpr Milliseconds kIdleInterval = 250;
constexpr Milliseconds kEagerInterval = 10;  // connected, and the hello or a frame does not go
constexpr Milliseconds kMinHelloPause = 500;
constexpr Milliseconds kMaxHelloPause = 5000;
constexpr Milliseconds kSilence = 5000;
constexpr Milliseconds kMinPause = 250;
constexpr Milliseconds kMaxPause = 5000;

constexpr int kEvents = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

// A monitor's address is free again only some time after its socket was closed.
std::uint64_t next_number() {
  static std::uint64_t last = 0;
  return ++last;
}

}  // namespace

Result<std::unique_ptr<PeerEnd>> open_node_end(zmq::context_t& context, const CurvePair& pair,
                                               Outlet& outlet, const std::string& endpoint,
                                               const ipc::CurveKey& hub) {
  auto end = std::make_unique<NodeEnd>(context, pair, outlet, endpoint, hub);
  HR_TRY(end->open());
  return std::unique_ptr<PeerEnd>(std::move(end));
}

NodeEnd::~NodeEnd() { close(); }

void NodeEnd::close() {
  if (socket_) stop_watching(socket_);
  socket_ = {};
  monitor_ = {};
  connected_ = false;
}

Result<void> NodeEnd::open() {
  close();
  HR_ASSIGN(zmq::socket_t socket, make_socket(context_, zmq::socket_type::dealer));
  HR_TRY(set_limits(socket));
  HR_TRY(set_curve_client(socket, pair_, hub_));
  const std::string address = "inproc://monitor." + std::to_string(next_number());
  HR_ASSIGN(zmq::socket_t monitor, watch(context_, socket, address.c_str(), kEvents));
  socket_ = std::move(socket);
  monitor_ = std::move(monitor);
  HR_TRY(connect(socket_, endpoint_));
  return {};
}

void NodeEnd::attach() { attached_ = true; }

void NodeEnd::detach() {
  attached_ = false;
  if (up_) (void)gateway::send(socket_, encode_bye());
  go_down();
}

void NodeEnd::go_down() {
  if (up_) {
    spdlog::info("the hub is down");
    outlet_.tell(ipc::PeerDown{hub_});
  }
  up_ = false;
  stuck_ = false;
  session_ = {};
  ++number_;
  next_hello_ = 0;
  hello_pause_ = kMinHelloPause;
}

void NodeEnd::fail(const char* why, Milliseconds now) {
  go_down();
  connected_ = false;
  if (last_trouble_ != why) {
    last_trouble_ = why;
    spdlog::warn("{}: {}", endpoint_, why);
    if (attached_) outlet_.tell(ipc::Trouble{endpoint_ + ": " + why});
  }
  if (reopen_at_ != 0) return;
  pause_ = std::clamp(2 * pause_, kMinPause, kMaxPause);
  reopen_at_ = now + pause_;
}

void NodeEnd::send(const ipc::Send& message) {
  if (!up_ || message.peer != hub_) return;
  if (!session_.offer(message.bytes)) {
    spdlog::warn("more for the hub than may wait; the session starts again");
    (void)gateway::send(socket_, encode_bye());
    go_down();
    return;
  }
  if (!stuck_) flush();
}

std::vector<zmq_pollitem_t> NodeEnd::poll_items() {
  const bool reading = attached_ && outlet_.accepting();
  const int events = (reading ? ZMQ_POLLIN : 0) | (stuck_ ? ZMQ_POLLOUT : 0);
  // A socket that could not be made is polled as descriptor -1: not at all.
  return {{socket_.handle(), -1, static_cast<short>(events), 0},
          {monitor_.handle(), -1, ZMQ_POLLIN, 0}};
}

void NodeEnd::on_poll(std::span<const zmq_pollitem_t> items, Milliseconds now) {
  if ((items[1].revents & ZMQ_POLLIN) != 0)
    while (const auto event = next_event(monitor_)) on_event(*event, now);
  if ((items[0].revents & ZMQ_POLLIN) != 0) {
    for (int i = 0; i < kMessagesAtATime && outlet_.accepting(); ++i) {
      auto message = receive(socket_, 1);
      if (!message) break;
      on_message(*message, now);
    }
  }
  if (up_) flush();
}

void NodeEnd::on_event(int event, Milliseconds now) {
  switch (event) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      go_down();
      connected_ = true;
      reopen_at_ = 0;
      last_heard_ = now;
      return;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      fail("the hub does not let this node in", now);
      return;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
      fail("the handshake failed: not the hub's key, or this node is not on its list", now);
      return;
    default:  // a bit mask of ZeroMQ's, not an enumeration of ours
      fail("the connection to the hub ended", now);
      return;
  }
}

void NodeEnd::on_message(Received& message, Milliseconds now) {
  if (message.excess || message.parts.size() != 1) return;
  const auto frame = decode_wire(view(message.parts[0]));
  if (!frame.ok()) return;
  last_heard_ = now;
  switch (frame->kind) {
    case WireKind::hello:
      if (up_ || frame->session != number_) return;
      up_ = true;
      pause_ = 0;
      last_trouble_.clear();
      spdlog::info("the hub is up");
      outlet_.tell(ipc::PeerUp{hub_});
      outlet_.tell(ipc::Credit{hub_, ipc::kWindow});
      return;
    case WireKind::envelope:
    case WireKind::piece:
    case WireKind::credit:
      if (up_) on_data(*frame);
      return;
    case WireKind::bye:
      if (up_) {
        go_down();
        // Not at once: the hub limits how often it says hello.
        next_hello_ = now + kMinHelloPause / 2;
      }
      return;
    case WireKind::ping:
      return;
  }
}

void NodeEnd::on_data(const WireFrame& frame) {
  if (frame.kind == WireKind::credit) {
    if (const std::uint32_t n = session_.on_credit(frame.credit); n > 0)
      outlet_.tell(ipc::Credit{hub_, std::min(n, ipc::kWindow)});
    return;
  }
  auto message = session_.take(frame);
  if (!message.ok()) {
    spdlog::warn("the hub: {}", message.error().text);
    (void)gateway::send(socket_, encode_bye());
    go_down();
    return;
  }
  if (*message) outlet_.tell(ipc::Received{hub_, std::move(**message)});
}

void NodeEnd::flush() {
  stuck_ = false;
  while (const Bytes* frame = session_.next()) {
    if (gateway::send(socket_, *frame) != SendOutcome::sent) {
      stuck_ = true;  // the monitor says so where the connection is gone
      return;
    }
    session_.sent();
  }
}

Milliseconds NodeEnd::tick(Milliseconds now) {
  if (reopen_at_ != 0 && now >= reopen_at_) {
    reopen_at_ = 0;
    if (const auto opened = open(); !opened.ok()) fail("cannot open a connection", now);
  }
  if (!attached_ || !outlet_.accepting()) last_heard_ = now;
  if (up_ && now - last_heard_ > kSilence) {
    spdlog::warn("the hub says nothing");
    go_down();
  }
  if (!connected_ || !attached_) return kIdleInterval;
  if (up_) {
    if (stuck_) flush();
    return stuck_ ? kEagerInterval : kIdleInterval;
  }
  if (now >= next_hello_) {
    if (gateway::send(socket_, encode_hello(number_)) != SendOutcome::sent) return kEagerInterval;
    next_hello_ = now + hello_pause_;
    hello_pause_ = std::min(2 * hello_pause_, kMaxHelloPause);
  }
  return std::min(kIdleInterval, std::max<Milliseconds>(next_hello_ - now, 1));
}

}  // namespace hedgerow::gateway
