#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>

#include "crypto/certificate_x509.h"
#include "crypto/group.h"
#include "crypto/hash.h"

namespace hedgerow {

namespace {

using GeneralNamesPtr = OpensslPtr<GENERAL_NAMES, GENERAL_NAMES_free>;
using ConstraintsPtr = OpensslPtr<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>;

Error outside(std::string_view what) {
  take_openssl_reason();
  return bad_input("a certificate outside Hedgerow's profile: " + std::string(what));
}

Result<Subject> subject_of(const X509* x509) {
  int critical = 0;
  const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(x509, NID_subject_alt_name, &critical, nullptr)));
  if (!names || sk_GENERAL_NAME_num(names.get()) != 1)
    return outside("it does not have exactly one subject alternative name");
  int type = 0;
  const auto* uri = static_cast<const ASN1_IA5STRING*>(
      GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), 0), &type));
  if (type != GEN_URI) return outside("its subject alternative name is not a URI");
  const ByteView text(ASN1_STRING_get0_data(uri),
                      static_cast<std::size_t>(ASN1_STRING_length(uri)));
  auto subject = Subject::parse_urn(as_text(text));
  if (!subject.ok()) return outside("its name is not urn:hedgerow:<agency>:<kind>:<name>");
  return subject;
}

bool is_known(int nid) {
  return nid == NID_basic_constraints || nid == NID_key_usage || nid == NID_subject_alt_name ||
         nid == NID_subject_key_identifier || nid == NID_authority_key_identifier;
}

// Known extensions at most once; unknown ones only where they are not critical. Gives the value of
// the node-keys extension, or null.
Result<const ASN1_OCTET_STRING*> walk_extensions(const X509* x509) {
  const ObjectPtr node_keys(OBJ_txt2obj(kNodeKeysOid, 1));
  HR_CHECK(node_keys != nullptr);
  const ASN1_OCTET_STRING* value = nullptr;
  const int count = X509_get_ext_count(x509);
  for (int i = 0; i < count; ++i) {
    X509_EXTENSION* extension = X509_get_ext(x509, i);
    const ASN1_OBJECT* object = X509_EXTENSION_get_object(extension);
    const bool critical = X509_EXTENSION_get_critical(extension) != 0;
    if (X509_get_ext_by_OBJ(x509, object, i) >= 0) return outside("it repeats an extension");
    if (OBJ_cmp(object, node_keys.get()) == 0) {
      if (critical) return outside("its node keys are marked critical");
      value = X509_EXTENSION_get_data(extension);
    } else if (critical && !is_known(OBJ_obj2nid(object))) {
      return outside("it has an unknown critical extension");
    }
  }
  return value;
}

Result<void> check_constraints(X509* x509, CertificateKind kind) {
  const bool is_root = kind == CertificateKind::root;
  const std::uint32_t flags = X509_get_extension_flags(x509);
  if ((flags & EXFLAG_INVALID) != 0) return outside("it has a malformed extension");
  int critical = -1;
  const ConstraintsPtr constraints(static_cast<BASIC_CONSTRAINTS*>(
      X509_get_ext_d2i(x509, NID_basic_constraints, &critical, nullptr)));
  if (!constraints || critical != 1) return outside("it has no critical basic constraints");
  if ((constraints->ca != 0) != is_root)
    return outside(is_root ? "a root must be a CA" : "only a root may be a CA");
  if ((flags & EXFLAG_KUSAGE) == 0) return outside("it has no key usage");
  constexpr std::uint32_t kRootUsage = KU_KEY_CERT_SIGN | KU_CRL_SIGN;
  constexpr std::uint32_t kLeafUsage = KU_DIGITAL_SIGNATURE;
  if (X509_get_key_usage(x509) != (is_root ? kRootUsage : kLeafUsage))
    return outside("its key usage does not suit its kind");
  return {};
}

Result<NodePublicKeys> node_keys_of(const VerifyKey& message, const ASN1_OCTET_STRING* value) {
  if (value == nullptr) return outside("a node without its node keys");
  const ByteView der(ASN1_STRING_get0_data(value),
                     static_cast<std::size_t>(ASN1_STRING_length(value)));
  // An OCTET STRING of 128 bytes, in DER: 04 81 80 and the bytes.
  constexpr ByteArray<3> kHead = {0x04, 0x81, 0x80};
  if (der.size() != kHead.size() + kNodeKeysSize ||
      !std::equal(kHead.begin(), kHead.end(), der.begin()))
    return outside("its node keys are not 128 bytes");
  const ByteView keys = der.subspan(kHead.size());
  NodePublicKeys node;
  node.message = message;
  HR_ASSIGN(const SealPublicKey curve, SealPublicKey::decode(keys.subspan(0, 32)));
  HR_ASSIGN(const Element dkg, Element::decode(keys.subspan(32, 32)));
  HR_ASSIGN(node.seal, SealPublicKey::decode(keys.subspan(64, 32)));
  HR_ASSIGN(node.log, VerifyKey::decode(keys.subspan(96, 32)));
  node.curve = curve.bytes;
  node.dkg = dkg.bytes();
  if (node.curve == node.seal.bytes || node.message == node.log)
    return outside("a node that uses one key twice");
  return node;
}

