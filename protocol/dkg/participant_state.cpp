// A participant's durable state: save and restore of protocol/dkg/participant.h.
//
//   u8 version 1, u8 stage, u8 session known, session, context of that session (64; zeros),
//   SHA-256 of dkg_start, SHA-256 of dkg_round2, own round 1 message and its signature,
//   transcript, certificate (each behind its length, empty where there is none), u8 reason of
//   failure (0: none), culprit as text; and, in the stage certified only, the share (32), last,
//   so that it is never written outside locked memory.
#include <algorithm>

#include "protocol/dkg/participant.h"

namespace hedgerow::protocol {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxCertificate =
    kMaxDkgTranscript + 64 + kDkgMaxParticipants * DkgSignature::kSize;

ByteArray<64> context_hash(const DkgSetup& setup, const SessionId& session) {
  const Bytes context = setup.parameters(session).context();
  ByteArray<64> out{};
  std::ranges::copy_n(context.begin(), 64, out.begin());
  return out;
}

}  // namespace

SecretBytes Participant::save() const {
  Writer w;
  w.u8(kVersion).u8(static_cast<std::uint8_t>(stage_)).u8(session_ ? 1 : 0);
  const SessionId session = session_.value_or(SessionId{});
  w.raw(session.view());
  w.raw(session_ ? context_hash(setup_, session) : ByteArray<64>{});
  w.raw(start_hash_.view()).raw(round2_hash_.view());
  if (own_round1_)
    w.bytes(own_round1_->message).bytes(own_round1_->signature.bytes());
  else
    w.bytes({}).bytes({});
  w.bytes(round3_ ? ByteView(round3_->transcript().bytes()) : ByteView{});
  w.bytes(certificate_);
  w.u8(failure_ ? static_cast<std::uint8_t>(failure_->reason) : 0);
  w.text(failure_ ? failure_->culprit.str() : std::string());

  const bool with_share = stage_ == Stage::certified;
  SecretBytes out(w.data().size() + (with_share ? SecretScalar::kSize : 0));
  const auto end = std::ranges::copy(w.data(), out.writable().begin()).out;
  if (with_share) std::ranges::copy(round3_->share().expose(), end);
  return out;
}

namespace {

struct Fields {
  std::uint8_t stage = 0;
  bool has_session = false;
  SessionId session;
  ByteArray<64> context{};
  Sha256 start_hash;
  Sha256 round2_hash;
  ByteView round1_message;
  ByteView round1_signature;
  ByteView transcript;
  ByteView certificate;
  std::uint8_t reason = 0;
  std::string culprit;
  ByteView share;
};

Result<Fields> read_fields(ByteView saved, std::uint8_t certified, std::uint8_t last_stage) {
  Reader r(saved);
  Fields f;
  if (r.u8() != kVersion) r.fail();
  f.stage = r.u8();
  const std::uint8_t known = r.u8();
  if (known > 1 || f.stage > last_stage) r.fail();
  f.has_session = known == 1;
  f.session = {r.array<SessionId::kSize>()};
  f.context = r.array<64>();
  f.start_hash = {r.array<32>()};
  f.round2_hash = {r.array<32>()};
  f.round1_message = r.bytes(kMaxDkgMessage1);
  f.round1_signature = r.bytes(DkgSignature::kSize);
  f.transcript = r.bytes(kMaxDkgTranscript);
  f.certificate = r.bytes(kMaxCertificate);
  f.reason = r.u8();
  f.culprit = r.text(kMaxName);
  if (f.stage == certified) f.share = r.raw(SecretScalar::kSize);
  HR_TRY(r.finish("the saved state of key generation"));
  return f;
}

}  // namespace

Result<Participant::Restored> Participant::restore(DkgSetup setup, PartyId self,
                                                   const SecretScalar& static_secret,
                                                   ByteView saved) {
  HR_ASSIGN(const Fields f, read_fields(saved, static_cast<std::uint8_t>(Stage::certified),
                                        static_cast<std::uint8_t>(Stage::failed)));
  HR_ASSIGN(Participant p, make(std::move(setup), std::move(self), static_secret));
  const Stage stage = static_cast<Stage>(f.stage);
  if (f.has_session) p.session_ = f.session;
  p.start_hash_ = f.start_hash;
  p.round2_hash_ = f.round2_hash;
  p.certificate_ = to_bytes(f.certificate);
  if (f.reason != 0) {
    const auto reason = static_cast<DkgAbortReason>(f.reason);
    if (text_of(reason).empty()) return bad_input("the saved state has an unknown reason");
    PartyId culprit;
    if (!f.culprit.empty()) {
      HR_ASSIGN(culprit, PartyId::parse(f.culprit));
    }
    p.failure_ = DkgFailure::make(reason, culprit);
  }
  const bool running = stage == Stage::committed || stage == Stage::certified;
  if (running && !f.has_session) return bad_input("the saved state has no session");
  if (running && f.context != context_hash(p.setup_, f.session)) {
    Step step = p.fail(DkgAbortReason::abandoned, p.self_, true);
    return Restored{std::move(p), std::move(step)};
  }
  if (running) {
    HR_ASSIGN(const DkgSignature signature, DkgSignature::decode(f.round1_signature));
    p.own_round1_ = SignedRound1{to_bytes(f.round1_message), signature};
  }
  if (stage == Stage::certified) {
    HR_ASSIGN(SecretScalar share, decode_secret_scalar(f.share));
    HR_ASSIGN(p.round3_, DkgRound3::resume(p.setup_.parameters(f.session), p.own_, static_secret,
                                           f.transcript, std::move(share)));
  }
  p.stage_ = stage;
  return Restored{std::move(p), Step{}};
}

}  // namespace hedgerow::protocol
