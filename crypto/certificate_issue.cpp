#include <algorithm>

#include "crypto/certificate_x509.h"
#include "crypto/hash.h"

namespace hedgerow {

namespace {

using AuthorityKeyIdPtr = OpensslPtr<AUTHORITY_KEYID, AUTHORITY_KEYID_free>;
using BitStringPtr = OpensslPtr<ASN1_BIT_STRING, ASN1_BIT_STRING_free>;
using ConstraintsPtr = OpensslPtr<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>;
using GeneralNamesPtr = OpensslPtr<GENERAL_NAMES, GENERAL_NAMES_free>;
using IntegerPtr = OpensslPtr<ASN1_INTEGER, ASN1_INTEGER_free>;
using NamePtr = OpensslPtr<X509_NAME, X509_NAME_free>;

Error usage(std::string text) { return {Code::usage, std::move(text), {}, {}}; }

bool is_officer_like(CertificateKind kind) {
  return kind == CertificateKind::root || kind == CertificateKind::officer;
}

Result<void> check_request(const Subject& subject, const SubjectKey& key,
                           const Validity& validity) {
  if (subject.agency.empty() || !is_valid_name(subject.name))
    return usage("a certificate needs an agency and a name of 3 to 64 of a-z, 0-9 and '-'");
  const bool suits = is_officer_like(subject.kind) ? std::holds_alternative<OfficerPublicKey>(key)
                     : subject.kind == CertificateKind::node
                         ? std::holds_alternative<NodePublicKeys>(key)
                         : std::holds_alternative<VerifyKey>(key);
  if (!suits)
    return usage("that key does not suit a certificate of kind " +
                 std::string(to_string(subject.kind)));
  if (validity.not_before >= validity.not_after)
    return usage("the certificate would end before it begins");
  return {};
}

// Decoration for other programs: O the agency, OU the kind, CN the name.
NamePtr distinguished_name(const Subject& subject) {
  NamePtr name(X509_NAME_new());
  auto add = [&](const char* field, std::string_view value) {
    HR_CHECK(X509_NAME_add_entry_by_txt(name.get(), field, MBSTRING_UTF8,
                                        reinterpret_cast<const unsigned char*>(value.data()),
                                        static_cast<int>(value.size()), -1, 0) == 1);
  };
  add("O", subject.agency.str());
  add("OU", to_string(subject.kind));
  add("CN", subject.name);
  return name;
}

// RFC 7093 section 2, method 1: the first 160 bits of SHA-256 of the public key's bits.
OctetStringPtr key_id(ByteView public_key_bits) {
  OctetStringPtr id(ASN1_OCTET_STRING_new());
  const ByteArray<32> hash = sha256(public_key_bits);
  HR_CHECK(ASN1_OCTET_STRING_set(id.get(), hash.data(), 20) == 1);
  return id;
}

void add_extension(X509* x509, int nid, void* value, bool critical) {
  HR_CHECK(X509_add1_ext_i2d(x509, nid, value, critical ? 1 : 0, X509V3_ADD_DEFAULT) == 1);
}

void add_constraints(X509* x509, CertificateKind kind) {
  const bool is_root = kind == CertificateKind::root;
  const ConstraintsPtr constraints(BASIC_CONSTRAINTS_new());
  constraints->ca = is_root ? 0xff : 0;
  if (is_root) {
    constraints->pathlen = ASN1_INTEGER_new();
    HR_CHECK(ASN1_INTEGER_set(constraints->pathlen, 0) == 1);
  }
  add_extension(x509, NID_basic_constraints, constraints.get(), true);

  const BitStringPtr usage_bits(ASN1_BIT_STRING_new());
  const auto set_bit = [&](int bit) {  // numbers of RFC 5280 section 4.2.1.3
    HR_CHECK(ASN1_BIT_STRING_set_bit(usage_bits.get(), bit, 1) == 1);
  };
  if (is_root) {
    set_bit(5);  // keyCertSign
    set_bit(6);  // cRLSign
  } else {
    set_bit(0);  // digitalSignature
  }
  add_extension(x509, NID_key_usage, usage_bits.get(), true);
}

void add_name(X509* x509, const Subject& subject) {
  const GeneralNamesPtr names(GENERAL_NAMES_new());
  GENERAL_NAME* name = GENERAL_NAME_new();
  ASN1_IA5STRING* uri = ASN1_IA5STRING_new();
  const std::string urn = subject.urn();
  HR_CHECK(names && name != nullptr && uri != nullptr &&
           ASN1_STRING_set(uri, urn.data(), static_cast<int>(urn.size())) == 1);
  GENERAL_NAME_set0_value(name, GEN_URI, uri);
  HR_CHECK(sk_GENERAL_NAME_push(names.get(), name) > 0);
  add_extension(x509, NID_subject_alt_name, names.get(), false);
}

void add_key_ids(X509* x509, ByteView own_bits, const Certificate* root) {
  add_extension(x509, NID_subject_key_identifier, key_id(own_bits).get(), false);
  if (root == nullptr) return;
  const AuthorityKeyIdPtr authority(AUTHORITY_KEYID_new());
  const X509Ptr root_x509 = to_x509(*root);
  const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(root_x509.get());
  authority->keyid =
      id != nullptr ? ASN1_OCTET_STRING_dup(id) : key_id(root->officer_key().view()).release();
  add_extension(x509, NID_authority_key_identifier, authority.get(), false);
}

void add_node_keys(X509* x509, const NodePublicKeys& node) {
  Bytes keys;
  for (const ByteArray<32>& key : {node.curve, node.dkg, node.seal.bytes, node.log.bytes})
    keys.insert(keys.end(), key.begin(), key.end());
  HR_CHECK(keys.size() == kNodeKeysSize);
  // An extension's value is itself DER, hence the OCTET STRING inside the OCTET STRING.
  const OctetStringPtr inner(ASN1_OCTET_STRING_new());
  HR_CHECK(ASN1_OCTET_STRING_set(inner.get(), keys.data(), static_cast<int>(keys.size())) == 1);
  unsigned char* raw = nullptr;
  const int size = i2d_ASN1_OCTET_STRING(inner.get(), &raw);
  const OpensslMemory der(raw);
  const OctetStringPtr outer(ASN1_OCTET_STRING_new());
  HR_CHECK(size > 0 && ASN1_OCTET_STRING_set(outer.get(), raw, size) == 1);
  const ObjectPtr oid(OBJ_txt2obj(kNodeKeysOid, 1));
  const ExtensionPtr extension(X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 0, outer.get()));
  HR_CHECK(extension != nullptr && X509_add_ext(x509, extension.get(), -1) == 1);
}

// 127 random bits: positive, and more than the 64 that make a serial number unpredictable.
void set_serial(X509* x509, Random& rng) {
  ByteArray<16> bytes{};
  rng.fill(bytes);
  bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0x7fU) | 0x40U);
  const BignumPtr number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  const IntegerPtr serial(BN_to_ASN1_INTEGER(number.get(), nullptr));
  HR_CHECK(serial != nullptr && X509_set_serialNumber(x509, serial.get()) == 1);
}

