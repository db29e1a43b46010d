#include "crypto/cms_profile.h"

#include <openssl/pem.h>

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "crypto/certificate_x509.h"

namespace hedgerow {

namespace {

constexpr std::uint8_t kInteger = 0x02;
constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kSet = 0x31;
constexpr std::uint8_t kContext0 = 0xa0;

constexpr ByteArray<11> kIdSignedData = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                         0xf7, 0x0d, 0x01, 0x07, 0x02};
constexpr ByteArray<11> kIdData = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                   0xf7, 0x0d, 0x01, 0x07, 0x01};
constexpr ByteArray<3> kVersion1 = {kInteger, 0x01, 0x01};
// AlgorithmIdentifier { id-sha256 }, parameters absent (RFC 5754 section 2).
constexpr ByteArray<13> kSha256Algorithm = {kSequence, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
                                            0x01,      0x65, 0x03, 0x04, 0x02, 0x01};

Error outside(std::string_view what) {
  take_openssl_reason();
  return bad_input("a signature file outside Hedgerow's profile: " + std::string(what));
}

struct Tlv {
  std::uint8_t tag = 0;
  ByteView all;
  ByteView content;
};

// The next DER element; takes it off `in`.
std::optional<Tlv> take(ByteView& in) {
  if (in.size() < 2) return std::nullopt;
  std::size_t head = 2;
  std::size_t size = in[1];
  if (size >= 0x80) {
    const std::size_t digits = size & 0x7fU;
    if (digits == 0 || digits > 4 || in.size() < head + digits) return std::nullopt;
    size = 0;
    for (std::size_t i = 0; i < digits; ++i) size = (size << 8U) | in[head + i];
    head += digits;
  }
  if (in.size() - head < size) return std::nullopt;
  const Tlv tlv{in[0], in.first(head + size), in.subspan(head, size)};
  in = in.subspan(head + size);
  return tlv;
}

std::optional<ByteView> take(ByteView& in, std::uint8_t tag) {
  const auto tlv = take(in);
  if (!tlv || tlv->tag != tag) return std::nullopt;
  return tlv->content;
}

bool take_exactly(ByteView& in, ByteView expected) {
  if (in.size() < expected.size() || !std::ranges::equal(in.first(expected.size()), expected))
    return false;
  in = in.subspan(expected.size());
  return true;
}

Result<std::vector<Bytes>> take_all(ByteView in) {
  std::vector<Bytes> elements;
  while (!in.empty()) {
    const auto tlv = take(in);
    if (!tlv || tlv->tag != kSequence) return outside("an element of another type");
    if (elements.size() == kMaxCmsSigners) return outside("more than 64 signers");
    elements.push_back(to_bytes(tlv->all));
  }
  return elements;
}

