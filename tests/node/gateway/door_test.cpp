#include "node/gateway/door.h"

#include <gtest/gtest.h>
#include <netdb.h>

namespace hedgerow::gateway {
namespace {

// A machine without /etc/hosts knows no name at all.
bool is_known(const char* name) {
  addrinfo* found = nullptr;
  const bool known = ::getaddrinfo(name, nullptr, nullptr, &found) == 0;
  if (known) ::freeaddrinfo(found);
  return known;
}

TEST(Listener, TakesAnAddressANameOrEveryAddress) {
  for (const char* endpoint :
       {"tcp://127.0.0.1:*", "tcp://127.0.0.1:0", "tcp://localhost:*", "tcp://*:*"}) {
    const auto listener = listen_on(endpoint);
    if (std::string_view(endpoint).find("localhost") != std::string_view::npos &&
        !is_known("localhost")) {
      EXPECT_FALSE(listener.ok()) << endpoint;
      continue;
    }
    ASSERT_TRUE(listener.ok()) << endpoint << ": " << listener.error().text;
    const std::string port = listener->endpoint.substr(listener->endpoint.rfind(':') + 1);
    EXPECT_GT(std::stoi(port), 0) << listener->endpoint;
  }
}

TEST(Listener, RefusesWhatIsNoEndpoint) {
  for (const char* endpoint : {"", "tcp://", "tcp://:1", "tcp://127.0.0.1", "tcp://127.0.0.1:",
                               "tcp://127.0.0.1:65536", "tcp://127.0.0.1:1x", "ipc://x:1"}) {
    const auto listener = listen_on(endpoint);
    ASSERT_FALSE(listener.ok()) << endpoint;
    EXPECT_EQ(listener.error().code, Code::configuration) << endpoint;
  }
}

TEST(Listener, SaysThatAnAddressIsTaken) {
  const auto first = listen_on("tcp://127.0.0.1:*");
  ASSERT_TRUE(first.ok());
  const auto second = listen_on(first->endpoint);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::try_again);
}

TEST(DoorLimits, FitIntoTheDescriptorsThereAre) {
  for (const std::size_t descriptors : {128u, 256u, 1024u, 4096u, 16384u, 1u << 20}) {
    const DoorLimits limits = door_limits(descriptors);
    EXPECT_GT(limits.unproven, 0u);
    EXPECT_GT(limits.proving, 0u);
    EXPECT_GT(limits.admitted, 0u);
    EXPECT_LE(limits.unproven + 3 * (limits.proving + limits.admitted), descriptors);
  }
  EXPECT_EQ(door_limits(16384).unproven, 10'000u);
}

}  // namespace
}  // namespace hedgerow::gateway
