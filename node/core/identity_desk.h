// Who still counts in one lineage: renewed node certificates and lists of revoked ones, told to
// every party and taken from them (docs/design/identities.md, Renewal and Revocation).
#pragma once

#include "node/core/exchange.h"

namespace hedgerow::core {

class IdentityDesk {
 public:
  IdentityDesk(LineageContext& lineage, const Environment& environment);

  // At the start of the node: the keyring may hold a certificate that this lineage has not seen.
  // Nothing where it has. Errors as Peer::check_renewal.
  Result<Work> restore(UtcTime now);
  // The node's new certificate: kept, logged, told to every party. Errors as Peer::check_renewal.
  Result<Work> renew(const Certificate& renewed, UtcTime now);
  // Parties' root and node certificates from a file, for where no message came through. All are
  // checked before any is taken; what is known changes nothing. Errors as Peer::check_renewal;
  // bad_input: another root, a stranger's, or of another kind.
  Result<Work> take_by_hand(const std::vector<Certificate>& certificates, UtcTime now);

  // The party whose root's list this is; nullptr: none's.
  const Peer* owner_of(const RevocationList& list) const;
  // The list may be taken: the root's, with a number above the last, taking nothing back. The one
  // that is known may be taken again, which changes nothing. Errors bad_input, denied.
  Result<void> check_list(const Peer& owner, const RevocationList& list, UtcTime now) const;
  // A party's list as an operator's file holds it: kept, logged, told to the others. What it means
  // for questions and connections is LineageNode's to see to.
  Result<Work> publish(const Peer& owner, const RevocationList& list, UtcTime now);

  // renewed, revocations. An error means refused, with its culprit.
  Result<Work> on_message(const Delivery& delivery, UtcTime now);

 private:
  Result<Work> on_renewed(const Delivery& delivery, UtcTime now);
  Result<Work> on_revocations(const Delivery& delivery, UtcTime now);
  Result<Work> take_list(const Peer& owner, const RevocationList& list, std::string_view how,
                         const PartyId& from, UtcTime now);
  Work replace(const PartyId& party, const Certificate& renewed, std::string_view how);

  LineageContext& lineage_;
  Environment env_;
};

}  // namespace hedgerow::core
