#include "crypto/crl.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>

#include "crypto/certificate_x509.h"

namespace hedgerow {

namespace {

struct ReasonName {
  RevocationReason reason;
  std::string_view name;
};
constexpr std::array<ReasonName, 5> kReasonNames = {{
    {RevocationReason::unspecified, "unspecified"},
    {RevocationReason::key_compromise, "key-compromise"},
    {RevocationReason::left, "left"},
    {RevocationReason::superseded, "superseded"},
    {RevocationReason::ceased, "ceased"},
}};

Error by(Error error, const Certificate& root) {
  error.culprit = root.agency().str();
  return error;
}

using AuthorityKeyIdPtr = OpensslPtr<AUTHORITY_KEYID, AUTHORITY_KEYID_free>;

bool names_key_of(const X509_CRL* crl, const X509* root) {
  const AuthorityKeyIdPtr authority(static_cast<AUTHORITY_KEYID*>(
      X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, nullptr, nullptr)));
  const ASN1_OCTET_STRING* own = X509_get0_subject_key_id(const_cast<X509*>(root));
  return authority && authority->keyid != nullptr && own != nullptr &&
         ASN1_OCTET_STRING_cmp(authority->keyid, own) == 0;
}

}  // namespace

std::string_view to_string(RevocationReason reason) {
  const auto* found = std::ranges::find(kReasonNames, reason, &ReasonName::reason);
  HR_CHECK(found != kReasonNames.end());
  return found->name;
}

std::optional<RevocationReason> parse_revocation_reason(std::string_view text) {
  for (const ReasonName& r : kReasonNames)
    if (r.name == text) return r.reason;
  return std::nullopt;
}

CrlPtr to_crl(const RevocationList& list) {
  const unsigned char* at = list.der().data();
  CrlPtr crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(list.der().size())));
  HR_CHECK(crl != nullptr);
  return crl;
}

std::string RevocationList::pem() const {
  const BioPtr out(BIO_new(BIO_s_mem()));
  HR_CHECK(PEM_write_bio(out.get(), PEM_STRING_X509_CRL, "", der_.data(),
                         static_cast<long>(der_.size())) > 0);
  return written_text(out.get());
}

const Revoked* RevocationList::find(ByteView serial) const {
  for (const Revoked& r : entries_)
    if (std::ranges::equal(r.serial, serial)) return &r;
  return nullptr;
}

bool claims_root(const RevocationList& list, const Certificate& root) {
  const CrlPtr crl = to_crl(list);
  const X509Ptr x509 = to_x509(root);
  return X509_NAME_cmp(X509_CRL_get_issuer(crl.get()), X509_get_subject_name(x509.get())) == 0 &&
         names_key_of(crl.get(), x509.get());
}

Result<void> verify_list(const RevocationList& list, const Certificate& root, UtcTime at) {
  if (root.kind() != CertificateKind::root)
    return by(bad_input(root.subject().urn() + " is not a root certificate"), root);
  if (!claims_root(list, root))
    return by(bad_input("the list of revoked certificates is another root's than that of " +
                        root.agency().str()),
              root);
  const CrlPtr crl = to_crl(list);
  const EvpKeyPtr key = to_evp_key(root.officer_key(), nullptr);
  if (X509_CRL_verify(crl.get(), key.get()) != 1) {
    take_openssl_reason();
    return by(bad_input("the signature on the list of revoked certificates of " +
                        root.agency().str() + " does not hold"),
              root);
  }
  if (at < list.this_update())
    return by(denied("the list of revoked certificates of " + root.agency().str() +
                         " is not valid before " + to_display(list.this_update()),
                     "is this machine's clock right?"),
              root);
  return {};
}

Result<void> check_follows(const RevocationList& later, const RevocationList& earlier) {
  if (later.number() <= earlier.number())
    return denied("the list of revoked certificates has number " + std::to_string(later.number()) +
                      ", and number " + std::to_string(earlier.number()) + " is known",
                  "numbers never fall: take the officer's latest list");
  for (const Revoked& r : earlier.entries())
    if (later.find(r.serial) == nullptr)
      return denied("the list of revoked certificates takes back the revocation of serial " +
                        to_hex(r.serial),
                    "what was revoked stays revoked: issue a new certificate instead");
  return {};
}

Result<PemBundle> decode_bundle(ByteView pem, std::size_t max_certificates, std::size_t max_lists) {
  if (pem.size() > max_certificates * kMaxCertificatePemSize + max_lists * kMaxListPemSize)
    return bad_input("a certificate file that is too large");
  const BioPtr in = read_bio(pem);
  PemBundle bundle;
  for (;;) {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    ERR_clear_error();
    if (PEM_read_bio(in.get(), &name, &header, &data, &size) != 1) {
      const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
      ERR_clear_error();
      if (!at_end) return bad_input("a certificate file that is not PEM");
      break;
    }
    const OpensslPtr<char, free_openssl_memory> own_name(name);
    const OpensslPtr<char, free_openssl_memory> own_header(header);
    const OpensslMemory own_data(data);
    const ByteView der(data, static_cast<std::size_t>(size));
    const std::string_view kind(name);
    if (*header != '\0' || (kind != PEM_STRING_X509 && kind != PEM_STRING_X509_CRL))
      return bad_input(
          "a file that holds something other than certificates and lists of revoked ones");
    if (kind == PEM_STRING_X509) {
      if (max_certificates == 0)
        return bad_input("a certificate where a list of revoked ones belongs",
                         "`hedgerow agency revoke` writes it: revoked.pem");
      if (bundle.certificates.size() == max_certificates)
        return bad_input("a file with more than " + std::to_string(max_certificates) +
                         " certificates");
      HR_ASSIGN(Certificate certificate, Certificate::decode_der(der));
      bundle.certificates.push_back(std::move(certificate));
    } else {
      if (bundle.lists.size() == max_lists)
        return bad_input("a file with more than " + std::to_string(max_lists) +
                         " lists of revoked certificates");
      HR_ASSIGN(RevocationList list, RevocationList::decode_der(der));
      bundle.lists.push_back(std::move(list));
    }
  }
  return bundle;
}

Result<RevocationList> RevocationList::decode_pem(ByteView pem) {
  HR_ASSIGN(PemBundle bundle, decode_bundle(pem, 0, 1));
  if (bundle.lists.empty())
    return bad_input("a file without a list of revoked certificates",
                     "it begins with -----BEGIN X509 CRL-----");
  return std::move(bundle.lists.front());
}

}  // namespace hedgerow
