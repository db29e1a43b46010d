#include "tests/node/gateway/crowd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <vector>

namespace hedgerow::gateway {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kGreeting = 64;
constexpr std::size_t kHelloFrame = 202;
constexpr std::size_t kWelcomeEnd = kGreeting + 170;

sockaddr_in loopback(std::uint16_t port, std::uint32_t host = INADDR_LOOPBACK) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(host);
  return address;
}

Bytes server_greeting() {
  Bytes bytes(kGreeting);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  bytes[11] = 1;
  for (std::size_t i = 0; i < 5; ++i) bytes[12 + i] = static_cast<std::uint8_t>("CURVE"[i]);
  bytes[32] = 1;
  return bytes;
}

Bytes read_exactly(int fd, std::size_t size) {
  Bytes bytes(size);
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n = ::recv(fd, bytes.data() + got, size - got, 0);
    HR_CHECK(n > 0);
    got += static_cast<std::size_t>(n);
  }
  return bytes;
}

std::uint16_t port_of(const std::string& endpoint) {
  return static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
}

enum class Manner { idle, silent, flood };

struct Member {
  Manner manner = Manner::idle;
  ipc::Fd fd;
  bool established = false;
  bool spoke = false;
  bool welcomed = false;
  std::size_t got = 0;
};

}  // namespace

// Taken down by a listener of our own.
Bytes record_opening(const ipc::CurveKey& hub) {
  ipc::Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  HR_CHECK(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size) == 0 &&
           ::listen(listener.get(), 1) == 0 &&
           ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  void* context = zmq_ctx_new();
  void* client = zmq_socket(context, ZMQ_DEALER);
  const int zero = 0;
  char own[41];
  char secret[41];
  HR_CHECK(zmq_curve_keypair(own, secret) == 0);
  zmq_setsockopt(client, ZMQ_LINGER, &zero, sizeof zero);
  zmq_setsockopt(client, ZMQ_CURVE_SERVERKEY, hub.bytes.data(), 32);
  zmq_setsockopt(client, ZMQ_CURVE_PUBLICKEY, own, 40);
  zmq_setsockopt(client, ZMQ_CURVE_SECRETKEY, secret, 40);
  const std::string endpoint = "tcp://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  HR_CHECK(zmq_connect(client, endpoint.c_str()) == 0);
  ipc::Fd peer(::accept(listener.get(), nullptr, nullptr));
  const Bytes greeting = server_greeting();
  HR_CHECK(::send(peer.get(), greeting.data(), greeting.size(), MSG_NOSIGNAL) == kGreeting);
  Bytes opening = read_exactly(peer.get(), kGreeting + kHelloFrame);
  zmq_close(client);
  zmq_ctx_term(context);
  return opening;
}

