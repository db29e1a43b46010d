#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

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