struct CertifiedKey {
  EvpKeyPtr evp;
  ByteView bits;  // what the BIT STRING of SubjectPublicKeyInfo holds
};

CertifiedKey certified_key(const SubjectKey& key, OSSL_LIB_CTX* context) {
  if (const auto* officer = std::get_if<OfficerPublicKey>(&key))
    return {to_evp_key(*officer, context), officer->view()};
  const VerifyKey& verify_key = std::holds_alternative<NodePublicKeys>(key)
                                    ? std::get<NodePublicKeys>(key).message
                                    : std::get<VerifyKey>(key);
  return {to_evp_key(verify_key, context), verify_key.view()};
}

// `root` is null for a root itself.
Result<Certificate> make(const Subject& subject, const SubjectKey& key, const Validity& validity,
                         const Certificate* root, const OfficerKey& root_key, Random& rng) {
  HR_TRY(check_request(subject, key, validity));
  const OpensslScope scope(rng);
  const X509Ptr x509(X509_new_ex(scope.context(), nullptr));
  HR_CHECK(x509 != nullptr && X509_set_version(x509.get(), X509_VERSION_3) == 1);
  set_serial(x509.get(), rng);
  const Subject& issuer = root != nullptr ? root->subject() : subject;
  HR_CHECK(X509_set_subject_name(x509.get(), distinguished_name(subject).get()) == 1);
  if (root != nullptr) {
    const X509Ptr root_x509 = to_x509(*root);
    HR_CHECK(X509_set_issuer_name(x509.get(), X509_get_subject_name(root_x509.get())) == 1);
  } else {
    HR_CHECK(X509_set_issuer_name(x509.get(), distinguished_name(issuer).get()) == 1);
  }
  HR_CHECK(X509_set1_notBefore(x509.get(), to_asn1_time(validity.not_before).get()) == 1);
  HR_CHECK(X509_set1_notAfter(x509.get(), to_asn1_time(validity.not_after).get()) == 1);

  const CertifiedKey certified = certified_key(key, scope.context());
  if (!certified.evp || X509_set_pubkey(x509.get(), certified.evp.get()) != 1) {
    take_openssl_reason();
    return usage("the key to be certified is not a valid key");
  }
  add_constraints(x509.get(), subject.kind);
  add_key_ids(x509.get(), certified.bits, root);
  add_name(x509.get(), subject);
  if (const auto* node = std::get_if<NodePublicKeys>(&key)) add_node_keys(x509.get(), *node);

  const EvpKeyPtr signer = to_evp_key(root_key, scope.context());
  if (X509_sign(x509.get(), signer.get(), EVP_sha256()) <= 0)
    return openssl_error("the certificate cannot be signed");
  unsigned char* raw = nullptr;
  const int size = i2d_X509(x509.get(), &raw);
  const OpensslMemory der(raw);
  if (size <= 0) return openssl_error("the certificate cannot be encoded");
  return Certificate::decode_der(ByteView(raw, static_cast<std::size_t>(size)));
}

}  // namespace

Result<Certificate> issue_root(const PartyId& agency, const OfficerKey& key,
                               const Validity& validity, Random& rng) {
  const Subject subject{agency, CertificateKind::root, "root"};
  return make(subject, SubjectKey(key.public_key()), validity, nullptr, key, rng);
}

Result<Certificate> issue(const Subject& subject, const SubjectKey& key, const Validity& validity,
                          const Certificate& root, const OfficerKey& root_key, Random& rng) {
  if (subject.kind == CertificateKind::root) return usage("a root certificate signs itself");
  if (root.kind() != CertificateKind::root || root.agency() != subject.agency)
    return usage("a certificate of " + subject.agency.str() + " is issued by that agency's root");
  if (root.officer_key() != root_key.public_key())
    return usage("the private key is not that of the root certificate");
  return make(subject, key, validity, &root, root_key, rng);
}

}  // namespace hedgerow
