#include "crypto/random.h"

#include <sodium.h>

#include <algorithm>
#include <array>

namespace hedgerow {

void SystemRandom::fill(std::span<std::uint8_t> out) {
  if (out.empty()) return;
  HR_CHECK(sodium_init() >= 0);
  randombytes_buf(out.data(), out.size());
}

SeededRandom::SeededRandom(const ByteArray<32>& seed)
    : seed_(Secret<struct SeededRandomTag, 32>::copy_from(seed)) {}

void SeededRandom::fill(std::span<std::uint8_t> out) {
  static constexpr std::array<std::uint8_t, crypto_stream_chacha20_NONCEBYTES> kNonce{};
  static constexpr std::array<std::uint8_t, kBlock> kZeros{};
  while (!out.empty()) {
    if (used_ == kBlock) {
      HR_CHECK(crypto_stream_chacha20_xor_ic(block_.writable().data(), kZeros.data(), kBlock,
                                             kNonce.data(), next_block_++,
                                             seed_.expose().data()) == 0);
      used_ = 0;
    }
    const std::size_t n = std::min(out.size(), kBlock - used_);
    std::copy_n(block_.expose().begin() + static_cast<std::ptrdiff_t>(used_), n, out.begin());
    used_ += n;
    out = out.subspan(n);
  }
}

std::uint64_t random_below(Random& rng, std::uint64_t bound) {
  HR_CHECK(bound > 0);
  // Draws below 2^64 mod bound would favour small results: they are drawn again.
  const std::uint64_t skip = (0 - bound) % bound;
  for (;;) {
    std::array<std::uint8_t, 8> draw{};
    rng.fill(draw);
    std::uint64_t v = 0;
    for (std::size_t i = 8; i-- > 0;) v = (v << 8) | draw[i];
    if (v >= skip) return v % bound;
  }
}

}  // namespace hedgerow
