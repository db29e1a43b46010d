// The parties of one lineage, as their certificates say: who signs, who opens, who is whom on
// the wire.
#pragma once

#include <map>
#include <vector>

#include "crypto/certificate.h"
#include "policies/agreement.h"

namespace hedgerow::core {

inline constexpr std::size_t kMaxCertificatesInBundle = 2 * policies::kMaxParties;

struct Peer {
  PartyId id;
  Certificate root;
  Certificate node;

  const NodePublicKeys& keys() const { return node.node_keys(); }
};

class Peers {
 public:
  // One root and one node certificate for each party, roots with the fingerprints that the
  // agreement names, chains that hold at `now`. Certificates of strangers are refused.
  // Errors: bad_input or denied, naming the party as culprit.
  static Result<Peers> make(const policies::Agreement& agreement,
                            const std::vector<Certificate>& certificates, UtcTime now);

  const Peer* find(const PartyId& party) const;
  const Peer* by_curve_key(const ByteArray<32>& curve_key) const;
  const std::map<PartyId, Peer>& all() const { return peers_; }

 private:
  std::map<PartyId, Peer> peers_;
};

}  // namespace hedgerow::core
