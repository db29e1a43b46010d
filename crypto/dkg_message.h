// The public data of one COCKTAIL-DKG(Ristretto255, SHA-512) session (C2SP cocktail-dkg v0.2.1,
// "Setup" and "Message Formats"): its parameters, a participant's round 1 message and the
// transcript that everyone signs. Nothing here is secret.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/dkg_signature.h"
#include "crypto/group.h"

namespace hedgerow {

inline constexpr std::string_view kDkgCiphersuite = "COCKTAIL(Ristretto255, SHA-512)";
inline constexpr std::size_t kDkgMaxParticipants = 64;
inline constexpr std::size_t kDkgMaxContext = 4096;        // bytes
inline constexpr std::size_t kDkgMaxExtension = 4096;      // bytes
inline constexpr std::size_t kDkgMinCiphertext = 32 + 16;  // a scalar and the AEAD's tag
inline constexpr std::size_t kDkgMaxCiphertext = 65536;    // the interoperability floor
inline constexpr std::size_t kDkgMaxPayload = kDkgMaxCiphertext - kDkgMinCiphertext;

using DkgIndex = std::uint16_t;  // a participant's number: 1 to n

struct DkgPeer {
  std::string name;  // what an error gives as culprit
  Element static_key;
};

// The setup all participants agree on.
class DkgParameters {
 public:
  // Refuses: no participants or more than kDkgMaxParticipants; a threshold outside 1..n; two
  // equal static keys; an empty context or one beyond kDkgMaxContext.
  static Result<DkgParameters> make(DkgIndex threshold, std::vector<DkgPeer> peers, Bytes context);

  DkgIndex size() const { return static_cast<DkgIndex>(peers_.size()); }  // n
  DkgIndex threshold() const { return threshold_; }                       // t
  const DkgPeer& peer(DkgIndex index) const;
  const Bytes& context() const { return context_; }

 private:
  DkgParameters(DkgIndex threshold, std::vector<DkgPeer> peers, Bytes context)
      : threshold_(threshold), peers_(std::move(peers)), context_(std::move(context)) {}

  DkgIndex threshold_;
  std::vector<DkgPeer> peers_;
  Bytes context_;
};

// "Setup", the recommended construction: SHA-512 over the tag, session_id and ciphersuite each
// behind its u64 big-endian length, n, and the static keys in order.
Bytes dkg_context(ByteView session_id, std::span<const DkgPeer> peers);

// msg1: commitment (t elements), proof of possession, ephemeral key, n ciphertexts each behind
// its u64 big-endian length.
struct DkgMessage1 {
  std::vector<Element> commitment;
  DkgSignature proof;
  Element ephemeral;
  std::vector<Bytes> ciphertexts;  // [j - 1]: to participant j, the sender itself included

  Bytes encode() const;
  // The error names the sender.
  static Result<DkgMessage1> decode(const DkgParameters& parameters, DkgIndex sender,
                                    ByteView bytes);
  friend bool operator==(const DkgMessage1&, const DkgMessage1&) = default;
};

// `count` ciphertexts, each behind its u64 big-endian length, and nothing after them.
Bytes dkg_encode_bundle(std::span<const Bytes> ciphertexts);
Result<std::vector<Bytes>> dkg_decode_bundle(ByteView bytes, std::size_t count);

// What the proof of possession signs: context || commitment || ephemeral.
Bytes dkg_proof_message(ByteView context, std::span<const Element> commitment,
                        const Element& ephemeral);

// What everyone can check of a message: exactly t commitments, n ciphertexts of lawful size, the
// proof of possession. The error names the sender.
Result<void> dkg_check_message(const DkgParameters& parameters, DkgIndex sender,
                               const DkgMessage1& message);

// What a session produced, as far as everyone may know it.
struct DkgPublicKey {
  Element group_key;                         // Y
  std::vector<Element> verification_shares;  // Y_1 to Y_n
  DkgIndex threshold = 0;
  ByteArray<64> transcript_hash{};  // SHA-512 of the transcript
};

// The transcript T of "Round 3: Certification".
class DkgTranscript {
 public:
  // Messages in participant order; each has passed dkg_check_message. An extension beyond
  // kDkgMaxExtension is our own bug.
  static DkgTranscript make(const DkgParameters& parameters, std::span<const DkgMessage1> messages,
                            ByteView extension);
  // Refuses: another ciphersuite, sizes beyond the maxima above, points that are none, bytes
  // left over.
  static Result<DkgTranscript> decode(ByteView bytes);

  const Bytes& bytes() const { return bytes_; }
  ByteArray<64> hash() const;
  const Bytes& context() const { return context_; }
  const Bytes& extension() const { return extension_; }
  DkgIndex threshold() const { return threshold_; }
  DkgIndex size() const { return static_cast<DkgIndex>(static_keys_.size()); }
  const Element& static_key(DkgIndex index) const;
  const std::vector<Element>& commitment(DkgIndex index) const;
  const DkgSignature& proof(DkgIndex index) const;
  const Element& ephemeral(DkgIndex index) const;

  // Y and every Y_i. Error: one of them is the identity, which no honest run produces.
  Result<DkgPublicKey> public_key() const;

 private:
  DkgTranscript() = default;
  Bytes encode() const;

  Bytes bytes_;
  Bytes context_;
  Bytes extension_;
  DkgIndex threshold_ = 0;
  std::vector<Element> static_keys_;
  std::vector<std::vector<Element>> commitments_;
  std::vector<DkgSignature> proofs_;
  std::vector<Element> ephemerals_;
};

// sum over k of index^k * commitment[k]: f(index) * G for the committed polynomial f.
// Error: it is the identity.
Result<Element> dkg_evaluate_commitment(std::span<const Element> commitment, DkgIndex index);

// The transcript is one of this session (ciphersuite, context, threshold, static keys), its
// proofs hold, and every participant signed it: the success certificate. Errors name the
// participant whose signature or proof fails; none where the transcript is another session's.
Result<DkgPublicKey> dkg_verify_certificate(const DkgParameters& parameters,
                                            const DkgTranscript& transcript,
                                            std::span<const DkgSignature> signatures);

}  // namespace hedgerow
