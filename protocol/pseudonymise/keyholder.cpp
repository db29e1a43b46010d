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

Refused malformed(const PartyId& requester, ByteView message, std::string text) {
  return refused(requester, message, RefusalReason::malformed,
                 at_fault(requester, Code::bad_input, std::move(text)));
}
Refused of_another_key(const PartyId& requester, ByteView message) {
  return refused(
      requester, message, RefusalReason::key,
      at_fault(requester, Code::denied, "an evaluation was asked of another key or share version"));
}
Refused reused(const PartyId& requester, ByteView message, std::string text) {
  return refused(requester, message, RefusalReason::batch_reused,
                 at_fault(requester, Code::bad_input, std::move(text)));
}
Refused unknown(const PartyId& requester, ByteView message) {
  return refused(requester, message, RefusalReason::unknown_batch,
                 at_fault(requester, Code::bad_input, "nothing was evaluated for this batch id"));
}

bool set_fits(const KeyShare& share, const PartyId& requester, const EvaluationSet& set) {
  if (set.size() != share.threshold || !set.contains(share.index)) return false;
  return std::all_of(set.indexes().begin(), set.indexes().end(), [&](ParticipantIndex i) {
    return i.number() <= share.keyholders.size() && share.keyholders[i.number() - 1U] != requester;
  });
}

// Work with a share that is not the one certified would only accuse this keyholder.
Result<void> check_share(const KeyShare& share) {
  const Result<Element> own = multiply_base(share.value);
  if (!own.ok() || *own != share.verification_share)
    return configuration("this keyholder's key share is damaged",
                         "restore it from the keyholder's own backup, or have it repaired");
  return {};
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
    return reused(requester, request, "a batch id came with another request");
  if (seen && !seen->response.empty()) return Resend{seen->response};

  Result<EvaluateRequest> decoded = EvaluateRequest::decode(request);
  if (!decoded.ok()) return malformed(requester, request, decoded.error().text);
  if (decoded->key != share.key || decoded->share_version != share.share_version)
    return of_another_key(requester, request);
  if (decoded->set && !set_fits(share, requester, *decoded->set))
    return refused(requester, request, RefusalReason::set,
                   at_fault(requester, Code::bad_input,
                            "an evaluation names keyholders that are not a threshold"));

  const std::uint64_t n = decoded->blinded_elements.size() + (decoded->set ? 1U : 0U);
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
                     {"elements", std::to_string(a.elements())},
                     {"check", a.request_.set ? "1" : "0"},
                     {"charged-import", std::to_string(seen ? 0 : from_import)},
                     {"charged-daily", std::to_string(seen ? 0 : from_day)}}};
  return a;
}

Result<Bytes> Authorised::evaluate(const KeyShare& share, Random& rng) && {
  const EvaluateRequest request = std::move(request_);
  HR_CHECK(request.key == share.key && request.share_version == share.share_version);
  HR_TRY(check_share(share));
  EvaluateResponse response{request.batch, share.index, share.share_version, request_hash_, {}, {}};
  if (request.set) {
    HR_ASSIGN(const Scalar coefficient, request.set->coefficient(share.index));
    HR_ASSIGN(response.evaluated_elements,
              evaluate_folded(share.value, coefficient, request.blinded_elements));
  } else {
    HR_ASSIGN(ShareEvaluation evaluation,
              evaluate_share(share.value, share.verification_share, request.blinded_elements, rng));
    response.evaluated_elements = std::move(evaluation.evaluated_elements);
    response.proof = evaluation.proof;
  }
  return response.encode();
}

Result<FollowUp> check(const KeyShare& share, const PartyId& requester, ByteView message,
                       const std::optional<SeenBatch>& seen, Random& rng) {
  const Sha256 hash = sha256_id(message);
  if (seen && !seen->checked.empty()) {
    if (seen->check_hash == hash) return FollowUp(Resend{seen->checked});
    return FollowUp(reused(requester, message, "a batch id came with another check"));
  }
  const Result<EvaluateCheck> decoded = EvaluateCheck::decode(message);
  if (!decoded.ok()) return FollowUp(malformed(requester, message, decoded.error().text));
  if (decoded->key != share.key || decoded->share_version != share.share_version)
    return FollowUp(of_another_key(requester, message));
  if (!seen || seen->response.empty()) return FollowUp(unknown(requester, message));
  if (seen->request_hash != decoded->request_hash)
    return FollowUp(reused(requester, message, "a check names another request than its batch had"));
  HR_ASSIGN(const EvaluateResponse answered, EvaluateResponse::decode(seen->response));
  if (answered.proof) return FollowUp(unknown(requester, message));  // its check is not paid for
  if (answered.share_version != share.share_version)
    return FollowUp(of_another_key(requester, message));

  HR_TRY(check_share(share));
  const std::vector<Element> element{decoded->element};
  HR_ASSIGN(const ShareEvaluation evaluation,
            evaluate_share(share.value, share.verification_share, element, rng));
  Answered out;
  out.type = MessageType::evaluate_checked;
  out.response = EvaluateChecked{decoded->batch,
                                 share.index,
                                 share.share_version,
                                 hash,
                                 evaluation.evaluated_elements.front(),
                                 evaluation.proof}
                     .encode();
  out.memory = *seen;
  out.memory.check_hash = hash;
  out.memory.checked = out.response;
  out.note = LogNote{"evaluate-check",
                     {{"requester", requester.str()},
                      {"batch", decoded->batch.hex()},
                      {"request", decoded->request_hash.hex()},
                      {"check", hash.hex()}}};
  return FollowUp(std::move(out));
}

Result<FollowUp> prove(const KeyShare& share, const PartyId& requester, ByteView request,
                       const std::optional<SeenBatch>& seen, Random& rng) {
  if (!seen || seen->response.empty()) return FollowUp(unknown(requester, request));
  if (seen->request_hash != sha256_id(request))
    return FollowUp(reused(requester, request, "a proof is asked for another request"));
  HR_ASSIGN(EvaluateResponse answered, EvaluateResponse::decode(seen->response));
  if (answered.proof) return FollowUp(Resend{seen->response});
  if (!seen->proof.empty()) {
    HR_ASSIGN(answered.proof, DleqProof::decode(seen->proof));
    return FollowUp(Resend{answered.encode()});
  }
  // It was answered once, so it can be read.
  HR_ASSIGN(const EvaluateRequest decoded, EvaluateRequest::decode(request));
  if (decoded.key != share.key || decoded.share_version != share.share_version)
    return FollowUp(of_another_key(requester, request));
  HR_TRY(check_share(share));
  HR_CHECK(decoded.set.has_value());
  HR_ASSIGN(const Scalar coefficient, decoded.set->coefficient(share.index));
  HR_ASSIGN(const DleqProof proof,
            prove_folded(share.value, share.verification_share, coefficient,
                         decoded.blinded_elements, answered.evaluated_elements, rng));
  answered.proof = proof;
  Answered out;
  out.type = MessageType::evaluate_response;
  out.response = answered.encode();
  out.memory = *seen;
  out.memory.proof = to_bytes(ByteView(proof.encode()));
  out.note = LogNote{"evaluate-prove",
                     {{"requester", requester.str()},
                      {"batch", decoded.batch.hex()},
                      {"request", seen->request_hash.hex()}}};
  return FollowUp(std::move(out));
}

}  // namespace hedgerow::protocol
