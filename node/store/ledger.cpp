#include "node/store/ledger.h"

#include <algorithm>

#include "node/store/row.h"

namespace hedgerow::store {

namespace {
std::uint64_t balance(std::uint64_t limit, std::uint64_t spent) {
  return limit - std::min(limit, spent);
}
}  // namespace

Result<std::uint64_t> Ledger::import_spent(const PartyId& requester) {
  Statement s = db_->prepare("SELECT spent FROM import_quota WHERE requester = ?1");
  HR_ASSIGN(const bool found, s.bind(1, requester.str()).step());
  return found ? s.unsigned_integer(0) : 0;
}

Result<std::uint64_t> Ledger::daily_spent(const PartyId& requester, std::int64_t utc_day) {
  Statement s = db_->prepare("SELECT spent FROM daily_quota WHERE requester = ?1 AND utc_day = ?2");
  HR_ASSIGN(const bool found, s.bind(1, requester.str()).bind(2, utc_day).step());
  return found ? s.unsigned_integer(0) : 0;
}

Result<std::uint64_t> Ledger::left(const PartyId& requester, std::int64_t utc_day,
                                   const EvaluationQuota& quota) {
  HR_ASSIGN(const std::uint64_t import, import_spent(requester));
  HR_ASSIGN(const std::uint64_t daily, daily_spent(requester, utc_day));
  return balance(quota.import_total, import) + balance(quota.daily, daily);
}

Result<EvaluationCharge> Ledger::charge(const PartyId& requester, std::int64_t utc_day,
                                        std::uint64_t elements, const EvaluationQuota& quota) {
  HR_ASSIGN(const std::uint64_t import, import_spent(requester));
  HR_ASSIGN(const std::uint64_t daily, daily_spent(requester, utc_day));
  EvaluationCharge charge;
  charge.from_import = std::min(elements, balance(quota.import_total, import));
  charge.from_daily = elements - charge.from_import;
  if (charge.from_daily > balance(quota.daily, daily))
    return try_again("the evaluation quota of " + requester.str() + " does not suffice",
                     "the daily quota begins anew at 00:00 UTC");
  if (charge.from_import > 0) {
    Statement s = db_->prepare(
        "INSERT INTO import_quota (requester, spent) VALUES (?1, ?2)"
        " ON CONFLICT (requester) DO UPDATE SET spent = spent + ?2");
    HR_TRY(s.bind(1, requester.str()).bind(2, charge.from_import).run());
  }
  if (charge.from_daily > 0) {
    Statement s = db_->prepare(
        "INSERT INTO daily_quota (requester, utc_day, spent) VALUES (?1, ?2, ?3)"
        " ON CONFLICT (requester, utc_day) DO UPDATE SET spent = spent + ?3");
    HR_TRY(s.bind(1, requester.str()).bind(2, utc_day).bind(3, charge.from_daily).run());
  }
  return charge;
}

Result<std::optional<BatchRecord>> Ledger::find_batch(const PartyId& requester,
                                                      const SessionId& id) {
  Statement s = db_->prepare(
      "SELECT request_hash, response, utc_day FROM batch WHERE requester = ?1 AND id = ?2");
  HR_ASSIGN(const bool found, s.bind(1, requester.str()).bind(2, id.view()).step());
  if (!found) return std::optional<BatchRecord>();
  BatchRecord batch;
  batch.id = id;
  HR_ASSIGN(batch.request_hash, read_id<Sha256>(s, 0));
  batch.response = s.blob(1);
  batch.utc_day = s.integer(2);
  return std::optional<BatchRecord>(std::move(batch));
}

Result<void> Ledger::add_batch(const PartyId& requester, const BatchRecord& batch) {
  HR_TRY(check_size(batch.response.size(), kMaxBatchResponse, "an evaluation's answer"));
  HR_ASSIGN(const std::optional<BatchRecord> before, find_batch(requester, batch.id));
  if (before) return bad_input("a batch id used before");
  Statement s = db_->prepare(
      "INSERT INTO batch (requester, id, request_hash, response, utc_day)"
      " VALUES (?1, ?2, ?3, ?4, ?5)");
  return s.bind(1, requester.str())
      .bind(2, batch.id.view())
      .bind(3, batch.request_hash.view())
      .bind(4, ByteView(batch.response))
      .bind(5, batch.utc_day)
      .run();
}

Result<void> Ledger::set_response(const PartyId& requester, const SessionId& id,
                                  ByteView response) {
  HR_TRY(check_size(response.size(), kMaxBatchResponse, "an evaluation's answer"));
  Statement s = db_->prepare(
      "UPDATE batch SET response = ?3 WHERE requester = ?1 AND id = ?2 AND length(response) = 0");
  HR_TRY(s.bind(1, requester.str()).bind(2, id.view()).bind(3, response).run());
  if (db_->changed_rows() != 1) return bad_input("no batch that waits for its answer");
  return {};
}

Result<void> Ledger::replace_response(const PartyId& requester, const SessionId& id,
                                      ByteView response) {
  HR_TRY(check_size(response.size(), kMaxBatchResponse, "an evaluation's answer"));
  if (response.empty()) return bad_input("an answer to a batch that is empty");
  Statement s = db_->prepare(
      "UPDATE batch SET response = ?3 WHERE requester = ?1 AND id = ?2 AND length(response) > 0");
  HR_TRY(s.bind(1, requester.str()).bind(2, id.view()).bind(3, response).run());
  if (db_->changed_rows() != 1) return bad_input("no batch that has an answer");
  return {};
}

Result<std::uint64_t> Ledger::prune(std::int64_t utc_day) {
  Statement days = db_->prepare("DELETE FROM daily_quota WHERE utc_day < ?1");
  HR_TRY(days.bind(1, utc_day).run());
  Statement batches = db_->prepare("DELETE FROM batch WHERE utc_day < ?1");
  HR_TRY(batches.bind(1, utc_day).run());
  return static_cast<std::uint64_t>(db_->changed_rows());
}

}  // namespace hedgerow::store
