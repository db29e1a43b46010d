// Decisions of an officer to withhold a child (formats.md, Agreement; docs/design/store.md).
//
// A decision is about one reference, and so about the child that has it: every reference with the
// same newest pseudonym is withheld with it, also one that comes later. Decisions are numbered in
// one order with row versions and lines of crosswalks when they begin and when they end, so a
// freeze fixes which of them count. An ended decision stays on record.
//
// Reason and decider are an officer's own words. They stay in this database: nothing of them, and
// nothing of the child, goes on the log or out of the node.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"
#include "crypto/base/wiping.h"
#include "node/store/children.h"
#include "node/store/database.h"

namespace hedgerow::store {

inline constexpr std::size_t kMaxWithholdReason = 1000;  // bytes of UTF-8
inline constexpr std::size_t kMaxDecider = 200;
inline constexpr std::size_t kMaxInForce = 10'000;  // decisions not ended
inline constexpr std::size_t kMaxWithheldListed = 500;

// Days since 1970-01-01.
struct WithholdDecision {
  ByteArray<32> child_key{};  // keyed hash of child_ref
  std::string reason;
  std::string decider;  // the post of who decided
  std::int32_t decided_day = 0;
  std::int32_t review_day = 0;
};

struct WithholdEnd {
  std::string reason;
  std::string decider;
  std::int32_t day = 0;
};

// As it can be shown: the reference is not kept, its keyed hash is nobody's concern.
struct WithholdRecord {
  std::uint64_t number = 0;  // from 1, never used twice
  std::string reason;
  std::string decider;
  std::int32_t decided_day = 0;
  std::int32_t review_day = 0;
  std::optional<WithholdEnd> ended;
};

class Withheld {
 public:
  explicit Withheld(Database& db) : db_(&db) {}

  // The number that the decision would have. Errors (bad_input): a text that is empty, too long or
  // has control characters; a review before the decision; kMaxInForce are in force.
  Result<std::uint64_t> may_add(const WithholdDecision& decision);
  // Writes (inside a Transaction); gives the decision's number. Several decisions may be in force
  // for one child: it is withheld until the last of them has ended. Errors as may_add.
  Result<std::uint64_t> add(const WithholdDecision& decision);

  // Errors (bad_input): a text, as above; no such decision, or it has ended; an end before the
  // decision.
  Result<void> may_end(std::uint64_t number, const WithholdEnd& end);
  Result<void> end(std::uint64_t number, const WithholdEnd& end);  // writes; errors as may_end

  Result<std::optional<WithholdRecord>> get(std::uint64_t number);
  // In order of number, beginning after `after`, at most max_items and kMaxWithheldListed.
  Result<std::vector<WithholdRecord>> list(bool with_ended, std::uint64_t after,
                                           std::size_t max_items);

 private:
  Database* db_;
};

// The children who were withheld as of a number, by their identity within the agency
// (Records::frozen_rows).
class WithheldChildren {
 public:
  // `newest` is of the same number.
  static Result<WithheldChildren> as_of(Database& db, std::uint64_t sequence,
                                        const NewestPseudonyms& newest);
  bool has(const ByteArray<32>& child) const;

 private:
  WipingVector<ByteArray<32>> all_;  // sorted: keyed hashes of references, and pseudonyms
};

}  // namespace hedgerow::store
