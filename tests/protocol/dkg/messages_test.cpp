#include "protocol/dkg/messages.h"

#include <gtest/gtest.h>

#include "tests/protocol/dkg/dkg_region.h"

namespace hedgerow::protocol {
namespace {

// A signature's bytes: R is the generator of RFC 9496 appendix A.1, z is 1.
const std::string kR = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76";
const std::string kSignature =
    kR + "0100000000000000000000000000000000000000000000000000000000000000";
const std::string kSession = "000102030405060708090a0b0c0d0e0f";

SessionId session() { return SessionId::from(*from_hex(kSession)).value(); }
DkgSignature signature() { return DkgSignature::decode(*from_hex(kSignature)).value(); }
const Bytes kBody{0xaa, 0xbb, 0xcc};

// The bytes are those written here, decode to the message, and decode at no other length.
template <class Message>
void expect_golden(const Message& message, const std::string& hex) {
  const Bytes bytes = message.encode();
  EXPECT_EQ(to_hex(bytes), hex);
  const auto decoded = Message::decode(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.error().text;
  EXPECT_EQ(*decoded, message);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_FALSE(Message::decode(ByteView(bytes).first(size)).ok()) << size;
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(Message::decode(longer).ok());
}

TEST(DkgMessages, StartHasItsBytes) {
  const KeyId key = KeyId::from(*from_hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")).value();
  expect_golden(DkgStart{session(), key, 2, {party("aaa"), party("bb-b")}},
                kSession + "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff" + "0200" + "02000000" +
                    "03000000616161" + "0400000062622d62");
}

TEST(DkgMessages, Round1HasItsBytes) {
  expect_golden(DkgRound1Message{session(), {kBody, signature()}},
                kSession + "03000000aabbcc" + kSignature);
}

TEST(DkgMessages, Round2HasItsBytes) {
  expect_golden(
      DkgRound2Message{session(), {{kBody, signature()}, {kBody, signature()}}},
      kSession + "02000000" + "03000000aabbcc" + kSignature + "03000000aabbcc" + kSignature);
}

TEST(DkgMessages, SignatureHasItsBytes) {
  expect_golden(DkgSignatureMessage{session(), signature()}, kSession + kSignature);
}

TEST(DkgMessages, CertificateHasItsBytes) {
  expect_golden(DkgCertificateMessage{session(), {signature(), signature()}},
                kSession + "02000000" + kSignature + kSignature);
}

TEST(DkgMessages, AbortHasItsBytes) {
  expect_golden(DkgAbort{session(), DkgAbortReason::bad_share, party("aaa")},
                kSession + "03" + "03000000616161");
  expect_golden(DkgAbort{session(), DkgAbortReason::abandoned, {}}, kSession + "08" + "00000000");
}

TEST(DkgMessages, KeyReadyHasItsBytes) {
  expect_golden(KeyReady{session(), kBody, {signature()}},
                kSession + "03000000aabbcc" + "01000000" + kSignature);
}

TEST(DkgMessages, CountsBeyondTheMaximumAreRefused) {
  const std::vector<DkgSignature> many(kDkgMaxParticipants + 1, signature());
  EXPECT_FALSE(DkgCertificateMessage::decode(DkgCertificateMessage{session(), many}.encode()).ok());
  EXPECT_FALSE(KeyReady::decode(KeyReady{session(), kBody, many}.encode()).ok());
  const std::vector<SignedRound1> messages(kDkgMaxParticipants + 1, {kBody, signature()});
  EXPECT_FALSE(DkgRound2Message::decode(DkgRound2Message{session(), messages}.encode()).ok());
  const std::vector<PartyId> names(kDkgMaxParticipants + 1, party("aaa"));
  EXPECT_FALSE(DkgStart::decode(DkgStart{session(), {}, 2, names}.encode()).ok());
}

TEST(DkgMessages, SizesBeyondTheMaximumAreRefused) {
  const Bytes large(kMaxDkgMessage1 + 1);
  EXPECT_FALSE(
      DkgRound1Message::decode(DkgRound1Message{session(), {large, signature()}}.encode()).ok());
  const Bytes largest(kMaxDkgMessage1);
  EXPECT_TRUE(
      DkgRound1Message::decode(DkgRound1Message{session(), {largest, signature()}}.encode()).ok());
  const KeyReady ready{session(), Bytes(kMaxDkgTranscript + 1), {signature()}};
  EXPECT_FALSE(KeyReady::decode(ready.encode()).ok());
}

TEST(DkgMessages, AnUnlawfulNameReasonOrSignatureIsRefused) {
  EXPECT_FALSE(DkgAbort::decode(*from_hex(kSession + "03" + "03000000" + "614161")).ok());
  EXPECT_FALSE(DkgAbort::decode(*from_hex(kSession + "00" + "00000000")).ok());
  EXPECT_FALSE(DkgAbort::decode(*from_hex(kSession + "09" + "00000000")).ok());
  EXPECT_FALSE(
      DkgSignatureMessage::decode(*from_hex(kSession + std::string(64, '0') + std::string(64, '0')))
          .ok());
  EXPECT_FALSE(DkgSignatureMessage::decode(*from_hex(kSession + kR + std::string(64, 'f'))).ok());
}

TEST(DkgMessages, EveryReasonHasWords) {
  for (std::uint8_t r = 1; r <= 8; ++r)
    EXPECT_FALSE(text_of(static_cast<DkgAbortReason>(r)).empty()) << int{r};
}

TEST(DkgMessages, TheLargestSessionFitsTheMaxima) {
  // kDkgMaxParticipants with the largest threshold: one message, and the transcript.
  const std::size_t n = kDkgMaxParticipants;
  const std::size_t t = n - 1;
  EXPECT_LE(32 * t + 64 + 32 + n * (8 + kDkgMinCiphertext), kMaxDkgMessage1);
  const std::size_t transcript =
      8 + kDkgCiphersuite.size() + 8 + 64 + 8 + n * 32 + n * t * 32 + n * 64 + n * 32 + 8 + 64;
  EXPECT_LE(transcript, kMaxDkgTranscript);
}

}  // namespace
}  // namespace hedgerow::protocol
