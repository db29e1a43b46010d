// The hub against keyholders that lie, contradict themselves or stay away.
#include "tests/protocol/dkg/dkg_region.h"

namespace hedgerow::protocol {
namespace {

// Replaces the first message of `type` that `who` sends.
void bend(DkgRegion& region, const PartyId& who, MessageType type,
          std::function<Bytes(const Bytes&)> change) {
  region.relay = [who, type, change = std::move(change)](Wire w) {
    if (w.from == who && w.type == type) w.body = change(w.body);
    return std::vector<Wire>{std::move(w)};
  };
}

TEST(Coordinator, NamesAKeyholderWhoseMessageIsNotSignedByIt) {
  DkgRegion region(2, 3);
  bend(region, region.keyholders[1], MessageType::dkg_round1, [](Bytes body) {
    body[16 + 4 + 20] ^= 1U;
    return body;
  });
  region.start();
  region.run();
  region.expect_failed(DkgAbortReason::bad_message, region.keyholders[1]);
}

TEST(Coordinator, NamesAKeyholderWhoseProofDoesNotHold) {
  DkgRegion region(2, 3);
  const PartyId liar = region.keyholders[2];
  bend(region, liar, MessageType::dkg_round1, [&](const Bytes& body) {
    DkgRound1Message m = DkgRound1Message::decode(body).value();
    m.round1.message[2 * 32 + 32] ^= 1U;
    m.round1 = resign(region, m.session, liar, m.round1.message);
    return m.encode();
  });
  region.start();
  region.run();
  region.expect_failed(DkgAbortReason::bad_message, liar);
}

TEST(Coordinator, SpreadsWhatAKeyholderReportsOfABadShare) {
  DkgRegion region(2, 3);
  const PartyId liar = region.keyholders[2];
  bend(region, liar, MessageType::dkg_round1, [&](const Bytes& body) {
    DkgRound1Message m = DkgRound1Message::decode(body).value();
    m.round1.message[2 * 32 + 64 + 32 + 8 + 3] ^= 1U;  // the first keyholder's ciphertext
    m.round1 = resign(region, m.session, liar, m.round1.message);
    return m.encode();
  });
  region.start();
  region.run();
  region.expect_failed(DkgAbortReason::bad_share, liar, liar);
  const LogNote& note = region.logs.at(region.hub_id).back();
  EXPECT_EQ(note.kind, "key.abort");
  EXPECT_EQ(field(note, "reported-by"), region.keyholders[0].str());
}

TEST(Coordinator, NamesAKeyholderWhoseSignatureDoesNotHold) {
  DkgRegion region(2, 3);
  const PartyId liar = region.keyholders[0];
  bend(region, liar, MessageType::dkg_signature, [&](const Bytes& body) {
    DkgSignatureMessage m = DkgSignatureMessage::decode(body).value();
    m.signature = dkg_sign(region.secret(liar), as_bytes("another transcript")).value();
    return m.encode();
  });
  region.start();
  region.run();
  region.expect_failed(DkgAbortReason::bad_signature, liar);
}

TEST(Coordinator, NamesAKeyholderThatSendsTwoMessagesInOnePlace) {
  DkgRegion region(2, 3);
  const PartyId liar = region.keyholders[1];
  region.start();
  region.relay = [&](Wire w) {
    std::vector<Wire> out{w};
    if (w.from == liar && w.type == MessageType::dkg_round1) {
      DkgRound1Message m = DkgRound1Message::decode(w.body).value();
      m.round1 = resign(region, m.session, liar, Bytes{1, 2, 3});
      w.body = m.encode();
      out.push_back(w);
    }
    return out;
  };
  region.run();
  region.expect_failed(DkgAbortReason::contradiction, liar);
}

TEST(Coordinator, NamesAMissingKeyholderWhenPatienceEnds) {
  DkgRegion region(2, 3);
  const PartyId silent = region.keyholders[1];
  region.relay = [&](Wire w) {
    return w.from == silent ? std::vector<Wire>{} : std::vector<Wire>{std::move(w)};
  };
  region.start();
  region.run();
  EXPECT_EQ(region.hub->missing(), std::vector<PartyId>{silent});
  region.now += DkgRegion::kPatience - std::chrono::milliseconds(1);
  EXPECT_FALSE(region.hub->on_time(region.now).finished);
  region.now += std::chrono::milliseconds(1);
  region.carry_out(region.hub_id, region.hub->on_time(region.now));
  region.run();
  region.expect_failed(DkgAbortReason::out_of_time, silent);
  EXPECT_FALSE(region.hub->on_time(region.now).finished);  // once
}

TEST(Coordinator, StartsAgainAfterAnAbortWithANewSession) {
  DkgRegion region(2, 3);
  bend(region, region.keyholders[1], MessageType::dkg_signature, [&](const Bytes& body) {
    DkgSignatureMessage m = DkgSignatureMessage::decode(body).value();
    m.signature = dkg_sign(region.secret(region.keyholders[1]), as_bytes("wrong")).value();
    return m.encode();
  });
  region.start();
  region.run();
  const SessionId first = *region.hub->session();
  ASSERT_TRUE(region.hub->failure().has_value());
  region.relay = nullptr;
  region.start_again();
  region.run();
  EXPECT_NE(*region.hub->session(), first);
  region.expect_complete();
}

TEST(Coordinator, MessagesOutOfPlaceChangeNothing) {
  DkgRegion region(2, 3);
  const PartyId keeper = region.keyholders[0];
  const auto receive = [&](const PartyId& from, MessageType type, const Bytes& body) {
    return region.hub->receive(from, type, body, region.now);
  };
  const DkgSignature signature = dkg_sign(region.secret(keeper), as_bytes("x")).value();
  EXPECT_EQ(receive(keeper, MessageType::dkg_round1, {}).error().code, Code::try_again);
  region.start();
  const SessionId session = *region.hub->session();
  const Bytes early = DkgSignatureMessage{session, signature}.encode();
  EXPECT_EQ(receive(keeper, MessageType::dkg_signature, early).error().code, Code::try_again);
  const Bytes foreign = DkgSignatureMessage{SessionId{{9}}, signature}.encode();
  EXPECT_FALSE(receive(keeper, MessageType::dkg_signature, foreign).ok());
  const auto stranger = receive(party("reader-a"), MessageType::dkg_signature, early);
  ASSERT_FALSE(stranger.ok());
  EXPECT_EQ(stranger.error().culprit, "reader-a");
  EXPECT_FALSE(receive(keeper, MessageType::dkg_round2, early).ok());
  EXPECT_FALSE(receive(keeper, MessageType::dkg_round1, Bytes{1, 2, 3}).ok());
  region.run();
  region.expect_complete();
  EXPECT_TRUE(receive(keeper, MessageType::dkg_signature, early)->send.empty());
}

TEST(Coordinator, AbandonTellsEveryKeyholder) {
  DkgRegion region(2, 3);
  EXPECT_FALSE(region.hub->abandon().finished);  // nothing has begun
  region.start();
  Step step = region.hub->abandon();
  EXPECT_TRUE(step.finished);
  region.carry_out(region.hub_id, std::move(step));
  region.run();
  region.expect_failed(DkgAbortReason::abandoned, {});
}

TEST(Coordinator, ResultsOutliveANodeThatIsDownForDays) {
  DkgRegion region(2, 3);
  std::map<MessageType, std::chrono::seconds> lifetimes;
  region.start();
  while (!region.queue.empty()) {
    Wire wire = std::move(region.queue.front());
    region.queue.pop_front();
    Step step = region.handle(wire).value();
    for (const Outgoing& o : step.send) lifetimes[o.type] = o.lifetime;
    region.carry_out(wire.to, std::move(step));
  }
  EXPECT_EQ(lifetimes.at(MessageType::dkg_round2), DkgRegion::kPatience);
  EXPECT_EQ(lifetimes.at(MessageType::dkg_certificate), std::chrono::hours(24 * 30));
  EXPECT_EQ(lifetimes.at(MessageType::key_ready), std::chrono::hours(24 * 30));
}

}  // namespace
}  // namespace hedgerow::protocol
