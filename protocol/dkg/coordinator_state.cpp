// A coordinator's durable state: save and restore of protocol/dkg/coordinator.h. All public.
//
//   u8 version 1, u8 stage, u8 session known, session, context of that session (64; zeros),
//   i64 deadline (ms), u32 count of round 1 messages, each u16 index, message behind its length,
//   signature (64); u32 count of signatures, each u16 index, signature (64); u8 reason of failure
//   (0: none), culprit as text.
#include <algorithm>

#include "protocol/dkg/coordinator.h"

namespace hedgerow::protocol {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMaxName = 64;

}  // namespace

SecretBytes Coordinator::save() const {
  Writer w;
  w.u8(kVersion).u8(static_cast<std::uint8_t>(stage_)).u8(session_ ? 1 : 0);
  w.raw(session_.value_or(SessionId{}).view());
  w.raw(session_ ? setup_.parameters(*session_).context() : Bytes(64));
  w.time(deadline_);
  w.u32(static_cast<std::uint32_t>(round1_.size()));
  for (const auto& [index, round1] : round1_)
    w.u16(index).bytes(round1.message).raw(round1.signature.bytes());
  w.u32(static_cast<std::uint32_t>(signatures_.size()));
  for (const auto& [index, signature] : signatures_) w.u16(index).raw(signature.bytes());
  w.u8(failure_ ? static_cast<std::uint8_t>(failure_->reason) : 0);
  w.text(failure_ ? failure_->culprit.str() : std::string());
  return SecretBytes::copy_from(w.data());
}

Result<void> Coordinator::read_messages(Reader& r) {
  struct Raw {
    DkgIndex index = 0;
    ByteView message;
    ByteView signature;
  };
  std::vector<Raw> round1, signatures;
  const std::size_t messages = r.count(kDkgMaxParticipants, 2 + 4 + DkgSignature::kSize);
  for (std::size_t i = 0; i < messages; ++i) {
    const DkgIndex index = r.u16();
    const ByteView message = r.bytes(kMaxDkgMessage1);
    round1.push_back({index, message, r.raw(DkgSignature::kSize)});
  }
  const std::size_t certified = r.count(kDkgMaxParticipants, 2 + DkgSignature::kSize);
  for (std::size_t i = 0; i < certified; ++i) {
    const DkgIndex index = r.u16();
    signatures.push_back({index, {}, r.raw(DkgSignature::kSize)});
  }
  if (r.failed()) return {};  // finish() says so
  for (const std::vector<Raw>& run : {round1, signatures})
    for (const Raw& raw : run)
      if (raw.index < 1 || raw.index > setup_.size())
        return bad_input("the saved state names a participant that does not exist");
  for (const Raw& raw : round1) {
    HR_ASSIGN(const DkgSignature signature, DkgSignature::decode(raw.signature));
    round1_.emplace(raw.index, SignedRound1{to_bytes(raw.message), signature});
  }
  for (const Raw& raw : signatures) {
    HR_ASSIGN(const DkgSignature signature, DkgSignature::decode(raw.signature));
    signatures_.emplace(raw.index, signature);
  }
  return {};
}

Result<Coordinator> Coordinator::restore(DkgSetup setup, std::vector<PartyId> parties,
                                         std::chrono::seconds patience, ByteView saved) {
  Coordinator c(std::move(setup), std::move(parties), patience);
  Reader r(saved);
  if (r.u8() != kVersion) r.fail();
  const std::uint8_t stage = r.u8();
  const std::uint8_t known = r.u8();
  if (known > 1 || stage > static_cast<std::uint8_t>(Stage::failed)) r.fail();
  const SessionId session{r.array<SessionId::kSize>()};
  const auto context = r.array<64>();
  c.deadline_ = r.time();
  HR_TRY(c.read_messages(r));
  const std::uint8_t reason = r.u8();
  const std::string culprit_name = r.text(kMaxName);
  HR_TRY(r.finish("the saved state of key generation"));

  c.stage_ = static_cast<Stage>(stage);
  if ((known == 1) != (c.stage_ != Stage::idle)) return bad_input("the saved state has no session");
  if (known == 0) return c;
  c.session_ = session;
  if (!std::ranges::equal(context, c.setup_.parameters(session).context()))
    return denied("the saved key generation is of another agreement or of other certificates",
                  "start a new one");
  if (c.stage_ == Stage::failed) {
    const auto known_reason = static_cast<DkgAbortReason>(reason);
    if (text_of(known_reason).empty()) return bad_input("the saved state has an unknown reason");
    PartyId culprit;
    if (!culprit_name.empty()) {
      HR_ASSIGN(culprit, PartyId::parse(culprit_name));
    }
    c.failure_ = DkgFailure::make(known_reason, culprit);
  }
  const bool relayed = c.stage_ == Stage::certifying || c.stage_ == Stage::done;
  if (relayed && !c.build_transcript()) return bad_input("the saved state lacks messages");
  if (c.stage_ == Stage::done) {
    HR_ASSIGN(DkgPublicKey key,
              dkg_verify_certificate(c.setup_.parameters(session), *c.transcript_, c.signatures()));
    c.key_info_ = make_key_info(c.setup_, session, std::move(key));
  }
  return c;
}

}  // namespace hedgerow::protocol
