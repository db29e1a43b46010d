// Real gateway processes on loopback, each with a core that is played by the test.
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "node/ipc/link.h"
#include "node/ipc/socket.h"

namespace hedgerow::gateway {

struct TestKey {
  ipc::CurveKey own;
  ByteArray<32> secret{};
};
TestKey make_key();

// A folder as a node's --home, gone at the end.
class Home {
 public:
  explicit Home(const TestKey& key);
  ~Home();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class GatewayProcess {
 public:
  explicit GatewayProcess(std::string home) : home_(std::move(home)) { start(); }
  ~GatewayProcess();
  GatewayProcess(const GatewayProcess&) = delete;
  GatewayProcess& operator=(const GatewayProcess&) = delete;

  // With at most this many descriptors; 0: as many as it takes itself.
  void start(rlim_t descriptors = 0);
  void kill();           // SIGKILL, and waits
  int terminate();       // SIGTERM; the exit code, or -1
  bool running() const;  // is this very process still there
  // 0 under a sanitizer, whose own memory would count.
  std::size_t resident_bytes() const;
  std::string log() const;
  pid_t pid() const { return pid_; }

 private:
  std::string home_;
  pid_t pid_ = -1;
};

// The core's side of one gateway socket.
class FakeCore {
 public:
  FakeCore(const std::string& home, ipc::Configure configure);

  void stop();   // as if the core had died
  void start();  // listens again
  void configure(ipc::Configure configure);
  const ipc::Configure& configuration() const { return configure_; }

  // Sends if there is credit; whether it did.
  bool send(const ipc::CurveKey& peer, ByteView bytes);
  // Sends whatever the credit.
  void send_unasked(const ipc::CurveKey& peer, ByteView bytes);

  bool is_up(const ipc::CurveKey& peer) const { return credits_.is_up(peer); }
  std::uint32_t credit(const ipc::CurveKey& peer) const { return credits_.left(peer); }

  // For poll, and what came of it.
  void add_descriptors(std::vector<int>& out) const;
  void pump();
  bool wants_write() const { return connection_ && connection_->wants_write(); }

  bool reading = true;  // false: a core that is stuck
  std::map<ipc::CurveKey, std::vector<Bytes>> received;
  std::map<ipc::CurveKey, int> ups;  // how often each peer came up
  std::string listening;
  std::vector<std::string> troubles;
  int connections = 0;

 private:
  void take(const ipc::Frame& frame);

  std::string path_;
  ipc::Configure configure_;
  ipc::Fd listener_;
  std::unique_ptr<ipc::Connection> connection_;
  ipc::Credits credits_;
};

// A hub and two nodes, all up.
class Region : public testing::Test {
 protected:
  struct Node {
    explicit Node(const TestKey& k) : key(k), home(k) {}
    TestKey key;
    Home home;
    std::unique_ptr<FakeCore> core;
    std::unique_ptr<GatewayProcess> gateway;
  };

  void SetUp() override;

  // Pumps all cores until the condition holds; false after ten seconds.
  bool until(const std::function<bool()>& condition);
  // A message each way between the hub and this node arrives.
  bool works(Node& node);
  bool is_linked(const Node& node) const;

  ipc::Configure hub_configuration(const std::set<ipc::CurveKey>& allowed) const;
  ipc::Configure node_configuration(const TestKey& key, const ipc::CurveKey& hub) const;
  std::set<ipc::CurveKey> both() const { return {a_.key.own, b_.key.own}; }

  Node hub_{make_key()};
  Node a_{make_key()};
  Node b_{make_key()};
  std::string endpoint_;  // the hub's, with its real port
  int tag_ = 0;
};

}  // namespace hedgerow::gateway
