#include "node/core/peers.h"

#include <algorithm>
#include <optional>
#include <set>

#include "policies/calendar.h"

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

Result<void> Peer::check_standing(UtcTime now) const {
  if (has_revoked(node))
    return Error{Code::denied,
                 "the node certificate of " + id.str() + " was revoked, on " +
                     policies::utc_text(revoked->find(node)->at),
                 id.str(), "nothing of that node counts any more; its officer says why"};
  if (now < node.not_after()) return {};
  return Error{Code::denied,
               "the node certificate of " + id.str() + " has expired, on " +
                   policies::utc_text(node.not_after()),
               id.str(),
               "its officer issues a new one, which its operator gives to the node: "
               "`hedgerow keys renew`"};
}

Result<void> Peer::check_renewal(const Certificate& renewed, UtcTime now) const {
  const auto wrong = [&](Code code, std::string text, std::string hint = {}) {
    return Error{code, std::move(text), id.str(), std::move(hint)};
  };
  if (renewed.kind() != CertificateKind::node)
    return wrong(Code::bad_input,
                 "the certificate of " + renewed.subject().urn() + " is not a node's");
  if (renewed.agency() != id)
    return wrong(Code::bad_input,
                 "the certificate of " + renewed.subject().urn() + " is another party's");
  if (renewed.node_keys() != keys())
    return wrong(Code::bad_input, "the new certificate is for other keys than the node's",
                 "a renewal keeps the five keys: issue it for the node's own request");
  auto chain = verify_chain(renewed, root, now);
  if (!chain.ok()) return of_party(std::move(chain).error(), id);
  if (has_revoked(node))
    return wrong(Code::denied, "a revoked certificate cannot be renewed",
                 "to replace one that is sound, renew it first and revoke it afterwards");
  if (has_revoked(renewed)) return wrong(Code::denied, "the new certificate was revoked");
  if (renewed.not_after() <= node.not_after())
    return wrong(Code::denied, "the new certificate does not last longer than the one it replaces");
  return {};
}

void Peers::set_node(const PartyId& party, Certificate renewed) {
  const auto it = peers_.find(party);
  HR_CHECK(it != peers_.end());
  it->second.node = std::move(renewed);
}

void Peers::set_revoked(const PartyId& party, RevocationList list) {
  const auto it = peers_.find(party);
  HR_CHECK(it != peers_.end());
  it->second.revoked = std::move(list);
}

Result<Peers> Peers::make(const policies::Agreement& agreement,
                          const std::vector<Certificate>& certificates, UtcTime now) {
  return gather(agreement, certificates, now);
}

Result<Peers> Peers::restore(const policies::Agreement& agreement,
                             const std::vector<Certificate>& certificates) {
  return gather(agreement, certificates, std::nullopt);
}

Result<Peers> Peers::gather(const policies::Agreement& agreement,
                            const std::vector<Certificate>& certificates,
                            std::optional<UtcTime> now) {
  Peers peers;
  std::set<ByteArray<32>> curve_keys;
  for (const policies::Party& party : agreement.parties) {
    HR_ASSIGN(Certificate root, only(certificates, party.id, CertificateKind::root));
    if (!is_named_root(party, root))
      return Error{Code::bad_input,
                   "the root certificate is not the one whose fingerprint the agreement names",
                   party.id.str(), "compare `hedgerow agency show` with the agreement"};
    HR_ASSIGN(Certificate node, only(certificates, party.id, CertificateKind::node));
    // Without a date: on the first day of both, which always lies in their dates.
    auto chain =
        verify_chain(node, root, now.value_or(std::max(node.not_before(), root.not_before())));
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
