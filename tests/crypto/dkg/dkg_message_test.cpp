#include "crypto/dkg_message.h"

#include "tests/crypto/dkg/dkg_fixture.h"

namespace hedgerow {
namespace {

TEST(DkgParameters, RefuseWhatTheSetupForbids) {
  const DkgGroup group(2, 3);
  const auto peers = group.peers();
  const Bytes context = to_bytes("context");
  EXPECT_TRUE(DkgParameters::make(1, peers, context).ok());
  EXPECT_TRUE(DkgParameters::make(3, peers, context).ok());
  EXPECT_FALSE(DkgParameters::make(0, peers, context).ok());
  EXPECT_FALSE(DkgParameters::make(4, peers, context).ok());
  EXPECT_FALSE(DkgParameters::make(1, {}, context).ok());
  EXPECT_FALSE(DkgParameters::make(2, peers, {}).ok());
  EXPECT_FALSE(DkgParameters::make(2, peers, Bytes(kDkgMaxContext + 1)).ok());
  auto twice = peers;
  twice[2].static_key = twice[0].static_key;
  const auto refused = DkgParameters::make(2, twice, context);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().culprit, "p3");
}

TEST(DkgParameters, RefuseMoreParticipantsThanTheMaximum) {
  SeededRandom rng = seeded(3);
  std::vector<DkgPeer> peers;
  for (std::size_t i = 0; i < kDkgMaxParticipants; ++i)
    peers.push_back({"p", generate_dkg_static_key(rng).public_key});
  EXPECT_TRUE(DkgParameters::make(2, peers, to_bytes("c")).ok());
  peers.push_back({"p", generate_dkg_static_key(rng).public_key});
  EXPECT_FALSE(DkgParameters::make(2, peers, to_bytes("c")).ok());
}

TEST(DkgContext, ChangesWithSessionOrderAndKeys) {
  const DkgGroup group(2, 3);
  auto peers = group.peers();
  const Bytes context = dkg_context(as_bytes("s"), peers);
  EXPECT_NE(context, dkg_context(as_bytes("t"), peers));
  std::swap(peers[0], peers[1]);
  EXPECT_NE(context, dkg_context(as_bytes("s"), peers));
  peers.pop_back();
  EXPECT_NE(context, dkg_context(as_bytes("s"), peers));
}

class DkgMessageBytes : public testing::Test {
 protected:
  const DkgGroup group{2, 3};
  const DkgMessage1 message = group.round1()[1].message();
  const Bytes good = message.encode();

