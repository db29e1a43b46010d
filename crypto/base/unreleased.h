// Figures nobody may see yet. A role that ends with totals hands them on as Unreleased<T>; only
// policies/disclosure.cpp, which defines DisclosureDoor, can open one (architecture.md, rule 3).
// Move-only, not printable, not comparable.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "crypto/base/wiping.h"

namespace hedgerow {

namespace policies {
class DisclosureDoor;
}

template <class T>
class Unreleased {
 public:
  explicit Unreleased(T figures) : figures_(std::move(figures)) {}
  Unreleased(Unreleased&&) noexcept = default;
  Unreleased& operator=(Unreleased&&) noexcept = default;
  Unreleased(const Unreleased&) = delete;
  Unreleased& operator=(const Unreleased&) = delete;

 private:
  friend class policies::DisclosureDoor;
  T figures_;
};

// The four vectors of cryptography.md C over one cell space, all of the same length: the figure,
// children counted once per agency, agencies with at least min_children, agencies with fewer but
// some.
struct SumVectors {
  std::vector<std::uint64_t> v, c, k, z;
};

// What a link counted (docs/design/link.md, Figures), and its companion sum. Wiped with it.
struct LinkTotals {
  std::uint32_t contributors = 0;  // on the roster
  std::uint32_t degrees = 0;
  // By link cell * degrees + (k - 1): distinct children with exactly k agencies or, of
  // repeat-missing, exactly k distinct episodes (the last class: that many or more).
  WipingVector<std::uint64_t> tokens;
  // Children that both know, by pair i < j of the roster, row by row; only by agency, else empty.
  WipingVector<std::uint64_t> pairs;
  // By link cell: children counted once per agency, agencies at or above the local floor, agencies
  // with fewer but some.
  WipingVector<std::uint64_t> c, k, z;
};

}  // namespace hedgerow