Result<SubjectKey> key_of(X509* x509, CertificateKind kind, const ASN1_OCTET_STRING* node_keys) {
  EVP_PKEY* key = X509_get0_pubkey(x509);
  if (kind != CertificateKind::node && node_keys != nullptr)
    return outside("node keys in a certificate that is not a node's");
  switch (kind) {
    case CertificateKind::root:
    case CertificateKind::officer: {
      auto officer = officer_key_of(key);
      if (!officer.ok()) return outside("its key is not P-256");
      return SubjectKey(*officer);
    }
    case CertificateKind::node:
    case CertificateKind::analyst:
    case CertificateKind::practitioner:
    case CertificateKind::approver:
    case CertificateKind::scrutineer:
      break;
  }
  auto verify_key = verify_key_of(key);
  if (!verify_key.ok()) return outside("its key is not Ed25519");
  if (kind != CertificateKind::node) return SubjectKey(*verify_key);
  HR_ASSIGN(const NodePublicKeys node, node_keys_of(*verify_key, node_keys));
  return SubjectKey(node);
}

Result<Bytes> serial_of(const X509* x509) {
  const ASN1_INTEGER* serial = X509_get0_serialNumber(x509);
  const BignumPtr number(ASN1_INTEGER_to_BN(serial, nullptr));
  if (!number || BN_is_negative(number.get()) || BN_is_zero(number.get()) ||
      BN_num_bytes(number.get()) > 20)
    return outside("its serial number is not a positive number of at most 20 bytes");
  Bytes bytes(static_cast<std::size_t>(BN_num_bytes(number.get())));
  BN_bn2bin(number.get(), bytes.data());
  return bytes;
}

Result<void> check_form(X509* x509, ByteView der) {
  if (X509_get_version(x509) != X509_VERSION_3) return outside("it is not of version 3");
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(nullptr, &algorithm, x509);
  if (X509_get_signature_nid(x509) != NID_ecdsa_with_SHA256 ||
      X509_ALGOR_cmp(algorithm, X509_get0_tbs_sigalg(x509)) != 0)
    return outside("it is not signed with ECDSA and SHA-256");
  // The signature covers the inner part only: an outer part in another encoding would give one
  // certificate two fingerprints.
  unsigned char* raw = nullptr;
  const int size = i2d_X509(x509, &raw);
  const OpensslMemory encoded(raw);
  if (size < 0 || !std::ranges::equal(ByteView(raw, static_cast<std::size_t>(size)), der))
    return outside("it is not in DER");
  return {};
}

}  // namespace

struct CertificateParser {
  static Result<Certificate> parse(ByteView der) {
    if (der.size() > kMaxCertificateSize) return bad_input("a certificate that is too large");
    const Sha256 fingerprint{sha256(der)};
    if (auto before = DecodedBefore::all().find(fingerprint, der)) return *std::move(before);
    const unsigned char* at = der.data();
    X509Ptr x509(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (!x509 || at != der.data() + der.size()) {
      take_openssl_reason();
      return bad_input("not an X.509 certificate");
    }
    HR_TRY(check_form(x509.get(), der));
    Certificate c;
    c.der_ = to_bytes(der);
    c.fingerprint_ = fingerprint;
    HR_ASSIGN(const ASN1_OCTET_STRING* node_keys, walk_extensions(x509.get()));
    HR_ASSIGN(c.subject_, subject_of(x509.get()));
    HR_TRY(check_constraints(x509.get(), c.subject_.kind));
    HR_ASSIGN(c.key_, key_of(x509.get(), c.subject_.kind, node_keys));
    HR_ASSIGN(c.serial_, serial_of(x509.get()));
    HR_ASSIGN(c.validity_.not_before, from_asn1_time(X509_get0_notBefore(x509.get())));
    HR_ASSIGN(c.validity_.not_after, from_asn1_time(X509_get0_notAfter(x509.get())));
    c.x509_ = std::make_shared<DecodedX509>(std::move(x509));
    DecodedBefore::all().keep(c);
    return c;
  }
};

Result<Certificate> Certificate::decode_der(ByteView der) { return CertificateParser::parse(der); }

Result<Certificate> Certificate::decode_pem(ByteView pem) {
  HR_ASSIGN(std::vector<Certificate> certificates, decode_pem_bundle(pem, 1));
  return std::move(certificates.front());
}

Result<std::vector<Certificate>> Certificate::decode_pem_bundle(ByteView pem,
                                                                std::size_t max_count) {
  if (pem.size() > max_count * kMaxCertificatePemSize)
    return bad_input("a certificate file that is too large");
  const BioPtr in = read_bio(pem);
  std::vector<Certificate> certificates;
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
    if (std::string_view(name) != PEM_STRING_X509 || *header != '\0')
      return bad_input("a certificate file that holds something other than certificates");
    if (certificates.size() == max_count)
      return bad_input("a certificate file with more than " + std::to_string(max_count) +
                       (max_count == 1 ? " certificate" : " certificates"));
    HR_ASSIGN(Certificate certificate, decode_der(ByteView(data, static_cast<std::size_t>(size))));
    certificates.push_back(std::move(certificate));
  }
  if (certificates.empty())
    return bad_input("a certificate file without a certificate",
                     "it begins with -----BEGIN CERTIFICATE-----");
  return certificates;
}

}  // namespace hedgerow
