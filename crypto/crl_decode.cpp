#include <algorithm>

#include "crypto/certificate_x509.h"
#include "crypto/crl.h"

namespace hedgerow {

namespace {

using EnumeratedPtr = OpensslPtr<ASN1_ENUMERATED, ASN1_ENUMERATED_free>;
using IntegerPtr = OpensslPtr<ASN1_INTEGER, ASN1_INTEGER_free>;

constexpr std::size_t kMaxSerial = 20;

Error outside(std::string_view what) {
  take_openssl_reason();
  return bad_input("a list of revoked certificates outside Hedgerow's profile: " +
                   std::string(what));
}

Result<void> check_form(X509_CRL* crl, ByteView der) {
  if (X509_CRL_get_version(crl) != X509_CRL_VERSION_2) return outside("it is not of version 2");
  const X509_ALGOR* algorithm = nullptr;
  X509_CRL_get0_signature(crl, nullptr, &algorithm);
  const ASN1_OBJECT* object = nullptr;
  int parameters = V_ASN1_UNDEF;
  X509_ALGOR_get0(&object, &parameters, nullptr, algorithm);
  // The outer part is not signed; in this one form it says nothing. (Of an ECDSA signature whoever
  // passes a list on can make a second one: what counts is what a list says.)
  if (OBJ_obj2nid(object) != NID_ecdsa_with_SHA256 || parameters != V_ASN1_UNDEF)
    return outside("it is not signed with ECDSA and SHA-256");
  unsigned char* raw = nullptr;
  const int size = i2d_X509_CRL(crl, &raw);
  const OpensslMemory encoded(raw);
  if (size < 0 || !std::ranges::equal(ByteView(raw, static_cast<std::size_t>(size)), der))
    return outside("it is not in DER");
  return {};
}

Result<void> check_extensions(const X509_CRL* crl) {
  bool number = false;
  bool authority = false;
  for (int i = 0; i < X509_CRL_get_ext_count(crl); ++i) {
    X509_EXTENSION* extension = X509_CRL_get_ext(crl, i);
    if (X509_EXTENSION_get_critical(extension) != 0) return outside("it has a critical extension");
    const int nid = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    bool* seen = nid == NID_crl_number                 ? &number
                 : nid == NID_authority_key_identifier ? &authority
                                                       : nullptr;
    if (seen == nullptr) return outside("it has an unknown extension");
    if (*seen) return outside("it repeats an extension");
    *seen = true;
  }
  if (!number || !authority) return outside("it lacks its number or its authority key identifier");
  return {};
}

Result<std::uint64_t> number_of(const X509_CRL* crl) {
  const IntegerPtr integer(
      static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(crl, NID_crl_number, nullptr, nullptr)));
  std::int64_t value = -1;
  if (!integer || ASN1_INTEGER_get_int64(&value, integer.get()) != 1 || value < 0)
    return outside("its number is not one from 0 to 2^63 - 1");
  return static_cast<std::uint64_t>(value);
}

Result<Bytes> serial_of(const ASN1_INTEGER* serial) {
  const BignumPtr number(ASN1_INTEGER_to_BN(serial, nullptr));
  if (!number || BN_is_negative(number.get()) || BN_is_zero(number.get()) ||
      static_cast<std::size_t>(BN_num_bytes(number.get())) > kMaxSerial)
    return outside("a serial number is not a positive number of at most 20 bytes");
  Bytes bytes(static_cast<std::size_t>(BN_num_bytes(number.get())));
  BN_bn2bin(number.get(), bytes.data());
  return bytes;
}

Result<RevocationReason> reason_of(const X509_REVOKED* revoked) {
  const int count = X509_REVOKED_get_ext_count(revoked);
  if (count == 0) return RevocationReason::unspecified;
  int critical = -1;
  const EnumeratedPtr code(static_cast<ASN1_ENUMERATED*>(
      X509_REVOKED_get_ext_d2i(revoked, NID_crl_reason, &critical, nullptr)));
  if (count != 1 || !code || critical != 0)
    return outside("an entry has other extensions than a reason");
  switch (ASN1_ENUMERATED_get(code.get())) {
    case 1:
      return RevocationReason::key_compromise;
    case 3:
      return RevocationReason::left;
    case 4:
      return RevocationReason::superseded;
    case 5:
      return RevocationReason::ceased;
    default:  // an integer, not an enumeration
      return outside("an entry's reason is not one that is used here");
  }
}

bool before(const Bytes& a, const Bytes& b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

Result<std::vector<Revoked>> entries_of(X509_CRL* crl) {
  std::vector<Revoked> entries;
  STACK_OF(X509_REVOKED)* stack = X509_CRL_get_REVOKED(crl);
  const int count = stack == nullptr ? 0 : sk_X509_REVOKED_num(stack);
  if (static_cast<std::size_t>(std::max(count, 0)) > kMaxRevoked)
    return outside("it has more than " + std::to_string(kMaxRevoked) + " entries");
  for (int i = 0; i < count; ++i) {
    const X509_REVOKED* revoked = sk_X509_REVOKED_value(stack, i);
    Revoked entry;
    HR_ASSIGN(entry.serial, serial_of(X509_REVOKED_get0_serialNumber(revoked)));
    HR_ASSIGN(entry.at, from_asn1_time(X509_REVOKED_get0_revocationDate(revoked)));
    HR_ASSIGN(entry.reason, reason_of(revoked));
    if (!entries.empty() && !before(entries.back().serial, entry.serial))
      return outside("its entries are not in ascending order");
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

struct RevocationListParser {
  static Result<RevocationList> parse(ByteView der) {
    if (der.size() > kMaxListSize)
      return bad_input("a list of revoked certificates that is too large");
    const unsigned char* at = der.data();
    const CrlPtr crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
    if (!crl || at != der.data() + der.size()) {
      take_openssl_reason();
      return bad_input("not a list of revoked certificates");
    }
    HR_TRY(check_form(crl.get(), der));
    HR_TRY(check_extensions(crl.get()));
    RevocationList list;
    list.der_ = to_bytes(der);
    HR_ASSIGN(list.number_, number_of(crl.get()));
    const ASN1_TIME* next = X509_CRL_get0_nextUpdate(crl.get());
    if (next == nullptr) return outside("it does not say when the next one is due");
    HR_ASSIGN(list.this_update_, from_asn1_time(X509_CRL_get0_lastUpdate(crl.get())));
    HR_ASSIGN(list.next_update_, from_asn1_time(next));
    HR_ASSIGN(list.entries_, entries_of(crl.get()));
    return list;
  }
};

Result<RevocationList> RevocationList::decode_der(ByteView der) {
  return RevocationListParser::parse(der);
}

}  // namespace hedgerow
