#include "node/keys/request.h"

#include "crypto/domains.h"
#include "crypto/group.h"
#include "crypto/hash.h"

namespace hedgerow::keys {

namespace {

constexpr std::string_view kBegin = "-----BEGIN HEDGEROW CERTIFICATE REQUEST-----\n";
constexpr std::string_view kEnd = "-----END HEDGEROW CERTIFICATE REQUEST-----\n";
constexpr std::size_t kLine = 64;
constexpr std::size_t kMaxParty = 64;

Bytes signed_bytes(const PartyId& party, const NodePublicKeys& keys) {
  Writer w;
  w.text(kDomainCertificateRequest).text(party.str());
  w.raw(keys.message.view()).raw(keys.curve).raw(keys.dkg);
  w.raw(keys.seal.view()).raw(keys.log.view());
  return std::move(w).take();
}

Result<Bytes> undress(std::string_view text) {
  const Error wrong =
      bad_input("not a request for a node's certificate", "it is made by: hedgerow agency request");
  if (text.size() > kMaxRequestSize || !text.starts_with(kBegin) || !text.ends_with(kEnd))
    return wrong;
  text.remove_prefix(kBegin.size());
  if (text.size() < kEnd.size()) return wrong;
  text.remove_suffix(kEnd.size());
  std::string joined;
  for (char c : text)
    if (c != '\n') joined += c;
  auto bytes = from_base64(joined);
  if (!bytes) return wrong;
  return std::move(*bytes);
}

Result<NodePublicKeys> read_keys(Reader& r) {
  NodePublicKeys keys;
  const auto message = r.array<32>();
  const auto curve = r.array<32>();
  const auto dkg = r.array<32>();
  const auto seal = r.array<32>();
  const auto log = r.array<32>();
  if (r.failed()) return bad_input("a request that is too short");
  HR_ASSIGN(keys.message, VerifyKey::decode(message));
  HR_ASSIGN(const SealPublicKey curve_key, SealPublicKey::decode(curve));
  HR_ASSIGN(const Element dkg_key, Element::decode(dkg));
  HR_ASSIGN(keys.seal, SealPublicKey::decode(seal));
  HR_ASSIGN(keys.log, VerifyKey::decode(log));
  keys.curve = curve_key.bytes;
  keys.dkg = dkg_key.bytes();
  return keys;
}

}  // namespace

Sha256 CertificateRequest::fingerprint() const {
  Sha256 hash;
  hash.bytes = sha256(signed_bytes(party, keys));
  return hash;
}

std::string make_request(const Keyring& keyring) {
  const Bytes body = signed_bytes(keyring.party(), keyring.public_keys());
  Writer all;
  all.raw(body).raw(keyring.message().sign(body).view());
  const std::string base64 = to_base64(all.data());
  std::string text(kBegin);
  for (std::size_t i = 0; i < base64.size(); i += kLine) text += base64.substr(i, kLine) + "\n";
  return text += kEnd;
}

Result<CertificateRequest> decode_request(ByteView text) {
  HR_ASSIGN(const Bytes bytes, undress(as_text(text)));
  Reader r(bytes);
  const std::string tag = r.text(kDomainCertificateRequest.size());
  const std::string party_text = r.text(kMaxParty);
  HR_ASSIGN(const NodePublicKeys keys, read_keys(r));
  const Signature signature{r.array<64>()};
  HR_TRY(r.finish("the request"));
  if (tag != kDomainCertificateRequest) return bad_input("not a request for a node's certificate");
  HR_ASSIGN(PartyId party, PartyId::parse(party_text));
  if (!verify(keys.message, signed_bytes(party, keys), signature))
    return bad_input("the request's signature does not hold");
  return CertificateRequest{std::move(party), keys};
}

}  // namespace hedgerow::keys
