// The hub's front door (docs/adr/0020): every TCP connection comes in here, and ZeroMQ sees only
// those that have said a CURVE HELLO, few at a time. ZeroMQ itself bounds neither the number of
// connections nor what each may make it hold before its key is proved, and its thread spins when
// descriptors run out.
//
// Callers are in one of four stages: opening (greeting and HELLO), waiting (for a place), proving
// (ZeroMQ has it), admitted (ZeroMQ said READY). Whoever is not admitted in kProofTime is sent
// away. Where a stage is full its oldest makes room, so that whoever comes now has a chance; of
// those that wait, one from an address that was admitted from before goes first, and then the
// newest. Not more than a few HELLOs are with ZeroMQ unanswered, so that its one thread is never
// far from the parties' own messages.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "node/gateway/caller.h"
#include "node/gateway/listen.h"

namespace hedgerow::gateway {

struct DoorLimits {
  std::size_t unproven = 10'000;  // opening or waiting: one descriptor each
  std::size_t proving = 1024;     // two descriptors, and one of ZeroMQ's
  std::size_t admitted = 1024;    // the same
};
// What fits into this many descriptors.
DoorLimits door_limits(std::size_t descriptors);

struct DoorPlan {
  std::string endpoint;    // as listen_on takes it
  std::string inner_path;  // the Unix socket where ZeroMQ listens
  DoorLimits limits;
};

class Door {
 public:
  // Errors: as listen_on; internal.
  static Result<std::unique_ptr<Door>> open(const DoorPlan& plan);

  const std::string& endpoint() const { return listener_.endpoint; }

  // Two descriptors to be polled for reading: parties come first, strangers a few at a time.
  int parties_fd() const { return parties_.get(); }
  int strangers_fd() const { return strangers_.get(); }
  void serve_parties(Milliseconds now);
  void serve_strangers(Milliseconds now);
  // Does what is due. Gives the time until it wants to be called again.
  Milliseconds tick(Milliseconds now);

  // Who was sent away or went before being admitted, by reason, since the last call.
  struct Turned {
    std::uint64_t silent = 0;
    std::uint64_t no_curve = 0;
    std::uint64_t crowded = 0;
    std::uint64_t unproven = 0;
    std::uint64_t total() const { return silent + no_curve + crowded + unproven; }
  };
  Turned take_turned() { return std::exchange(turned_, {}); }

 private:
  using Id = std::uint64_t;       // ascending in the order of arrival
  using Address = ByteArray<16>;  // IPv6's first eight bytes, or all of IPv4's
  struct Guest {
    Caller caller;
    Address from;
    std::uint32_t outer_events = 0;
    std::uint32_t inner_events = 0;
  };
  using Guests = std::map<Id, Guest>;

  Door(Listener listener, ipc::Fd parties, ipc::Fd strangers, const DoorPlan& plan)
      : listener_(std::move(listener)),
        parties_(std::move(parties)),
        strangers_(std::move(strangers)),
        inner_path_(plan.inner_path),
        limits_(plan.limits),
        scratch_(kRelaySize) {}

  void accept_some(Milliseconds now);
  bool accept_one(Milliseconds now);  // false: no more for now
  void on_event(std::uint64_t tag, Milliseconds now);
  void hand_in(Milliseconds now);
  std::optional<Id> choose() const;
  void admit(Guests::iterator guest);
  void end(Guests::iterator guest, Ending why);
  void watch(Guests::iterator guest);
  void pause_listening(Milliseconds now);

  Listener listener_;
  ipc::Fd parties_;    // epoll of the admitted
  ipc::Fd strangers_;  // epoll of everyone else, and of the listener
  const std::string inner_path_;
  const DoorLimits limits_;
  Bytes scratch_;

  Guests guests_;
  Id last_id_ = 0;
  std::set<Id> unproven_;  // opening or waiting
  std::set<Id> waiting_;
  std::set<Id> waiting_known_;  // of waiting_, from an address that is known
  std::set<Id> proving_;
  std::size_t unanswered_ = 0;  // HELLOs with ZeroMQ
  std::size_t admitted_ = 0;
  std::set<Id> draining_;
  std::set<Address> known_;  // where parties were admitted from
  double tokens_ = 0;        // HELLOs that may be handed in
  Milliseconds last_refill_ = 0;
  Milliseconds listen_again_ = 0;  // 0: listening
  Turned turned_;
};

}  // namespace hedgerow::gateway
