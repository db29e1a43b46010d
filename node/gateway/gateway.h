// The gateway: the core's socket on one side, ZeroMQ on the other, one loop.
#pragma once

#include <memory>
#include <optional>

#include "node/gateway/peer_end.h"
#include "node/ipc/socket.h"

namespace hedgerow::gateway {

class Gateway : public Outlet {
 public:
  // `run_folder` holds the core's gateway.sock, and a socket of this process's own where it is the
  // hub's; it need not be there yet. Errors: internal.
  static Result<std::unique_ptr<Gateway>> open(const std::string& run_folder, CurvePair pair,
                                               std::size_t descriptors);

  // Runs until `stop_fd` becomes readable. The core may come and go meanwhile.
  void run(int stop_fd);

  void tell(const ipc::FromGateway& message) override;
  bool accepting() const override;

 private:
  Gateway(const std::string& run_folder, CurvePair pair, std::size_t descriptors,
          zmq::context_t context, Zap zap)
      : run_folder_(run_folder),
        core_path_(run_folder + "/gateway.sock"),
        descriptors_(descriptors),
        pair_(std::move(pair)),
        context_(std::move(context)),
        zap_(std::move(zap)) {}

  void keep_connected(Milliseconds now);
  void lose_core(const std::string& why);
  void read_core(Milliseconds now);
  void write_core();
  void on_configure(ipc::Configure configure, Milliseconds now);
  void trouble(const std::string& text);
  void close_end();
  void keep_end_open(Milliseconds now);
  Milliseconds pause(Milliseconds now) const;

  const std::string run_folder_;
  const std::string core_path_;
  ipc::Fd run_;  // the folder; open from the first end on
  const std::size_t descriptors_;
  const CurvePair pair_;
  // In this order: sockets are closed before the context.
  zmq::context_t context_;
  Zap zap_;
  std::unique_ptr<PeerEnd> end_;

  std::optional<ipc::Connection> core_;
  bool core_lost_ = false;   // noticed inside a call of the end; dealt with in the loop
  bool configured_ = false;  // by the core that is connected now
  std::optional<ipc::Configure> configure_;
  Milliseconds next_connect_ = 0;
  Milliseconds connect_pause_ = 0;
  Milliseconds next_open_ = 0;
  Milliseconds open_pause_ = 0;
  std::string last_trouble_;
};

}  // namespace hedgerow::gateway
