#include <algorithm>
#include <limits>

#include "crypto/certificate_x509.h"
#include "crypto/crl.h"

namespace hedgerow {

namespace {

using AuthorityKeyIdPtr = OpensslPtr<AUTHORITY_KEYID, AUTHORITY_KEYID_free>;
using EnumeratedPtr = OpensslPtr<ASN1_ENUMERATED, ASN1_ENUMERATED_free>;
using IntegerPtr = OpensslPtr<ASN1_INTEGER, ASN1_INTEGER_free>;

Error usage(std::string text) { return {Code::usage, std::move(text), {}, {}}; }

void add_extensions(X509_CRL* crl, std::uint64_t number, const X509* root) {
  const IntegerPtr value(ASN1_INTEGER_new());
  HR_CHECK(value && ASN1_INTEGER_set_uint64(value.get(), number) == 1 &&
           X509_CRL_add1_ext_i2d(crl, NID_crl_number, value.get(), 0, X509V3_ADD_DEFAULT) == 1);
  const AuthorityKeyIdPtr authority(AUTHORITY_KEYID_new());
  const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(const_cast<X509*>(root));
  HR_CHECK(authority && id != nullptr);
  authority->keyid = ASN1_OCTET_STRING_dup(id);
  HR_CHECK(X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, authority.get(), 0,
                                 X509V3_ADD_DEFAULT) == 1);
}

void add_entry(X509_CRL* crl, const Revoked& entry) {
  X509_REVOKED* revoked = X509_REVOKED_new();
  const BignumPtr number(
      BN_bin2bn(entry.serial.data(), static_cast<int>(entry.serial.size()), nullptr));
  const IntegerPtr serial(BN_to_ASN1_INTEGER(number.get(), nullptr));
  HR_CHECK(revoked != nullptr && serial &&
           X509_REVOKED_set_serialNumber(revoked, serial.get()) == 1 &&
           X509_REVOKED_set_revocationDate(revoked, to_asn1_time(entry.at).get()) == 1);
  if (entry.reason != RevocationReason::unspecified) {
    const EnumeratedPtr reason(ASN1_ENUMERATED_new());
    HR_CHECK(reason && ASN1_ENUMERATED_set(reason.get(), static_cast<long>(entry.reason)) == 1 &&
             X509_REVOKED_add1_ext_i2d(revoked, NID_crl_reason, reason.get(), 0,
                                       X509V3_ADD_DEFAULT) == 1);
  }
  HR_CHECK(X509_CRL_add0_revoked(crl, revoked) == 1);
}

Result<void> check_request(const std::vector<Revoked>& entries, std::uint64_t number,
                           const Validity& updates) {
  if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return usage("the number of a list of revoked certificates is too large");
  if (updates.not_before >= updates.not_after)
    return usage("the list of revoked certificates would be followed before it begins");
  if (entries.size() > kMaxRevoked)
    return usage("more than " + std::to_string(kMaxRevoked) + " revoked certificates");
  for (const Revoked& r : entries)
    if (r.serial.empty() || r.serial.size() > 20 || r.serial.front() == 0)
      return usage("a serial number has 1 to 20 bytes, and no leading zero");
  return {};
}

}  // namespace

Result<RevocationList> issue_list(const std::vector<Revoked>& entries, std::uint64_t number,
                                  const Validity& updates, const Certificate& root,
                                  const OfficerKey& root_key, Random& rng) {
  HR_TRY(check_request(entries, number, updates));
  if (root.kind() != CertificateKind::root || root.officer_key() != root_key.public_key())
    return usage("the private key is not that of the root certificate");
  const OpensslScope scope(rng);
  const X509Ptr x509 = to_x509(root);
  const CrlPtr crl(X509_CRL_new_ex(scope.context(), nullptr));
  HR_CHECK(crl != nullptr && X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) == 1 &&
           X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(x509.get())) == 1 &&
           X509_CRL_set1_lastUpdate(crl.get(), to_asn1_time(updates.not_before).get()) == 1 &&
           X509_CRL_set1_nextUpdate(crl.get(), to_asn1_time(updates.not_after).get()) == 1);
  add_extensions(crl.get(), number, x509.get());
  for (const Revoked& entry : entries) add_entry(crl.get(), entry);
  HR_CHECK(X509_CRL_sort(crl.get()) == 1);
  const EvpKeyPtr signer = to_evp_key(root_key, scope.context());
  if (X509_CRL_sign(crl.get(), signer.get(), EVP_sha256()) <= 0)
    return openssl_error("the list of revoked certificates cannot be signed");
  unsigned char* raw = nullptr;
  const int size = i2d_X509_CRL(crl.get(), &raw);
  const OpensslMemory der(raw);
  if (size <= 0) return openssl_error("the list of revoked certificates cannot be encoded");
  return RevocationList::decode_der(ByteView(raw, static_cast<std::size_t>(size)));
}

}  // namespace hedgerow
