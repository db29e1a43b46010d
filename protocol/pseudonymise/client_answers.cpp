// The requester's role: what comes back from the keyholders.
#include <algorithm>

#include "protocol/pseudonymise/client.h"

namespace hedgerow::protocol {

Result<PseudonymiseClient::Batch*> PseudonymiseClient::batch_of(std::size_t keyholder,
                                                                const BatchId& id) {
  const auto batch = std::find_if(in_flight_.begin(), in_flight_.end(),
                                  [&](const Batch& b) { return b.id == id; });
  if (batch == in_flight_.end() || !batch->attempts.contains(keyholder))
    return culprit_error("an evaluation that was not asked for",
                         keyholders_[keyholder].contact.party.str());
  return &*batch;
}

void PseudonymiseClient::take_answer(std::size_t keyholder, Attempt& attempt, Answer answer) {
  attempt.answer = answer;
  keyholders_[keyholder].suspect = false;
  keyholders_[keyholder].trouble = Trouble::none;
}

Result<void> PseudonymiseClient::on_response(std::size_t keyholder, EvaluateResponse response,
                                             Step& step) {
  if (completed_.contains(response.batch)) return {};
  HR_ASSIGN(Batch* const batch, batch_of(keyholder, response.batch));
  const Attempt& attempt = batch->attempts.at(keyholder);
  if (attempt.answer == Answer::verified || attempt.answer == Answer::failed) return {};

  const Request& request = attempt.in_set ? batch->to_set : batch->to_others;
  if (response.request_hash != request.hash) {
    condemn(keyholder, "an evaluation of another request than was sent", step);
  } else if (response.index != keyholders_[keyholder].contact.index ||
             response.share_version != setup_.share_version) {
    condemn(keyholder, "an evaluation under another key share", step);
  } else if (response.proof) {
    on_proven(keyholder, *batch, std::move(response), step);
  } else {
    on_folded(keyholder, *batch, std::move(response), step);
  }
  return {};
}

// An answer of one of the set. What is taken here is never exchanged: the weights of the check
// count on it.
void PseudonymiseClient::on_folded(std::size_t keyholder, Batch& batch, EvaluateResponse response,
                                   Step& step) {
  Attempt& attempt = batch.attempts.at(keyholder);
  if (!attempt.in_set) return condemn(keyholder, "an evaluation without a proof", step);
  if (response.evaluated_elements.size() != batch.blinded.size())
    return condemn(keyholder, "an evaluation with another number of elements than the request",
                   step);
  if (attempt.folded.empty()) {
    attempt.folded = std::move(response.evaluated_elements);
    take_answer(keyholder, attempt, Answer::given);
  } else if (attempt.folded != response.evaluated_elements) {
    condemn(keyholder, "another evaluation than it gave before", step);
  }
}

void PseudonymiseClient::on_proven(std::size_t keyholder, Batch& batch, EvaluateResponse response,
                                   Step& step) {
  Attempt& attempt = batch.attempts.at(keyholder);
  if (attempt.in_set && !attempt.asked_to_prove)
    return condemn(keyholder, "a proof that was not asked for", step);
  if (attempt.in_set && attempt.folded != response.evaluated_elements)
    return condemn(keyholder, "another evaluation than it gave before", step);
  const KeyholderContact& contact = keyholders_[keyholder].contact;
  ShareEvaluation evaluation{std::move(response.evaluated_elements), *response.proof};
  Result<VerifiedShare> share =
      attempt.in_set
          ? batch.blinded.verify_folded(*batch.set, contact.index, contact.verification_share,
                                        std::move(evaluation))
          : batch.blinded.verify_share(contact.index, contact.verification_share,
                                       std::move(evaluation));
  if (!share.ok()) return condemn(keyholder, share.error().text, step);
  take_answer(keyholder, attempt, Answer::verified);
  batch.shares.push_back(std::move(share).value());
}

Result<void> PseudonymiseClient::on_checked(std::size_t keyholder, const EvaluateChecked& checked,
                                            Step& step) {
  if (completed_.contains(checked.batch)) return {};
  HR_ASSIGN(Batch* const batch, batch_of(keyholder, checked.batch));
  Attempt& attempt = batch->attempts.at(keyholder);
  const KeyholderContact& contact = keyholders_[keyholder].contact;
  if (!attempt.in_set || !batch->check)
    return culprit_error("the answer to a check that was not asked for", contact.party.str());
  // By proofs since: it came too late. Once given it is not taken again.
  if (batch->proving || attempt.answer != Answer::waiting) return {};

  if (checked.check_hash != batch->to_check.hash) {
    condemn(keyholder, "the answer to another check than was sent", step);
  } else if (checked.index != contact.index || checked.share_version != setup_.share_version) {
    condemn(keyholder, "the answer to a check under another key share", step);
  } else {
    const Result<void> taken = batch->check->take(contact.index, contact.verification_share,
                                                  {{checked.evaluated_element}, checked.proof});
    if (!taken.ok())
      condemn(keyholder, taken.error().text, step);
    else
      take_answer(keyholder, attempt, Answer::given);
  }
  return {};
}

Result<void> PseudonymiseClient::on_refusal(std::size_t keyholder, const EvaluateRefusal& refusal) {
  if (completed_.contains(refusal.batch)) return {};
  Keyholder& k = keyholders_[keyholder];
  // By the hash: a keyholder that could not read the request could not read its batch id either.
  const auto is_about = [&](const Request& r) {
    return !r.bytes.empty() && r.hash == refusal.request_hash;
  };
  const auto batch = std::find_if(in_flight_.begin(), in_flight_.end(), [&](const Batch& b) {
    return is_about(b.to_set) || is_about(b.to_others) || is_about(b.to_check);
  });
  if (batch == in_flight_.end() || !batch->attempts.contains(keyholder))
    return culprit_error("a refusal of what was not asked for", k.contact.party.str());
  Attempt& attempt = batch->attempts.at(keyholder);
  const bool waits = attempt.answer == Answer::waiting || attempt.answer == Answer::late;
  const bool of_check = is_about(batch->to_check);
  if (!waits || (of_check && batch->proving) || attempt.in_set == is_about(batch->to_others))
    return {};  // of something that has been overtaken

  attempt.answer = Answer::failed;
  k.trouble = Trouble::refused;
  k.reason = name_of(refusal.reason);
  switch (refusal.reason) {
    case RefusalReason::quota:
      k.trouble = Trouble::quota;
      k.contact.quota_left = refusal.quota_left;
      // Enough, but for the check's element: it may be asked again, by itself.
      if (attempt.in_set && !of_check && refusal.quota_left >= batch->blinded.size()) {
        batch->proving = true;
        batch->attempts.erase(keyholder);
      }
      break;
    case RefusalReason::busy:
      k.suspect = true;
      if (of_check) {  // it may still prove what it gave
        batch->proving = true;
        attempt.answer = Answer::given;
      }
      break;
    case RefusalReason::key:
    case RefusalReason::not_authorised:
    case RefusalReason::malformed:
    case RefusalReason::batch_reused:
    case RefusalReason::set:
    case RefusalReason::unknown_batch:
      k.excluded = true;
      break;
  }
  return {};
}

void PseudonymiseClient::condemn(std::size_t keyholder, const std::string& why, Step& step) {
  Keyholder& k = keyholders_[keyholder];
  k.excluded = true;
  k.trouble = Trouble::bad_answer;
  // Shares of it that were verified before stay: their proofs held.
  for (Batch& batch : in_flight_) {
    const auto attempt = batch.attempts.find(keyholder);
    if (attempt != batch.attempts.end() && attempt->second.answer != Answer::verified)
      attempt->second.answer = Answer::failed;
  }
  step.log.push_back({"evaluate-culprit", {{"keyholder", k.contact.party.str()}, {"reason", why}}});
}

void PseudonymiseClient::give_up_waiting(std::size_t keyholder, Attempt& attempt, Trouble trouble) {
  if (attempt.answer != Answer::waiting) return;
  attempt.answer = Answer::late;
  keyholders_[keyholder].trouble = trouble;
  keyholders_[keyholder].suspect = true;
}

}  // namespace hedgerow::protocol
