// The hub's end: a ROUTER that knows every peer by its CURVE key alone.
//
// A peer is up from its hello to its bye, its removal from the allow-list, or the moment its
// connection is gone, which a ping every half second finds (ROUTER_MANDATORY). The routing id is
// where to answer, never who it is: the newest hello of a key says it, and what comes under
// another id is dropped and answered with bye.
#pragma once

#include <map>

#include "node/gateway/door.h"
#include "node/gateway/peer_end.h"
#include "node/gateway/session.h"

namespace hedgerow::gateway {

class HubEnd : public PeerEnd {
 public:
  HubEnd(zmq::socket_t socket, std::unique_ptr<Door> door, Zap& zap, Outlet& outlet)
      : socket_(std::move(socket)), door_(std::move(door)), zap_(zap), outlet_(outlet) {}

  void attach() override;
  void detach() override;
  void send(const ipc::Send& message) override;
  std::vector<zmq_pollitem_t> poll_items() override;
  void on_poll(std::span<const zmq_pollitem_t> items, Milliseconds now) override;
  Milliseconds tick(Milliseconds now) override;
  void drop_unlisted() override;

 private:
  struct Peer {
    Bytes routing_id;
    std::uint64_t number = 0;  // the node's, of this session
    Session session;
    bool stuck = false;  // ZeroMQ took nothing the last time
  };
  using Peers = std::map<ipc::CurveKey, Peer>;

  void read(Milliseconds now);
  void on_message(Received& message, Milliseconds now);
  void on_hello(const ipc::CurveKey& key, ByteView routing_id, std::uint64_t number,
                Milliseconds now);
  void on_data(Peers::iterator peer, const WireFrame& frame);
  void say_bye(const ipc::CurveKey& key, ByteView routing_id, Milliseconds now);
  // Ends a session and tells the core; with a bye where the peer should begin a new one.
  Peers::iterator end(Peers::iterator peer, bool bye);
  bool flush(Peer& peer);  // false: the connection is gone
  void flush_all();
  void report(Milliseconds now);

  void refuse(const ipc::CurveKey& key, std::string why);

  zmq::socket_t socket_;
  std::unique_ptr<Door> door_;
  Zap& zap_;
  Outlet& outlet_;
  bool attached_ = false;
  Peers peers_;
  // When each key's last hello was accepted and its last bye sent: what a peer can make this
  // gateway and the core do is limited by time. Only allowed keys are here.
  std::map<ipc::CurveKey, Milliseconds> last_hello_;
  std::map<ipc::CurveKey, Milliseconds> last_bye_;
  Milliseconds next_ping_ = 0;
  Milliseconds next_report_ = 0;
  // Since the last report.
  std::uint64_t refused_ = 0;  // messages dropped
  std::string last_refusal_;
};

}  // namespace hedgerow::gateway
