#include "crypto/dkg_signature.h"

#include <algorithm>

#include "crypto/hash.h"

namespace hedgerow {
namespace {

// "Schnorr Prefix Strings".
constexpr std::string_view kChallengePrefix = "COCKTAIL-DKG-Ristretto255-SHA512-H7";
constexpr std::string_view kNoncePrefix = "COCKTAIL-DKG-Ristretto255-SHA512-NONCE";

Scalar challenge(const Element& commitment, const Element& key, ByteView message) {
  Sha512 hash;
  hash.update(as_bytes(kChallengePrefix));
  hash.update(commitment.bytes()).update(key.bytes()).update(message);
  return Scalar::reduce(hash.finish());
}

SecretScalar nonce(const SecretScalar& key, ByteView message) {
  Sha512 hash;
  hash.update(as_bytes(kNoncePrefix)).update(key.expose()).update(message);
  ByteArray<64> wide = hash.finish();
  SecretScalar k = reduce_secret(wide);
  wipe(wide);
  return k;
}

}  // namespace

Result<DkgSignature> DkgSignature::decode(ByteView bytes) {
  if (bytes.size() != kSize) return bad_input("a key generation signature is not 64 bytes");
  HR_ASSIGN(const Element commitment, Element::decode(bytes.first(Element::kSize)));
  HR_ASSIGN(const Scalar response, Scalar::decode(bytes.subspan(Element::kSize)));
  return DkgSignature(commitment, response);
}

ByteArray<DkgSignature::kSize> DkgSignature::bytes() const {
  ByteArray<kSize> out{};
  std::ranges::copy(commitment_.bytes(), out.begin());
  std::ranges::copy(response_.bytes(), out.begin() + Element::kSize);
  return out;
}

Result<DkgSignature> dkg_sign(const SecretScalar& key, ByteView message) {
  HR_ASSIGN(const Element public_key, multiply_base(key));
  const SecretScalar k = nonce(key, message);
  // Step 3: fails where k is zero, before anything that depends on the key is computed.
  HR_ASSIGN(const Element commitment, multiply_base(k));
  const Scalar c = challenge(commitment, public_key, message);
  return DkgSignature(commitment, publish(add(k, multiply(key, c))));
}

bool dkg_verify(const Element& key, ByteView message, const DkgSignature& signature) {
  const Scalar c = challenge(signature.commitment(), key, message);
  const auto left = multiply_base(signature.response());
  const auto scaled = multiply(c, key);
  if (!left || !scaled) return false;
  const auto right = add(signature.commitment(), *scaled);
  return right.ok() && *left == *right;
}

}  // namespace hedgerow
