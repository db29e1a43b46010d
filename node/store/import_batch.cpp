#include "node/store/import_batch.h"

#include "node/store/row.h"

namespace hedgerow::store {

Result<std::int64_t> batch_number(Database& db, const ImportBatch& batch) {
  Statement find = db.prepare("SELECT number FROM import_batch WHERE id = ?1");
  HR_ASSIGN(const bool found, find.bind(1, batch.id.view()).step());
  if (found) return find.integer(0);
  HR_TRY(check_size(batch.sealed_case_key.size(), kMaxSealedImportKey, "a sealed import key"));
  Statement add = db.prepare(
      "INSERT INTO import_batch (id, at, sealed_case_key) VALUES (?1, ?2, ?3) RETURNING number");
  add.bind(1, batch.id.view()).bind(2, batch.at).bind(3, ByteView(batch.sealed_case_key));
  HR_ASSIGN(const bool added, add.step());
  if (!added) return altered("import batch");
  return add.integer(0);
}

Result<std::int64_t> last_sequence(Database& db) {
  Statement last = db.prepare("SELECT last FROM record_sequence");
  HR_ASSIGN(const bool found, last.step());
  if (!found) return altered("sequence");
  return last.integer(0);
}

Result<void> set_last_sequence(Database& db, std::int64_t last) {
  Statement set = db.prepare("UPDATE record_sequence SET last = ?1");
  return set.bind(1, last).run();
}

}  // namespace hedgerow::store
