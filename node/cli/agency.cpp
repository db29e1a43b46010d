#include "node/cli/agency.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <system_error>

#include "node/cli/register.h"
#include "node/keys/credential.h"
#include "node/keys/files.h"
#include "node/keys/keyring.h"
#include "node/keys/passphrase.h"
#include "node/keys/request.h"

namespace hedgerow::cli {

namespace {

using std::filesystem::path;

using namespace std::chrono_literals;

constexpr std::size_t kMaxShown = 256;
// So that a clock that is a little slow does not refuse what was issued a moment ago.
constexpr auto kBackdate = 10min;

Error usage(std::string text, std::string hint = {}) {
  return {Code::usage, std::move(text), {}, std::move(hint)};
}

bool is_there(const path& file) {
  std::error_code ignored;
  return std::filesystem::symlink_status(file, ignored).type() !=
         std::filesystem::file_type::not_found;
}

Validity validity_under(const Certificate& root, int days, UtcTime now) {
  return {std::max<UtcTime>(now - kBackdate, root.not_before()),
          std::min<UtcTime>(now + std::chrono::days(days), root.not_after())};
}

struct Root {
  Certificate certificate;
  OfficerKey key;
};

Result<Root> open_root(const path& folder, const std::optional<path>& passphrase_file,
                       UtcTime now) {
  // Dates and kind first: nobody should type a passphrase for nothing.
  HR_ASSIGN(const Certificate certificate, keys::load_certificate(folder / "root.pem"));
  HR_TRY(verify_root(certificate, now));
  HR_ASSIGN(const SecretBytes passphrase,
            keys::obtain_passphrase(
                passphrase_file, "Passphrase of the root of " + certificate.agency().str(), false));
  HR_ASSIGN(keys::Credential credential, keys::load_credential(folder, "root", passphrase));
  return Root{std::move(credential.certificate), std::get<OfficerKey>(std::move(credential.key))};
}

Result<void> check_name(std::string_view name) {
  if (is_valid_name(name)) return {};
  return usage("'" + std::string(name) + "' cannot be a name in a certificate",
               "3 to 64 of a-z, 0-9 and '-', not first or last");
}

int usual_days(CertificateKind kind) {
  return kind == CertificateKind::officer ? kOfficerDays : kPersonDays;
}

struct PersonKeyPair {
  PersonKey secret;
  SubjectKey open;
};

PersonKeyPair make_person_key(CertificateKind kind, Random& rng) {
  if (kind == CertificateKind::officer) {
    OfficerKey key = OfficerKey::random(rng);
    const OfficerPublicKey open = key.public_key();
    return {PersonKey(std::move(key)), SubjectKey(open)};
  }
  SigningKey key = SigningKey::random(rng);
  const VerifyKey open = key.verify_key();
  return {PersonKey(std::move(key)), SubjectKey(open)};
}

Result<keys::Keyring> open_or_create(const path& home, const PartyId& party, Random& rng) {
  if (!is_there(home / "keys")) return keys::Keyring::create(home, party, rng);
  HR_ASSIGN(keys::Keyring keyring, keys::Keyring::open_uncertified(home));
  if (keyring.party() != party)
    return usage((home / "keys").string() + " holds the keys of " + keyring.party().str() +
                 ", not of " + party.str());
  return keyring;
}

Result<FiledCertificate> issue_to_home(const IssueNodeRequest& request, const Root& root,
                                       UtcTime now, Random& rng) {
  const path file = request.home / "keys" / "node.pem";
  HR_ASSIGN(keys::Keyring keyring, open_or_create(request.home, root.certificate.agency(), rng));
  HR_ASSIGN(Certificate certificate,
            issue({root.certificate.agency(), CertificateKind::node, request.name},
                  SubjectKey(keyring.public_keys()),
                  validity_under(root.certificate, request.valid_days, now), root.certificate,
                  root.key, rng));
  HR_TRY(register_issue(request.root, certificate));
  HR_TRY(keyring.install_certificate(certificate));
  return FiledCertificate{std::move(certificate), file};
}

Result<FiledCertificate> issue_on_request(const IssueNodeRequest& request, const Root& root,
                                          UtcTime now, Random& rng) {
  HR_ASSIGN(const Bytes text, keys::read_public_file(request.request, keys::kMaxRequestSize));
  auto asked = keys::decode_request(text);
  if (!asked.ok()) {
    Error error = std::move(asked).error();
    error.text = request.request.string() + ": " + error.text;
    return error;
  }
  if (asked->party != root.certificate.agency())
    return usage("the request is for " + asked->party.str() + ", and the root is of " +
                 root.certificate.agency().str());
  HR_ASSIGN(Certificate certificate,
            issue({asked->party, CertificateKind::node, request.name}, SubjectKey(asked->keys),
                  validity_under(root.certificate, request.valid_days, now), root.certificate,
                  root.key, rng));
  HR_TRY(register_issue(request.root, certificate));
  HR_TRY(keys::write_new_file(request.out, as_bytes(certificate.pem()), keys::Readers::anybody));
  return FiledCertificate{std::move(certificate), request.out};
}

}  // namespace

Result<FiledCertificate> init_agency(const InitRequest& request, UtcTime now, Random& rng) {
  auto agency = PartyId::parse(request.agency);
  if (!agency.ok()) return usage(agency.error().text, agency.error().hint);
  for (const char* name : {"root.pem", "root.key"})
    if (is_there(request.out / name))
      return usage((request.out / name).string() + " exists already",
                   "a root is never overwritten: agreements name it");
  HR_ASSIGN(const SecretBytes passphrase,
            keys::obtain_passphrase(request.passphrase_file,
                                    "New passphrase of the root of " + agency->str(), true));
  OfficerKey key = OfficerKey::random(rng);
  const Validity validity{now - kBackdate, now + std::chrono::days(365 * request.valid_years)};
  HR_ASSIGN(Certificate root, issue_root(*agency, key, validity, rng));
  HR_TRY(keys::store_credential(request.out, "root", root, PersonKey(std::move(key)), passphrase,
                                rng));
  return FiledCertificate{std::move(root), request.out / "root.pem"};
}

Result<FiledCertificate> issue_person(const IssuePersonRequest& request, UtcTime now, Random& rng) {
  HR_CHECK(request.kind != CertificateKind::root && request.kind != CertificateKind::node);
  HR_TRY(check_name(request.name));
  HR_ASSIGN(const Root root, open_root(request.root, request.passphrase_file, now));
  const Subject subject{root.certificate.agency(), request.kind, request.name};
  HR_ASSIGN(const SecretBytes passphrase,
            keys::obtain_passphrase(request.person_passphrase_file,
                                    "New passphrase of " + subject.urn(), true));
  PersonKeyPair key = make_person_key(request.kind, rng);
  const int days = request.valid_days > 0 ? request.valid_days : usual_days(request.kind);
  HR_ASSIGN(Certificate certificate,
            issue(subject, key.open, validity_under(root.certificate, days, now), root.certificate,
                  root.key, rng));
  HR_TRY(register_issue(request.root, certificate));
  HR_TRY(
      keys::store_credential(request.out, request.name, certificate, key.secret, passphrase, rng));
  return FiledCertificate{std::move(certificate), request.out / (request.name + ".pem")};
}

Result<FiledCertificate> issue_node(const IssueNodeRequest& request, UtcTime now, Random& rng) {
  HR_TRY(check_name(request.name));
  const bool to_home = !request.home.empty();
  if (to_home == !request.request.empty())
    return usage("a node's certificate needs either --home or --request");
  if (!to_home && request.out.empty())
    return usage("--request needs --out, where the certificate goes");
  const path file = to_home ? request.home / "keys" / "node.pem" : request.out;
  if (is_there(file) && !(to_home && request.renew))
    return usage(file.string() + " exists already",
                 to_home ? "to issue a new one for the same keys: --renew" : "give another --out");
  HR_ASSIGN(const Root root, open_root(request.root, request.passphrase_file, now));
  return to_home ? issue_to_home(request, root, now, rng)
                 : issue_on_request(request, root, now, rng);
}

Result<RequestMade> request_node(const NodeRequest& request, Random& rng) {
  auto agency = PartyId::parse(request.agency);
  if (!agency.ok()) return usage(agency.error().text, agency.error().hint);
  if (is_there(request.out)) return usage(request.out.string() + " exists already");
  HR_ASSIGN(const keys::Keyring keyring, open_or_create(request.home, *agency, rng));
  HR_TRY(keys::write_new_file(request.out, as_bytes(keys::make_request(keyring)),
                              keys::Readers::anybody));
  const keys::CertificateRequest made{keyring.party(), keyring.public_keys()};
  return RequestMade{made.fingerprint(), request.out};
}

Result<FiledCertificate> accept_node(const path& home, const path& certificate_file) {
  HR_ASSIGN(Certificate certificate, keys::load_certificate(certificate_file));
  HR_ASSIGN(keys::Keyring keyring, keys::Keyring::open_uncertified(home));
  HR_TRY(keyring.install_certificate(certificate));
  return FiledCertificate{std::move(certificate), home / "keys" / "node.pem"};
}

Result<OpeningKeyMade> make_opening_key(const OpeningKeyRequest& request, Random& rng) {
  if (!is_valid_name(request.name))
    return usage("'" + request.name + "' is not a name", not_a_name("key").hint);
  const path file = request.out / (request.name + ".key");
  // Before anybody types a passphrase for nothing.
  if (is_there(file)) return usage(file.string() + " exists already");
  HR_ASSIGN(const SecretBytes passphrase,
            keys::obtain_passphrase(request.passphrase_file,
                                    "new passphrase of " + file.filename().string(), true));
  const SealKeyPair pair = random_seal_key_pair(rng);
  HR_ASSIGN(const std::string pem, encrypt_key(pair.secret_key, passphrase, rng));
  HR_TRY(keys::make_private_folder(request.out));
  HR_TRY(keys::write_new_file(file, as_bytes(pem), keys::Readers::owner));
  return OpeningKeyMade{pair.public_key, file};
}

Result<std::vector<FiledCertificate>> read_certificates(const std::vector<path>& files) {
  std::vector<FiledCertificate> all;
  for (const path& file : files) {
    const auto pem = keys::read_public_file(file, kMaxShown * kMaxCertificatePemSize);
    if (!pem.ok()) return bad_input(pem.error().text, pem.error().hint);
    auto certificates = Certificate::decode_pem_bundle(*pem, kMaxShown);
    if (!certificates.ok()) {
      Error error = std::move(certificates).error();
      error.text = file.string() + ": " + error.text;
      return error;
    }
    for (Certificate& certificate : *certificates) all.push_back({std::move(certificate), file});
  }
  return all;
}

}  // namespace hedgerow::cli
