// Whole runs over a network that keeps order, or repeats, loses and shuffles.
#include "crypto/shamir.h"
#include "tests/protocol/dkg/dkg_region.h"

namespace hedgerow::protocol {
namespace {

SecretScalar recover(const DkgRegion& region, std::size_t first, std::size_t count) {
  std::vector<SecretShare> shares;
  for (std::size_t i = first; i < first + count; ++i) {
    const KeyShareRecord& r = region.shares.at(region.keyholders[i]);
    shares.push_back({ParticipantIndex::from(r.index).value(), r.x_i.clone()});
  }
  return recover_secret(shares).value();
}

class EverySize : public testing::TestWithParam<std::pair<std::uint16_t, std::uint16_t>> {};

TEST_P(EverySize, GivesSharesOfTheDiscreteLogarithmOfTheGroupKey) {
  const auto [t, n] = GetParam();
  DkgRegion region(t, n);
  region.start();
  region.run();
  region.expect_complete();
  EXPECT_TRUE(region.refused.empty());
  const Element y = region.hub->key_info()->Y;
  EXPECT_EQ(multiply_base(recover(region, 0, t)).value(), y);
  EXPECT_EQ(multiply_base(recover(region, static_cast<std::size_t>(n - t), t)).value(), y);
  if (t > 1) {
    EXPECT_NE(multiply_base(recover(region, 0, t - 1U)).value(), y);
  }
}

std::vector<std::pair<std::uint16_t, std::uint16_t>> sizes() {
  std::vector<std::pair<std::uint16_t, std::uint16_t>> out;
  for (std::uint16_t n = 2; n <= 7; ++n)
    for (std::uint16_t t = 1; t < n; ++t) out.emplace_back(t, n);
  return out;
}
INSTANTIATE_TEST_SUITE_P(Thresholds, EverySize, testing::ValuesIn(sizes()),
                         [](const auto& param_info) {
                           return std::to_string(param_info.param.first) + "of" +
                                  std::to_string(param_info.param.second);
                         });

TEST(KeyGeneration, RepetitionsChangeNothing) {
  DkgRegion region(2, 3);
  region.relay = [](Wire w) { return std::vector<Wire>{w, w, w}; };
  region.start();
  region.run();
  region.expect_complete();
  EXPECT_TRUE(region.refused.empty());
  EXPECT_EQ(region.logs.at(region.hub_id).size(), 1U);
  EXPECT_EQ(region.logs.at(region.keyholders[0]).size(), 3U);  // start, transcript, ready
}

TEST(KeyGeneration, CompletesInAnyOrderOfDelivery) {
  for (std::uint8_t seed = 1; seed <= 20; ++seed) {
    DkgRegion region(3, 5, seed);
    region.any_order = true;
    region.relay = [](Wire w) { return std::vector<Wire>{w, w}; };
    region.start();
    region.run();
    region.expect_complete();
    if (testing::Test::HasFatalFailure()) FAIL() << "seed " << int{seed};
  }
}

TEST(KeyGeneration, ALostMessageSentAgainIsEnough) {
  // Whatever single message is lost at first, the run completes when it comes after all.
  for (std::size_t lost = 0;; ++lost) {
    DkgRegion region(2, 3);
    std::size_t seen = 0;
    std::optional<Wire> held;
    region.relay = [&](Wire w) {
      if (seen++ != lost) return std::vector<Wire>{std::move(w)};
      held = std::move(w);
      return std::vector<Wire>{};
    };
    region.start();
    region.run();
    if (!held) break;
    const bool needed = held->type != MessageType::key_ready;
    if (needed) {
      EXPECT_LT(region.shares.size(), 3U) << lost;
    }
    region.queue.push_back(*held);
    region.run();
    region.expect_complete();
  }
}

TEST(KeyGeneration, ReplaysOfAnEarlierRunDoNotDisturbTheNext) {
  DkgRegion region(2, 3);
  std::vector<Wire> recorded;
  region.relay = [&](Wire w) {
    recorded.push_back(w);
    return std::vector<Wire>{std::move(w)};
  };
  region.start();
  region.run();
  const auto first = region.hub->key_info()->key_id;
  region.shares.clear();
  region.announced.clear();
  region.relay = nullptr;
  region.start_again();
  for (const Wire& w : recorded)
    if (w.type != MessageType::key_ready) region.queue.push_back(w);
  region.run();
  ASSERT_EQ(region.shares.size(), 3U);
  EXPECT_NE(region.hub->key_info()->key_id, first);
  region.expect_complete();
  EXPECT_FALSE(region.refused.empty());
}

TEST(KeyGeneration, SameSeedGivesTheSameKeyAndAnotherSeedAnother) {
  const auto key_of = [](std::uint8_t seed) {
    DkgRegion region(2, 3, seed);
    region.start();
    region.run();
    return region.hub->key_info()->Y;
  };
  EXPECT_EQ(key_of(4), key_of(4));
  EXPECT_NE(key_of(4), key_of(5));
}

TEST(KeyGeneration, TheTranscriptHashGoesOnEveryLog) {
  DkgRegion region(2, 3);
  region.start();
  region.run();
  const std::string hash = to_hex(region.hub->key_info()->transcript_hash);
  for (const PartyId& k : region.keyholders) {
    const auto& log = region.logs.at(k);
    ASSERT_EQ(log.size(), 3U);
    EXPECT_EQ(log[0].kind, "key.start");
    EXPECT_EQ(log[1].kind, "key.transcript");
    EXPECT_EQ(field(log[1], "transcript"), hash);
    EXPECT_EQ(log[2].kind, "key.ready");
    EXPECT_EQ(field(log[2], "transcript"), hash);
    EXPECT_EQ(field(log[2], "keyholders"), "keeper-a,keeper-b,keeper-c");
  }
  // What hub and readers log.
  const LogNote note = key_ready_note(*region.hub->session(), *region.hub->key_info());
  EXPECT_EQ(field(note, "transcript"), hash);
  EXPECT_EQ(field(note, "key"), region.hub->key_info()->key_id.hex());
}

TEST(KeyGeneration, AHubThatIsAKeyholderTakesPartToo) {
  DkgRegion region(2, 3);
  // The same parties, with a keyholder as the hub.
  const PartyId both = region.keyholders[1];
  std::vector<Keyholder> list;
  for (std::size_t i = 0; i < 3; ++i)
    list.push_back({region.keyholders[i], region.keys[i].public_key.bytes()});
  const DkgSetup setup =
      DkgSetup::make(Lineage::parse("vale-cse").value(), {}, both, 2, list).value();
  Coordinator hub(setup, region.keyholders, DkgRegion::kPatience);
  std::map<PartyId, Participant> people;
  for (const PartyId& k : region.keyholders)
    people.emplace(k, Participant::make(setup, k, region.secret(k)).value());

  std::deque<std::pair<PartyId, Outgoing>> queue;
  const auto add = [&](const PartyId& from, Step step) {
    for (Outgoing& o : step.send) queue.emplace_back(from, std::move(o));
  };
  add(both, hub.start(region.now, region.rng));
  std::size_t ready = 0;
  for (; !queue.empty(); queue.pop_front()) {
    const auto [from, out] = queue.front();
    if (out.type == MessageType::key_ready) {
      EXPECT_NE(out.to, both);
      EXPECT_TRUE(accept_key_ready(setup, out.body).ok());
      ++ready;
    } else if (out.type == MessageType::dkg_round1 || out.type == MessageType::dkg_signature) {
      add(out.to, hub.receive(from, out.type, out.body, region.now).value());
    } else {
      add(out.to,
          people.at(out.to).receive(from, out.type, out.body, region.now, region.rng).value());
    }
  }
  EXPECT_EQ(ready, 2U);
  for (auto& [who, p] : people) EXPECT_TRUE(p.take_key().has_value()) << who.str();
}

}  // namespace
}  // namespace hedgerow::protocol
