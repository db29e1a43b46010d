// What roles saved and read again after a restart: rows of the store's tables of sessions and
// keys. The first byte chooses the role.
#include "protocol/pseudonymise/keyholder.h"
#include "protocol/sum/contributor.h"
#include "protocol/sum/hub.h"
#include "tests/fuzz/identities.h"
#include "tests/fuzz/key_generation.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::saved_state {
namespace {

using namespace protocol;

constexpr std::chrono::seconds kAskAgain{60};

sum::Parties sum_parties(std::size_t self) {
  sum::Parties p;
  p.self = self < keyholders().names.size() ? keyholders().names[self] : hub();
  p.hub = hub();
  for (std::size_t i = 0; i < keyholders().names.size(); ++i)
    p.keys.emplace(keyholders().names[i], keyholders().sign[i].verify_key());
  p.keys.emplace(hub(), keyholders().sign.back().verify_key());
  p.key = &keyholders().sign[std::min(self, keyholders().sign.size() - 1)];
  return p;
}

void run_key(ByteView bytes) {
  const auto info = KeyInfo::restore(bytes);
  check_error(info);
  if (info.ok()) HR_CHECK(same(info->save(), bytes));
}

void run_share(ByteView bytes) {
  const auto share = KeyShareRecord::restore(bytes);
  check_error(share);
  if (!share.ok()) return;
  HR_CHECK(same(share->save().expose(), bytes));
  HR_CHECK(share->index >= 1 && share->index <= share->n);
}

void run_participant(ByteView bytes) {
  auto restored =
      Participant::restore(key_setup(), keyholders().names[0], keyholders().dkg[0].secret, bytes);
  check_error(restored);
  if (!restored.ok()) return;
  const SecretBytes saved = restored->participant.save();
  auto again = Participant::restore(key_setup(), keyholders().names[0], keyholders().dkg[0].secret,
                                    saved.expose());
  HR_CHECK(again.ok() && same(again->participant.save().expose(), saved.expose()));
  (void)restored->participant.abandon();
}

void run_coordinator(ByteView bytes) {
  auto restored = Coordinator::restore(key_setup(), all_parties(), kPatience, bytes);
  check_error(restored);
  if (!restored.ok()) return;
  const SecretBytes saved = restored->save();
  const auto again = Coordinator::restore(key_setup(), all_parties(), kPatience, saved.expose());
  HR_CHECK(again.ok() && same(again->save().expose(), saved.expose()));
  (void)restored->missing();
  (void)restored->on_time(kNow);
}

void run_sum_hub(ByteView bytes) {
  auto restored = sum::SumHub::restore(sum_parties(keyholders().names.size()), kAskAgain, bytes);
  check_error(restored);
  if (!restored.ok()) return;
  const SecretBytes saved = restored->save();
  HR_CHECK(same(saved.expose(), bytes));
  (void)restored->waiting_for();
  (void)restored->on_time(kNow);
}

void run_sum_contributor(ByteView bytes) {
  auto restored = sum::SumContributor::restore(sum_parties(0), std::nullopt, bytes);
  check_error(restored);
  if (!restored.ok()) return;
  const SecretBytes saved = restored->save();
  HR_CHECK(same(saved.expose(), bytes));
  (void)restored->on_time(kNow);
}

// What a keyholder remembers of a batch.
void run_seen_batch(ByteView bytes) {
  const auto seen = SeenBatch::restore(counting<Sha256>(5), bytes);
  check_error(seen);
  if (seen.ok()) HR_CHECK(same(seen->save(), bytes));
}

void run(ByteView input) {
  Parts parts(input);
  switch (parts.byte() % 7) {
    case 0:
      return run_key(parts.rest());
    case 1:
      return run_share(parts.rest());
    case 2:
      return run_participant(parts.rest());
    case 3:
      return run_coordinator(parts.rest());
    case 4:
      return run_sum_hub(parts.rest());
    case 6:
      return run_seen_batch(parts.rest());
    default:
      return run_sum_contributor(parts.rest());
  }
}

// A whole key generation, saving at every step.
void dkg_seeds(std::vector<Bytes>& all) {
  const auto add = [&](std::uint8_t role, const SecretBytes& state) {
    Bytes seed = chosen(role, state.expose());
    if (std::find(all.begin(), all.end(), seed) == all.end()) all.push_back(std::move(seed));
  };
  generate_key([&](const Coordinator& coordinator) { add(3, coordinator.save()); },
               [&](Participant& participant) {
                 add(2, participant.save());
                 if (auto share = participant.take_key()) {
                   all.push_back(chosen(0, share->info().save()));
                   add(1, share->save());
                 }
               });
}

// A release, saved by the hub and by one contributor at every step.
void sum_seeds(std::vector<Bytes>& all) {
  using namespace sum;
  SeededRandom rng(ByteArray<32>{83});
  Manifest m;
  m.lineage = vale_cse();
  m.agreement = counting<AgreementHash>(0x20);
  m.grant = "movements";
  m.table = "flows";
  m.period = "2026-Q3";
  m.place_level = "district";
  m.release = release_id(m.lineage, m.grant, m.table, m.period);
  m.cells = 2;
  m.contributors = keyholders().names;
  m.thresholds = {8, 1, 5, false};
  m.attempt = 1;
  m.expiry = kNow + std::chrono::minutes(10);
  const auto add = [&](std::uint8_t role, const Step& step) {
    if (step.state) all.push_back(chosen(role, step.state->expose()));
  };
  auto [role, first] =
      SumHub::begin({sum_parties(keyholders().names.size()), m, counting<SessionId>(9), kAskAgain},
                    kNow)
          .value();
  add(4, first);
  std::vector<std::pair<PartyId, Outgoing>> wire;
  for (Outgoing& out : first.send) wire.emplace_back(hub(), std::move(out));
  std::map<PartyId, SumContributor> contributors;
  for (std::size_t at = 0; at < wire.size(); ++at) {
    const auto [from, message] = wire[at];
    if (message.to == hub()) {
      Step step = role.on_message(from, message.type, message.body, kNow).value();
      if (!role.finished()) add(4, step);
      for (Outgoing& out : step.send) wire.emplace_back(hub(), std::move(out));
      continue;
    }
    const auto who = std::find(keyholders().names.begin(), keyholders().names.end(), message.to);
    const auto index = static_cast<std::size_t>(who - keyholders().names.begin());
    Step step;
    if (message.type == MessageType::sum_manifest) {
      ContributorSetup setup;
      setup.parties = sum_parties(index);
      setup.manifest = message.body;
      setup.lineage = m.lineage;
      setup.agreement = m.agreement;
      setup.input.v = {3, 0};
      setup.input.c = {2, 0};
      setup.input.k = {0, 0};
      setup.input.z = {1, 0};
      auto begun = SumContributor::begin(std::move(setup), kNow, rng).value();
      step = std::move(begun.second);
      contributors.emplace(message.to, std::move(begun.first));
    } else {
      step = contributors.at(message.to)
                 .on_message(from, message.type, message.body, kNow, rng)
                 .value();
    }
    if (index == 0) add(5, step);
    for (Outgoing& out : step.send) wire.emplace_back(message.to, std::move(out));
  }
  HR_CHECK(role.finished() && !role.failure());
}

// Answered; and checked; and proven.
void seen_batch_seeds(std::vector<Bytes>& all) {
  SeenBatch seen{counting<Sha256>(5), {}, {}, {}, {}};
  all.push_back(chosen(6, seen.save()));
  seen.response = Bytes(90, 2);
  all.push_back(chosen(6, seen.save()));
  seen.check_hash = counting<Sha256>(7);
  seen.checked = Bytes(150, 3);
  all.push_back(chosen(6, seen.save()));
  SeededRandom rng(ByteArray<32>{84});
  const DleqProof proof{publish(random_scalar(rng)), publish(random_scalar(rng))};
  seen.proof = to_bytes(ByteView(proof.encode()));
  all.push_back(chosen(6, seen.save()));
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> all;
  dkg_seeds(all);
  sum_seeds(all);
  seen_batch_seeds(all);
  return all;
}

const Registration registered({"saved_state", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz::saved_state
