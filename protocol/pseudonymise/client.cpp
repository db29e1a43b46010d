#include "protocol/pseudonymise/client.h"

#include <algorithm>

#include "crypto/hash.h"

namespace hedgerow::protocol {
namespace {

constexpr std::string_view kAsked = "evaluate-asked";
constexpr std::string_view kCheckAsked = "evaluate-check-asked";
constexpr std::string_view kProofAsked = "evaluate-proof-asked";

bool is_about_asking(const LogNote& note) {
  return note.kind == kAsked || note.kind == kCheckAsked || note.kind == kProofAsked;
}

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
  } else if (type == MessageType::evaluate_checked) {
    const Result<EvaluateChecked> checked = EvaluateChecked::decode(body);
    if (checked.ok()) {
      HR_TRY(on_checked(*keyholder, checked.value(), step));
    } else {
      condemn(*keyholder, checked.error().text, step);
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

std::chrono::seconds PseudonymiseClient::lifetime() const {
  return std::chrono::ceil<std::chrono::seconds>(setup_.timeout_ms);
}

std::optional<std::size_t> PseudonymiseClient::keyholder_of(const PartyId& party) const {
  for (std::size_t i = 0; i < keyholders_.size(); ++i)
    if (keyholders_[i].contact.party == party) return i;
  return std::nullopt;
}

// --- whom to ask ---

bool PseudonymiseClient::may_serve(std::size_t keyholder, const Batch& batch,
                                   std::size_t cost) const {
  const Keyholder& k = keyholders_[keyholder];
  const bool enough = !k.contact.quota_left || *k.contact.quota_left >= cost;
  return !k.excluded && enough && !batch.attempts.contains(keyholder);
}

// Those that may serve, the best first. Each batch begins with another keyholder, so that their
// quotas are spent evenly.
std::vector<std::size_t> PseudonymiseClient::candidates(const Batch& batch,
                                                        std::size_t cost) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < keyholders_.size(); ++i) {
    const std::size_t k = (batch.number + i) % keyholders_.size();
    if (may_serve(k, batch, cost)) out.push_back(k);
  }
  std::stable_partition(out.begin(), out.end(),
                        [&](std::size_t k) { return !keyholders_[k].suspect; });
  return out;
}

PseudonymiseClient::Request PseudonymiseClient::request_of(const Batch& batch) const {
  EvaluateRequest message{setup_.key,     setup_.share_version, batch.id,
                          setup_.purpose, std::nullopt,         batch.blinded.blinded_elements()};
  if (!batch.proving) message.set = batch.set;
  Bytes bytes = message.encode();
  const Sha256 hash = sha256_id(bytes);
  return {std::move(bytes), hash};
}

void PseudonymiseClient::ask(Batch& batch, std::size_t keyholder, std::size_t cost, Step& step,
                             UtcTime now) {
  KeyholderContact& contact = keyholders_[keyholder].contact;
  if (contact.quota_left) *contact.quota_left -= cost;
  Attempt& attempt = batch.attempts[keyholder];
  attempt.deadline = now + setup_.timeout_ms;
  attempt.in_set = !batch.proving;
  const Request& request = attempt.in_set ? batch.to_set : batch.to_others;
  step.send.push_back({contact.party, MessageType::evaluate_request, request.bytes, lifetime()});
  step.log.push_back({std::string(kAsked),
                      {{"keyholder", contact.party.str()},
                       {"purpose", setup_.purpose},
                       {"batch", batch.id.hex()},
                       {"request", request.hash.hex()},
                       {"elements", std::to_string(batch.blinded.size())},
                       {"check", attempt.in_set ? "1" : "0"}}});
}

// False where this batch is better proved, or there are too few for a set.
bool PseudonymiseClient::ask_set(Batch& batch, Step& step, UtcTime now) {
  const std::size_t cost = batch.blinded.size() + 1;  // the check's element too
  if (batch.blinded.size() < setup_.smallest_checked || setup_.threshold > kMaxEvaluationSet)
    return false;
  std::vector<std::size_t> chosen = candidates(batch, cost);
  if (chosen.size() < setup_.threshold) return false;
  chosen.resize(setup_.threshold);
  std::sort(chosen.begin(), chosen.end(), [&](std::size_t a, std::size_t b) {
    return keyholders_[a].contact.index < keyholders_[b].contact.index;
  });
  std::vector<ParticipantIndex> indexes;
  for (const std::size_t k : chosen) indexes.push_back(keyholders_[k].contact.index);
  Result<EvaluationSet> set = EvaluationSet::from(std::move(indexes));
  HR_CHECK(set.ok());
  batch.set = std::move(set).value();
  batch.of_set = chosen;
  batch.to_set = request_of(batch);
  for (const std::size_t k : chosen) ask(batch, k, cost, step, now);
  return true;
}

// Proofs of what is in. It costs nobody's quota, so the late ones are asked too.
void PseudonymiseClient::ask_to_prove(Batch& batch, Step& step, UtcTime now) {
  for (const std::size_t keyholder : batch.of_set) {
    const auto found = batch.attempts.find(keyholder);
    if (found == batch.attempts.end()) continue;
    Attempt& attempt = found->second;
    const bool out = attempt.answer == Answer::failed || attempt.answer == Answer::verified;
    if (out || attempt.folded.empty() || attempt.asked_to_prove) continue;
    attempt.asked_to_prove = true;
    attempt.deadline = now + setup_.timeout_ms;
    if (attempt.answer != Answer::late) attempt.answer = Answer::waiting;
    const PartyId& party = keyholders_[keyholder].contact.party;
    step.send.push_back({party, MessageType::evaluate_prove, batch.to_set.bytes, lifetime()});
    step.log.push_back({std::string(kProofAsked),
                        {{"keyholder", party.str()},
                         {"batch", batch.id.hex()},
                         {"request", batch.to_set.hash.hex()}}});
  }
}

void PseudonymiseClient::ask_others(Batch& batch, Step& step, UtcTime now) {
  std::size_t engaged = batch.shares.size();
  for (const auto& [keyholder, attempt] : batch.attempts)
    if (attempt.answer == Answer::waiting) ++engaged;
  if (engaged >= setup_.threshold) return;
  const std::size_t cost = batch.blinded.size();
  std::vector<std::size_t> chosen = candidates(batch, cost);
  const std::size_t needed = setup_.threshold - engaged;
  if (chosen.size() < needed) return fail(missing_keyholders(batch));
  chosen.resize(needed);
  if (batch.to_others.bytes.empty()) batch.to_others = request_of(batch);
  for (const std::size_t k : chosen) ask(batch, k, cost, step, now);
}

void PseudonymiseClient::ask_keyholders(Batch& batch, Step& step, UtcTime now) {
  if (!batch.proving && !batch.set && !ask_set(batch, step, now)) batch.proving = true;
  if (!batch.proving) return;
  ask_to_prove(batch, step, now);
  ask_others(batch, step, now);
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
  Batch batch{next_number_, next_input_, id,   std::move(blinded), {}, {}, {}, {}, {}, {}, false,
              {},           {},          false};
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

// Every answer of the set is in, and none is taken any more: only now are weights drawn.
void PseudonymiseClient::begin_check(Batch& batch, Step& step, UtcTime now, Random& rng) {
  std::vector<std::vector<Element>> folded;
  for (const std::size_t k : batch.of_set) folded.push_back(batch.attempts.at(k).folded);
  Result<BatchCheck> begun = batch.blinded.begin_check(*batch.set, folded, rng);
  if (!begun.ok()) {
    note_failed_check(batch, begun.error().text, step);
    return;
  }
  batch.check = std::move(begun).value();
  batch.to_check.bytes = EvaluateCheck{setup_.key, setup_.share_version, batch.id,
                                       batch.to_set.hash, batch.check->element()}
                             .encode();
  batch.to_check.hash = sha256_id(batch.to_check.bytes);
  for (const std::size_t k : batch.of_set) {
    Attempt& attempt = batch.attempts.at(k);
    attempt.answer = Answer::waiting;
    attempt.deadline = now + setup_.timeout_ms;
    const PartyId& party = keyholders_[k].contact.party;
    step.send.push_back({party, MessageType::evaluate_check, batch.to_check.bytes, lifetime()});
    step.log.push_back({std::string(kCheckAsked),
                        {{"keyholder", party.str()},
                         {"batch", batch.id.hex()},
                         {"check", batch.to_check.hash.hex()}}});
  }
}

void PseudonymiseClient::note_failed_check(Batch& batch, const std::string& why, Step& step) {
  batch.proving = true;
  step.log.push_back({"evaluate-check-failed", {{"batch", batch.id.hex()}, {"reason", why}}});
}

// From the answers that are in to whatever they allow.
void PseudonymiseClient::advance(Batch& batch, Step& step, UtcTime now, Random& rng) {
  if (batch.set && !batch.proving) {
    const auto all = [&](Answer answer) {
      return std::all_of(batch.of_set.begin(), batch.of_set.end(), [&](std::size_t k) {
        const auto a = batch.attempts.find(k);
        return a != batch.attempts.end() && a->second.answer == answer;
      });
    };
    const bool out = std::any_of(batch.of_set.begin(), batch.of_set.end(), [&](std::size_t k) {
      const auto a = batch.attempts.find(k);
      return a == batch.attempts.end() || a->second.answer == Answer::late ||
             a->second.answer == Answer::failed;
    });
    if (out) {
      batch.proving = true;
    } else if (!batch.check && all(Answer::given)) {
      begin_check(batch, step, now, rng);
    } else if (batch.check && all(Answer::given)) {
      Result<CheckedSums> sums = std::move(*batch.check).finish();
      if (sums.ok())
        return take_pseudonyms(batch, std::move(batch.blinded).combine(std::move(sums).value()));
      note_failed_check(batch, sums.error().text, step);
    }
  }
  if (batch.proving && batch.shares.size() >= setup_.threshold) {
    const std::vector<VerifiedShare> chosen(
        batch.shares.begin(), batch.shares.begin() + static_cast<std::ptrdiff_t>(setup_.threshold));
    take_pseudonyms(batch, std::move(batch.blinded).combine(chosen, setup_.threshold));
  }
}

void PseudonymiseClient::take_pseudonyms(Batch& batch,
                                         const Result<WipingVector<Pseudonym>>& pseudonyms) {
  if (!pseudonyms.ok()) return fail(pseudonyms.error());
  for (std::size_t j = 0; j < pseudonyms->size(); ++j) results_[batch.first + j] = (*pseudonyms)[j];
  done_ += pseudonyms->size();
  completed_.insert(batch.id);
  batch.complete = true;
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
  for (Batch& batch : in_flight_)
    if (!finished_) advance(batch, step, now, rng);
  std::erase_if(in_flight_, [](const Batch& batch) { return batch.complete; });
  if (!finished_) open_batches(rng);
  for (Batch& batch : in_flight_)
    if (!finished_) ask_keyholders(batch, step, now);
  if (failure_) {
    // What this step would have asked is not asked after all.
    in_flight_.clear();
    step.send.clear();
    std::erase_if(step.log, is_about_asking);
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
