#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include "test_paths.h"
#include "tests/node/gateway/harness.h"

namespace hedgerow::gateway {
namespace {

int run(std::vector<const char*> args) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    (void)!::freopen("/dev/null", "w", stderr);
    args.insert(args.begin(), "hedgerow-gateway");
    args.push_back(nullptr);
    ::execv(HEDGEROW_BINARY_DIR "/bin/hedgerow-gateway", const_cast<char* const*>(args.data()));
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(GatewayProgram, ExitsWith64OnWrongUse) {
  EXPECT_EQ(run({"--home"}), 64);
  EXPECT_EQ(run({"--home", ""}), 64);
  EXPECT_EQ(run({"--house", "x"}), 64);
  EXPECT_EQ(run({"--home", "x", "y"}), 64);
}

TEST(GatewayProgram, ExitsWith78WithoutItsKey) { EXPECT_EQ(run({"--home", "/nonexistent"}), 78); }

// Where the core begins after it and makes the folder of their sockets then.
TEST(GatewayProgram, WaitsForACoreWhoseFolderIsNotThereYet) {
  const TestKey key = make_key();
  const Home home(key);
  HR_CHECK(::rmdir((home.path() + "/run").c_str()) == 0);
  GatewayProcess gateway(home.path());
  const auto in_ten_seconds = [] {
    return std::chrono::steady_clock::now() + std::chrono::seconds(10);
  };
  // It has read its key and takes signals: from then on it waits. ThreadSanitizer adds a thread.
#ifdef __SANITIZE_THREAD__
  constexpr const char* kThreads = "Threads:\t4";
#else
  constexpr const char* kThreads = "Threads:\t3";
#endif
  const auto waits = [&] {
    std::ifstream file("/proc/" + std::to_string(gateway.pid()) + "/status");
    std::stringstream status;
    status << file.rdbuf();
    return status.str().find(kThreads) != std::string::npos;
  };
  auto end = in_ten_seconds();
  while (!waits() && std::chrono::steady_clock::now() < end) ::usleep(10'000);
  EXPECT_TRUE(waits());
  ASSERT_TRUE(gateway.running()) << gateway.log();
  HR_CHECK(::mkdir((home.path() + "/run").c_str(), 0700) == 0);
  FakeCore core(home.path(), {ipc::Role::hub, "tcp://127.0.0.1:*", key.own, {}, {}});
  end = in_ten_seconds();
  while (core.listening.empty() && std::chrono::steady_clock::now() < end) {
    core.pump();
    ::usleep(10'000);
  }
  EXPECT_FALSE(core.listening.empty()) << gateway.log();
}

using GatewayConfinement = Region;

TEST_F(GatewayConfinement, LeavesNoCoreAndHasItsOwnMemoryLimit) {
  std::ifstream file("/proc/" + std::to_string(hub_.gateway->pid()) + "/limits");
  std::stringstream limits;
  limits << file.rdbuf();
  const auto has = [&](const std::string& name, const std::string& value) {
    const std::size_t at = limits.str().find(name);
    if (at == std::string::npos) return false;
    const std::string line = limits.str().substr(at, limits.str().find('\n', at) - at);
    return line.find(" " + value + " ") != std::string::npos;
  };
  EXPECT_TRUE(has("Max core file size", "0")) << limits.str();
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_TRUE(has("Max data size", std::to_string(256u << 20))) << limits.str();
#endif
  std::ifstream status_file("/proc/" + std::to_string(hub_.gateway->pid()) + "/status");
  std::stringstream status;
  status << status_file.rdbuf();
  EXPECT_NE(status.str().find("NoNewPrivs:\t1"), std::string::npos);
}

}  // namespace
}  // namespace hedgerow::gateway
