// A keyholder against a hub that lies, alters or equivocates, and against other keyholders.
#include "tests/protocol/dkg/dkg_region.h"

namespace hedgerow::protocol {
namespace {

// Three keyholders and a hub that is the test itself: honest until a test bends it.
class HostileHub : public testing::Test {
 protected:
  DkgRegion region{2, 3};
  SessionId session{{7, 7, 7}};

  DkgStart start_message() const {
    return {session, derive_key_id(region.setup().lineage(), session), 2, region.keyholders};
  }
  Participant& at(std::size_t i) { return region.participants.at(region.keyholders[i]); }
  Result<Step> tell(std::size_t i, MessageType type, const Bytes& body) {
    return at(i).receive(region.hub_id, type, body, region.now, region.rng);
  }

  std::vector<SignedRound1> round1() {
    std::vector<SignedRound1> out;
    for (std::size_t i = 0; i < 3; ++i) {
      const Step step = tell(i, MessageType::dkg_start, start_message().encode()).value();
      out.push_back(DkgRound1Message::decode(step.send.at(0).body)->round1);
    }
    return out;
  }
  Result<Step> relay(std::size_t i, std::vector<SignedRound1> messages) {
    return tell(i, MessageType::dkg_round2,
                DkgRound2Message{session, std::move(messages)}.encode());
  }
  DkgSignature sign(std::size_t i, const std::vector<SignedRound1>& messages) {
    return DkgSignatureMessage::decode(relay(i, messages)->send.at(0).body)->signature;
  }
  Result<Step> certify(std::size_t i, std::vector<DkgSignature> signatures) {
    return tell(i, MessageType::dkg_certificate,
                DkgCertificateMessage{session, std::move(signatures)}.encode());
  }

