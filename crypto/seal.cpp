#include "crypto/seal.h"

#include <sodium.h>

#include <algorithm>

namespace hedgerow {

static_assert(kSealOverhead == crypto_box_SEALBYTES);

namespace {

// The Montgomery ladder ends in zero exactly for public keys of small order, whatever the scalar
// (RFC 7748 section 6.1); libsodium says so in its return code.
bool multiply(std::span<std::uint8_t, 32> out, std::span<const std::uint8_t, 32> scalar,
              const ByteArray<32>& point) {
  return crypto_scalarmult(out.data(), scalar.data(), point.data()) == 0;
}

}  // namespace

Result<SealPublicKey> SealPublicKey::decode(ByteView bytes32) {
  SealPublicKey key;
  if (bytes32.size() != key.bytes.size()) return bad_input("a seal key of the wrong length");
  std::copy(bytes32.begin(), bytes32.end(), key.bytes.begin());
  ByteArray<32> any_scalar{};
  any_scalar[0] = 8;
  ByteArray<32> product{};
  if (!multiply(product, any_scalar, key.bytes)) return bad_input("a seal key of small order");
  return key;
}

SealPublicKey seal_public_key(const SealSecretKey& secret_key) {
  SealPublicKey key;
  HR_CHECK(crypto_scalarmult_base(key.bytes.data(), secret_key.expose().data()) == 0);
  return key;
}

SealKeyPair random_seal_key_pair(Random& rng) {
  SealSecretKey secret_key = SealSecretKey::random(rng);
  SealPublicKey public_key = seal_public_key(secret_key);
  return {public_key, std::move(secret_key)};
}

Bytes seal(const SealPublicKey& receiver, ByteView plaintext, Random& rng) {
  SealKeyPair ephemeral = random_seal_key_pair(rng);
  ByteArray<crypto_box_NONCEBYTES> nonce{};
  crypto_generichash_state hash;
  HR_CHECK(crypto_generichash_init(&hash, nullptr, 0, nonce.size()) == 0);
  crypto_generichash_update(&hash, ephemeral.public_key.bytes.data(), 32);
  crypto_generichash_update(&hash, receiver.bytes.data(), 32);
  HR_CHECK(crypto_generichash_final(&hash, nonce.data(), nonce.size()) == 0);

  Bytes box(plaintext.size() + kSealOverhead);
  std::copy(ephemeral.public_key.bytes.begin(), ephemeral.public_key.bytes.end(), box.begin());
  HR_CHECK(crypto_box_easy(box.data() + 32, plaintext.data(), plaintext.size(), nonce.data(),
                           receiver.bytes.data(), ephemeral.secret_key.expose().data()) == 0);
  return box;
}

Result<Bytes> unseal(const SealSecretKey& secret_key, const SealPublicKey& public_key,
                     ByteView box) {
  if (box.size() < kSealOverhead) return bad_input("a sealed box that is too short");
  Bytes plaintext(box.size() - kSealOverhead);
  if (crypto_box_seal_open(plaintext.data(), box.data(), box.size(), public_key.bytes.data(),
                           secret_key.expose().data()) != 0)
    return bad_input("a sealed box that does not open: altered, or sealed to another key");
  return plaintext;
}

Result<SharedSecret> x25519(const SealSecretKey& secret_key, const SealPublicKey& public_key) {
  SharedSecret shared;
  if (!multiply(shared.writable(), secret_key.expose(), public_key.bytes))
    return bad_input("a seal key of small order");
  return shared;
}

}  // namespace hedgerow
