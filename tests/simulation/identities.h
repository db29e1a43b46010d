// The paper side of a region: roots, officers, node certificates, an analyst, and the agreement,
// all from the seed.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/random.h"
#include "node/keys/keyring.h"

namespace hedgerow::simulation {

inline constexpr std::string_view kHub = "vale-partnership";
// The hub first, then the contributors, who are the keyholders too.
const std::vector<std::string>& party_names();
std::vector<std::string> contributor_names();

// 22 November 2026, 09:00 UTC: the quarter 2026-Q3 is the last that is settled.
inline constexpr std::int64_t kBeginning = 1'795'338'000'000;
inline constexpr std::string_view kPeriod = "2026-Q3";

struct Quotas {
  std::uint64_t imports = 20'000;
  std::uint64_t daily = 500;
};

using AgreementEdit = std::function<std::string(std::string draft)>;

struct Identities {
  std::map<std::string, Certificate> roots;
  std::map<std::string, Certificate> nodes;
  std::map<std::string, OfficerKey> root_keys;
  std::vector<Certificate> officers;  // by party_names()
  std::string bundle;                 // PEM: all roots and node certificates
  std::optional<Certificate> analyst;
  std::optional<SigningKey> analyst_key;
  std::string agreement;   // the exact bytes
  std::string signatures;  // CMS, PEM
};

// Every home, FOLDER/<party>, gets its keys and its certificate.
// `edit`: what becomes of the drafted agreement before it is signed; may be empty.
Identities make_identities(const std::filesystem::path& folder, const Quotas& quotas,
                           const AgreementEdit& edit, UtcTime now, Random& rng,
                           std::chrono::hours node_life = std::chrono::hours(24 * 300));

ByteArray<32> seed_of(std::string_view purpose, std::uint64_t seed);

}  // namespace hedgerow::simulation
