#include "node/ipc/socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "node/ipc/control.h"

namespace hedgerow::ipc {
namespace {

namespace fs = std::filesystem;

class Sockets : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "hedgerow-ipc-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name = "s.sock") const { return folder_ / name; }

  // A connected pair, both ends non-blocking.
  std::pair<Fd, Fd> pair() {
    listener_ = listen_at(path()).value();
    Fd client = connect_to(path()).value();
    auto server = accept_from(listener_);
    HR_CHECK(server.ok() && server->has_value());
    return {std::move(client), std::move(**server)};
  }

  fs::path folder_;
  Fd listener_;
};

bool wait_for(int fd, short events) {
  pollfd p{fd, events, 0};
  return ::poll(&p, 1, 5000) == 1;
}

TEST_F(Sockets, CarryFramesBothWays) {
  auto [a, b] = pair();
  Connection left(std::move(a));
  Connection right(std::move(b));
  const Frame big = make_frame(9, Bytes(kMaxPayload, 7));
  ASSERT_TRUE(left.queue(make_frame(1, as_bytes("hello"))).ok());
  ASSERT_TRUE(left.queue(big).ok());
  std::vector<Frame> got;
  while (got.size() < 2) {
    if (left.wants_write()) {
      ASSERT_TRUE(left.on_writable().ok());
    }
    ASSERT_TRUE(wait_for(right.fd(), POLLIN));
    auto frames = right.on_readable();
    ASSERT_TRUE(frames.ok());
    for (Frame& f : *frames) got.push_back(std::move(f));
  }
  EXPECT_EQ(text_of(got[0]), "hello");
  EXPECT_EQ(got[1], big);
  EXPECT_EQ(left.queued_bytes(), 0u);
}

TEST_F(Sockets, WorkAtPathsLongerThanASocketAddress) {
  fs::path deep = folder_;
  for (int i = 0; i < 6; ++i) deep /= std::string(50, static_cast<char>('a' + i));
  fs::create_directories(deep);
  const std::string long_path = deep / "gateway.sock";
  ASSERT_GT(long_path.size(), 300u);
  const auto listener = listen_at(long_path);
  ASSERT_TRUE(listener.ok()) << listener.error().text;
  EXPECT_TRUE(connect_to(long_path).ok());
}

TEST_F(Sockets, AreForTheOwnerAloneWhateverTheUmask) {
  const mode_t before = ::umask(0);
  const auto open = listen_at(path("open.sock"));
  ::umask(0777);
  const auto shut = listen_at(path("shut.sock"));
  ::umask(before);
  ASSERT_TRUE(open.ok() && shut.ok());
  for (const char* name : {"open.sock", "shut.sock"}) {
    struct stat st {};
    ASSERT_EQ(::stat(path(name).c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0600u) << name;
  }
}

TEST_F(Sockets, ReplaceAStaleSocketButNotALiveOne) {
  {
    const auto first = listen_at(path());
    ASSERT_TRUE(first.ok());
    const auto second = listen_at(path());
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, Code::configuration);
    EXPECT_TRUE(connect_to(path()).ok());
  }
  ASSERT_TRUE(fs::exists(path()));
  EXPECT_EQ(connect_to(path()).error().code, Code::not_running);
  EXPECT_TRUE(listen_at(path()).ok());
}

TEST_F(Sockets, DoNotReplaceAFile) {
  std::ofstream(path()) << "precious";
  EXPECT_EQ(listen_at(path()).error().code, Code::configuration);
  EXPECT_EQ(fs::file_size(path()), 8u);
}

TEST_F(Sockets, AreNotMadeWhereOthersMayWrite) {
  fs::permissions(folder_, fs::perms::all);
  EXPECT_EQ(listen_at(path()).error().code, Code::configuration);
}

TEST_F(Sockets, SayThatNobodyAnswers) {
  EXPECT_EQ(connect_to(path("none.sock")).error().code, Code::not_running);
  EXPECT_EQ(connect_to(path("no/such/folder.sock")).error().code, Code::not_running);
}

TEST_F(Sockets, RefuseAnotherUsersProcess) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  // A listener of root accepts root alone; the child, another user, must find it and be refused.
  fs::permissions(folder_, fs::perms(0755));
  const auto listener = listen_at(path());
  ASSERT_TRUE(listener.ok());
  fs::permissions(path(), fs::perms::all);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setuid(65534) != 0) ::_exit(2);
    // To another user, root at the other end is welcome: the refusal is the listener's.
    const auto fd = connect_to(path());
    ::_exit(fd.ok() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(WEXITSTATUS(status), 0);
  const auto accepted = accept_from(*listener);
  ASSERT_FALSE(accepted.ok());
  EXPECT_EQ(accepted.error().code, Code::denied);
  const auto again = accept_from(*listener);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->has_value());
}

