// The node's own database: which lineages there are, with their wrapped database keys; which
// were withdrawn; which peers the gateway may admit.
//
//   STATE/node.key                its database key, wrapped by the keyring
//   STATE/node.db
//   STATE/lineages/<lineage>.db
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "crypto/base/seams.h"
#include "crypto/base/secret.h"
#include "node/store/database.h"
#include "node/store/lineage_store.h"

namespace hedgerow::store {

inline constexpr std::size_t kMaxLineages = 32;
inline constexpr std::size_t kMaxPeers = 1024;
inline constexpr std::size_t kMaxWrappedKey = 512;
inline constexpr std::size_t kMaxTombstoneReason = 1024;

// What the store needs of the node's keyring: wraps a key for one purpose.
class KeyWrap {
 public:
  virtual ~KeyWrap() = default;
  virtual Bytes wrap(std::string_view purpose, ByteView key, Random& rng) const = 0;
  virtual Result<SecretBytes> unwrap(std::string_view purpose, ByteView wrapped) const = 0;
};

struct Tombstone {
  Lineage lineage;
  UtcTime at{};
  std::string reason;
};

// One party of one lineage, as the gateway must know it.
struct PeerRecord {
  Lineage lineage;
  PartyId party;
  ByteArray<32> curve_key{};
  bool hub = false;
};

class NodeStore {
 public:
  // `wrap` must outlive the store. create: `state` must hold no node.db; makes the folders, 0700.
  static Result<NodeStore> create(const std::filesystem::path& state, const KeyWrap& wrap,
                                  Durability durability, Random& rng);
  static Result<NodeStore> open(const std::filesystem::path& state, const KeyWrap& wrap,
                                Durability durability);

  Database& database() { return *db_; }

  // Commits on its own (not inside a Transaction): notes the wrapped key, then makes the file.
  // Run again after a crash in between it begins afresh. bad_input: the lineage is there already,
  // or was withdrawn; too many lineages.
  Result<LineageStore> create_lineage(const Lineage& lineage, Random& rng, UtcTime now);
  // denied: withdrawn. bad_input: unknown. configuration: the file is missing or altered.
  Result<LineageStore> open_lineage(const Lineage& lineage);
  Result<std::vector<Lineage>> lineages();  // complete ones, by name

  // Commits on its own. Destroys the wrapped key first, leaves the tombstone, then removes the
  // files. The LineageStore must be closed. May be repeated.
  Result<void> withdraw_lineage(const Lineage& lineage, const std::string& reason, UtcTime now);
  Result<std::vector<Tombstone>> tombstones();

  // Writes (inside a Transaction of database()): these are the peers of the lineage, all of them.
  Result<void> replace_peers(const Lineage& lineage, const std::vector<PeerRecord>& peers);
  Result<std::vector<PeerRecord>> peers();  // by lineage, party

 private:
  NodeStore(std::filesystem::path state, const KeyWrap* wrap, Durability durability,
            std::unique_ptr<Database> db)
      : state_(std::move(state)), wrap_(wrap), durability_(durability), db_(std::move(db)) {}
  std::filesystem::path lineage_path(const Lineage& lineage) const;

  std::filesystem::path state_;
  const KeyWrap* wrap_;
  Durability durability_;
  std::unique_ptr<Database> db_;
};

}  // namespace hedgerow::store
