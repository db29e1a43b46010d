// A node's end: a DEALER connected to the hub, which it knows by its CURVE key.
//
// After each handshake it says hello with a new number until the hub answers with the same one;
// then the hub is up, until the connection ends, the hub says bye, or nothing was heard for five
// seconds (the hub pings). A connection that fails is replaced by a new socket after a pause:
// ZeroMQ gives up for good on a connection that was refused.
#pragma once

#include "node/gateway/peer_end.h"
#include "node/gateway/session.h"

namespace hedgerow::gateway {

class NodeEnd : public PeerEnd {
 public:
  NodeEnd(zmq::context_t& context, const CurvePair& pair, Outlet& outlet, std::string endpoint,
          const ipc::CurveKey& hub)
      : context_(context),
        pair_(pair),
        outlet_(outlet),
        endpoint_(std::move(endpoint)),
        hub_(hub) {}

  ~NodeEnd() override;

  Result<void> open();

  void attach() override;
  void detach() override;
  void send(const ipc::Send& message) override;
  std::vector<zmq_pollitem_t> poll_items() override;
  void on_poll(std::span<const zmq_pollitem_t> items, Milliseconds now) override;
  Milliseconds tick(Milliseconds now) override;
  void drop_unlisted() override {}

 private:
  void close();
  void on_event(int event, Milliseconds now);
  void on_message(Received& message, Milliseconds now);
  void on_data(const WireFrame& frame);
  // The session is over; the next hello has a new number.
  void go_down();
  void fail(const char* why, Milliseconds now);
  void flush();

  zmq::context_t& context_;
  const CurvePair& pair_;
  Outlet& outlet_;
  const std::string endpoint_;
  const ipc::CurveKey hub_;

  zmq::socket_t socket_;
  zmq::socket_t monitor_;

  bool attached_ = false;
  bool connected_ = false;  // the handshake succeeded
  bool up_ = false;
  std::uint64_t number_ = 1;
  Session session_;
  bool stuck_ = false;

  Milliseconds next_hello_ = 0;
  Milliseconds hello_pause_ = 0;  // doubles while the hub does not answer
  Milliseconds last_heard_ = 0;
  Milliseconds reopen_at_ = 0;  // 0: not to be reopened
  Milliseconds pause_ = 0;      // before the next reopening
  std::string last_trouble_;
};

}  // namespace hedgerow::gateway
