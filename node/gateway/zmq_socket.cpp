#include "node/gateway/zmq_socket.h"

#include <cstring>

namespace hedgerow::gateway {
namespace {

// Handshake and MESSAGE commands add less than this to a wire frame.
constexpr std::int64_t kCurveOverhead = 256;
// Above all an honest peer may have on its way: a window of pieces, credits, hellos, pings.
constexpr int kHighWaterMark = 256;
constexpr int kZapEnforceDomain = 93;  // not in the header of a release without drafts

std::string reason() { return zmq_strerror(zmq_errno()); }

Result<void> set_bytes(zmq::socket_t& socket, int option, const void* value, std::size_t size) {
  if (zmq_setsockopt(socket.handle(), option, value, size) != 0)
    return internal("ZeroMQ refuses option " + std::to_string(option) + ": " + reason());
  return {};
}

SendOutcome outcome_of_errno() {
  if (zmq_errno() == EAGAIN || zmq_errno() == EINTR) return SendOutcome::full;
  return SendOutcome::unreachable;
}

}  // namespace

Result<zmq::context_t> make_context() {
  try {
    zmq::context_t context(1);
    // Handlers, monitors and the one socket that faces the network, twice over while one is
    // being replaced.
    context.set(zmq::ctxopt::max_sockets, 64);
    context.set(zmq::ctxopt::blocky, 0);
    return context;
  } catch (const zmq::error_t& e) {
    return internal(std::string("cannot start ZeroMQ: ") + e.what());
  }
}

Result<zmq::socket_t> make_socket(zmq::context_t& context, zmq::socket_type type) {
  try {
    return zmq::socket_t(context, type);
  } catch (const zmq::error_t& e) {
    return internal(std::string("cannot make a ZeroMQ socket: ") + e.what());
  }
}

Result<void> set_option(zmq::socket_t& socket, int option, int value) {
  return set_bytes(socket, option, &value, sizeof value);
}

Result<void> set_limits(zmq::socket_t& socket) {
  const std::int64_t max_size = static_cast<std::int64_t>(2 + ipc::kPieceSize) + kCurveOverhead;
  HR_TRY(set_bytes(socket, ZMQ_MAXMSGSIZE, &max_size, sizeof max_size));
  const std::pair<int, int> options[] = {
      {ZMQ_LINGER, 0},
      {ZMQ_SNDTIMEO, 1000},
      {ZMQ_RCVTIMEO, 1000},
      {ZMQ_SNDHWM, kHighWaterMark},
      {ZMQ_RCVHWM, kHighWaterMark},
      {ZMQ_HANDSHAKE_IVL, 2000},
      {ZMQ_HEARTBEAT_IVL, 2000},
      {ZMQ_HEARTBEAT_TIMEOUT, 6000},
      {ZMQ_HEARTBEAT_TTL, 6000},
      {ZMQ_RECONNECT_IVL, 200},
      {ZMQ_RECONNECT_IVL_MAX, 5000},
      {ZMQ_CONNECT_TIMEOUT, 5000},
      {ZMQ_BACKLOG, 256},
      {ZMQ_IPV6, 1},
      {ZMQ_TCP_KEEPALIVE, 1},
      {ZMQ_TCP_KEEPALIVE_IDLE, 30},
      {ZMQ_TCP_KEEPALIVE_INTVL, 10},
      {ZMQ_TCP_KEEPALIVE_CNT, 3},
      // A message is for the session it was sent in: never kept for the next connection.
      {ZMQ_IMMEDIATE, 1},
  };
  for (const auto& [option, value] : options) HR_TRY(set_option(socket, option, value));
  return {};
}

Result<void> set_curve_server(zmq::socket_t& socket, const CurvePair& pair) {
  HR_TRY(set_option(socket, ZMQ_CURVE_SERVER, 1));
  HR_TRY(set_bytes(socket, ZMQ_CURVE_SECRETKEY, pair.secret.expose().data(), 32));
  constexpr char kDomain[] = "hedgerow";
  HR_TRY(set_bytes(socket, ZMQ_ZAP_DOMAIN, kDomain, sizeof kDomain - 1));
  // Without a handler CURVE would let in whoever knows the server's key; with this, nobody.
  return set_option(socket, kZapEnforceDomain, 1);
}

Result<void> set_curve_client(zmq::socket_t& socket, const CurvePair& pair,
                              const ipc::CurveKey& server) {
  HR_TRY(set_bytes(socket, ZMQ_CURVE_SERVERKEY, server.bytes.data(), 32));
  HR_TRY(set_bytes(socket, ZMQ_CURVE_PUBLICKEY, pair.own.bytes.data(), 32));
  return set_bytes(socket, ZMQ_CURVE_SECRETKEY, pair.secret.expose().data(), 32);
}

Result<void> bind(zmq::socket_t& socket, const std::string& endpoint) {
  if (zmq_bind(socket.handle(), endpoint.c_str()) != 0)
    return try_again("cannot listen on " + endpoint + ": " + reason());
  return {};
}

Result<void> connect(zmq::socket_t& socket, const std::string& endpoint) {
  if (zmq_connect(socket.handle(), endpoint.c_str()) != 0)
    return configuration("cannot connect to " + endpoint + ": " + reason());
  return {};
}

std::string last_endpoint(zmq::socket_t& socket) {
  char text[ipc::kMaxEndpoint + 1] = {};
  std::size_t size = sizeof text;
  if (zmq_getsockopt(socket.handle(), ZMQ_LAST_ENDPOINT, text, &size) != 0) return {};
  return text;
}

std::optional<Received> receive(zmq::socket_t& socket, std::size_t max_parts) {
  Received received;
  for (;;) {
    zmq::message_t part;
    if (zmq_msg_recv(part.handle(), socket.handle(), ZMQ_DONTWAIT) < 0) {
      // The parts of a message arrive together, so only the first one can be missing.
      return std::nullopt;
    }
    const bool more = part.more();
    if (received.parts.size() < max_parts)
      received.parts.push_back(std::move(part));
    else
      received.excess = true;
    if (!more) return received;
  }
}

ByteView view(const zmq::message_t& message) {
  return {static_cast<const std::uint8_t*>(message.data()), message.size()};
}

SendOutcome send(zmq::socket_t& socket, ByteView bytes) {
  if (zmq_send(socket.handle(), bytes.data(), bytes.size(), ZMQ_DONTWAIT) >= 0)
    return SendOutcome::sent;
  return outcome_of_errno();
}

SendOutcome send_to(zmq::socket_t& socket, ByteView routing_id, ByteView bytes) {
  if (zmq_send(socket.handle(), routing_id.data(), routing_id.size(), ZMQ_DONTWAIT | ZMQ_SNDMORE) <
      0)
    return outcome_of_errno();
  if (zmq_send(socket.handle(), bytes.data(), bytes.size(), ZMQ_DONTWAIT) < 0)
    return SendOutcome::unreachable;
  return SendOutcome::sent;
}

Result<zmq::socket_t> watch(zmq::context_t& context, zmq::socket_t& socket, const char* address,
                            int events) {
  if (zmq_socket_monitor(socket.handle(), address, events) != 0)
    return internal("cannot watch a ZeroMQ socket: " + reason());
  HR_ASSIGN(zmq::socket_t monitor, make_socket(context, zmq::socket_type::pair));
  HR_TRY(set_option(monitor, ZMQ_LINGER, 0));
  HR_TRY(connect(monitor, address));
  return monitor;
}

void stop_watching(zmq::socket_t& socket) { (void)zmq_socket_monitor(socket.handle(), nullptr, 0); }

std::optional<int> next_event(zmq::socket_t& monitor) {
  const auto message = receive(monitor, 2);
  if (!message || message->parts.empty() || message->parts.front().size() < 2) return std::nullopt;
  std::uint16_t event = 0;
  std::memcpy(&event, message->parts.front().data(), sizeof event);
  return event;
}

}  // namespace hedgerow::gateway
