#include "node/store/key_shares.h"

#include "node/store/row.h"

namespace hedgerow::store {

namespace {

Result<KeyRecord> read_key(const Statement& s) {
  KeyRecord key;
  HR_ASSIGN(key.id, read_id<KeyId>(s, 0));
  HR_ASSIGN(key.status, read_code(s, 1, KeyStatus::pending, KeyStatus::retired));
  key.share_version = static_cast<std::uint32_t>(s.integer(2));
  key.public_info = s.blob(3);
  key.created_at = s.time(4);
  if (!s.blob_view(5).empty()) key.share = s.secret_blob(5);
  return key;
}

Result<std::optional<KeyRecord>> read_one(Statement& s) {
  HR_ASSIGN(const bool found, s.step());
  if (!found) return std::optional<KeyRecord>();
  HR_ASSIGN(KeyRecord key, read_key(s));
  return std::optional<KeyRecord>(std::move(key));
}

}  // namespace

Result<void> KeyShares::put(const KeyRecord& key) {
  HR_TRY(check_size(key.public_info.size(), kMaxKeyPublicInfo, "a key's public part"));
  HR_TRY(check_size(key.share.size(), kMaxKeyShare, "a key share"));
  if (key.status == KeyStatus::active) {
    Statement retire =
        db_->prepare("UPDATE pseudonym_key SET status = ?1 WHERE status = ?2 AND id <> ?3");
    HR_TRY(retire.bind(1, code_of(KeyStatus::retired))
               .bind(2, code_of(KeyStatus::active))
               .bind(3, key.id.view())
               .run());
  }
  Statement s = db_->prepare(
      "INSERT INTO pseudonym_key (id, status, share_version, public_info, created_at, share)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET status = ?2,"
      " share_version = ?3, public_info = ?4, created_at = ?5, share = ?6");
  return s.bind(1, key.id.view())
      .bind(2, code_of(key.status))
      .bind(3, key.share_version)
      .bind(4, ByteView(key.public_info))
      .bind(5, key.created_at)
      .bind(6, key.share.expose())
      .run();
}

Result<std::optional<KeyRecord>> KeyShares::get(const KeyId& id) {
  Statement s = db_->prepare(
      "SELECT id, status, share_version, public_info, created_at, share FROM pseudonym_key"
      " WHERE id = ?1");
  s.bind(1, id.view());
  return read_one(s);
}

Result<std::optional<KeyRecord>> KeyShares::active() {
  Statement s = db_->prepare(
      "SELECT id, status, share_version, public_info, created_at, share FROM pseudonym_key"
      " WHERE status = ?1");
  s.bind(1, code_of(KeyStatus::active));
  return read_one(s);
}

Result<std::vector<KeyRecord>> KeyShares::list() {
  Statement s = db_->prepare(
      "SELECT id, status, share_version, public_info, created_at, zeroblob(0)"
      " FROM pseudonym_key ORDER BY number");
  std::vector<KeyRecord> all;
  while (true) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) return all;
    HR_ASSIGN(KeyRecord key, read_key(s));
    all.push_back(std::move(key));
  }
}

}  // namespace hedgerow::store
