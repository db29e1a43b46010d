// Figures nobody may see yet. A role that ends with totals hands them on as Unreleased<T>; only
// policies/disclosure.cpp, which defines DisclosureDoor, can open one (architecture.md, rule 3).
// Move-only, not printable, not comparable.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

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

}  // namespace hedgerow
