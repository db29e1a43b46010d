// Where the hub listens: a TCP socket of the gateway's own.
#pragma once

#include <string>

#include "node/ipc/socket.h"

namespace hedgerow::gateway {

struct Listener {
  ipc::Fd fd;            // non-blocking
  std::string endpoint;  // with the port that was really bound
};

// `endpoint` is tcp://host:port; host: an address (IPv6 in brackets), a name, or * for every
// address of the machine; port: 0 to 65535, or * for one that the system chooses.
// Errors: configuration (no such endpoint), try_again (the address is in use).
Result<Listener> listen_on(const std::string& endpoint);

}  // namespace hedgerow::gateway
