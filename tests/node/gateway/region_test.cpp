#include <sys/stat.h>

#include <csignal>

#include "tests/node/gateway/harness.h"

namespace hedgerow::gateway {
namespace {

using GatewayRegion = Region;

Bytes numbered(std::uint32_t i) { return std::move(Writer().u32(i)).take(); }

Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + i / 251);
  return bytes;
}

TEST_F(GatewayRegion, CarriesMessagesBetweenTheHubAndEachNode) {
  EXPECT_TRUE(works(a_));
  EXPECT_TRUE(works(b_));
  EXPECT_EQ(hub_.core->received[a_.key.own].size(), 1u);
  EXPECT_EQ(hub_.core->received[b_.key.own].size(), 1u);
}

TEST_F(GatewayRegion, CarriesAMessageOfTheGreatestSizeBothWays) {
  for (const std::size_t size : {ipc::kPieceSize, ipc::kPieceSize + 1, ipc::kMaxMessage}) {
    const Bytes large = pattern(size);
    ASSERT_TRUE(until([&] { return a_.core->send(hub_.key.own, large); }));
    ASSERT_TRUE(until([&] { return hub_.core->send(a_.key.own, large); }));
    ASSERT_TRUE(until([&] {
      return !hub_.core->received[a_.key.own].empty() && !a_.core->received[hub_.key.own].empty();
    }));
    EXPECT_TRUE(hub_.core->received[a_.key.own].back() == large);
    EXPECT_TRUE(a_.core->received[hub_.key.own].back() == large);
    hub_.core->received.clear();
    a_.core->received.clear();
  }
}

TEST_F(GatewayRegion, CarriesManyMessagesInOrderWithinTheCredit) {
  constexpr std::uint32_t kCount = 2000;
  std::uint32_t sent = 0;
  const std::vector<Bytes>& got = hub_.core->received[a_.key.own];
  ASSERT_TRUE(until([&] {
    while (sent < kCount && a_.core->send(hub_.key.own, numbered(sent))) ++sent;
    return got.size() == kCount;
  }));
  for (std::uint32_t i = 0; i < kCount; ++i) ASSERT_EQ(got[i], numbered(i));
  // All credit comes back.
  EXPECT_TRUE(until([&] { return a_.core->credit(hub_.key.own) == ipc::kWindow; }));
}

TEST_F(GatewayRegion, StopsTheSenderWhenTheReceivingCoreIsStuck) {
  hub_.core->reading = false;
  const Bytes quarter(std::size_t{1} << 20, 5);
  std::size_t sent = 0;
  // The hub's gateway takes eight MiB and a little from the network, and then no more.
  ASSERT_TRUE(until([&] {
    while (a_.core->send(hub_.key.own, quarter)) ++sent;
    return sent >= 12 && a_.core->credit(hub_.key.own) < 16;
  }));
  // The other direction, and the other node's connection, live on meanwhile.
  ASSERT_TRUE(hub_.core->send(b_.key.own, as_bytes("still there")));
  ASSERT_TRUE(until([&] { return !b_.core->received[hub_.key.own].empty(); }));
  EXPECT_LT(sent, 40u);
  EXPECT_LT(hub_.gateway->resident_bytes(), std::size_t{64} << 20);
  hub_.core->reading = true;
  EXPECT_TRUE(until([&] { return hub_.core->received[a_.key.own].size() == sent; }));
  EXPECT_EQ(hub_.core->ups[a_.key.own], 0);
}

TEST_F(GatewayRegion, StartsASessionAgainWhenTheCoreSendsFarBeyondItsCredit) {
  for (std::uint32_t i = 0; i < 3 * ipc::kWindow; ++i)
    hub_.core->send_unasked(a_.key.own, numbered(i));
  EXPECT_TRUE(until([&] { return hub_.core->ups[a_.key.own] == 1 && is_linked(a_); }));
  EXPECT_TRUE(works(a_));
}

TEST_F(GatewayRegion, ComesBackAfterANodesGatewayWasKilled) {
  a_.gateway->kill();
  EXPECT_TRUE(until([&] { return !hub_.core->is_up(a_.key.own); }));
  EXPECT_TRUE(works(b_));
  a_.gateway->start();
  EXPECT_TRUE(until([&] { return is_linked(a_); }));
  EXPECT_TRUE(works(a_));
}

TEST_F(GatewayRegion, ComesBackAfterTheHubsGatewayWasKilled) {
  hub_.gateway->kill();
  EXPECT_TRUE(
      until([&] { return !a_.core->is_up(hub_.key.own) && !b_.core->is_up(hub_.key.own); }));
  hub_.gateway->start();
  EXPECT_TRUE(until([&] { return is_linked(a_) && is_linked(b_); }));
  EXPECT_TRUE(works(a_));
  EXPECT_TRUE(works(b_));
}

TEST_F(GatewayRegion, NoticesAHubThatHangs) {
  ASSERT_EQ(::kill(hub_.gateway->pid(), SIGSTOP), 0);
  EXPECT_TRUE(until([&] { return !a_.core->is_up(hub_.key.own); }));
  ASSERT_EQ(::kill(hub_.gateway->pid(), SIGCONT), 0);
  EXPECT_TRUE(until([&] { return is_linked(a_) && is_linked(b_); }));
  EXPECT_TRUE(works(a_));
}

