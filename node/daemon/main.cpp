// hedgerowd: the core as a daemon.

#include <fcntl.h>
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>

#include "crypto/random.h"
#include "node/daemon/config.h"
#include "node/daemon/server.h"
#include "node/keys/files.h"

namespace hedgerow::daemon {
namespace {

class SystemClock : public Clock {
 public:
  UtcTime now() override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

// Secrets must not reach a core dump, and what is made here is for this user alone.
Result<void> confine() {
  ::umask(077);
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0 || ::prctl(PR_SET_DUMPABLE, 0) != 0 ||
      ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return internal("cannot switch off core dumps");
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a limit on files is a full disk
  return {};
}

Result<ipc::Fd> signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return internal("cannot block signals");
  ipc::Fd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return internal("cannot watch for signals");
  return fd;
}

Result<void> make_folder(const std::filesystem::path& folder) {
  std::error_code ec;
  std::filesystem::create_directories(folder, ec);
  if (ec) return configuration(folder.string() + ": cannot be made: " + ec.message());
  return {};
}

// Two daemons on one store would each believe it was theirs.
Result<ipc::Fd> only_one(const std::filesystem::path& state) {
  const auto path = state / "lock";
  ipc::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid()) return configuration(path.string() + ": cannot be opened");
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return configuration(path.string() + ": another hedgerowd runs on this store",
                         "stop it first, or use another --home");
  return fd;
}

int print(const Error& error) {
  const bool named = error.text.find(error.culprit) != std::string::npos;
  std::cerr << "hedgerowd: " << error.text << (named ? "" : " (" + error.culprit + ")") << '\n';
  if (!error.hint.empty()) std::cerr << "hint: " << error.hint << '\n';
  return static_cast<int>(error.code);
}

Result<void> serve(const std::filesystem::path& home, bool check_only) {
  HR_TRY(confine());
  const Paths paths = Paths::under(home);
  HR_ASSIGN(const Config config, load_config(paths.config));
  HR_ASSIGN(auto keyring, keys::Keyring::open(paths.state));
  policies::Restrictions restrictions = load_restrictions(paths.restrictions);
  if (check_only) {
    const auto state = paths.state / "state";
    std::error_code ec;
    if (std::filesystem::exists(state, ec)) HR_TRY(keys::check_private_folder(state));
    HR_TRY(core::Core::check_files(state));
    if (!restrictions.fault.empty())
      return configuration(restrictions.fault,
                           "while it is so, this node refuses every question and release");
    std::cout << paths.config.string() << ": good; this node is " << config.party.str() << '\n';
    if (!restrictions.none())
      std::cout << paths.restrictions.string() << ": good; " << restrictions.refuse.size()
                << " refuse, " << restrictions.raise.size() << " raise\n";
    return {};
  }
  HR_ASSIGN(const ipc::Fd signal_fd, signals());
  const auto state = paths.state / "state";
  HR_TRY(make_folder(state));
  HR_TRY(keys::check_private_folder(state));
  HR_TRY(make_folder(paths.run));
  HR_TRY(make_folder(paths.gateway_run));
  HR_ASSIGN(const ipc::Fd lock, only_one(state));

  SystemRandom rng;
  SystemClock clock;
  Server server;
  core::CoreSetup setup;
  setup.party = config.party;
  setup.hub = config.hub;
  setup.listen = config.listen;
  setup.state = state;
  setup.reidentification = config.reidentification;
  setup.trace_officers = config.trace_officers;
  if (!restrictions.fault.empty())
    spdlog::error("{}: until it is mended, everything is refused", restrictions.fault);
  setup.restrictions = std::move(restrictions);
  HR_ASSIGN(const auto core, core::Core::open(std::move(setup), keyring, rng, server, clock.now()));
  HR_TRY(server.listen(paths));
  spdlog::info("{} is up", config.party.str());
  ::sd_notify(0, "READY=1");
  server.on_hangup([&paths] { return load_restrictions(paths.restrictions); });
  server.on_tick([] { ::sd_notify(0, "WATCHDOG=1"); });
  if (Result<void> ran = server.run(*core, clock, signal_fd.get()); !ran.ok()) {
    // A thread that waits for its disk cannot be ended; the process can, and loses nothing by it.
    if (ran.error().code == Code::try_again) std::_Exit(print(ran.error()));
    return ran;
  }
  spdlog::info("{} ends", config.party.str());
  return {};
}

}  // namespace
}  // namespace hedgerow::daemon

int main(int argc, char** argv) {
  CLI::App app{"hedgerowd: an agency's node of a region"};
  std::string home;
  bool check_only = false;
  app.add_option("--home", home, "one folder for configuration, state and sockets (for a trial)");
  app.add_flag("--check-config", check_only, "only look whether configuration and keys are good");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // help
    return hedgerow::daemon::print({hedgerow::Code::usage, e.what(), {}, "see `hedgerowd --help`"});
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("hedgerowd"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %n %v", spdlog::pattern_time_type::utc);
  const auto done = hedgerow::daemon::serve(home, check_only);
  return done.ok() ? 0 : hedgerow::daemon::print(done.error());
}
