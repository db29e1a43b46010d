#include "crypto/key_file.h"

#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "crypto/openssl_types.h"

namespace hedgerow {

namespace {

using KeyInfoPtr = OpensslPtr<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;
using EncryptedPtr = OpensslPtr<X509_SIG, X509_SIG_free>;
using SchemePtr = OpensslPtr<PBE2PARAM, PBE2PARAM_free>;
using ScryptPtr = OpensslPtr<SCRYPT_PARAMS, SCRYPT_PARAMS_free>;
using Pbkdf2Ptr = OpensslPtr<PBKDF2PARAM, PBKDF2PARAM_free>;

// 16 MiB and about a quarter of a second. OpenSSL refuses to open what needs more than 32 MiB.
constexpr std::uint64_t kScryptN = 1U << 14U;
constexpr std::uint64_t kScryptR = 8;
constexpr std::uint64_t kScryptP = 5;
// A file says itself how much work its opening is: seconds are borne, not hours.
constexpr std::uint64_t kMaxScryptWork = 4 * kScryptN * kScryptR * kScryptP;
constexpr std::uint64_t kMaxIterations = 10'000'000;

const char* passphrase_text(const SecretBytes& passphrase) {
  return reinterpret_cast<const char*>(passphrase.expose().data());
}

Result<std::string> encrypt(const EvpKeyPtr& key, const SecretBytes& passphrase, Random& rng) {
  if (passphrase.size() < kMinPassphraseSize)
    return Error{Code::usage, "the passphrase is too short", {}, "at least 8 bytes"};
  if (passphrase.size() > kMaxPassphraseSize)
    return Error{Code::usage, "the passphrase is too long", {}, "at most 1024 bytes"};
  const KeyInfoPtr info(EVP_PKEY2PKCS8(key.get()));
  if (!info) return openssl_error("the private key cannot be encoded");
  ByteArray<16> salt{};
  ByteArray<16> iv{};
  rng.fill(salt);
  rng.fill(iv);
  X509_ALGOR* scheme =
      PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt.data(), static_cast<int>(salt.size()),
                            iv.data(), kScryptN, kScryptR, kScryptP);
  if (scheme == nullptr) return openssl_error("the private key cannot be encrypted");
  const EncryptedPtr encrypted(PKCS8_set0_pbe(
      passphrase_text(passphrase), static_cast<int>(passphrase.size()), info.get(), scheme));
  if (!encrypted) {
    X509_ALGOR_free(scheme);
    return openssl_error("the private key cannot be encrypted");
  }
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PKCS8(out.get(), encrypted.get()) != 1)
    return openssl_error("the private key cannot be written");
  return written_text(out.get());
}

Result<PersonKey> officer_key_from(EVP_PKEY* key) {
  HR_ASSIGN(const OfficerPublicKey public_key, officer_key_of(key));
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &raw) != 1)
    return openssl_error("the private key cannot be read");
  const BignumPtr number(raw);
  OfficerScalar scalar;
  auto out = scalar.writable();
  if (BN_bn2binpad(number.get(), out.data(), static_cast<int>(out.size())) < 0)
    return bad_input("a P-256 private key outside 1 .. n-1");
  HR_ASSIGN(OfficerKey officer, OfficerKey::from_scalar(std::move(scalar)));
  if (officer.public_key() != public_key)
    return bad_input("the private key's file holds another public key");
  return PersonKey(std::move(officer));
}

Result<PersonKey> signing_key_from(EVP_PKEY* key) {
  SigningSeed seed;
  std::size_t size = seed.writable().size();
  if (EVP_PKEY_get_raw_private_key(key, seed.writable().data(), &size) != 1 ||
      size != SigningSeed::kSize)
    return openssl_error("the private key cannot be read");
  return PersonKey(SigningKey(seed));
}

bool is_at_most(const ASN1_INTEGER* number, std::uint64_t max, std::uint64_t& value) {
  return ASN1_INTEGER_get_uint64(&value, number) == 1 && value >= 1 && value <= max;
}

template <class Ptr>
Ptr unpack(const ASN1_ITEM* item, const X509_ALGOR* algorithm) {
  return Ptr(
      static_cast<typename Ptr::pointer>(ASN1_TYPE_unpack_sequence(item, algorithm->parameter)));
}

