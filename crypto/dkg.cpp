#include "crypto/dkg.h"

#include <algorithm>

#include "crypto/dkg_share_cipher.h"
#include "crypto/shamir.h"

namespace hedgerow {
namespace {

Result<void> check_own(const DkgParameters& parameters, DkgIndex own,
                       const SecretScalar& static_secret) {
  HR_CHECK(own >= 1 && own <= parameters.size());
  const auto public_key = dkg_public_key(static_secret);
  if (!public_key || *public_key != parameters.peer(own).static_key)
    return configuration("the static secret is not that of participant " +
                         parameters.peer(own).name);
  return {};
}

ParticipantIndex shamir_index(DkgIndex index) { return ParticipantIndex::from(index).value(); }

SecretBytes join(const SecretScalar& share, ByteView payload) {
  SecretBytes out(Scalar::kSize + payload.size());
  std::ranges::copy(share.expose(), out.writable().begin());
  std::ranges::copy(payload, out.writable().begin() + Scalar::kSize);
  return out;
}

// "Final Check": cannot fail where every share passed; guards against our own mistakes.
Result<void> check_share(const SecretScalar& share, const DkgPublicKey& key, DkgIndex own) {
  const auto actual = multiply_base(share);
  if (!actual || *actual != key.verification_shares[own - 1U])
    return internal("the share does not fit its verification share");
  return {};
}

}  // namespace

DkgStaticKey generate_dkg_static_key(Random& rng) {
  SecretScalar secret = random_scalar(rng);
  const Element public_key = multiply_base(secret).value();  // random_scalar is never zero
  return {std::move(secret), public_key};
}

Result<Element> dkg_public_key(const SecretScalar& static_secret) {
  return multiply_base(static_secret);
}

Result<DkgRound1> DkgRound1::begin(DkgParameters parameters, DkgIndex own,
                                   const SecretScalar& static_secret, Random& rng,
                                   ByteView payload) {
  HR_TRY(check_own(parameters, own, static_secret));
  if (payload.size() > kDkgMaxPayload) return bad_input("a payload is too long");

  const SecretScalars coefficients = SecretScalars::random(parameters.threshold(), rng);
  std::vector<Element> commitment;
  for (std::size_t k = 0; k < coefficients.size(); ++k) {
    HR_ASSIGN(const Element c, multiply(coefficients, k, Element::base()));
    commitment.push_back(c);
  }
  const SecretScalar ephemeral_secret = random_scalar(rng);
  HR_ASSIGN(const Element ephemeral, multiply_base(ephemeral_secret));
  HR_ASSIGN(
      const DkgSignature proof,
      dkg_sign(coefficients.at(0), dkg_proof_message(parameters.context(), commitment, ephemeral)));

  std::vector<Bytes> ciphertexts;
  for (DkgIndex j = 1; j <= parameters.size(); ++j) {
    const DkgChannel channel{ephemeral, parameters.peer(own).static_key,
                             parameters.peer(j).static_key};
    HR_ASSIGN(
        DkgShareCipher cipher,
        DkgShareCipher::of_sender(channel, ephemeral_secret, static_secret, parameters.context()));
    const SecretBytes plaintext = join(evaluate_polynomial(coefficients, shamir_index(j)), payload);
    ciphertexts.push_back(std::move(cipher).encrypt(plaintext.expose()));
  }
  return DkgRound1(std::move(parameters), own, static_secret.clone(),
                   DkgMessage1{std::move(commitment), proof, ephemeral, std::move(ciphertexts)});
}

Result<DkgRound1> DkgRound1::resume(DkgParameters parameters, DkgIndex own,
                                    const SecretScalar& static_secret, DkgMessage1 own_message) {
  HR_TRY(check_own(parameters, own, static_secret));
  HR_TRY(dkg_check_message(parameters, own, own_message));
  return DkgRound1(std::move(parameters), own, static_secret.clone(), std::move(own_message));
}

Result<DkgRound2> DkgRound1::receive(std::vector<DkgMessage1> messages) && {
  if (messages.size() != parameters_.size())
    return bad_input("there is not one round 1 message for each participant");
  if (messages[own_ - 1U] != message_)
    return bad_input("the own round 1 message did not come back unchanged");

  for (DkgIndex j = 1; j <= parameters_.size(); ++j)
    HR_TRY(dkg_check_message(parameters_, j, messages[j - 1U]));

  SecretScalar sum;
  std::vector<SecretBytes> payloads;
  for (DkgIndex j = 1; j <= parameters_.size(); ++j) {
    const DkgMessage1& message = messages[j - 1U];
    const DkgChannel channel{message.ephemeral, parameters_.peer(j).static_key,
                             parameters_.peer(own_).static_key};
    auto opened = dkg_open_share(static_secret_, channel, parameters_.context(),
                                 message.ciphertexts[own_ - 1U], message.commitment, own_);
    if (!opened) return culprit_error(opened.error().text, parameters_.peer(j).name);
    sum = add(sum, opened->share);
    payloads.push_back(std::move(opened->payload));
  }

  HR_ASSIGN(DkgPublicKey key, DkgTranscript::make(parameters_, messages, {}).public_key());
  HR_TRY(check_share(sum, key, own_));
  return DkgRound2(std::move(parameters_), own_, std::move(static_secret_), std::move(messages),
                   std::move(payloads), std::move(sum), std::move(key));
}

Result<DkgRound3> DkgRound2::certify(ByteView extension) && {
  if (extension.size() > kDkgMaxExtension) return bad_input("the extension is too long");
  DkgTranscript transcript = DkgTranscript::make(parameters_, messages_, extension);
  HR_ASSIGN(const DkgSignature signature, dkg_sign(static_secret_, transcript.bytes()));
  return DkgRound3(std::move(parameters_), own_, std::move(transcript), std::move(share_),
                   signature);
}

Result<DkgRound3> DkgRound3::resume(const DkgParameters& parameters, DkgIndex own,
                                    const SecretScalar& static_secret, ByteView transcript,
                                    SecretScalar share) {
  HR_TRY(check_own(parameters, own, static_secret));
  HR_ASSIGN(DkgTranscript decoded, DkgTranscript::decode(transcript));
  if (decoded.context() != parameters.context() || decoded.size() != parameters.size() ||
      decoded.threshold() != parameters.threshold())
    return bad_input("the stored transcript is of another key generation");
  HR_ASSIGN(const DkgPublicKey key, decoded.public_key());
  HR_TRY(check_share(share, key, own));
  // Deterministic: the same signature as before the restart.
  HR_ASSIGN(const DkgSignature signature, dkg_sign(static_secret, decoded.bytes()));
  return DkgRound3(parameters, own, std::move(decoded), std::move(share), signature);
}

Result<DkgOutput> DkgRound3::finish(std::span<const DkgSignature> signatures) && {
  HR_ASSIGN(DkgPublicKey key, dkg_verify_certificate(parameters_, transcript_, signatures));
  return DkgOutput{own_, std::move(share_), std::move(key)};
}

}  // namespace hedgerow
