#include "node/daemon/server.h"

#include <poll.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace hedgerow::daemon {

namespace {

constexpr std::uint64_t kReportsAMinute = 60;
constexpr std::chrono::milliseconds kLongestWait{60'000};

short events_of(const ipc::Connection& c) {
  return static_cast<short>(c.wants_write() ? POLLIN | POLLOUT : POLLIN);
}

int wait_ms(const std::optional<UtcTime>& wake, UtcTime now) {
  if (!wake) return static_cast<int>(kLongestWait.count());
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*wake - now);
  return static_cast<int>(std::clamp(wait, std::chrono::milliseconds(0), kLongestWait).count());
}

}  // namespace

Result<void> Server::listen(const Paths& paths) {
  HR_ASSIGN(control_listener_, ipc::listen_at((paths.run / "control.sock").string()));
  HR_ASSIGN(gateway_listener_, ipc::listen_at((paths.run / "gateway.sock").string()));
  return {};
}

void Server::report(const std::string& line) {
  // A peer that misbehaves must not fill the disk through the operational log.
  const std::int64_t minute = std::chrono::duration_cast<std::chrono::minutes>(
                                  std::chrono::steady_clock::now().time_since_epoch())
                                  .count();
  if (minute != report_window_) {
    if (reports_dropped_ != 0) spdlog::warn("{} more lines in that minute", reports_dropped_);
    report_window_ = minute;
    reports_in_window_ = reports_dropped_ = 0;
  }
  if (++reports_in_window_ > kReportsAMinute) {
    ++reports_dropped_;
    return;
  }
  spdlog::info("{}", line);
}

bool Server::send_to_peer(const ipc::CurveKey& peer, ByteView bytes) {
  if (!gateway_ || gateway_->closed() || !gateway_->has_room(bytes.size() + 64)) return false;
  if (!credits_.take(peer, bytes.size())) return false;
  return gateway_->queue(ipc::encode(ipc::ToGateway(ipc::Send{peer, to_bytes(bytes)}))).ok();
}

void Server::configure_gateway(const ipc::Configure& configuration) {
  if (!gateway_ || gateway_->closed()) return;  // it asks with its hello
  if (!gateway_->queue(ipc::encode(ipc::ToGateway(configuration))).ok()) gateway_->close();
}

void Server::reply(core::ConnectionId id, const ipc::Frame& frame) {
  const auto it = clients_.find(id);
  if (it == clients_.end() || it->second.connection.closed()) return;
  if (!it->second.connection.queue(frame).ok()) {
    it->second.connection.close();  // it does not read what it asked for
    return;
  }
  const auto kind = static_cast<ipc::ControlKind>(frame.kind);
  if (kind == ipc::ControlKind::result || kind == ipc::ControlKind::error)
    it->second.last_frame_queued = true;
}

void Server::accept_control() {
  for (;;) {
    auto accepted = ipc::accept_from(control_listener_);
    if (!accepted.ok()) return report("control socket: " + accepted.error().text);
    if (!accepted->has_value()) return;
    if (clients_.size() >= kMaxConnections) continue;  // closes it
    clients_.emplace(next_id_++, Client{ipc::Connection(std::move(**accepted)), false});
  }
}

void Server::accept_gateway() {
  for (;;) {
    auto accepted = ipc::accept_from(gateway_listener_);
    if (!accepted.ok()) return report("gateway socket: " + accepted.error().text);
    if (!accepted->has_value()) return;
    // The newest counts: an old one that hangs must not keep a restarted gateway out.
    gateway_ = std::make_unique<ipc::Connection>(std::move(**accepted));
    credits_ = ipc::Credits();
  }
}

void Server::serve_control(core::Core& core, core::ConnectionId id, UtcTime now) {
  Client& client = clients_.at(id);
  auto frames = client.connection.on_readable();
  if (!frames.ok()) return;  // closed; drop_finished tells the core
  for (ipc::Frame& frame : *frames) core.on_control(id, frame, now);
}

void Server::serve_gateway(core::Core& core, UtcTime now) {
  auto frames = gateway_->on_readable();
  if (!frames.ok()) return report("gateway: " + frames.error().text);
  for (const ipc::Frame& frame : *frames) {
    const auto message = ipc::decode_from_gateway(frame);
    if (!message.ok()) {
      report("gateway: " + message.error().text);
      gateway_->close();
      return;
    }
    credits_.apply(*message);
    core.on_gateway(*message, now);
  }
}

void Server::drop_finished(core::Core& core) {
  for (auto it = clients_.begin(); it != clients_.end();) {
    Client& c = it->second;
    if (c.last_frame_queued && !c.connection.wants_write()) c.connection.close();
    if (!c.connection.closed()) {
      ++it;
      continue;
    }
    core.on_control_closed(it->first);
    it = clients_.erase(it);
  }
  if (gateway_ && gateway_->closed()) {
    gateway_.reset();
    credits_ = ipc::Credits();
    core.on_gateway_lost();
  }
}

Result<void> Server::run(core::Core& core, Clock& clock, int signal_fd) {
  while (!core.fatal()) {
    std::vector<pollfd> fds = {{signal_fd, POLLIN, 0},
                               {control_listener_.get(), POLLIN, 0},
                               {gateway_listener_.get(), POLLIN, 0}};
    if (gateway_) fds.push_back({gateway_->fd(), events_of(*gateway_), 0});
    const std::size_t first_client = fds.size();
    std::vector<core::ConnectionId> ids;
    for (auto& [id, client] : clients_) {
      fds.push_back({client.connection.fd(), events_of(client.connection), 0});
      ids.push_back(id);
    }
    const int ready = ::poll(fds.data(), fds.size(), wait_ms(core.next_wake(), clock.now()));
    if (ready < 0 && errno != EINTR) return internal("poll failed");
    if (fds[0].revents != 0) return {};

    const UtcTime now = clock.now();
    core.on_time(now);
    if (gateway_ && first_client == 4) {
      if ((fds[3].revents & POLLOUT) != 0) (void)gateway_->on_writable().ok();
      if ((fds[3].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !gateway_->closed())
        serve_gateway(core, now);
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const short got = fds[first_client + i].revents;
      ipc::Connection& c = clients_.at(ids[i]).connection;
      if ((got & POLLOUT) != 0) (void)c.on_writable().ok();
      if ((got & (POLLIN | POLLHUP | POLLERR)) != 0 && !c.closed())
        serve_control(core, ids[i], now);
    }
    // What was just queued goes out without waiting for another round.
    if (gateway_ && gateway_->wants_write()) (void)gateway_->on_writable().ok();
    for (auto& [id, client] : clients_)
      if (client.connection.wants_write()) (void)client.connection.on_writable().ok();
    drop_finished(core);
    if (fds[1].revents != 0) accept_control();
    if (fds[2].revents != 0) accept_gateway();
  }
  return *core.fatal();
}

}  // namespace hedgerow::daemon
