#include "node/core/peers.h"

#include <optional>
#include <set>

namespace hedgerow::core {

namespace {

Error of_party(Error error, const PartyId& party) {
  if (error.culprit.empty()) error.culprit = party.str();
  return error;
}

bool is_named_root(const policies::Party& party, const Certificate& root) {
  return root.fingerprint() == party.root ||
         (party.next_root && root.fingerprint() == *party.next_root);
}

// The party's certificates of one kind among all of them; at most one may be there.
Result<Certificate> only(const std::vector<Certificate>& certificates, const PartyId& party,
                         CertificateKind kind) {
  std::optional<Certificate> found;
  for (const Certificate& c : certificates) {
    if (c.agency() != party || c.kind() != kind) continue;
    if (found && !(*found == c))
      return culprit_error(
          "two certificates of kind " + std::string(to_string(kind)) + " for one party",
          party.str());
    found = c;
  }
  if (!found)
    return Error{Code::bad_input,
                 "no certificate of kind " + std::string(to_string(kind)) + " for the party",
                 party.str(),
                 "the certificates file holds root and node certificates of every party"};
  return *std::move(found);
}

}  // namespace

Result<Peers> Peers::make(const policies::Agreement& agreement,
                          const std::vector<Certificate>& certificates, UtcTime now) {
  Peers peers;
  std::set<ByteArray<32>> curve_keys;
  for (const policies::Party& party : agreement.parties) {
    HR_ASSIGN(Certificate root, only(certificates, party.id, CertificateKind::root));
    if (!is_named_root(party, root))
      return Error{Code::bad_input,
                   "the root certificate is not the one whose fingerprint the agreement names",
                   party.id.str(), "compare `hedgerow agency show` with the agreement"};
    HR_ASSIGN(Certificate node, only(certificates, party.id, CertificateKind::node));
    auto chain = verify_chain(node, root, now);
    if (!chain.ok()) return of_party(std::move(chain).error(), party.id);
    if (!curve_keys.insert(node.node_keys().curve).second)
      return culprit_error("the node's CURVE key is another party's too", party.id.str());
    peers.peers_.emplace(party.id, Peer{party.id, std::move(root), std::move(node)});
  }
  for (const Certificate& c : certificates)
    if (agreement.party(c.agency()) == nullptr)
      return culprit_error("a certificate of an agency that is no party to the agreement",
                           c.agency().str());
  return peers;
}

const Peer* Peers::find(const PartyId& party) const {
  const auto it = peers_.find(party);
  return it == peers_.end() ? nullptr : &it->second;
}

const Peer* Peers::by_curve_key(const ByteArray<32>& curve_key) const {
  for (const auto& [id, peer] : peers_)
    if (peer.keys().curve == curve_key) return &peer;
  return nullptr;
}

}  // namespace hedgerow::core
