#include "crypto/dkg.h"

#include "tests/crypto/dkg/dkg_fixture.h"

namespace hedgerow {
namespace {

TEST(Dkg, AnyThresholdOfSharesIsTheDiscreteLogarithmOfTheGroupKey) {
  for (DkgIndex n = 2; n <= 5; ++n)
    for (DkgIndex t = 1; t <= n; ++t) {
      const auto outputs = DkgGroup(t, n).outputs();
      std::vector<DkgIndex> first, last;
      for (DkgIndex i = 1; i <= t; ++i) first.push_back(i);
      for (DkgIndex i = n; i > n - t; --i) last.push_back(i);
      const Element y = outputs[0].key.group_key;
      EXPECT_EQ(multiply_base(recover(outputs, first)).value(), y) << t << " of " << n;
      EXPECT_EQ(multiply_base(recover(outputs, last)).value(), y) << t << " of " << n;
      if (t > 1) {
        first.pop_back();
        EXPECT_NE(multiply_base(recover(outputs, first)).value(), y);
      }
    }
}

TEST(Dkg, AllAgreeOnThePublicKeyAndShareFitsVerificationShare) {
  const auto outputs = DkgGroup(3, 5).outputs();
  for (const DkgOutput& o : outputs) {
    EXPECT_EQ(o.key.group_key, outputs[0].key.group_key);
    EXPECT_EQ(o.key.verification_shares, outputs[0].key.verification_shares);
    EXPECT_EQ(o.key.transcript_hash, outputs[0].key.transcript_hash);
    EXPECT_EQ(multiply_base(o.share).value(), o.key.verification_shares[o.index - 1U]);
  }
}

TEST(Dkg, RefusesAStaticSecretThatIsNotItsOwn) {
  const DkgGroup group(2, 3);
  SeededRandom rng = seeded(5);
  EXPECT_FALSE(DkgRound1::begin(*group.parameters, 1, group.secret(2), rng).ok());
  EXPECT_FALSE(DkgRound1::begin(*group.parameters, 1, SecretScalar{}, rng).ok());
  EXPECT_FALSE(dkg_public_key(SecretScalar{}).ok());
}

TEST(Dkg, RefusesAPayloadBeyondTheMaximum) {
  const DkgGroup group(2, 2);
  SeededRandom rng = seeded(5);
  const Bytes payload(kDkgMaxPayload + 1);
  EXPECT_FALSE(DkgRound1::begin(*group.parameters, 1, group.secret(1), rng, payload).ok());
  EXPECT_TRUE(DkgRound1::begin(*group.parameters, 1, group.secret(1), rng,
                               ByteView(payload).first(kDkgMaxPayload))
                  .ok());
}

TEST(DkgRound1, NamesWhoSentAProofThatDoesNotHold) {
  const DkgGroup group(2, 3);
  auto rounds = group.round1();
  auto all = DkgGroup::messages(rounds);
  all[1].proof = all[2].proof;
  const auto result = std::move(rounds[0]).receive(all);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().culprit, "p2");
}

TEST(DkgRound1, NamesWhoSentAShareThatCannotBeOpened) {
  const DkgGroup group(2, 3);
  auto rounds = group.round1();
  auto all = DkgGroup::messages(rounds);
  all[2].ciphertexts[0][0] ^= 1U;
  const auto result = std::move(rounds[0]).receive(all);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().culprit, "p3");
}

TEST(DkgRound1, NamesWhoSentAShareOffItsPolynomial) {
  // p3 commits to one polynomial and deals another under the same ephemeral key: every
  // ciphertext opens, and only the check against the commitment can tell.
  const DkgGroup group(2, 3);
  auto rounds = group.round1();
  const auto all = DkgGroup::messages(rounds);
  class Replay : public Random {
   public:
    explicit Replay(Bytes bytes) : bytes_(std::move(bytes)) {}
    void fill(std::span<std::uint8_t> out) override {
      for (auto& b : out) b = bytes_.at(at_++);
    }

   private:
    Bytes bytes_;
    std::size_t at_ = 0;
  };
  Bytes honest(3 * 64, 1), bent(3 * 64, 1);
  for (std::size_t i = 64; i < 128; ++i) bent[i] = 2;  // a_1 differs
  Replay honest_rng(honest), bent_rng(bent);
  const DkgMessage1 committed =
      DkgRound1::begin(*group.parameters, 3, group.secret(3), honest_rng)->message();
  const DkgMessage1 dealt =
      DkgRound1::begin(*group.parameters, 3, group.secret(3), bent_rng)->message();
  ASSERT_EQ(committed.ephemeral, dealt.ephemeral);
  auto bad = all;
  bad[2] = committed;
  bad[2].ciphertexts = dealt.ciphertexts;
  const auto result = std::move(rounds[0]).receive(bad);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().culprit, "p3");
  EXPECT_NE(result.error().text.find("committed polynomial"), std::string::npos);
}

