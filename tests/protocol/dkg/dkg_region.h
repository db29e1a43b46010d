// A region in memory that generates a key: keyholders, other parties, a hub, and a network that
// a test can bend.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crypto/dkg.h"
#include "crypto/random.h"
#include "protocol/dkg/coordinator.h"
#include "protocol/dkg/key_ready.h"
#include "protocol/dkg/participant.h"

namespace hedgerow::protocol {

inline SeededRandom seeded(std::uint8_t n) {
  ByteArray<32> seed{};
  seed[0] = n;
  return SeededRandom(seed);
}
inline PartyId party(std::string_view name) { return PartyId::parse(name).value(); }

struct Wire {
  PartyId from;
  PartyId to;
  MessageType type = MessageType::ack;
  Bytes body;
};

class DkgRegion {
 public:
  DkgRegion(std::uint16_t threshold, std::uint16_t n, std::uint8_t seed = 1)
      : rng(seeded(seed)), threshold_(threshold) {
    for (std::uint16_t i = 0; i < n; ++i) {
      keyholders.push_back(party(std::string("keeper-") + static_cast<char>('a' + i)));
      keys.push_back(generate_dkg_static_key(rng));
    }
    parties = keyholders;
    parties.push_back(party("reader-a"));
    parties.push_back(party("reader-b"));
    parties.push_back(hub_id);
    for (const PartyId& k : keyholders) participants.emplace(k, make_participant(k));
    hub.emplace(setup(), parties, kPatience);
  }

  DkgSetup setup() const {
    std::vector<Keyholder> list;
    for (std::size_t i = 0; i < keyholders.size(); ++i)
      list.push_back({keyholders[i], keys[i].public_key.bytes()});
    return DkgSetup::make(Lineage::parse("vale-cse").value(), AgreementHash{}, hub_id, threshold_,
                          list)
        .value();
  }
  const SecretScalar& secret(const PartyId& who) const {
    return keys[static_cast<std::size_t>(*setup().index_of(who)) - 1].secret;
  }
  Participant make_participant(const PartyId& who) const {
    return Participant::make(setup(), who, secret(who)).value();
  }

  void start() { carry_out(hub_id, hub->start(now, rng)); }

  // A new run after one that failed.
  void start_again() {
    for (auto& [who, p] : participants) p = make_participant(who);
    hub.emplace(setup(), parties, kPatience);
    start();
  }

  // Delivers until nothing is under way; in the order sent, or any order.
  void run() {
    for (int budget = 10000; !queue.empty(); --budget) {
      ASSERT_GT(budget, 0) << "the region does not come to rest";
      const std::size_t at = any_order ? random_below(rng, queue.size()) : 0;
      Wire wire = std::move(queue[at]);
      queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(at));
      deliver(wire);
    }
  }

  void deliver(const Wire& wire) {
    if (before_delivery) before_delivery(wire);
    auto step = handle(wire);
    if (step.ok()) {
      carry_out(wire.to, std::move(step).value());
    } else if (step.error().code == Code::try_again && any_order) {
      queue.push_back(wire);  // not acknowledged, so it comes again
    } else {
      refused.push_back(step.error());
    }
  }

  Result<Step> handle(const Wire& wire) {
    if (wire.type == MessageType::key_ready) {
      HR_ASSIGN(KeyInfo info, accept_key_ready(setup(), wire.body));
      announced.insert_or_assign(wire.to, info);
      return Step{};
    }
    if (wire.to == hub_id) return hub->receive(wire.from, wire.type, wire.body, now);
    return participants.at(wire.to).receive(wire.from, wire.type, wire.body, now, rng);
  }

