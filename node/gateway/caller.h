// One TCP connection to the hub, and its way to ZeroMQ.
//
// What a caller has said is looked at only as far as CURVE leaves it open (ZeroMQ RFC 26): its
// greeting and its HELLO, then whether ZeroMQ answered READY. Until then it may say little; from
// then on bytes are passed on as they come, and never more than one read's worth is held in
// either direction.
#pragma once

#include <span>

#include "node/gateway/peer_end.h"
#include "node/ipc/socket.h"

namespace hedgerow::gateway {

inline constexpr std::size_t kGreetingSize = 64;
inline constexpr std::size_t kHelloSize = 202;  // the frame
inline constexpr std::size_t kOpeningSize = kGreetingSize + kHelloSize;
// Greeting, HELLO and INITIATE with the longest routing id are below this.
inline constexpr std::size_t kMaxBeforeProof = 1024;
inline constexpr std::size_t kRelaySize = 64 * 1024;

// Why a caller's connection is over.
enum class Ending : std::uint8_t {
  none,      // it is not
  silent,    // it said nothing, or too little, in time
  no_curve,  // what it said is not a greeting and HELLO of CURVE
  crowded,   // others took its place while it waited
  unproven,  // it did not prove a key in time, said too much, or its key was refused
  gone,      // a party's connection ended
};

class Caller {
 public:
  enum class Stage : std::uint8_t { opening, waiting, proving, admitted };

  Caller(ipc::Fd outer, Milliseconds since) : outer_(std::move(outer)), since_(since) {}

  // Says the greeting, which is the same for all. False: it has gone already.
  bool greet();

  // In `opening`: takes what was said; with all of greeting and HELLO the stage is `waiting`.
  Ending hear_opening();
  // In `waiting`: hands the caller to ZeroMQ; the stage is `proving`. False: ZeroMQ's own queue
  // is full; try again.
  bool hand_in(const std::string& inner_path);
  // In `proving` and `admitted`: passes on what can be. `scratch` is kRelaySize bytes.
  Ending relay(std::span<std::uint8_t> scratch, Milliseconds now);

  Stage stage() const { return stage_; }
  bool welcomed() const { return welcomed_; }  // ZeroMQ has answered the HELLO
  Milliseconds since() const { return since_; }
  int outer() const { return outer_.get(); }
  int inner() const { return inner_.get(); }
  // For epoll: what there is to wait for on either side.
  std::uint32_t outer_events() const;
  std::uint32_t inner_events() const;
  // One side has ended, and the other is to take what was said before, until then.
  Milliseconds drain_until() const { return drain_until_; }

 private:
  struct Way {  // in one direction
    Bytes pending;
    std::size_t done = 0;
    bool empty() const { return done == pending.size(); }
  };
  enum class Flow : std::uint8_t { on, blocked, ended };

  Flow pass(int from, int to, Way& way, std::span<std::uint8_t> scratch);
  static Flow write_out(int to, Way& way);
  bool take_in(ByteView said);
  ByteView take_out(ByteView heard);
  void look_for_ready();

  ipc::Fd outer_;
  ipc::Fd inner_;
  Milliseconds since_;
  Stage stage_ = Stage::opening;
  Bytes opening_;                        // greeting and HELLO, until handed in
  std::size_t said_ = 0;                 // by the caller, before the proof
  std::size_t to_skip_ = kGreetingSize;  // ZeroMQ's own greeting, which was said already
  Bytes heard_;                          // of ZeroMQ's answers, before the proof
  bool welcomed_ = false;
  Way in_;
  Way out_;
  bool outer_ended_ = false;
  bool inner_ended_ = false;
  Milliseconds drain_until_ = 0;  // 0: neither side has ended
};

}  // namespace hedgerow::gateway
