#include "node/gateway/session.h"

#include <gtest/gtest.h>

namespace hedgerow::gateway {
namespace {

// Carries all that waits from one session to the other; gives the messages that came whole.
std::vector<Bytes> carry(Session& from, Session& to) {
  std::vector<Bytes> messages;
  while (const Bytes* next = from.next()) {
    const auto frame = decode_wire(*next);
    HR_CHECK(frame.ok());
    if (frame->kind == WireKind::credit) {
      to.on_credit(frame->credit);
    } else {
      auto message = to.take(*frame);
      HR_CHECK(message.ok());
      if (*message) messages.push_back(std::move(**message));
    }
    from.sent();
  }
  return messages;
}

TEST(PeerSession, CutsMessagesIntoPiecesAndJoinsThem) {
  for (const std::size_t size : {std::size_t{1}, ipc::kPieceSize - 1, ipc::kPieceSize,
                                 ipc::kPieceSize + 1, 3 * ipc::kPieceSize, ipc::kMaxMessage}) {
    Session a;
    Session b;
    Bytes message(size);
    for (std::size_t i = 0; i < size; ++i) message[i] = static_cast<std::uint8_t>(i * 7 + i / 253);
    ASSERT_TRUE(a.offer(message));
    EXPECT_GT(a.waiting_bytes(), size);
    const auto got = carry(a, b);
    ASSERT_EQ(got.size(), 1u);
    EXPECT_TRUE(got[0] == message);
    EXPECT_EQ(a.waiting_bytes(), 0u);
    EXPECT_EQ(b.partial_bytes(), 0u);
  }
}

TEST(PeerSession, TakesNoMoreThanTwiceTheWindowUntilCreditComesBack) {
  Session a;
  const Bytes one = {1};
  for (std::uint32_t i = 0; i < 2 * ipc::kWindow; ++i) ASSERT_TRUE(a.offer(one));
  EXPECT_FALSE(a.offer(one));
  Session b;
  EXPECT_EQ(carry(a, b).size(), 2 * ipc::kWindow);
  EXPECT_FALSE(a.offer(one));
  carry(b, a);
  EXPECT_TRUE(a.offer(one));
}

TEST(PeerSession, ReturnsACreditForEachPieceTaken) {
  Session a;
  Session b;
  ASSERT_TRUE(a.offer(Bytes(2 * ipc::kPieceSize + 1)));
  carry(a, b);
  const Bytes* credit = b.next();
  ASSERT_NE(credit, nullptr);
  EXPECT_EQ(*credit, encode_credit(3));
  b.sent();
  EXPECT_EQ(b.next(), nullptr);
  EXPECT_EQ(a.on_credit(2), 2u);
  EXPECT_EQ(a.on_credit(100), 1u) << "never more than was out";
  EXPECT_EQ(a.on_credit(1), 0u);
}

TEST(PeerSession, OwesWhatCameWhileACreditWaitedToBeSent) {
  Session a;
  Session b;
  ASSERT_TRUE(a.offer(as_bytes("1")));
  carry(a, b);
  ASSERT_EQ(*b.next(), encode_credit(1));
  ASSERT_TRUE(a.offer(as_bytes("2")));
  carry(a, b);
  EXPECT_EQ(*b.next(), encode_credit(1));
  b.sent();
  EXPECT_EQ(*b.next(), encode_credit(1));
  b.sent();
  EXPECT_EQ(b.next(), nullptr);
}

TEST(PeerSession, RefusesAMessageThatGrowsBeyondTheMaximum) {
  Session b;
  const Bytes piece = encode_piece(Bytes(ipc::kPieceSize), false);
  const auto frame = decode_wire(piece);
  for (std::size_t i = 0; i < ipc::kMaxMessage / ipc::kPieceSize; ++i)
    ASSERT_TRUE(b.take(*frame).ok());
  EXPECT_EQ(b.take(*frame).error().code, Code::bad_input);
  const Bytes last = encode_piece(as_bytes("x"), true);
  EXPECT_FALSE(b.take(*decode_wire(last)).ok());
}

}  // namespace
}  // namespace hedgerow::gateway