  Result<DkgMessage1> decode(ByteView bytes) const {
    return DkgMessage1::decode(*group.parameters, 2, bytes);
  }
  void expect_refused(ByteView bytes) const {
    const auto decoded = decode(bytes);
    ASSERT_FALSE(decoded.ok());
    EXPECT_EQ(decoded.error().culprit, "p2");
  }
};

TEST_F(DkgMessageBytes, RoundTripAndHaveTheSizeOfTheSpecification) {
  EXPECT_EQ(decode(good).value(), message);
  EXPECT_EQ(good.size(), 2U * 32 + 64 + 32 + 3 * (8 + 48));
}

TEST_F(DkgMessageBytes, AreRefusedAtEveryOtherLength) {
  for (std::size_t size = 0; size < good.size(); ++size) expect_refused(ByteView(good).first(size));
  Bytes longer = good;
  longer.push_back(0);
  expect_refused(longer);
}

TEST_F(DkgMessageBytes, RefuseTheIdentityAsCommitmentOrEphemeralKey) {
  for (const std::size_t at : {std::size_t{0}, std::size_t{32}, std::size_t{128}}) {
    Bytes bad = good;
    std::fill_n(bad.begin() + static_cast<std::ptrdiff_t>(at), 32, std::uint8_t{0});
    expect_refused(bad);
  }
}

TEST_F(DkgMessageBytes, RefuseCiphertextLengthsOutsideTheBounds) {
  const std::size_t frame = 160;  // the first ciphertext's length
  for (const std::uint8_t length : Bytes{0, 47, 49, 255}) {
    Bytes bad = good;
    bad[frame + 7] = length;
    expect_refused(bad);
  }
  Bytes huge = good;
  huge[frame] = 0xff;
  expect_refused(huge);
}

TEST(DkgBundle, AdmitsExactlyTheBoundsAndRefusesTheNextByte) {
  const Bytes smallest(kDkgMinCiphertext, 1);
  const Bytes largest(kDkgMaxCiphertext, 1);
  const std::vector<Bytes> good{smallest, largest};
  EXPECT_EQ(dkg_decode_bundle(dkg_encode_bundle(good), 2).value(), good);
  EXPECT_FALSE(dkg_decode_bundle(dkg_encode_bundle(good), 1).ok());
  EXPECT_FALSE(dkg_decode_bundle(dkg_encode_bundle(good), 3).ok());
  const std::vector<Bytes> over{Bytes(kDkgMaxCiphertext + 1, 1)};
  EXPECT_FALSE(dkg_decode_bundle(dkg_encode_bundle(over), 1).ok());
  const std::vector<Bytes> under{Bytes(kDkgMinCiphertext - 1, 1)};
  EXPECT_FALSE(dkg_decode_bundle(dkg_encode_bundle(under), 1).ok());
}

TEST(DkgCheckMessage, RefusesALongerOrShorterCommitmentByNameThoughItsProofHolds) {
  // A longer commitment would raise the threshold without anybody's noticing.
  const DkgGroup group(2, 3);
  for (const DkgIndex threshold : {DkgIndex{1}, DkgIndex{3}}) {
    const DkgGroup other(threshold, 3);  // the same context and keys
    const DkgMessage1 message = other.round1()[2].message();
    ASSERT_TRUE(dkg_check_message(*other.parameters, 3, message).ok());
    const auto checked = dkg_check_message(*group.parameters, 3, message);
    ASSERT_FALSE(checked.ok());
    EXPECT_EQ(checked.error().culprit, "p3");
  }
}

TEST(DkgCheckMessage, RefusesAProofForOtherData) {
  const DkgGroup group(2, 3);
  const auto messages = DkgGroup::messages(group.round1());
  DkgMessage1 changed = messages[0];
  changed.ephemeral = messages[1].ephemeral;
  EXPECT_EQ(dkg_check_message(*group.parameters, 1, changed).error().culprit, "p1");
  changed = messages[0];
  changed.commitment[1] = messages[1].commitment[1];
  EXPECT_FALSE(dkg_check_message(*group.parameters, 1, changed).ok());
  changed = messages[0];
  changed.proof = messages[1].proof;
  EXPECT_FALSE(dkg_check_message(*group.parameters, 1, changed).ok());
  const DkgGroup later(2, 3, "another session");
  EXPECT_FALSE(dkg_check_message(*later.parameters, 1, messages[0]).ok());
}

TEST(DkgCheckMessage, RefusesAMissingCiphertext) {
  const DkgGroup group(2, 3);
  DkgMessage1 message = group.round1()[0].message();
  message.ciphertexts.pop_back();
  EXPECT_FALSE(dkg_check_message(*group.parameters, 1, message).ok());
  message.ciphertexts.push_back(Bytes(47));
  EXPECT_FALSE(dkg_check_message(*group.parameters, 1, message).ok());
}

TEST(DkgTranscript, RoundTripsAndIsRefusedCutShortOrLonger) {
  const DkgGroup group(2, 3);
  const Bytes extension = to_bytes("extension");
  const DkgTranscript t =
      DkgTranscript::make(*group.parameters, DkgGroup::messages(group.round1()), extension);
  const DkgTranscript decoded = DkgTranscript::decode(t.bytes()).value();
  EXPECT_EQ(decoded.bytes(), t.bytes());
  EXPECT_EQ(decoded.extension(), extension);
  EXPECT_EQ(decoded.context(), group.parameters->context());
  EXPECT_EQ(decoded.public_key()->group_key, t.public_key()->group_key);
  for (std::size_t size = 0; size < t.bytes().size(); ++size)
    EXPECT_FALSE(DkgTranscript::decode(ByteView(t.bytes()).first(size)).ok()) << size;
  Bytes longer = t.bytes();
  longer.push_back(0);
  EXPECT_FALSE(DkgTranscript::decode(longer).ok());
}

TEST(DkgTranscript, RefusesAnotherCiphersuite) {
  const DkgGroup group(2, 3);
  Bytes bytes =
      DkgTranscript::make(*group.parameters, DkgGroup::messages(group.round1()), {}).bytes();
  bytes[8 + 9] = 'E';
  EXPECT_FALSE(DkgTranscript::decode(bytes).ok());
}

TEST(DkgTranscript, RefusesNumbersOutsideTheMaximaBeforeReadingOn) {
  const DkgGroup group(2, 3);
  const Bytes good =
      DkgTranscript::make(*group.parameters, DkgGroup::messages(group.round1()), {}).bytes();
  const std::size_t n_at = 8 + kDkgCiphersuite.size() + 8 + 64;
  for (const std::uint8_t n : Bytes{0, 1, 65, 255}) {  // 1 is below the threshold of 2
    Bytes bad = good;
    bad[n_at] = n;
    EXPECT_FALSE(DkgTranscript::decode(bad).ok());
  }
  Bytes bad = good;
  bad[n_at + 4] = 0;  // threshold
  EXPECT_FALSE(DkgTranscript::decode(bad).ok());
  bad = good;
  bad[8 + kDkgCiphersuite.size() + 4] = 1;  // a context of 4 GiB
  EXPECT_FALSE(DkgTranscript::decode(bad).ok());
}

}  // namespace
}  // namespace hedgerow
