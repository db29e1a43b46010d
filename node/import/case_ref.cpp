#include "node/import/case_ref.h"

#include <algorithm>

#include "crypto/domains.h"

namespace hedgerow::import {

namespace {

Bytes associated_data(const ByteArray<32>& source_key) {
  Bytes data = to_bytes(kDomainCaseRef);
  data.insert(data.end(), source_key.begin(), source_key.end());
  return data;
}

}  // namespace

CaseRefSealer::CaseRefSealer(const SealPublicKey& reidentification, Random& rng)
    : key_(AeadKey::random(rng)),
      sealed_key_(hedgerow::seal(reidentification, key_.expose(), rng)),
      rng_(rng) {}

Bytes CaseRefSealer::seal(const ByteArray<32>& source_key, ByteView case_ref) {
  return aead_encrypt(key_, associated_data(source_key), case_ref, rng_);
}

Result<SecretBytes> open_case_ref(const SealSecretKey& secret,
                                  const SealPublicKey& reidentification, ByteView sealed_key,
                                  const ByteArray<32>& source_key, ByteView sealed_case_ref) {
  HR_ASSIGN(Bytes raw, unseal(secret, reidentification, sealed_key));
  const WipeOnExit wipe_raw(raw);
  if (raw.size() != AeadKey::kSize) return bad_input("a case reference's key of the wrong length");
  AeadKey key;
  std::copy(raw.begin(), raw.end(), key.writable().begin());
  return aead_decrypt(key, associated_data(source_key), sealed_case_ref);
}

}  // namespace hedgerow::import
