#include "node/gateway/caller.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace hedgerow::gateway {
namespace {

constexpr int kReadsAtATime = 4;
constexpr Milliseconds kDrainTime = 2000;
constexpr std::uint8_t kCommand = 4;
constexpr std::uint8_t kLong = 2;
constexpr std::size_t kMaxHeard = 1024;

constexpr std::string_view kMechanism = "CURVE";
constexpr std::size_t kMechanismAt = 12;
constexpr std::size_t kMechanismSize = 20;

// ZMTP 3.1 (ZeroMQ RFC 37): signature, version, mechanism, as-server, filler.
constexpr ByteArray<kGreetingSize> make_greeting() {
  ByteArray<kGreetingSize> g{};
  g[0] = 0xff;
  g[9] = 0x7f;
  g[10] = 3;
  g[11] = 1;
  for (std::size_t i = 0; i < kMechanism.size(); ++i)
    g[kMechanismAt + i] = static_cast<std::uint8_t>(kMechanism[i]);
  g[32] = 1;
  return g;
}
constexpr ByteArray<kGreetingSize> kGreeting = make_greeting();

// Whether these bytes can be the beginning of a CURVE client's greeting and HELLO.
bool may_be_opening(ByteView said) {
  static constexpr std::array<std::uint8_t, 10> kHello = {
      kCommand, kHelloSize - 2, 5, 'H', 'E', 'L', 'L', 'O', 1, 0};
  const auto is = [&](std::size_t at, std::uint8_t value) {
    return said.size() <= at || said[at] == value;
  };
  if (!is(0, 0xff) || (said.size() > 9 && (said[9] & 1) == 0)) return false;
  if (said.size() > 10 && said[10] < 3) return false;
  for (std::size_t i = 0; i < kMechanismSize; ++i)
    if (!is(kMechanismAt + i, kGreeting[kMechanismAt + i])) return false;
  for (std::size_t i = 0; i < kHello.size(); ++i)
    if (!is(kGreetingSize + i, kHello[i])) return false;
  return true;
}

bool only_later(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

bool Caller::greet() {
  // A new connection's buffer is empty and takes this whole.
  return ::send(outer(), kGreeting.data(), kGreeting.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(kGreeting.size());
}

Ending Caller::hear_opening() {
  // Not a byte more than the HELLO: the rest is read when ZeroMQ has this.
  ByteArray<kOpeningSize> said;
  const ssize_t n = ::recv(outer(), said.data(), kOpeningSize - opening_.size(), MSG_DONTWAIT);
  if (n < 0 && only_later(errno)) return Ending::none;
  if (n <= 0) return Ending::silent;
  opening_.insert(opening_.end(), said.begin(), said.begin() + n);
  if (!may_be_opening(opening_)) return Ending::no_curve;
  if (opening_.size() == kOpeningSize) stage_ = Stage::waiting;
  return Ending::none;
}

bool Caller::hand_in(const std::string& inner_path) {
  auto inner = ipc::connect_to(inner_path);
  if (!inner.ok()) return false;
  inner_ = std::move(*inner);
  said_ = opening_.size();
  in_.pending = std::move(opening_);
  opening_ = {};
  stage_ = Stage::proving;
  (void)write_out(this->inner(), in_);
  return true;
}

Caller::Flow Caller::write_out(int to, Way& way) {
  while (!way.empty()) {
    const ssize_t n = ::send(to, way.pending.data() + way.done, way.pending.size() - way.done,
                             MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && only_later(errno)) return Flow::blocked;
    if (n <= 0) return Flow::ended;
    way.done += static_cast<std::size_t>(n);
  }
  way = {};
  return Flow::on;
}

// Counts what a caller says before its proof. False: too much.
bool Caller::take_in(ByteView said) {
  if (stage_ == Stage::admitted) return true;
  said_ += said.size();
  return said_ <= kMaxBeforeProof;
}

// What the caller is to hear: all but ZeroMQ's greeting. Takes note of READY.
ByteView Caller::take_out(ByteView heard) {
  const std::size_t skip = std::min(to_skip_, heard.size());
  to_skip_ -= skip;
  heard = heard.subspan(skip);
  if (stage_ == Stage::proving && !heard.empty()) {
    welcomed_ = true;
    heard_.insert(heard_.end(), heard.begin(), heard.end());
    look_for_ready();
  }
  return heard;
}

// WELCOME comes first; the frame after it is READY, or ERROR where the key was refused.
void Caller::look_for_ready() {
  std::size_t at = 0;
  while (at + 8 <= heard_.size() && heard_[at] == kCommand) {
    if (as_text(ByteView(heard_).subspan(at + 2, 6)) == "\x05READY") {
      stage_ = Stage::admitted;
      heard_ = {};
      return;
    }
    at += 2U + heard_[at + 1];
  }
  // ZeroMQ sends nothing of the sort before READY; were it to, the caller would stay unproven.
  if (heard_.size() > kMaxHeard) heard_.resize(kMaxHeard);
}

Caller::Flow Caller::pass(int from, int to, Way& way, std::span<std::uint8_t> scratch) {
  if (const Flow flow = write_out(to, way); flow != Flow::on) return flow;
  const bool inward = from == outer();
  for (int i = 0; i < kReadsAtATime; ++i) {
    const ssize_t n = ::recv(from, scratch.data(), scratch.size(), MSG_DONTWAIT);
    if (n < 0 && only_later(errno)) return Flow::on;
    if (n <= 0) {
      (inward ? outer_ended_ : inner_ended_) = true;
      return Flow::on;
    }
    ByteView bytes(scratch.data(), static_cast<std::size_t>(n));
    if (inward && !take_in(bytes)) return Flow::ended;
    if (!inward) bytes = take_out(bytes);
    const ssize_t sent =
        bytes.empty() ? 0 : ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && !only_later(errno)) return Flow::ended;
    const std::size_t done = sent > 0 ? static_cast<std::size_t>(sent) : 0;
    if (done < bytes.size()) {
      way.pending = to_bytes(bytes.subspan(done));
      return Flow::blocked;
    }
  }
  return Flow::on;
}

Ending Caller::relay(std::span<std::uint8_t> scratch, Milliseconds now) {
  const auto over = [&] { return stage_ == Stage::admitted ? Ending::gone : Ending::unproven; };
  if (drain_until_ == 0) {
    const Flow in = pass(outer(), inner(), in_, scratch);
    const Flow out = pass(inner(), outer(), out_, scratch);
    if (in == Flow::ended || out == Flow::ended) return over();
    if (!outer_ended_ && !inner_ended_) return Ending::none;
    drain_until_ = now + kDrainTime;
  }
  // A side that has ended is closed; what it said goes to the other side first.
  (outer_ended_ ? outer_ : inner_) = ipc::Fd();
  const Flow rest = outer_ended_ ? write_out(inner(), in_) : write_out(outer(), out_);
  return rest == Flow::blocked && now < drain_until_ ? Ending::none : over();
}

std::uint32_t Caller::outer_events() const {
  switch (stage_) {
    case Stage::opening:
      return EPOLLIN;
    case Stage::waiting:
      return 0;
    case Stage::proving:
    case Stage::admitted:
      break;
  }
  const bool reading = in_.empty() && !outer_ended_ && !inner_ended_;
  return (reading ? EPOLLIN : 0U) | (out_.empty() ? 0U : EPOLLOUT);
}

std::uint32_t Caller::inner_events() const {
  const bool reading = out_.empty() && !outer_ended_ && !inner_ended_;
  return (reading ? EPOLLIN : 0U) | (in_.empty() ? 0U : EPOLLOUT);
}

}  // namespace hedgerow::gateway
