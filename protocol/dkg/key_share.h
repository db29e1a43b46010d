// What key generation leaves behind: for a keyholder its share with the public key, for every
// other party the public key alone.
#pragma once

#include <cstdint>
#include <vector>

#include "crypto/base/ids.h"
#include "crypto/dkg_message.h"
#include "crypto/group.h"

namespace hedgerow::protocol {

// The public half. `keyholders` and `verification_shares` are in index order: [0] is index 1.
struct KeyInfo {
  KeyId key_id;
  std::uint16_t threshold = 0;
  std::uint16_t n = 0;
  std::uint32_t share_version = 0;  // rises with each refresh of the shares
  Element Y;                        // group key
  std::vector<Element> verification_shares;
  std::vector<PartyId> keyholders;
  ByteArray<64> transcript_hash{};

  // u8 version 1, key id, u16 threshold, u16 n, u32 share version, Y, n verification shares,
  // n names, transcript hash.
  Bytes save() const;
  static Result<KeyInfo> restore(ByteView bytes);
  friend bool operator==(const KeyInfo&, const KeyInfo&) = default;
};

// A keyholder's. To be stored encrypted; not in ordinary backups (cryptography.md A).
struct KeyShareRecord {
  KeyId key_id;
  std::uint16_t index = 0;  // from 1
  std::uint16_t threshold = 0;
  std::uint16_t n = 0;
  std::uint32_t share_version = 0;
  SecretScalar x_i;
  Element Y;
  std::vector<Element> verification_shares;
  std::vector<PartyId> keyholders;
  ByteArray<64> transcript_hash{};

  static KeyShareRecord make(KeyInfo info, std::uint16_t index, SecretScalar share);
  KeyInfo info() const;
  KeyShareRecord clone() const;

  // u8 version 1, u16 index, the public half behind its length, x_i.
  SecretBytes save() const;
  // Refuses a share that does not fit its own verification share.
  static Result<KeyShareRecord> restore(ByteView bytes);
};

}  // namespace hedgerow::protocol
