// What every kind of import writes besides its rows. For node/store only.
#pragma once

#include <cstdint>

#include "crypto/base/result.h"
#include "node/store/database.h"
#include "node/store/records.h"

namespace hedgerow::store {

// The batch's number within the database; the batch is noted when its first rows come.
// Errors (bad_input): its sealed key is too large.
Result<std::int64_t> batch_number(Database& db, const ImportBatch& batch);

// The highest number given to a row version, to a line of a crosswalk, or to a decision to
// withhold, so far; read once and written once an import.
Result<std::int64_t> last_sequence(Database& db);
Result<void> set_last_sequence(Database& db, std::int64_t last);

}  // namespace hedgerow::store
