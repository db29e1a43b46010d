// The lineage's pseudonym keys: what everyone knows of each, and a keyholder's own share.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "crypto/base/seams.h"
#include "crypto/base/secret.h"
#include "node/store/database.h"

namespace hedgerow::store {

inline constexpr std::size_t kMaxKeyPublicInfo = 1024 * 1024;
inline constexpr std::size_t kMaxKeyShare = 1024;

enum class KeyStatus : std::uint8_t { pending = 1, active = 2, retired = 3 };

struct KeyRecord {
  KeyId id;
  KeyStatus status = KeyStatus::pending;
  std::uint32_t share_version = 0;
  Bytes public_info;  // Y, all Y_i, transcript hash: the DKG's own encoding
  SecretBytes share;  // empty on a node that is no keyholder
  UtcTime created_at{};
};

class KeyShares {
 public:
  explicit KeyShares(Database& db) : db_(&db) {}

  // Writes: adds or replaces the record of this id. At most one key is active: making one active
  // retires the other.
  Result<void> put(const KeyRecord& key);
  Result<std::optional<KeyRecord>> get(const KeyId& id);
  Result<std::optional<KeyRecord>> active();
  Result<std::vector<KeyRecord>> list();  // by age; shares left out

 private:
  Database* db_;
};

}  // namespace hedgerow::store
