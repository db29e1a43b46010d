#include "protocol/answering.h"

#include "wire_fixture.h"

namespace hedgerow::protocol {
namespace {

QuestionStatus a_status() {
  return {QuestionStatus::State::waiting, Error{Code::try_again, "not yet", "vale-police", "wait"}};
}

EditionLink a_link() {
  return {3,
          "movements",
          "flows",
          "2026-Q3",
          counting<Sha256>(0x00),
          counting<Sha256>(0x20),
          counting<Sha256>(0x40)};
}

TEST(QuestionStatus, HasTheseBytes) {
  const Bytes bytes = a_status().encode();
  EXPECT_EQ(to_hex(bytes),
            "01"                              // waiting
            "4b000000"                        // 75
            "070000006e6f7420796574"          // text
            "0b00000076616c652d706f6c696365"  // culprit
            "0400000077616974");              // hint
  const auto back = QuestionStatus::decode(bytes);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->state, QuestionStatus::State::waiting);
  EXPECT_EQ(back->error, a_status().error);
  refuses_truncation(bytes, [](ByteView b) { return QuestionStatus::decode(b).ok(); });
}

TEST(QuestionStatus, OfAnUnknownStateOrCodeIsRefused) {
  Bytes bytes = a_status().encode();
  for (const auto state : Bytes{0, 3, 255}) {
    bytes[0] = state;
    EXPECT_FALSE(QuestionStatus::decode(bytes).ok());
  }
  bytes = a_status().encode();
  for (const auto code : Bytes{0, 1, 64, 66, 69, 70, 78, 255}) {
    bytes[1] = code;
    EXPECT_FALSE(QuestionStatus::decode(bytes).ok());
  }
}

TEST(QuestionStatus, LongTextsAreCutToWhatAReceiverTakes) {
  QuestionStatus s = a_status();
  s.error.text = std::string(kMaxStatusText + 100, 'x');
  const auto back = QuestionStatus::decode(s.encode());
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->error.text, std::string(kMaxStatusText, 'x'));
}

TEST(AnswerHash, HasTheseBytes) {
  const AnswerHash m{counting<Sha256>(0x80), {0xc0, 0xc1}, {a_link()}};
  const Bytes bytes = m.encode();
  EXPECT_EQ(to_hex(bytes),
            "808182838485868788898a8b8c8d8e8f"  // answer
            "909192939495969798999a9b9c9d9e9f"  //
            "02000000c0c1"                      // countersigned
            "01000000"                          // one link
            "0300000000000000"                  // sequence
            "090000006d6f76656d656e7473"        // grant
            "05000000666c6f7773"                // table
            "07000000323032362d5133"            // period
            "000102030405060708090a0b0c0d0e0f"  // edition
            "101112131415161718191a1b1c1d1e1f"  //
            "202122232425262728292a2b2c2d2e2f"  // previous head
            "303132333435363738393a3b3c3d3e3f"  //
            "404142434445464748494a4b4c4d4e4f"  // head
            "505152535455565758595a5b5c5d5e5f");
  const auto back = AnswerHash::decode(bytes);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->answer, m.answer);
  EXPECT_EQ(back->countersigned, m.countersigned);
  EXPECT_EQ(back->editions, m.editions);
  refuses_truncation(bytes, [](ByteView b) { return AnswerHash::decode(b).ok(); });
}

TEST(SumStart, HasTheseBytes) {
  const Bytes bytes = SumStart{{0xc0, 0xc1}, {a_link()}, "g", "t", "p"}.encode();
  EXPECT_EQ(to_hex(ByteView(bytes).first(10)), "02000000c0c101000000");
  EXPECT_EQ(to_hex(ByteView(bytes).last(15)), "010000006701000000740100000070");
  EXPECT_EQ(to_bytes(ByteView(bytes).subspan(10, bytes.size() - 25)),
            to_bytes(ByteView(AnswerHash{{}, {}, {a_link()}}.encode()).subspan(40)))
      << "links as in an answer hash";
  const auto back = SumStart::decode(bytes);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->editions, std::vector<EditionLink>{a_link()});
  EXPECT_EQ(back->grant + back->table + back->period, "gtp");
  refuses_truncation(bytes, [](ByteView b) { return SumStart::decode(b).ok(); });
  EXPECT_FALSE(
      SumStart::decode(
          SumStart{{}, std::vector<EditionLink>(kMaxAnswerEditions + 1, a_link()), "", "", ""}
              .encode())
          .ok());
}

TEST(AnswerHash, WithMoreLinksThanAnAnswerHasPeriodsIsRefused) {
  AnswerHash m{counting<Sha256>(0x80), {}, {}};
  m.editions.assign(kMaxAnswerEditions, a_link());
  EXPECT_TRUE(AnswerHash::decode(m.encode()).ok());
  m.editions.push_back(a_link());
  EXPECT_FALSE(AnswerHash::decode(m.encode()).ok());
}

