#include "crypto/base/bytes.h"

#include <sodium.h>

#include <limits>

namespace hedgerow {

std::string to_hex(ByteView bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (std::uint8_t b : bytes) {
    out.push_back(kDigits[b >> 4U]);
    out.push_back(kDigits[b & 15U]);
  }
  return out;
}

std::optional<Bytes> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  Bytes out(hex.size() / 2);
  std::size_t written = 0;
  const char* end = nullptr;
  if (!hex.empty() && (sodium_hex2bin(out.data(), out.size(), hex.data(), hex.size(), nullptr,
                                      &written, &end) != 0 ||
                       written != out.size() || end != hex.data() + hex.size()))
    return std::nullopt;
  return out;
}

std::string to_base64(ByteView bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();  // the terminating zero
  return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
  Bytes out(text.size() / 4 * 3 + 3);
  std::size_t written = 0;
  const char* end = nullptr;
  if (sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &written, &end,
                        sodium_base64_VARIANT_ORIGINAL) != 0 ||
      end != text.data() + text.size())
    return std::nullopt;
  out.resize(written);
  // libsodium takes bytes above 0x7f for digits.
  if (to_base64(out) != text) return std::nullopt;
  return out;
}

namespace {
template <class T>
void put(Bytes& out, T v) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    out.push_back(static_cast<std::uint8_t>((static_cast<std::uint64_t>(v) >> (8U * i)) & 0xffU));
}
template <class T>
T get(ByteView v) {
  std::uint64_t r = 0;
  for (std::size_t i = 0; i < v.size(); ++i) r |= static_cast<std::uint64_t>(v[i]) << (8U * i);
  return static_cast<T>(r);
}
}  // namespace

Writer& Writer::u8(std::uint8_t v) {
  out_.push_back(v);
  return *this;
}
Writer& Writer::u16(std::uint16_t v) {
  put(out_, v);
  return *this;
}
Writer& Writer::u32(std::uint32_t v) {
  put(out_, v);
  return *this;
}
Writer& Writer::u64(std::uint64_t v) {
  put(out_, v);
  return *this;
}
Writer& Writer::i64(std::int64_t v) { return u64(static_cast<std::uint64_t>(v)); }
Writer& Writer::time(UtcTime t) { return i64(to_unix_ms(t)); }
Writer& Writer::raw(ByteView bytes) {
  out_.insert(out_.end(), bytes.begin(), bytes.end());
  return *this;
}
Writer& Writer::bytes(ByteView bytes) {
  HR_CHECK(bytes.size() <= std::numeric_limits<std::uint32_t>::max());
  u32(static_cast<std::uint32_t>(bytes.size()));
  return raw(bytes);
}
Writer& Writer::text(std::string_view text) { return bytes(as_bytes(text)); }

ByteView Reader::raw(std::size_t size) {
  if (failed_ || size > in_.size()) {
    fail();
    return {};
  }
  ByteView v = in_.first(size);
  in_ = in_.subspan(size);
  return v;
}
std::uint8_t Reader::u8() { return get<std::uint8_t>(raw(1)); }
std::uint16_t Reader::u16() { return get<std::uint16_t>(raw(2)); }
std::uint32_t Reader::u32() { return get<std::uint32_t>(raw(4)); }
std::uint64_t Reader::u64() { return get<std::uint64_t>(raw(8)); }
std::int64_t Reader::i64() { return static_cast<std::int64_t>(u64()); }
UtcTime Reader::time() {
  constexpr std::int64_t kEndOfYear9999 = 253'402'300'799'999;
  const std::int64_t ms = i64();
  if (ms >= 0 && ms <= kEndOfYear9999) return from_unix_ms(ms);
  fail();
  return {};
}
ByteView Reader::bytes(std::size_t max) {
  const std::size_t n = u32();
  if (n > max) {
    fail();
    return {};
  }
  return raw(n);
}
std::string Reader::text(std::size_t max) { return std::string(as_text(bytes(max))); }
std::size_t Reader::count(std::size_t max, std::size_t min_item_size) {
  const std::size_t n = u32();
  if (n > max || n * min_item_size > in_.size()) {
    fail();
    return 0;
  }
  return n;
}
Result<void> Reader::finish(std::string_view what) const {
  if (failed_) return bad_input(std::string(what) + ": truncated or out of bounds");
  if (!in_.empty()) return bad_input(std::string(what) + ": bytes left over at the end");
  return {};
}

}  // namespace hedgerow
