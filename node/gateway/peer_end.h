// This gateway's end of the star: the hub's or a node's. One thread; nothing blocks.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "node/gateway/zap.h"
#include "node/gateway/zmq_socket.h"

namespace hedgerow::gateway {

// Where an end tells the core what happens.
class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual void tell(const ipc::FromGateway& message) = 0;
  // Whether there is room for what comes from the network. Where there is none, an end stops
  // reading, and the senders' credit runs out.
  virtual bool accepting() const = 0;
};

using Milliseconds = std::int64_t;  // of a clock that only goes forward

class PeerEnd {
 public:
  virtual ~PeerEnd() = default;

  // While no core is attached, no session exists: attach lets peers come up, detach ends all
  // sessions.
  virtual void attach() = 0;
  virtual void detach() = 0;

  virtual void send(const ipc::Send& message) = 0;

  // What to poll for; then what came of it, in the same order.
  virtual std::vector<zmq_pollitem_t> poll_items() = 0;
  virtual void on_poll(std::span<const zmq_pollitem_t> items, Milliseconds now) = 0;
  // Does what is due. Gives the time until it wants to be called again.
  virtual Milliseconds tick(Milliseconds now) = 0;

  // The allow-list changed: ends the sessions of those no longer on it.
  virtual void drop_unlisted() = 0;
};

// `context`, `pair`, `zap` and `outlet` outlive the end.
// Errors: try_again (the address is in use), configuration, internal.
struct DoorPlan;
Result<std::unique_ptr<PeerEnd>> open_hub_end(zmq::context_t& context, const CurvePair& pair,
                                              Zap& zap, Outlet& outlet, const DoorPlan& door);
Result<std::unique_ptr<PeerEnd>> open_node_end(zmq::context_t& context, const CurvePair& pair,
                                               Outlet& outlet, const std::string& endpoint,
                                               const ipc::CurveKey& hub);

}  // namespace hedgerow::gateway
