// The ZAP handler (ZeroMQ RFC 27): who may finish a CURVE handshake with the hub.
//
// Lets in the keys of the allow-list and gives each the User-Id by which all its messages are
// known: its CURVE public key in hex. Handles requests on the gateway's own thread, so the
// allow-list needs no lock.
#pragma once

#include <set>

#include "node/gateway/zmq_socket.h"

namespace hedgerow::gateway {

class Zap {
 public:
  // Must come before the first bind of a socket it is to guard.
  static Result<Zap> open(zmq::context_t& context);

  void allow(std::set<ipc::CurveKey> keys) { allowed_ = std::move(keys); }
  bool allows(const ipc::CurveKey& key) const { return allowed_.contains(key); }

  void* handle() { return socket_.handle(); }
  // Answers what waits, a bounded number at a time.
  void on_readable();
  // How many were refused since the last call.
  std::uint64_t take_refused() { return std::exchange(refused_, 0); }

 private:
  explicit Zap(zmq::socket_t socket) : socket_(std::move(socket)) {}

  zmq::socket_t socket_;
  std::set<ipc::CurveKey> allowed_;
  std::uint64_t refused_ = 0;
};

// The CURVE key behind a message, as the handshake proved it; nothing where it has none.
std::optional<ipc::CurveKey> user_of(zmq::message_t& message);

}  // namespace hedgerow::gateway
