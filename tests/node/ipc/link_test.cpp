#include "node/ipc/link.h"

#include <gtest/gtest.h>

namespace hedgerow::ipc {
namespace {

CurveKey key(std::uint8_t fill) {
  CurveKey k;
  k.bytes.fill(fill);
  return k;
}

std::string repeat(const char* hex, int n) {
  std::string s;
  for (int i = 0; i < n; ++i) s += hex;
  return s;
}

std::string hex_of(const Frame& f) { return to_hex(encode_frame(f)); }

const std::string kKey11 = repeat("11", 32);

TEST(LinkFrames, HaveTheSpecifiedBytes) {
  EXPECT_EQ(hex_of(encode(FromGateway(Hello{}))),
            "06000000"
            "01"
            "10"
            "01000000");
  EXPECT_EQ(hex_of(encode(FromGateway(PeerUp{key(0x11)}))),
            "22000000"
            "01"
            "11" +
                kKey11);
  EXPECT_EQ(hex_of(encode(FromGateway(PeerDown{key(0x11)}))),
            "22000000"
            "01"
            "12" +
                kKey11);
  EXPECT_EQ(hex_of(encode(FromGateway(Received{key(0x11), {0xaa, 0xbb}}))),
            "28000000"
            "01"
            "13" +
                kKey11 + "02000000aabb");
  EXPECT_EQ(hex_of(encode(FromGateway(Credit{key(0x11), 64}))),
            "26000000"
            "01"
            "14" +
                kKey11 + "40000000");
  EXPECT_EQ(hex_of(encode(FromGateway(Listening{"ab"}))),
            "08000000"
            "01"
            "15"
            "020000006162");
  EXPECT_EQ(hex_of(encode(FromGateway(Trouble{"ab"}))),
            "08000000"
            "01"
            "16"
            "020000006162");
  EXPECT_EQ(hex_of(encode(ToGateway(Configure{Role::hub, "ab", key(0x11), {}, {key(1), key(2)}}))),
            "8d000000"
            "01"
            "20"
            "01"
            "020000006162" +
                kKey11 + repeat("00", 32) + "02000000" + repeat("01", 32) + repeat("02", 32));
  EXPECT_EQ(hex_of(encode(ToGateway(Configure{Role::node, "ab", key(0x11), key(0x22), {}}))),
            "4d000000"
            "01"
            "20"
            "02"
            "020000006162" +
                kKey11 + repeat("22", 32) + "00000000");
  EXPECT_EQ(hex_of(encode(ToGateway(Send{key(0x11), {0xaa}}))),
            "27000000"
            "01"
            "21" +
                kKey11 + "01000000aa");
}

std::vector<FromGateway> from_gateway_samples() {
  return {Hello{},           PeerUp{key(1)},      PeerDown{key(1)}, Received{key(1), {1, 2, 3}},
          Credit{key(1), 3}, Listening{"tcp://"}, Trouble{"text"}};
}
std::vector<ToGateway> to_gateway_samples() {
  return {Configure{Role::hub, "tcp://*:1", key(9), {}, {key(1), key(2)}},
          Configure{Role::node, "tcp://h:1", key(9), key(8), {}}, Send{key(1), {1}}};
}

TEST(LinkFrames, ComeBackAsTheyWere) {
  for (const FromGateway& m : from_gateway_samples()) {
    const auto back = decode_from_gateway(encode(m));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, m);
  }
  for (const ToGateway& m : to_gateway_samples()) {
    const auto back = decode_to_gateway(encode(m));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, m);
  }
}

TEST(LinkFrames, AreRefusedWhenCutOrLengthened) {
  std::vector<Frame> frames;
  for (const FromGateway& m : from_gateway_samples()) frames.push_back(encode(m));
  for (const ToGateway& m : to_gateway_samples()) frames.push_back(encode(m));
  for (const Frame& frame : frames) {
    for (std::size_t n = 0; n < frame.payload.size(); ++n) {
      const Frame cut = make_frame(frame.kind, frame.view().first(n));
      EXPECT_FALSE(decode_from_gateway(cut).ok()) << int{frame.kind} << " " << n;
      EXPECT_FALSE(decode_to_gateway(cut).ok()) << int{frame.kind} << " " << n;
    }
    Frame longer = frame;
    longer.payload.push_back(0);
    EXPECT_FALSE(decode_from_gateway(longer).ok());
    EXPECT_FALSE(decode_to_gateway(longer).ok());
  }
}

TEST(LinkFrames, AreRefusedInTheWrongDirectionOrOfAnUnknownKind) {
  for (const FromGateway& m : from_gateway_samples())
    EXPECT_FALSE(decode_to_gateway(encode(m)).ok());
  for (const ToGateway& m : to_gateway_samples()) EXPECT_FALSE(decode_from_gateway(encode(m)).ok());
  for (const int kind : {0, 1, 6, 15, 23, 31, 34, 255}) {
    EXPECT_FALSE(decode_from_gateway(make_frame(static_cast<std::uint8_t>(kind), {})).ok());
    EXPECT_FALSE(decode_to_gateway(make_frame(static_cast<std::uint8_t>(kind), {})).ok());
  }
}

