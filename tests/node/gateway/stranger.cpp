#include "tests/node/gateway/stranger.h"

#include <zmq.h>

#include <cstring>

namespace hedgerow::gateway {

Stranger::Stranger(const std::string& endpoint, const TestKey& key, const ipc::CurveKey& hub,
                   const std::string& routing_id)
    : context_(zmq_ctx_new()), socket_(zmq_socket(context_, ZMQ_DEALER)) {
  HR_CHECK(socket_ != nullptr);
  const int zero = 0;
  const int one = 1;
  zmq_setsockopt(socket_, ZMQ_LINGER, &zero, sizeof zero);
  zmq_setsockopt(socket_, ZMQ_IMMEDIATE, &one, sizeof one);
  zmq_setsockopt(socket_, ZMQ_CURVE_SERVERKEY, hub.bytes.data(), 32);
  zmq_setsockopt(socket_, ZMQ_CURVE_PUBLICKEY, key.own.bytes.data(), 32);
  zmq_setsockopt(socket_, ZMQ_CURVE_SECRETKEY, key.secret.data(), 32);
  if (!routing_id.empty())
    zmq_setsockopt(socket_, ZMQ_ROUTING_ID, routing_id.data(), routing_id.size());
  HR_CHECK(zmq_socket_monitor(socket_, "inproc://events", ZMQ_EVENT_ALL) == 0);
  monitor_ = zmq_socket(context_, ZMQ_PAIR);
  HR_CHECK(monitor_ != nullptr && zmq_connect(monitor_, "inproc://events") == 0);
  HR_CHECK(zmq_connect(socket_, endpoint.c_str()) == 0);
}

Stranger::~Stranger() {
  zmq_socket_monitor(socket_, nullptr, 0);
  zmq_close(socket_);
  zmq_close(monitor_);
  zmq_ctx_term(context_);
}

bool Stranger::send(ByteView bytes, int timeout_ms) {
  zmq_setsockopt(socket_, ZMQ_SNDTIMEO, &timeout_ms, sizeof timeout_ms);
  return zmq_send(socket_, bytes.data(), bytes.size(), 0) >= 0;
}

bool Stranger::send_parts(ByteView first, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const ByteView part = i == 0 ? first : as_bytes("x");
    if (zmq_send(socket_, part.data(), part.size(), i + 1 < count ? ZMQ_SNDMORE : 0) < 0)
      return false;
  }
  return true;
}

std::optional<Bytes> Stranger::receive() {
  Bytes bytes(kMaxWireFrame);
  const int n = zmq_recv(socket_, bytes.data(), bytes.size(), ZMQ_DONTWAIT);
  if (n < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(n));
  return bytes;
}

void Stranger::read_events() {
  ByteArray<6> event{};
  while (zmq_recv(monitor_, event.data(), event.size(), ZMQ_DONTWAIT) >= 0) {
    char address[256];
    (void)zmq_recv(monitor_, address, sizeof address, ZMQ_DONTWAIT);
    std::uint16_t kind = 0;
    std::memcpy(&kind, event.data(), sizeof kind);
    if (kind == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) refused_ = true;
    if (kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) connected_ = true;
    if (kind == ZMQ_EVENT_DISCONNECTED && connected_) lost_ = true;
  }
}

bool Stranger::refused() {
  read_events();
  return refused_;
}
bool Stranger::connected() {
  read_events();
  return connected_;
}
bool Stranger::lost() {
  read_events();
  return lost_;
}

}  // namespace hedgerow::gateway
