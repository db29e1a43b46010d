// Text that people type here and others read elsewhere: a reason, a reference, a contact.
#pragma once

#include <string_view>

#include "crypto/base/bytes.h"

namespace hedgerow {

// UTF-8 (RFC 3629) without control characters: neither C0 and C1 ones, line ends and tabs among
// them, nor the invisible ones that change the direction of text. Empty text is plain.
bool is_plain_text(std::string_view text);
inline bool is_plain_text(ByteView text) { return is_plain_text(as_text(text)); }

}  // namespace hedgerow
