#include "protocol/pseudonymise/client.h"

#include <algorithm>

#include "crypto/hash.h"

namespace hedgerow::protocol {
namespace {

constexpr std::string_view kAsked = "evaluate-asked";

Error usage(std::string text) { return Error{Code::usage, std::move(text), {}, {}}; }

Result<void> check_setup(const PseudonymiseSetup& setup) {
  if (setup.batch_size == 0 || setup.batch_size > kMaxBatch)
    return usage("a batch size is not 1 to 512");
  if (setup.max_in_flight == 0) return usage("no batch may be in flight");
  if (setup.threshold == 0) return usage("a threshold of zero");
  if (setup.timeout_ms <= std::chrono::milliseconds::zero()) return usage("a time-out of zero");
  if (!is_valid_name(setup.purpose)) return usage("a purpose that is no name");
  std::set<PartyId> parties;
  std::set<ParticipantIndex> indexes;
  for (const KeyholderContact& k : setup.keyholders) {
    if (!parties.insert(k.party).second || !indexes.insert(k.index).second)
      return configuration("keyholder " + k.party.str() + " or its number is listed twice");
  }
  if (setup.keyholders.size() < setup.threshold)
    return try_again("pseudonyms need " + std::to_string(setup.threshold) +
                     " keyholders besides this agency, and there are " +
                     std::to_string(setup.keyholders.size()));
  return {};
}

Result<void> check_inputs(const WipingVector<NhsDigits>& inputs) {
  for (const NhsDigits& digits : inputs) HR_TRY(identifier_input(digits));
  WipingVector<NhsDigits> sorted = inputs;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    return bad_input("an identifier is given twice");
  return {};
}

// No batch is larger than what the threshold-th best keyholder says is left.
std::size_t largest_batch(const PseudonymiseSetup& setup) {
  std::vector<std::uint64_t> left;
  for (const KeyholderContact& k : setup.keyholders)
    left.push_back(std::min<std::uint64_t>(k.quota_left.value_or(kMaxBatch), kMaxBatch));
  std::sort(left.rbegin(), left.rend());
  const std::uint64_t most = std::min<std::uint64_t>(setup.batch_size, left[setup.threshold - 1]);
  // With nothing left anywhere the run fails when keyholders are chosen, naming them.
  return static_cast<std::size_t>(std::max<std::uint64_t>(most, 1));
}

}  // namespace

Result<PseudonymiseClient> PseudonymiseClient::create(PseudonymiseSetup setup,
                                                      WipingVector<NhsDigits> inputs) {
  HR_TRY(check_setup(setup));
  HR_TRY(check_inputs(inputs));
  return PseudonymiseClient(std::move(setup), std::move(inputs));
}

PseudonymiseClient::PseudonymiseClient(PseudonymiseSetup setup, WipingVector<NhsDigits> inputs)
    : setup_(std::move(setup)),
      inputs_(std::move(inputs)),
      batch_size_(largest_batch(setup_)),
      results_(inputs_.size()) {
  for (const KeyholderContact& contact : setup_.keyholders) {
    keyholders_.push_back({contact, Trouble::none, {}, false, false});
  }
}

Step PseudonymiseClient::start(UtcTime now, Random& rng) {
  HR_CHECK(!started_);
  started_ = true;
  return settle({}, now, rng);
}

Result<Step> PseudonymiseClient::on_message(const PartyId& from, MessageType type, ByteView body,
                                            UtcTime now, Random& rng) {
  HR_CHECK(started_);
  const std::optional<std::size_t> keyholder = keyholder_of(from);
  if (!keyholder)
    return culprit_error("an answer to an evaluation from a party that was not asked", from.str());
  Step step;
  if (finished_) {
    step.finished = true;
    return step;
  }
  if (type == MessageType::evaluate_response) {
    Result<EvaluateResponse> response = EvaluateResponse::decode(body);
    if (response.ok()) {
      HR_TRY(on_response(*keyholder, std::move(response).value(), step));
    } else {
      condemn(*keyholder, response.error().text, step);
    }
  } else if (type == MessageType::evaluate_refusal) {
    const Result<EvaluateRefusal> refusal = EvaluateRefusal::decode(body);
    if (refusal.ok()) {
      HR_TRY(on_refusal(*keyholder, refusal.value()));
    } else {
      condemn(*keyholder, refusal.error().text, step);
    }
  } else {
    return culprit_error("a message that has no place in an evaluation", from.str());
  }
  return settle(std::move(step), now, rng);
}

Step PseudonymiseClient::on_time(UtcTime now, Random& rng) {
  HR_CHECK(started_);
  for (Batch& batch : in_flight_)
    for (auto& [keyholder, attempt] : batch.attempts)
      if (attempt.deadline <= now) give_up_waiting(keyholder, attempt, Trouble::late);
  return settle({}, now, rng);
}

Step PseudonymiseClient::on_unreachable(const PartyId& party, UtcTime now, Random& rng) {
  HR_CHECK(started_);
  if (const std::optional<std::size_t> keyholder = keyholder_of(party)) {
    for (Batch& batch : in_flight_) {
      const auto attempt = batch.attempts.find(*keyholder);
      if (attempt != batch.attempts.end())
        give_up_waiting(*keyholder, attempt->second, Trouble::unreachable);
    }
  }
  return settle({}, now, rng);
}

Result<WipingVector<Pseudonym>> PseudonymiseClient::take_result() && {
  HR_CHECK(finished_);
  if (failure_) return *std::move(failure_);
  const WipingVector<std::optional<Pseudonym>> results = std::move(results_);
  WipingVector<Pseudonym> out;
  out.reserve(results.size());
  for (const std::optional<Pseudonym>& p : results) {
    HR_CHECK(p.has_value());
    out.push_back(*p);
  }
  return out;
}

std::optional<std::size_t> PseudonymiseClient::keyholder_of(const PartyId& party) const {
  for (std::size_t i = 0; i < keyholders_.size(); ++i)
    if (keyholders_[i].contact.party == party) return i;
  return std::nullopt;
}

// --- answers ---

Result<void> PseudonymiseClient::on_response(std::size_t keyholder, EvaluateResponse response,
                                             Step& step) {
  if (completed_.contains(response.batch)) return {};
  const KeyholderContact& contact = keyholders_[keyholder].contact;
  const auto batch = std::find_if(in_flight_.begin(), in_flight_.end(),
                                  [&](const Batch& b) { return b.id == response.batch; });
  if (batch == in_flight_.end() || !batch->attempts.contains(keyholder))
    return culprit_error("an evaluation that was not asked for", contact.party.str());
  Batch::Attempt& attempt = batch->attempts.at(keyholder);
  if (attempt.answer == Answer::given || attempt.answer == Answer::failed) return {};

  if (response.request_hash != batch->request_hash) {
    condemn(keyholder, "an evaluation of another request than was sent", step);
  } else if (response.index != contact.index || response.share_version != setup_.share_version) {
    condemn(keyholder, "an evaluation under another key share", step);
  } else {
    Result<VerifiedShare> share = batch->blinded.verify_share(
        contact.index, contact.verification_share, std::move(response.evaluation));
    if (!share.ok()) {
      condemn(keyholder, share.error().text, step);
      return {};
    }
    attempt.answer = Answer::given;
    keyholders_[keyholder].suspect = false;
    keyholders_[keyholder].trouble = Trouble::none;
    batch->shares.push_back(std::move(share).value());
  }
  return {};
}

Result<void> PseudonymiseClient::on_refusal(std::size_t keyholder, const EvaluateRefusal& refusal) {
  if (completed_.contains(refusal.batch)) return {};
  Keyholder& k = keyholders_[keyholder];
  // By the hash: a keyholder that could not read the request could not read its batch id either.
  const auto batch = std::find_if(in_flight_.begin(), in_flight_.end(), [&](const Batch& b) {
    return b.request_hash == refusal.request_hash;
  });
  if (batch == in_flight_.end() || !batch->attempts.contains(keyholder))
    return culprit_error("a refusal of what was not asked for", k.contact.party.str());
  Batch::Attempt& attempt = batch->attempts.at(keyholder);
  if (attempt.answer == Answer::given || attempt.answer == Answer::failed) return {};

  attempt.answer = Answer::failed;
  k.trouble = Trouble::refused;
  k.reason = name_of(refusal.reason);
  switch (refusal.reason) {
    case RefusalReason::quota:
      k.trouble = Trouble::quota;
      k.contact.quota_left = refusal.quota_left;
      break;
    case RefusalReason::busy:
      k.suspect = true;
      break;
    case RefusalReason::key:
    case RefusalReason::not_authorised:
    case RefusalReason::malformed:
    case RefusalReason::batch_reused:
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
    if (attempt != batch.attempts.end() && attempt->second.answer != Answer::given)
      attempt->second.answer = Answer::failed;
  }
  step.log.push_back({"evaluate-culprit", {{"keyholder", k.contact.party.str()}, {"reason", why}}});
}

void PseudonymiseClient::give_up_waiting(std::size_t keyholder, Batch::Attempt& attempt,
                                         Trouble trouble) {
  if (attempt.answer != Answer::waiting) return;
  attempt.answer = Answer::late;
  keyholders_[keyholder].trouble = trouble;
  keyholders_[keyholder].suspect = true;
}

// --- whom to ask ---

bool PseudonymiseClient::may_serve(std::size_t keyholder, const Batch& batch) const {
  const Keyholder& k = keyholders_[keyholder];
  const bool enough = !k.contact.quota_left || *k.contact.quota_left >= batch.blinded.size();
  return !k.excluded && enough && !batch.attempts.contains(keyholder);
}

// Those that may serve, the best first. Each batch begins with another keyholder, so that their
// quotas are spent evenly.
std::vector<std::size_t> PseudonymiseClient::candidates(const Batch& batch) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < keyholders_.size(); ++i) {
    const std::size_t k = (batch.number + i) % keyholders_.size();
    if (may_serve(k, batch)) out.push_back(k);
  }
  std::stable_partition(out.begin(), out.end(),
                        [&](std::size_t k) { return !keyholders_[k].suspect; });
  return out;
}

