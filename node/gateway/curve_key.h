// The gateway's only secret: HOME/keys/curve.key, two lines of hex, public key and secret key.
#pragma once

#include "node/gateway/zmq_socket.h"

namespace hedgerow::gateway {

// Errors: configuration (missing, readable by others, another's file, malformed, or a public key
// that is not the secret's).
Result<CurvePair> read_curve_key(const std::string& path);

}  // namespace hedgerow::gateway
