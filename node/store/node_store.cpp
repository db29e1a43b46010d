#include "node/store/node_store.h"

#include "node/store/files.h"
#include "node/store/node_schema.h"
#include "node/store/row.h"

namespace hedgerow::store {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNodePurpose = "node.db";

std::string lineage_purpose(const Lineage& lineage) { return "lineage.db/" + lineage.str(); }

Result<SecretBytes> unwrap_key(const KeyWrap& wrap, std::string_view purpose, ByteView wrapped) {
  HR_ASSIGN(SecretBytes key, wrap.unwrap(purpose, wrapped));
  if (key.size() != kDatabaseKeySize) return altered("database key");
  return key;
}

struct LineageRow {
  Bytes wrapped_key;
  bool complete = false;
};

Result<std::optional<LineageRow>> find_lineage(Database& db, const Lineage& lineage) {
  Statement s = db.prepare("SELECT wrapped_key, complete FROM lineage WHERE name = ?1");
  HR_ASSIGN(const bool found, s.bind(1, lineage.str()).step());
  if (!found) return std::optional<LineageRow>();
  return std::optional<LineageRow>(LineageRow{s.blob(0), s.integer(1) != 0});
}

Result<bool> is_withdrawn(Database& db, const Lineage& lineage) {
  Statement s = db.prepare("SELECT 1 FROM tombstone WHERE lineage = ?1");
  return s.bind(1, lineage.str()).step();
}

Result<std::uint64_t> count_lineages(Database& db) {
  Statement s = db.prepare("SELECT count(*) FROM lineage");
  HR_ASSIGN(const bool found, s.step());
  return found ? s.unsigned_integer(0) : 0;
}

}  // namespace

fs::path NodeStore::lineage_path(const Lineage& lineage) const {
  return state_ / "lineages" / (lineage.str() + ".db");
}

Result<NodeStore> NodeStore::create(const fs::path& state, const KeyWrap& wrap,
                                    Durability durability, Random& rng) {
  std::error_code failed;
  if (fs::exists(state / "node.db", failed))
    return configuration("there is a node database in " + state.string() + " already");
  HR_TRY(make_private_folder(state));
  HR_TRY(make_private_folder(state / "lineages"));
  const SecretBytes key = random_database_key(rng);
  // The key first: a database without its key is lost, a key without database is replaced.
  HR_TRY(write_private_file(state / "node.key", wrap.wrap(kNodePurpose, key.expose(), rng),
                            durability == Durability::full));
  HR_ASSIGN(Database db,
            Database::open(state / "node.db", key, OpenMode::create, durability, kNodeSchema));
  HR_TRY(db.accept());  // nothing to doubt yet
  return NodeStore(state, &wrap, durability, std::make_unique<Database>(std::move(db)));
}

Result<NodeStore> NodeStore::open(const fs::path& state, const KeyWrap& wrap,
                                  Durability durability) {
  HR_ASSIGN(const Bytes wrapped, read_small_file(state / "node.key", kMaxWrappedKey));
  HR_ASSIGN(const SecretBytes key, unwrap_key(wrap, kNodePurpose, wrapped));
  HR_ASSIGN(Database db,
            Database::open(state / "node.db", key, OpenMode::existing, durability, kNodeSchema));
  return NodeStore(state, &wrap, durability, std::make_unique<Database>(std::move(db)));
}

Result<LineageStore> NodeStore::create_lineage(const Lineage& lineage, Random& rng, UtcTime now) {
  HR_ASSIGN(const bool withdrawn, is_withdrawn(*db_, lineage));
  if (withdrawn)
    return bad_input("agreement " + lineage.str() + " was withdrawn here",
                     "a new agreement needs a new id");
  HR_ASSIGN(const std::optional<LineageRow> before, find_lineage(*db_, lineage));
  if (before && before->complete)
    return bad_input("agreement " + lineage.str() + " is here already");
  HR_ASSIGN(const std::uint64_t lineages, count_lineages(*db_));
  if (!before && lineages >= kMaxLineages) return bad_input("too many agreements on this node");

  const SecretBytes key = random_database_key(rng);
  const Bytes wrapped = wrap_->wrap(lineage_purpose(lineage), key.expose(), rng);
  HR_TRY(check_size(wrapped.size(), kMaxWrappedKey, "a wrapped key"));
  {
    HR_ASSIGN(Transaction t, Transaction::begin(*db_));
    Statement s = db_->prepare(
        "INSERT INTO lineage (name, wrapped_key, created_at, complete) VALUES (?1, ?2, ?3, 0)"
        " ON CONFLICT (name) DO UPDATE SET wrapped_key = ?2, created_at = ?3");
    HR_TRY(s.bind(1, lineage.str()).bind(2, ByteView(wrapped)).bind(3, now).run());
    HR_TRY(t.commit());
  }
  // What an interrupted creation left behind opens with no key any more.
  remove_database_files(lineage_path(lineage));
  HR_ASSIGN(LineageStore store,
            LineageStore::create(lineage_path(lineage), lineage, key, durability_, rng));
  {
    HR_ASSIGN(Transaction t, Transaction::begin(*db_));
    Statement s = db_->prepare("UPDATE lineage SET complete = 1 WHERE name = ?1");
    HR_TRY(s.bind(1, lineage.str()).run());
    HR_TRY(t.commit());
  }
  return store;
}

