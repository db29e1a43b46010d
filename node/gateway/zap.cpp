#include "node/gateway/zap.h"

namespace hedgerow::gateway {
namespace {

constexpr char kAddress[] = "inproc://zeromq.zap.01";
constexpr int kRequestsAtATime = 64;

// version, request id, domain, address, routing id, mechanism, CURVE key
constexpr std::size_t kRequestParts = 7;

std::optional<ipc::CurveKey> key_of(const Received& request) {
  if (request.excess || request.parts.size() != kRequestParts) return std::nullopt;
  if (as_text(view(request.parts[0])) != "1.0") return std::nullopt;
  if (as_text(view(request.parts[2])) != "hedgerow") return std::nullopt;
  if (as_text(view(request.parts[5])) != "CURVE") return std::nullopt;
  const auto key = ipc::CurveKey::from(view(request.parts[6]));
  if (!key.ok()) return std::nullopt;
  return *key;
}

// The reply's parts all go or none: a REP socket takes what it is given for the one it answers.
void answer(zmq::socket_t& socket, ByteView request_id, bool yes, const std::string& user) {
  const auto part = [&](ByteView bytes, bool more) {
    // A peer that has gone meanwhile is no error of ours; ZeroMQ drops the reply.
    (void)zmq_send(socket.handle(), bytes.data(), bytes.size(),
                   ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0));
  };
  part(as_bytes("1.0"), true);
  part(request_id, true);
  part(as_bytes(yes ? "200" : "400"), true);
  part(as_bytes(yes ? "OK" : "not on the allow-list"), true);
  part(as_bytes(user), true);
  part({}, false);
}

}  // namespace

Result<Zap> Zap::open(zmq::context_t& context) {
  HR_ASSIGN(zmq::socket_t socket, make_socket(context, zmq::socket_type::rep));
  HR_TRY(set_option(socket, ZMQ_LINGER, 0));
  HR_TRY(bind(socket, kAddress));
  return Zap(std::move(socket));
}

void Zap::on_readable() {
  for (int i = 0; i < kRequestsAtATime; ++i) {
    const auto request = receive(socket_, kRequestParts);
    if (!request) break;
    const auto key = key_of(*request);
    const bool yes = key && allows(*key);
    if (!yes) ++refused_;
    const ByteView id = request->parts.size() > 1 ? view(request->parts[1]) : ByteView();
    answer(socket_, id, yes, yes ? key->hex() : std::string());
  }
}

std::optional<ipc::CurveKey> user_of(zmq::message_t& message) {
  const char* text = zmq_msg_gets(message.handle(), "User-Id");
  if (text == nullptr) return std::nullopt;
  const auto bytes = from_hex(text);
  if (!bytes) return std::nullopt;
  const auto key = ipc::CurveKey::from(*bytes);
  if (!key.ok()) return std::nullopt;
  return *key;
}

}  // namespace hedgerow::gateway
