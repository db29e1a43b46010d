// A small region's identities, from a seed: the same bytes in every run.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <string>

#include "crypto/certificate.h"
#include "crypto/cms.h"
#include "crypto/group.h"
#include "crypto/random.h"

namespace hedgerow {

inline UtcTime utc(int year, unsigned month, unsigned day) {
  return std::chrono::sys_days{std::chrono::year{year} / std::chrono::month{month} /
                               std::chrono::day{day}};
}

inline const UtcTime kNow = utc(2026, 10, 1);
inline const Validity kTenYears{utc(2026, 1, 1), utc(2035, 12, 31)};
inline const Validity kTwoYears{utc(2026, 1, 1), utc(2027, 12, 31)};

inline PartyId party(std::string_view name) { return PartyId::parse(name).value(); }

struct Agency {
  PartyId id;
  OfficerKey root_key;
  Certificate root;
  OfficerKey officer_key;
  Certificate officer;
};

class Identities : public ::testing::Test {
 protected:
  SeededRandom rng{ByteArray<32>{7}};

  Agency make_agency(std::string_view name) {
    PartyId id = party(name);
    OfficerKey root_key = OfficerKey::random(rng);
    Certificate root = issue_root(id, root_key, kTenYears, rng).value();
    OfficerKey officer_key = OfficerKey::random(rng);
    Certificate officer =
        issue({id, CertificateKind::officer, "jane"}, SubjectKey(officer_key.public_key()),
              kTwoYears, root, root_key, rng)
            .value();
    return {id, std::move(root_key), root, std::move(officer_key), officer};
  }

  NodePublicKeys make_node_keys() {
    NodePublicKeys keys;
    keys.message = SigningKey::random(rng).verify_key();
    keys.curve = random_seal_key_pair(rng).public_key.bytes;
    const Element dkg = multiply_base(random_scalar(rng)).value();
    keys.dkg = dkg.bytes();
    keys.seal = random_seal_key_pair(rng).public_key;
    keys.log = SigningKey::random(rng).verify_key();
    return keys;
  }

  Certificate make_node(const Agency& agency) {
    return issue({agency.id, CertificateKind::node, "node"}, SubjectKey(make_node_keys()),
                 {utc(2026, 9, 1), utc(2026, 11, 30)}, agency.root, agency.root_key, rng)
        .value();
  }

  Certificate make_person(const Agency& agency, CertificateKind kind) {
    return issue({agency.id, kind, "sam-smith"}, SubjectKey(SigningKey::random(rng).verify_key()),
                 {utc(2026, 9, 1), utc(2027, 8, 31)}, agency.root, agency.root_key, rng)
        .value();
  }
};

}  // namespace hedgerow
