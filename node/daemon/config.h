// hedgerow.toml: who this node is and how it reaches the hub.
//
//   party  = "vale-council"               # its id in agreements
//   hub    = "tcp://hub.example:5670"     # where nodes dial; absent on the hub
//   listen = "tcp://0.0.0.0:5670"         # on the hub only
//   reidentification = "<64 hex digits>"  # the officer's public key for case references; optional
//   trace_officers = ["<64 hex digits>", "<64 hex digits>"]  # who open a trace's case reference
//                                         # together, the first first; optional
//
// Unknown keys, wrong types, a missing or doubled endpoint and two officers with one key are
// refused with line and column.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>

#include "crypto/base/ids.h"
#include "crypto/seal.h"
#include "policies/restrictions.h"

namespace hedgerow::daemon {

inline constexpr std::size_t kMaxConfigSize = std::size_t{64} << 10U;

struct Paths {
  std::filesystem::path config;        // hedgerow.toml
  std::filesystem::path restrictions;  // restrictions.toml beside it; there need be none
  std::filesystem::path state;         // what the node keeps; keys/ and state/ lie below
  std::filesystem::path run;           // the control socket
  std::filesystem::path gateway_run;   // the gateway's: what it sees of the sockets

  // All of them under one folder, for a trial; empty: the system's places.
  static Paths under(const std::filesystem::path& home);
};

struct Config {
  PartyId party;
  std::string hub;     // empty on the hub
  std::string listen;  // empty elsewhere
  std::optional<SealPublicKey> reidentification;
  std::optional<std::array<SealPublicKey, 2>> trace_officers;
};

Result<Config> parse_config(std::string_view text, std::string_view source_name);
Result<Config> load_config(const std::filesystem::path& file);

// None where there is no file. A file that cannot be read, or has a fault, refuses everything: what
// it was to forbid is not known.
policies::Restrictions load_restrictions(const std::filesystem::path& file);

}  // namespace hedgerow::daemon
