// Private keys of people and roots at rest: PKCS#8 (RFC 5958), PEM, encrypted with PBES2:
// scrypt (N 2^14, r 8, p 5) and AES-256-CBC. `openssl pkey` opens them.
#pragma once

#include <string>
#include <variant>

#include "crypto/officer_key.h"
#include "crypto/seal.h"
#include "crypto/sign.h"

namespace hedgerow {

inline constexpr std::size_t kMaxKeyFileSize = 16 * 1024;
inline constexpr std::size_t kMinPassphraseSize = 8;
inline constexpr std::size_t kMaxPassphraseSize = 1024;

using PersonKey = std::variant<SigningKey, OfficerKey>;

// Error usage: a passphrase that is too short or too long.
Result<std::string> encrypt_key(const SigningKey& key, const SecretBytes& passphrase, Random& rng);
Result<std::string> encrypt_key(const OfficerKey& key, const SecretBytes& passphrase, Random& rng);

// A re-identification key (X25519, RFC 8410), which its officer keeps off the node.
Result<std::string> encrypt_key(const SealSecretKey& key, const SecretBytes& passphrase,
                                Random& rng);
// Errors: bad_input: not an encrypted PKCS#8 file, or not X25519; denied: the passphrase.
Result<SealSecretKey> decrypt_seal_key(ByteView pem, const SecretBytes& passphrase);

// Errors: bad_input: not an encrypted PKCS#8 file, one that takes more than four times the work of
// ours (scrypt) or ten million rounds (PBKDF2) to open, or neither Ed25519 nor P-256;
// denied: the passphrase does not open it.
Result<PersonKey> decrypt_key(ByteView pem, const SecretBytes& passphrase);

}  // namespace hedgerow