Bytes wrap(std::uint8_t tag, std::initializer_list<ByteView> parts) {
  std::size_t size = 0;
  for (ByteView part : parts) size += part.size();
  Bytes out = {tag};
  if (size < 0x80) {
    out.push_back(static_cast<std::uint8_t>(size));
  } else {
    Bytes digits;
    for (std::size_t rest = size; rest > 0; rest >>= 8U)
      digits.insert(digits.begin(), static_cast<std::uint8_t>(rest & 0xffU));
    out.push_back(static_cast<std::uint8_t>(0x80U | digits.size()));
    out.insert(out.end(), digits.begin(), digits.end());
  }
  for (ByteView part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

Bytes wrap_set(std::uint8_t tag, std::vector<Bytes> elements) {
  std::ranges::sort(elements);
  elements.erase(std::unique(elements.begin(), elements.end()), elements.end());
  Bytes joined;
  for (const Bytes& e : elements) joined.insert(joined.end(), e.begin(), e.end());
  return wrap(tag, {joined});
}

Bytes encode_parts(std::vector<Bytes> certificates, std::vector<Bytes> signer_infos) {
  const Bytes digests = wrap(kSet, {kSha256Algorithm});
  const Bytes content = wrap(kSequence, {kIdData});
  const Bytes certificate_set = wrap_set(kContext0, std::move(certificates));
  const Bytes signer_set = wrap_set(kSet, std::move(signer_infos));
  const Bytes signed_data =
      wrap(kSequence, {kVersion1, digests, content, certificate_set, signer_set});
  return wrap(kSequence, {kIdSignedData, wrap(kContext0, {signed_data})});
}

Result<CmsPtr> parse_der(ByteView der) {
  const unsigned char* at = der.data();
  CmsPtr cms(d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(der.size())));
  if (!cms || at != der.data() + der.size()) return outside("it is not a CMS");
  return cms;
}

// The one CMS block of a PEM file; null where there is none (left).
Result<CmsPtr> read_block(BIO* in) {
  unsigned char* raw = nullptr;
  long size = 0;
  if (PEM_bytes_read_bio(&raw, &size, nullptr, PEM_STRING_CMS, in, nullptr, nullptr) != 1) {
    take_openssl_reason();
    return CmsPtr();
  }
  const OpensslMemory own(raw);
  return parse_der(ByteView(raw, static_cast<std::size_t>(size)));
}

// OpenSSL reads whatever BER another program wrote, and writes it as DER.
Result<Bytes> to_der(ByteView pem) {
  if (pem.size() > kMaxCmsSize) return bad_input("a signature file that is too large");
  const BioPtr in = read_bio(pem);
  HR_ASSIGN(const CmsPtr cms, read_block(in.get()));
  if (!cms)
    return bad_input("not a signature file (CMS, PEM)", "it begins with -----BEGIN CMS-----");
  HR_ASSIGN(const CmsPtr second, read_block(in.get()));
  if (second)
    return bad_input("a signature file with more than one block",
                     "join signatures with: hedgerow agreement merge");
  unsigned char* raw = nullptr;
  const int size = i2d_CMS_ContentInfo(cms.get(), &raw);
  const OpensslMemory own(raw);
  if (size <= 0) return outside("it cannot be read");
  return Bytes(raw, raw + size);
}

struct Shell {
  std::vector<Bytes> certificates;
  std::vector<Bytes> signer_infos;
};

Result<Shell> open_shell(ByteView der) {
  const auto content_info = take(der, kSequence);
  if (!content_info || !der.empty()) return outside("it is not a CMS");
  ByteView in = *content_info;
  if (!take_exactly(in, kIdSignedData)) return outside("it is not a SignedData");
  const auto explicit_0 = take(in, kContext0);
  if (!explicit_0 || !in.empty()) return outside("it is not a SignedData");
  in = *explicit_0;
  const auto signed_data = take(in, kSequence);
  if (!signed_data || !in.empty()) return outside("it is not a SignedData");
  in = *signed_data;
  if (!take_exactly(in, kVersion1)) return outside("it is not of version 1");
  if (!take(in, kSet)) return outside("it names no digest algorithms");
  const auto encapsulated = take(in, kSequence);
  if (!encapsulated || !std::ranges::equal(*encapsulated, kIdData))
    return outside("it contains what it signs, or signs no plain data");
  const auto certificates = take(in, kContext0);
  if (!certificates) return outside("it holds no certificates");
  const auto signer_infos = take(in, kSet);
  if (!signer_infos || !in.empty()) return outside("it holds something other than signatures");
  Shell shell;
  HR_ASSIGN(shell.certificates, take_all(*certificates));
  HR_ASSIGN(shell.signer_infos, take_all(*signer_infos));
  if (shell.signer_infos.empty()) return outside("nobody has signed");
  return shell;
}

const void* only_signed_attribute(CMS_SignerInfo* info, int nid, int type) {
  constexpr int kOnceWithOneValue = -3;  // CMS_signed_get0_data_by_OBJ
  return CMS_signed_get0_data_by_OBJ(info, OBJ_nid2obj(nid), kOnceWithOneValue, type);
}

// Version 1: the signer is named by issuer and serial number. OpenSSL does not look at it.
Result<void> check_version(ByteView signer_info) {
  const auto content = take(signer_info, kSequence);
  if (!content ||
      !std::ranges::equal(content->first(std::min(content->size(), kVersion1.size())), kVersion1))
    return outside("a signature that is not of version 1");
  return {};
}

// Reads what the signature says of itself; nothing is verified here.
Result<void> read_signer_info(CMS_SignerInfo* info, CmsPart& part) {
  X509_ALGOR* digest = nullptr;
  X509_ALGOR* signature = nullptr;
  CMS_SignerInfo_get0_algs(info, nullptr, nullptr, &digest, &signature);
  if (OBJ_obj2nid(digest->algorithm) != NID_sha256 ||
      OBJ_obj2nid(signature->algorithm) != NID_ecdsa_with_SHA256)
    return outside("a signature that is not ECDSA with SHA-256");
  if (CMS_unsigned_get_attr_count(info) > 0) return outside("a signature with unsigned attributes");
  const auto* type = static_cast<const ASN1_OBJECT*>(
      only_signed_attribute(info, NID_pkcs9_contentType, V_ASN1_OBJECT));
  if (type == nullptr || OBJ_obj2nid(type) != NID_pkcs7_data)
    return outside("a signature that does not name its content type");
  const auto* value = static_cast<const ASN1_OCTET_STRING*>(
      only_signed_attribute(info, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING));
  if (value == nullptr || ASN1_STRING_length(value) != static_cast<int>(part.digest.size()))
    return outside("a signature without the digest of its content");
  std::copy_n(ASN1_STRING_get0_data(value), part.digest.size(), part.digest.begin());
  const void* time = only_signed_attribute(info, NID_pkcs9_signingTime, V_ASN1_UTCTIME);
  if (time == nullptr)
    time = only_signed_attribute(info, NID_pkcs9_signingTime, V_ASN1_GENERALIZEDTIME);
  if (time == nullptr) return outside("a signature without its time");
  HR_ASSIGN(part.signed_at, from_asn1_time(static_cast<const ASN1_TIME*>(time)));
  take_openssl_reason();
  return {};
}

struct Candidate {
  Certificate certificate;
  X509Ptr x509;
  bool used = false;
};

Result<std::vector<Candidate>> read_certificates(const Shell& shell) {
  std::vector<Candidate> candidates;
  for (const Bytes& der : shell.certificates) {
    HR_ASSIGN(Certificate certificate, Certificate::decode_der(der));
    if (certificate.kind() != CertificateKind::officer)
      return culprit_error("a signature file with the certificate of " +
                               certificate.subject().urn() + ": only officers sign",
                           certificate.agency().str());
    X509Ptr x509 = to_x509(certificate);
    candidates.push_back({std::move(certificate), std::move(x509), false});
  }
  return candidates;
}

}  // namespace

