#include "crypto/cms.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <tuple>

#include "crypto/certificate_x509.h"
#include "crypto/cms_profile.h"
#include "crypto/hash.h"

namespace hedgerow {

namespace {

constexpr std::size_t kMaxContentSize = std::size_t{16} << 20U;

Error by(Error error, const Certificate& certificate) {
  error.culprit = certificate.agency().str();
  return error;
}

Bytes with_line_ends(ByteView content, std::string_view line_end) {
  Bytes out;
  for (std::size_t i = 0; i < content.size(); ++i) {
    if (content[i] == '\r' && i + 1 < content.size() && content[i + 1] == '\n') continue;
    if (content[i] == '\n')
      out.insert(out.end(), line_end.begin(), line_end.end());
    else
      out.push_back(content[i]);
  }
  return out;
}

Bytes without_last_line_ends(Bytes content) {
  while (!content.empty() && (content.back() == '\n' || content.back() == '\r')) content.pop_back();
  return content;
}

bool differs_only_in_line_ends(ByteView content, const ByteArray<32>& digest) {
  for (std::string_view end : {"\n", "\r\n"}) {
    const Bytes converted = with_line_ends(content, end);
    if (sha256(converted) == digest) return true;
    Bytes trimmed = without_last_line_ends(converted);
    if (sha256(trimmed) == digest) return true;
    trimmed.insert(trimmed.end(), end.begin(), end.end());
    if (sha256(trimmed) == digest) return true;
  }
  return false;
}

Error altered(ByteView content, const CmsPart& part) {
  const std::string who = part.certificate.agency().str();
  if (differs_only_in_line_ends(content, part.digest))
    return by(bad_input("the file is not byte for byte what " + who +
                            " signed: its line ends were changed",
                        "mail programs do that: send the file again inside a ZIP archive"),
              part.certificate);
  return by(bad_input("the file is not byte for byte what " + who + " signed",
                      "ask for the signed file again, and compare its SHA-256"),
            part.certificate);
}

Result<void> verify_part(const CmsPart& part, ByteView content, const Certificate& root,
                         UtcTime at) {
  HR_TRY(verify_chain(part.certificate, root, at));
  if (sha256(content) != part.digest) return altered(content, part);

  const X509Ptr root_x509 = to_x509(root);
  const StorePtr store(X509_STORE_new());
  HR_CHECK(store != nullptr);
  if (X509_STORE_add_cert(store.get(), root_x509.get()) != 1)
    return openssl_error("the signature cannot be verified");
  // `smime_sign` would ask for an e-mail certificate; what an officer may sign, the agreement says.
  X509_STORE_set_purpose(store.get(), X509_PURPOSE_ANY);
  X509_VERIFY_PARAM_set_time(
      X509_STORE_get0_param(store.get()),
      std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
  HR_ASSIGN(const CmsPtr cms, to_cms(part));
  const BioPtr in = read_bio(content);
  if (CMS_verify(cms.get(), nullptr, store.get(), in.get(), nullptr, CMS_BINARY) != 1) {
    take_openssl_reason();
    return by(bad_input("the signature of " + part.certificate.subject().urn() + " does not hold"),
              part.certificate);
  }
  return {};
}

// Verifies the signature over the signed attributes alone, without the content.
Result<void> verify_attributes(const CmsPart& part) {
  HR_ASSIGN(const CmsPtr cms, to_cms(part));
  const X509Ptr x509 = to_x509(part.certificate);
  CMS_SignerInfo* info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms.get()), 0);
  CMS_SignerInfo_set1_signer_cert(info, x509.get());
  if (CMS_SignerInfo_verify(info) != 1) {
    take_openssl_reason();
    return by(bad_input("the signature of " + part.certificate.subject().urn() + " does not hold"),
              part.certificate);
  }
  return {};
}

Result<void> check_content(ByteView content) {
  if (content.size() > kMaxContentSize) return bad_input("a signed file that is too large");
  return {};
}

Error signed_twice(const Certificate& certificate) {
  return by(bad_input(certificate.agency().str() + " has signed more than once",
                      "merge the signatures again: one a party is kept"),
            certificate);
}

void sort_by_party(std::vector<CmsPart>& parts) {
  std::ranges::sort(parts, [](const CmsPart& a, const CmsPart& b) {
    return std::tie(a.certificate.agency(), a.signer_info) <
           std::tie(b.certificate.agency(), b.signer_info);
  });
}

}  // namespace

