// What a contributor enters, in the clear and in its layers (docs/design/link.md, step 4).
#pragma once

#include <optional>
#include <span>

#include "crypto/link_token.h"
#include "crypto/seal.h"

namespace hedgerow::protocol::link {

// u8 kind (0 null, 1 counted), u8 contributor's number from 1 or 0, u32 cell, token (16), episode
// token (16, zeros without one). A null entry is all zero.
struct Entry {
  bool counted = false;
  std::uint8_t contributor = 0;
  std::uint32_t cell = 0;
  LinkToken token{};
  LinkToken episode{};

  ByteArray<38> encode() const;
  static Result<Entry> decode(ByteView bytes);
  friend bool operator==(const Entry&, const Entry&) = default;
};
inline constexpr std::size_t kEntrySize = 38;

// Bytes of an onion that has still `layers` sealed boxes around the entry.
constexpr std::size_t onion_size(std::size_t layers) { return kEntrySize + layers * kSealOverhead; }

// The entry sealed to the hub alone.
Bytes seal_entry(const SealPublicKey& hub, const Entry& entry, Random& rng);
// The layers around it: to the last of `mixers` first, so that the first one opens first.
Bytes wrap_entry(std::span<const SealPublicKey> mixers, Bytes innermost, Random& rng);

}  // namespace hedgerow::protocol::link
