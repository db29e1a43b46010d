// The agency's pointer to its own file (`case_ref`, formats.md Records): encrypted with
// XChaCha20-Poly1305 under a random key made for one import, which is itself sealed to the
// agency's re-identification key. The private half of that key stays with the agency's officer,
// so a stolen node cannot open a single one.
//
// Bytes of a sealed case reference: nonce (24) || ciphertext || tag (16); its associated data is
// "hedgerow/v1/case-ref" || source_key, so one record's pointer does not open as another's.
#pragma once

#include "crypto/aead.h"
#include "crypto/base/bytes.h"
#include "crypto/base/seams.h"
#include "crypto/base/secret.h"
#include "crypto/seal.h"

namespace hedgerow::import {

inline constexpr std::size_t kMaxCaseRef = 256;  // bytes of UTF-8

// One for each import. Not thread-safe.
class CaseRefSealer {
 public:
  // Draws the import's key and seals it to `reidentification`; both draws are from `rng`, which
  // must outlive the sealer.
  CaseRefSealer(const SealPublicKey& reidentification, Random& rng);

  // `source_key` is the keyed hash of the row's source_ref. Two calls never give equal bytes.
  Bytes seal(const ByteArray<32>& source_key, ByteView case_ref);

  // The import's key, sealed: stored once beside the import, without which nothing opens.
  const Bytes& sealed_key() const { return sealed_key_; }

 private:
  AeadKey key_;
  Bytes sealed_key_;
  Random& rng_;
};

// The officer's side, off the node. bad_input: another key, another record, or changed bytes.
Result<SecretBytes> open_case_ref(const SealSecretKey& secret,
                                  const SealPublicKey& reidentification, ByteView sealed_key,
                                  const ByteArray<32>& source_key, ByteView sealed_case_ref);

}  // namespace hedgerow::import
