#include "node/store/node_schema.h"

namespace hedgerow::store {

namespace {

constexpr const char* kVersion1 = R"sql(
CREATE TABLE lineage (
  name TEXT PRIMARY KEY, wrapped_key BLOB NOT NULL, created_at INTEGER NOT NULL,
  complete INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE tombstone (
  lineage TEXT PRIMARY KEY, at INTEGER NOT NULL, reason TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE peer (
  lineage TEXT NOT NULL, party TEXT NOT NULL, curve_key BLOB NOT NULL, hub INTEGER NOT NULL,
  PRIMARY KEY (lineage, party)) STRICT, WITHOUT ROWID;
)sql";

constexpr const char* kMigrations[] = {kVersion1};

}  // namespace

// "HRN1" read as a number.
const Schema kNodeSchema{0x48524e31, "node database", kMigrations};

}  // namespace hedgerow::store
