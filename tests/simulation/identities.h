// The paper side of a region: roots, officers, node certificates, analysts, and the agreement,
// all from a seed.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/random.h"
#include "node/keys/keyring.h"
#include "tests/simulation/shape.h"

namespace hedgerow::simulation {

// Of the standard shape. The hub first, then the contributors, who are the keyholders too.
const std::vector<std::string>& party_names();
std::vector<std::string> contributor_names();

// 22 November 2026, 09:00 UTC: the quarter 2026-Q3 is the last that is settled.
inline constexpr std::int64_t kBeginning = 1'795'338'000'000;
inline constexpr std::string_view kPeriod = "2026-Q3";

struct Person {
  Certificate certificate;
  SigningKey key;
};

// What becomes of the drafted agreement before it is signed.
using AgreementEdit = std::function<std::string(std::string draft)>;

inline constexpr std::chrono::hours kNodeLife{24 * 300};

struct Identities {
  std::map<std::string, Certificate> roots;
  std::map<std::string, Certificate> nodes;
  std::map<std::string, OfficerKey> root_keys;
  std::vector<Certificate> officers;       // in the order of the shape's parties
  std::string bundle;                      // PEM: all roots and node certificates
  std::map<std::string, Person> analysts;  // by home
  std::optional<Person> practitioner;      // of the first home; no grant names the role
  std::map<std::string, Person> practitioners, approvers;  // by home, where it grants traces
  // Of every home: those of the two who open a case reference together.
  std::optional<std::pair<SealKeyPair, SealKeyPair>> trace_officers;
  std::string agreement;   // the exact bytes
  std::string signatures;  // CMS, PEM
};

// Every home, FOLDER/<party>, gets its keys and its certificate. `edit` may be empty; `node_life`
// is that of node certificates, from `now`.
Identities make_identities(const std::filesystem::path& folder, const Shape& shape,
                           const AgreementEdit& edit, UtcTime now, Random& rng,
                           std::chrono::hours node_life = kNodeLife);

ByteArray<32> seed_of(std::string_view purpose, std::uint64_t seed);

}  // namespace hedgerow::simulation
