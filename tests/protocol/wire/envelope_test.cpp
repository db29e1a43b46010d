#include "protocol/envelope.h"

#include "wire_fixture.h"

namespace hedgerow::protocol {
namespace {

Bytes an_envelope(const EnvelopeHeader& header = envelope_header()) {
  SeededRandom rng(ByteArray<32>{9});
  return Envelope::make(header, to_bytes("a body"), key_number(1), seal_pair_number(3).public_key,
                        rng);
}

Result<Bytes> accept(ByteView bytes, const VerifyKey& sender, const SealKeyPair& receiver) {
  HR_ASSIGN(const Envelope e, Envelope::decode(bytes));
  HR_TRY(e.verify(sender));
  return e.open(receiver.secret_key, receiver.public_key);
}
bool accepted(ByteView bytes) {
  return accept(bytes, key_number(1).verify_key(), seal_pair_number(3)).ok();
}

// The sealed part of an envelope's bytes.
Bytes sealed_part(const Bytes& envelope, const EnvelopeHeader& h) {
  const std::size_t before = 2 + 4 + h.sender.str().size() + 4 + h.receiver.str().size() + 4 +
                             h.lineage.str().size() + 32 + 16 + 8 + 8 + 4;
  return {envelope.begin() + static_cast<std::ptrdiff_t>(before), envelope.end() - 64};
}

// An envelope around a sealed part that somebody already has, written down from the layout in the
// header and not by Envelope.
Bytes around(const EnvelopeHeader& h, const Bytes& sealed, const SigningKey& key) {
  Writer s;
  s.raw(as_bytes("hedgerow/v1/ask\n"));
  s.text(h.sender.str()).text(h.receiver.str()).text(h.lineage.str());
  s.bytes(h.agreement.view()).bytes(h.session.view());
  s.u32(8).u64(h.sequence).u32(8).i64(to_unix_ms(h.not_after)).bytes(sha512(sealed));
  Writer w;
  w.u8(1).u8(static_cast<std::uint8_t>(h.type));
  w.text(h.sender.str()).text(h.receiver.str()).text(h.lineage.str());
  w.raw(h.agreement.view()).raw(h.session.view()).u64(h.sequence).i64(to_unix_ms(h.not_after));
  w.bytes(sealed).raw(key.sign(s.data()).view());
  return std::move(w).take();
}

TEST(Envelope, HasTheseBytes) {
  const Bytes bytes = an_envelope();
  EXPECT_EQ(to_hex(ByteView(bytes).first(118)),
            "01"                                        // version
            "20"                                        // ask
            "0c00000076616c652d636f756e63696c"          // sender
            "1000000076616c652d706172746e657273686970"  // receiver
            "0800000076616c652d637365"                  // lineage
            "202122232425262728292a2b2c2d2e2f"          // agreement hash
            "303132333435363738393a3b3c3d3e3f"          //
            "101112131415161718191a1b1c1d1e1f"          // session
            "0700000000000000"                          // sequence
            "006c50c4a0010000"                          // not after
            "73000000");                                // sealed: 48 + 61 + 6 bytes
  EXPECT_EQ(sha256_hex(bytes), "a4e5d5dbb66b4885ef338941769d4cd6f8baf5a40f75dd89f3f4f117c2981724");
}

// What is under the seal, opened without Envelope.
TEST(Envelope, RepeatsItsHeaderUnderTheSeal) {
  const SealKeyPair receiver = seal_pair_number(3);
  const auto inner = unseal(receiver.secret_key, receiver.public_key,
                            sealed_part(an_envelope(), envelope_header()));
  ASSERT_TRUE(inner.ok());
  EXPECT_EQ(to_hex(*inner),
            "20"                                        // type
            "0c00000076616c652d636f756e63696c"          // sender
            "1000000076616c652d706172746e657273686970"  // receiver
            "101112131415161718191a1b1c1d1e1f"          // session
            "0700000000000000"                          // sequence
            "6120626f6479");                            // body
}

TEST(Envelope, IsWhatItsLayoutSays) {
  const Bytes bytes = an_envelope();
  EXPECT_EQ(around(envelope_header(), sealed_part(bytes, envelope_header()), key_number(1)), bytes);
}

TEST(Envelope, ComesBackAsItWas) {
  const auto e = Envelope::decode(an_envelope());
  ASSERT_TRUE(e.ok());
  EXPECT_EQ(e->header(), envelope_header());
  const auto body = accept(an_envelope(), key_number(1).verify_key(), seal_pair_number(3));
  ASSERT_TRUE(body.ok());
  EXPECT_EQ(*body, to_bytes("a body"));
}

TEST(Envelope, IsRefusedAtEveryOtherLength) {
  refuses_truncation(an_envelope(), [](ByteView b) { return Envelope::decode(b).ok(); });
}

TEST(Envelope, IsRefusedWithAnyBitChanged) { refuses_tampering(an_envelope(), accepted); }

TEST(Envelope, AboveItsLargestSizeIsRefused) {
  EXPECT_FALSE(Envelope::decode(Bytes(kMaxEnvelopeSize + 1)).ok());
}

TEST(Envelope, LargestBodyFits) {
  SeededRandom rng(ByteArray<32>{9});
  const Bytes bytes = Envelope::make(envelope_header(), Bytes(kMaxBodySize), key_number(1),
                                     seal_pair_number(3).public_key, rng);
  EXPECT_LE(bytes.size(), kMaxEnvelopeSize);
  EXPECT_TRUE(accepted(bytes));
}

TEST(Envelope, SignedByAnotherKeyIsRefusedAndItsSenderNamed) {
  const auto r = Envelope::decode(an_envelope())->verify(key_number(2).verify_key());
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().culprit, "vale-council");
}

TEST(Envelope, SealedToAnotherNodeDoesNotOpen) {
  const auto r = accept(an_envelope(), key_number(1).verify_key(), seal_pair_number(4));
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().culprit, "vale-council");
}

