#include "node/store/lineage_schema.h"

namespace hedgerow::store {

namespace {

constexpr const char* kVersion1 = R"sql(
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE agreement (
  version INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL,
  signatures BLOB NOT NULL, installed_at INTEGER NOT NULL, state INTEGER NOT NULL) STRICT;
CREATE TABLE certificate (
  number INTEGER PRIMARY KEY, party TEXT NOT NULL, role INTEGER NOT NULL, pem TEXT NOT NULL,
  valid INTEGER NOT NULL, UNIQUE (party, role, pem)) STRICT;

CREATE TABLE import_batch (
  number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, at INTEGER NOT NULL,
  sealed_case_key BLOB NOT NULL) STRICT;
CREATE TABLE record_sequence (last INTEGER NOT NULL) STRICT;
INSERT INTO record_sequence VALUES (0);
CREATE TABLE record (
  seq INTEGER PRIMARY KEY, closed_seq INTEGER, batch INTEGER NOT NULL REFERENCES import_batch,
  source_key BLOB NOT NULL, child_key BLOB, pseudonym BLOB, event INTEGER NOT NULL,
  started_day INTEGER NOT NULL, started_minute INTEGER, ended_day INTEGER, ended_minute INTEGER,
  origin TEXT NOT NULL, destination TEXT NOT NULL, place_type INTEGER NOT NULL,
  missing_risk INTEGER NOT NULL, exploitation_risk INTEGER NOT NULL, factors INTEGER NOT NULL,
  sex INTEGER NOT NULL, care_status INTEGER NOT NULL, return_interview INTEGER NOT NULL,
  age INTEGER, birthday18_month INTEGER, case_ref_sealed BLOB NOT NULL, case_ref_key BLOB) STRICT;
CREATE UNIQUE INDEX record_current ON record (source_key) WHERE closed_seq IS NULL;
CREATE INDEX record_day ON record (started_day);
CREATE INDEX record_child ON record (child_key, seq) WHERE pseudonym IS NOT NULL;
CREATE TABLE frozen (
  grant_id TEXT NOT NULL, period TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (grant_id, period)) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  number INTEGER PRIMARY KEY, id BLOB NOT NULL, kind TEXT NOT NULL, peer TEXT NOT NULL,
  state BLOB NOT NULL, not_after INTEGER NOT NULL, finished INTEGER NOT NULL,
  UNIQUE (id, kind)) STRICT;
CREATE TABLE replay (
  sender TEXT NOT NULL, session BLOB NOT NULL, last INTEGER NOT NULL, not_after INTEGER NOT NULL,
  PRIMARY KEY (sender, session)) STRICT, WITHOUT ROWID;
CREATE TABLE sequence (
  receiver TEXT NOT NULL, session BLOB NOT NULL, last INTEGER NOT NULL, not_after INTEGER,
  PRIMARY KEY (receiver, session)) STRICT, WITHOUT ROWID;
CREATE TABLE outbox (
  position INTEGER PRIMARY KEY AUTOINCREMENT, receiver TEXT NOT NULL, session BLOB NOT NULL,
  seq INTEGER NOT NULL, type TEXT NOT NULL, not_after INTEGER NOT NULL,
  enqueued_at INTEGER NOT NULL, bytes BLOB NOT NULL, UNIQUE (receiver, session, seq)) STRICT;
CREATE INDEX outbox_receiver ON outbox (receiver, position);

CREATE TABLE import_quota (requester TEXT PRIMARY KEY, spent INTEGER NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE TABLE daily_quota (
  requester TEXT NOT NULL, utc_day INTEGER NOT NULL, spent INTEGER NOT NULL,
  PRIMARY KEY (requester, utc_day)) STRICT, WITHOUT ROWID;
CREATE TABLE batch (
  requester TEXT NOT NULL, id BLOB NOT NULL, request_hash BLOB NOT NULL, response BLOB NOT NULL,
  utc_day INTEGER NOT NULL, PRIMARY KEY (requester, id)) STRICT;

CREATE TABLE pseudonym_key (
  number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, status INTEGER NOT NULL,
  share_version INTEGER NOT NULL, public_info BLOB NOT NULL, created_at INTEGER NOT NULL,
  share BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX pseudonym_key_active ON pseudonym_key (status) WHERE status = 2;

CREATE TABLE edition (
  seq INTEGER PRIMARY KEY, grant_id TEXT NOT NULL, table_name TEXT NOT NULL, period TEXT NOT NULL,
  edition BLOB NOT NULL, manifest BLOB NOT NULL, statement BLOB NOT NULL, head BLOB NOT NULL,
  released_at INTEGER NOT NULL) STRICT;
CREATE INDEX edition_of ON edition (grant_id, table_name, period);
CREATE TABLE attempt (
  number INTEGER PRIMARY KEY, release BLOB NOT NULL, attempt BLOB NOT NULL,
  state INTEGER NOT NULL, roster_hash BLOB NOT NULL, masked_input_hash BLOB NOT NULL,
  UNIQUE (release, attempt)) STRICT;
CREATE UNIQUE INDEX attempt_opened ON attempt (release) WHERE state = 3;
CREATE TABLE question (
  number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, canonical_hash BLOB NOT NULL,
  status INTEGER NOT NULL, created_at INTEGER NOT NULL, asker TEXT NOT NULL,
  question BLOB NOT NULL, answer BLOB NOT NULL, receipts BLOB NOT NULL) STRICT;
CREATE INDEX question_status ON question (status, number);
)sql";

constexpr const char* kVersion2 = R"sql(
CREATE TABLE revocation_list (
  party TEXT PRIMARY KEY, number INTEGER NOT NULL, list BLOB NOT NULL) STRICT, WITHOUT ROWID;
)sql";

// Numbered like the record versions, so that a freeze fixes these too.
constexpr const char* kVersion3 = R"sql(
CREATE TABLE crosswalk (
  seq INTEGER PRIMARY KEY, closed_seq INTEGER, batch INTEGER NOT NULL REFERENCES import_batch,
  child_key BLOB NOT NULL, pseudonym BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX crosswalk_current ON crosswalk (child_key) WHERE closed_seq IS NULL;
)sql";

// Numbered like them too, at both ends.
constexpr const char* kVersion4 = R"sql(
CREATE TABLE withheld (
  number INTEGER PRIMARY KEY, seq INTEGER NOT NULL UNIQUE, ended_seq INTEGER UNIQUE,
  child_key BLOB NOT NULL, reason TEXT NOT NULL, decider TEXT NOT NULL,
  decided_day INTEGER NOT NULL, review_day INTEGER NOT NULL,
  ended_reason TEXT, ended_decider TEXT, ended_day INTEGER) STRICT;
)sql";

