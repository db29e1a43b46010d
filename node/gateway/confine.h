// What the process gives up at its start, before it has read a key or a packet.
#pragma once

#include "crypto/base/result.h"

namespace hedgerow::gateway {

// No core dumps, no tracing by the same user, no new privileges; at most 256 MiB of data (a
// gateway that is made to hold more dies and starts again); files and sockets of its own open to
// nobody else; room for some ten thousand connections. Gives the number of descriptors there are.
// Errors: internal.
Result<std::size_t> confine();

}  // namespace hedgerow::gateway
