// Byte strings, hexadecimal, and the one encoding all of Hedgerow's own messages use:
// fixed-size fields as they are, integers little-endian, everything else behind a
// u32 little-endian length (cryptography.md, first paragraph). An encoding is canonical:
// a Reader that reaches finish() without error has read the only bytes that decode so.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/result.h"
#include "crypto/base/seams.h"

namespace hedgerow {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
template <std::size_t N>
using ByteArray = std::array<std::uint8_t, N>;

inline ByteView as_bytes(std::string_view s) {
  return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()};
}
inline std::string_view as_text(ByteView b) {
  return {reinterpret_cast<const char*>(b.data()), b.size()};
}
inline Bytes to_bytes(ByteView b) { return {b.begin(), b.end()}; }
inline Bytes to_bytes(std::string_view s) { return to_bytes(as_bytes(s)); }

std::string to_hex(ByteView bytes);                       // lower case
std::optional<Bytes> from_hex(std::string_view hex);      // either case; no blanks
std::string to_base64(ByteView bytes);                    // RFC 4648 section 4, padded
std::optional<Bytes> from_base64(std::string_view text);  // strict: padded, no blanks

// Appends fields to a byte string.
class Writer {
 public:
  Writer& u8(std::uint8_t v);
  Writer& u16(std::uint16_t v);
  Writer& u32(std::uint32_t v);
  Writer& u64(std::uint64_t v);
  Writer& i64(std::int64_t v);          // two's complement
  Writer& time(UtcTime t);              // i64, Unix milliseconds
  Writer& raw(ByteView bytes);          // fixed-size field: no length
  Writer& bytes(ByteView bytes);        // u32 length, then the bytes
  Writer& text(std::string_view text);  // the same, for text

  const Bytes& data() const& { return out_; }
  Bytes take() && { return std::move(out_); }

 private:
  Bytes out_;
};

// Reads fields. Errors stick: after the first, every read gives zeros and finish() fails,
// so a decoder reads all fields and asks once. Every variable length has a maximum, checked
// against both the maximum and what is left before anything is allocated.
class Reader {
 public:
  explicit Reader(ByteView in) : in_(in) {}  // looks at bytes that outlive it
  explicit Reader(Bytes&&) = delete;

  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t u64();
  std::int64_t i64();
  UtcTime time();  // 1970 to 9999, so that days and lifetimes can be added; others are an error
  ByteView raw(std::size_t size);
  template <std::size_t N>
  ByteArray<N> array() {
    ByteArray<N> a{};
    ByteView v = raw(N);
    for (std::size_t i = 0; i < v.size(); ++i) a[i] = v[i];
    return a;
  }
  ByteView bytes(std::size_t max);
  std::string text(std::size_t max);
  // A count of items that follow, each of at least `min_item_size` bytes.
  std::size_t count(std::size_t max, std::size_t min_item_size);

  std::size_t left() const { return in_.size(); }
  bool failed() const { return failed_; }
  void fail() {
    failed_ = true;
    in_ = {};
  }
  // No error so far and nothing left over. `what` names the thing in the error.
  Result<void> finish(std::string_view what) const;

 private:
  ByteView in_;
  bool failed_ = false;
};

}  // namespace hedgerow
