// The daemon's sockets and its loop: two Unix listeners (control, gateway), poll(), one core.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "node/core/core.h"
#include "node/daemon/config.h"
#include "node/ipc/socket.h"

namespace hedgerow::daemon {

inline constexpr std::size_t kMaxConnections = 128;

class Server : public core::Surroundings {
 public:
  Server() = default;

  // Listens in the run folder. Errors: configuration, e.g. where another daemon answers there.
  Result<void> listen(const Paths& paths);
  // Runs until the signal descriptor is readable or the core must stop.
  Result<void> run(core::Core& core, Clock& clock, int signal_fd);

  bool send_to_peer(const ipc::CurveKey& peer, ByteView bytes) override;
  void configure_gateway(const ipc::Configure& configuration) override;
  void reply(core::ConnectionId connection, const ipc::Frame& frame) override;
  void report(const std::string& line) override;

 private:
  struct Client {
    ipc::Connection connection;
    bool last_frame_queued = false;  // closes once everything is written
  };

  void accept_control();
  void accept_gateway();
  void serve_control(core::Core& core, core::ConnectionId id, UtcTime now);
  void serve_gateway(core::Core& core, UtcTime now);
  void drop_finished(core::Core& core);

  ipc::Fd control_listener_;
  ipc::Fd gateway_listener_;
  std::map<core::ConnectionId, Client> clients_;
  core::ConnectionId next_id_ = 1;
  std::unique_ptr<ipc::Connection> gateway_;
  ipc::Credits credits_;
  std::uint64_t reports_in_window_ = 0;
  std::uint64_t reports_dropped_ = 0;
  std::int64_t report_window_ = 0;
};

}  // namespace hedgerow::daemon
