#include "node/cli/agreement_files.h"

#include <algorithm>
#include <map>
#include <vector>

#include "crypto/crl.h"
#include "node/keys/credential.h"
#include "node/keys/files.h"
#include "node/keys/passphrase.h"
#include "policies/calendar.h"
#include "policies/template.h"

namespace hedgerow::cli {

namespace {

using std::filesystem::path;

constexpr std::int32_t kDraftMonths = 14;
constexpr std::int32_t kDraftReviewMonths = 8;
constexpr std::size_t kMaxCertificatesGiven = 2 * policies::kMaxParties;  // roots and nodes
constexpr std::size_t kMaxRootsFile = kMaxCertificatesGiven * kMaxCertificatePemSize;

Error usage(std::string text, std::string hint = {}) {
  return {Code::usage, std::move(text), {}, std::move(hint)};
}

// A file that the caller named: where it cannot be read, the file is bad, not the configuration.
Result<Bytes> read_given(const path& file, std::size_t max_size) {
  auto bytes = keys::read_public_file(file, max_size);
  if (bytes.ok()) return bytes;
  Error error = std::move(bytes).error();
  error.code = Code::bad_input;
  return error;
}

Result<policies::Agreement> agreement_of(const AgreementFile& file, const path& name) {
  return policies::parse_agreement(file.exact, name.string());
}

// The given roots by party, each of the fingerprint that the agreement names.
Result<std::map<PartyId, Certificate>> roots_of(const policies::Agreement& agreement,
                                                const std::vector<Certificate>& given) {
  std::map<PartyId, Certificate> roots;
  for (const auto& root : given) {
    const policies::Party* party = agreement.party(root.agency());
    if (party == nullptr || root.kind() != CertificateKind::root) continue;
    const bool named = root.fingerprint() == party->root ||
                       (party->next_root && root.fingerprint() == *party->next_root);
    if (!named)
      return culprit_error("a root certificate that the agreement does not name",
                           root.agency().str());
    roots.emplace(party->id, root);
  }
  for (const auto& id : agreement.party_ids())
    if (!roots.contains(id)) return culprit_error("no root certificate of a party", id.str());
  return roots;
}

// Whoever signed was not revoked by any list of that root: what was revoked stays revoked, so a
// later list only says more.
Result<void> check_not_revoked(const CmsSigner& signer, const Certificate& root,
                               const std::vector<RevocationList>& lists, UtcTime now) {
  for (const RevocationList& list : lists) {
    if (!claims_root(list, root)) continue;
    HR_TRY(verify_list(list, root, now));
    const Revoked* revoked = list.find(signer.certificate);
    if (revoked != nullptr)
      return denied("the certificate of " + signer.certificate.subject().urn() +
                        ", which signed, was revoked on " + policies::utc_text(revoked->at),
                    "another officer of the agency signs it anew");
  }
  return {};
}

Result<void> every_party_signed(const policies::Agreement& agreement,
                                const std::vector<CmsSigner>& signers) {
  std::string missing;
  for (const auto& id : agreement.party_ids()) {
    const bool has_signed = std::any_of(signers.begin(), signers.end(), [&](const CmsSigner& s) {
      return s.certificate.agency() == id;
    });
    if (!has_signed) missing += (missing.empty() ? "" : ", ") + id.str();
  }
  if (missing.empty()) return {};
  return bad_input(
      "not signed by: " + missing,
      "every party's officer signs; `hedgerow agreement merge` puts signatures together");
}

}  // namespace

Result<std::string> new_agreement(const NewAgreement& request, UtcTime now) {
  const auto& templates = policies::shipped_templates();
  const auto found = templates.find(request.template_name);
  if (found == templates.end()) {
    std::string known;
    for (const auto& [name, text] : templates) known += (known.empty() ? "" : ", ") + name;
    return usage("there is no template '" + request.template_name + "'", known);
  }
  std::map<std::string, std::string> values;
  for (const auto& setting : request.set) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0)
      return usage("--set takes NAME=VALUE, not '" + setting + "'");
    if (!values.emplace(setting.substr(0, equals), setting.substr(equals + 1)).second)
      return usage("'" + setting.substr(0, equals) + "' is set twice");
  }
  policies::Day first = policies::london_day(now);
  if (const auto set = values.find("valid_from"); set != values.end()) {
    const auto parsed = policies::parse_day(set->second);
    if (!parsed.ok()) return usage("valid_from: " + parsed.error().text, parsed.error().hint);
    first = *parsed;
  }
  values.emplace("valid_from", to_text(first));
  values.emplace("review_by", to_text(policies::plus_months(first, kDraftReviewMonths)));
  values.emplace("valid_until", to_text(policies::plus_months(first, kDraftMonths)));
  values.emplace("codes", to_sha256_name(policies::CodeList::shipped().hash().view()));
  return policies::fill_template(found->second, values);
}

