#include "node/ipc/frames.h"

#include <algorithm>

namespace hedgerow::ipc {
namespace {

constexpr std::size_t kLengthSize = 4;
constexpr std::size_t kMinRest = kFrameHeader - kLengthSize;

}  // namespace

Frame make_frame(std::uint8_t kind, ByteView payload) {
  HR_CHECK(payload.size() <= kMaxPayload);
  return {kind, WipingBytes(payload.begin(), payload.end())};
}

void encode_frame(const Frame& frame, WipingBytes& out) {
  HR_CHECK(frame.payload.size() <= kMaxPayload);
  Writer header;
  header.u32(static_cast<std::uint32_t>(kMinRest + frame.payload.size()))
      .u8(kFrameVersion)
      .u8(frame.kind);
  out.reserve(out.size() + kFrameHeader + frame.payload.size());
  out.insert(out.end(), header.data().begin(), header.data().end());
  out.insert(out.end(), frame.payload.begin(), frame.payload.end());
}

WipingBytes encode_frame(const Frame& frame) {
  WipingBytes out;
  encode_frame(frame, out);
  return out;
}

Result<void> FrameReader::fail(const char* text) {
  failed_ = true;
  current_ = {};
  ready_.clear();
  return bad_input(text);
}

Result<void> FrameReader::read_header() {
  Reader r({header_.data(), header_.size()});
  const std::uint32_t rest = r.u32();
  if (r.u8() != kFrameVersion) return fail("frame of an unknown version");
  if (rest < kMinRest) return fail("frame shorter than its header");
  payload_size_ = rest - kMinRest;
  if (payload_size_ > max_payload_) return fail("frame too long");
  current_.kind = r.u8();
  current_.payload = {};
  current_.payload.reserve(payload_size_);
  return {};
}

Result<void> FrameReader::feed(ByteView bytes) {
  if (failed_) return bad_input("frames after a broken frame");
  while (!bytes.empty()) {
    if (header_size_ < kFrameHeader) {
      const std::size_t n = std::min(kFrameHeader - header_size_, bytes.size());
      std::copy_n(bytes.begin(), n, header_.begin() + static_cast<std::ptrdiff_t>(header_size_));
      header_size_ += n;
      bytes = bytes.subspan(n);
      if (header_size_ < kFrameHeader) return {};
      HR_TRY(read_header());
    }
    const std::size_t n = std::min(payload_size_ - current_.payload.size(), bytes.size());
    current_.payload.insert(current_.payload.end(), bytes.begin(),
                            bytes.begin() + static_cast<std::ptrdiff_t>(n));
    bytes = bytes.subspan(n);
    if (current_.payload.size() == payload_size_) {
      ready_.push_back(std::move(current_));
      current_ = {};
      header_size_ = 0;
    }
  }
  return {};
}

std::optional<Frame> FrameReader::pop() {
  if (ready_.empty()) return std::nullopt;
  Frame frame = std::move(ready_.front());
  ready_.pop_front();
  return frame;
}

}  // namespace hedgerow::ipc
