// Key files, and a node's request for its certificate. The first byte chooses: a key file's PEM,
// a key file's DER dressed here, a request's text, a request's bytes dressed here, or a request
// for any keys under a good signature.
#include "crypto/domains.h"
#include "crypto/key_file.h"
#include "node/keys/request.h"
#include "tests/fuzz/identities.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::key_files {
namespace {

SecretBytes passphrase() {
  constexpr std::string_view kWords = "correct horse";
  return SecretBytes::copy_from(as_bytes(kWords));
}

std::string dressed(std::string_view name, ByteView bytes) {
  const std::string base64 = to_base64(bytes);
  std::string pem = "-----BEGIN " + std::string(name) + "-----\n";
  for (std::size_t i = 0; i < base64.size(); i += 64) pem += base64.substr(i, 64) + "\n";
  return pem + "-----END " + std::string(name) + "-----\n";
}

void run_key(ByteView pem) {
  const SecretBytes words = passphrase();
  check_error(decrypt_key(pem, words));
  check_error(decrypt_seal_key(pem, words));
}

Bytes request_of(std::string_view agency, const NodePublicKeys& keys) {
  Writer w;
  w.text(kDomainCertificateRequest).text(agency);
  w.raw(keys.message.view()).raw(keys.curve).raw(keys.dkg);
  w.raw(keys.seal.view()).raw(keys.log.view());
  return std::move(w).take();
}

void run_request(ByteView text) {
  const auto request = keys::decode_request(text);
  check_error(request);
  if (!request.ok()) return;
  HR_CHECK(!request->party.empty() && !request->fingerprint().is_zero());
}

void run_signed_request(Parts parts) {
  NodePublicKeys keys = identities().node.node_keys();
  const std::size_t name_size = parts.byte();
  const std::string name(as_text(parts.take(name_size)));
  for (auto* key : {&keys.curve, &keys.dkg, &keys.seal.bytes, &keys.log.bytes}) {
    const ByteView bytes = parts.take(32);
    if (bytes.size() == 32) std::copy(bytes.begin(), bytes.end(), key->begin());
  }
  const Bytes body = request_of(name, keys);
  Writer w;
  w.raw(body).raw(identities().message_key.sign(body).bytes);
  const auto request =
      keys::decode_request(as_bytes(dressed("HEDGEROW CERTIFICATE REQUEST", w.data())));
  check_error(request);
  if (request.ok()) HR_CHECK(request->party.str() == name && request->keys == keys);
}

void run(ByteView input) {
  Parts parts(input);
  switch (parts.byte() % 5) {
    case 0:
      return run_key(parts.rest());
    case 1:
      return run_key(as_bytes(dressed("ENCRYPTED PRIVATE KEY", parts.rest())));
    case 2:
      return run_request(parts.rest());
    case 3:
      return run_request(as_bytes(dressed("HEDGEROW CERTIFICATE REQUEST", parts.rest())));
    default:
      return run_signed_request(parts);
  }
}

std::vector<Bytes> seeds() {
  const Identities& i = identities();
  SeededRandom rng(ByteArray<32>{52});
  const std::string pem = encrypt_key(i.analyst_key, passphrase(), rng).value();
  std::vector<Bytes> all;
  all.push_back(chosen(0, as_bytes(pem)));
  const std::string officer = encrypt_key(i.officer_key, passphrase(), rng).value();
  std::string base64;
  for (std::size_t at = officer.find('\n') + 1; officer[at] != '-'; ++at)
    if (officer[at] != '\n') base64 += officer[at];
  all.push_back(chosen(1, *from_base64(base64)));
  all.push_back(chosen(0, as_bytes(encrypt_key(i.seal.secret_key, passphrase(), rng).value())));
  all.push_back(chosen(0, as_bytes("no key")));
  all.push_back(chosen(0, Bytes(kMaxKeyFileSize + 1, 'A')));
  const Bytes body = request_of("vale-council", i.node.node_keys());
  Writer w;
  w.raw(body).raw(i.message_key.sign(body).bytes);
  const std::string text = dressed("HEDGEROW CERTIFICATE REQUEST", w.data());
  HR_CHECK(keys::decode_request(as_bytes(text)).ok());
  all.push_back(chosen(2, as_bytes(text)));
  all.push_back(chosen(3, w.data()));
  Bytes made{4, 12};
  const ByteView name = as_bytes("vale-council");
  made.insert(made.end(), name.begin(), name.end());
  all.push_back(made);
  return all;
}

const Registration registered({"key_files", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz::key_files
