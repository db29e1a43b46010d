#include "node/core/identity_desk.h"

#include <map>

#include "crypto/hash.h"
#include "policies/calendar.h"
#include "protocol/credentials.h"

namespace hedgerow::core {

namespace {

// As many as an entry of the log has room for.
std::string new_serials(const RevocationList& list, const std::optional<RevocationList>& before) {
  constexpr std::size_t kShown = 100;
  std::string text;
  std::size_t count = 0;
  for (const Revoked& r : list.entries()) {
    if (before && before->find(r.serial) != nullptr) continue;
    if (++count > kShown) continue;
    text += (text.empty() ? "" : ", ") + to_hex(r.serial) + " " + std::string(to_string(r.reason));
  }
  if (count > kShown) text += " and " + std::to_string(count - kShown) + " more";
  return text;
}

}  // namespace

IdentityDesk::IdentityDesk(LineageContext& lineage, const Environment& environment)
    : lineage_(lineage), env_(environment) {}

// The log keeps the certificate itself: who checks old signatures later finds it there.
Work IdentityDesk::replace(const PartyId& party, const Certificate& renewed, std::string_view how) {
  const Certificate before = lineage_.peers.find(party)->node;
  lineage_.peers.set_node(party, renewed);
  Work work;
  work.note("certificate.renewed", {{"party", party.str()},
                                    {"how", std::string(how)},
                                    {"fingerprint", renewed.fingerprint().hex()},
                                    {"until", policies::utc_text(renewed.not_after())},
                                    {"before", before.fingerprint().hex()},
                                    {"certificate", to_base64(renewed.der())}});
  work.write(
      [row = store::CertificateRecord{party, store::CertificateRole::node, renewed.pem(), true}](
          store::LineageStore& s) { return s.agreements().replace_certificate(row); });
  return work;
}

Result<Work> IdentityDesk::restore(UtcTime now) {
  const Certificate& own = env_.keyring.certificate();
  if (lineage_.peers.find(lineage_.self)->node == own) return Work{};
  return renew(own, now);
}

Result<Work> IdentityDesk::renew(const Certificate& renewed, UtcTime now) {
  const Peer& own = *lineage_.peers.find(lineage_.self);
  if (own.node == renewed) return Work{};
  HR_TRY(own.check_renewal(renewed, now));
  Work work = replace(lineage_.self, renewed, "own");
  for (const auto& [id, peer] : lineage_.peers.all()) {
    if (id == lineage_.self) continue;
    SessionId session;
    env_.rng.fill(session.bytes);
    const auto statement = protocol::sign_renewal(env_.keyring.message(), lineage_.id(),
                                                  lineage_.agreement.hash, session, renewed, now);
    work.message(session, id, MessageType::renewed, statement.encode(), protocol::kRenewalLifetime);
  }
  return work;
}

Result<Work> IdentityDesk::take_by_hand(const std::vector<Certificate>& certificates, UtcTime now) {
  std::map<PartyId, const Certificate*> renewed;
  for (const Certificate& c : certificates) {
    const Peer* peer = lineage_.peers.find(c.agency());
    if (peer == nullptr)
      return culprit_error("a certificate of an agency that is no party to the agreement",
                           c.agency().str());
    if (c.kind() == CertificateKind::root) {
      if (!(c == peer->root))
        return culprit_error("the root certificate is not the one that was installed",
                             peer->id.str());
      continue;
    }
    if (peer->node == c) continue;
    HR_TRY(peer->check_renewal(c, now));
    if (peer->id == lineage_.self)
      return Error{Code::bad_input, "the file renews this node's own certificate", peer->id.str(),
                   "give that to `hedgerow keys renew`, which tells the other parties"};
    if (!renewed.emplace(peer->id, &c).second)
      return culprit_error("two new certificates of one party", peer->id.str());
  }
  Work work;
  for (const auto& [party, c] : renewed) work.add(replace(party, *c, "file"));
  return work;
}

const Peer* IdentityDesk::owner_of(const RevocationList& list) const {
  for (const auto& [id, peer] : lineage_.peers.all())
    if (claims_root(list, peer.root)) return &peer;
  return nullptr;
}

Result<void> IdentityDesk::check_list(const Peer& owner, const RevocationList& list,
                                      UtcTime now) const {
  if (owner.revoked && *owner.revoked == list) return {};
  HR_TRY(verify_list(list, owner.root, now));
  if (!owner.revoked) return {};
  auto follows = check_follows(list, *owner.revoked);
  if (follows.ok()) return {};
  Error error = std::move(follows).error();
  error.culprit = owner.id.str();
  return error;
}

Result<Work> IdentityDesk::publish(const Peer& owner, const RevocationList& list, UtcTime now) {
  return take_list(owner, list, "file", lineage_.self, now);
}

// The hub tells everybody, other nodes tell the hub: a party that revokes its own node is heard
// although it can say nothing any more a moment later.
Result<Work> IdentityDesk::take_list(const Peer& owner, const RevocationList& list,
                                     std::string_view how, const PartyId& from, UtcTime now) {
  HR_TRY(check_list(owner, list, now));
  if (owner.revoked && *owner.revoked == list) return Work{};
  const PartyId party = owner.id;
  Work work;
  work.note("certificates.revoked", {{"party", party.str()},
                                     {"how", std::string(how)},
                                     {"number", std::to_string(list.number())},
                                     {"list", to_hex(sha256(list.der()))},
                                     {"serials", new_serials(list, owner.revoked)}});
  lineage_.peers.set_revoked(party, list);
  work.write([row = store::RevocationRecord{party, list.number(), list.der()}](
                 store::LineageStore& s) { return s.revocations().put(row); });
  const bool is_hub = lineage_.is_hub();
  if (!is_hub && from != lineage_.self) return work;
  SessionId session;
  env_.rng.fill(session.bytes);
  const Bytes body = protocol::Revocations{party, list.der()}.encode();
  for (const auto& [id, peer] : lineage_.peers.all()) {
    const bool told = is_hub ? id != lineage_.self && id != from : id == lineage_.agreement.hub;
    if (told && !peer.has_revoked(peer.node))
      work.message(session, id, MessageType::revocations, body, protocol::kRenewalLifetime);
  }
  return work;
}

Result<Work> IdentityDesk::on_message(const Delivery& d, UtcTime now) {
  return d.type == MessageType::renewed ? on_renewed(d, now) : on_revocations(d, now);
}

Result<Work> IdentityDesk::on_revocations(const Delivery& d, UtcTime now) {
  if (!lineage_.is_hub() && d.from != lineage_.agreement.hub)
    return culprit_error("a list of revoked certificates that only the hub hands on", d.from.str());
  HR_ASSIGN(const auto m, protocol::Revocations::decode(d.body));
  const Peer* owner = lineage_.peers.find(m.party);
  if (owner == nullptr)
    return culprit_error("a list of revoked certificates of a stranger", d.from.str());
  HR_ASSIGN(const auto list, RevocationList::decode_der(m.list));
  return take_list(*owner, list, "message", d.from, now);
}

Result<Work> IdentityDesk::on_renewed(const Delivery& d, UtcTime now) {
  const Peer& peer = *lineage_.peers.find(d.from);
  HR_ASSIGN(const Certificate renewed,
            protocol::verify_renewal(d.body, d.from, peer.keys().message, lineage_.id(),
                                     lineage_.agreement.hash, now));
  if (peer.node == renewed) return Work{};  // known by hand already
  HR_TRY(peer.check_renewal(renewed, now));
  return replace(d.from, renewed, "message");
}

}  // namespace hedgerow::core
