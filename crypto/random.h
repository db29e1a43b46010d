// The two sources of randomness behind the Random seam.
#pragma once

#include "crypto/base/seams.h"
#include "crypto/base/secret.h"

namespace hedgerow {

// The operating system's generator. Never fails: without entropy the program ends.
class SystemRandom : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

// One ChaCha20 stream (original variant, nonce 0) under a seed: the simulator's and the tests'
// randomness. The stream does not depend on how it is cut into calls of fill().
class SeededRandom : public Random {
 public:
  explicit SeededRandom(const ByteArray<32>& seed);
  void fill(std::span<std::uint8_t> out) override;

 private:
  static constexpr std::size_t kBlock = 64;
  Secret<struct SeededRandomTag, 32> seed_;
  Secret<struct SeededRandomBlockTag, kBlock> block_;
  std::uint64_t next_block_ = 0;
  std::size_t used_ = kBlock;  // bytes of block_ already given out
};

// A uniform number in [0, bound); bound > 0.
std::uint64_t random_below(Random& rng, std::uint64_t bound);

}  // namespace hedgerow
