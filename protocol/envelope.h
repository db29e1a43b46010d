// An envelope: one hop, signed by the sender and sealed to the receiver (cryptography.md,
// first paragraph). The hub relays envelopes between nodes without opening them.
//
// Signed: "hedgerow/v1/<type>\n" || sender, receiver, lineage, agreement hash, session,
// sequence, not-after, SHA-512 of the sealed body, each behind its length.
//
// Inside the seal stand sender, receiver, type, session and sequence once more before the
// body: without them, a relay could take off the signature and send somebody's sealed body as
// its own.
//
// On the wire: u8 version 1, u8 type, sender, receiver and lineage as text, agreement hash
// (32), session (16), u64 sequence, i64 not-after, sealed body behind its length, signature (64).
#pragma once

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/seams.h"
#include "crypto/seal.h"
#include "crypto/sign.h"
#include "protocol/message.h"
#include "protocol/statement.h"

namespace hedgerow::protocol {

inline constexpr std::size_t kMaxEnvelopeSize = std::size_t{4} << 20U;

struct EnvelopeHeader {
  MessageType type = MessageType::ack;
  PartyId sender;
  PartyId receiver;
  Lineage lineage;
  AgreementHash agreement;
  SessionId session;
  std::uint64_t sequence = 0;  // per (sender, receiver, session), from 1; 0 in an ack
  UtcTime not_after;

  friend bool operator==(const EnvelopeHeader&, const EnvelopeHeader&) = default;
};

class Envelope {
 public:
  // The bytes to send. `body` is at most kMaxBodySize.
  static Bytes make(const EnvelopeHeader& header, ByteView body, const SigningKey& sender_key,
                    const SealPublicKey& receiver_key, Random& rng);

  // Well-formed, not yet believed: enough for a relay to find the receiver.
  static Result<Envelope> decode(ByteView bytes);

  const EnvelopeHeader& header() const { return header_; }

  // The signature holds. The error names the sender as culprit.
  Result<void> verify(const VerifyKey& sender_key) const;
  // The body; fails where it was not sealed to this key, or by another hand for another header.
  // Call only after verify.
  Result<Bytes> open(const SealSecretKey& key, const SealPublicKey& own_public) const;

 private:
  Envelope() = default;
  Bytes signed_bytes() const;

  EnvelopeHeader header_;
  Bytes sealed_;
  Signature signature_{};
};

// The body of an ack: everything up to `sequence` of `session` is committed.
struct Ack {
  std::uint64_t sequence = 0;
  Bytes encode() const;
  static Result<Ack> decode(ByteView bytes);
};

}  // namespace hedgerow::protocol
