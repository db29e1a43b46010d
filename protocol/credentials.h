// What parties tell each other about certificates (docs/design/identities.md).
//
//   renewed      a party's statement, signed with its node's message key: the body is the node's
//                new certificate (DER). Travels inside an envelope of the same type.
//   revocations  envelope; the body is a party and that party's list (DER). The root's signature
//                on the list is its authority: whoever hands it on adds nothing.
#pragma once

#include "crypto/certificate.h"
#include "crypto/crl.h"
#include "protocol/statement.h"

namespace hedgerow::protocol {

inline constexpr std::chrono::hours kRenewalLifetime{24 * 30};

Statement sign_renewal(const SigningKey& key, const Lineage& lineage,
                       const AgreementHash& agreement, const SessionId& session,
                       const Certificate& renewed, UtcTime now);

// The certificate in a party's statement. Whether it may take the old one's place is for the
// caller to say. Errors name the sender as culprit: not signed with `old_key`, past its date, of
// another lineage or agreement, or about another party than its sender.
Result<Certificate> verify_renewal(ByteView statement, const PartyId& sender,
                                   const VerifyKey& old_key, const Lineage& lineage,
                                   const AgreementHash& agreement, UtcTime now);

struct Revocations {
  PartyId party;
  Bytes list;  // DER
  Bytes encode() const;
  static Result<Revocations> decode(ByteView bytes);
};

}  // namespace hedgerow::protocol