void PseudonymiseClient::ask_keyholders(Batch& batch, Step& step, UtcTime now) {
  std::size_t engaged = batch.shares.size();
  for (const auto& [keyholder, attempt] : batch.attempts)
    if (attempt.answer == Answer::waiting) ++engaged;
  if (engaged >= setup_.threshold) return;
  std::vector<std::size_t> chosen = candidates(batch);
  const std::size_t needed = setup_.threshold - engaged;
  if (chosen.size() < needed) return fail(missing_keyholders(batch));
  chosen.resize(needed);

  const auto lifetime = std::chrono::ceil<std::chrono::seconds>(setup_.timeout_ms);
  for (const std::size_t keyholder : chosen) {
    KeyholderContact& contact = keyholders_[keyholder].contact;
    if (contact.quota_left) *contact.quota_left -= batch.blinded.size();
    batch.attempts[keyholder] = {Answer::waiting, now + setup_.timeout_ms};
    step.send.push_back({contact.party, MessageType::evaluate_request, batch.request, lifetime});
    step.log.push_back({std::string(kAsked),
                        {{"keyholder", contact.party.str()},
                         {"purpose", setup_.purpose},
                         {"batch", batch.id.hex()},
                         {"request", batch.request_hash.hex()},
                         {"elements", std::to_string(batch.blinded.size())}}});
  }
}