TEST(DkgRound1, RefusesAnAlteredOwnMessageWithoutBlamingAParticipant) {
  const DkgGroup group(2, 3);
  auto rounds = group.round1();
  auto all = DkgGroup::messages(rounds);
  all[0].ciphertexts[1][3] ^= 1U;
  const auto result = std::move(rounds[0]).receive(all);
  ASSERT_FALSE(result.ok());
  EXPECT_TRUE(result.error().culprit.empty());
}

TEST(DkgRound1, RefusesAMissingMessage) {
  const DkgGroup group(2, 3);
  auto rounds = group.round1();
  auto all = DkgGroup::messages(rounds);
  all.pop_back();
  EXPECT_FALSE(std::move(rounds[0]).receive(all).ok());
}

TEST(DkgRound1, MessageOfAnotherSessionIsRefused) {
  const DkgGroup group(2, 3);
  const DkgGroup other(2, 3, "another session");
  auto rounds = group.round1();
  auto all = DkgGroup::messages(rounds);
  all[1] = other.round1()[1].message();
  const auto result = std::move(rounds[0]).receive(all);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().culprit, "p2");
}

TEST(DkgRound1, ResumesFromItsOwnMessage) {
  const DkgGroup group(2, 3);
  auto rounds = group.round1();
  const auto all = DkgGroup::messages(rounds);
  auto resumed = DkgRound1::resume(*group.parameters, 1, group.secret(1), all[0]).value();
  const auto again = std::move(resumed).receive(all).value().certify({}).value();
  const auto before = std::move(rounds[0]).receive(all).value().certify({}).value();
  EXPECT_EQ(again.signature(), before.signature());
  EXPECT_EQ(to_hex(again.share().expose()), to_hex(before.share().expose()));
  EXPECT_FALSE(DkgRound1::resume(*group.parameters, 1, group.secret(2), all[0]).ok());
}

TEST(DkgRound3, NamesWhoseSignatureDoesNotHold) {
  const DkgGroup group(2, 3);
  auto rounds = group.round3();
  auto all = DkgGroup::signatures(rounds);
  all[1] = all[2];
  const auto result = std::move(rounds[0]).finish(all);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().culprit, "p2");
}

TEST(DkgRound3, RefusesACertificateWithOneSignatureMissing) {
  const DkgGroup group(2, 3);
  auto rounds = group.round3();
  auto all = DkgGroup::signatures(rounds);
  all.pop_back();
  EXPECT_FALSE(std::move(rounds[0]).finish(all).ok());
}

TEST(DkgRound3, SplitViewsDoNotCertify) {
  // A relay shows p3 another (valid) message of p1 than it shows p2: p3's signature fails at p2.
  const DkgGroup group(2, 3);
  auto rounds = group.round1();
  const auto all = DkgGroup::messages(rounds);
  SeededRandom rng = seeded(88);
  auto other = all;
  other[0] = DkgRound1::begin(*group.parameters, 1, group.secret(1), rng)->message();
  auto honest = std::move(rounds[1]).receive(all).value().certify({}).value();
  const auto split = std::move(rounds[2]).receive(other).value().certify({}).value();
  const auto first = std::move(rounds[0]).receive(all).value().certify({}).value();
  const std::vector<DkgSignature> signatures{first.signature(), honest.signature(),
                                             split.signature()};
  const auto result = std::move(honest).finish(signatures);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().culprit, "p3");
}

TEST(DkgRound3, DifferentExtensionsDoNotCertify) {
  const DkgGroup group(2, 2);
  auto one = group.round3(as_bytes("one"));
  const auto two = group.round3(as_bytes("two"));
  const std::vector<DkgSignature> mixed{one[0].signature(), two[1].signature()};
  EXPECT_FALSE(std::move(one[0]).finish(mixed).ok());
}

