// `agreement install`: from a file, its signatures and the parties' certificates to an agreement
// that may be believed (formats.md, Agreement; architecture.md, How a region starts).
#pragma once

#include "node/core/core.h"

namespace hedgerow::core {

inline constexpr std::size_t kMaxBundle = std::size_t{512} << 10U;

struct InstallFiles {
  Bytes agreement;     // the exact bytes
  Bytes signatures;    // CMS, PEM
  Bytes certificates;  // PEM: every party's root and node certificate, and lists of revoked ones
};

struct VerifiedInstall {
  policies::Agreement agreement;
  Peers peers;
  store::AgreementRecord record;
  std::vector<store::CertificateRecord> certificates;
};

// In this order: the local officer's signature, by a certificate that is not revoked; then the
// agreement is parsed; then the roots are compared with the fingerprints it names, and exactly one
// valid signature of each party is required; the code list, the local party and its node
// certificate must fit. Of each root's lists of revoked certificates, in the files and `known`, the
// latest counts.
Result<VerifiedInstall> verify_install(const InstallFiles& files, const keys::Keyring& keyring,
                                       const policies::CodeList& codes,
                                       const std::vector<RevocationList>& known, UtcTime now);

// Errors denied, naming the day: after its last day, and before its first.
Result<void> check_not_ended(const policies::Agreement& agreement, UtcTime now);
Result<void> check_in_force(const policies::Agreement& agreement, UtcTime now);

}  // namespace hedgerow::core
