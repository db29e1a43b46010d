#include "node/core/install.h"

#include "crypto/cms.h"
#include "crypto/hash.h"
#include "policies/calendar.h"

namespace hedgerow::core {

namespace {

Result<Certificate> own_root(const std::vector<Certificate>& bundle, const Certificate& own_node,
                             UtcTime now) {
  for (const Certificate& c : bundle)
    if (c.kind() == CertificateKind::root && c.agency() == own_node.agency() &&
        verify_chain(own_node, c, now).ok())
      return c;
  return Error{Code::bad_input,
               "the certificates hold no root that this node's own certificate was issued by",
               own_node.agency().str(),
               "add the agency's root.pem, or renew the node's certificate if it has expired"};
}

// The one with the highest number that is this root's. A list that claims to be and is not signed
// by it is refused, not passed over; and so is one that takes back what another says.
Result<std::optional<RevocationList>> latest_list(const std::vector<RevocationList>& lists,
                                                  const Certificate& root, UtcTime now) {
  std::optional<RevocationList> latest;
  for (const RevocationList& list : lists) {
    if (!claims_root(list, root)) continue;
    HR_TRY(verify_list(list, root, now));
    if (!latest) {
      latest = list;
      continue;
    }
    if (list == *latest) continue;
    const bool later = list.number() > latest->number();
    auto follows = later ? check_follows(list, *latest) : check_follows(*latest, list);
    if (!follows.ok()) {
      Error error = std::move(follows).error();
      error.culprit = root.agency().str();
      return error;
    }
    if (later) latest = list;
  }
  return latest;
}

Result<void> signer_counts(const CmsSigner& signer, const std::optional<RevocationList>& list) {
  if (!list || list->find(signer.certificate) == nullptr) return {};
  return Error{Code::denied,
               "the certificate of " + signer.certificate.subject().urn() + ", which signed, was " +
                   "revoked, on " + policies::utc_text(list->find(signer.certificate)->at),
               signer.certificate.agency().str(), "another officer of the agency signs it anew"};
}

Result<void> every_party_signed(const policies::Agreement& agreement,
                                const std::vector<CmsSigner>& signers) {
  std::string missing;
  for (const auto& party : agreement.parties) {
    bool signed_by = false;
    for (const auto& s : signers) signed_by = signed_by || s.certificate.agency() == party.id;
    if (!signed_by) missing += (missing.empty() ? "" : ", ") + party.id.str();
  }
  if (missing.empty()) return {};
  return bad_input(
      "not signed by: " + missing,
      "every party's officer signs; `hedgerow agreement merge` puts signatures together");
}

}  // namespace

Result<void> check_not_ended(const policies::Agreement& agreement, UtcTime now) {
  if (now < policies::london_midnight(policies::plus_days(agreement.valid_until, 1))) return {};
  return denied("the agreement expired on " + to_text(agreement.valid_until),
                "where that is not so, look at this machine's clock");
}

Result<void> check_in_force(const policies::Agreement& agreement, UtcTime now) {
  HR_TRY(check_not_ended(agreement, now));
  if (agreement.in_force(now)) return {};
  return denied("the agreement is not in force before " + to_text(agreement.valid_from));
}

Result<VerifiedInstall> verify_install(const InstallFiles& files, const keys::Keyring& keyring,
                                       const policies::CodeList& codes,
                                       const std::vector<RevocationList>& known, UtcTime now) {
  HR_ASSIGN(PemBundle read,
            decode_bundle(files.certificates, kMaxCertificatesInBundle, policies::kMaxParties));
  if (read.certificates.empty())
    return bad_input("a certificate file without a certificate",
                     "it begins with -----BEGIN CERTIFICATE-----");
  const std::vector<Certificate>& bundle = read.certificates;
  std::vector<RevocationList> lists = std::move(read.lists);
  lists.insert(lists.end(), known.begin(), known.end());
  HR_ASSIGN(const Certificate root, own_root(bundle, keyring.certificate(), now));
  HR_ASSIGN(const CmsSigner own,
            cms_verify_party(files.agreement, files.signatures, keyring.party(), root, now));
  HR_ASSIGN(const auto own_list, latest_list(lists, root, now));
  HR_TRY(signer_counts(own, own_list));

  HR_ASSIGN(auto agreement, policies::parse_agreement(files.agreement, "agreement", codes));
  if (agreement.party(keyring.party()) == nullptr)
    return denied("this node's agency is no party to the agreement");
  if (agreement.codes != codes.hash())
    return bad_input(
        "the agreement pins a code list that this version does not have",
        "this version has " + codes.version() + ", " + to_sha256_name(codes.hash().view()));
  HR_ASSIGN(auto peers, Peers::make(agreement, bundle, now));
  if (!(peers.find(keyring.party())->node == keyring.certificate()))
    return bad_input(
        "the certificates hold another node certificate of this agency than the node's own",
        "gather the certificates again");
  std::map<PartyId, Certificate> roots;
  for (const auto& [id, peer] : peers.all()) roots.emplace(id, peer.root);
  HR_ASSIGN(const auto signers, cms_verify(files.agreement, files.signatures, roots, now));
  HR_TRY(every_party_signed(agreement, signers));
  for (const auto& [id, party_root] : roots) {
    HR_ASSIGN(auto list, latest_list(lists, party_root, now));
    if (list) peers.set_revoked(id, *std::move(list));
    HR_TRY(peers.find(id)->check_standing(now));
  }
  for (const CmsSigner& s : signers)
    HR_TRY(signer_counts(s, peers.find(s.certificate.agency())->revoked));

  store::AgreementRecord record;
  record.version = agreement.version;
  record.hash = agreement.hash;
  record.bytes = files.agreement;
  record.signatures = files.signatures;
  record.installed_at = now;
  std::vector<store::CertificateRecord> certificates;
  for (const auto& [id, peer] : peers.all()) {
    certificates.push_back({id, store::CertificateRole::root, peer.root.pem(), true});
    certificates.push_back({id, store::CertificateRole::node, peer.node.pem(), true});
  }
  return VerifiedInstall{std::move(agreement), std::move(peers), std::move(record),
                         std::move(certificates)};
}

}  // namespace hedgerow::core
