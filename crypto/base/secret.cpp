#include "crypto/base/secret.h"

#include <sodium.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace hedgerow {

namespace {

// Mapping, locking and unmapping guarded pages takes longer than what a short-lived key is used
// for, so that blocks of a key's size are wiped and kept for the next.
class SpareKeys {
 public:
  static constexpr std::size_t kSize = 32;
  static constexpr std::size_t kMost = 64;

  // Never destroyed: secrets with static lifetime come back after everything else.
  static SpareKeys& all() {
    static auto* spare = new SpareKeys;
    return *spare;
  }
  std::uint8_t* take() {
    const std::scoped_lock lock(mutex_);
    if (blocks_.empty()) return nullptr;
    std::uint8_t* block = blocks_.back();
    blocks_.pop_back();
    return block;
  }
  bool keep(std::uint8_t* block) {
    sodium_memzero(block, kSize);
    const std::scoped_lock lock(mutex_);
    if (blocks_.size() == kMost) return false;
    blocks_.push_back(block);
    return true;
  }

 private:
  SpareKeys() { blocks_.reserve(kMost); }
  std::mutex mutex_;
  std::vector<std::uint8_t*> blocks_;
};

void release(std::uint8_t* block, std::size_t size) {
  if (block == nullptr) return;
  if (size == SpareKeys::kSize && SpareKeys::all().keep(block)) return;
  sodium_free(block);
}

}  // namespace

LockedMemory::LockedMemory(std::size_t size) : size_(size) {
  if (size == 0) return;
  HR_CHECK(sodium_init() >= 0);
  if (size == SpareKeys::kSize && (p_ = SpareKeys::all().take()) != nullptr) return;
  p_ = static_cast<std::uint8_t*>(sodium_malloc(size));
  // libsodium 1.0.18 hands out memory even where it could not lock it, so lock it again and look.
  if (p_ == nullptr || sodium_mlock(p_, size) != 0) {
    std::fprintf(stderr,
                 "hedgerow: cannot lock memory for a secret\n"
                 "hint: raise the memory-lock limit (ulimit -l, or LimitMEMLOCK= in the unit)\n");
    std::abort();
  }
  sodium_memzero(p_, size);
}

LockedMemory& LockedMemory::operator=(LockedMemory&& o) noexcept {
  if (this != &o) {
    release(p_, size_);
    p_ = std::exchange(o.p_, nullptr);
    size_ = std::exchange(o.size_, 0);
  }
  return *this;
}

LockedMemory::~LockedMemory() { release(p_, size_); }

SecretBytes SecretBytes::copy_from(ByteView bytes) {
  SecretBytes s(bytes.size());
  std::copy(bytes.begin(), bytes.end(), s.writable().begin());
  return s;
}

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(std::span<std::uint8_t> bytes) {
  if (!bytes.empty()) sodium_memzero(bytes.data(), bytes.size());
}

}  // namespace hedgerow
