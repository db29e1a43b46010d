// The parts of a CMS SignedData within our profile, as DER; for crypto's own sources only.
//
//   ContentInfo ::= SEQUENCE { id-signedData, [0] SignedData }
//   SignedData  ::= SEQUENCE { version 1, SET OF DigestAlgorithm, SEQUENCE { id-data },
//                              [0] SET OF Certificate, SET OF SignerInfo }
//
// OpenSSL can neither take a SignerInfo out of one CMS nor put it into another, and so the outer
// shell is taken apart and put together here; each SignerInfo is only ever read by OpenSSL.
#pragma once

#include <vector>

#include "crypto/cms.h"
#include "crypto/openssl_types.h"

namespace hedgerow {

struct CmsPart {
  Certificate certificate;  // the officer's, of our profile
  Bytes signer_info;        // DER
  UtcTime signed_at;
  ByteArray<32> digest;  // the signed attribute messageDigest: SHA-256 of the content
};

// Errors bad_input: not such a CMS, a SignerInfo outside the profile, or one whose certificate is
// missing or not an officer's.
Result<std::vector<CmsPart>> decode_cms(ByteView pem);

// DER: certificates and SignerInfos each in the order of their bytes (X.690 section 11.6).
Bytes encode_cms(const std::vector<CmsPart>& parts);
std::string cms_to_pem(ByteView der);

// OpenSSL's view of a CMS that holds this part alone.
Result<CmsPtr> to_cms(const CmsPart& part);

}  // namespace hedgerow
