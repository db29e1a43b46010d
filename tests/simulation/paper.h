// What officers do after a region has begun: issue node certificates anew, and revoke.
#pragma once

#include "tests/simulation/world.h"

namespace hedgerow::simulation {

using Days = std::chrono::duration<std::int64_t, std::ratio<86'400>>;

inline Certificate issue_node(Region& region, const std::string& party, const Validity& validity,
                              const std::optional<NodePublicKeys>& keys = {},
                              const std::string& signed_by = "") {
  SeededRandom rng(seed_of("officer of " + party, 1));
  const std::string root = signed_by.empty() ? party : signed_by;
  return issue({PartyId::parse(root).value(), CertificateKind::node, "node"},
               SubjectKey(keys.value_or(region.keyring(party).public_keys())), validity,
               region.identities().roots.at(root), region.identities().root_keys.at(root), rng)
      .value();
}

inline Validity for_days(const Region& region, std::int64_t days) {
  return {region.now() - std::chrono::minutes(10), region.now() + Days(days)};
}

inline RevocationList revoke(Region& region, const std::string& party,
                             const std::vector<Certificate>& certificates, std::uint64_t number) {
  SeededRandom rng(seed_of("officer of " + party, 2));
  std::vector<Revoked> entries;
  for (const Certificate& c : certificates)
    entries.push_back({to_bytes(c.serial()), std::chrono::floor<std::chrono::seconds>(region.now()),
                       RevocationReason::left});
  return issue_list(entries, number, for_days(region, 200), region.identities().roots.at(party),
                    region.identities().root_keys.at(party), rng)
      .value();
}

inline nlohmann::json renew_request(const Certificate& c) {
  return {{"command", "keys-renew"}, {"certificate", to_base64(as_bytes(c.pem()))}};
}
inline nlohmann::json revoke_request(const RevocationList& list) {
  return {{"command", "keys-revoke"}, {"list", to_base64(as_bytes(list.pem()))}};
}
inline nlohmann::json peers_request(const std::string& pem) {
  return {{"command", "keys-peers"}, {"certificates", to_base64(as_bytes(pem))}};
}

// Refused with that code and words, and nothing has changed anywhere.
inline void expect_refused(Region& region, const std::string& party, const nlohmann::json& request,
                           Code code, const std::string& words) {
  const auto before = state_of(region);
  const Outcome o = region.wait(region.command(party, request));
  ASSERT_TRUE(o.error) << words;
  EXPECT_EQ(o.error->code, code) << o.error->text;
  EXPECT_THAT(o.error->text, ::testing::HasSubstr(words));
  EXPECT_EQ(state_of(region), before) << words;
  EXPECT_THAT(region.failures(), ::testing::IsEmpty());
}

}  // namespace hedgerow::simulation
