// A keyholder's ledger: how many elements each requester had evaluated (cryptography.md A, step
// 2), and the answers given, so that a batch asked twice costs once and answers the same bytes.
#pragma once

#include <cstdint>
#include <optional>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "node/store/database.h"

namespace hedgerow::store {

inline constexpr std::size_t kMaxBatchResponse = 64 * 1024;

struct EvaluationQuota {
  std::uint64_t import_total = 0;  // lifetime balance of a requester, spent first
  std::uint64_t daily = 0;         // each UTC day
};

struct EvaluationCharge {
  std::uint64_t from_import = 0;
  std::uint64_t from_daily = 0;
  friend bool operator==(const EvaluationCharge&, const EvaluationCharge&) = default;
};

struct BatchRecord {
  SessionId id;
  Sha256 request_hash;
  Bytes response;            // as the role saves it; empty: charged, not done before a crash
  std::int64_t utc_day = 0;  // days since 1970-01-01, UTC
};

class Ledger {
 public:
  explicit Ledger(Database& db) : db_(&db) {}

  Result<std::uint64_t> import_spent(const PartyId& requester);
  Result<std::uint64_t> daily_spent(const PartyId& requester, std::int64_t utc_day);
  // What could still be charged on that day.
  Result<std::uint64_t> left(const PartyId& requester, std::int64_t utc_day,
                             const EvaluationQuota& quota);

  // Writes. Debits `elements`, or nothing at all: try_again where the quota does not suffice.
  Result<EvaluationCharge> charge(const PartyId& requester, std::int64_t utc_day,
                                  std::uint64_t elements, const EvaluationQuota& quota);

  Result<std::optional<BatchRecord>> find_batch(const PartyId& requester, const SessionId& id);
  // Writes. bad_input: a batch id used before by this requester; a response out of bounds.
  Result<void> add_batch(const PartyId& requester, const BatchRecord& batch);
  // Writes. The response to a batch that add_batch noted without one. bad_input: no such batch, or
  // it has a response already.
  Result<void> set_response(const PartyId& requester, const SessionId& id, ByteView response);
  // Writes. What is remembered instead of a response that is there: more was answered about it.
  // bad_input: no such batch, or it has no response yet; out of bounds.
  Result<void> replace_response(const PartyId& requester, const SessionId& id, ByteView response);
  // Writes. Forgets batches and daily counts of days before `utc_day`; returns how many batches.
  Result<std::uint64_t> prune(std::int64_t utc_day);

 private:
  Database* db_;
};

}  // namespace hedgerow::store
