// A log taken out of its node, and its verification by someone who has only the file and the
// node's public log key. The export (docs/design/audit-log.md):
//
//   "HEDGEROW-LOG-1\n" | vkey text | checkpoint text | count u64 | count * (u32 length, entry)
//
// It may also be verified against checkpoints kept elsewhere, receipts for instance.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "crypto/base/result.h"
#include "crypto/base/seams.h"
#include "crypto/checkpoint.h"
#include "node/audit/entry.h"
#include "node/audit/log.h"
#include "node/audit/receipt.h"

namespace hedgerow::audit {

// The whole log, with a checkpoint of its present size. The file must not exist; made 0600.
Result<void> export_log(const Log& log, const std::filesystem::path& file);

struct VerifiedLog {
  NoteKey key;  // as named in the file; the caller's where one was given
  Checkpoint checkpoint;
  std::uint64_t abandoned = 0;  // entries of kind "abandoned"
  std::optional<UtcTime> first_time;
  std::optional<UtcTime> last_time;
};

using EntryVisitor = std::function<Result<void>(std::uint64_t index, const Entry& entry)>;

// Reads the file from beginning to end once, entry by entry. With `expected`, the file must be
// that log's; without, the key is only the file's own claim, and the caller must say so.
// `receipts` of this log are checked to lie in it: their entry, and their checkpoint's root at its
// size. The visitor (may be empty) sees every entry before the whole is known to be good.
// Errors (bad_input): not an export, torn, altered, another log's; which entry, by index.
Result<VerifiedLog> verify_export(const std::filesystem::path& file,
                                  const std::optional<NoteKey>& expected,
                                  std::span<const Receipt> receipts, const EntryVisitor& visit);

}  // namespace hedgerow::audit
