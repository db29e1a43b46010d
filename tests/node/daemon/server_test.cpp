// The daemon's two threads with a real core, store and log, on a disk that hangs.
#include "node/daemon/server.h"

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <sstream>
#include <thread>

#include "tests/simulation/identities.h"

namespace hedgerow::daemon {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr milliseconds kPatience{200};
constexpr int kLong = 20'000;  // ms; nothing here takes that long

// One kind of operation on files of one name does not return until it is let go.
class HangingDisk : public DiskFaults {
 public:
  HangingDisk() { set_disk_faults(this); }
  ~HangingDisk() override {
    let_go();
    set_disk_faults(nullptr);
  }
  void hang(DiskAction action, std::string name) {
    const std::lock_guard lock(mutex_);
    action_ = action;
    name_ = std::move(name);
    hangs_ = true;
  }
  void let_go() {
    {
      const std::lock_guard lock(mutex_);
      hangs_ = false;
    }
    changed_.notify_all();
  }
  int before(const DiskOperation& operation) override {
    std::unique_lock lock(mutex_);
    if (!hangs_ || operation.action != action_ ||
        std::string_view(operation.path).find(name_) == std::string_view::npos)
      return 0;
    changed_.wait(lock, [this] { return !hangs_; });
    return 0;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  DiskAction action_ = DiskAction::read;
  std::string name_;
  bool hangs_ = false;
};

class FixedClock : public Clock {
 public:
  UtcTime now() override { return from_unix_ms(simulation::kBeginning); }
};

// What spdlog was told, from whichever thread.
class Lines {
 public:
  Lines() : before_(spdlog::default_logger()) {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_)));
  }
  ~Lines() { spdlog::set_default_logger(before_); }
  std::string text() const { return text_.str(); }  // once nobody writes any more

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hedgerow-XXXXXX").string();
    HR_CHECK(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    identities_ = simulation::make_identities(folder_, simulation::standard_shape({}), {},
                                              from_unix_ms(simulation::kBeginning), rng_);
    keyring_.emplace(keys::Keyring::open(home()).value());
    std::filesystem::create_directory(home() / "run");
    std::filesystem::permissions(home() / "run", std::filesystem::perms::owner_all);
    core::CoreSetup setup;
    setup.party = keyring_->party();
    setup.hub = "tcp://127.0.0.1:9";
    setup.state = home() / "state";
    core_ = core::Core::open(std::move(setup), *keyring_, rng_, server_, clock_.now()).value();
    HR_CHECK(server_.listen(Paths::under(home())).ok());
    runs_ = std::thread([this] { ended_ = server_.run(*core_, clock_, stop_.get()); });
  }
  ~ServerTest() override {
    disk_.let_go();
    if (runs_.joinable()) (void)stop().ok();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  Result<void> stop() {
    const std::uint64_t one = 1;
    HR_CHECK(::write(stop_.get(), &one, sizeof one) == sizeof one);
    runs_.join();
    return ended_;
  }
  Result<void> wait_for_end() {
    runs_.join();
    return ended_;
  }

  std::filesystem::path home() const { return folder_ / "vale-council"; }

  ipc::BlockingClient ask(const std::string& json) {
    auto client = ipc::BlockingClient::connect((home() / "run/control.sock").string()).value();
    HR_CHECK(client.send(ipc::control_frame(ipc::ControlKind::request, json), kLong).ok());
    return client;
  }
  std::string install_request() const {
    return R"({"command":"agreement-install","agreement_file":")" +
           to_base64(as_bytes(identities_.agreement)) + R"(","signatures":")" +
           to_base64(as_bytes(identities_.signatures)) + R"(","certificates":")" +
           to_base64(as_bytes(identities_.bundle)) + "\"}";
  }
  static ipc::ControlKind kind(const ipc::Frame& f) {
    return static_cast<ipc::ControlKind>(f.kind);
  }
  // The error that ends the command.
  static Error error_of(ipc::BlockingClient& client) {
    const auto frame = client.receive(kLong);
    HR_CHECK(frame.ok());
    HR_CHECK(kind(*frame) == ipc::ControlKind::error);
    return ipc::read_error(*frame);
  }
  static std::string result_of(ipc::BlockingClient client) {
    for (;;) {
      const auto frame = client.receive(kLong);
      HR_CHECK(frame.ok());
      if (kind(*frame) == ipc::ControlKind::error) return ipc::read_error(*frame).text;
      if (kind(*frame) == ipc::ControlKind::result) return std::string(ipc::text_of(*frame));
    }
  }

  Lines lines_;
  HangingDisk disk_;
  FixedClock clock_;
  SeededRandom rng_{ByteArray<32>{5}};
  std::filesystem::path folder_;
  simulation::Identities identities_;
  std::optional<keys::Keyring> keyring_;
  ipc::Fd stop_{::eventfd(0, EFD_CLOEXEC)};
  Server server_{kPatience};
  std::unique_ptr<core::Core> core_;
  std::thread runs_;
  Result<void> ended_;
};