// --- batches ---

Result<PseudonymiseClient::Batch> PseudonymiseClient::blind_next(Random& rng) {
  const std::size_t count = std::min(batch_size_, inputs_.size() - next_input_);
  WipingVector<WipingBytes> identifiers;
  identifiers.reserve(count);
  for (std::size_t j = 0; j < count; ++j) {
    HR_ASSIGN(WipingBytes identifier, identifier_input(inputs_[next_input_ + j]));
    identifiers.push_back(std::move(identifier));
  }
  BatchId id;
  rng.fill(id.bytes);
  HR_ASSIGN(ThresholdBlinded blinded, ThresholdBlinded::blind(identifiers, rng));
  Bytes request = EvaluateRequest{setup_.key, setup_.share_version, id, setup_.purpose,
                                  blinded.blinded_elements()}
                      .encode();
  const Sha256 request_hash = sha256_id(request);
  Batch batch{next_number_,       next_input_,  id, std::move(blinded),
              std::move(request), request_hash, {}, {}};
  next_input_ += count;
  ++next_number_;
  return batch;
}

void PseudonymiseClient::open_batches(Random& rng) {
  while (!finished_ && in_flight_.size() < setup_.max_in_flight && next_input_ < inputs_.size()) {
    Result<Batch> batch = blind_next(rng);
    if (!batch.ok()) return fail(std::move(batch).error());
    in_flight_.push_back(std::move(batch).value());
  }
}

