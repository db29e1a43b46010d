// Frames on the two Unix sockets of the core, and their incremental decoder
// (docs/design/transport.md, Frames).
//
//   u32 little-endian  length of all that follows (version, kind, payload)
//   u8                 version, 1
//   u8                 kind (control.h, link.h)
//   payload            at most kMaxPayload bytes
//
// Control frames carry identifiers during import, so every payload is held in memory that is
// wiped when it is given back, and so are the decoder's and the connection's buffers.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "crypto/base/bytes.h"
#include "crypto/base/wiping.h"

namespace hedgerow::ipc {

inline constexpr std::uint8_t kFrameVersion = 1;
inline constexpr std::size_t kMaxMessage = std::size_t{4} << 20;  // what one peer may tell another
inline constexpr std::size_t kMaxPayload = kMaxMessage + 4096;
inline constexpr std::size_t kFrameHeader = 6;  // length, version, kind

struct Frame {
  std::uint8_t kind = 0;
  WipingBytes payload;

  ByteView view() const { return {payload.data(), payload.size()}; }
  friend bool operator==(const Frame&, const Frame&) = default;
};

Frame make_frame(std::uint8_t kind, ByteView payload);

// Appends the frame's bytes to `out`. A payload above kMaxPayload is a bug of ours.
void encode_frame(const Frame& frame, WipingBytes& out);
WipingBytes encode_frame(const Frame& frame);

// Takes bytes as they come, in any pieces, and gives whole frames. Holds at most one unfinished
// frame and the finished ones not yet popped. The first error (a version that is not 1, a length
// below 2 or above the maximum) sticks: nothing comes out any more, since the stream's position
// is lost.
class FrameReader {
 public:
  // Payloads above `max_payload` are errors.
  explicit FrameReader(std::size_t max_payload = kMaxPayload) : max_payload_(max_payload) {}

  Result<void> feed(ByteView bytes);  // bad_input
  std::optional<Frame> pop();
  bool failed() const { return failed_; }
  // Whether the stream stands between two frames (an end here is a clean end).
  bool at_boundary() const { return header_size_ == 0; }

 private:
  Result<void> fail(const char* text);
  Result<void> read_header();

  std::size_t max_payload_;
  ByteArray<kFrameHeader> header_{};
  std::size_t header_size_ = 0;
  std::size_t payload_size_ = 0;
  Frame current_;
  std::deque<Frame> ready_;
  bool failed_ = false;
};

}  // namespace hedgerow::ipc
