// A child's reference that a person gives by hand, as against a file's: one line.
#pragma once

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"
#include "node/import/rows.h"

namespace hedgerow::import {

// Its keyed hash, the same as of an imported row's child_ref. `text` may end in one line end;
// blanks around the reference do not count. Errors (bad_input) never repeat the value: empty, more
// than one line, longer than kMaxReference, not UTF-8, control characters; in truth an NHS number.
Result<ByteArray<32>> child_key_by_hand(const ReferenceKey& key, ByteView text);

}  // namespace hedgerow::import
