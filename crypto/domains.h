// Every domain-separation tag of Hedgerow, in one place (cryptography.md, first paragraph).
// A tag is never reused for a second meaning and never changed; a new meaning is a new line.
#pragma once

#include <string_view>

namespace hedgerow {

// Pseudonyms (cryptography.md A). The context string is RFC 9497's for ristretto255-SHA512 in
// mode 0x01; its dst are the context behind the RFC's own prefixes.
inline constexpr std::string_view kOprfContext{"OPRFV1-\x01-ristretto255-SHA512", 28};
inline constexpr std::string_view kOprfHashToGroupPrefix = "HashToGroup-";
inline constexpr std::string_view kOprfHashToScalarPrefix = "HashToScalar-";
inline constexpr std::string_view kOprfSeedPrefix = "Seed-";
inline constexpr std::string_view kOprfDeriveKeyPairPrefix = "DeriveKeyPair";
inline constexpr std::string_view kOprfFinalize = "Finalize";
inline constexpr std::string_view kOprfComposite = "Composite";
inline constexpr std::string_view kOprfChallenge = "Challenge";
inline constexpr std::string_view kPseudonymInput = "nhs:";  // then the ten digits
inline constexpr std::string_view kDomainOprfBatch = "hedgerow/v1/oprf-batch";

// MAP's dst outside A is this and the name of the use.
inline constexpr std::string_view kDomainMapPrefix = "hedgerow/v1/map/";

// Keyed hashes of an agency's own references (formats.md, Records).
inline constexpr std::string_view kDomainChildRef = "hedgerow/v1/child-ref";
inline constexpr std::string_view kDomainSourceRef = "hedgerow/v1/source-ref";

// Associated data of a sealed case reference, before the record's source key.
inline constexpr std::string_view kDomainCaseRef = "hedgerow/v1/case-ref";

// Key ids (architecture.md, How a region starts).
inline constexpr std::string_view kDomainKeyId = "hedgerow/v1/key";

// A node's keyring: associated data of node.keys and of wrapped keys, and a request for a
// certificate.
inline constexpr std::string_view kDomainNodeKeys = "hedgerow/v1/node-keys";
inline constexpr std::string_view kDomainKeyWrap = "hedgerow/v1/key-wrap";
inline constexpr std::string_view kDomainCertificateRequest = "hedgerow/v1/certificate-request";

// Key generation (cryptography.md A, Key set-up): the session bound into COCKTAIL-DKG's context,
// a keyholder's signature of its round 1 message, the transcript's extension.
inline constexpr std::string_view kDomainDkgSession = "hedgerow/v1/dkg-session";
inline constexpr std::string_view kDomainDkgRound1 = "hedgerow/v1/dkg-round1";
inline constexpr std::string_view kDomainDkgExtension = "hedgerow/v1/dkg-extension";

// Masked addition (cryptography.md C).
inline constexpr std::string_view kDomainSum = "hedgerow/v1/sum";
inline constexpr std::string_view kDomainSumRoster = "hedgerow/v1/sum-roster";
inline constexpr std::string_view kDomainSumMaskedInput = "hedgerow/v1/sum-masked-input";
inline constexpr std::string_view kDomainRelease = "hedgerow/v1/release";

// The link (cryptography.md B): MAP's dst for a child in a cell and for an episode, the contexts of
// the proofs, and what is hashed.
inline constexpr std::string_view kDomainMapLink = "hedgerow/v1/map/link";
inline constexpr std::string_view kDomainMapLinkEpisode = "hedgerow/v1/map/link-episode";
inline constexpr std::string_view kDomainLinkKey = "hedgerow/v1/link-key";
inline constexpr std::string_view kDomainLinkEvaluation = "hedgerow/v1/link-evaluation";
inline constexpr std::string_view kDomainLinkManifest = "hedgerow/v1/link-manifest";
inline constexpr std::string_view kDomainLinkRoster = "hedgerow/v1/link-roster";
inline constexpr std::string_view kDomainLinkList = "hedgerow/v1/link-list";
inline constexpr std::string_view kDomainLinkToken = "hedgerow/v1/link-token";
inline constexpr std::string_view kDomainLinkOnions = "hedgerow/v1/link-onions";
inline constexpr std::string_view kDomainLinkStated = "hedgerow/v1/link-stated";
inline constexpr std::string_view kDomainLinkBatch = "hedgerow/v1/link-batch";
// The order in which a contributor leaves out what is beyond a table's bounds.
inline constexpr std::string_view kDomainLinkBound = "hedgerow/v1/link-bound";
inline constexpr std::string_view kDomainLinkEntry = "hedgerow/v1/link-entry";
inline constexpr std::string_view kDomainLinkHashes = "hedgerow/v1/link-hashes";

// The trace (cryptography.md D): MAP's dst of a child at one responder on one day, a record's tag
// and key, the context of a responder's proof.
inline constexpr std::string_view kDomainMapTrace = "hedgerow/v1/map/trace";
inline constexpr std::string_view kDomainTraceRecord = "hedgerow/v1/trace-record";
inline constexpr std::string_view kDomainTraceEvaluation = "hedgerow/v1/trace-evaluation";
// The commitment to the case reference of a trace (crypto/trace_case.h).
inline constexpr std::string_view kDomainTraceCase = "hedgerow/v1/trace-case";

// The chain of released editions.
inline constexpr std::string_view kDomainEditions = "hedgerow/v1/editions";

// Policies: a question, the cells of a table, an edition, each the first field of its encoding.
inline constexpr std::string_view kDomainQuestion = "hedgerow/v1/question";
inline constexpr std::string_view kDomainCells = "hedgerow/v1/cells";
inline constexpr std::string_view kDomainEdition = "hedgerow/v1/edition";

}  // namespace hedgerow