// A chunk's first tag stands beside it, so that a record is found without reading them all.
constexpr const char* kVersion5 = R"sql(
CREATE TABLE trace_day (
  day INTEGER PRIMARY KEY, secret BLOB NOT NULL, header BLOB NOT NULL) STRICT;
CREATE TABLE trace_directory (
  party TEXT NOT NULL, day INTEGER NOT NULL, header BLOB NOT NULL, complete INTEGER NOT NULL,
  PRIMARY KEY (party, day)) STRICT, WITHOUT ROWID;
CREATE TABLE trace_chunk (
  party TEXT NOT NULL, day INTEGER NOT NULL, number INTEGER NOT NULL, first BLOB NOT NULL,
  records BLOB NOT NULL, PRIMARY KEY (party, day, number)) STRICT;
CREATE TABLE trace_seen (
  requester TEXT NOT NULL, id BLOB NOT NULL, practitioner TEXT NOT NULL, utc_day INTEGER NOT NULL,
  request_hash BLOB NOT NULL, point_hash BLOB NOT NULL UNIQUE, answer BLOB NOT NULL,
  not_after INTEGER NOT NULL, PRIMARY KEY (requester, id)) STRICT;
CREATE TABLE trace_opening (
  id BLOB PRIMARY KEY, opening BLOB NOT NULL, not_after INTEGER NOT NULL) STRICT;
)sql";

constexpr const char* kMigrations[] = {kVersion1, kVersion2, kVersion3, kVersion4, kVersion5};

}  // namespace

// "HRL1" read as a number.
const Schema kLineageSchema{0x48524c31, "lineage database", kMigrations};

}  // namespace hedgerow::store
