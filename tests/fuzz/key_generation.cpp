#include "tests/fuzz/key_generation.h"

#include <algorithm>

#include "tests/fuzz/identities.h"

namespace hedgerow::fuzz {

using namespace protocol;

const PartyId& hub() {
  static const PartyId id = party("vale-partnership");
  return id;
}

const KeyholderKeys& keyholders() {
  static const KeyholderKeys made = [] {
    KeyholderKeys k;
    k.names = {party("vale-council"), party("vale-health"), party("vale-police")};
    SeededRandom rng(ByteArray<32>{81});
    for (std::size_t i = 0; i < k.names.size(); ++i) k.dkg.push_back(generate_dkg_static_key(rng));
    for (std::size_t i = 0; i <= k.names.size(); ++i) k.sign.push_back(SigningKey::random(rng));
    return k;
  }();
  return made;
}

DkgSetup key_setup() {
  std::vector<Keyholder> holders;
  const KeyholderKeys& k = keyholders();
  for (std::size_t i = 0; i < k.names.size(); ++i)
    holders.push_back({k.names[i], k.dkg[i].public_key.bytes()});
  return DkgSetup::make(vale_cse(), counting<AgreementHash>(0x20), hub(), 2, holders).value();
}

std::vector<PartyId> all_parties() {
  auto all = keyholders().names;
  all.push_back(hub());
  return all;
}

Bytes generate_key(const std::function<void(const Coordinator&)>& on_coordinator,
                   const std::function<void(Participant&)>& on_participant) {
  SeededRandom rng(ByteArray<32>{82});
  const KeyholderKeys& k = keyholders();
  Bytes ready;
  Coordinator coordinator(key_setup(), all_parties(), kPatience);
  std::vector<Participant> participants;
  for (std::size_t i = 0; i < k.names.size(); ++i)
    participants.push_back(Participant::make(key_setup(), k.names[i], k.dkg[i].secret).value());
  on_participant(participants[0]);
  std::vector<std::pair<PartyId, Outgoing>> wire;
  const auto send = [&](const PartyId& from, Step step) {
    for (Outgoing& m : step.send) wire.emplace_back(from, std::move(m));
  };
  send(hub(), coordinator.start(kNow, rng));
  for (std::size_t at = 0; at < wire.size(); ++at) {
    const auto [from, message] = wire[at];
    if (message.to == hub()) {
      send(hub(), coordinator.receive(from, message.type, message.body, kNow).value());
      on_coordinator(coordinator);
      continue;
    }
    if (message.type == MessageType::key_ready) ready = message.body;
    const auto who = std::find(k.names.begin(), k.names.end(), message.to);
    if (message.type == MessageType::key_ready || who == k.names.end()) continue;
    Participant& p = participants[static_cast<std::size_t>(who - k.names.begin())];
    send(message.to, p.receive(from, message.type, message.body, kNow, rng).value());
    if (who == k.names.begin()) on_participant(p);
  }
  HR_CHECK(coordinator.finished() && !coordinator.failure() && !ready.empty());
  return ready;
}

}  // namespace hedgerow::fuzz
