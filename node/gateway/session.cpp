#include "node/gateway/session.h"

#include <algorithm>

namespace hedgerow::gateway {

bool Session::offer(ByteView message) {
  const std::uint32_t cost = ipc::message_cost(message.size());
  if (outstanding_ + cost > 2 * ipc::kWindow) return false;
  outstanding_ += cost;
  while (!message.empty()) {
    const std::size_t n = std::min(message.size(), ipc::kPieceSize);
    out_.push_back(encode_piece(message.first(n), n == message.size()));
    waiting_bytes_ += out_.back().size();
    message = message.subspan(n);
  }
  return true;
}

const Bytes* Session::next() {
  if (credit_frame_.empty() && owed_ > 0) {
    credit_in_frame_ = std::min(owed_, ipc::kWindow);
    credit_frame_ = encode_credit(credit_in_frame_);
  }
  if (!credit_frame_.empty()) return &credit_frame_;
  return out_.empty() ? nullptr : &out_.front();
}

void Session::sent() {
  if (!credit_frame_.empty()) {
    owed_ -= credit_in_frame_;
    credit_frame_.clear();
    return;
  }
  HR_CHECK(!out_.empty());
  waiting_bytes_ -= out_.front().size();
  out_.pop_front();
}

std::uint32_t Session::on_credit(std::uint32_t n) {
  const std::uint32_t granted = std::min(n, outstanding_);
  outstanding_ -= granted;
  return granted;
}

Result<std::optional<Bytes>> Session::take(const WireFrame& frame) {
  if (partial_.size() + frame.bytes.size() > ipc::kMaxMessage)
    return bad_input("message longer than the maximum");
  // A peer that takes no credits while it sends is not honest; the count must not run over.
  owed_ = std::min(owed_ + 1, std::uint32_t{1} << 20);
  partial_.insert(partial_.end(), frame.bytes.begin(), frame.bytes.end());
  if (frame.kind == WireKind::piece) return std::optional<Bytes>();
  std::optional<Bytes> message = std::move(partial_);
  partial_ = {};
  return message;
}

}  // namespace hedgerow::gateway