// Mallory takes the council's signature off, and sends its sealed body as her own.
TEST(Envelope, ResealedByAnotherHandDoesNotOpen) {
  const SigningKey mallory = key_number(66);
  EnvelopeHeader stolen = envelope_header();
  stolen.sender = party("vale-mallory");
  const Bytes bytes = around(stolen, sealed_part(an_envelope(), envelope_header()), mallory);
  const auto e = Envelope::decode(bytes);
  ASSERT_TRUE(e.ok());
  ASSERT_TRUE(e->verify(mallory.verify_key()).ok()) << "the outside is well signed";
  const SealKeyPair receiver = seal_pair_number(3);
  const auto opened = e->open(receiver.secret_key, receiver.public_key);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().culprit, "vale-mallory");
}

// Nor does a sender's own sealed body under another of the repeated fields.
TEST(Envelope, SealedBodyServesOneHeaderOnly) {
  const Bytes sealed = sealed_part(an_envelope(), envelope_header());
  EnvelopeHeader h = envelope_header();
  EXPECT_TRUE(accepted(around(h, sealed, key_number(1))));
  h.sequence = 8;
  EXPECT_FALSE(accepted(around(h, sealed, key_number(1))));
  h = envelope_header();
  h.session.bytes[0] ^= 1;
  EXPECT_FALSE(accepted(around(h, sealed, key_number(1))));
  h = envelope_header();
  h.receiver = party("vale-police");
  EXPECT_FALSE(accepted(around(h, sealed, key_number(1))));
}

TEST(Envelope, SameSeedGivesTheSameBytesAndAnotherSealDoesNot) {
  EXPECT_EQ(an_envelope(), an_envelope());
  SeededRandom other(ByteArray<32>{10});
  EXPECT_NE(Envelope::make(envelope_header(), to_bytes("a body"), key_number(1),
                           seal_pair_number(3).public_key, other),
            an_envelope());
}

TEST(Ack, HasTheseBytes) {
  const Bytes bytes = Ack{0x0102030405060708}.encode();
  EXPECT_EQ(to_hex(bytes), "0807060504030201");
  EXPECT_EQ(Ack::decode(bytes)->sequence, 0x0102030405060708U);
  refuses_truncation(bytes, [](ByteView b) { return Ack::decode(b).ok(); });
}

}  // namespace
}  // namespace hedgerow::protocol
