#include "protocol/dkg/coordinator.h"

namespace hedgerow::protocol {
namespace {

// The last messages must reach a node that is down for days: without them its region has a key
// that it does not know.
constexpr std::chrono::hours kResultLifetime{24 * 30};

}  // namespace

Coordinator::Coordinator(DkgSetup setup, std::vector<PartyId> parties,
                         std::chrono::seconds patience)
    : setup_(std::move(setup)), parties_(std::move(parties)), patience_(patience) {}

Step Coordinator::start(UtcTime now, Random& rng) {
  HR_CHECK(stage_ == Stage::idle);
  session_.emplace();
  rng.fill(session_->bytes);
  deadline_ = now + patience_;
  stage_ = Stage::round1;

  const DkgStart message{*session_, derive_key_id(setup_.lineage(), *session_), setup_.threshold(),
                         setup_.keyholders()};
  Step step;
  step.state = save();
  send_to_keyholders(step, MessageType::dkg_start, message.encode(), patience_);
  step.log.push_back(note("key.start"));
  step.wake_at = deadline_;
  return step;
}

Result<Step> Coordinator::receive(const PartyId& from, MessageType type, ByteView body,
                                  UtcTime /*now*/) {
  const auto index = setup_.index_of(from);
  if (!index) return culprit_error("a message of key generation from no keyholder", from.str());
  if (!session_) return try_again("no key generation is running");
  if (type == MessageType::dkg_round1) return on_round1(from, *index, body);
  if (type == MessageType::dkg_signature) return on_signature(from, *index, body);
  if (type == MessageType::dkg_abort) return on_abort(from, body);
  return culprit_error("a message that the hub does not take", from.str());
}

Result<void> Coordinator::check_session(const SessionId& session) const {
  if (session != *session_) return denied("a message of another key generation");
  return {};
}

Result<Step> Coordinator::on_round1(const PartyId& from, DkgIndex index, ByteView body) {
  HR_ASSIGN(DkgRound1Message message, DkgRound1Message::decode(body));
  HR_TRY(check_session(message.session));
  if (finished()) return Step{};
  if (const auto known = round1_.find(index); known != round1_.end()) {
    if (known->second == message.round1) return Step{};
    return fail(DkgAbortReason::contradiction, from, {});
  }
  const DkgParameters parameters = setup_.parameters(*session_);
  const SignedRound1& round1 = message.round1;
  if (!dkg_verify(parameters.peer(index).static_key,
                  round1_signed_bytes(parameters.context(), round1.message), round1.signature))
    return fail(DkgAbortReason::bad_message, from, {});
  const auto decoded = DkgMessage1::decode(parameters, index, round1.message);
  if (!decoded || !dkg_check_message(parameters, index, *decoded))
    return fail(DkgAbortReason::bad_message, from, {});
  round1_.emplace(index, std::move(message.round1));
  if (round1_.size() == setup_.size()) return relay_round1();
  Step step;
  step.state = save();
  step.wake_at = deadline_;
  return step;
}

Step Coordinator::relay_round1() {
  HR_CHECK(build_transcript());
  stage_ = Stage::certifying;
  DkgRound2Message message{*session_, {}};
  for (const auto& [index, round1] : round1_) message.round1.push_back(round1);
  Step step;
  step.state = save();
  send_to_keyholders(step, MessageType::dkg_round2, message.encode(), patience_);
  step.wake_at = deadline_;
  return step;
}

bool Coordinator::build_transcript() {
  const DkgParameters parameters = setup_.parameters(*session_);
  std::vector<DkgMessage1> messages;
  for (const auto& [index, round1] : round1_) {
    auto decoded = DkgMessage1::decode(parameters, index, round1.message);
    if (!decoded || !dkg_check_message(parameters, index, *decoded)) return false;
    messages.push_back(std::move(*decoded));
  }
  if (messages.size() != setup_.size()) return false;
  transcript_ = DkgTranscript::make(parameters, messages, dkg_extension(messages));
  return true;
}

Result<Step> Coordinator::on_signature(const PartyId& from, DkgIndex index, ByteView body) {
  HR_ASSIGN(const DkgSignatureMessage message, DkgSignatureMessage::decode(body));
  HR_TRY(check_session(message.session));
  if (finished()) return Step{};
  if (stage_ != Stage::certifying)
    return try_again("a signature before the messages it is about were relayed");
  if (const auto known = signatures_.find(index); known != signatures_.end()) {
    if (known->second == message.signature) return Step{};
    return fail(DkgAbortReason::contradiction, from, {});
  }
  if (!dkg_verify(setup_.parameters(*session_).peer(index).static_key, transcript_->bytes(),
                  message.signature))
    return fail(DkgAbortReason::bad_signature, from, {});
  signatures_.emplace(index, message.signature);
  if (signatures_.size() == setup_.size()) return complete();
  Step step;
  step.state = save();
  step.wake_at = deadline_;
  return step;
}

std::vector<DkgSignature> Coordinator::signatures() const {
  std::vector<DkgSignature> out;
  for (const auto& [index, signature] : signatures_) out.push_back(signature);
  return out;
}

Step Coordinator::complete() {
  auto key = dkg_verify_certificate(setup_.parameters(*session_), *transcript_, signatures());
  // Every part has been checked. What can still fail is a key or a verification share that is
  // the identity, which takes keyholders that work together to spoil the run.
  if (!key) return fail(DkgAbortReason::bad_message, {}, {});
  key_info_ = make_key_info(setup_, *session_, std::move(*key));
  stage_ = Stage::done;

  Step step;
  step.state = save();
  send_to_keyholders(step, MessageType::dkg_certificate,
                     DkgCertificateMessage{*session_, signatures()}.encode(), kResultLifetime);
  const Bytes ready = KeyReady{*session_, transcript_->bytes(), signatures()}.encode();
  for (const PartyId& party : parties_)
    if (party != setup_.hub())
      step.send.push_back({party, MessageType::key_ready, ready, kResultLifetime});
  step.finished = true;
  return step;
}

Result<Step> Coordinator::on_abort(const PartyId& from, ByteView body) {
  HR_ASSIGN(const DkgAbort message, DkgAbort::decode(body));
  HR_TRY(check_session(message.session));
  if (finished()) return Step{};
  return fail(message.reason, message.culprit, from);
}

Step Coordinator::on_time(UtcTime now) {
  if (stage_ == Stage::idle || finished() || now < deadline_) return {};
  return fail(DkgAbortReason::out_of_time, missing().front(), {});
}

Step Coordinator::abandon() {
  if (stage_ == Stage::idle || finished()) return {};
  return fail(DkgAbortReason::abandoned, {}, {});
}

std::vector<PartyId> Coordinator::missing() const {
  std::vector<PartyId> out;
  if (stage_ != Stage::round1 && stage_ != Stage::certifying) return out;
  for (DkgIndex j = 1; j <= setup_.size(); ++j) {
    const bool answered = stage_ == Stage::round1 ? round1_.contains(j) : signatures_.contains(j);
    if (!answered) out.push_back(setup_.keyholders()[j - 1U]);
  }
  return out;
}

Step Coordinator::fail(DkgAbortReason reason, const PartyId& culprit, const PartyId& reporter) {
  stage_ = Stage::failed;
  failure_ = DkgFailure::make(reason, culprit);
  round1_.clear();
  signatures_.clear();
  transcript_.reset();

  Step step;
  step.state = save();
  const Bytes body = DkgAbort{*session_, reason, culprit}.encode();
  for (const PartyId& party : setup_.keyholders())
    if (party != reporter) step.send.push_back({party, MessageType::dkg_abort, body, patience_});
  LogNote entry = note("key.abort");
  entry.fields.emplace_back("reason", text_of(reason));
  if (!culprit.empty()) entry.fields.emplace_back("culprit", culprit.str());
  if (!reporter.empty()) entry.fields.emplace_back("reported-by", reporter.str());
  step.log.push_back(std::move(entry));
  step.finished = true;
  return step;
}

void Coordinator::send_to_keyholders(Step& step, MessageType type, const Bytes& body,
                                     std::chrono::seconds lifetime) const {
  for (const PartyId& party : setup_.keyholders())
    step.send.push_back({party, type, body, lifetime});
}

LogNote Coordinator::note(std::string kind) const {
  return {
      std::move(kind),
      {{"session", session_->hex()}, {"key", derive_key_id(setup_.lineage(), *session_).hex()}}};
}

}  // namespace hedgerow::protocol