  // The step ends the run, tells the hub, names the culprit and keeps nothing.
  void expect_abort(std::size_t i, const Result<Step>& step, DkgAbortReason reason,
                    const PartyId& culprit) {
    ASSERT_TRUE(step.ok()) << step.error().text;
    EXPECT_TRUE(step->finished);
    ASSERT_TRUE(at(i).failure().has_value());
    EXPECT_EQ(at(i).failure()->reason, reason);
    EXPECT_EQ(at(i).failure()->culprit, culprit);
    EXPECT_NE(at(i).failure()->text.find(culprit.str()), std::string::npos);
    EXPECT_FALSE(at(i).take_key().has_value());
    EXPECT_TRUE(at(i).certificate().empty());
    ASSERT_EQ(step->send.size(), 1U);
    EXPECT_EQ(step->send[0].type, MessageType::dkg_abort);
    EXPECT_EQ(step->send[0].to, region.hub_id);
    EXPECT_EQ(DkgAbort::decode(step->send[0].body).value(), (DkgAbort{session, reason, culprit}));
    ASSERT_TRUE(step->state.has_value());
    EXPECT_LT(step->state->size(), 256U);  // no message, transcript or share is in it
    ASSERT_EQ(step->log.size(), 1U);
    EXPECT_EQ(step->log[0].kind, "key.abort");
    EXPECT_EQ(field(step->log[0], "culprit"), culprit.str());
  }
  const PartyId& keeper(std::size_t i) const { return region.keyholders[i]; }
  // As it would be after a restart now.
  Participant restored_copy(std::size_t i) {
    return std::move(Participant::restore(region.setup(), keeper(i), region.secret(keeper(i)),
                                          at(i).save().expose())
                         .value()
                         .participant);
  }
};

TEST_F(HostileHub, HonestlyPlayedGivesTheKey) {
  const auto messages = round1();
  std::vector<DkgSignature> signatures;
  for (std::size_t i = 0; i < 3; ++i) signatures.push_back(sign(i, messages));
  for (std::size_t i = 0; i < 3; ++i) {
    const Step step = certify(i, signatures).value();
    EXPECT_TRUE(step.finished);
    EXPECT_TRUE(step.send.empty());
    EXPECT_TRUE(accept_key_ready(region.setup(), at(i).certificate()).ok());
    EXPECT_TRUE(at(i).take_key().has_value());
    EXPECT_FALSE(at(i).take_key().has_value());  // once
  }
}

TEST_F(HostileHub, StartWithOtherParticipantsThresholdOrKeyIdAborts) {
  std::vector<DkgStart> bad(4, start_message());
  bad[0].keyholders.pop_back();
  bad[1].keyholders[1] = party("stranger");
  bad[2].threshold = 1;
  bad[3].key_id.bytes[0] ^= 1U;
  for (const DkgStart& start : bad) {
    region.participants.at(keeper(0)) = region.make_participant(keeper(0));
    expect_abort(0, tell(0, MessageType::dkg_start, start.encode()), DkgAbortReason::start_differs,
                 region.hub_id);
  }
}

TEST_F(HostileHub, TwoStartsOfOneSessionAbort) {
  ASSERT_TRUE(tell(0, MessageType::dkg_start, start_message().encode()).ok());
  DkgStart other = start_message();
  other.threshold = 1;
  expect_abort(0, tell(0, MessageType::dkg_start, other.encode()), DkgAbortReason::contradiction,
               region.hub_id);
}

TEST_F(HostileHub, AnyByteAlteredInTheRelayBlamesTheHub) {
  const auto messages = round1();
  const std::size_t size = messages[1].message.size();
  for (std::size_t at_byte = 0; at_byte < size; at_byte += 13) {
    auto altered = messages;
    altered[1].message[at_byte] ^= 1U;
    Participant fresh = restored_copy(0);
    std::swap(at(0), fresh);
    expect_abort(0, relay(0, altered), DkgAbortReason::altered_in_relay, region.hub_id);
    std::swap(at(0), fresh);
  }
}

TEST_F(HostileHub, MissingSwappedAddedOrForeignMessagesBlameTheHub) {
  const auto messages = round1();
  std::vector<std::vector<SignedRound1>> bad(5, messages);
  bad[0].pop_back();
  std::swap(bad[1][1], bad[1][2]);
  bad[2].push_back(messages[1]);
  bad[3][1] = messages[2];
  bad[4][0] = messages[1];  // the own place
  for (const auto& list : bad) {
    Participant fresh = restored_copy(0);
    std::swap(at(0), fresh);
    expect_abort(0, relay(0, list), DkgAbortReason::altered_in_relay, region.hub_id);
    std::swap(at(0), fresh);
  }
}

TEST_F(HostileHub, AnOwnMessageReplacedByAnotherOwnOneBlamesTheHub) {
  // Even one with a good signature: of an earlier run, or by a twin.
  auto messages = round1();
  SeededRandom rng = seeded(99);
  const Bytes twin =
      DkgRound1::begin(region.setup().parameters(session), 1, region.secret(keeper(0)), rng)
          ->message()
          .encode();
  messages[0] = resign(region, session, keeper(0), twin);
  expect_abort(0, relay(0, messages), DkgAbortReason::altered_in_relay, region.hub_id);
}

TEST_F(HostileHub, AMalformedMessageThatItsSenderSignedBlamesTheSender) {
  const auto messages = round1();
  std::vector<Bytes> bad;
  Bytes zero_commitment = messages[1].message;
  std::fill_n(zero_commitment.begin(), 32, std::uint8_t{0});
  bad.push_back(zero_commitment);
  Bytes bad_proof = messages[1].message;
  bad_proof[2 * 32 + 32] ^= 1U;  // z of the proof of possession
  bad.push_back(bad_proof);
  Bytes longer = messages[1].message;
  longer.push_back(0);
  bad.push_back(longer);
  bad.push_back({});
  for (const Bytes& message : bad) {
    auto list = messages;
    list[1] = resign(region, session, keeper(1), message);
    Participant fresh = restored_copy(0);
    std::swap(at(0), fresh);
    expect_abort(0, relay(0, list), DkgAbortReason::bad_message, keeper(1));
    std::swap(at(0), fresh);
  }
}

TEST_F(HostileHub, AShareThatCannotBeOpenedBlamesItsSender) {
  auto messages = round1();
  Bytes message = messages[2].message;
  message[2 * 32 + 64 + 32 + 8 + 5] ^= 1U;  // in the ciphertext for the first keyholder
  messages[2] = resign(region, session, keeper(2), message);
  expect_abort(0, relay(0, messages), DkgAbortReason::bad_share, keeper(2));
  // The second keyholder's own ciphertext is good: only the first can see the fault.
  EXPECT_TRUE(relay(1, messages).ok());
  EXPECT_FALSE(at(1).finished());
}

TEST_F(HostileHub, SplitViewsEndInAbortAtEveryHonestKeyholder) {
  // Hub and third keyholder together: the first is shown another message than the second.
  const auto one = round1();
  SeededRandom rng = seeded(55);
  auto two = one;
  two[2] =
      resign(region, session, keeper(2),
             DkgRound1::begin(region.setup().parameters(session), 3, region.secret(keeper(2)), rng)
                 ->message()
                 .encode());
  const DkgSignature first = sign(0, one);
  const DkgSignature second = sign(1, two);
  // The accomplice signs whatever transcript it is asked to.
  const auto by_accomplice = [&](const std::vector<SignedRound1>& view) {
    std::vector<DkgMessage1> messages;
    const DkgParameters parameters = region.setup().parameters(session);
    for (DkgIndex j = 1; j <= 3; ++j)
      messages.push_back(DkgMessage1::decode(parameters, j, view[j - 1U].message).value());
    const auto transcript = DkgTranscript::make(parameters, messages, dkg_extension(messages));
    return dkg_sign(region.secret(keeper(2)), transcript.bytes()).value();
  };
  expect_abort(0, certify(0, {first, second, by_accomplice(one)}), DkgAbortReason::bad_signature,
               region.hub_id);
  expect_abort(1, certify(1, {first, second, by_accomplice(two)}), DkgAbortReason::bad_signature,
               region.hub_id);
}

TEST_F(HostileHub, CiphertextsShownDifferentlyToTwoDoNotCertify) {
  // The sender signs two messages that differ in a ciphertext for somebody else only. The
  // specification's transcript would not notice; the extension does.
  const auto one = round1();
  auto two = one;
  Bytes message = one[2].message;
  message[2 * 32 + 64 + 32 + 8 + 5] ^= 1U;  // for the first keyholder; shown to the second
  two[2] = resign(region, session, keeper(2), message);
  const DkgSignature first = sign(0, one);
  const DkgSignature second = sign(1, two);
  const DkgSignature third = sign(2, one);
  expect_abort(0, certify(0, {first, second, third}), DkgAbortReason::bad_signature, region.hub_id);
}

TEST_F(HostileHub, ACertificateShortSwappedOrForgedAborts) {
  const auto messages = round1();
  std::vector<DkgSignature> good;
  for (std::size_t i = 0; i < 3; ++i) good.push_back(sign(i, messages));
  std::vector<std::vector<DkgSignature>> bad(3, good);
  bad[0].pop_back();
  std::swap(bad[1][1], bad[1][2]);
  bad[2][2] = dkg_sign(region.secret(keeper(2)), as_bytes("something else")).value();
  for (const auto& list : bad) {
    Participant fresh = restored_copy(0);
    std::swap(at(0), fresh);
    expect_abort(0, certify(0, list), DkgAbortReason::bad_signature, region.hub_id);
    std::swap(at(0), fresh);
  }
}

TEST_F(HostileHub, ASecondRelayThatDiffersAborts) {
  const auto messages = round1();
  ASSERT_TRUE(relay(0, messages).ok());
  EXPECT_TRUE(relay(0, messages)->send.empty());  // a repetition
  auto other = messages;
  std::swap(other[1], other[2]);
  expect_abort(0, relay(0, other), DkgAbortReason::contradiction, region.hub_id);
}

TEST_F(HostileHub, MessagesOutOfPlaceChangeNothing) {
  const Bytes certificate = DkgCertificateMessage{session, {}}.encode();
  EXPECT_EQ(tell(0, MessageType::dkg_certificate, certificate).error().code, Code::try_again);
  EXPECT_EQ(relay(0, {}).error().code, Code::try_again);
  const auto messages = round1();
  EXPECT_EQ(tell(0, MessageType::dkg_certificate, certificate).error().code, Code::try_again);

  // Another session, another sender, another type, no message at all.
  const Bytes body = DkgRound2Message{session, messages}.encode();
  const Bytes foreign = DkgRound2Message{SessionId{{1}}, messages}.encode();
  EXPECT_FALSE(tell(0, MessageType::dkg_round2, foreign).ok());
  const auto stranger =
      at(0).receive(keeper(1), MessageType::dkg_round2, body, region.now, region.rng);
  ASSERT_FALSE(stranger.ok());
  EXPECT_EQ(stranger.error().culprit, keeper(1).str());
  EXPECT_FALSE(tell(0, MessageType::dkg_round1, body).ok());
  EXPECT_FALSE(tell(0, MessageType::dkg_round2, to_bytes(ByteView(body).first(40))).ok());
  EXPECT_FALSE(at(0).finished());
  EXPECT_TRUE(relay(0, messages).ok());  // and the run goes on
}

TEST_F(HostileHub, AnAbortFromTheHubEndsTheRunAndLeavesNoShare) {
  const auto messages = round1();
  Step signing = relay(0, messages).value();
  ASSERT_TRUE(signing.state.has_value());
  // The share is the last 32 bytes of the state that holds one.
  const std::string share = to_hex(signing.state->expose().last(32));
  const Bytes abort = DkgAbort{session, DkgAbortReason::out_of_time, keeper(2)}.encode();
  const Step step = tell(0, MessageType::dkg_abort, abort).value();
  EXPECT_TRUE(step.finished);
  EXPECT_TRUE(step.send.empty());  // the hub knows
  EXPECT_EQ(at(0).failure()->culprit, keeper(2));
  ASSERT_TRUE(step.state.has_value());
  EXPECT_EQ(to_hex(step.state->expose()).find(share), std::string::npos);
  EXPECT_FALSE(at(0).take_key().has_value());
  EXPECT_TRUE(tell(0, MessageType::dkg_abort, abort)->log.empty());  // a repetition
}

TEST_F(HostileHub, AnAbortOfARunThatNeverBeganIsNothing) {
  const Bytes abort = DkgAbort{session, DkgAbortReason::out_of_time, keeper(2)}.encode();
  EXPECT_FALSE(tell(0, MessageType::dkg_abort, abort)->finished);
  EXPECT_FALSE(at(0).finished());
}

TEST_F(HostileHub, KeyReadyThatIsNotCertifiedBlamesTheHub) {
  const auto messages = round1();
  std::vector<DkgSignature> signatures;
  for (std::size_t i = 0; i < 3; ++i) signatures.push_back(sign(i, messages));
  ASSERT_TRUE(certify(0, signatures).ok());
  const KeyReady good = KeyReady::decode(at(0).certificate()).value();
  ASSERT_TRUE(accept_key_ready(region.setup(), good.encode()).ok());

  std::vector<KeyReady> bad(4, good);
  bad[0].session.bytes[0] ^= 1U;
  bad[1].signatures.pop_back();
  std::swap(bad[2].signatures[0], bad[2].signatures[1]);
  bad[3].transcript.back() ^= 1U;  // the extension
  for (const KeyReady& message : bad) {
    const auto refused = accept_key_ready(region.setup(), message.encode());
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().culprit, region.hub_id.str());
  }
  EXPECT_FALSE(accept_key_ready(region.setup(), {}).ok());
  // Another agreement's parties do not take it either.
  EXPECT_FALSE(accept_key_ready(DkgRegion(1, 3).setup(), good.encode()).ok());
  EXPECT_FALSE(accept_key_ready(DkgRegion(2, 3, 9).setup(), good.encode()).ok());
}

TEST_F(HostileHub, AbandonTellsTheHubOnce) {
  const Step before = at(1).abandon();  // nothing has begun: nobody to tell
  EXPECT_TRUE(before.finished);
  EXPECT_TRUE(before.send.empty());
  ASSERT_TRUE(tell(0, MessageType::dkg_start, start_message().encode()).ok());
  const Step step = at(0).abandon();
  EXPECT_TRUE(step.finished);
  ASSERT_EQ(step.send.size(), 1U);
  EXPECT_EQ(DkgAbort::decode(step.send[0].body)->reason, DkgAbortReason::abandoned);
  EXPECT_FALSE(at(0).abandon().finished);
}

TEST_F(HostileHub, OnlyAKeyholderWithItsOwnKeyCanTakePart) {
  EXPECT_FALSE(Participant::make(region.setup(), party("reader-a"), region.secret(keeper(0))).ok());
  EXPECT_FALSE(Participant::make(region.setup(), keeper(0), region.secret(keeper(1))).ok());
  EXPECT_FALSE(Participant::make(region.setup(), keeper(0), SecretScalar{}).ok());
}

}  // namespace
}  // namespace hedgerow::protocol
