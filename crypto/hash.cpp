#include "crypto/hash.h"

#include <sodium.h>

#include <algorithm>

namespace hedgerow {
namespace {

constexpr std::size_t kHashSize = 64;    // RFC 9380's b_in_bytes for SHA-512
constexpr std::size_t kBlockSize = 128;  // and its s_in_bytes
constexpr std::size_t kMaxDst = 255;
constexpr std::string_view kOversizeDst = "H2C-OVERSIZE-DST-";

crypto_hash_sha512_state* state_of(ByteArray<208>& bytes) {
  static_assert(sizeof(crypto_hash_sha512_state) == 208 && alignof(crypto_hash_sha512_state) <= 64);
  return reinterpret_cast<crypto_hash_sha512_state*>(bytes.data());
}
crypto_hash_sha256_state* state_of(ByteArray<104>& bytes) {
  static_assert(sizeof(crypto_hash_sha256_state) == 104 && alignof(crypto_hash_sha256_state) <= 64);
  return reinterpret_cast<crypto_hash_sha256_state*>(bytes.data());
}

}  // namespace

ByteArray<32> sha256(ByteView message) { return Sha256Stream().update(message).finish(); }
ByteArray<64> sha512(ByteView message) { return Sha512().update(message).finish(); }

Sha512::Sha512() { HR_CHECK(crypto_hash_sha512_init(state_of(state_)) == 0); }
Sha512::~Sha512() { wipe(state_); }
Sha512& Sha512::update(ByteView bytes) {
  HR_CHECK(!finished_);
  HR_CHECK(crypto_hash_sha512_update(state_of(state_), bytes.data(), bytes.size()) == 0);
  return *this;
}
ByteArray<64> Sha512::finish() {
  HR_CHECK(!finished_);
  finished_ = true;
  ByteArray<64> out;
  HR_CHECK(crypto_hash_sha512_final(state_of(state_), out.data()) == 0);
  wipe(state_);
  return out;
}

Sha256Stream::Sha256Stream() { HR_CHECK(crypto_hash_sha256_init(state_of(state_)) == 0); }
Sha256Stream::~Sha256Stream() { wipe(state_); }
Sha256Stream& Sha256Stream::update(ByteView bytes) {
  HR_CHECK(!finished_);
  HR_CHECK(crypto_hash_sha256_update(state_of(state_), bytes.data(), bytes.size()) == 0);
  return *this;
}
ByteArray<32> Sha256Stream::finish() {
  HR_CHECK(!finished_);
  finished_ = true;
  ByteArray<32> out;
  HR_CHECK(crypto_hash_sha256_final(state_of(state_), out.data()) == 0);
  wipe(state_);
  return out;
}

void hmac_sha512_into(ByteView key, ByteView message, std::span<std::uint8_t, 64> out) {
  crypto_auth_hmacsha512_state state;
  HR_CHECK(crypto_auth_hmacsha512_init(&state, key.data(), key.size()) == 0);
  HR_CHECK(crypto_auth_hmacsha512_update(&state, message.data(), message.size()) == 0);
  HR_CHECK(crypto_auth_hmacsha512_final(&state, out.data()) == 0);
  sodium_memzero(&state, sizeof state);
}

ByteArray<64> hmac_sha512(ByteView key, ByteView message) {
  ByteArray<64> out;
  hmac_sha512_into(key, message, out);
  return out;
}

ByteArray<32> keyed_hash(ByteView key, std::string_view domain, ByteView message) {
  Writer prefix;
  prefix.text(domain);
  // The message is an identifier: it is fed to the hash where it lies, never copied.
  crypto_auth_hmacsha512_state state;
  ByteArray<64> full;
  HR_CHECK(crypto_auth_hmacsha512_init(&state, key.data(), key.size()) == 0);
  HR_CHECK(crypto_auth_hmacsha512_update(&state, prefix.data().data(), prefix.data().size()) == 0);
  HR_CHECK(crypto_auth_hmacsha512_update(&state, message.data(), message.size()) == 0);
  HR_CHECK(crypto_auth_hmacsha512_final(&state, full.data()) == 0);
  sodium_memzero(&state, sizeof state);
  ByteArray<32> out;
  std::copy_n(full.begin(), out.size(), out.begin());
  return out;
}

Bytes expand_message_xmd_sha512(ByteView message, ByteView dst, std::size_t length) {
  HR_CHECK(!dst.empty() && length <= 255 * kHashSize);
  ByteArray<64> hashed_dst;
  if (dst.size() > kMaxDst) {
    hashed_dst = Sha512().update(as_bytes(kOversizeDst)).update(dst).finish();
    dst = hashed_dst;
  }
  const std::uint8_t dst_size = static_cast<std::uint8_t>(dst.size());
  const ByteArray<kBlockSize> z_pad{};
  const ByteArray<3> length_and_zero{static_cast<std::uint8_t>(length >> 8),
                                     static_cast<std::uint8_t>(length & 0xff), 0};
  ByteArray<64> b0 = Sha512()
                         .update(z_pad)
                         .update(message)
                         .update(length_and_zero)
                         .update(dst)
                         .update({&dst_size, 1})
                         .finish();
  Bytes out;
  out.reserve(length);
  ByteArray<64> mixed = b0;  // b_0 xor b_(i-1); for i = 1 just b_0
  for (std::uint8_t i = 1; out.size() < length; ++i) {
    const ByteArray<64> b =
        Sha512().update(mixed).update({&i, 1}).update(dst).update({&dst_size, 1}).finish();
    const std::size_t n = std::min(length - out.size(), kHashSize);
    out.insert(out.end(), b.begin(), b.begin() + static_cast<std::ptrdiff_t>(n));
    for (std::size_t k = 0; k < kHashSize; ++k) mixed[k] = b0[k] ^ b[k];
  }
  wipe(b0);
  wipe(mixed);
  return out;
}

AgreementHash agreement_hash(ByteView exact_bytes) { return {sha256(exact_bytes)}; }
Sha256 sha256_id(ByteView message) { return {sha256(message)}; }

}  // namespace hedgerow
