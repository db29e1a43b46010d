// Measure 6.2: rows a second into the store, against a bare SQLCipher insert of the same rows:
// the same pragmas, columns and indexes, one prepared statement, one transaction.
#include <benchmark/benchmark.h>
#include <sqlite3.h>

#include "tests/bench/processor_time.h"
#include "tests/bench/rows.h"
#include "tests/node/store/store_fixture.h"

namespace hedgerow::bench {
namespace {

constexpr std::size_t kRows = 50'000;

const std::vector<store::MovementRow>& rows() {
  static const std::vector<store::MovementRow> all = [] {
    SeededRandom rng(ByteArray<32>{5});
    return random_rows(kRows, kRows / 3, 20'000, 90, rng);
  }();
  return all;
}

void finish(benchmark::State& state) {
  state.counters["rows_per_s"] =
      benchmark::Counter(static_cast<double>(kRows), benchmark::Counter::kIsIterationInvariantRate);
}

void IntoTheStore(benchmark::State& state) {
  (void)rows();
  for (auto _ : state) {
    store::Folder folder;
    SeededRandom rng(ByteArray<32>{9});
    const SecretBytes key = store::random_database_key(rng);
    auto store =
        store::LineageStore::create(folder / "lineage.db", Lineage::parse("vale-cse").value(), key,
                                    store::Durability::full, rng)
            .value();
    Stopwatch t;
    t.start();
    auto transaction = store::Transaction::begin(store.database()).value();
    store::ImportBatch batch;
    HR_CHECK(store.records().apply_import(batch, rows()).value().added == kRows);
    HR_CHECK(transaction.commit().ok());
    t.stop();
    state.SetIterationTime(t.seconds());
  }
  finish(state);
}

void run(sqlite3* db, const char* sql) {
  HR_CHECK(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
}

void bind_bytes(sqlite3_stmt* s, int at, ByteView bytes) {
  HR_CHECK(sqlite3_bind_blob(s, at, bytes.empty() ? "" : static_cast<const void*>(bytes.data()),
                             static_cast<int>(bytes.size()), SQLITE_STATIC) == SQLITE_OK);
}

template <class T>
void bind_number(sqlite3_stmt* s, int at, const std::optional<T>& value) {
  HR_CHECK((value ? sqlite3_bind_int64(s, at, *value) : sqlite3_bind_null(s, at)) == SQLITE_OK);
}

void bind(sqlite3_stmt* s, std::int64_t seq, const store::MovementRow& r) {
  sqlite3_bind_int64(s, 1, seq);
  sqlite3_bind_int64(s, 2, 1);
  bind_bytes(s, 3, r.source_key);
  bind_bytes(s, 4, *r.child_key);
  bind_bytes(s, 5, *r.pseudonym);
  const auto number = [&](int at, std::int64_t value) { sqlite3_bind_int64(s, at, value); };
  number(6, r.event);
  number(7, r.started_day);
  bind_number(s, 8, r.started_minute);
  bind_number(s, 9, r.ended_day);
  bind_number(s, 10, r.ended_minute);
  sqlite3_bind_text(s, 11, r.origin.data(), static_cast<int>(r.origin.size()), SQLITE_STATIC);
  sqlite3_bind_text(s, 12, r.destination.data(), static_cast<int>(r.destination.size()),
                    SQLITE_STATIC);
  number(13, r.place_type);
  number(14, r.missing_risk);
  number(15, r.exploitation_risk);
  number(16, r.factors);
  number(17, r.sex);
  number(18, r.care_status);
  number(19, r.return_interview);
  bind_number(s, 20, r.age);
  bind_number(s, 21, r.birthday18_month);
  bind_bytes(s, 22, r.case_ref_sealed);
  sqlite3_bind_null(s, 23);
}

constexpr const char* kTable = R"sql(
CREATE TABLE record (
  seq INTEGER PRIMARY KEY, batch INTEGER NOT NULL, source_key BLOB NOT NULL, child_key BLOB,
  pseudonym BLOB, event INTEGER NOT NULL, started_day INTEGER NOT NULL, started_minute INTEGER,
  ended_day INTEGER, ended_minute INTEGER, origin TEXT NOT NULL, destination TEXT NOT NULL,
  place_type INTEGER NOT NULL, missing_risk INTEGER NOT NULL, exploitation_risk INTEGER NOT NULL,
  factors INTEGER NOT NULL, sex INTEGER NOT NULL, care_status INTEGER NOT NULL,
  return_interview INTEGER NOT NULL, age INTEGER, birthday18_month INTEGER,
  case_ref_sealed BLOB NOT NULL, case_ref_key BLOB) STRICT;
)sql";
constexpr const char* kIndexes = R"sql(
CREATE UNIQUE INDEX record_current ON record (source_key);
CREATE INDEX record_day ON record (started_day);
CREATE INDEX record_child ON record (child_key, seq) WHERE pseudonym IS NOT NULL;
)sql";

void BareInsert(benchmark::State& state) {
  (void)rows();
  for (auto _ : state) {
    store::Folder folder;
    sqlite3* db = nullptr;
    HR_CHECK(sqlite3_open((folder / "bare.db").c_str(), &db) == SQLITE_OK);
    const std::string key = "x'" + std::string(96, 'a') + "'";
    run(db, ("PRAGMA key = \"" + key + "\"").c_str());
    run(db,
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA secure_delete = ON;"
        "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
        "PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -16384");
    run(db, kTable);
    if (state.range(0) != 0) run(db, kIndexes);
    Stopwatch t;
    t.start();
    run(db, "BEGIN IMMEDIATE");
    sqlite3_stmt* s = nullptr;
    HR_CHECK(sqlite3_prepare_v2(db,
                                "INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
                                " ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22,"
                                " ?23)",
                                -1, &s, nullptr) == SQLITE_OK);
    std::int64_t seq = 0;
    for (const store::MovementRow& r : rows()) {
      bind(s, ++seq, r);
      HR_CHECK(sqlite3_step(s) == SQLITE_DONE);
      sqlite3_reset(s);
    }
    sqlite3_finalize(s);
    run(db, "COMMIT");
    t.stop();
    state.SetIterationTime(t.seconds());
    sqlite3_close(db);
  }
  finish(state);
}

BENCHMARK(IntoTheStore)->UseManualTime()->Iterations(3)->Unit(benchmark::kMillisecond);
BENCHMARK(BareInsert)
    ->ArgName("indexes")
    ->Arg(1)
    ->Arg(0)
    ->UseManualTime()
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hedgerow::bench