TEST(AnswerHash, CountThatTheBytesCannotHoldIsRefusedBeforeAllocation) {
  Writer w;
  w.raw(counting<Sha256>(0x80).view()).bytes({}).u32(0xffffffff);
  EXPECT_FALSE(AnswerHash::decode(w.data()).ok());
}

// Computed apart, from the layout in the header.
TEST(EditionChain, HeadIsThisHash) {
  EXPECT_EQ(chain_head(a_link()).hex(),
            "e0eb7a8a706887c1419f3b7fe879b7f3b09f97bf2139967619f1ebaebf332756");
}

TEST(EditionChain, HeadDependsOnEveryPartOfTheLink) {
  const Sha256 head = chain_head(a_link());
  const auto changed = [](auto change) {
    EditionLink link = a_link();
    change(link);
    return chain_head(link);
  };
  EXPECT_NE(head, changed([](EditionLink& l) { l.sequence = 4; }));
  EXPECT_NE(head, changed([](EditionLink& l) { l.grant = "movement"; }));
  EXPECT_NE(head, changed([](EditionLink& l) { l.table = "flow"; }));
  EXPECT_NE(head, changed([](EditionLink& l) { l.period = "2026-Q2"; }));
  EXPECT_NE(head, changed([](EditionLink& l) { l.edition.bytes[31] ^= 1; }));
  EXPECT_NE(head, changed([](EditionLink& l) { l.previous_head.bytes[0] ^= 1; }));
  EXPECT_EQ(head, changed([](EditionLink& l) { l.head.bytes[0] ^= 1; }));
}

TEST(ReceiptMessage, HasTheseBytes) {
  const Bytes bytes = ReceiptMessage{counting<Sha256>(0x80), {1, 2, 3}}.encode();
  EXPECT_EQ(to_hex(bytes),
            "808182838485868788898a8b8c8d8e8f"
            "909192939495969798999a9b9c9d9e9f"
            "03000000010203");
  EXPECT_EQ(ReceiptMessage::decode(bytes)->receipt, (Bytes{1, 2, 3}));
  refuses_truncation(bytes, [](ByteView b) { return ReceiptMessage::decode(b).ok(); });
  EXPECT_FALSE(
      ReceiptMessage::decode(ReceiptMessage{{}, Bytes(kMaxReceiptBytes + 1)}.encode()).ok());
}

TEST(AnswerDelivery, HasTheseBytes) {
  const AnswerDelivery m{{0xa0, 0xa1}, {{party("vale-health"), {1}}, {party("vale-police"), {}}}};
  const Bytes bytes = m.encode();
  EXPECT_EQ(to_hex(bytes),
            "02000000a0a1"
            "02000000"
            "0b00000076616c652d6865616c7468"
            "0100000001"
            "0b00000076616c652d706f6c696365"
            "00000000");
  const auto back = AnswerDelivery::decode(bytes);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->answer, m.answer);
  ASSERT_EQ(back->receipts.size(), 2U);
  EXPECT_EQ(back->receipts[0].party, party("vale-health"));
  EXPECT_EQ(back->receipts[0].receipt, Bytes{1});
  refuses_truncation(bytes, [](ByteView b) { return AnswerDelivery::decode(b).ok(); });
}

TEST(AnswerDelivery, OfANameThatIsNoneOrTooManyReceiptsIsRefused) {
  AnswerDelivery m{{}, {}};
  m.receipts.assign(kMaxAnsweringParties, {party("vale-health"), {}});
  EXPECT_TRUE(AnswerDelivery::decode(m.encode()).ok());
  m.receipts.push_back({party("vale-health"), {}});
  EXPECT_FALSE(AnswerDelivery::decode(m.encode()).ok());
  Writer w;
  w.bytes({}).u32(1).text("Vale Health").bytes({});
  EXPECT_FALSE(AnswerDelivery::decode(w.data()).ok());
}

TEST(Served, HasTheseBytes) {
  const Bytes bytes = Served{counting<Sha256>(0x80), {0xc0}}.encode();
  EXPECT_EQ(to_hex(bytes),
            "808182838485868788898a8b8c8d8e8f"
            "909192939495969798999a9b9c9d9e9f"
            "01000000c0");
  EXPECT_EQ(Served::decode(bytes)->countersigned, Bytes{0xc0});
  refuses_truncation(bytes, [](ByteView b) { return Served::decode(b).ok(); });
  EXPECT_FALSE(Served::decode(Served{{}, Bytes(kMaxCountersigned + 1)}.encode()).ok());
}

}  // namespace
}  // namespace hedgerow::protocol
