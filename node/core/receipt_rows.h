// Parties' receipts for an answer, or their statements, as a node keeps them in a row:
// count u32 | count * (party text, bytes), parties in ascending order.
#pragma once

#include <map>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"

namespace hedgerow::core {

Bytes encode_receipts(const std::map<PartyId, Bytes>& receipts);
// No bytes at all: none were kept. Errors (bad_input): anything else that encode_receipts() would
// not have made.
Result<std::map<PartyId, Bytes>> decode_receipts(ByteView bytes);

}  // namespace hedgerow::core
