#include "tests/node/gateway/harness.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "test_paths.h"

namespace hedgerow::gateway {

namespace fs = std::filesystem;

TestKey make_key() {
  char own[41];
  char secret[41];
  HR_CHECK(zmq_curve_keypair(own, secret) == 0);
  TestKey key;
  zmq_z85_decode(key.own.bytes.data(), own);
  zmq_z85_decode(key.secret.data(), secret);
  return key;
}

Home::Home(const TestKey& key) {
  path_ = testing::TempDir() + "hedgerow-gw-XXXXXX";
  HR_CHECK(::mkdtemp(path_.data()) != nullptr);
  HR_CHECK(::mkdir((path_ + "/keys").c_str(), 0700) == 0);
  HR_CHECK(::mkdir((path_ + "/run").c_str(), 0700) == 0);
  const std::string file = path_ + "/keys/curve.key";
  std::ofstream(file) << key.own.hex() << "\n" << to_hex(key.secret) << "\n";
  HR_CHECK(::chmod(file.c_str(), 0400) == 0);
}

Home::~Home() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void GatewayProcess::start(rlim_t descriptors) {
  pid_ = ::fork();
  HR_CHECK(pid_ >= 0);
  if (pid_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it ends with the test, however that ends
  const int log = ::open((home_ + "/gateway.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(log, 2);
  const rlimit limit{descriptors, descriptors};
  if (descriptors != 0 && ::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::_exit(126);
  ::execl(HEDGEROW_BINARY_DIR "/bin/hedgerow-gateway", "hedgerow-gateway", "--home", home_.c_str(),
          static_cast<char*>(nullptr));
  ::_exit(127);
}

GatewayProcess::~GatewayProcess() { kill(); }

void GatewayProcess::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

int GatewayProcess::terminate() {
  ::kill(pid_, SIGTERM);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool GatewayProcess::running() const {
  siginfo_t info{};
  return pid_ > 0 &&
         ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

std::size_t GatewayProcess::resident_bytes() const {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 0;
#else
  std::ifstream statm("/proc/" + std::to_string(pid_) + "/statm");
  std::size_t size = 0;
  std::size_t resident = 0;
  statm >> size >> resident;
  return resident * 4096;
#endif
}

std::string GatewayProcess::log() const {
  std::ifstream file(home_ + "/gateway.log");
  return {std::istreambuf_iterator<char>(file), {}};
}

FakeCore::FakeCore(const std::string& home, ipc::Configure configure)
    : path_(home + "/run/gateway.sock"), configure_(std::move(configure)) {
  start();
}

void FakeCore::start() {
  auto listener = ipc::listen_at(path_);
  HR_CHECK(listener.ok());
  listener_ = std::move(*listener);
}

void FakeCore::stop() {
  connection_.reset();
  listener_ = ipc::Fd();
  credits_ = {};
  listening.clear();
}

void FakeCore::configure(ipc::Configure configure) {
  configure_ = std::move(configure);
  if (connection_) HR_CHECK(connection_->queue(ipc::encode(ipc::ToGateway(configure_))).ok());
}

bool FakeCore::send(const ipc::CurveKey& peer, ByteView bytes) {
  if (!connection_ || !connection_->has_room(bytes.size() + 64)) return false;
  if (!credits_.take(peer, bytes.size())) return false;
  send_unasked(peer, bytes);
  return true;
}

void FakeCore::send_unasked(const ipc::CurveKey& peer, ByteView bytes) {
  HR_CHECK(connection_->queue(ipc::encode(ipc::ToGateway(ipc::Send{peer, to_bytes(bytes)}))).ok());
}

void FakeCore::add_descriptors(std::vector<int>& out) const {
  if (listener_.valid()) out.push_back(listener_.get());
  if (connection_ && reading) out.push_back(connection_->fd());
}

void FakeCore::take(const ipc::Frame& frame) {
  const auto message = ipc::decode_from_gateway(frame);
  ASSERT_TRUE(message.ok()) << message.error().text;
  credits_.apply(*message);
  if (const auto* hello = std::get_if<ipc::Hello>(&*message)) {
    EXPECT_EQ(hello->version, ipc::kLinkVersion);
    configure(configure_);
  } else if (const auto* up = std::get_if<ipc::PeerUp>(&*message)) {
    ++ups[up->peer];
  } else if (const auto* got = std::get_if<ipc::Received>(&*message)) {
    received[got->peer].push_back(got->bytes);
  } else if (const auto* at = std::get_if<ipc::Listening>(&*message)) {
    listening = at->endpoint;
  } else if (const auto* trouble = std::get_if<ipc::Trouble>(&*message)) {
    troubles.push_back(trouble->text);
  }
}

void FakeCore::pump() {
  if (listener_.valid()) {
    auto accepted = ipc::accept_from(listener_);
    ASSERT_TRUE(accepted.ok());
    if (*accepted) {
      connection_ = std::make_unique<ipc::Connection>(std::move(**accepted));
      credits_ = {};
      ++connections;
    }
  }
  if (!connection_) return;
  if (reading) {
    const auto frames = connection_->on_readable();
    // A gateway killed in the middle of a frame is an end like any other here.
    if (frames.ok())
      for (const ipc::Frame& frame : *frames) take(frame);
  }
  if (connection_->wants_write()) (void)connection_->on_writable();
  if (connection_->closed()) {
    connection_.reset();
    credits_ = {};
  }
}

ipc::Configure Region::hub_configuration(const std::set<ipc::CurveKey>& allowed) const {
  return {ipc::Role::hub,
          endpoint_.empty() ? "tcp://127.0.0.1:*" : endpoint_,
          hub_.key.own,
          {},
          {allowed.begin(), allowed.end()}};
}

ipc::Configure Region::node_configuration(const TestKey& key, const ipc::CurveKey& hub) const {
  return {ipc::Role::node, endpoint_, key.own, hub, {}};
}

void Region::SetUp() {
  hub_.core = std::make_unique<FakeCore>(hub_.home.path(), hub_configuration(both()));
  hub_.gateway = std::make_unique<GatewayProcess>(hub_.home.path());
  ASSERT_TRUE(until([&] { return !hub_.core->listening.empty(); }));
  endpoint_ = hub_.core->listening;
  // From now on the hub keeps this port, through every restart.
  hub_.core->configure(hub_configuration(both()));
  for (Node* node : {&a_, &b_}) {
    node->core =
        std::make_unique<FakeCore>(node->home.path(), node_configuration(node->key, hub_.key.own));
    node->gateway = std::make_unique<GatewayProcess>(node->home.path());
  }
  ASSERT_TRUE(until([&] { return is_linked(a_) && is_linked(b_); }));
  // A node may have called while the hub moved to its port.
  for (Node* node : {&hub_, &a_, &b_}) {
    node->core->troubles.clear();
    node->core->ups.clear();
  }
}

bool Region::is_linked(const Node& node) const {
  return hub_.core->is_up(node.key.own) && node.core->is_up(hub_.key.own);
}

bool Region::until(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  for (;;) {
    std::vector<int> descriptors;
    for (const Node* node : {&hub_, &a_, &b_}) {
      if (!node->core) continue;
      node->core->pump();
      node->core->add_descriptors(descriptors);
    }
    if (HasFatalFailure()) return false;
    if (condition()) return true;
    if (std::chrono::steady_clock::now() > end) return false;
    std::vector<pollfd> polls;
    for (const int fd : descriptors) polls.push_back({fd, POLLIN, 0});
    bool writes = false;
    for (const Node* node : {&hub_, &a_, &b_})
      writes = writes || (node->core && node->core->wants_write());
    ::poll(polls.data(), polls.size(), writes ? 0 : 5);
  }
}

bool Region::works(Node& node) {
  const std::string text = "message " + std::to_string(++tag_);
  const Bytes up = to_bytes(text + " up");
  const Bytes down = to_bytes(text + " down");
  bool sent_up = false;
  bool sent_down = false;
  const auto arrived = [](FakeCore& core, const ipc::CurveKey& from, const Bytes& bytes) {
    const std::vector<Bytes>& got = core.received[from];
    return !got.empty() && got.back() == bytes;
  };
  return until([&] {
    sent_up = sent_up || node.core->send(hub_.key.own, up);
    sent_down = sent_down || hub_.core->send(node.key.own, down);
    return arrived(*hub_.core, node.key.own, up) && arrived(*node.core, hub_.key.own, down);
  });
}

}  // namespace hedgerow::gateway
