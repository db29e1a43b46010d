#include "node/gateway/wire.h"

#include <gtest/gtest.h>

namespace hedgerow::gateway {
namespace {

TEST(WireFrames, HaveTheSpecifiedBytes) {
  EXPECT_EQ(to_hex(encode_hello(0x0102)), "01000201000000000000");
  EXPECT_EQ(to_hex(encode_piece(as_bytes("ab"), true)), "01016162");
  EXPECT_EQ(to_hex(encode_piece(Bytes(ipc::kPieceSize, 0xcc), false)).substr(0, 8), "0102cccc");
  EXPECT_EQ(to_hex(encode_credit(64)), "010340000000");
  EXPECT_EQ(to_hex(encode_ping()), "0104");
  EXPECT_EQ(to_hex(encode_bye()), "0105");
}

TEST(WireFrames, ComeBackAsTheyWere) {
  EXPECT_EQ(decode_wire(encode_hello(77))->session, 77u);
  EXPECT_EQ(decode_wire(encode_credit(5))->credit, 5u);
  EXPECT_EQ(decode_wire(encode_ping())->kind, WireKind::ping);
  EXPECT_EQ(decode_wire(encode_bye())->kind, WireKind::bye);
  const Bytes last = encode_piece(as_bytes("ab"), true);
  EXPECT_EQ(decode_wire(last)->kind, WireKind::envelope);
  EXPECT_EQ(as_text(decode_wire(last)->bytes), "ab");
  const Bytes full = encode_piece(Bytes(ipc::kPieceSize), false);
  EXPECT_EQ(decode_wire(full)->kind, WireKind::piece);
  EXPECT_EQ(decode_wire(full)->bytes.size(), ipc::kPieceSize);
}

TEST(WireFrames, AreRefusedWhenMalformed) {
  for (const char* hex : {
           "",                        // empty
           "01",                      // no kind
           "0204",                    // another version
           "0106",                    // unknown kind
           "0101",                    // empty envelope
           "01026162",                // a piece that is not full
           "010002010000000000",      // short hello
           "0100020100000000000000",  // long hello
           "010300000000",            // no credit
           "010381000000",            // too much credit
           "0103400000",              // short credit
           "010400",                  // ping with content
           "010500",                  // bye with content
       })
    EXPECT_FALSE(decode_wire(*from_hex(hex)).ok()) << hex;
  Bytes too_long(kMaxWireFrame + 1);
  too_long[0] = 1;
  too_long[1] = 1;
  EXPECT_FALSE(decode_wire(too_long).ok());
  too_long[1] = 2;
  EXPECT_FALSE(decode_wire(too_long).ok());
}

}  // namespace
}  // namespace hedgerow::gateway
