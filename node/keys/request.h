// A request for a node's certificate: made on the node, so that its private keys never leave it
// and the root never comes near it. The officer compares fingerprint() with the node's operator
// over another channel before issuing.
//
//   text tag || text party || message || curve || dkg || seal || log (32 bytes each) || signature
//
// The Ed25519 signature, by the message key, covers everything before it. In PEM's clothes.
#pragma once

#include <string>

#include "crypto/base/ids.h"
#include "crypto/certificate.h"
#include "node/keys/keyring.h"

namespace hedgerow::keys {

inline constexpr std::size_t kMaxRequestSize = 4096;

struct CertificateRequest {
  PartyId party;
  NodePublicKeys keys;
  Sha256 fingerprint() const;  // SHA-256 of the signed bytes
};

std::string make_request(const Keyring& keyring);

// Errors bad_input: not such a request, a key that is none, or a bad signature.
Result<CertificateRequest> decode_request(ByteView text);

}  // namespace hedgerow::keys
