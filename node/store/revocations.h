// The latest list of revoked certificates of each party, as its root signed it.
#pragma once

#include <cstdint>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "node/store/database.h"

namespace hedgerow::store {

inline constexpr std::size_t kMaxRevocationList = 256 * 1024;

struct RevocationRecord {
  PartyId party;
  std::uint64_t number = 0;
  Bytes list;  // DER
};

class Revocations {
 public:
  explicit Revocations(Database& db) : db_(&db) {}

  // Writes. bad_input: bounds; a number that is not above the party's last.
  Result<void> put(const RevocationRecord& record);
  Result<std::vector<RevocationRecord>> list();  // by party

 private:
  Database* db_;
};

}  // namespace hedgerow::store
