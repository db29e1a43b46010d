#include "node/daemon/server.h"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <vector>

namespace hedgerow::daemon {

namespace {

constexpr std::uint64_t kReportsAMinute = 60;
constexpr std::chrono::milliseconds kLongestWait{60'000};
constexpr int kTickMs = 500;  // how often the disk is looked at
constexpr const char* kDiskSilent = "the disk does not answer";

std::string seconds(std::chrono::milliseconds time) {
  return std::to_string(time.count() / 1000) + "." + std::to_string(time.count() % 1000 / 100) +
         " s";
}

std::chrono::milliseconds until(const std::optional<UtcTime>& wake, UtcTime now) {
  if (!wake) return kLongestWait;
  return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(*wake - now),
                    std::chrono::milliseconds(0), kLongestWait);
}

}  // namespace

struct Server::Fds {
  std::vector<pollfd> fds;  // signal, wake, control, gateway listener; gateway; clients
  bool gateway = false;
  std::vector<core::ConnectionId> ids;
  static constexpr std::size_t kFixed = 4;
};

Server::Server(std::chrono::milliseconds patience)
    : patience_(patience), wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Result<void> Server::listen(const Paths& paths) {
  if (!wake_fd_.valid()) return internal("no descriptor is left to wake the daemon by");
  HR_ASSIGN(control_listener_, ipc::listen_at((paths.run / "control.sock").string()));
  HR_ASSIGN(gateway_listener_, ipc::listen_at((paths.gateway_run / "gateway.sock").string()));
  return {};
}

void Server::report(const std::string& line) {
  // A peer that misbehaves must not fill the disk through the operational log.
  const std::int64_t minute = std::chrono::duration_cast<std::chrono::minutes>(
                                  std::chrono::steady_clock::now().time_since_epoch())
                                  .count();
  std::uint64_t dropped = 0;
  {
    const std::lock_guard lock(mutex_);
    if (minute != report_window_) {
      dropped = reports_dropped_;
      report_window_ = minute;
      reports_in_window_ = reports_dropped_ = 0;
    }
    if (++reports_in_window_ > kReportsAMinute) {
      ++reports_dropped_;
      return;
    }
  }
  if (dropped != 0) spdlog::warn("{} more lines in that minute", dropped);
  spdlog::info("{}", line);
}

// --- what the core has done; its thread ---

void Server::wake() {
  const std::uint64_t one = 1;
  // It fails only where the count is at its end, and then run() wakes anyway.
  if (::write(wake_fd_.get(), &one, sizeof one) < 0) return;
}

bool Server::send_to_peer(const ipc::CurveKey& peer, ByteView bytes) {
  const std::lock_guard lock(mutex_);
  if (!gateway_ || gateway_->closed() || !gateway_->has_room(bytes.size() + 64)) return false;
  if (!credits_.take(peer, bytes.size())) return false;
  wake();
  return gateway_->queue(ipc::encode(ipc::ToGateway(ipc::Send{peer, to_bytes(bytes)}))).ok();
}

void Server::configure_gateway(const ipc::Configure& configuration) {
  const std::lock_guard lock(mutex_);
  if (!gateway_ || gateway_->closed()) return;  // it asks with its hello
  if (!gateway_->queue(ipc::encode(ipc::ToGateway(configuration))).ok()) gateway_->close();
  wake();
}

void Server::reply(core::ConnectionId id, const ipc::Frame& frame) {
  const std::lock_guard lock(mutex_);
  const auto it = clients_.find(id);
  if (it == clients_.end() || it->second.connection.closed() || it->second.last_frame_queued)
    return;
  wake();
  if (!it->second.connection.queue(frame).ok()) {
    it->second.connection.close();  // it does not read what it asked for
    return;
  }
  const auto kind = static_cast<ipc::ControlKind>(frame.kind);
  if (kind == ipc::ControlKind::result || kind == ipc::ControlKind::error)
    it->second.last_frame_queued = true;
}

void Server::work(core::Core& core, Clock& clock) {
  std::unique_lock lock(mutex_);
  while (!stop_ && !core.fatal()) {
    lock.unlock();
    const UtcTime before = clock.now();
    const auto wait = until(core.next_wake(), before);
    lock.lock();
    something_.wait_for(lock, wait, [this] { return stop_ || !events_.empty(); });
    if (stop_) break;
    std::deque<std::pair<Event, std::size_t>> taken;
    if (!events_.empty()) {
      event_bytes_ -= events_.front().second;
      taken.push_back(std::move(events_.front()));
      events_.pop_front();
      if (events_.size() == kMaxEvents / 2 || events_.empty()) wake();  // read on
    }
    lock.unlock();
    const UtcTime now = clock.now();
    core.on_time(now);
    for (auto& [event, bytes] : taken) {
      if (const auto* got = std::get_if<FromClient>(&event))
        core.on_control(got->id, got->frame, now);
      else if (const auto* gone = std::get_if<ClientGone>(&event))
        core.on_control_closed(gone->id);
      else if (const auto* message = std::get_if<ipc::FromGateway>(&event))
        core.on_gateway(*message, now);
      else if (auto* restrictions = std::get_if<policies::Restrictions>(&event))
        core.on_restrictions(std::move(*restrictions), now);
      else
        core.on_gateway_lost();
    }
    lock.lock();
  }
  finished_ = true;
  wake();
}

// --- the sockets; run()'s thread ---

void Server::push(Event event, std::size_t bytes) {
  event_bytes_ += bytes;
  events_.emplace_back(std::move(event), bytes);
  something_.notify_one();
}

void Server::accept_control() {
  for (;;) {
    auto accepted = ipc::accept_from(control_listener_);
    if (!accepted.ok()) return report("control socket: " + accepted.error().text);
    if (!accepted->has_value()) return;
    const std::lock_guard lock(mutex_);
    if (clients_.size() >= kMaxConnections) continue;  // closes it
    clients_.emplace(next_id_++, Client{ipc::Connection(std::move(**accepted)), false, false});
  }
}

void Server::accept_gateway() {
  for (;;) {
    auto accepted = ipc::accept_from(gateway_listener_);
    if (!accepted.ok()) return report("gateway socket: " + accepted.error().text);
    if (!accepted->has_value()) return;
    const std::lock_guard lock(mutex_);
    // The newest counts: an old one that hangs must not keep a restarted gateway out.
    gateway_ = std::make_unique<ipc::Connection>(std::move(**accepted));
    credits_ = ipc::Credits();
  }
}

void Server::serve_control(core::ConnectionId id) {
  Client& client = clients_.at(id);
  auto frames = client.connection.on_readable();
  if (!frames.ok()) return;  // closed; drop_finished tells the core
  for (ipc::Frame& frame : *frames) {
    client.asked = true;
    const std::size_t size = frame.payload.size();
    if (!client.last_frame_queued) push(FromClient{id, std::move(frame)}, size);
  }
}

void Server::serve_gateway() {
  std::string trouble;
  {
    const std::lock_guard lock(mutex_);
    auto frames = gateway_->on_readable();
    if (!frames.ok()) trouble = frames.error().text;
    for (std::size_t i = 0; trouble.empty() && i < frames->size(); ++i) {
      const ipc::Frame& frame = (*frames)[i];
      auto message = ipc::decode_from_gateway(frame);
      if (!message.ok()) {
        trouble = message.error().text;
        gateway_->close();
        break;
      }
      credits_.apply(*message);
      push(std::move(message).value(), frame.payload.size());
    }
  }
  if (!trouble.empty()) report("gateway: " + trouble);
}

void Server::write_out() {
  if (gateway_ && gateway_->wants_write()) (void)gateway_->on_writable().ok();
  for (auto& [id, client] : clients_)
    if (client.connection.wants_write()) (void)client.connection.on_writable().ok();
}

void Server::drop_finished() {
  for (auto it = clients_.begin(); it != clients_.end();) {
    Client& c = it->second;
    if (c.last_frame_queued && !c.connection.wants_write()) c.connection.close();
    if (!c.connection.closed()) {
      ++it;
      continue;
    }
    push(ClientGone{it->first}, 0);
    it = clients_.erase(it);
  }
  if (gateway_ && gateway_->closed()) {
    gateway_.reset();
    credits_ = ipc::Credits();
    push(GatewayGone{}, 0);
  }
}

// Who waits for an answer while the disk hangs is told; what it asked is taken back where the core
// has not begun it.
void Server::refuse_waiting(const DiskWait& wait) {
  const ipc::Frame refusal = ipc::error_frame(
      try_again(std::string(kDiskSilent) + " (" + wait.what + ", for " + seconds(wait.time) + ")",
                "what was asked may still be carried out: ask again when the disk answers, and "
                "see the system's log for why it does not"));
  for (auto& [id, client] : clients_) {
    if (!client.asked || client.last_frame_queued || client.connection.closed()) continue;
    client.last_frame_queued = true;
    if (!client.connection.queue(refusal).ok()) client.connection.close();
    std::erase_if(events_, [&, of = id](const auto& item) {
      const auto* got = std::get_if<FromClient>(&item.first);
      if (got == nullptr || got->id != of) return false;
      event_bytes_ -= item.second;
      return true;
    });
  }
}

void Server::watch_disk() {
  const auto wait = disk_wait();
  const bool hangs = wait && wait->time >= patience_;
  if (hangs && !hanging_)
    report(std::string(kDiskSilent) + ": " + wait->what + " takes longer than " +
           seconds(patience_) + "; nothing is sent until it does");
  if (!hangs && hanging_)
    report("the disk answers again (" + hanging_->what + " took longer than " +
           seconds(hanging_->time) + ")");
  hanging_ = hangs ? wait : std::nullopt;
  if (hangs) {
    const std::lock_guard lock(mutex_);
    refuse_waiting(*wait);
  } else if (tick_) {
    tick_();
  }
}

Server::Fds Server::descriptors(const std::unique_lock<std::mutex>&) {
  Fds all;
  const bool full = events_.size() >= kMaxEvents || event_bytes_ >= kMaxEventBytes;
  const auto add = [&](const ipc::Connection& c, bool read) {
    const int in = read ? POLLIN : 0;
    all.fds.push_back({c.fd(), static_cast<short>(c.wants_write() ? in | POLLOUT : in), 0});
  };
  all.fds = {{-1, POLLIN, 0},
             {wake_fd_.get(), POLLIN, 0},
             {control_listener_.get(), POLLIN, 0},
             {gateway_listener_.get(), POLLIN, 0}};
  all.gateway = gateway_ != nullptr;
  if (gateway_) add(*gateway_, !full);
  for (auto& [id, client] : clients_) {
    // Those who are refused are read all the same: what they stream is dropped.
    add(client.connection, !full || client.last_frame_queued || hanging_.has_value());
    all.ids.push_back(id);
  }
  return all;
}

void Server::serve(const Fds& all) {
  constexpr short kIn = POLLIN | POLLHUP | POLLERR;
  const std::size_t first_client = Fds::kFixed + (all.gateway ? 1 : 0);
  if (all.gateway && (all.fds[Fds::kFixed].revents & kIn) != 0) {
    bool open = false;
    {
      const std::lock_guard lock(mutex_);
      open = gateway_ && !gateway_->closed();
    }
    if (open) serve_gateway();
  }
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < all.ids.size(); ++i) {
    const auto it = clients_.find(all.ids[i]);
    if (it != clients_.end() && (all.fds[first_client + i].revents & kIn) != 0 &&
        !it->second.connection.closed())
      serve_control(all.ids[i]);
  }
  write_out();
  drop_finished();
}

