#include "node/gateway/door.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>

namespace hedgerow::gateway {
namespace {

constexpr Milliseconds kProofTime = 2000;  // from the connection to READY
constexpr Milliseconds kListenPause = 100;
constexpr Milliseconds kIdle = 1000;
constexpr int kAcceptsAtATime = 64;
constexpr int kEventsAtATime = 128;
// A HELLO costs ZeroMQ a third of a millisecond: a sixth of a processor at most goes to strangers.
constexpr double kHandInsPerSecond = 500;
constexpr double kHandInBurst = 32;
constexpr std::size_t kMaxUnanswered = 8;
constexpr std::size_t kMaxKnown = 1024;

constexpr std::uint64_t kListenerTag = 0;

std::uint64_t tag_of(std::uint64_t id, bool inner) { return id << 1 | (inner ? 1U : 0U); }

ByteArray<16> address_of(const sockaddr_storage& from) {
  ByteArray<16> address{};
  if (from.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(from);
    address[10] = address[11] = 0xff;
    std::memcpy(address.data() + 12, &v4.sin_addr, 4);
  } else if (from.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(from);
    const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
    std::memcpy(address.data(), &v6.sin6_addr, mapped ? 16 : 8);
  }
  return address;
}

void set_up(int fd) {
  const int one = 1;
  (void)::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  (void)::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  const std::pair<int, int> options[] = {{TCP_KEEPIDLE, 30}, {TCP_KEEPINTVL, 10}, {TCP_KEEPCNT, 3}};
  for (const auto& [option, value] : options)
    (void)::setsockopt(fd, IPPROTO_TCP, option, &value, sizeof value);
}

bool add(int epoll, int fd, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

void change(int epoll, int fd, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  HR_CHECK(::epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) == 0);
}

}  // namespace

DoorLimits door_limits(std::size_t descriptors) {
  constexpr std::size_t kElse = 64;  // the core, ZeroMQ's own, the standard ones
  const std::size_t left = descriptors > 2 * kElse ? descriptors - kElse : kElse;
  DoorLimits limits;
  limits.proving = std::clamp<std::size_t>(left / 12, 1, limits.proving);
  limits.admitted = std::clamp<std::size_t>(left / 12, 1, limits.admitted);
  limits.unproven = std::min(limits.unproven, left - 3 * (limits.proving + limits.admitted));
  return limits;
}

Result<std::unique_ptr<Door>> Door::open(const DoorPlan& plan) {
  HR_ASSIGN(Listener listener, listen_on(plan.endpoint));
  ipc::Fd parties(::epoll_create1(EPOLL_CLOEXEC));
  ipc::Fd strangers(::epoll_create1(EPOLL_CLOEXEC));
  if (!parties.valid() || !strangers.valid() ||
      !add(strangers.get(), listener.fd.get(), EPOLLIN, kListenerTag))
    return internal("cannot wait for connections");
  return std::unique_ptr<Door>(
      new Door(std::move(listener), std::move(parties), std::move(strangers), plan));
}

void Door::serve_parties(Milliseconds now) {
  std::array<epoll_event, kEventsAtATime> events{};
  const int n = ::epoll_wait(parties_.get(), events.data(), kEventsAtATime, 0);
  for (int i = 0; i < n; ++i) on_event(events[static_cast<std::size_t>(i)].data.u64, now);
}

void Door::serve_strangers(Milliseconds now) {
  std::array<epoll_event, kEventsAtATime> events{};
  const int n = ::epoll_wait(strangers_.get(), events.data(), kEventsAtATime, 0);
  bool callers = false;
  for (int i = 0; i < n; ++i) {
    const std::uint64_t tag = events[static_cast<std::size_t>(i)].data.u64;
    if (tag == kListenerTag)
      callers = true;
    else
      on_event(tag, now);
  }
  if (callers) accept_some(now);
  hand_in(now);
}

void Door::accept_some(Milliseconds now) {
  for (int i = 0; i < kAcceptsAtATime; ++i)
    if (!accept_one(now)) return;
}

bool Door::accept_one(Milliseconds now) {
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  ipc::Fd fd(::accept4(listener_.fd.get(), reinterpret_cast<sockaddr*>(&from), &size,
                       SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd.valid()) {
    if (errno == ECONNABORTED || errno == EINTR) return true;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      // Not expected within the limits; the descriptors may be another process's.
      if (unproven_.empty())
        pause_listening(now);
      else
        end(guests_.find(*unproven_.begin()), Ending::crowded);
    }
    return false;
  }
  if (unproven_.size() >= limits_.unproven) end(guests_.find(*unproven_.begin()), Ending::crowded);
  set_up(fd.get());
  const auto guest =
      guests_.emplace(++last_id_, Guest{Caller(std::move(fd), now), address_of(from)}).first;
  unproven_.insert(guest->first);
  if (!guest->second.caller.greet() ||
      !add(strangers_.get(), guest->second.caller.outer(), EPOLLIN, tag_of(guest->first, false))) {
    end(guest, Ending::silent);
    return true;
  }
  guest->second.outer_events = EPOLLIN;
  return true;
}

void Door::pause_listening(Milliseconds now) {
  change(strangers_.get(), listener_.fd.get(), 0, kListenerTag);
  listen_again_ = now + kListenPause;
}

void Door::on_event(std::uint64_t tag, Milliseconds now) {
  const auto guest = guests_.find(tag >> 1);
  if (guest == guests_.end()) return;  // ended by an event before
  Caller& caller = guest->second.caller;
  Ending why = Ending::none;
  switch (caller.stage()) {
    case Caller::Stage::opening:
      why = caller.hear_opening();
      if (why == Ending::none && caller.stage() == Caller::Stage::waiting) {
        waiting_.insert(guest->first);
        if (known_.contains(guest->second.from)) waiting_known_.insert(guest->first);
      }
      break;
    case Caller::Stage::waiting:
      why = Ending::silent;  // nothing is waited for here but the connection's end
      break;
    case Caller::Stage::proving: {
      const bool welcomed = caller.welcomed();
      why = caller.relay(scratch_, now);
      if (!welcomed && caller.welcomed()) --unanswered_;
      if (why == Ending::none && caller.stage() == Caller::Stage::admitted) return admit(guest);
      break;
    }
    case Caller::Stage::admitted:
      why = caller.relay(scratch_, now);
      break;
  }
  if (why != Ending::none) return end(guest, why);
  watch(guest);
}

void Door::watch(Guests::iterator it) {
  auto& [id, guest] = *it;
  const int epoll =
      guest.caller.stage() == Caller::Stage::admitted ? parties_.get() : strangers_.get();
  if (guest.caller.outer() >= 0) {
    if (const std::uint32_t e = guest.caller.outer_events(); e != guest.outer_events) {
      change(epoll, guest.caller.outer(), e, tag_of(id, false));
      guest.outer_events = e;
    }
  }
  if (guest.caller.inner() >= 0) {
    if (const std::uint32_t e = guest.caller.inner_events(); e != guest.inner_events) {
      change(epoll, guest.caller.inner(), e, tag_of(id, true));
      guest.inner_events = e;
    }
  }
  if (guest.caller.drain_until() != 0) draining_.insert(id);
}

void Door::admit(Guests::iterator it) {
  auto& [id, guest] = *it;
  if (admitted_ >= limits_.admitted) return end(it, Ending::crowded);
  proving_.erase(id);
  ++admitted_;
  if (known_.size() >= kMaxKnown) known_.clear();
  known_.insert(guest.from);
  for (const bool inner : {false, true}) {
    const int fd = inner ? guest.caller.inner() : guest.caller.outer();
    std::uint32_t& events = inner ? guest.inner_events : guest.outer_events;
    events = inner ? guest.caller.inner_events() : guest.caller.outer_events();
    (void)::epoll_ctl(strangers_.get(), EPOLL_CTL_DEL, fd, nullptr);
    HR_CHECK(add(parties_.get(), fd, events, tag_of(id, inner)));
  }
}

std::optional<Door::Id> Door::choose() const {
  if (!waiting_known_.empty()) return *waiting_known_.rbegin();
  if (!waiting_.empty()) return *waiting_.rbegin();
  return std::nullopt;
}

void Door::hand_in(Milliseconds now) {
  const double passed = static_cast<double>(std::max<Milliseconds>(now - last_refill_, 0)) / 1000;
  tokens_ = std::min(kHandInBurst, tokens_ + passed * kHandInsPerSecond);
  last_refill_ = now;
  while (tokens_ >= 1 && unanswered_ < kMaxUnanswered) {
    const auto id = choose();
    if (!id) return;
    --tokens_;
    if (proving_.size() >= limits_.proving) end(guests_.find(*proving_.begin()), Ending::unproven);
    const auto it = guests_.find(*id);
    Guest& guest = it->second;
    if (!guest.caller.hand_in(inner_path_)) return;
    waiting_.erase(*id);
    waiting_known_.erase(*id);
    unproven_.erase(*id);
    proving_.insert(*id);
    ++unanswered_;
    guest.inner_events = guest.caller.inner_events();
    if (!add(strangers_.get(), guest.caller.inner(), guest.inner_events, tag_of(*id, true)))
      end(it, Ending::crowded);
    else
      watch(it);
  }
}

void Door::end(Guests::iterator it, Ending why) {
  const auto& [id, guest] = *it;
  if (guest.caller.stage() == Caller::Stage::proving && !guest.caller.welcomed()) --unanswered_;
  if (guest.caller.stage() == Caller::Stage::admitted && proving_.erase(id) == 0) --admitted_;
  unproven_.erase(id);
  waiting_.erase(id);
  waiting_known_.erase(id);
  proving_.erase(id);
  draining_.erase(id);
  switch (why) {
    case Ending::none:
    case Ending::gone:
      break;
    case Ending::silent:
      ++turned_.silent;
      break;
    case Ending::no_curve:
      ++turned_.no_curve;
      break;
    case Ending::crowded:
      ++turned_.crowded;
      break;
    case Ending::unproven:
      ++turned_.unproven;
      break;
  }
  guests_.erase(it);  // closing a descriptor takes it off its epoll
}

Milliseconds Door::tick(Milliseconds now) {
  if (listen_again_ != 0 && now >= listen_again_) {
    change(strangers_.get(), listener_.fd.get(), EPOLLIN, kListenerTag);
    listen_again_ = 0;
  }
  Milliseconds next = kIdle;
  for (std::set<Id>* stage : {&unproven_, &proving_}) {
    while (!stage->empty()) {
      const auto it = guests_.find(*stage->begin());
      const Caller& caller = it->second.caller;
      if (caller.since() + kProofTime > now) {
        next = std::min(next, caller.since() + kProofTime - now);
        break;
      }
      const bool waited = caller.stage() == Caller::Stage::waiting;
      const bool opening = caller.stage() == Caller::Stage::opening;
      end(it, waited ? Ending::crowded : opening ? Ending::silent : Ending::unproven);
    }
  }
  for (auto id = draining_.begin(); id != draining_.end();) {
    const auto it = guests_.find(*id++);
    if (now >= it->second.caller.drain_until())
      end(it, Ending::gone);
    else
      next = std::min(next, it->second.caller.drain_until() - now);
  }
  hand_in(now);
  if (listen_again_ != 0) next = std::min(next, listen_again_ - now);
  // Tokens come back by themselves; ZeroMQ's answers wake the loop.
  if (!waiting_.empty()) next = std::min<Milliseconds>(next, 1);
  return next;
}

}  // namespace hedgerow::gateway
