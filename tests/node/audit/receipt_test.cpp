#include "node/audit/receipt.h"

#include "crypto/hash.h"
#include "tests/node/audit/log_fixture.h"

namespace hedgerow::audit {
namespace {

using ::testing::HasSubstr;

class ReceiptTest : public LogTest {
 protected:
  ReceiptTest() {
    for (int i = 0; i < 11; ++i) append(entry("answer-logged"));
  }
};

TEST_F(ReceiptTest, VerifiesOfflineWithTheLogsKeyAlone) {
  const Bytes bytes = encode(make_receipt(log(), 4, true).value());
  const NoteKey key = log().key();
  const Entry expected = log().read(4).value();
  close();
  const Receipt receipt = decode_receipt(bytes).value();
  const VerifiedReceipt verified = verify(receipt, key).value();
  EXPECT_EQ(verified.checkpoint.size, 11U);
  ASSERT_TRUE(verified.has_entry);
  EXPECT_EQ(verified.entry, expected);
}

TEST_F(ReceiptTest, MayShowOnlyThatAnEntryExists) {
  const Receipt receipt = make_receipt(log(), 10, false).value();
  EXPECT_TRUE(receipt.entry.empty());
  EXPECT_FALSE(verify(receipt, log().key())->has_entry);
}

TEST_F(ReceiptTest, IsRefusedUnderAnotherKeyOrName) {
  const Receipt receipt = make_receipt(log(), 0, true).value();
  EXPECT_FALSE(verify(receipt, {log().name(), key_number(2).verify_key()}).ok());
  EXPECT_FALSE(verify(receipt, {"hedgerow/vale-police", key_.verify_key()}).ok());
}

TEST_F(ReceiptTest, EveryAlterationIsRefused) {
  const Receipt good = make_receipt(log(), 4, true).value();
  Receipt r = good;
  r.index = 5;
  EXPECT_FALSE(verify(r, log().key()).ok());
  r = good;
  r.leaf[0] ^= 1;
  EXPECT_FALSE(verify(r, log().key()).ok());
  r = good;
  r.proof[1][3] ^= 1;
  EXPECT_FALSE(verify(r, log().key()).ok());
  r = good;
  r.proof.pop_back();
  EXPECT_FALSE(verify(r, log().key()).ok());
  r = good;
  r.entry = log().read_bytes(5).value();
  EXPECT_THAT(verify(r, log().key()).error().text, HasSubstr("not the one"));
  r = good;
  r.checkpoint[r.checkpoint.find('\n') + 1] = '9';
  EXPECT_FALSE(verify(r, log().key()).ok());
}

TEST_F(ReceiptTest, OfNoEntryThereIsNone) {
  EXPECT_EQ(make_receipt(log(), 11, true).error().code, Code::bad_input);
}

TEST_F(ReceiptTest, DecodesOnlyWhatEncodingMakes) {
  const Receipt receipt = make_receipt(log(), 4, true).value();
  Bytes bytes = encode(receipt);
  EXPECT_EQ(decode_receipt(bytes).value(), receipt);
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(decode_receipt(ByteView(bytes).first(n)).ok()) << n;
  bytes.push_back(0);
  EXPECT_FALSE(decode_receipt(bytes).ok());
  EXPECT_FALSE(decode_receipt(Bytes(kMaxReceipt + 1)).ok());

  Receipt many = receipt;
  many.proof.resize(kMaxMerkleProof + 1);
  EXPECT_FALSE(decode_receipt(encode(many)).ok());
}

TEST(ReceiptBytes, AreThese) {
  Receipt r;
  r.checkpoint = "note";
  r.index = 258;
  r.leaf.fill(0xaa);
  r.proof.resize(1);
  r.proof[0].fill(0xbb);
  r.entry = {1, 2};
  EXPECT_EQ(to_hex(encode(r)),
            "48525201"
            "04000000"
            "6e6f7465"
            "0201000000000000" +
                to_hex(Bytes(32, 0xaa)) + "01000000" + to_hex(Bytes(32, 0xbb)) +
                "02000000"
                "0102");
}

}  // namespace
}  // namespace hedgerow::audit
