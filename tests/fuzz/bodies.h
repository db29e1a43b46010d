// Every message's body by its type, decoded as its receiver does.
#pragma once

#include "crypto/base/bytes.h"
#include "protocol/message.h"

namespace hedgerow::fuzz::bodies {

// Decodes, and requires that the decoder takes only what the encoder makes.
void check_body(protocol::MessageType type, ByteView body);

}  // namespace hedgerow::fuzz::bodies
