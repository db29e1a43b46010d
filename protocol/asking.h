// Who asks what, and who vouches for it (formats.md, Identities and Questions).
//
//   question       an analyst's statement; body = Asked
//   countersigned  the home node's statement, five minutes long: "valid now"; body = the
//                  question statement's bytes
//   ask            envelope, home node to hub; body = the countersigned statement's bytes
//
// The session of all three is the question's id, drawn by the asker. The question itself is
// opaque here (policies/question.h).
#pragma once

#include "crypto/certificate.h"
#include "protocol/statement.h"

namespace hedgerow::protocol {

inline constexpr std::size_t kMaxQuestionBody = std::size_t{64} << 10U;
inline constexpr std::chrono::minutes kCountersignatureLifetime{5};
inline constexpr std::chrono::seconds kCountersignatureSkew{120};  // between two nodes' clocks

struct Asked {
  Bytes certificate_der;
  Bytes question;  // canonical

  Bytes encode() const;
  static Result<Asked> decode(ByteView bytes);
};

// A question statement whose chain and signature hold at `now`.
struct VerifiedQuestion {
  SessionId id;
  Certificate asker;
  AgreementHash agreement;
  Bytes question;   // canonical bytes, not yet decoded
  PartyId home;     // who countersigned; the asker's own agency before that
  Bytes statement;  // the question statement, exact bytes
};

// Signs for an asker. `not_after` bounds how long the home node may take to countersign.
Statement sign_question(const SigningKey& key, const Certificate& asker, const Lineage& lineage,
                        const AgreementHash& agreement, const SessionId& id, UtcTime not_after,
                        Bytes question);

// Verifies an asker's statement: the chain to `root` (the root that the agreement names for the
// asker's agency), the signature, the date. The sender must be the certificate's agency.
Result<VerifiedQuestion> verify_question(ByteView statement, const Certificate& root, UtcTime now);
// Only reads which agency says it asks, so that the caller can find the root.
Result<PartyId> claimed_agency(ByteView question_statement);

Statement countersign(const SigningKey& key, const PartyId& home, const VerifiedQuestion& question,
                      const Lineage& lineage, UtcTime now);
// Verifies the countersignature; the question inside is still to be verified.
// `now` may be later than its end where the statement is evidence; pass when it was received.
Result<Statement> verify_countersigned(ByteView bytes, const VerifyKey& home_key, UtcTime now);

}  // namespace hedgerow::protocol