Result<std::vector<CmsPart>> decode_cms(ByteView pem) {
  HR_ASSIGN(const Bytes der, to_der(pem));
  HR_ASSIGN(const Shell shell, open_shell(der));
  HR_ASSIGN(std::vector<Candidate> candidates, read_certificates(shell));
  std::vector<CmsPart> parts;
  for (const Bytes& signer_info : shell.signer_infos) {
    HR_ASSIGN(const CmsPtr cms, parse_der(encode_parts({}, {signer_info})));
    CMS_SignerInfo* info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms.get()), 0);
    if (info == nullptr) return outside("a signature that cannot be read");
    const auto found = std::ranges::find_if(candidates, [&](const Candidate& c) {
      return CMS_SignerInfo_cert_cmp(info, c.x509.get()) == 0;
    });
    if (found == candidates.end()) return outside("a signature without its certificate");
    found->used = true;
    CmsPart part{found->certificate, signer_info, {}, {}};
    HR_TRY(check_version(signer_info));
    HR_TRY(read_signer_info(info, part));
    parts.push_back(std::move(part));
  }
  if (!std::ranges::all_of(candidates, &Candidate::used))
    return outside("a certificate that signed nothing");
  return parts;
}

Bytes encode_cms(const std::vector<CmsPart>& parts) {
  std::vector<Bytes> certificates;
  std::vector<Bytes> signer_infos;
  for (const CmsPart& part : parts) {
    certificates.push_back(part.certificate.der());
    signer_infos.push_back(part.signer_info);
  }
  return encode_parts(std::move(certificates), std::move(signer_infos));
}

std::string cms_to_pem(ByteView der) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  HR_CHECK(PEM_write_bio(out.get(), PEM_STRING_CMS, "", der.data(), static_cast<long>(der.size())) >
           0);
  return written_text(out.get());
}

Result<CmsPtr> to_cms(const CmsPart& part) {
  return parse_der(encode_parts({part.certificate.der()}, {part.signer_info}));
}

}  // namespace hedgerow
