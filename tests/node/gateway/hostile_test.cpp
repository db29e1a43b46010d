#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <zmq.h>

#include <algorithm>
#include <cerrno>

#include "tests/node/gateway/stranger.h"

namespace hedgerow::gateway {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

// A region whose hub also knows the key of a party without a gateway of its own: the test plays
// it, and it does not keep to the protocol.
class GatewayUnderAttack : public Region {
 protected:
  void SetUp() override {
    Region::SetUp();
    if (HasFatalFailure()) return;
    std::set<ipc::CurveKey> allowed = both();
    allowed.insert(rogue_.own);
    allow(allowed);
    pid_ = hub_.gateway->pid();
  }

  // The hub says where it listens each time it has taken a configuration: from then on the list
  // is in force. (A stranger that came earlier would be refused, and does not call again.)
  void allow(const std::set<ipc::CurveKey>& keys) {
    hub_.core->listening.clear();
    hub_.core->configure(hub_configuration(keys));
    ASSERT_TRUE(until([&] { return !hub_.core->listening.empty(); }));
  }

  std::unique_ptr<Stranger> stranger(const TestKey& key, const std::string& routing_id = {}) {
    return std::make_unique<Stranger>(endpoint_, key, hub_.key.own, routing_id);
  }

  // The rogue with a session, as an honest node begins one.
  bool hello(Stranger& s, const TestKey& key, std::uint64_t number) {
    bool sent = false;
    return until([&] {
      sent = sent || s.send(encode_hello(number), 0);
      return hub_.core->is_up(key.own);
    });
  }

  void expect_unharmed() {
    EXPECT_TRUE(hub_.gateway->running());
    EXPECT_EQ(hub_.gateway->pid(), pid_);
    EXPECT_TRUE(works(a_));
    EXPECT_TRUE(works(b_));
    EXPECT_EQ(hub_.core->ups[a_.key.own], 0);
  }