TEST(LinkFrames, RefuseNumbersOutOfRange) {
  for (const std::uint32_t n : {0u, kWindow + 1}) {
    const Bytes payload = std::move(Writer().raw(key(1).view()).u32(n)).take();
    EXPECT_FALSE(decode_from_gateway(make_frame(20, payload)).ok());
  }
  const Bytes empty = std::move(Writer().raw(key(1).view()).bytes({})).take();
  EXPECT_FALSE(decode_from_gateway(make_frame(19, empty)).ok());
  EXPECT_FALSE(decode_to_gateway(make_frame(33, empty)).ok());
  const Bytes large = std::move(Writer().raw(key(1).view()).bytes(Bytes(kMaxMessage + 1))).take();
  EXPECT_FALSE(decode_from_gateway(make_frame(19, large)).ok());
  EXPECT_FALSE(decode_to_gateway(make_frame(33, large)).ok());
}

Frame configure_frame(std::uint8_t role, std::string_view endpoint, const CurveKey& hub,
                      const std::vector<CurveKey>& allowed) {
  Writer w;
  w.u8(role).text(endpoint).raw(key(9).view()).raw(hub.view());
  w.u32(static_cast<std::uint32_t>(allowed.size()));
  for (const CurveKey& k : allowed) w.raw(k.view());
  return make_frame(32, w.data());
}

TEST(LinkFrames, RefuseAConfigurationThatContradictsItself) {
  const CurveKey none;
  EXPECT_TRUE(decode_to_gateway(configure_frame(1, "e", none, {key(1), key(2)})).ok());
  EXPECT_TRUE(decode_to_gateway(configure_frame(2, "e", key(8), {})).ok());
  EXPECT_FALSE(decode_to_gateway(configure_frame(3, "e", none, {})).ok());
  EXPECT_FALSE(decode_to_gateway(configure_frame(1, "", none, {})).ok());
  EXPECT_FALSE(decode_to_gateway(configure_frame(1, std::string(257, 'e'), none, {})).ok());
  EXPECT_FALSE(decode_to_gateway(configure_frame(1, "e", key(8), {})).ok());
  EXPECT_FALSE(decode_to_gateway(configure_frame(2, "e", none, {})).ok());
  EXPECT_FALSE(decode_to_gateway(configure_frame(2, "e", key(8), {key(1)})).ok());
  EXPECT_FALSE(decode_to_gateway(configure_frame(1, "e", none, {key(2), key(1)})).ok());
  EXPECT_FALSE(decode_to_gateway(configure_frame(1, "e", none, {key(1), key(1)})).ok());
  EXPECT_FALSE(decode_to_gateway(configure_frame(1, "e", none, std::vector<CurveKey>(1025))).ok());
}

TEST(Credits, CountByPieces) {
  EXPECT_EQ(message_cost(1), 1u);
  EXPECT_EQ(message_cost(kPieceSize), 1u);
  EXPECT_EQ(message_cost(kPieceSize + 1), 2u);
  EXPECT_EQ(message_cost(kMaxMessage), kWindow);
}

TEST(Credits, BelongToASession) {
  Credits credits;
  credits.apply(Credit{key(1), 5});  // not up: nothing
  EXPECT_FALSE(credits.is_up(key(1)));
  EXPECT_EQ(credits.left(key(1)), 0u);
  credits.apply(PeerUp{key(1)});
  EXPECT_TRUE(credits.is_up(key(1)));
  EXPECT_FALSE(credits.take(key(1), 1));
  credits.apply(Credit{key(1), 3});
  EXPECT_FALSE(credits.take(key(1), 3 * kPieceSize + 1));
  EXPECT_TRUE(credits.take(key(1), 2 * kPieceSize));
  EXPECT_EQ(credits.left(key(1)), 1u);
  EXPECT_FALSE(credits.take(key(2), 1));
  credits.apply(PeerUp{key(1)});
  EXPECT_EQ(credits.left(key(1)), 0u);
  credits.apply(PeerDown{key(1)});
  EXPECT_FALSE(credits.is_up(key(1)));
}

TEST(Credits, NeverExceedTheWindowWhateverTheGatewaySays) {
  Credits credits;
  credits.apply(PeerUp{key(1)});
  for (int i = 0; i < 100; ++i) credits.apply(Credit{key(1), kWindow});
  EXPECT_EQ(credits.left(key(1)), kWindow);
}

TEST(Credits, HoldNoMorePeersThanAnAllowListWhateverTheGatewaySays) {
  Credits credits;
  const auto key = [](std::size_t n) {
    CurveKey k;
    k.bytes[0] = static_cast<std::uint8_t>(n & 255);
    k.bytes[1] = static_cast<std::uint8_t>(n >> 8U);
    return k;
  };
  for (std::size_t i = 0; i < kMaxAllowed + 10; ++i) credits.apply(PeerUp{key(i)});
  EXPECT_TRUE(credits.is_up(key(kMaxAllowed - 1)));
  for (std::size_t i = kMaxAllowed; i < kMaxAllowed + 10; ++i) EXPECT_FALSE(credits.is_up(key(i)));
  credits.apply(PeerUp{key(3)});  // known already
  credits.apply(PeerDown{key(4)});
  credits.apply(PeerUp{key(kMaxAllowed)});
  EXPECT_TRUE(credits.is_up(key(3)));
  EXPECT_TRUE(credits.is_up(key(kMaxAllowed)));
}

}  // namespace
}  // namespace hedgerow::ipc
