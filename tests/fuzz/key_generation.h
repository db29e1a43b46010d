// One key generation of three keyholders and a hub, the same in every run.
#pragma once

#include <functional>
#include <vector>

#include "crypto/sign.h"
#include "protocol/dkg/coordinator.h"
#include "protocol/dkg/participant.h"

namespace hedgerow::fuzz {

const PartyId& hub();

struct KeyholderKeys {
  std::vector<PartyId> names;
  std::vector<DkgStaticKey> dkg;
  std::vector<SigningKey> sign;  // of the names, then of the hub
};
const KeyholderKeys& keyholders();
protocol::DkgSetup key_setup();
std::vector<PartyId> all_parties();  // the keyholders, then the hub

inline constexpr std::chrono::seconds kPatience{3600};

// From beginning to end. `coordinator` and `participant` (of the first keyholder) are called after
// each step of theirs. Returns the body of key-ready.
Bytes generate_key(const std::function<void(const protocol::Coordinator&)>& coordinator,
                   const std::function<void(protocol::Participant&)>& participant);

}  // namespace hedgerow::fuzz
