#include "protocol/statement.h"

#include <set>

#include "wire_fixture.h"

namespace hedgerow::protocol {
namespace {

Statement a_statement() {
  return Statement::sign(key_number(1), MessageType::question, statement_header(),
                         to_bytes("a question"));
}

// The fields were written down from the layout in the header; the signature was made over them
// with OpenSSL.
TEST(Statement, HasTheseBytes) {
  EXPECT_EQ(to_hex(a_statement().encode()),
            "01"                                // version
            "1e"                                // question
            "0c00000076616c652d636f756e63696c"  // sender
            "0800000076616c652d637365"          // lineage
            "202122232425262728292a2b2c2d2e2f"  // agreement hash
            "303132333435363738393a3b3c3d3e3f"  //
            "101112131415161718191a1b1c1d1e1f"  // session
            "0700000000000000"                  // sequence
            "006c50c4a0010000"                  // not after
            "0a000000"                          // body
            "61207175657374696f6e"              //
            "e4ef76085f32c9888061f89cf51db6421c312a6d1cb118ad67d919097959ccff"
            "ccf030f877603c88c34ef374bef0dc24b3f93cfa4754b1cd13aa74f05500d20d");
}

TEST(Statement, ComesBackAsItWas) {
  const auto back = Statement::decode(a_statement().encode());
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->header(), statement_header());
  EXPECT_EQ(back->type(), MessageType::question);
  EXPECT_EQ(back->body(), to_bytes("a question"));
  EXPECT_TRUE(back->verify(key_number(1).verify_key(), MessageType::question, kWireNow).ok());
}

TEST(Statement, IsRefusedAtEveryOtherLength) {
  refuses_truncation(a_statement().encode(), [](ByteView b) { return Statement::decode(b).ok(); });
}

TEST(Statement, IsRefusedWithAnyBitChanged) {
  const VerifyKey key = key_number(1).verify_key();
  refuses_tampering(a_statement().encode(), [&](ByteView b) {
    const auto s = Statement::decode(b);
    return s.ok() && s->verify(key, MessageType::question, kWireNow).ok();
  });
}

TEST(Statement, OfAnotherTypeIsRefusedAndItsSenderNamed) {
  const auto r =
      a_statement().verify(key_number(1).verify_key(), MessageType::countersigned, kWireNow);
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, Code::bad_input);
  EXPECT_EQ(r.error().culprit, "vale-council");
}

TEST(Statement, SignedByAnotherKeyIsRefused) {
  const auto r = a_statement().verify(key_number(2).verify_key(), MessageType::question, kWireNow);
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().culprit, "vale-council");
}

TEST(Statement, HoldsToTheLastMillisecondAndNoLonger) {
  const VerifyKey key = key_number(1).verify_key();
  const Statement s = a_statement();
  EXPECT_TRUE(s.verify(key, MessageType::question, kWireNow).ok());
  const auto late = s.verify(key, MessageType::question, kWireNow + std::chrono::milliseconds(1));
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, Code::denied);
  EXPECT_TRUE(s.verify_signature(key, MessageType::question).ok()) << "it remains evidence";
}

// The same fields signed as another type are other bytes, so a signature serves one type only.
TEST(Statement, SignatureOfOneTypeDoesNotServeAnother) {
  const Statement asked = a_statement();
  const Statement told = Statement::sign(key_number(1), MessageType::answer, statement_header(),
                                         to_bytes("a question"));
  EXPECT_NE(asked.signature(), told.signature());
}

TEST(Statement, BodyAboveTheMaximumIsRefusedBeforeItIsCopied) {
  Bytes bytes = a_statement().encode();
  const std::size_t length_at = 2 + 16 + 12 + 32 + 16 + 8 + 8;
  ASSERT_EQ(bytes[length_at], 10);
  for (std::size_t i = 0; i < 4; ++i) bytes[length_at + i] = 0xff;
  EXPECT_FALSE(Statement::decode(bytes).ok());
}

TEST(MessageType, NumbersAndNamesAreOneToOne) {
  std::set<std::string_view> names;
  std::size_t known = 0;
  for (unsigned n = 0; n < 256; ++n) {
    const auto type = message_type_from(static_cast<std::uint8_t>(n));
    if (!type) continue;
    ++known;
    EXPECT_EQ(static_cast<unsigned>(*type), n);
    EXPECT_TRUE(names.insert(name_of(*type)).second) << name_of(*type);
  }
  EXPECT_EQ(known, 77U);
  EXPECT_FALSE(message_type_from(0).has_value());
  EXPECT_FALSE(message_type_from(255).has_value());
}

}  // namespace
}  // namespace hedgerow::protocol
