// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03), for what is kept at rest.
//
// Nonces are 24 random bytes: no counter to lose, and no practical limit on messages per key.
#pragma once

#include "crypto/base/bytes.h"
#include "crypto/base/secret.h"

namespace hedgerow {

using AeadKey = Secret<struct AeadTag, 32>;

inline constexpr std::size_t kAeadNonceSize = 24;
inline constexpr std::size_t kAeadOverhead = kAeadNonceSize + 16;

// nonce || ciphertext || tag. `associated_data` is bound, not contained.
Bytes aead_encrypt(const AeadKey& key, ByteView associated_data, ByteView plaintext, Random& rng);

// Error bad_input: too short, altered, another key or other associated data (not told apart).
Result<SecretBytes> aead_decrypt(const AeadKey& key, ByteView associated_data,
                                 ByteView nonce_and_ciphertext);

// The same for a key that encrypts one message in its life: the nonce is all zero and is not
// written. ciphertext || tag, kAeadTagSize more than the plaintext.
inline constexpr std::size_t kAeadTagSize = 16;
Bytes aead_encrypt_once(const AeadKey& key, ByteView plaintext);
Result<SecretBytes> aead_decrypt_once(const AeadKey& key, ByteView ciphertext);

}  // namespace hedgerow