void PseudonymiseClient::complete_batches() {
  for (Batch& batch : in_flight_) {
    if (batch.shares.size() < setup_.threshold) continue;
    const std::vector<VerifiedShare> chosen(
        batch.shares.begin(), batch.shares.begin() + static_cast<std::ptrdiff_t>(setup_.threshold));
    const Result<WipingVector<Pseudonym>> pseudonyms =
        std::move(batch.blinded).combine(chosen, setup_.threshold);
    if (!pseudonyms.ok()) return fail(pseudonyms.error());
    for (std::size_t j = 0; j < pseudonyms->size(); ++j)
      results_[batch.first + j] = (*pseudonyms)[j];
    done_ += pseudonyms->size();
    completed_.insert(batch.id);
  }
  std::erase_if(in_flight_, [&](const Batch& b) { return completed_.contains(b.id); });
}

// --- ends ---

Error PseudonymiseClient::missing_keyholders(const Batch& batch) const {
  std::string missing;
  std::string culprits;
  bool quota = false;
  for (const Keyholder& k : keyholders_) {
    Trouble trouble = k.trouble;
    if (trouble == Trouble::none && k.contact.quota_left &&
        *k.contact.quota_left < batch.blinded.size())
      trouble = Trouble::quota;
    std::string why;
    switch (trouble) {
      case Trouble::none:
        continue;
      case Trouble::late:
        why = "no answer in time";
        break;
      case Trouble::unreachable:
        why = "cannot be reached";
        break;
      case Trouble::quota:
        why = "quota spent";
        quota = true;
        break;
      case Trouble::refused:
        why = "refused: " + k.reason;
        break;
      case Trouble::bad_answer:
        why = "gave a bad answer";
        break;
    }
    missing += (missing.empty() ? "" : ", ") + k.contact.party.str() + " (" + why + ")";
    culprits += (culprits.empty() ? "" : ", ") + k.contact.party.str();
  }
  Error error = try_again(
      "pseudonyms need " + std::to_string(setup_.threshold) + " keyholders; missing: " + missing,
      quota ? "daily quotas begin anew at midnight UTC"
            : "try again when the keyholders named are back");
  error.culprit = culprits;
  return error;
}

void PseudonymiseClient::fail(Error error) {
  failure_ = std::move(error);
  finished_ = true;
  completed_.clear();
  results_.clear();
}

Step PseudonymiseClient::settle(Step step, UtcTime now, Random& rng) {
  if (!finished_) complete_batches();
  if (!finished_) open_batches(rng);
  for (Batch& batch : in_flight_)
    if (!finished_) ask_keyholders(batch, step, now);
  if (failure_) {
    // What this step would have asked is not asked after all.
    in_flight_.clear();
    step.send.clear();
    std::erase_if(step.log, [](const LogNote& note) { return note.kind == kAsked; });
    step.log.push_back({"pseudonymise-failed", {{"reason", failure_->text}}});
  } else if (!finished_ && in_flight_.empty()) {
    finished_ = true;
    step.log.push_back(
        {"pseudonymised",
         {{"elements", std::to_string(done_)}, {"batches", std::to_string(next_number_)}}});
  }
  step.finished = finished_;
  for (const Batch& batch : in_flight_)
    for (const auto& [keyholder, attempt] : batch.attempts)
      if (attempt.answer == Answer::waiting && (!step.wake_at || attempt.deadline < *step.wake_at))
        step.wake_at = attempt.deadline;
  return step;
}

}  // namespace hedgerow::protocol