TEST(DkgRound3, ResumesWithTheSameSignatureAndRefusesAnotherShare) {
  const DkgGroup group(2, 3);
  auto rounds = group.round3();
  const auto all = DkgGroup::signatures(rounds);
  const Bytes transcript = rounds[0].transcript().bytes();
  auto resumed = DkgRound3::resume(*group.parameters, 1, group.secret(1), transcript,
                                   rounds[0].share().clone());
  ASSERT_TRUE(resumed.ok());
  EXPECT_EQ(resumed->signature(), rounds[0].signature());
  EXPECT_TRUE(std::move(*resumed).finish(all).ok());
  EXPECT_FALSE(DkgRound3::resume(*group.parameters, 1, group.secret(1), transcript,
                                 rounds[1].share().clone())
                   .ok());
  const DkgGroup other(2, 3, "another session");
  EXPECT_FALSE(DkgRound3::resume(*other.parameters, 1, other.secret(1), transcript,
                                 rounds[0].share().clone())
                   .ok());
}

TEST(DkgVerifyCertificate, RefusesAnotherSetup) {
  const DkgGroup group(2, 3);
  const auto rounds = group.round3();
  const auto all = DkgGroup::signatures(rounds);
  EXPECT_TRUE(dkg_verify_certificate(*group.parameters, rounds[0].transcript(), all).ok());
  const DkgGroup session(2, 3, "another session");
  EXPECT_FALSE(dkg_verify_certificate(*session.parameters, rounds[0].transcript(), all).ok());
  const auto threshold = DkgParameters::make(3, group.peers(), group.parameters->context()).value();
  EXPECT_FALSE(dkg_verify_certificate(threshold, rounds[0].transcript(), all).ok());
  auto peers = group.peers();
  SeededRandom rng = seeded(6);
  peers[1].static_key = generate_dkg_static_key(rng).public_key;
  const auto key = DkgParameters::make(2, peers, group.parameters->context()).value();
  EXPECT_FALSE(dkg_verify_certificate(key, rounds[0].transcript(), all).ok());
}

class DkgRecovery : public testing::Test {
 protected:
  const DkgGroup group{2, 3};
  const std::vector<DkgMessage1> messages = DkgGroup::messages(group.round1());
  const std::vector<DkgRound3> rounds = group.round3();
  const std::vector<DkgSignature> signatures = DkgGroup::signatures(rounds);
  const Bytes transcript = rounds[0].transcript().bytes();

  Bytes bundle(DkgIndex i) const {
    std::vector<Bytes> out;
    for (const DkgMessage1& m : messages) out.push_back(m.ciphertexts[i - 1U]);
    return dkg_encode_bundle(out);
  }
};

TEST_F(DkgRecovery, GivesEveryParticipantItsShare) {
  for (DkgIndex i = 1; i <= 3; ++i) {
    const auto output = dkg_recover(group.secret(i), transcript, signatures, bundle(i));
    ASSERT_TRUE(output.ok()) << output.error().text;
    EXPECT_EQ(output->index, i);
    EXPECT_EQ(to_hex(output->share.expose()), to_hex(rounds[i - 1U].share().expose()));
  }
}

TEST_F(DkgRecovery, RefusesAnothersBundleAStrangerAndABadCertificate) {
  EXPECT_FALSE(dkg_recover(group.secret(1), transcript, signatures, bundle(2)).ok());
  SeededRandom rng = seeded(4);
  const DkgStaticKey stranger = generate_dkg_static_key(rng);
  EXPECT_FALSE(dkg_recover(stranger.secret, transcript, signatures, bundle(1)).ok());
  auto bad = signatures;
  bad[2] = bad[0];
  const auto refused = dkg_recover(group.secret(1), transcript, bad, bundle(1));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().culprit, "3");
}

TEST_F(DkgRecovery, NamesTheSenderOfACiphertextThatWasDamaged) {
  Bytes damaged = bundle(1);
  damaged[(8 + 48) + 8] ^= 1U;
  const auto refused = dkg_recover(group.secret(1), transcript, signatures, damaged);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().culprit, "2");
}

}  // namespace
}  // namespace hedgerow
