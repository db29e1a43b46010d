// The bytes of node/import/data/postcodes.bin.xz, compiled in: a node then needs no file beside
// its program, and none that could be of another version.
#pragma once

#include "crypto/base/bytes.h"

namespace hedgerow::import {

ByteView shipped_postcodes();

}  // namespace hedgerow::import
