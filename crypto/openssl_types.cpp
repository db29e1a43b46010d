#include "crypto/openssl_types.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>

#include <algorithm>
#include <chrono>
#include <climits>

namespace hedgerow {

namespace {

// More than the few draws of 32 to 66 bytes that one P-256 signature takes; a scope that runs out
// fails, it does not repeat itself.
constexpr std::size_t kScopeRandomSize = 1024;

void play_back(EVP_RAND_CTX* generator, Random& rng) {
  HR_CHECK(generator != nullptr);
  SecretBytes bytes(kScopeRandomSize);
  rng.fill(bytes.writable());
  OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_string(OSSL_RAND_PARAM_TEST_ENTROPY,
                                                           bytes.writable().data(), bytes.size()),
                         OSSL_PARAM_construct_end()};
  HR_CHECK(EVP_RAND_CTX_set_params(generator, params) == 1);
}

EvpKeyPtr p256_key(const OfficerPublicKey& public_key, const OfficerKey* private_key,
                   OSSL_LIB_CTX* context) {
  const OpensslPtr<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder(OSSL_PARAM_BLD_new());
  HR_CHECK(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) ==
           1);
  HR_CHECK(OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                            public_key.bytes.data(), public_key.bytes.size()) == 1);
  BignumPtr scalar;
  if (private_key != nullptr) {
    auto secret = private_key->scalar().expose();
    scalar.reset(BN_secure_new());
    HR_CHECK(BN_bin2bn(secret.data(), static_cast<int>(secret.size()), scalar.get()) != nullptr);
    HR_CHECK(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar.get()) == 1);
  }
  const OpensslPtr<OSSL_PARAM, OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(builder.get()));
  const EvpKeyContextPtr making(EVP_PKEY_CTX_new_from_name(context, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  HR_CHECK(params != nullptr && making != nullptr && EVP_PKEY_fromdata_init(making.get()) == 1);
  const int selection = private_key != nullptr ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
  if (EVP_PKEY_fromdata(making.get(), &key, selection, params.get()) != 1) key = nullptr;
  return EvpKeyPtr(key);
}

}  // namespace

OpensslScope::OpensslScope(Random& rng) : context_(OSSL_LIB_CTX_new()) {
  HR_CHECK(context_ != nullptr);
  HR_CHECK(RAND_set_DRBG_type(context_.get(), "TEST-RAND", nullptr, nullptr, nullptr) == 1);
  play_back(RAND_get0_public(context_.get()), rng);
  play_back(RAND_get0_private(context_.get()), rng);
}

std::string take_openssl_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string text = reason != nullptr ? reason : "";
  ERR_clear_error();
  return text;
}

Error openssl_error(std::string_view what) {
  std::string text(what);
  if (std::string reason = take_openssl_reason(); !reason.empty()) text += ": " + reason;
  return internal(std::move(text));
}

BioPtr read_bio(ByteView bytes) {
  HR_CHECK(bytes.size() <= INT_MAX);
  // OpenSSL refuses a null pointer even where there is nothing to read.
  const void* data = bytes.empty() ? "" : static_cast<const void*>(bytes.data());
  BioPtr bio(BIO_new_mem_buf(data, static_cast<int>(bytes.size())));
  HR_CHECK(bio != nullptr);
  return bio;
}

std::string written_text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(std::max(size, 0L))};
}

EvpKeyPtr to_evp_key(const OfficerKey& key, OSSL_LIB_CTX* context) {
  EvpKeyPtr evp = p256_key(key.public_key(), &key, context);
  HR_CHECK(evp != nullptr);
  return evp;
}

EvpKeyPtr to_evp_key(const OfficerPublicKey& key, OSSL_LIB_CTX* context) {
  return p256_key(key, nullptr, context);
}

EvpKeyPtr to_evp_key(const SigningKey& key, OSSL_LIB_CTX* context) {
  const SigningSeed seed = key.seed();
  EvpKeyPtr evp(EVP_PKEY_new_raw_private_key_ex(context, "ED25519", nullptr, seed.expose().data(),
                                                seed.expose().size()));
  HR_CHECK(evp != nullptr);
  return evp;
}

EvpKeyPtr to_evp_key(const VerifyKey& key, OSSL_LIB_CTX* context) {
  EvpKeyPtr evp(EVP_PKEY_new_raw_public_key_ex(context, "ED25519", nullptr, key.bytes.data(),
                                               key.bytes.size()));
  HR_CHECK(evp != nullptr);
  return evp;
}

Result<OfficerPublicKey> officer_key_of(EVP_PKEY* key) {
  char group[64] = {};
  std::size_t size = 0;
  OfficerPublicKey officer;
  if (key == nullptr || EVP_PKEY_is_a(key, "EC") != 1 ||
      EVP_PKEY_get_group_name(key, group, sizeof group, &size) != 1 ||
      std::string_view(group) != "prime256v1" ||
      EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, officer.bytes.data(),
                                      officer.bytes.size(), &size) != 1 ||
      size != officer.bytes.size()) {
    take_openssl_reason();
    return bad_input("the key is not a P-256 key, uncompressed");
  }
  return OfficerPublicKey::decode(officer.bytes);
}

Result<VerifyKey> verify_key_of(EVP_PKEY* key) {
  ByteArray<32> bytes{};
  std::size_t size = bytes.size();
  if (key == nullptr || EVP_PKEY_is_a(key, "ED25519") != 1 ||
      EVP_PKEY_get_raw_public_key(key, bytes.data(), &size) != 1 || size != bytes.size()) {
    take_openssl_reason();
    return bad_input("the key is not an Ed25519 key");
  }
  return VerifyKey::decode(bytes);
}

TimePtr to_asn1_time(UtcTime t) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
  TimePtr time(ASN1_TIME_set(nullptr, seconds));
  HR_CHECK(time != nullptr);
  return time;
}

Result<UtcTime> from_asn1_time(const ASN1_TIME* t) {
  std::tm tm{};
  if (t == nullptr || ASN1_TIME_to_tm(t, &tm) != 1) {
    take_openssl_reason();
    return bad_input("a time that cannot be read");
  }
  using namespace std::chrono;
  const year_month_day date{year{tm.tm_year + 1900}, month{static_cast<unsigned>(tm.tm_mon + 1)},
                            day{static_cast<unsigned>(tm.tm_mday)}};
  if (!date.ok()) return bad_input("a time that cannot be read");
  return time_point_cast<milliseconds>(sys_days{date} + hours{tm.tm_hour} + minutes{tm.tm_min} +
                                       seconds{tm.tm_sec});
}

}  // namespace hedgerow
