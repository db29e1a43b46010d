#include "protocol/pseudonymise/keyholder.h"

#include <algorithm>

#include "crypto/hash.h"

namespace hedgerow::protocol {
namespace {

Refused refused(const PartyId& requester, ByteView request, RefusalReason reason, Error error,
                std::uint32_t quota_left = 0) {
  const Result<BatchId> batch = EvaluateRequest::peek_batch(request);
  EvaluateRefusal message;
  if (batch.ok()) message.batch = *batch;
  message.request_hash = sha256_id(request);
  message.reason = reason;
  message.quota_left = quota_left;
  LogNote note{"evaluate-refused",
               {{"requester", requester.str()},
                {"batch", message.batch.hex()},
                {"request", message.request_hash.hex()},
                {"reason", std::string(name_of(reason))}}};
  return Refused{reason, message.encode(), std::move(error), std::move(note)};
}

Error at_fault(const PartyId& requester, Code code, std::string text) {
  return Error{code, std::move(text), requester.str(), {}};
}

}  // namespace

std::string import_quota_account(const PartyId& requester) {
  return "evaluate-import:" + requester.str();
}
std::string daily_quota_account(const PartyId& requester) {
  return "evaluate-daily:" + requester.str();
}

Refused refuse(const PartyId& requester, ByteView request, RefusalReason reason) {
  const Code code = reason == RefusalReason::busy ? Code::try_again : Code::denied;
  return refused(
      requester, request, reason,
      at_fault(requester, code, "an evaluation was refused: " + std::string(name_of(reason))));
}

KeyholderDecision authorise(const KeyShare& share, const PartyId& requester, ByteView request,
                            const EvaluationQuota& quota, const std::optional<SeenBatch>& seen) {
  const Sha256 hash = sha256_id(request);
  if (seen && seen->request_hash != hash)
    return refused(requester, request, RefusalReason::batch_reused,
                   at_fault(requester, Code::bad_input, "a batch id came with another request"));
  if (seen && !seen->response.empty()) return Resend{seen->response};

  Result<EvaluateRequest> decoded = EvaluateRequest::decode(request);
  if (!decoded.ok())
    return refused(requester, request, RefusalReason::malformed,
                   at_fault(requester, Code::bad_input, decoded.error().text));
  if (decoded->key != share.key || decoded->share_version != share.share_version)
    return refused(requester, request, RefusalReason::key,
                   at_fault(requester, Code::denied,
                            "an evaluation was asked of another key or share version"));

  const std::uint64_t n = decoded->blinded_elements.size();
  const std::uint64_t from_import = std::min(n, quota.import_left);
  const std::uint64_t from_day = n - from_import;
  if (!seen && from_day > quota.daily_left) {
    // Here both balances are below n, so the sum fits.
    const auto left = static_cast<std::uint32_t>(quota.import_left + quota.daily_left);
    return refused(requester, request, RefusalReason::quota,
                   at_fault(requester, Code::try_again, "an evaluation quota is spent"), left);
  }

  Authorised a(*std::move(decoded), hash);
  if (!seen) {
    if (from_import > 0) a.charges_.push_back({import_quota_account(requester), from_import});
    if (from_day > 0) a.charges_.push_back({daily_quota_account(requester), from_day});
  }
  a.note_ = LogNote{"evaluate",
                    {{"requester", requester.str()},
                     {"purpose", a.request_.purpose},
                     {"batch", a.request_.batch.hex()},
                     {"request", hash.hex()},
                     {"elements", std::to_string(n)},
                     {"charged-import", std::to_string(seen ? 0 : from_import)},
                     {"charged-daily", std::to_string(seen ? 0 : from_day)}}};
  return a;
}

Result<Bytes> Authorised::evaluate(const KeyShare& share, Random& rng) && {
  const EvaluateRequest request = std::move(request_);
  HR_CHECK(request.key == share.key && request.share_version == share.share_version);
  // A proof made with a share that is not the one certified would only accuse this keyholder.
  const Result<Element> own = multiply_base(share.value);
  if (!own.ok() || *own != share.verification_share)
    return configuration("this keyholder's key share is damaged",
                         "restore it from the keyholder's own backup, or have it repaired");
  HR_ASSIGN(ShareEvaluation evaluation,
            evaluate_share(share.value, share.verification_share, request.blinded_elements, rng));
  return EvaluateResponse{request.batch, share.index, share.share_version, request_hash_,
                          std::move(evaluation)}
      .encode();
}

}  // namespace hedgerow::protocol
