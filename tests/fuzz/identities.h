// One agency's identities, the same in every run: what deep targets sign and seal with.
#pragma once

#include "crypto/certificate.h"
#include "crypto/group.h"
#include "crypto/random.h"
#include "protocol/statement.h"

namespace hedgerow::fuzz {

inline constexpr UtcTime kNow{std::chrono::sys_days{std::chrono::year{2026} / 10 / 20}};
inline constexpr UtcTime kBefore = kNow - std::chrono::hours(24 * 30);
inline constexpr UtcTime kAfter = kNow + std::chrono::hours(24 * 60);

struct Identities {
  PartyId agency;
  OfficerKey root_key;
  Certificate root;
  OfficerKey officer_key;
  Certificate officer;
  SigningKey message_key;
  SealKeyPair seal;
  SigningKey log_key;
  SecretScalar dkg_key;
  Certificate node;
  SigningKey analyst_key;
  Certificate analyst;
};

const Identities& identities();

PartyId party(std::string_view name);
Lineage vale_cse();
// n, n + 1, n + 2, ...
template <class T>
T counting(std::uint8_t n) {
  T id;
  for (auto& b : id.bytes) b = n++;
  return id;
}
protocol::StatementHeader statement_header();

}  // namespace hedgerow::fuzz
