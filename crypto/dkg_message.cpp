#include "crypto/dkg_message.h"

#include <algorithm>

#include "crypto/hash.h"

namespace hedgerow {
namespace {

constexpr std::string_view kContextTag = "COCKTAIL-DKG-CONTEXT";

Bytes u64_be(std::uint64_t v) {
  Bytes out(8);
  for (std::size_t i = 0; i < 8; ++i) out[7 - i] = static_cast<std::uint8_t>(v >> (8 * i));
  return out;
}

Result<Bytes> read_framed(ByteView& in) {
  if (in.size() < 8) return bad_input("a ciphertext is cut short");
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < 8; ++i) length = (length << 8U) | in[i];
  in = in.subspan(8);
  if (length < kDkgMinCiphertext || length > kDkgMaxCiphertext)
    return bad_input("a ciphertext has an unlawful length");
  if (length > in.size()) return bad_input("a ciphertext is cut short");
  Bytes out = to_bytes(in.first(static_cast<std::size_t>(length)));
  in = in.subspan(static_cast<std::size_t>(length));
  return out;
}

}  // namespace

Result<DkgParameters> DkgParameters::make(DkgIndex threshold, std::vector<DkgPeer> peers,
                                          Bytes context) {
  if (peers.empty() || peers.size() > kDkgMaxParticipants)
    return bad_input("key generation needs 1 to 64 participants");
  if (threshold == 0 || threshold > peers.size())
    return bad_input("the threshold is not between 1 and the number of participants");
  if (context.empty() || context.size() > kDkgMaxContext)
    return bad_input("the context is empty or too long");
  for (std::size_t i = 0; i < peers.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (peers[i].static_key == peers[j].static_key)
        return culprit_error("two participants have the same static key", peers[i].name);
  return DkgParameters(threshold, std::move(peers), std::move(context));
}

const DkgPeer& DkgParameters::peer(DkgIndex index) const {
  HR_CHECK(index >= 1 && index <= peers_.size());
  return peers_[index - 1U];
}

Bytes dkg_context(ByteView session_id, std::span<const DkgPeer> peers) {
  Sha512 hash;
  hash.update(as_bytes(kContextTag));
  hash.update(u64_be(session_id.size())).update(session_id);
  hash.update(u64_be(kDkgCiphersuite.size())).update(as_bytes(kDkgCiphersuite));
  hash.update(Writer().u32(static_cast<std::uint32_t>(peers.size())).data());
  for (const DkgPeer& peer : peers) hash.update(peer.static_key.bytes());
  return to_bytes(hash.finish());
}

Bytes DkgMessage1::encode() const {
  Writer w;
  for (const Element& c : commitment) w.raw(c.bytes());
  w.raw(proof.bytes()).raw(ephemeral.bytes());
  return std::move(w.raw(dkg_encode_bundle(ciphertexts))).take();
}

Bytes dkg_encode_bundle(std::span<const Bytes> ciphertexts) {
  Writer w;
  for (const Bytes& c : ciphertexts) w.raw(u64_be(c.size())).raw(c);
  return std::move(w).take();
}

Result<std::vector<Bytes>> dkg_decode_bundle(ByteView bytes, std::size_t count) {
  std::vector<Bytes> ciphertexts;
  for (std::size_t j = 0; j < count; ++j) {
    HR_ASSIGN(Bytes ciphertext, read_framed(bytes));
    ciphertexts.push_back(std::move(ciphertext));
  }
  if (!bytes.empty()) return bad_input("there are bytes left over after the ciphertexts");
  return ciphertexts;
}

namespace {

Result<DkgMessage1> decode_message(const DkgParameters& parameters, ByteView in) {
  const std::size_t commitment_size = parameters.threshold() * Element::kSize;
  const std::size_t fixed = commitment_size + DkgSignature::kSize + Element::kSize;
  if (in.size() < fixed) return bad_input("a round 1 message is cut short");
  HR_ASSIGN(std::vector<Element> commitment, decode_elements(in.first(commitment_size)));
  HR_ASSIGN(const DkgSignature proof,
            DkgSignature::decode(in.subspan(commitment_size, DkgSignature::kSize)));
  HR_ASSIGN(const Element ephemeral,
            Element::decode(in.subspan(commitment_size + DkgSignature::kSize, Element::kSize)));
  HR_ASSIGN(std::vector<Bytes> ciphertexts,
            dkg_decode_bundle(in.subspan(fixed), parameters.size()));
  return DkgMessage1{std::move(commitment), proof, ephemeral, std::move(ciphertexts)};
}

}  // namespace

Result<DkgMessage1> DkgMessage1::decode(const DkgParameters& parameters, DkgIndex sender,
                                        ByteView bytes) {
  auto message = decode_message(parameters, bytes);
  if (!message) {
    Error error = std::move(message).error();
    error.culprit = parameters.peer(sender).name;
    return error;
  }
  return message;
}

Bytes dkg_proof_message(ByteView context, std::span<const Element> commitment,
                        const Element& ephemeral) {
  Writer w;
  w.raw(context);
  for (const Element& c : commitment) w.raw(c.bytes());
  return std::move(w.raw(ephemeral.bytes())).take();
}

Result<void> dkg_check_message(const DkgParameters& parameters, DkgIndex sender,
                               const DkgMessage1& message) {
  const std::string& culprit = parameters.peer(sender).name;
  // Exactly t: a longer commitment would raise the threshold unseen.
  if (message.commitment.size() != parameters.threshold())
    return culprit_error("a commitment has not exactly as many elements as the threshold", culprit);
  if (message.ciphertexts.size() != parameters.size())
    return culprit_error("a round 1 message has not one ciphertext for each participant", culprit);
  for (const Bytes& c : message.ciphertexts)
    if (c.size() < kDkgMinCiphertext || c.size() > kDkgMaxCiphertext)
      return culprit_error("a ciphertext has an unlawful length", culprit);
  if (!dkg_verify(message.commitment[0],
                  dkg_proof_message(parameters.context(), message.commitment, message.ephemeral),
                  message.proof))
    return culprit_error("a proof of possession does not hold", culprit);
  return {};
}

Result<Element> dkg_evaluate_commitment(std::span<const Element> commitment, DkgIndex index) {
  HR_CHECK(index >= 1 && !commitment.empty());
  std::vector<Scalar> powers;
  Scalar power = Scalar::from_u64(1);
  for (std::size_t k = 0; k < commitment.size(); ++k) {
    powers.push_back(power);
    power = multiply(power, Scalar::from_u64(index));
  }
  return multiply_and_sum(powers, commitment);
}

Result<DkgPublicKey> dkg_verify_certificate(const DkgParameters& parameters,
                                            const DkgTranscript& transcript,
                                            std::span<const DkgSignature> signatures) {
  if (transcript.context() != parameters.context() ||
      transcript.threshold() != parameters.threshold() || transcript.size() != parameters.size())
    return bad_input("the transcript is of another key generation");
  for (DkgIndex j = 1; j <= parameters.size(); ++j)
    if (transcript.static_key(j) != parameters.peer(j).static_key)
      return bad_input("the transcript has another static key for " + parameters.peer(j).name);
  if (signatures.size() != parameters.size())
    return bad_input("the certificate has not one signature for each participant");
  for (DkgIndex j = 1; j <= parameters.size(); ++j) {
    const std::string& name = parameters.peer(j).name;
    const auto& commitment = transcript.commitment(j);
    if (!dkg_verify(commitment[0],
                    dkg_proof_message(transcript.context(), commitment, transcript.ephemeral(j)),
                    transcript.proof(j)))
      return culprit_error("a proof of possession in the transcript does not hold", name);
    if (!dkg_verify(parameters.peer(j).static_key, transcript.bytes(), signatures[j - 1U]))
      return culprit_error("a signature of the transcript does not hold", name);
  }
  return transcript.public_key();
}

}  // namespace hedgerow
