#include "protocol/dkg/messages.h"

#include "crypto/domains.h"

namespace hedgerow::protocol {
namespace {

constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMinNameField = 4 + 3;

SessionId read_session(Reader& r) { return {r.array<SessionId::kSize>()}; }

void write_signed(Writer& w, const SignedRound1& round1) {
  w.bytes(round1.message).raw(round1.signature.bytes());
}

// A signature still to be decoded: the reader must have finished first.
struct RawSignedRound1 {
  ByteView message;
  ByteView signature;
};
RawSignedRound1 read_signed(Reader& r) {
  const ByteView message = r.bytes(kMaxDkgMessage1);
  return {message, r.raw(DkgSignature::kSize)};
}
Result<SignedRound1> decode_signed(const RawSignedRound1& raw) {
  HR_ASSIGN(const DkgSignature signature, DkgSignature::decode(raw.signature));
  return SignedRound1{to_bytes(raw.message), signature};
}

void write_signatures(Writer& w, const std::vector<DkgSignature>& signatures) {
  w.u32(static_cast<std::uint32_t>(signatures.size()));
  for (const DkgSignature& s : signatures) w.raw(s.bytes());
}
ByteView read_signatures(Reader& r) {
  return r.raw(r.count(kDkgMaxParticipants, DkgSignature::kSize) * DkgSignature::kSize);
}
Result<std::vector<DkgSignature>> decode_signatures(ByteView run) {
  std::vector<DkgSignature> out;
  for (; !run.empty(); run = run.subspan(DkgSignature::kSize)) {
    HR_ASSIGN(const DkgSignature s, DkgSignature::decode(run.first(DkgSignature::kSize)));
    out.push_back(s);
  }
  return out;
}

}  // namespace

std::string_view text_of(DkgAbortReason reason) {
  switch (reason) {
    case DkgAbortReason::start_differs:
      return "the start of key generation differs from the agreement and its certificates";
    case DkgAbortReason::bad_message:
      return "a keyholder's first message is malformed, or a proof in it does not hold";
    case DkgAbortReason::bad_share:
      return "a keyholder dealt a share that cannot be opened or does not fit its commitment";
    case DkgAbortReason::altered_in_relay:
      return "the hub changed, left out or exchanged messages";
    case DkgAbortReason::bad_signature:
      return "a signature of the transcript does not hold";
    case DkgAbortReason::contradiction:
      return "one sender sent two different messages in one place";
    case DkgAbortReason::out_of_time:
      return "a keyholder did not answer in time";
    case DkgAbortReason::abandoned:
      return "key generation was given up";
  }
  return {};
}

Bytes DkgStart::encode() const {
  Writer w;
  w.raw(session.view()).raw(key_id.view()).u16(threshold);
  w.u32(static_cast<std::uint32_t>(keyholders.size()));
  for (const PartyId& party : keyholders) w.text(party.str());
  return std::move(w).take();
}

Result<DkgStart> DkgStart::decode(ByteView bytes) {
  Reader r(bytes);
  DkgStart m;
  m.session = read_session(r);
  m.key_id = {r.array<KeyId::kSize>()};
  m.threshold = r.u16();
  const std::size_t count = r.count(kDkgMaxParticipants, kMinNameField);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) names.push_back(r.text(kMaxName));
  HR_TRY(r.finish("dkg-start"));
  for (const std::string& name : names) {
    HR_ASSIGN(PartyId party, PartyId::parse(name));
    m.keyholders.push_back(std::move(party));
  }
  return m;
}

Bytes round1_signed_bytes(const Bytes& context, ByteView message) {
  return std::move(Writer().text(kDomainDkgRound1).bytes(context).bytes(message)).take();
}

Bytes DkgRound1Message::encode() const {
  Writer w;
  w.raw(session.view());
  write_signed(w, round1);
  return std::move(w).take();
}

Result<DkgRound1Message> DkgRound1Message::decode(ByteView bytes) {
  Reader r(bytes);
  const SessionId session = read_session(r);
  const RawSignedRound1 raw = read_signed(r);
  HR_TRY(r.finish("dkg-round1"));
  HR_ASSIGN(SignedRound1 round1, decode_signed(raw));
  return DkgRound1Message{session, std::move(round1)};
}

Bytes DkgRound2Message::encode() const {
  Writer w;
  w.raw(session.view()).u32(static_cast<std::uint32_t>(round1.size()));
  for (const SignedRound1& m : round1) write_signed(w, m);
  return std::move(w).take();
}

Result<DkgRound2Message> DkgRound2Message::decode(ByteView bytes) {
  Reader r(bytes);
  DkgRound2Message m;
  m.session = read_session(r);
  const std::size_t count = r.count(kDkgMaxParticipants, 4 + DkgSignature::kSize);
  std::vector<RawSignedRound1> raw;
  for (std::size_t i = 0; i < count; ++i) raw.push_back(read_signed(r));
  HR_TRY(r.finish("dkg-round2"));
  for (const RawSignedRound1& one : raw) {
    HR_ASSIGN(SignedRound1 round1, decode_signed(one));
    m.round1.push_back(std::move(round1));
  }
  return m;
}

Bytes DkgSignatureMessage::encode() const {
  return std::move(Writer().raw(session.view()).raw(signature.bytes())).take();
}

Result<DkgSignatureMessage> DkgSignatureMessage::decode(ByteView bytes) {
  Reader r(bytes);
  const SessionId session = read_session(r);
  const ByteView raw = r.raw(DkgSignature::kSize);
  HR_TRY(r.finish("dkg-signature"));
  HR_ASSIGN(const DkgSignature signature, DkgSignature::decode(raw));
  return DkgSignatureMessage{session, signature};
}

Bytes DkgCertificateMessage::encode() const {
  Writer w;
  w.raw(session.view());
  write_signatures(w, signatures);
  return std::move(w).take();
}

Result<DkgCertificateMessage> DkgCertificateMessage::decode(ByteView bytes) {
  Reader r(bytes);
  const SessionId session = read_session(r);
  const ByteView run = read_signatures(r);
  HR_TRY(r.finish("dkg-certificate"));
  HR_ASSIGN(std::vector<DkgSignature> signatures, decode_signatures(run));
  return DkgCertificateMessage{session, std::move(signatures)};
}

Bytes DkgAbort::encode() const {
  Writer w;
  w.raw(session.view()).u8(static_cast<std::uint8_t>(reason)).text(culprit.str());
  return std::move(w).take();
}

Result<DkgAbort> DkgAbort::decode(ByteView bytes) {
  Reader r(bytes);
  DkgAbort m;
  m.session = read_session(r);
  m.reason = static_cast<DkgAbortReason>(r.u8());
  if (text_of(m.reason).empty()) r.fail();
  const std::string culprit = r.text(kMaxName);
  HR_TRY(r.finish("dkg-abort"));
  if (!culprit.empty()) {
    HR_ASSIGN(m.culprit, PartyId::parse(culprit));
  }
  return m;
}

Bytes KeyReady::encode() const {
  Writer w;
  w.raw(session.view()).bytes(transcript);
  write_signatures(w, signatures);
  return std::move(w).take();
}

Result<KeyReady> KeyReady::decode(ByteView bytes) {
  Reader r(bytes);
  const SessionId session = read_session(r);
  const ByteView transcript = r.bytes(kMaxDkgTranscript);
  const ByteView run = read_signatures(r);
  HR_TRY(r.finish("key-ready"));
  HR_ASSIGN(std::vector<DkgSignature> signatures, decode_signatures(run));
  return KeyReady{session, to_bytes(transcript), std::move(signatures)};
}

}  // namespace hedgerow::protocol
