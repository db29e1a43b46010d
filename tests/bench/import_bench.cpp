// Measure 6.1: distinct children imported a second with t = 3, on the importer's side: CSV,
// blinding, checking, combining, one transaction. The keyholders are real roles, and their time
// is not counted. The counter `of_multiplications` is the share of what 4 scalar multiplications a
// child alone would allow at the measured cost of one.
#include <benchmark/benchmark.h>

#include "node/store/lineage_store.h"
#include "tests/bench/multiplication.h"
#include "tests/node/import/movement_file.h"
#include "tests/node/store/store_fixture.h"
#include "tests/protocol/pseudonymise/region.h"

namespace hedgerow::bench {
namespace {

using protocol::PseudonymiseClient;

constexpr std::size_t kThreshold = 3;
constexpr std::size_t kMultiplications = 4;

std::string file_of(std::size_t children) {
  using import::Column;
  import::MovementFile file;
  file.header();
  std::size_t made = 0;
  for (std::size_t n = 0; made < children; ++n) {
    std::string nine = std::to_string(400'000'000 + n * 3);
    unsigned sum = 0;
    for (unsigned i = 0; i < 9; ++i) sum += static_cast<unsigned>(nine[i] - '0') * (10 - i);
    if (sum % 11 == 1) continue;  // no check digit
    nine += sum % 11 == 0 ? '0' : static_cast<char>('0' + (11 - sum % 11));
    file.row({{Column::nhs_number, nine},
              {Column::child_ref, "C-" + std::to_string(n)},
              {Column::source_ref, "R-" + std::to_string(n)}});
    ++made;
  }
  return file.text();
}

// As the node's importer makes them.
std::vector<store::MovementRow> to_rows(const import::ParsedFile& file,
                                        const WipingVector<Pseudonym>& pseudonyms) {
  std::vector<store::MovementRow> rows;
  rows.reserve(file.movements.size());
  for (const import::ParsedMovement& m : file.movements) {
    store::MovementRow row;
    row.source_key = m.source_key;
    row.child_key = m.child_key;
    if (m.identifier) {
      row.pseudonym.emplace();
      const auto bytes = pseudonyms.at(*m.identifier).expose();
      std::copy(bytes.begin(), bytes.end(), row.pseudonym->begin());
    }
    row.event = m.event;
    row.started_day = m.started.day.number;
    if (m.started.minute) row.started_minute = *m.started.minute;
    if (m.ended) {
      row.ended_day = m.ended->day.number;
      if (m.ended->minute) row.ended_minute = *m.ended->minute;
    }
    row.origin = m.origin;
    row.destination = m.destination;
    row.age = m.age;
    row.birthday18_month = m.adult_month;
    rows.push_back(std::move(row));
  }
  return rows;
}

struct Phases {
  Stopwatch parse, pseudonyms, store;
  double seconds() const { return parse.seconds() + pseudonyms.seconds() + store.seconds(); }
};

void import_once(const std::string& text, Phases& t, Multiplication& one) {
  protocol::TestRegion region(kThreshold, kThreshold);
  store::Folder folder;
  SeededRandom rng(ByteArray<32>{9});
  const SecretBytes key = store::random_database_key(rng);
  auto store =
      store::LineageStore::create(folder / "lineage.db", Lineage::parse("vale-cse").value(), key,
                                  store::Durability::full, rng)
          .value();
  const import::World world;
  const UtcTime now = protocol::at(0);

  t.parse.start();
  const import::ParsedFile file = world.parse(text, 64 * 1024).value();
  t.parse.stop();

  t.pseudonyms.start();
  WipingVector<protocol::NhsDigits> inputs;
  for (const import::NhsNumber& n : file.identifiers) {
    protocol::NhsDigits digits{};
    std::copy(n.digits().begin(), n.digits().end(), digits.begin());
    inputs.push_back(digits);
  }
  auto client = PseudonymiseClient::create(region.setup(), std::move(inputs)).value();
  protocol::Step step = client.start(now, region.rng_);
  t.pseudonyms.stop();
  for (;;) {
    region.carry(step);
    one.measure();
    if (region.queue_.empty()) break;
    const protocol::InTransit m = std::move(region.queue_.front());
    region.queue_.pop_front();
    t.pseudonyms.start();
    step = client.on_message(m.from, m.type, m.body, now, region.rng_).value();
    t.pseudonyms.stop();
  }
  t.pseudonyms.start();
  const WipingVector<Pseudonym> pseudonyms = std::move(client).take_result().value();
  t.pseudonyms.stop();

  t.store.start();
  const std::vector<store::MovementRow> rows = to_rows(file, pseudonyms);
  store::ImportBatch batch;
  batch.at = now;
  auto transaction = store::Transaction::begin(store.database()).value();
  HR_CHECK(store.records().apply_import(batch, rows).value().added == rows.size());
  HR_CHECK(transaction.commit().ok());
  t.store.stop();
}

void ImportDistinctChildren(benchmark::State& state) {
  const auto children = static_cast<std::size_t>(state.range(0));
  const std::string text = file_of(children);
  Multiplication one;
  Phases total;
  for (auto _ : state) {
    Phases t;
    import_once(text, t, one);
    state.SetIterationTime(t.seconds());
    total.parse = t.parse;
    total.pseudonyms = t.pseudonyms;
    total.store = t.store;
  }
  const double each = total.seconds() / static_cast<double>(children);
  const auto us = [&](const Stopwatch& w) {
    return w.seconds() / static_cast<double>(children) * 1e6;
  };
  state.counters["children_per_s"] = 1 / each;
  state.counters["of_multiplications"] = kMultiplications * one.seconds() / each;
  state.counters["multiplication_us"] = one.seconds() * 1e6;
  state.counters["csv_us"] = us(total.parse);
  state.counters["pseudonyms_us"] = us(total.pseudonyms);
  state.counters["store_us"] = us(total.store);
}
BENCHMARK(ImportDistinctChildren)
    ->Arg(4096)
    ->UseManualTime()
    ->Iterations(1)
    ->Repetitions(3)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hedgerow::bench
