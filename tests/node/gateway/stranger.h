// A client that speaks ZeroMQ by itself, with whatever key and manners a test wants.
#pragma once

#include <optional>
#include <string>

#include "node/gateway/wire.h"
#include "tests/node/gateway/harness.h"

namespace hedgerow::gateway {

class Stranger {
 public:
  // `routing_id` is what it claims to be; empty: nothing.
  Stranger(const std::string& endpoint, const TestKey& key, const ipc::CurveKey& hub,
           const std::string& routing_id = {});
  ~Stranger();
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

  // Whether ZeroMQ took it, waiting at most this long.
  bool send(ByteView bytes, int timeout_ms);
  // One message: `first`, then one-byte parts, `count` in all.
  bool send_parts(ByteView first, std::size_t count);
  // The next wire frame that came; nothing where none waits.
  std::optional<Bytes> receive();

  // What the connection met so far.
  bool refused();    // the hub said no in the handshake
  bool connected();  // a handshake succeeded
  bool lost();       // a connection ended after that

 private:
  void read_events();

  void* context_;
  void* socket_;
  void* monitor_;
  bool refused_ = false;
  bool connected_ = false;
  bool lost_ = false;
};

}  // namespace hedgerow::gateway