bool is_bearable(const X509_ALGOR* derivation) {
  std::uint64_t n = 0;
  std::uint64_t r = 0;
  std::uint64_t p = 0;
  switch (OBJ_obj2nid(derivation->algorithm)) {
    case NID_id_scrypt: {
      const auto scrypt = unpack<ScryptPtr>(ASN1_ITEM_rptr(SCRYPT_PARAMS), derivation);
      return scrypt && is_at_most(scrypt->costParameter, kMaxScryptWork, n) &&
             is_at_most(scrypt->blockSize, kMaxScryptWork / n, r) &&
             is_at_most(scrypt->parallelizationParameter, kMaxScryptWork / (n * r), p);
    }
    case NID_id_pbkdf2: {
      const auto pbkdf2 = unpack<Pbkdf2Ptr>(ASN1_ITEM_rptr(PBKDF2PARAM), derivation);
      return pbkdf2 && is_at_most(pbkdf2->iter, kMaxIterations, n);
    }
    default:
      return false;
  }
}

Result<void> check_scheme(const X509_SIG* encrypted) {
  const X509_ALGOR* scheme = nullptr;
  X509_SIG_get0(encrypted, &scheme, nullptr);
  if (OBJ_obj2nid(scheme->algorithm) == NID_pbes2) {
    const auto parts = unpack<SchemePtr>(ASN1_ITEM_rptr(PBE2PARAM), scheme);
    if (parts && is_bearable(parts->keyfunc)) return {};
  }
  take_openssl_reason();
  return bad_input(
      "a private key under another encryption than PBES2 with scrypt or PBKDF2, "
      "or one that takes too long to open",
      "encrypt it anew: openssl pkcs8 -topk8 -scrypt");
}

Result<EvpKeyPtr> decrypt(ByteView pem, const SecretBytes& passphrase) {
  if (pem.size() > kMaxKeyFileSize) return bad_input("a private key file that is too large");
  if (passphrase.size() > kMaxPassphraseSize)
    return Error{Code::usage, "the passphrase is too long", {}, "at most 1024 bytes"};
  const BioPtr in = read_bio(pem);
  const EncryptedPtr encrypted(PEM_read_bio_PKCS8(in.get(), nullptr, nullptr, nullptr));
  if (!encrypted) {
    take_openssl_reason();
    return bad_input("not an encrypted private key (PKCS#8, PEM)",
                     "it begins with -----BEGIN ENCRYPTED PRIVATE KEY-----");
  }
  HR_TRY(check_scheme(encrypted.get()));
  const KeyInfoPtr info(PKCS8_decrypt(encrypted.get(), passphrase_text(passphrase),
                                      static_cast<int>(passphrase.size())));
  if (!info) {
    take_openssl_reason();
    return denied("the passphrase does not open the private key");
  }
  EvpKeyPtr key(EVP_PKCS82PKEY(info.get()));
  if (!key) return openssl_error("the private key cannot be read");
  return key;
}

}  // namespace

Result<std::string> encrypt_key(const SigningKey& key, const SecretBytes& passphrase, Random& rng) {
  return encrypt(to_evp_key(key, nullptr), passphrase, rng);
}

Result<std::string> encrypt_key(const OfficerKey& key, const SecretBytes& passphrase, Random& rng) {
  return encrypt(to_evp_key(key, nullptr), passphrase, rng);
}

Result<std::string> encrypt_key(const SealSecretKey& key, const SecretBytes& passphrase,
                                Random& rng) {
  const EvpKeyPtr evp(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, key.expose().data(),
                                                   key.expose().size()));
  if (!evp) return openssl_error("the private key cannot be used");
  return encrypt(evp, passphrase, rng);
}

Result<SealSecretKey> decrypt_seal_key(ByteView pem, const SecretBytes& passphrase) {
  HR_ASSIGN(const EvpKeyPtr key, decrypt(pem, passphrase));
  SealSecretKey secret;
  std::size_t size = secret.writable().size();
  if (EVP_PKEY_is_a(key.get(), "X25519") != 1 ||
      EVP_PKEY_get_raw_private_key(key.get(), secret.writable().data(), &size) != 1 ||
      size != SealSecretKey::kSize) {
    take_openssl_reason();
    return bad_input("a private key that is not X25519");
  }
  return secret;
}

Result<PersonKey> decrypt_key(ByteView pem, const SecretBytes& passphrase) {
  HR_ASSIGN(const EvpKeyPtr key, decrypt(pem, passphrase));
  if (EVP_PKEY_is_a(key.get(), "EC") == 1) return officer_key_from(key.get());
  if (EVP_PKEY_is_a(key.get(), "ED25519") == 1) return signing_key_from(key.get());
  take_openssl_reason();
  return bad_input("a private key that is neither Ed25519 nor P-256");
}

}  // namespace hedgerow
