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
  std::string serial;   // empty: nothing was revoked, the list is fresh
  std::string subject;  // empty where only the serial is known
  RevocationList list;
  std::filesystem::path file;
};

// Errors: usage: unknown reason, revoked already; bad_input: not a certificate of this root, or a
// serial that the register does not know; denied: the passphrase; configuration: register or list
// are not what they must be. Nothing has changed after an error.
Result<RevocationMade> revoke_certificate(const RevokeRequest& request, UtcTime now, Random& rng);

// The root's latest list; nothing where there is none yet.
Result<std::optional<RevocationList>> read_list(const std::filesystem::path& root,
                                                const Certificate& certificate);

}  // namespace hedgerow::cli