Result<LineageStore> NodeStore::open_lineage(const Lineage& lineage) {
  HR_ASSIGN(const bool withdrawn, is_withdrawn(*db_, lineage));
  if (withdrawn) return denied("agreement " + lineage.str() + " was withdrawn");
  HR_ASSIGN(const std::optional<LineageRow> row, find_lineage(*db_, lineage));
  if (!row || !row->complete) return bad_input("agreement " + lineage.str() + " is not here");
  HR_ASSIGN(const SecretBytes key, unwrap_key(*wrap_, lineage_purpose(lineage), row->wrapped_key));
  return LineageStore::open(lineage_path(lineage), lineage, key, durability_);
}

Result<std::vector<Lineage>> NodeStore::lineages() {
  Statement s = db_->prepare("SELECT name FROM lineage WHERE complete = 1 ORDER BY name");
  std::vector<Lineage> all;
  while (true) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) return all;
    HR_ASSIGN(Lineage lineage, read_name<Lineage>(s, 0));
    all.push_back(std::move(lineage));
  }
}

Result<void> NodeStore::withdraw_lineage(const Lineage& lineage, const std::string& reason,
                                         UtcTime now) {
  HR_TRY(check_size(reason.size(), kMaxTombstoneReason, "a reason"));
  {
    HR_ASSIGN(Transaction t, Transaction::begin(*db_));
    Statement erase = db_->prepare("DELETE FROM lineage WHERE name = ?1");
    HR_TRY(erase.bind(1, lineage.str()).run());
    Statement peers = db_->prepare("DELETE FROM peer WHERE lineage = ?1");
    HR_TRY(peers.bind(1, lineage.str()).run());
    Statement note = db_->prepare(
        "INSERT INTO tombstone (lineage, at, reason) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING");
    HR_TRY(note.bind(1, lineage.str()).bind(2, now).bind(3, reason).run());
    HR_TRY(t.commit());
  }
  // The wrapped key is gone from the file only when the write-ahead log, too, is emptied.
  HR_TRY(db_->checkpoint());
  remove_database_files(lineage_path(lineage));
  if (durability_ == Durability::full) return sync_path(state_ / "lineages");
  return {};
}

Result<std::vector<Tombstone>> NodeStore::tombstones() {
  Statement s = db_->prepare("SELECT lineage, at, reason FROM tombstone ORDER BY lineage");
  std::vector<Tombstone> all;
  while (true) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) return all;
    Tombstone tombstone;
    HR_ASSIGN(tombstone.lineage, read_name<Lineage>(s, 0));
    tombstone.at = s.time(1);
    tombstone.reason = s.text(2);
    all.push_back(std::move(tombstone));
  }
}

Result<void> NodeStore::replace_peers(const Lineage& lineage,
                                      const std::vector<PeerRecord>& peers) {
  HR_TRY(check_size(peers.size(), kMaxPeers, "a list of peers"));
  Statement clear = db_->prepare("DELETE FROM peer WHERE lineage = ?1");
  HR_TRY(clear.bind(1, lineage.str()).run());
  for (const PeerRecord& peer : peers) {
    if (peer.lineage != lineage) return bad_input("a peer of another agreement");
    Statement s = db_->prepare(
        "INSERT INTO peer (lineage, party, curve_key, hub) VALUES (?1, ?2, ?3, ?4)"
        " ON CONFLICT DO NOTHING");
    HR_TRY(s.bind(1, peer.lineage.str())
               .bind(2, peer.party.str())
               .bind(3, ByteView(peer.curve_key))
               .bind(4, peer.hub ? 1 : 0)
               .run());
    if (db_->changed_rows() != 1) return bad_input("a party twice among the peers");
  }
  return {};
}

Result<std::vector<PeerRecord>> NodeStore::peers() {
  Statement s =
      db_->prepare("SELECT lineage, party, curve_key, hub FROM peer ORDER BY lineage, party");
  std::vector<PeerRecord> all;
  while (true) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) return all;
    PeerRecord peer;
    HR_ASSIGN(peer.lineage, read_name<Lineage>(s, 0));
    HR_ASSIGN(peer.party, read_name<PartyId>(s, 1));
    HR_ASSIGN(peer.curve_key, s.array<32>(2));
    peer.hub = s.integer(3) != 0;
    all.push_back(std::move(peer));
  }
}

}  // namespace hedgerow::store
