// Moving the write-ahead log into the database's file so that an older copy of that file beside
// the log that came after is refused, not read as a mixture of both (docs/design/store.md,
// Checkpoints). For node/store only.
#pragma once

#include "node/store/database_impl.h"

namespace hedgerow::store {

// Where the log has grown to so many pages, the commit that saw it moves it into the file.
inline constexpr int kLogPages = 1000;

// Within a transaction: the tables of the numbers, and what stands beside the generation.
Result<void> make_checkpoint_numbers(Database::Impl& db);
// Within every transaction, before its commit.
Result<void> write_checkpoint_number(Database::Impl& db);

// Reads the numbers, where there are any. configuration: file and log are not of one moment.
Result<void> read_checkpoint_numbers(Database::Impl& db);

// From now on SQLite moves nothing by itself, and `db.log_pages` follows each commit.
Result<void> take_over_checkpoints(Database::Impl& db);

// The database is the one it should be (db.accepted): gives numbers to one without, and ends what
// a crash left of a checkpoint.
Result<void> take_up_checkpoints(Database::Impl& db);

// The log is then empty. Nothing happens where it is. After an error the database takes no more
// transactions (db.failure). internal: a statement is under way.
Result<void> empty_log(Database::Impl& db);

// After a commit: the same, where the log is long and no statement is under way.
void empty_long_log(Database::Impl& db);

}  // namespace hedgerow::store
