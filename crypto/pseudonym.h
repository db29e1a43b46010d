// A child's pseudonym under one lineage's key: the 32 bytes of the unblinded output element of
// the threshold OPRF (cryptography.md A). Stored encrypted, never sent, never logged: it has no
// encoding for a message and no <<.
#pragma once

#include <algorithm>
#include <compare>

#include "crypto/group.h"

namespace hedgerow {

class Pseudonym {
 public:
  static constexpr std::size_t kSize = 32;

  explicit Pseudonym(const Element& unblinded) : bytes_(unblinded.bytes()) {}
  // From the encrypted store. Error: not an encoding of an element (the store was tampered with).
  static Result<Pseudonym> from_store(ByteView bytes);
  Pseudonym(const Pseudonym&) = default;
  Pseudonym& operator=(const Pseudonym&) = default;
  ~Pseudonym() { wipe(bytes_); }

  // For the encrypted store, and as input of MAP.
  std::span<const std::uint8_t, kSize> expose() const { return bytes_; }

  // Which records belong to one child; an order for sets.
  friend auto operator<=>(const Pseudonym&, const Pseudonym&) = default;

 private:
  ByteArray<kSize> bytes_;
};

}  // namespace hedgerow