TEST_F(ServerTest, AnswersCommands) {
  EXPECT_THAT(result_of(ask(R"({"command":"status"})")), HasSubstr("vale-council"));
  EXPECT_THAT(result_of(ask(install_request())), HasSubstr("\"already\":false"));
  EXPECT_TRUE(stop().ok());
}

struct Hang {
  DiskAction action;
  const char* name;
};
class HangTest : public ServerTest, public ::testing::WithParamInterface<Hang> {};

TEST_P(HangTest, IsSaidToOperatorAndClientsAndPasses) {
  disk_.hang(GetParam().action, GetParam().name);
  ipc::BlockingClient install = ask(install_request());
  const Error told = error_of(install);
  EXPECT_EQ(told.code, Code::try_again);
  EXPECT_THAT(told.text, HasSubstr("the disk does not answer"));
  EXPECT_THAT(told.text, HasSubstr(GetParam().name));
  EXPECT_THAT(told.hint, HasSubstr("ask again"));
  // Whoever comes meanwhile is told too, instead of waiting.
  ipc::BlockingClient status = ask(R"({"command":"status"})");
  EXPECT_EQ(error_of(status).code, Code::try_again);

  disk_.let_go();
  // What was begun was carried out once, in order.
  std::string installed;
  do installed = result_of(ask(install_request()));
  while (installed.find("does not answer") != std::string::npos);
  EXPECT_THAT(installed, HasSubstr("\"already\":true"));
  EXPECT_THAT(result_of(ask(R"({"command":"status"})")), HasSubstr("vale-cse"));
  EXPECT_TRUE(stop().ok());
  EXPECT_THAT(lines_.text(), HasSubstr("the disk does not answer: "));
  EXPECT_THAT(lines_.text(), HasSubstr("the disk answers again"));
}

INSTANTIATE_TEST_SUITE_P(OfEveryFile, HangTest,
                         ::testing::Values(Hang{DiskAction::sync, "log/entries"},
                                           Hang{DiskAction::write, "log/entries"},
                                           Hang{DiskAction::sync, "log/confirmed"},
                                           Hang{DiskAction::sync, "vale-cse.db-wal"},
                                           Hang{DiskAction::write, "node.db-wal"}));

TEST_F(ServerTest, SendsNothingWhileTheDiskHangs) {
  EXPECT_THAT(result_of(ask(install_request())), HasSubstr("\"already\":false"));
  auto gateway = ipc::BlockingClient::connect((home() / "run/gateway.sock").string()).value();
  const auto say = [&](const ipc::FromGateway& m) {
    HR_CHECK(gateway.send(ipc::encode(m), kLong).ok());
  };
  const ipc::CurveKey hub{identities_.nodes.at("vale-partnership").node_keys().curve};
  say(ipc::Hello{});
  ASSERT_TRUE(gateway.receive(kLong).ok());  // configure
  // The installation waits in the outbox; on a disk that hangs it stays there, since what says
  // that the hub is up waits behind an operation that does not return.
  disk_.hang(DiskAction::sync, "log/");
  ipc::BlockingClient again = ask(install_request());
  EXPECT_EQ(error_of(again).code, Code::try_again);
  say(ipc::PeerUp{hub});
  say(ipc::Credit{hub, ipc::kWindow});
  EXPECT_FALSE(gateway.receive(3 * static_cast<int>(kPatience.count())).ok());
  disk_.let_go();
  EXPECT_TRUE(gateway.receive(kLong).ok());
  EXPECT_TRUE(stop().ok());
}

TEST_F(ServerTest, EndsWithoutADiskThatHangs) {
  // The thread that waits cannot be ended: a process of its own shows it.
  disk_.hang(DiskAction::sync, "log/entries");
  ipc::BlockingClient install = ask(install_request());
  EXPECT_EQ(error_of(install).code, Code::try_again);
  const Result<void> ended = stop();
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code, Code::try_again);
  EXPECT_THAT(ended.error().text, HasSubstr("the disk does not answer"));
  // Here the process goes on, so the thread must come to its end before what it uses does.
  disk_.let_go();
  server_.wait_for_core();
  EXPECT_THAT(lines_.text(), Not(HasSubstr("answers again")));
}

class FailingDisk : public DiskFaults {
 public:
  explicit FailingDisk(std::string name) : name_(std::move(name)) { set_disk_faults(this); }
  ~FailingDisk() override { set_disk_faults(nullptr); }
  int before(const DiskOperation& o) override {
    const bool hit = o.action == DiskAction::write &&
                     std::string_view(o.path).find(name_) != std::string_view::npos;
    return hit ? ENOSPC : 0;
  }

 private:
  std::string name_;
};

TEST_F(ServerTest, StopsWhereTheDiskIsFull) {
  FailingDisk full("log/entries");
  const std::string told = result_of(ask(install_request()));
  EXPECT_THAT(told, HasSubstr("No space left"));
  const Result<void> ended = wait_for_end();
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.error().code, Code::internal);
  EXPECT_THAT(ended.error().text, HasSubstr("log/entries"));
  EXPECT_THAT(ended.error().hint, HasSubstr("make room"));
}

}  // namespace
}  // namespace hedgerow::daemon
