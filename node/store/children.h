// Children as an agency knows them: the pseudonyms of its references (formats.md, Records: child
// identity within an agency; docs/design/store.md).
//
// A reference gets a pseudonym by a row that has both, or by a line of a crosswalk. Lines of a
// crosswalk are numbered in one order with the row versions, so a freeze fixes both: what came
// later is never seen by a period that was frozen before. Decisions to withhold are, too
// (withheld.h).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"
#include "crypto/base/wiping.h"
#include "node/store/database.h"
#include "node/store/records.h"

namespace hedgerow::store {

// The newest pseudonym of each child_key as of a number: among the row versions that were current
// then and the crosswalk's lines that were.
class NewestPseudonyms {
 public:
  static Result<NewestPseudonyms> as_of(Database& db, std::uint64_t sequence);
  std::optional<ByteArray<32>> of(const ByteArray<32>& child_key) const;

 private:
  struct Known {
    ByteArray<32> child_key;
    std::int64_t sequence;
    ByteArray<32> pseudonym;
  };
  WipingVector<Known> all_;
};

// A child_ref of at least one current row.
struct KnownChild {
  ByteArray<32> child_key{};
  std::optional<ByteArray<32>> pseudonym;  // the newest; none: in sums only
};

// A line of a crosswalk: from now on the child_key's newest pseudonym.
struct CrosswalkLine {
  ByteArray<32> child_key{};
  ByteArray<32> pseudonym{};
};

class Children {
 public:
  explicit Children(Database& db) : db_(&db) {}

  // Every child_ref of a current row, in order of child_key.
  Result<WipingVector<KnownChild>> known();

  // Whether there is a current row of this child_ref.
  Result<bool> has(const ByteArray<32>& child_key);

  // The pseudonyms, sorted and each once, of the children that this agency may say it knows: a
  // current row of theirs began on first_day or later, and they are not withheld now. A row's
  // pseudonym is its child's newest, else its own (NewestPseudonyms).
  Result<WipingVector<ByteArray<32>>> shared(std::int32_t first_day);

  // Writes (inside a Transaction). A line before of the same child_key is closed, not removed.
  // Errors (bad_input): too many lines (kMaxImportRows), one child_key twice in `lines`.
  Result<void> apply_crosswalk(const ImportBatch& batch, std::span<const CrosswalkLine> lines);

 private:
  Database* db_;
};

}  // namespace hedgerow::store
