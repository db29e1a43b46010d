#include "node/core/install.h"

#include "crypto/cms.h"
#include "crypto/hash.h"

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

Result<VerifiedInstall> verify_install(const InstallFiles& files, const keys::Keyring& keyring,
                                       const policies::CodeList& codes, UtcTime now) {
  HR_ASSIGN(auto bundle,
            Certificate::decode_pem_bundle(files.certificates, kMaxCertificatesInBundle));
  HR_ASSIGN(const Certificate root, own_root(bundle, keyring.certificate(), now));
  HR_TRY(cms_verify_party(files.agreement, files.signatures, keyring.party(), root, now));

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
