// hedgerow-gateway [--home DIR]: carries a node's opaque messages between its core and the hub.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "node/gateway/confine.h"
#include "node/gateway/curve_key.h"
#include "node/gateway/gateway.h"

namespace hedgerow::gateway {
namespace {

constexpr char kUsage[] = "usage: hedgerow-gateway [--home DIR]\n";

struct Paths {
  std::string key;
  std::string run;
};

// All under one folder, for a trial; empty: the system's places.
Paths paths_under(const std::string& home) {
  if (home.empty()) return {"/var/lib/hedgerow/keys/curve.key", "/run/hedgerow-gateway"};
  return {home + "/keys/curve.key", home + "/run"};
}

int fail(const Error& error) {
  std::fprintf(stderr, "hedgerow-gateway: %s\n", error.text.c_str());
  if (!error.hint.empty()) std::fprintf(stderr, "hint: %s\n", error.hint.c_str());
  return static_cast<int>(error.code);
}

// Blocked before ZeroMQ's threads are made, so that they inherit it and only the loop sees them.
ipc::Fd stop_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGHUP);
  HR_CHECK(sigprocmask(SIG_BLOCK, &stop, nullptr) == 0);
  return ipc::Fd(::signalfd(-1, &stop, SFD_NONBLOCK | SFD_CLOEXEC));
}

int run(const std::string& home) {
  const auto log = spdlog::stderr_logger_st("gateway");
  spdlog::set_default_logger(log);
  spdlog::set_pattern("hedgerow-gateway: %l: %v");

  const auto descriptors = confine();
  if (!descriptors.ok()) return fail(descriptors.error());
  const ipc::Fd stop = stop_signals();
  if (!stop.valid()) return fail(internal("cannot wait for signals"));
  const Paths paths = paths_under(home);
  auto pair = read_curve_key(paths.key);
  if (!pair.ok()) return fail(pair.error());
  auto gateway = Gateway::open(paths.run, std::move(*pair), *descriptors);
  if (!gateway.ok()) return fail(gateway.error());
  (*gateway)->run(stop.get());
  spdlog::info("ended");
  return 0;
}

}  // namespace
}  // namespace hedgerow::gateway

int main(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (argc == 2 && (first == "--help" || first == "-h")) {
    std::fputs(hedgerow::gateway::kUsage, stdout);
    return 0;
  }
  if (argc != 1 && (argc != 3 || first != "--home" || std::strlen(argv[2]) == 0)) {
    std::fputs(hedgerow::gateway::kUsage, stderr);
    return static_cast<int>(hedgerow::Code::usage);
  }
  return hedgerow::gateway::run(argc == 3 ? argv[2] : "");
}
