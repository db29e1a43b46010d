// One peer's session: what waits to be sent to it, what of its message has come, and both
// directions' credit. Knows no socket.
#pragma once

#include <deque>
#include <optional>

#include "node/gateway/wire.h"

namespace hedgerow::gateway {

class Session {
 public:
  // Takes a message of the core for sending. False, with nothing taken, where more than twice
  // the window would be out: once the window, plus what the core sent under the session before,
  // not knowing yet that it had ended.
  bool offer(ByteView message);

  // The next frame to send (owed credit first); nothing where none waits. Stays until sent().
  const Bytes* next();
  void sent();

  // The peer took `n` pieces. Gives how many of them were really out: the core's credit.
  std::uint32_t on_credit(std::uint32_t n);

  // A piece came. Gives the message it completes. Errors: bad_input (longer than kMaxMessage).
  Result<std::optional<Bytes>> take(const WireFrame& frame);

  std::size_t waiting_bytes() const { return waiting_bytes_; }   // to be sent
  std::size_t partial_bytes() const { return partial_.size(); }  // of an unfinished message

 private:
  std::deque<Bytes> out_;
  Bytes credit_frame_;  // empty, or what next() gave
  std::uint32_t credit_in_frame_ = 0;
  std::size_t waiting_bytes_ = 0;
  std::uint32_t outstanding_ = 0;  // pieces sent or waiting that the peer has not taken
  std::uint32_t owed_ = 0;         // pieces taken that the peer has not been told of
  Bytes partial_;
};

}  // namespace hedgerow::gateway
