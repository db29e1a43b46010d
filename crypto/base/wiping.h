// Containers for identifiers: ordinary heap memory that is wiped when it is given back. For
// what exists in memory during import and trace only (too many and too short-lived for Secret).
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "crypto/base/secret.h"

namespace hedgerow {

template <class T>
struct WipingAllocator {
  using value_type = T;
  WipingAllocator() = default;
  template <class U>
  WipingAllocator(const WipingAllocator<U>&) {}
  T* allocate(std::size_t n) { return std::allocator<T>().allocate(n); }
  void deallocate(T* p, std::size_t n) {
    wipe({reinterpret_cast<std::uint8_t*>(p), n * sizeof(T)});
    std::allocator<T>().deallocate(p, n);
  }
  template <class U>
  bool operator==(const WipingAllocator<U>&) const {
    return true;
  }
};

template <class T>
using WipingVector = std::vector<T, WipingAllocator<T>>;
using WipingBytes = WipingVector<std::uint8_t>;

}  // namespace hedgerow
