// The parties of one lineage, as their certificates say: who signs, who opens, who is whom on
// the wire.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/crl.h"
#include "policies/agreement.h"

namespace hedgerow::core {

inline constexpr std::size_t kMaxCertificatesInBundle = 2 * policies::kMaxParties;

// A node's certificate runs out so soon that its operator is warned of it.
inline constexpr std::chrono::hours kRenewalWarning{21 * 24};

struct Peer {
  PartyId id;
  Certificate root;
  Certificate node;
  std::optional<RevocationList> revoked = {};  // the root's latest that is known here

  const NodePublicKeys& keys() const { return node.node_keys(); }

  bool has_revoked(const Certificate& certificate) const {
    return revoked && revoked->find(certificate) != nullptr;
  }
  // The node may speak for its party now. Error denied, naming the party: its certificate has run
  // out or was revoked.
  Result<void> check_standing(UtcTime now) const;

  bool expires_soon(UtcTime now) const { return now + kRenewalWarning >= node.not_after(); }

  // `renewed` may take the place of the node's certificate: of this party and of the kind node, of
  // the same five keys, issued by the root that the agreement names, valid now, and for longer.
  // Errors, naming the party: bad_input; denied: run out, not for longer, or one of the two was
  // revoked.
  Result<void> check_renewal(const Certificate& renewed, UtcTime now) const;
};

class Peers {
 public:
  // One root and one node certificate for each party, roots with the fingerprints that the
  // agreement names, chains that hold at `now`. Certificates of strangers are refused.
  // Errors: bad_input or denied, naming the party as culprit.
  static Result<Peers> make(const policies::Agreement& agreement,
                            const std::vector<Certificate>& certificates, UtcTime now);
  // As stored: the same, but the dates of node certificates are left to their use. A node that was
  // off for a year must start, to be renewed.
  static Result<Peers> restore(const policies::Agreement& agreement,
                               const std::vector<Certificate>& certificates);

  // HR_CHECK: a party.
  void set_node(const PartyId& party, Certificate renewed);
  void set_revoked(const PartyId& party, RevocationList list);

  const Peer* find(const PartyId& party) const;
  const Peer* by_curve_key(const ByteArray<32>& curve_key) const;
  const std::map<PartyId, Peer>& all() const { return peers_; }

 private:
  static Result<Peers> gather(const policies::Agreement& agreement,
                              const std::vector<Certificate>& certificates,
                              std::optional<UtcTime> now);

  std::map<PartyId, Peer> peers_;
};

}  // namespace hedgerow::core
