// The daemon's sockets, and the core behind them on a thread of its own.
//
// The core waits for its disk: an exchange appends to the log and syncs, commits, confirms, sends,
// in that order, on one thread (docs/adr/0018). So that a disk which does not return is noticed,
// and nobody waits for it without knowing, the sockets are served by another thread, run()'s:
//
//   run()'s thread:  poll, frames in -> events_; frames out; what happens when the disk hangs
//   the core's:      events_, time -> core; the Surroundings' functions put frames out
//
// mutex_ guards all that both touch. Neither holds it while the core or the disk works.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>

#include "crypto/base/disk.h"
#include "node/core/core.h"
#include "node/daemon/config.h"
#include "node/ipc/socket.h"

namespace hedgerow::daemon {

inline constexpr std::size_t kMaxConnections = 128;
// Events that wait for the core: beyond these the sockets are not read.
inline constexpr std::size_t kMaxEvents = 1024;
inline constexpr std::size_t kMaxEventBytes = std::size_t{8} << 20U;

class Server : public core::Surroundings {
 public:
  // `patience`: how long the disk may take before it is said not to answer.
  explicit Server(std::chrono::milliseconds patience = kDiskPatience);

  // Listens in the run folder. Errors: configuration, e.g. where another daemon answers there.
  Result<void> listen(const Paths& paths);
  // Runs until the signal descriptor is readable or the core must stop.
  // try_again: it should end, but the disk does not answer; the core's thread still waits for it,
  // so the process must end by std::_Exit (which loses nothing: as a power cut would).
  Result<void> run(core::Core& core, Clock& clock, int signal_fd);
  // For whoever does not end the process then: returns once the core's thread has ended.
  void wait_for_core() { worker_.join(); }
  // What a SIGHUP brings: called from run(), handed to the core in its turn.
  void on_hangup(std::function<policies::Restrictions()> reread) { reread_ = std::move(reread); }
  // Called from run() every half second while the disk answers: for a supervisor's watchdog.
  void on_tick(std::function<void()> tick) { tick_ = std::move(tick); }

  bool send_to_peer(const ipc::CurveKey& peer, ByteView bytes) override;
  void configure_gateway(const ipc::Configure& configuration) override;
  void reply(core::ConnectionId connection, const ipc::Frame& frame) override;
  void report(const std::string& line) override;

 private:
  struct Client {
    ipc::Connection connection;
    bool asked = false;              // something came from it
    bool last_frame_queued = false;  // closes once everything is written
  };
  struct FromClient {
    core::ConnectionId id;
    ipc::Frame frame;
  };
  struct ClientGone {
    core::ConnectionId id;
  };
  struct GatewayGone {};
  using Event =
      std::variant<FromClient, ClientGone, ipc::FromGateway, GatewayGone, policies::Restrictions>;
  struct Fds;

  // --- run()'s thread; those with a lock are called under it ---
  Fds descriptors(const std::unique_lock<std::mutex>& lock);
  void serve(const Fds& fds);
  void accept_control();
  void accept_gateway();
  void serve_control(core::ConnectionId id);
  void serve_gateway();
  void write_out();
  void drop_finished();
  void push(Event event, std::size_t bytes);
  bool ends_by_signal(int signal_fd);
  void watch_disk();
  void refuse_waiting(const DiskWait& wait);
  Result<void> end();

  // --- the core's thread ---
  void work(core::Core& core, Clock& clock);
  void wake();

  const std::chrono::milliseconds patience_;
  ipc::Fd control_listener_;
  ipc::Fd gateway_listener_;
  ipc::Fd wake_fd_;  // readable: there is something to write, or the core has ended
  std::function<void()> tick_;
  std::function<policies::Restrictions()> reread_;
  std::thread worker_;
  std::optional<DiskWait> hanging_;

  std::mutex mutex_;
  std::condition_variable something_;
  std::deque<std::pair<Event, std::size_t>> events_;
  std::size_t event_bytes_ = 0;
  bool stop_ = false;      // the core's thread should end
  bool finished_ = false;  // it has
  std::map<core::ConnectionId, Client> clients_;
  core::ConnectionId next_id_ = 1;
  std::unique_ptr<ipc::Connection> gateway_;
  ipc::Credits credits_;
  std::uint64_t reports_in_window_ = 0;
  std::uint64_t reports_dropped_ = 0;
  std::int64_t report_window_ = 0;
};

}  // namespace hedgerow::daemon