Result<AgreementFile> read_agreement_file(const path& file) {
  HR_ASSIGN(Bytes exact, read_given(file, policies::kMaxAgreementBytes));
  AgreementFile read{std::move(exact), {}};
  read.reading = policies::read_agreement(read.exact);
  return read;
}

Result<SignedAgreement> sign_agreement(const SignAgreement& request, UtcTime now, Random& rng) {
  HR_ASSIGN(const AgreementFile file, read_agreement_file(request.file));
  HR_ASSIGN(policies::Agreement agreement, agreement_of(file, request.file));
  HR_ASSIGN(Certificate certificate, keys::load_certificate(request.credential));
  // Kind and party first: nobody should type a passphrase for nothing.
  if (certificate.kind() != CertificateKind::officer)
    return denied("agreements are signed by officers, not by " + certificate.subject().urn());
  if (agreement.party(certificate.agency()) == nullptr)
    return denied(certificate.agency().str() + ", the agency of " + certificate.subject().urn() +
                  ", is not a party to this agreement");
  HR_ASSIGN(const SecretBytes passphrase,
            keys::obtain_passphrase(request.passphrase_file,
                                    "Passphrase of " + certificate.subject().urn(), false));
  HR_ASSIGN(const keys::Credential credential,
            keys::load_credential(request.credential.parent_path(),
                                  request.credential.stem().string(), passphrase));
  const auto* key = std::get_if<OfficerKey>(&credential.key);
  if (key == nullptr) return bad_input("the key is not an officer's");
  HR_ASSIGN(std::string pem, cms_sign(file.exact, credential.certificate, *key, now, rng));
  return SignedAgreement{std::move(pem), std::move(certificate), std::move(agreement)};
}

Result<std::string> merge_signatures(const std::vector<path>& files) {
  if (files.size() > kMaxCmsSigners) return usage("too many files of signatures");
  std::vector<std::string> pems;
  for (const auto& file : files) {
    HR_ASSIGN(const Bytes pem, read_given(file, kMaxCmsSize));
    pems.emplace_back(as_text(pem));
  }
  return cms_merge(pems);
}

Result<VerifiedAgreement> verify_agreement(const VerifyAgreement& request, UtcTime now) {
  HR_ASSIGN(const AgreementFile file, read_agreement_file(request.file));
  path signatures = request.signatures;
  if (signatures.empty()) {
    signatures = request.file;
    signatures += ".p7s";
  }
  HR_ASSIGN(const Bytes pem, read_given(signatures, kMaxCmsSize));
  HR_ASSIGN(const Bytes bundle, read_given(request.roots, kMaxRootsFile));
  HR_ASSIGN(const PemBundle given,
            decode_bundle(bundle, kMaxCertificatesGiven, policies::kMaxParties));
  // The roots come from the agreement, so it is read before the signatures can be: whoever changed
  // it cannot have had the parties' officers sign it.
  HR_ASSIGN(policies::Agreement agreement, agreement_of(file, request.file));
  HR_ASSIGN(const auto roots, roots_of(agreement, given.certificates));
  HR_ASSIGN(std::vector<CmsSigner> signers, cms_verify(file.exact, pem, roots, now));
  HR_TRY(every_party_signed(agreement, signers));
  for (const CmsSigner& s : signers)
    HR_TRY(check_not_revoked(s, roots.at(s.certificate.agency()), given.lists, now));
  return VerifiedAgreement{std::move(agreement), std::move(signers)};
}

}  // namespace hedgerow::cli
