#include "protocol/envelope.h"

#include "crypto/hash.h"
#include "protocol/header_bytes.h"

namespace hedgerow::protocol {

namespace {
Bytes inner_header(const EnvelopeHeader& h) {
  Writer w;
  w.u8(static_cast<std::uint8_t>(h.type)).text(h.sender.str()).text(h.receiver.str());
  w.raw(h.session.view()).u64(h.sequence);
  return std::move(w).take();
}
}  // namespace

Bytes Envelope::signed_bytes() const {
  Writer w;
  write_domain(w, header_.type);
  w.text(header_.sender.str()).text(header_.receiver.str());
  write_signed_context(w, header_.lineage, header_.agreement, header_.session, header_.sequence,
                       header_.not_after);
  w.bytes(sha512(sealed_));
  return std::move(w).take();
}

Bytes Envelope::make(const EnvelopeHeader& header, ByteView body, const SigningKey& sender_key,
                     const SealPublicKey& receiver_key, Random& rng) {
  HR_CHECK(body.size() <= kMaxBodySize);
  Envelope e;
  e.header_ = header;
  Bytes inner = inner_header(header);
  inner.insert(inner.end(), body.begin(), body.end());
  WipeOnExit wipe_inner(inner);
  e.sealed_ = seal(receiver_key, inner, rng);
  e.signature_ = sender_key.sign(e.signed_bytes());

  Writer w;
  w.u8(kWireVersion).u8(static_cast<std::uint8_t>(header.type));
  w.text(header.sender.str()).text(header.receiver.str());
  write_wire_context(w, header.lineage, header.agreement, header.session, header.sequence,
                     header.not_after);
  w.bytes(e.sealed_).raw(e.signature_.bytes);
  return std::move(w).take();
}

Result<Envelope> Envelope::decode(ByteView bytes) {
  if (bytes.size() > kMaxEnvelopeSize) return bad_input("an envelope above its largest size");
  Reader r(bytes);
  Envelope e;
  HR_TRY(read_version_and_type(r, e.header_.type));
  HR_TRY(read_name(r, e.header_.sender));
  HR_TRY(read_name(r, e.header_.receiver));
  HR_TRY(read_wire_context(r, e.header_.lineage, e.header_.agreement, e.header_.session,
                           e.header_.sequence, e.header_.not_after));
  e.sealed_ = to_bytes(r.bytes(kMaxEnvelopeSize));
  e.signature_.bytes = r.array<64>();
  HR_TRY(r.finish("envelope"));
  return e;
}

Result<void> Envelope::verify(const VerifyKey& sender_key) const {
  if (!hedgerow::verify(sender_key, signed_bytes(), signature_))
    return culprit_error("the envelope's signature does not hold", header_.sender.str());
  return {};
}

Result<Bytes> Envelope::open(const SealSecretKey& key, const SealPublicKey& own_public) const {
  auto inner = unseal(key, own_public, sealed_);
  if (!inner.ok())
    return culprit_error("the envelope is not sealed to this node", header_.sender.str());
  WipeOnExit wipe_inner(*inner);
  const Bytes expected = inner_header(header_);
  if (inner->size() < expected.size() ||
      !equal_in_constant_time(ByteView(*inner).first(expected.size()), expected))
    return culprit_error("the envelope's sealed part was made for another envelope",
                         header_.sender.str());
  return to_bytes(ByteView(*inner).subspan(expected.size()));
}

Bytes Ack::encode() const {
  Writer w;
  w.u64(sequence);
  return std::move(w).take();
}

Result<Ack> Ack::decode(ByteView bytes) {
  Reader r(bytes);
  Ack a;
  a.sequence = r.u64();
  HR_TRY(r.finish("ack"));
  return a;
}

}  // namespace hedgerow::protocol
