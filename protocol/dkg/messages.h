// The messages of key generation, to and from the hub. Each decodes only from the bytes it
// encodes to. All begin with the session (16 bytes); names are text behind a length.
//
//   dkg_start        hub -> keyholders     key id, u16 threshold, u32 count, names
//   dkg_round1       keyholder -> hub      message behind its length, signature (64)
//   dkg_round2       hub -> keyholders     u32 count, each as in dkg_round1
//   dkg_signature    keyholder -> hub      signature of the transcript (64)
//   dkg_certificate  hub -> keyholders     u32 count, signatures
//   dkg_abort        both ways             u8 reason, culprit's name (empty: nobody's)
//   key_ready        hub -> every party    transcript behind its length, u32 count, signatures
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "crypto/base/ids.h"
#include "crypto/dkg_message.h"

namespace hedgerow::protocol {

// No payloads travel in round 1, so a message has one size for given n and t; these are the
// largest, for kDkgMaxParticipants.
inline constexpr std::size_t kMaxDkgMessage1 =
    kDkgMaxParticipants * 32 + 64 + 32 + kDkgMaxParticipants * (8 + kDkgMinCiphertext);
inline constexpr std::size_t kMaxDkgTranscript = std::size_t{256} << 10U;

enum class DkgAbortReason : std::uint8_t {
  start_differs = 1,     // dkg_start is not what agreement and certificates say
  bad_message = 2,       // a signed round 1 message does not decode, or its proof fails
  bad_share = 3,         // a signed round 1 message holds a share that fails
  altered_in_relay = 4,  // the hub changed, left out or exchanged messages
  bad_signature = 5,     // a keyholder's signature fails
  contradiction = 6,     // one sender, one session, two different messages
  out_of_time = 7,       // a keyholder did not answer
  abandoned = 8,         // a party cannot go on: restarted without its state, or told to stop
};
// One line for a person; complete with the culprit's name where there is one.
std::string_view text_of(DkgAbortReason reason);

struct DkgStart {
  SessionId session;
  KeyId key_id;
  std::uint16_t threshold = 0;
  std::vector<PartyId> keyholders;  // sorted; numbered from 1

  Bytes encode() const;
  static Result<DkgStart> decode(ByteView bytes);
  friend bool operator==(const DkgStart&, const DkgStart&) = default;
};

// A round 1 message as its sender signed it with its static key: the proof of possession leaves
// the ciphertexts out, and the hub must not be able to make an honest party look guilty.
struct SignedRound1 {
  Bytes message;
  DkgSignature signature;

  friend bool operator==(const SignedRound1&, const SignedRound1&) = default;
};
// What is signed: "hedgerow/v1/dkg-round1" || context || message.
Bytes round1_signed_bytes(const Bytes& context, ByteView message);

struct DkgRound1Message {
  SessionId session;
  SignedRound1 round1;

  Bytes encode() const;
  static Result<DkgRound1Message> decode(ByteView bytes);
  friend bool operator==(const DkgRound1Message&, const DkgRound1Message&) = default;
};

struct DkgRound2Message {
  SessionId session;
  std::vector<SignedRound1> round1;  // in participant order

  Bytes encode() const;
  static Result<DkgRound2Message> decode(ByteView bytes);
  friend bool operator==(const DkgRound2Message&, const DkgRound2Message&) = default;
};

struct DkgSignatureMessage {
  SessionId session;
  DkgSignature signature;

  Bytes encode() const;
  static Result<DkgSignatureMessage> decode(ByteView bytes);
  friend bool operator==(const DkgSignatureMessage&, const DkgSignatureMessage&) = default;
};

struct DkgCertificateMessage {
  SessionId session;
  std::vector<DkgSignature> signatures;  // in participant order

  Bytes encode() const;
  static Result<DkgCertificateMessage> decode(ByteView bytes);
  friend bool operator==(const DkgCertificateMessage&, const DkgCertificateMessage&) = default;
};

struct DkgAbort {
  SessionId session;
  DkgAbortReason reason = DkgAbortReason::abandoned;
  PartyId culprit;  // may be empty

  Bytes encode() const;
  static Result<DkgAbort> decode(ByteView bytes);
  friend bool operator==(const DkgAbort&, const DkgAbort&) = default;
};

struct KeyReady {
  SessionId session;
  Bytes transcript;
  std::vector<DkgSignature> signatures;

  Bytes encode() const;
  static Result<KeyReady> decode(ByteView bytes);
  friend bool operator==(const KeyReady&, const KeyReady&) = default;
};

}  // namespace hedgerow::protocol
