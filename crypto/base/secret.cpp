#include "crypto/base/secret.h"

#include <sodium.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace hedgerow {

LockedMemory::LockedMemory(std::size_t size) : size_(size) {
  if (size == 0) return;
  HR_CHECK(sodium_init() >= 0);
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
    sodium_free(p_);
    p_ = std::exchange(o.p_, nullptr);
    size_ = std::exchange(o.size_, 0);
  }
  return *this;
}

LockedMemory::~LockedMemory() { sodium_free(p_); }

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
