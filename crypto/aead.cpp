#include "crypto/aead.h"

#include <sodium.h>

namespace hedgerow {

static_assert(kAeadNonceSize == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(kAeadOverhead == kAeadNonceSize + crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(AeadKey::kSize == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

Bytes aead_encrypt(const AeadKey& key, ByteView associated_data, ByteView plaintext, Random& rng) {
  Bytes out(plaintext.size() + kAeadOverhead);
  rng.fill(std::span(out).first(kAeadNonceSize));
  HR_CHECK(crypto_aead_xchacha20poly1305_ietf_encrypt(
               out.data() + kAeadNonceSize, nullptr, plaintext.data(), plaintext.size(),
               associated_data.data(), associated_data.size(), nullptr, out.data(),
               key.expose().data()) == 0);
  return out;
}

Result<SecretBytes> aead_decrypt(const AeadKey& key, ByteView associated_data,
                                 ByteView nonce_and_ciphertext) {
  if (nonce_and_ciphertext.size() < kAeadOverhead)
    return bad_input("encrypted bytes that are too short");
  SecretBytes plaintext(nonce_and_ciphertext.size() - kAeadOverhead);
  ByteView ciphertext = nonce_and_ciphertext.subspan(kAeadNonceSize);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          plaintext.writable().data(), nullptr, nullptr, ciphertext.data(), ciphertext.size(),
          associated_data.data(), associated_data.size(), nonce_and_ciphertext.data(),
          key.expose().data()) != 0)
    return bad_input("encrypted bytes that do not open: altered, or under another key");
  return plaintext;
}

Bytes aead_encrypt_once(const AeadKey& key, ByteView plaintext) {
  const ByteArray<kAeadNonceSize> nonce{};
  Bytes out(plaintext.size() + kAeadTagSize);
  HR_CHECK(crypto_aead_xchacha20poly1305_ietf_encrypt(out.data(), nullptr, plaintext.data(),
                                                      plaintext.size(), nullptr, 0, nullptr,
                                                      nonce.data(), key.expose().data()) == 0);
  return out;
}

Result<SecretBytes> aead_decrypt_once(const AeadKey& key, ByteView ciphertext) {
  const ByteArray<kAeadNonceSize> nonce{};
  if (ciphertext.size() < kAeadTagSize) return bad_input("encrypted bytes that are too short");
  SecretBytes plaintext(ciphertext.size() - kAeadTagSize);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(plaintext.writable().data(), nullptr, nullptr,
                                                 ciphertext.data(), ciphertext.size(), nullptr, 0,
                                                 nonce.data(), key.expose().data()) != 0)
    return bad_input("encrypted bytes that do not open: altered, or under another key");
  return plaintext;
}

}  // namespace hedgerow
