// Nodes that stop and start again in the middle of a run.
#include "tests/protocol/dkg/dkg_region.h"

namespace hedgerow::protocol {
namespace {

TEST(Restart, OfAnyPartyBeforeAnyDeliveryLeadsToTheSameKey) {
  const auto key_of = [](std::optional<std::size_t> at, std::size_t who) {
    DkgRegion region(2, 3);
    std::size_t count = 0;
    region.before_delivery = [&](const Wire&) {
      if (at && count++ == *at) region.restart(who < 3 ? region.keyholders[who] : region.hub_id);
    };
    region.start();
    region.run();
    region.expect_complete();
    return region.hub->key_info()->Y;
  };
  const Element expected = key_of(std::nullopt, 0);
  for (std::size_t at = 0; at < 17; ++at)
    for (std::size_t who = 0; who < 4; ++who) EXPECT_EQ(key_of(at, who), expected) << at << who;
}

TEST(Restart, OfEverybodyBeforeEveryDeliveryCompletes) {
  DkgRegion region(3, 4);
  region.before_delivery = [&](const Wire&) {
    region.restart(region.hub_id);
    for (const PartyId& k : region.keyholders) region.restart(k);
  };
  region.start();
  region.run();
  region.expect_complete();
  EXPECT_TRUE(region.refused.empty());
}

// Share and transcript are in the state of the very Step that sends the signature: with that
// state and the certificate alone, the key is there.
TEST(Restart, TheStepThatSendsTheSignatureCarriesShareAndTranscript) {
  DkgRegion region(2, 3);
  const PartyId keeper = region.keyholders[0];
  SecretBytes state;
  Bytes certificate;
  region.relay = [&](Wire w) {
    if (w.from == keeper && w.type == MessageType::dkg_signature)
      state = SecretBytes::copy_from(region.durable.at(keeper).expose());
    if (w.to == keeper && w.type == MessageType::dkg_certificate) certificate = w.body;
    return std::vector<Wire>{std::move(w)};
  };
  region.start();
  region.run();
  auto restored =
      Participant::restore(region.setup(), keeper, region.secret(keeper), state.expose());
  ASSERT_TRUE(restored.ok());
  EXPECT_TRUE(restored->step.send.empty());
  const auto step = restored->participant.receive(region.hub_id, MessageType::dkg_certificate,
                                                  certificate, region.now, region.rng);
  ASSERT_TRUE(step.ok()) << step.error().text;
  EXPECT_TRUE(step->finished);
  const auto record = restored->participant.take_key();
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(to_hex(record->x_i.expose()), to_hex(region.shares.at(keeper).x_i.expose()));
}

TEST(Restart, TheFinalStateHoldsNoShare) {
  DkgRegion region(2, 3);
  region.start();
  region.run();
  for (const PartyId& k : region.keyholders) {
    const std::string share = to_hex(region.shares.at(k).x_i.expose());
    EXPECT_EQ(to_hex(region.durable.at(k).expose()).find(share), std::string::npos);
  }
}

TEST(Restart, WithAnotherCertificateAbortsAndTellsTheHub) {
  DkgRegion region(2, 3);
  const PartyId keeper = region.keyholders[0];
  std::optional<SecretBytes> state;
  region.before_delivery = [&](const Wire& w) {
    if (w.type == MessageType::dkg_signature && !state)
      state = SecretBytes::copy_from(region.durable.at(keeper).expose());
  };
  region.start();
  region.run();
  const std::string share = to_hex(region.shares.at(keeper).x_i.expose());
  const SessionId session = *region.hub->session();

  region.keys[1] = generate_dkg_static_key(region.rng);  // another party renewed its certificate
  auto restored =
      Participant::restore(region.setup(), keeper, region.secret(keeper), state->expose());
  ASSERT_TRUE(restored.ok());
  EXPECT_TRUE(restored->participant.finished());
  EXPECT_EQ(restored->participant.failure()->reason, DkgAbortReason::abandoned);
  ASSERT_EQ(restored->step.send.size(), 1U);
  EXPECT_EQ(DkgAbort::decode(restored->step.send[0].body).value(),
            (DkgAbort{session, DkgAbortReason::abandoned, keeper}));
  EXPECT_EQ(to_hex(restored->step.state->expose()).find(share), std::string::npos);

  const auto hub = Coordinator::restore(region.setup(), region.parties, DkgRegion::kPatience,
                                        region.durable.at(region.hub_id).expose());
  EXPECT_FALSE(hub.ok());
}

TEST(Restart, FromDamagedStateIsRefused) {
  DkgRegion region(2, 3);
  const PartyId keeper = region.keyholders[0];
  std::vector<Bytes> states;  // one of each stage
  region.before_delivery = [&](const Wire&) {
    states.push_back(to_bytes(region.participants.at(keeper).save().expose()));
  };
  region.start();
  region.run();
  states.push_back(to_bytes(region.participants.at(keeper).save().expose()));
  for (const Bytes& state : states) {
    const auto restore = [&](ByteView bytes) {
      return Participant::restore(region.setup(), keeper, region.secret(keeper), bytes).ok();
    };
    ASSERT_TRUE(restore(state));
    for (std::size_t size = 0; size < state.size(); size += 7)
      EXPECT_FALSE(restore(ByteView(state).first(size))) << size;
    Bytes bad = state;
    bad.push_back(0);
    EXPECT_FALSE(restore(bad));
    bad = state;
    bad[0] = 2;
    EXPECT_FALSE(restore(bad));
    bad = state;
    bad[1] = 9;
    EXPECT_FALSE(restore(bad));
  }
}

TEST(Restart, OfTheHubFromDamagedStateIsRefused) {
  DkgRegion region(2, 3);
  std::vector<Bytes> states;
  region.before_delivery = [&](const Wire&) {
    states.push_back(to_bytes(region.hub->save().expose()));
  };
  region.start();
  region.run();
  states.push_back(to_bytes(region.hub->save().expose()));
  for (const Bytes& state : states) {
    const auto restore = [&](ByteView bytes) {
      return Coordinator::restore(region.setup(), region.parties, DkgRegion::kPatience, bytes).ok();
    };
    ASSERT_TRUE(restore(state));
    for (std::size_t size = 0; size < state.size(); size += 7)
      EXPECT_FALSE(restore(ByteView(state).first(size))) << size;
    Bytes bad = state;
    bad[0] = 2;
    EXPECT_FALSE(restore(bad));
  }
}

TEST(Restart, ADoneHubStillKnowsTheKeyAndAFailedOneTheCulprit) {
  DkgRegion region(2, 3);
  region.start();
  region.run();
  const KeyInfo info = *region.hub->key_info();
  region.restart(region.hub_id);
  EXPECT_EQ(*region.hub->key_info(), info);

  DkgRegion late(2, 3);
  late.relay = [](Wire w) {
    return w.type == MessageType::dkg_round1 ? std::vector<Wire>{} : std::vector<Wire>{w};
  };
  late.start();
  late.run();
  late.carry_out(late.hub_id, late.hub->on_time(late.now + DkgRegion::kPatience));
  late.run();
  late.restart(late.hub_id);
  for (const PartyId& k : late.keyholders) late.restart(k);
  late.expect_failed(DkgAbortReason::out_of_time, late.keyholders[0]);
}

}  // namespace
}  // namespace hedgerow::protocol