Result<std::string> cms_sign(ByteView content, const Certificate& officer, const OfficerKey& key,
                             UtcTime at, Random& rng) {
  if (officer.kind() != CertificateKind::officer)
    return Error{Code::usage, officer.subject().urn() + " is not an officer", {}, {}};
  if (officer.officer_key() != key.public_key())
    return Error{Code::usage, "the private key is not that of " + officer.subject().urn(), {}, {}};
  if (at < officer.not_before() || at >= officer.not_after())
    return denied("the certificate of " + officer.subject().urn() + " is valid from " +
                  to_display(officer.not_before()) + " to " + to_display(officer.not_after()));
  HR_TRY(check_content(content));

  const OpensslScope scope(rng);
  constexpr unsigned kFlags = CMS_DETACHED | CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP;
  const CmsPtr cms(
      CMS_sign_ex(nullptr, nullptr, nullptr, nullptr, kFlags, scope.context(), nullptr));
  const X509Ptr x509 = to_x509(officer, scope.context());
  const EvpKeyPtr signer = to_evp_key(key, scope.context());
  if (!cms) return openssl_error("the file cannot be signed");
  CMS_SignerInfo* info = CMS_add1_signer(cms.get(), x509.get(), signer.get(), EVP_sha256(), kFlags);
  const TimePtr time = to_asn1_time(at);
  if (info == nullptr ||
      CMS_signed_add1_attr_by_NID(info, NID_pkcs9_signingTime, time->type, time.get(), -1) != 1)
    return openssl_error("the file cannot be signed");
  const BioPtr in = read_bio(content);
  if (CMS_final(cms.get(), in.get(), nullptr, kFlags) != 1)
    return openssl_error("the file cannot be signed");
  unsigned char* raw = nullptr;
  const int size = i2d_CMS_ContentInfo(cms.get(), &raw);
  const OpensslMemory own(raw);
  if (size <= 0) return openssl_error("the signature cannot be encoded");
  const std::string pem = cms_to_pem(ByteView(raw, static_cast<std::size_t>(size)));
  HR_ASSIGN(const std::vector<CmsPart> parts, decode_cms(as_bytes(pem)));
  return cms_to_pem(encode_cms(parts));
}

Result<std::string> cms_merge(std::span<const std::string> pems) {
  std::map<PartyId, CmsPart> chosen;
  std::optional<ByteArray<32>> digest;
  for (const std::string& pem : pems) {
    HR_ASSIGN(std::vector<CmsPart> parts, decode_cms(as_bytes(pem)));
    for (CmsPart& part : parts) {
      HR_TRY(verify_attributes(part));
      if (digest && *digest != part.digest)
        return by(bad_input("the signatures are of different files",
                            "every party must sign the same bytes"),
                  part.certificate);
      digest = part.digest;
      const PartyId party = part.certificate.agency();
      const auto [place, is_new] = chosen.try_emplace(party, part);
      CmsPart& kept = place->second;
      if (!is_new &&
          std::tie(kept.signed_at, kept.signer_info) < std::tie(part.signed_at, part.signer_info))
        kept = std::move(part);
      if (chosen.size() > kMaxCmsSigners) return bad_input("signatures of more than 64 parties");
    }
  }
  if (chosen.empty()) return bad_input("no signatures to merge");
  std::vector<CmsPart> parts;
  for (auto& [party, part] : chosen) parts.push_back(std::move(part));
  return cms_to_pem(encode_cms(parts));
}

Result<std::vector<CmsSigner>> cms_list(ByteView pem) {
  HR_ASSIGN(std::vector<CmsPart> parts, decode_cms(pem));
  sort_by_party(parts);
  std::vector<CmsSigner> signers;
  for (CmsPart& part : parts) signers.push_back({std::move(part.certificate), part.signed_at});
  return signers;
}

Result<std::vector<CmsSigner>> cms_verify(ByteView content, ByteView pem,
                                          const std::map<PartyId, Certificate>& roots, UtcTime at) {
  HR_TRY(check_content(content));
  HR_ASSIGN(std::vector<CmsPart> parts, decode_cms(pem));
  sort_by_party(parts);
  std::vector<CmsSigner> signers;
  for (const CmsPart& part : parts) {
    const PartyId& party = part.certificate.agency();
    if (!signers.empty() && signers.back().certificate.agency() == party)
      return signed_twice(part.certificate);
    const auto root = roots.find(party);
    if (root == roots.end())
      return by(bad_input(party.str() + " has signed, and is not a party"), part.certificate);
    if (root->second.agency() != party)
      return by(bad_input("the root given for " + party.str() + " is another agency's"),
                part.certificate);
    HR_TRY(verify_part(part, content, root->second, at));
    signers.push_back({part.certificate, part.signed_at});
  }
  return signers;
}

Result<CmsSigner> cms_verify_party(ByteView content, ByteView pem, const PartyId& party,
                                   const Certificate& root, UtcTime at) {
  HR_TRY(check_content(content));
  HR_ASSIGN(const std::vector<CmsPart> parts, decode_cms(pem));
  const CmsPart* own = nullptr;
  for (const CmsPart& part : parts) {
    if (part.certificate.agency() != party) continue;
    if (own != nullptr) return signed_twice(part.certificate);
    own = &part;
  }
  if (own == nullptr) return culprit_error(party.str() + " has not signed", party.str());
  HR_TRY(verify_part(*own, content, root, at));
  return CmsSigner{own->certificate, own->signed_at};
}

}  // namespace hedgerow
