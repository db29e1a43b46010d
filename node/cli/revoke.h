// `hedgerow agency revoke`: a certificate that the root issued counts no more. Works offline: the
// list it writes, ROOT/revoked.pem, is then given to a node (`hedgerow keys revoke`), which tells
// every party.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "crypto/crl.h"
#include "node/cli/register.h"

namespace hedgerow::cli {

struct RevokeRequest {
  std::filesystem::path root;  // the folder that `init` wrote
  std::string what;            // a certificate's file, or a serial number; empty: a fresh list only
  std::string reason;
  std::optional<std::filesystem::path> passphrase_file;
};

struct RevocationMade {
  std::string serial;  // empty: nothing was revoked, the list is fresh
  std::string subject;
  std::vector<std::string> same_keys;  // serials of other certificates, revoked with it
  // The register does not hold this node's certificate, so others of its keys may be in use.
  bool others_unknown = false;
  RevocationList list;
  std::filesystem::path file;
};

// A node's renewed certificates have the same keys (adr/0016). For every reason but `superseded`
// all of them that the register holds are revoked, and those superseded before get the new reason.
// Errors: usage: unknown reason, all revoked already; bad_input: not a certificate of this root, or
// a serial that the register does not know; denied: the passphrase; configuration: register or list
// are not what they must be. Nothing has changed after an error.
Result<RevocationMade> revoke_certificate(const RevokeRequest& request, UtcTime now, Random& rng);

// The root's latest list; nothing where there is none yet.
Result<std::optional<RevocationList>> read_list(const std::filesystem::path& root,
                                                const Certificate& certificate);

}  // namespace hedgerow::cli
