// COCKTAIL-DKG(Ristretto255, SHA-512): distributed key generation among n participants, any t
// of which hold the key (C2SP cocktail-dkg v0.2.1, "Protocol Definition"; scalars little-endian).
//
// Misuse first: a context must never serve two sessions (dkg_context binds a fresh session id);
// the share and the transcript must be durable before the signature of round 3 leaves the
// machine; the key must not be used before finish() has seen everyone's signature.
//
// Each round is its own type and is used up by the next, so a wrong order does not compile:
//
//   DkgRound1::begin -> message() out, everyone's messages in
//     receive(...) && -> DkgRound2: share computed and checked
//       certify(...) && -> DkgRound3: signature() out, everyone's signatures in
//         finish(...) && -> DkgOutput
//
// Errors name the participant at fault in `culprit`; empty where the fault is the relay's or
// nobody's. Secrets are in locked memory; the polynomial and the ephemeral key are gone when
// begin() returns (the own share comes back encrypted, as everybody else's).
#pragma once

#include "crypto/dkg_message.h"

namespace hedgerow {

// A participant's long-term key. The public half is a ristretto255 element: it is the `dkg` key
// in a node certificate, 32 bytes. The secret half is a non-zero scalar, for this protocol only.
struct DkgStaticKey {
  SecretScalar secret;
  Element public_key;
};
DkgStaticKey generate_dkg_static_key(Random& rng);
// The public half of a stored secret. Error: it is zero.
Result<Element> dkg_public_key(const SecretScalar& static_secret);

struct DkgOutput {
  DkgIndex index = 0;
  SecretScalar share;  // x_i
  DkgPublicKey key;
};

class DkgRound3 {
 public:
  // After a restart, from what was stored. Errors: the transcript is another session's, or the
  // share does not fit it.
  static Result<DkgRound3> resume(const DkgParameters& parameters, DkgIndex own,
                                  const SecretScalar& static_secret, ByteView transcript,
                                  SecretScalar share);

  const DkgTranscript& transcript() const { return transcript_; }
  const DkgSignature& signature() const { return signature_; }
  const SecretScalar& share() const { return share_; }  // to be stored, not used yet

  // Signatures in participant order, the own one included.
  Result<DkgOutput> finish(std::span<const DkgSignature> signatures) &&;

 private:
  friend class DkgRound2;
  DkgRound3(DkgParameters parameters, DkgIndex own, DkgTranscript transcript, SecretScalar share,
            const DkgSignature& signature)
      : parameters_(std::move(parameters)),
        own_(own),
        transcript_(std::move(transcript)),
        share_(std::move(share)),
        signature_(signature) {}

  DkgParameters parameters_;
  DkgIndex own_;
  DkgTranscript transcript_;
  SecretScalar share_;
  DkgSignature signature_;
};

class DkgRound2 {
 public:
  const std::vector<SecretBytes>& payloads() const { return payloads_; }  // in participant order
  const Element& group_key() const { return key_.group_key; }
  const Element& verification_share() const { return key_.verification_shares[own_ - 1U]; }

  // Appends the extension, on which all must agree, and signs the transcript.
  Result<DkgRound3> certify(ByteView extension) &&;

 private:
  friend class DkgRound1;
  DkgRound2(DkgParameters parameters, DkgIndex own, SecretScalar static_secret,
            std::vector<DkgMessage1> messages, std::vector<SecretBytes> payloads,
            SecretScalar share, DkgPublicKey key)
      : parameters_(std::move(parameters)),
        own_(own),
        static_secret_(std::move(static_secret)),
        messages_(std::move(messages)),
        payloads_(std::move(payloads)),
        share_(std::move(share)),
        key_(std::move(key)) {}

  DkgParameters parameters_;
  DkgIndex own_;
  SecretScalar static_secret_;
  std::vector<DkgMessage1> messages_;
  std::vector<SecretBytes> payloads_;
  SecretScalar share_;
  DkgPublicKey key_;
};

class DkgRound1 {
 public:
  // Draws from rng: 64 bytes for each coefficient a_0 to a_{t-1}, then 64 for the ephemeral key.
  // `payload` (at most kDkgMaxPayload) goes encrypted to everyone. Errors: the static secret is
  // not the one of participant `own`; a payload too long.
  static Result<DkgRound1> begin(DkgParameters parameters, DkgIndex own,
                                 const SecretScalar& static_secret, Random& rng,
                                 ByteView payload = {});
  // After a restart, from the own message alone.
  static Result<DkgRound1> resume(DkgParameters parameters, DkgIndex own,
                                  const SecretScalar& static_secret, DkgMessage1 own_message);

  const DkgMessage1& message() const { return message_; }

  // All messages in participant order; the own one must be the one that was sent. Opens and
  // checks every share.
  Result<DkgRound2> receive(std::vector<DkgMessage1> messages) &&;

 private:
  DkgRound1(DkgParameters parameters, DkgIndex own, SecretScalar static_secret, DkgMessage1 message)
      : parameters_(std::move(parameters)),
        own_(own),
        static_secret_(std::move(static_secret)),
        message_(std::move(message)) {}

  DkgParameters parameters_;
  DkgIndex own_;
  SecretScalar static_secret_;
  DkgMessage1 message_;
};

// "Share Recovery": everything from the static secret, the success certificate and the
// ciphertexts addressed to this participant, each behind its u64 big-endian length. The caller
// checks that the transcript's context and static keys are those of the session it means.
Result<DkgOutput> dkg_recover(const SecretScalar& static_secret, ByteView transcript,
                              std::span<const DkgSignature> signatures, ByteView bundle);

}  // namespace hedgerow