TEST_F(GatewayRegion, EndsTheSessionOfANodeWhoseCoreDied) {
  a_.core->stop();
  EXPECT_TRUE(until([&] { return !hub_.core->is_up(a_.key.own); }));
  a_.core->start();
  EXPECT_TRUE(until([&] { return is_linked(a_); }));
  EXPECT_EQ(a_.core->connections, 2);
  EXPECT_TRUE(works(a_));
  EXPECT_TRUE(a_.gateway->running());
}

TEST_F(GatewayRegion, EndsAllSessionsWhenTheHubsCoreDied) {
  hub_.core->stop();
  EXPECT_TRUE(
      until([&] { return !a_.core->is_up(hub_.key.own) && !b_.core->is_up(hub_.key.own); }));
  hub_.core->start();
  EXPECT_TRUE(until([&] { return is_linked(a_) && is_linked(b_); }));
  EXPECT_EQ(hub_.core->listening, endpoint_);
  EXPECT_TRUE(works(a_));
  EXPECT_TRUE(works(b_));
  EXPECT_TRUE(hub_.gateway->running());
}

TEST_F(GatewayRegion, RefusesAKeyTakenOffTheListAtRunTimeAndTakesItBack) {
  hub_.core->configure(hub_configuration({b_.key.own}));
  ASSERT_TRUE(
      until([&] { return !hub_.core->is_up(a_.key.own) && !a_.core->is_up(hub_.key.own); }));
  const std::size_t before = hub_.core->received[a_.key.own].size();
  a_.core->send_unasked(hub_.key.own, as_bytes("let me in"));
  EXPECT_TRUE(works(b_));
  EXPECT_EQ(hub_.core->received[a_.key.own].size(), before);
  EXPECT_EQ(hub_.core->ups[b_.key.own], 0) << "the others' sessions were not to be touched";
  hub_.core->configure(hub_configuration(both()));
  EXPECT_TRUE(until([&] { return is_linked(a_); }));
  EXPECT_TRUE(works(a_));
}

TEST_F(GatewayRegion, LetsANodeInThatCameBeforeItWasListed) {
  hub_.core->configure(hub_configuration({b_.key.own}));
  ASSERT_TRUE(until([&] { return !hub_.core->is_up(a_.key.own); }));
  a_.gateway->kill();
  a_.core->troubles.clear();
  a_.gateway->start();
  ASSERT_TRUE(until([&] { return !a_.core->troubles.empty(); }));
  EXPECT_FALSE(a_.core->is_up(hub_.key.own));
  hub_.core->configure(hub_configuration(both()));
  EXPECT_TRUE(until([&] { return is_linked(a_); }));
}

TEST_F(GatewayRegion, DoesNotTakeAnotherForTheHub) {
  a_.core->configure(node_configuration(a_.key, make_key().own));
  ASSERT_TRUE(until([&] { return !a_.core->troubles.empty(); }));
  EXPECT_NE(a_.core->troubles[0].find("handshake"), std::string::npos) << a_.core->troubles[0];
  EXPECT_FALSE(a_.core->is_up(hub_.key.own));
  EXPECT_TRUE(works(b_));
  a_.core->configure(node_configuration(a_.key, hub_.key.own));
  EXPECT_TRUE(until([&] { return is_linked(a_); }));
}

TEST_F(GatewayRegion, RefusesAConfigurationForAnotherKey) {
  a_.core->configure(node_configuration(make_key(), hub_.key.own));
  ASSERT_TRUE(until([&] { return !a_.core->troubles.empty(); }));
  EXPECT_NE(a_.core->troubles[0].find("curve.key"), std::string::npos);
  EXPECT_TRUE(until([&] { return !hub_.core->is_up(a_.key.own); }));
}

TEST_F(GatewayRegion, SaysThatItsAddressIsTakenAndListensOnceItIsFree) {
  // Node a becomes a second hub on the first one's port.
  ipc::Configure second = hub_configuration({});
  second.own = a_.key.own;
  a_.core->configure(second);
  ASSERT_TRUE(until([&] { return !a_.core->troubles.empty(); }));
  EXPECT_NE(a_.core->troubles[0].find(endpoint_), std::string::npos);
  EXPECT_TRUE(a_.core->listening.empty());
  hub_.gateway->kill();
  EXPECT_TRUE(until([&] { return a_.core->listening == endpoint_; }));
}

TEST_F(GatewayRegion, EndsCleanlyOnRequestAndLogsNoSecret) {
  ASSERT_TRUE(works(a_));
  EXPECT_EQ(a_.gateway->terminate(), 0);
  EXPECT_EQ(hub_.gateway->terminate(), 0);
  for (const Node* node : {&a_, &hub_}) {
    const std::string log = node->gateway->log();
    EXPECT_NE(log.find("is up"), std::string::npos);
    EXPECT_EQ(log.find(to_hex(node->key.secret)), std::string::npos);
    EXPECT_EQ(log.find("message 1"), std::string::npos);
  }
}

}  // namespace
}  // namespace hedgerow::gateway
