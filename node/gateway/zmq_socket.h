// The few things Hedgerow does with a ZeroMQ socket, with every limit set explicitly. None of
// these calls blocks or throws.
#pragma once

#include <optional>
#include <zmq.hpp>

#include "crypto/base/secret.h"
#include "node/ipc/link.h"

namespace hedgerow::gateway {

using CurveSecret = Secret<struct CurveSecretTag, 32>;

struct CurvePair {
  ipc::CurveKey own;
  CurveSecret secret;
};

// One context a process, made after the last fork.
Result<zmq::context_t> make_context();

Result<zmq::socket_t> make_socket(zmq::context_t& context, zmq::socket_type type);

// Everything but the role: sizes, high-water marks, heartbeats, time limits.
Result<void> set_limits(zmq::socket_t& socket);
Result<void> set_curve_server(zmq::socket_t& socket, const CurvePair& pair);
Result<void> set_curve_client(zmq::socket_t& socket, const CurvePair& pair,
                              const ipc::CurveKey& server);
Result<void> set_option(zmq::socket_t& socket, int option, int value);
Result<void> bind(zmq::socket_t& socket, const std::string& endpoint);
Result<void> connect(zmq::socket_t& socket, const std::string& endpoint);
std::string last_endpoint(zmq::socket_t& socket);

// One message, its parts counted: those beyond `max_parts` are taken one by one and dropped, and
// `excess` is set.
struct Received {
  std::vector<zmq::message_t> parts;
  bool excess = false;
};
std::optional<Received> receive(zmq::socket_t& socket, std::size_t max_parts);

ByteView view(const zmq::message_t& message);

enum class SendOutcome { sent, full, unreachable };
SendOutcome send(zmq::socket_t& socket, ByteView bytes);
SendOutcome send_to(zmq::socket_t& socket, ByteView routing_id, ByteView bytes);

// The events of a socket's connections. Errors where the monitor cannot be made.
Result<zmq::socket_t> watch(zmq::context_t& context, zmq::socket_t& socket, const char* address,
                            int events);
// Before either end is closed: a watched socket waits for ever for a watcher that has gone.
void stop_watching(zmq::socket_t& socket);
std::optional<int> next_event(zmq::socket_t& monitor);

}  // namespace hedgerow::gateway
