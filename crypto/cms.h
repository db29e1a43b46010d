// An agreement's signatures: one CMS SignedData (RFC 5652), detached, PEM, one SignerInfo a party
// (formats.md, Agreement). `openssl cms -verify -binary -content FILE -inform PEM -in FILE.p7s
// -CAfile roots.pem -purpose any` agrees with us.
//
// The profile, checked at decoding: version 1, SHA-256, ECDSA, content not included, signed
// attributes with content type, digest and signing time, no unsigned attributes, no CRLs, and
// exactly the officers' certificates. It is written as DER, so merging the same signatures in any
// order gives the same bytes.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "crypto/base/ids.h"
#include "crypto/certificate.h"

namespace hedgerow {

inline constexpr std::size_t kMaxCmsSize = 256 * 1024;  // PEM
inline constexpr std::size_t kMaxCmsSigners = 64;

struct CmsSigner {
  Certificate certificate;  // kind officer
  UtcTime signed_at;        // as the signer says; nobody vouches for it
};

// PEM with one SignerInfo. Errors usage: not an officer's certificate, or not its key;
// denied: `at` lies outside the certificate's dates.
Result<std::string> cms_sign(ByteView content, const Certificate& officer, const OfficerKey& key,
                             UtcTime at, Random& rng);

// All signatures of `pems` in one. Where a party comes more than once, its latest signature stays.
// Errors bad_input: outside the profile, a signature that does not hold over its own attributes,
// signatures of different contents, or too many.
Result<std::string> cms_merge(std::span<const std::string> pems);

// Who claims to have signed, ordered by party. Nothing is verified: for display and for errors
// only.
Result<std::vector<CmsSigner>> cms_list(ByteView pem);

// Every SignerInfo verified, each against a store that holds only its party's root; ordered by
// party. Whether all parties have signed is for the caller to compare.
// Errors: bad_input: outside the profile; a signer of a party without a root here, or of another
// kind than officer; two signers of one party; a bad signature; altered content (the text says if
// only line ends differ); denied: a certificate that is not valid at `at`. `culprit` is the party.
Result<std::vector<CmsSigner>> cms_verify(ByteView content, ByteView pem,
                                          const std::map<PartyId, Certificate>& roots, UtcTime at);

// The signature of one party alone, for use before the agreement (and so the other roots) may be
// read; the others are not looked at. Error bad_input also: that party has not signed, or twice.
Result<CmsSigner> cms_verify_party(ByteView content, ByteView pem, const PartyId& party,
                                   const Certificate& root, UtcTime at);

}  // namespace hedgerow
