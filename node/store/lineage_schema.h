// The lineage database, one migration a schema version. A migration that was released is never
// changed. For node/store only.
#pragma once

#include "node/store/database.h"

namespace hedgerow::store {
extern const Schema kLineageSchema;
}
