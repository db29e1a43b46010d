// A statement: signed, addressed to nobody, forwarded unchanged (cryptography.md, first
// paragraph). Ed25519 over
//
//   "hedgerow/v1/<type>\n" || fields
//
// where each field stands behind its u32 length: sender, lineage, agreement hash, session,
// sequence (u64), not-after (i64, milliseconds since 1970 UTC), SHA-512 of the body.
//
// On the wire: u8 version 1, u8 type, sender and lineage as text, agreement hash (32),
// session (16), u64 sequence, i64 not-after, body behind its length, signature (64).
#pragma once

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/seams.h"
#include "crypto/sign.h"
#include "protocol/message.h"

namespace hedgerow::protocol {

inline constexpr std::size_t kMaxBodySize = (std::size_t{4} << 20U) - 8192;

struct StatementHeader {
  PartyId sender;
  Lineage lineage;
  AgreementHash agreement;
  SessionId session;
  std::uint64_t sequence = 0;
  UtcTime not_after;

  friend bool operator==(const StatementHeader&, const StatementHeader&) = default;
};

class Statement {
 public:
  static Statement sign(const SigningKey& key, MessageType type, StatementHeader header,
                        Bytes body);

  // Well-formed, not yet believed. Refuses an unknown version or type and bytes left over.
  static Result<Statement> decode(ByteView bytes);
  Bytes encode() const;

  // The signature holds, the type is the one expected and not-after has not passed. The error
  // names the sender as culprit.
  Result<void> verify(const VerifyKey& key, MessageType expected, UtcTime now) const;
  // The same for a statement kept as evidence, whose date may have passed.
  Result<void> verify_signature(const VerifyKey& key, MessageType expected) const;

  MessageType type() const { return type_; }
  const StatementHeader& header() const { return header_; }
  const Bytes& body() const { return body_; }
  const Signature& signature() const { return signature_; }

 private:
  Statement() = default;
  Bytes signed_bytes() const;

  MessageType type_ = MessageType::ack;
  StatementHeader header_;
  Bytes body_;
  Signature signature_{};
};

}  // namespace hedgerow::protocol