ipc::Fd dial(const std::string& endpoint) {
  ipc::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in to = loopback(port_of(endpoint));
  HR_CHECK(fd.valid() &&
           ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  return fd;
}

struct Crowd::State {
  CrowdPlan plan;
  Bytes opening;
  std::uint16_t port = 0;
  ipc::Fd epoll;
  std::vector<Member> members;
  std::vector<std::size_t> closed;  // members to be opened again, idle and silent
  std::vector<std::size_t> spare;   // flooding members without a connection
  double may_open = 0;
  double may_flood = 0;
  Clock::time_point last = Clock::now();
  std::uint32_t next_host = 0;
  CrowdCount count;

  void open(std::size_t i);
  void close(std::size_t i, bool by_hub);
  void on_event(std::size_t i);
  void refill(Clock::time_point now);
};

void Crowd::State::close(std::size_t i, bool by_hub) {
  Member& m = members[i];
  if (by_hub) ++count.ended;
  if (m.established && m.manner != Manner::flood) --count.held;
  // With a reset, so that no port is left waiting.
  const linger abrupt{1, 0};
  (void)::setsockopt(m.fd.get(), SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
  m = Member{m.manner, {}};
  (m.manner == Manner::flood ? spare : closed).push_back(i);
}

void Crowd::State::open(std::size_t i) {
  Member& m = members[i];
  m.fd = ipc::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  HR_CHECK(m.fd.valid());
  ++count.opened;
  // From sixteen addresses, which have ports enough; none is the parties' own.
  const int one = 1;
  (void)::setsockopt(m.fd.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  const sockaddr_in from = loopback(0, INADDR_LOOPBACK + 1 + next_host++ % 16);
  HR_CHECK(::bind(m.fd.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0);
  const sockaddr_in to = loopback(port);
  if (::connect(m.fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 &&
      errno != EINPROGRESS)
    return close(i, true);
  epoll_event event{EPOLLOUT | EPOLLIN, {.u64 = i}};
  HR_CHECK(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, m.fd.get(), &event) == 0);
}

void Crowd::State::on_event(std::size_t i) {
  Member& m = members[i];
  if (!m.fd.valid()) return;
  if (!m.established) {
    int error = 0;
    socklen_t size = sizeof error;
    (void)::getsockopt(m.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return close(i, true);
    m.established = true;
    if (m.manner != Manner::flood) ++count.held;
    epoll_event event{EPOLLIN, {.u64 = i}};
    HR_CHECK(::epoll_ctl(epoll.get(), EPOLL_CTL_MOD, m.fd.get(), &event) == 0);
    if (m.manner != Manner::silent &&
        ::send(m.fd.get(), opening.data(), opening.size(), MSG_NOSIGNAL) < 0)
      return close(i, true);
  }
  ByteArray<1024> sink;
  for (;;) {
    const ssize_t n = ::recv(m.fd.get(), sink.data(), sink.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return close(i, true);
    m.got += static_cast<std::size_t>(n);
    if (m.got < kWelcomeEnd || m.welcomed) continue;
    m.welcomed = true;
    ++count.welcomed;
    if (m.manner == Manner::flood) return close(i, false);
  }
}

void Crowd::State::refill(Clock::time_point now) {
  const double passed = std::chrono::duration<double>(now - last).count();
  last = now;
  const auto grow = [&](double& tokens, std::size_t rate) {
    tokens = std::min(tokens + passed * static_cast<double>(rate), static_cast<double>(rate) / 10);
  };
  grow(may_open, plan.opens_per_s);
  grow(may_flood, plan.flood_per_s);
  while (!spare.empty() && may_flood >= 1) {
    const std::size_t i = spare.back();
    spare.pop_back();
    --may_flood;
    open(i);
  }
  while (!closed.empty() && may_open >= 1) {
    const std::size_t i = closed.back();
    closed.pop_back();
    --may_open;
    open(i);
  }
}

Crowd::Crowd(CrowdPlan plan) : state_(std::make_unique<State>()) {
  State& s = *state_;
  rlimit limit{};
  HR_CHECK(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  HR_CHECK(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  const std::size_t flooding = std::min<std::size_t>(plan.flood_per_s, 1000);
  HR_CHECK(plan.idle + plan.silent + flooding + 64 < limit.rlim_max);
  s.opening = record_opening(plan.hub);
  s.port = port_of(plan.endpoint);
  s.epoll = ipc::Fd(::epoll_create1(EPOLL_CLOEXEC));
  HR_CHECK(s.epoll.valid());
  const auto add = [&s](std::size_t n, Manner manner, std::vector<std::size_t>& list) {
    for (std::size_t i = 0; i < n; ++i) {
      list.push_back(s.members.size());
      s.members.push_back({manner, {}});
    }
  };
  add(plan.idle, Manner::idle, s.closed);
  add(plan.silent, Manner::silent, s.closed);
  add(flooding, Manner::flood, s.spare);
  s.plan = std::move(plan);
}

Crowd::~Crowd() = default;

void Crowd::run_for(std::chrono::milliseconds time) {
  const Clock::time_point end = Clock::now() + time;
  epoll_event events[256];
  while (Clock::now() < end) {
    state_->refill(Clock::now());
    const int n = ::epoll_wait(state_->epoll.get(), events, std::size(events), 2);
    for (int i = 0; i < n; ++i) state_->on_event(events[i].data.u64);
  }
}

CrowdCount Crowd::count() const { return state_->count; }

}  // namespace hedgerow::gateway