  // As exchange does: what is durable first, then the log, then the network.
  void carry_out(const PartyId& who, Step step) {
    if (step.state) durable.insert_or_assign(who, std::move(*step.state));
    for (LogNote& n : step.log) logs[who].push_back(std::move(n));
    if (step.finished && who != hub_id) {
      if (auto key = participants.at(who).take_key()) shares.emplace(who, std::move(*key));
    }
    for (Outgoing& out : step.send) {
      Wire wire{who, out.to, out.type, std::move(out.body)};
      if (!relay)
        queue.push_back(std::move(wire));
      else
        for (Wire& w : relay(std::move(wire))) queue.push_back(std::move(w));
    }
  }

  void restart(const PartyId& who) {
    const auto saved = durable.find(who);
    if (who == hub_id) {
      if (saved != durable.end())
        hub = Coordinator::restore(setup(), parties, kPatience, saved->second.expose()).value();
      return;
    }
    participants.erase(who);
    if (saved == durable.end()) {
      participants.emplace(who, make_participant(who));
      return;
    }
    auto restored = Participant::restore(setup(), who, secret(who), saved->second.expose()).value();
    participants.emplace(who, std::move(restored.participant));
    carry_out(who, std::move(restored.step));
  }

  // Everybody finished without a key, nobody kept a share, and all agree on whom to blame; but
  // for `liar`, whose own state is that of an honest party with a bent voice.
  void expect_failed(DkgAbortReason reason, const PartyId& culprit, const PartyId& liar = {}) {
    EXPECT_TRUE(shares.empty());
    EXPECT_TRUE(announced.empty());
    ASSERT_TRUE(hub->failure().has_value());
    EXPECT_EQ(hub->failure()->reason, reason);
    EXPECT_EQ(hub->failure()->culprit, culprit);
    for (const auto& [who, p] : participants) {
      ASSERT_TRUE(p.failure().has_value()) << who.str();
      if (who == liar) continue;
      EXPECT_EQ(p.failure()->reason, reason) << who.str();
      EXPECT_EQ(p.failure()->culprit, culprit) << who.str();
    }
  }
  void expect_complete() {
    ASSERT_EQ(shares.size(), keyholders.size());
    ASSERT_EQ(announced.size(), parties.size() - 1);
    ASSERT_TRUE(hub->key_info().has_value());
    for (const auto& [who, share] : shares) {
      EXPECT_EQ(share.info(), *hub->key_info()) << who.str();
      EXPECT_EQ(share.index, *setup().index_of(who));
    }
    for (const auto& [who, info] : announced) EXPECT_EQ(info, *hub->key_info()) << who.str();
  }

  static constexpr std::chrono::seconds kPatience{600};
  const PartyId hub_id = party("the-hub");
  UtcTime now{std::chrono::milliseconds{1'790'000'000'000}};
  SeededRandom rng;
  std::vector<PartyId> keyholders;
  std::vector<PartyId> parties;
  std::vector<DkgStaticKey> keys;
  std::map<PartyId, Participant> participants;
  std::optional<Coordinator> hub;

  std::deque<Wire> queue;
  bool any_order = false;
  std::function<std::vector<Wire>(Wire)> relay;  // drops, repeats or changes
  std::function<void(const Wire&)> before_delivery;
  std::map<PartyId, SecretBytes> durable;
  std::map<PartyId, std::vector<LogNote>> logs;
  std::map<PartyId, KeyShareRecord> shares;
  std::map<PartyId, KeyInfo> announced;
  std::vector<Error> refused;

 private:
  std::uint16_t threshold_;
};

inline std::string field(const LogNote& note, std::string_view name) {
  for (const auto& [key, value] : note.fields)
    if (key == name) return value;
  return {};
}

// A round 1 message changed by its sender, who signs what it sends.
inline SignedRound1 resign(const DkgRegion& region, const SessionId& session, const PartyId& who,
                           Bytes message) {
  const Bytes context = region.setup().parameters(session).context();
  const DkgSignature signature =
      dkg_sign(region.secret(who), round1_signed_bytes(context, message)).value();
  return {std::move(message), signature};
}

}  // namespace hedgerow::protocol
