// Secret<Tag, N>: N secret bytes in locked, guarded memory, wiped when they go.
//
// Move-only; no ==, no <<; read only through expose(), so that every use can be found
// with grep. Two secrets are compared with equal_in_constant_time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "crypto/base/bytes.h"
#include "crypto/base/seams.h"

namespace hedgerow {

// Raw locked memory; throws nothing: running out of lockable memory ends the program with a
// clear line, since going on unlocked would break a promise.
class LockedMemory {
 public:
  LockedMemory() = default;
  explicit LockedMemory(std::size_t size);
  LockedMemory(LockedMemory&& o) noexcept
      : p_(std::exchange(o.p_, nullptr)), size_(std::exchange(o.size_, 0)) {}
  LockedMemory& operator=(LockedMemory&& o) noexcept;
  LockedMemory(const LockedMemory&) = delete;
  LockedMemory& operator=(const LockedMemory&) = delete;
  ~LockedMemory();

  std::uint8_t* data() { return p_; }
  const std::uint8_t* data() const { return p_; }
  std::size_t size() const { return size_; }

 private:
  std::uint8_t* p_ = nullptr;
  std::size_t size_ = 0;
};

template <class Tag, std::size_t N>
class Secret {
 public:
  static constexpr std::size_t kSize = N;

  Secret() : memory_(N) {}  // zeros
  static Secret random(Random& rng) {
    Secret s;
    rng.fill(s.writable());
    return s;
  }
  static Secret copy_from(std::span<const std::uint8_t, N> bytes) {
    Secret s;
    for (std::size_t i = 0; i < N; ++i) s.memory_.data()[i] = bytes[i];
    return s;
  }
  Secret clone() const { return copy_from(expose()); }

  std::span<const std::uint8_t, N> expose() const {
    return std::span<const std::uint8_t, N>(memory_.data(), N);
  }
  std::span<std::uint8_t, N> writable() { return std::span<std::uint8_t, N>(memory_.data(), N); }

 private:
  LockedMemory memory_;
};

// A secret whose length is known only at run time.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size) : memory_(size) {}
  static SecretBytes copy_from(ByteView bytes);
  ByteView expose() const { return {memory_.data(), memory_.size()}; }
  std::span<std::uint8_t> writable() { return {memory_.data(), memory_.size()}; }
  std::size_t size() const { return memory_.size(); }
  bool empty() const { return memory_.size() == 0; }

 private:
  LockedMemory memory_;
};

bool equal_in_constant_time(ByteView a, ByteView b);  // false where sizes differ
void wipe(std::span<std::uint8_t> bytes);

// Wipes a scratch buffer when the scope ends.
class WipeOnExit {
 public:
  explicit WipeOnExit(Bytes& b) : b_(b) {}
  ~WipeOnExit() { wipe(b_); }
  WipeOnExit(const WipeOnExit&) = delete;
  WipeOnExit& operator=(const WipeOnExit&) = delete;

 private:
  Bytes& b_;
};

}  // namespace hedgerow