  TestKey rogue_ = make_key();
  pid_t pid_ = 0;
};

TEST_F(GatewayUnderAttack, RefusesAStrangersKey) {
  const TestKey unknown = make_key();
  const auto s = stranger(unknown);
  EXPECT_TRUE(until([&] { return s->refused(); }));
  EXPECT_FALSE(s->connected());
  EXPECT_FALSE(s->send(encode_hello(1), 100)) << "and its send did not wait for ever";
  EXPECT_FALSE(hub_.core->ups.contains(unknown.own));
  EXPECT_FALSE(hub_.core->received.contains(unknown.own));
  expect_unharmed();
}

TEST_F(GatewayUnderAttack, RefusesAClientWithoutCurve) {
  void* context = zmq_ctx_new();
  void* plain = zmq_socket(context, ZMQ_DEALER);
  const int zero = 0;
  const int one = 1;
  zmq_setsockopt(plain, ZMQ_LINGER, &zero, sizeof zero);
  zmq_setsockopt(plain, ZMQ_IMMEDIATE, &one, sizeof one);
  ASSERT_EQ(zmq_connect(plain, endpoint_.c_str()), 0);
  EXPECT_TRUE(works(a_));
  EXPECT_LT(zmq_send(plain, "x", 1, ZMQ_DONTWAIT), 0);
  zmq_close(plain);
  zmq_ctx_term(context);
  expect_unharmed();
}

TEST_F(GatewayUnderAttack, KnowsAPeerByItsKeyWhateverRoutingIdItClaims) {
  const TestKey victim = make_key();
  std::set<ipc::CurveKey> allowed = both();
  allowed.insert({rogue_.own, victim.own});
  allow(allowed);
  const auto honest = stranger(victim, "vale-police");
  ASSERT_TRUE(hello(*honest, victim, 1));

  // The same routing id: its connection is ignored, and the victim keeps its own.
  const auto thief = stranger(rogue_, "vale-police");
  ASSERT_TRUE(until([&] { return thief->connected(); }));
  (void)thief->send(encode_hello(1), 0);
  (void)thief->send(encode_piece(as_bytes("stolen"), true), 0);
  ASSERT_TRUE(works(a_));
  ASSERT_TRUE(until([&] { return hub_.core->send(victim.own, as_bytes("for the victim")); }));
  std::vector<Bytes> got;
  EXPECT_TRUE(until([&] {
    while (auto frame = honest->receive()) got.push_back(*frame);
    return std::ranges::count(got, encode_piece(as_bytes("for the victim"), true)) == 1;
  }));
  EXPECT_FALSE(thief->receive().has_value());
  EXPECT_TRUE(hub_.core->is_up(victim.own));
  EXPECT_TRUE(hub_.core->received[victim.own].empty());

  // Another's party name as routing id: its messages carry its own key all the same.
  const auto named = stranger(rogue_, "vale-council");
  ASSERT_TRUE(hello(*named, rogue_, 2));
  ASSERT_TRUE(named->send(encode_piece(as_bytes("mine"), true), 1000));
  ASSERT_TRUE(until([&] { return !hub_.core->received[rogue_.own].empty(); }));
  EXPECT_EQ(hub_.core->received[rogue_.own].back(), to_bytes("mine"));
  expect_unharmed();
}

TEST_F(GatewayUnderAttack, TakesTheNewestConnectionOfAKeyForItsPeer) {
  const auto first = stranger(rogue_);
  ASSERT_TRUE(hello(*first, rogue_, 1));
  const auto second = stranger(rogue_);
  // Again and again, since the hub limits how often a key may begin a session.
  ASSERT_TRUE(until([&] {
    (void)second->send(encode_hello(1), 0);
    return hub_.core->ups[rogue_.own] == 2;
  }));
  // The old connection's messages count no more, and it is told so.
  ASSERT_TRUE(first->send(encode_piece(as_bytes("old"), true), 1000));
  EXPECT_TRUE(until([&] {
    const auto frame = first->receive();
    return frame && *frame == encode_bye();
  }));
  ASSERT_TRUE(second->send(encode_piece(as_bytes("new"), true), 1000));
  EXPECT_TRUE(until([&] { return !hub_.core->received[rogue_.own].empty(); }));
  EXPECT_EQ(hub_.core->received[rogue_.own], std::vector<Bytes>{to_bytes("new")});
}

TEST_F(GatewayUnderAttack, RefusesEveryFrameOfAKeyTakenOffTheListThoughItsConnectionLives) {
  const auto s = stranger(rogue_);
  ASSERT_TRUE(hello(*s, rogue_, 1));
  ASSERT_TRUE(s->send(encode_piece(as_bytes("before"), true), 1000));
  ASSERT_TRUE(until([&] { return hub_.core->received[rogue_.own].size() == 1; }));
  allow(both());
  EXPECT_FALSE(hub_.core->is_up(rogue_.own));
  ASSERT_TRUE(s->send(encode_hello(2), 1000));
  ASSERT_TRUE(s->send(encode_piece(as_bytes("after"), true), 1000));
  EXPECT_TRUE(until([&] { return hub_.gateway->log().find("refused") != std::string::npos; }));
  EXPECT_FALSE(s->lost());
  EXPECT_EQ(hub_.core->received[rogue_.own].size(), 1u);
  EXPECT_EQ(hub_.core->ups[rogue_.own], 1);
  expect_unharmed();
}

TEST_F(GatewayUnderAttack, RefusesAMessageOfFiveMebibytesInOnePart) {
  const auto s = stranger(rogue_);
  ASSERT_TRUE(hello(*s, rogue_, 1));
  const Bytes large(5 * kMiB, 1);
  ASSERT_TRUE(s->send(large, 1000));
  EXPECT_TRUE(until([&] { return s->lost(); })) << "the connection was to be closed";
  EXPECT_TRUE(until([&] { return !hub_.core->is_up(rogue_.own); }));
  EXPECT_TRUE(hub_.core->received[rogue_.own].empty());
  expect_unharmed();
}

TEST_F(GatewayUnderAttack, RefusesAMessageOfFiveMebibytesInPieces) {
  const auto s = stranger(rogue_);
  ASSERT_TRUE(hello(*s, rogue_, 1));
  const Bytes piece = encode_piece(Bytes(ipc::kPieceSize, 1), false);
  for (std::size_t i = 0; i < 5 * kMiB / ipc::kPieceSize; ++i) ASSERT_TRUE(s->send(piece, 2000));
  EXPECT_TRUE(until([&] { return !hub_.core->is_up(rogue_.own); }));
  EXPECT_TRUE(hub_.core->received[rogue_.own].empty());
  expect_unharmed();
}

TEST_F(GatewayUnderAttack, DropsAMessageOfAHundredThousandParts) {
  const std::size_t before = hub_.gateway->resident_bytes();
  const auto s = stranger(rogue_);
  ASSERT_TRUE(hello(*s, rogue_, 1));
  const Bytes smuggled = encode_piece(as_bytes("smuggled"), true);
  ASSERT_TRUE(s->send_parts(smuggled, 2));
  ASSERT_TRUE(s->send_parts(smuggled, 100'000));
  ASSERT_TRUE(s->send(encode_piece(as_bytes("after"), true), 2000));
  EXPECT_TRUE(until([&] { return !hub_.core->received[rogue_.own].empty(); }));
  EXPECT_EQ(hub_.core->received[rogue_.own], std::vector<Bytes>{to_bytes("after")});
  EXPECT_LT(hub_.gateway->resident_bytes(), before + 64 * kMiB);
  expect_unharmed();
}

TEST_F(GatewayUnderAttack, DropsFramesItDoesNotKnow) {
  const auto s = stranger(rogue_);
  ASSERT_TRUE(hello(*s, rogue_, 1));
  for (const Bytes& frame : {Bytes{}, Bytes{1}, Bytes{2, 1, 7}, Bytes{1, 9}, Bytes{1, 1},
                             Bytes{1, 2, 7}, Bytes{1, 3, 0, 0, 0, 0}, Bytes{1, 4, 0}})
    ASSERT_TRUE(s->send(frame, 1000));
  ASSERT_TRUE(s->send(encode_piece(as_bytes("after"), true), 1000));
  EXPECT_TRUE(until([&] { return !hub_.core->received[rogue_.own].empty(); }));
  EXPECT_EQ(hub_.core->received[rogue_.own], std::vector<Bytes>{to_bytes("after")});
  EXPECT_EQ(hub_.core->ups[rogue_.own], 1);
  expect_unharmed();
}

TEST_F(GatewayUnderAttack, GivesNoCreditThatWasNotSpent) {
  const auto s = stranger(rogue_);
  ASSERT_TRUE(hello(*s, rogue_, 1));
  ASSERT_TRUE(until([&] { return hub_.core->credit(rogue_.own) == ipc::kWindow; }));
  // The rogue takes nothing, so the hub's core may send one window and then no more, whatever
  // credit it claims to give beyond what it was sent.
  std::size_t sent = 0;
  while (hub_.core->send(rogue_.own, as_bytes("x"))) ++sent;
  EXPECT_EQ(sent, ipc::kWindow);
  std::size_t got = 0;
  ASSERT_TRUE(until([&] {
    while (const auto frame = s->receive())
      if (*frame == encode_piece(as_bytes("x"), true)) ++got;
    return got == sent;
  }));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(s->send(encode_credit(2 * ipc::kWindow), 1000));
  ASSERT_TRUE(until([&] { return hub_.core->credit(rogue_.own) == ipc::kWindow; }));
  ASSERT_TRUE(works(a_));
  EXPECT_EQ(hub_.core->credit(rogue_.own), ipc::kWindow);
  ASSERT_TRUE(hub_.core->send(rogue_.own, as_bytes("one more")));
  EXPECT_TRUE(until([&] {
    const auto frame = s->receive();
    return frame && *frame == encode_piece(as_bytes("one more"), true);
  }));
  EXPECT_EQ(hub_.core->ups[rogue_.own], 1);
}

TEST_F(GatewayUnderAttack, LimitsHowOftenAPeerMayBeginAgain) {
  const auto s = stranger(rogue_);
  ASSERT_TRUE(hello(*s, rogue_, 1));
  for (std::uint64_t i = 2; i < 1000; ++i) ASSERT_TRUE(s->send(encode_hello(i), 1000));
  ASSERT_TRUE(s->send(encode_piece(as_bytes("after"), true), 1000));
  EXPECT_TRUE(until([&] { return !hub_.core->received[rogue_.own].empty(); }));
  EXPECT_LT(hub_.core->ups[rogue_.own], 50);
  expect_unharmed();
}

ipc::Fd raw_connection(const std::string& endpoint) {
  const std::size_t colon = endpoint.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(colon + 1))));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ipc::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  HR_CHECK(fd.valid());
  HR_CHECK(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

// A ZMTP 3.0 greeting for CURVE, then a command that announces `size` bytes.
Bytes greeting_and_announcement(std::uint64_t size) {
  Bytes bytes(64);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  for (std::size_t i = 0; i < 5; ++i) bytes[12 + i] = static_cast<std::uint8_t>("CURVE"[i]);
  bytes.push_back(6);  // a long command
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<std::uint8_t>(size >> shift));
  return bytes;
}

TEST_F(GatewayUnderAttack, WorksOnUnderAFloodOfTwoHundredStrangers) {
  const std::size_t before = hub_.gateway->resident_bytes();
  std::vector<ipc::Fd> raw;
  const Bytes body(4 * kMiB, 7);
  for (int i = 0; i < 180; ++i) {
    raw.push_back(raw_connection(endpoint_));
    // Some say nothing, some talk nonsense, some announce the most that is let through and send
    // it but for the last byte, some announce far more.
    Bytes text;
    if (i % 4 == 1) text = Bytes(4096, static_cast<std::uint8_t>(i));
    if (i % 4 == 2) text = greeting_and_announcement(ipc::kPieceSize);
    if (i % 4 == 3) text = greeting_and_announcement(body.size());
    if (!text.empty()) (void)::send(raw.back().get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (i % 4 == 2)
      (void)::send(raw.back().get(), body.data(), ipc::kPieceSize - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (i % 4 == 3)
      (void)::send(raw.back().get(), body.data(), body.size() - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  std::vector<std::unique_ptr<Stranger>> strangers;
  for (int i = 0; i < 20; ++i) strangers.push_back(stranger(make_key()));
  EXPECT_TRUE(works(a_));
  EXPECT_TRUE(until(
      [&] { return std::ranges::all_of(strangers, [](const auto& s) { return s->refused(); }); }));
  const std::size_t after = hub_.gateway->resident_bytes();
  RecordProperty("resident_kib_before", static_cast<int>(before / 1024));
  RecordProperty("resident_kib_after", static_cast<int>(after / 1024));
  EXPECT_LT(after, before + 32 * kMiB);
  expect_unharmed();
  // And whoever has not finished the handshake by then is thrown out.
  EXPECT_TRUE(until([&] {
    return std::ranges::all_of(raw, [](const ipc::Fd& fd) {
      ByteArray<256> sink;
      ssize_t n = 0;
      while ((n = ::recv(fd.get(), sink.data(), sink.size(), MSG_DONTWAIT)) > 0) {
      }
      return n == 0 || (errno != EAGAIN && errno != EINTR);
    });
  }));
}

}  // namespace
}  // namespace hedgerow::gateway