Result<void> Server::end() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  something_.notify_one();
  // A core that computes is waited for; one whose disk hangs is not.
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (finished_) break;
    }
    const auto wait = disk_wait();
    if (wait && wait->time >= patience_) {
      return try_again(std::string(kDiskSilent) + " (" + wait->what + "): ended without it",
                       "nothing acknowledged is lost; see the system's log for the disk");
    }
    pollfd fd{wake_fd_.get(), POLLIN, 0};
    std::uint64_t count = 0;
    if (::poll(&fd, 1, kTickMs / 10) > 0 && ::read(wake_fd_.get(), &count, sizeof count) < 0)
      continue;
  }
  worker_.join();
  return {};
}

// SIGHUP: the officer's restrictions are read again. Everything else ends the daemon.
bool Server::ends_by_signal(int signal_fd) {
  signalfd_siginfo signal{};
  const bool hangup = ::read(signal_fd, &signal, sizeof signal) == sizeof signal &&
                      signal.ssi_signo == static_cast<std::uint32_t>(SIGHUP);
  if (!hangup) return true;
  if (!reread_) return false;
  policies::Restrictions restrictions = reread_();
  const std::lock_guard lock(mutex_);
  push(std::move(restrictions), 0);
  return false;
}

Result<void> Server::run(core::Core& core, Clock& clock, int signal_fd) {
  worker_ = std::thread([&] { work(core, clock); });
  for (;;) {
    Fds all;
    {
      std::unique_lock lock(mutex_);
      if (finished_) {
        write_out();
        break;
      }
      all = descriptors(lock);
    }
    all.fds[0].fd = signal_fd;
    const int ready = ::poll(all.fds.data(), all.fds.size(), kTickMs);
    if (ready < 0 && errno != EINTR) {
      HR_TRY(end());
      return internal("poll failed");
    }
    if (ready > 0 && all.fds[0].revents != 0 && ends_by_signal(signal_fd)) {
      HR_TRY(end());
      const std::lock_guard lock(mutex_);
      write_out();
      if (core.fatal()) return *core.fatal();
      return {};
    }
    std::uint64_t count = 0;
    if (ready > 0 && all.fds[1].revents != 0 && ::read(wake_fd_.get(), &count, sizeof count) < 0)
      count = 0;
    serve(all);
    watch_disk();
    if (ready > 0 && all.fds[2].revents != 0) accept_control();
    if (ready > 0 && all.fds[3].revents != 0) accept_gateway();
  }
  worker_.join();
  return *core.fatal();
}

}  // namespace hedgerow::daemon
