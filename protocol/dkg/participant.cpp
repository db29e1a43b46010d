#include "protocol/dkg/participant.h"

#include "crypto/hash.h"
#include "protocol/dkg/key_ready.h"

namespace hedgerow::protocol {

Result<Participant> Participant::make(DkgSetup setup, PartyId self,
                                      const SecretScalar& static_secret) {
  const auto own = setup.index_of(self);
  if (!own) return configuration(self.str() + " is no keyholder of this agreement");
  const auto key = dkg_public_key(static_secret);
  if (!key || *key != setup.parameters(SessionId{}).peer(*own).static_key)
    return configuration("the dkg key is not the one in the node certificate of " + self.str());
  return Participant(std::move(setup), std::move(self), static_secret.clone(), *own);
}

Result<Step> Participant::receive(const PartyId& from, MessageType type, ByteView body,
                                  UtcTime /*now*/, Random& rng) {
  if (from != setup_.hub())
    return culprit_error("a message of key generation does not come from the hub", from.str());
  if (type == MessageType::dkg_start) return on_start(body, rng);
  if (type == MessageType::dkg_round2) return on_round2(body);
  if (type == MessageType::dkg_certificate) return on_certificate(body);
  if (type == MessageType::dkg_abort) return on_abort(body);
  return culprit_error("a message that a keyholder does not take", from.str());
}

Result<void> Participant::check_session(const SessionId& session) const {
  if (!session_) return try_again("key generation has not been started here");
  if (session != *session_) return denied("a message of another key generation");
  return {};
}

Result<Step> Participant::on_start(ByteView body, Random& rng) {
  HR_ASSIGN(const DkgStart start, DkgStart::decode(body));
  const Sha256 hash = sha256_id(body);
  if (session_) {
    HR_TRY(check_session(start.session));
    if (finished() || hash == start_hash_) return Step{};
    return fail(DkgAbortReason::contradiction, setup_.hub(), true);
  }
  session_ = start.session;
  start_hash_ = hash;
  if (start.key_id != derive_key_id(setup_.lineage(), start.session) ||
      start.threshold != setup_.threshold() || start.keyholders != setup_.keyholders())
    return fail(DkgAbortReason::start_differs, setup_.hub(), true);

  const DkgParameters parameters = setup_.parameters(start.session);
  const auto round1 = DkgRound1::begin(parameters, own_, static_secret_, rng);
  if (!round1) return fail(DkgAbortReason::abandoned, self_, true);
  Bytes message = round1->message().encode();
  const auto signature =
      dkg_sign(static_secret_, round1_signed_bytes(parameters.context(), message));
  if (!signature) return fail(DkgAbortReason::abandoned, self_, true);
  own_round1_ = SignedRound1{std::move(message), *signature};
  stage_ = Stage::committed;

  Step step;
  step.state = save();
  step.send.push_back(
      {setup_.hub(), MessageType::dkg_round1, DkgRound1Message{*session_, *own_round1_}.encode()});
  step.log.push_back(note("key.start"));
  return step;
}

Result<Step> Participant::on_round2(ByteView body) {
  HR_ASSIGN(const DkgRound2Message message, DkgRound2Message::decode(body));
  HR_TRY(check_session(message.session));
  if (finished()) return Step{};
  const Sha256 hash = sha256_id(body);
  if (stage_ == Stage::certified) {
    if (hash == round2_hash_) return Step{};
    return fail(DkgAbortReason::contradiction, setup_.hub(), true);
  }
  round2_hash_ = hash;

  const DkgParameters parameters = setup_.parameters(*session_);
  if (!relayed_faithfully(parameters, message.round1))
    return fail(DkgAbortReason::altered_in_relay, setup_.hub(), true);

  // From here on whatever fails was signed by its sender.
  std::vector<DkgMessage1> messages;
  for (DkgIndex j = 1; j <= parameters.size(); ++j) {
    auto decoded = DkgMessage1::decode(parameters, j, message.round1[j - 1U].message);
    if (!decoded || !dkg_check_message(parameters, j, *decoded))
      return fail(DkgAbortReason::bad_message, party(j), true);
    messages.push_back(std::move(*decoded));
  }
  const ByteArray<64> extension = dkg_extension(messages);
  auto round1 = DkgRound1::resume(parameters, own_, static_secret_, messages[own_ - 1U]);
  if (!round1) return fail(DkgAbortReason::abandoned, self_, true);
  auto round2 = std::move(*round1).receive(std::move(messages));
  if (!round2) return fail(DkgAbortReason::bad_share, culprit_of(round2.error()), true);
  auto round3 = std::move(*round2).certify(extension);
  if (!round3) return fail(DkgAbortReason::abandoned, self_, true);
  round3_ = std::move(*round3);
  stage_ = Stage::certified;

  // Share and transcript are in the state that is made durable before the signature leaves.
  Step step;
  step.state = save();
  step.send.push_back({setup_.hub(), MessageType::dkg_signature,
                       DkgSignatureMessage{*session_, round3_->signature()}.encode()});
  LogNote entry = note("key.transcript");
  entry.fields.emplace_back("transcript", to_hex(round3_->transcript().hash()));
  step.log.push_back(std::move(entry));
  return step;
}

// Exactly one message of each keyholder, signed by it; the own one as it was sent. The hub has
// checked the same before relaying, so the fault is its own.
bool Participant::relayed_faithfully(const DkgParameters& parameters,
                                     const std::vector<SignedRound1>& round1) const {
  if (round1.size() != parameters.size() || round1[own_ - 1U].message != own_round1_->message)
    return false;
  for (DkgIndex j = 1; j <= parameters.size(); ++j) {
    const SignedRound1& one = round1[j - 1U];
    if (!dkg_verify(parameters.peer(j).static_key,
                    round1_signed_bytes(parameters.context(), one.message), one.signature))
      return false;
  }
  return true;
}

Result<Step> Participant::on_certificate(ByteView body) {
  HR_ASSIGN(DkgCertificateMessage message, DkgCertificateMessage::decode(body));
  HR_TRY(check_session(message.session));
  if (finished()) return Step{};
  if (stage_ != Stage::certified)
    return try_again("a certificate before the transcript it certifies");

  Bytes transcript = round3_->transcript().bytes();
  auto output = std::move(*round3_).finish(message.signatures);
  round3_.reset();
  // The hub had to check every signature against the messages it relayed. One that fails here
  // shows that it did not, or that it relayed different messages to its signer.
  if (!output) return fail(DkgAbortReason::bad_signature, setup_.hub(), true);

  key_ = KeyShareRecord::make(make_key_info(setup_, *session_, std::move(output->key)), own_,
                              std::move(output->share));
  certificate_ = KeyReady{*session_, std::move(transcript), std::move(message.signatures)}.encode();
  own_round1_.reset();
  stage_ = Stage::done;
  Step step;
  step.state = save();
  step.log.push_back(key_ready_note(*session_, key_->info()));
  step.finished = true;
  return step;
}

Result<Step> Participant::on_abort(ByteView body) {
  HR_ASSIGN(const DkgAbort message, DkgAbort::decode(body));
  if (!session_) return Step{};  // the end of a run that never began here
  HR_TRY(check_session(message.session));
  if (finished()) return Step{};
  return fail(message.reason, message.culprit, false);
}

Step Participant::abandon() {
  if (finished()) return {};
  return fail(DkgAbortReason::abandoned, {}, session_.has_value());
}

Step Participant::fail(DkgAbortReason reason, const PartyId& culprit, bool tell_hub) {
  round3_.reset();
  own_round1_.reset();
  stage_ = Stage::failed;
  failure_ = DkgFailure::make(reason, culprit);
  Step step;
  step.state = save();
  if (tell_hub)
    step.send.push_back(
        {setup_.hub(), MessageType::dkg_abort, DkgAbort{*session_, reason, culprit}.encode()});
  LogNote entry = note("key.abort");
  entry.fields.emplace_back("reason", text_of(reason));
  if (!culprit.empty()) entry.fields.emplace_back("culprit", culprit.str());
  step.log.push_back(std::move(entry));
  step.finished = true;
  return step;
}

DkgFailure DkgFailure::make(DkgAbortReason reason, const PartyId& culprit) {
  std::string text(text_of(reason));
  if (!culprit.empty()) text += ": " + culprit.str();
  return {reason, culprit, std::move(text)};
}

std::optional<KeyShareRecord> Participant::take_key() { return std::exchange(key_, std::nullopt); }

LogNote Participant::note(std::string kind) const {
  LogNote entry{std::move(kind), {}};
  if (session_) {
    entry.fields.emplace_back("session", session_->hex());
    entry.fields.emplace_back("key", derive_key_id(setup_.lineage(), *session_).hex());
  }
  return entry;
}

PartyId Participant::party(DkgIndex index) const { return setup_.keyholders()[index - 1U]; }

PartyId Participant::culprit_of(const Error& error) const {
  auto parsed = PartyId::parse(error.culprit);
  return parsed ? *parsed : PartyId{};
}

}  // namespace hedgerow::protocol