TEST_F(Sockets, SayThatThisUserMayNotUseThem) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  const auto listener = listen_at(path());
  ASSERT_TRUE(listener.ok());
  for (const auto mode :
       {fs::perms(0700), fs::perms(0755)}) {  // of the folder; the socket has 0600
    fs::permissions(folder_, mode);
    const pid_t child = ::fork();
    if (child == 0) {
      if (::setuid(65534) != 0) ::_exit(2);
      const auto fd = connect_to(path());
      const bool told = !fd.ok() && fd.error().code == Code::configuration &&
                        fd.error().text.starts_with("no permission to use ") &&
                        !fd.error().hint.empty();
      ::_exit(told ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
}

TEST_F(Sockets, TakeNoMoreThanTheBound) {
  auto [a, b] = pair();
  Connection connection(std::move(a));
  const Frame frame = make_frame(1, Bytes(kMaxPayload));
  int taken = 0;
  while (connection.queue(frame).ok()) ++taken;
  EXPECT_EQ(taken, 3);
  EXPECT_LE(connection.queued_bytes(), Connection::kMaxQueued);
  EXPECT_EQ(connection.queue(frame).error().code, Code::try_again);
  EXPECT_FALSE(connection.has_room(kMaxPayload));
  EXPECT_TRUE(connection.has_room(1000));
}

TEST_F(Sockets, CloseOnABrokenFrame) {
  auto [a, b] = pair();
  Connection connection(std::move(b));
  ASSERT_EQ(::send(a.get(), "garbage", 7, 0), 7);
  ASSERT_TRUE(wait_for(connection.fd(), POLLIN));
  EXPECT_EQ(connection.on_readable().error().code, Code::bad_input);
  EXPECT_TRUE(connection.closed());
}

TEST_F(Sockets, TellACleanEndFromOneInsideAFrame) {
  {
    auto [a, b] = pair();
    Connection connection(std::move(b));
    a = Fd();
    ASSERT_TRUE(wait_for(connection.fd(), POLLIN));
    const auto frames = connection.on_readable();
    ASSERT_TRUE(frames.ok());
    EXPECT_TRUE(frames->empty());
    EXPECT_TRUE(connection.closed());
  }
  listener_ = Fd();
  auto [a, b] = pair();
  Connection connection(std::move(b));
  ASSERT_EQ(::send(a.get(), "\x09\0\0\0\x01", 5, 0), 5);
  a = Fd();
  ASSERT_TRUE(wait_for(connection.fd(), POLLIN));
  ASSERT_TRUE(connection.on_readable().ok());
  EXPECT_EQ(connection.on_readable().error().code, Code::bad_input);
  EXPECT_TRUE(connection.closed());
}

// A daemon that takes one request and then does as it is told, on a thread.
class FakeDaemon {
 public:
  FakeDaemon(const std::string& path, std::function<void(Connection&)> act)
      : listener_(listen_at(path).value()), thread_([this, act = std::move(act)] {
          if (!wait_for(listener_.get(), POLLIN)) return;
          Connection connection(std::move(**accept_from(listener_)));
          act(connection);
        }) {}
  ~FakeDaemon() { thread_.join(); }

 private:
  Fd listener_;
  std::thread thread_;
};

void write_all(Connection& c) {
  while (c.wants_write() && wait_for(c.fd(), POLLOUT) && c.on_writable().ok()) {
  }
}

TEST_F(Sockets, GiveTheClientItsAnswer) {
  FakeDaemon daemon(path(), [](Connection& c) {
    while (wait_for(c.fd(), POLLIN)) {
      const auto frames = c.on_readable();
      if (!frames.ok() || c.closed()) return;
      if (frames->empty()) continue;
      HR_CHECK(c.queue(control_frame(ControlKind::progress, "{\"done\":1}")).ok());
      HR_CHECK(c.queue(control_frame(ControlKind::result, "{}")).ok());
      write_all(c);
      return;
    }
  });
  auto client = BlockingClient::connect(path());
  ASSERT_TRUE(client.ok());
  ASSERT_TRUE(client->send(control_frame(ControlKind::request, "{}"), 5000).ok());
  EXPECT_EQ(client->receive(5000)->kind, 4);
  EXPECT_EQ(client->receive(5000)->kind, 5);
  EXPECT_EQ(client->receive(5000).error().code, Code::not_running);
}

TEST_F(Sockets, GiveTheClientTheRefusalThatCameWhileItStreamed) {
  FakeDaemon daemon(path(), [](Connection& c) {
    HR_CHECK(c.queue(error_frame(denied("paused"))).ok());
    write_all(c);
    // Ends with the client's bytes unread.
  });
  auto client = BlockingClient::connect(path());
  ASSERT_TRUE(client.ok());
  const Frame chunk = data_frame(Bytes(kMaxChunk, 1));
  Result<void> sent;
  for (int i = 0; i < 100 && sent.ok() && !client->has_frame(); ++i)
    sent = client->send(chunk, 5000);
  const auto answer = client->receive(5000);
  ASSERT_TRUE(answer.ok()) << answer.error().text;
  EXPECT_EQ(read_error(*answer), denied("paused"));
}

TEST_F(Sockets, LetTheClientsTimeRunOut) {
  std::atomic<bool> done = false;
  FakeDaemon daemon(path(), [&](Connection&) { done.wait(false); });
  auto client = BlockingClient::connect(path());
  ASSERT_TRUE(client.ok());
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(client->receive(50).error().code, Code::try_again);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(50));
  const Frame chunk = data_frame(Bytes(kMaxChunk, 1));
  Result<void> sent;
  for (int i = 0; i < 100 && sent.ok(); ++i) sent = client->send(chunk, 50);
  EXPECT_EQ(sent.error().code, Code::try_again);
  done = true;
  done.notify_all();
}

// ThreadSanitizer keeps tables of all memory within it: no search of it ends.
#ifndef __SANITIZE_THREAD__

// A text of an identifier's shape, kept scrambled so that only who receives it holds it readable.
constexpr std::size_t kMarkerSize = 48;
std::uint8_t marker_byte(std::size_t i) { return static_cast<std::uint8_t>('A' + (i * 7) % 26); }

// How often the marker stands in this process's writable memory.
std::size_t count_markers() {
  std::ifstream maps("/proc/self/maps");
  const Fd memory(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
  std::size_t found = 0;
  std::string line;
  while (std::getline(maps, line)) {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    char mode[5] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %4s", &from, &to, mode) != 3 || mode[1] != 'w') continue;
    // Through a buffer of its own, wiped before the next region is read, which may hold it.
    WipingBytes region(std::min<std::uint64_t>(to - from, std::uint64_t{64} << 20));
    const ssize_t n = ::pread(memory.get(), region.data(), region.size(), static_cast<off_t>(from));
    for (ssize_t at = 0; at + static_cast<ssize_t>(kMarkerSize) <= n; ++at) {
      std::size_t i = 0;
      while (i < kMarkerSize && region[static_cast<std::size_t>(at) + i] == marker_byte(i)) ++i;
      if (i == kMarkerSize) ++found;
    }
  }
  return found;
}

TEST_F(Sockets, KeepNothingOfADataFrameOnceItIsConsumed) {
  auto [a, b] = pair();
  const pid_t child = ::fork();
  if (child == 0) {
    WipingBytes chunk(200'000, ' ');
    for (std::size_t i = 0; i < kMarkerSize; ++i) chunk[150'000 + i] = marker_byte(i);
    Connection sender(std::move(a));
    if (!sender.queue(data_frame({chunk.data(), chunk.size()})).ok()) ::_exit(1);
    while (sender.wants_write())
      if (!wait_for(sender.fd(), POLLOUT) || !sender.on_writable().ok()) ::_exit(1);
    ::_exit(0);
  }
  {
    Connection connection(std::move(b));
    std::vector<Frame> frames;
    while (frames.empty()) {
      ASSERT_TRUE(wait_for(connection.fd(), POLLIN));
      auto got = connection.on_readable();
      ASSERT_TRUE(got.ok());
      frames = std::move(*got);
    }
    ASSERT_EQ(frames[0].payload.size(), 200'000u);
    EXPECT_GE(count_markers(), 1u);
    frames.clear();
    EXPECT_EQ(count_markers(), 0u);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

#endif

}  // namespace
}  // namespace hedgerow::ipc
