// Measure 6.3: a release of flows over four contributors with 100,000 records each: freezing and
// counting from real stores, every role of the sum, disclosure. All of it one after the other in
// one thread, which four machines and a hub do side by side.
#include <benchmark/benchmark.h>

#include "core_fixture.h"
#include "node/core/tally.h"
#include "policies/disclosure.h"
#include "tests/bench/rows.h"
#include "tests/protocol/sum/region.h"

namespace hedgerow::bench {
namespace {

constexpr std::size_t kContributors = 4;

class Contributor {
 public:
  Contributor(std::uint8_t seed, std::size_t records, const policies::Period& period)
      : rng_(ByteArray<32>{seed}), key_(store::random_database_key(rng_)) {
    store_.emplace(store::LineageStore::create(folder_.path() / "lineage.db",
                                               core::TestRegion::get().agreement().id, key_,
                                               store::Durability::full, rng_)
                       .value());
    const std::int32_t first = period.first_day().number;
    const auto rows =
        random_rows(records, records / 3, first, period.last_day().number - first + 1, rng_);
    auto t = store::Transaction::begin(store_->database()).value();
    HR_CHECK(store_->records().apply_import({}, rows).ok());
    HR_CHECK(t.commit().ok());
  }
  store::LineageStore& store() { return *store_; }
  Random& rng() { return rng_; }

 private:
  core::Folder folder_;
  SeededRandom rng_;
  SecretBytes key_;
  std::optional<store::LineageStore> store_;
};

void ReleaseOfFlows(benchmark::State& state) {
  const auto records = static_cast<std::size_t>(state.range(0));
  const policies::CodeList& codes = policies::CodeList::shipped();
  const policies::Agreement& agreement = core::TestRegion::get().agreement();
  const policies::Grant& grant = agreement.grants.at(0);
  const policies::Table& table = grant.tables.at(0);
  const policies::Period period = policies::Period::parse("2026-Q3").value();
  const auto space = policies::CellSpace::make(agreement, table, codes).value();
  std::vector<std::unique_ptr<Contributor>> all;
  for (std::uint8_t i = 0; i < kContributors; ++i)
    all.push_back(std::make_unique<Contributor>(i, records, period));
  std::uint64_t released = 0;
  double counting_s = 0;
  std::uint64_t seed = 0;
  for (auto _ : state) {
    protocol::sum::Region region(++seed, kContributors, space.size());
    const double begin = static_cast<double>(std::clock());
    for (std::size_t i = 0; i < kContributors; ++i) {
      store::LineageStore& store = all[i]->store();
      auto t = store::Transaction::begin(store.database()).value();
      HR_CHECK(store.records().freeze(grant.id, period.label(), core::kNow).ok());
      HR_CHECK(t.commit().ok());
      const auto tallied = core::tally(store, grant, table, period, space, codes).value();
      const auto& input = tallied.input;
      region.nodes.at(region.ids.at(i)).input = {{input.v.begin(), input.v.end()},
                                                 {input.c.begin(), input.c.end()},
                                                 {input.k.begin(), input.k.end()},
                                                 {input.z.begin(), input.z.end()}};
    }
    counting_s = (static_cast<double>(std::clock()) - begin) / CLOCKS_PER_SEC;
    HR_CHECK(region.start().ok());
    region.run();
    HR_CHECK(region.hub.figures.has_value());
    SumVectors totals;
    const auto copy = [](const std::vector<std::uint64_t>& from, auto& to) {
      to.assign(from.begin(), from.end());
    };
    copy(region.hub.figures->v, totals.v);
    copy(region.hub.figures->c, totals.c);
    copy(region.hub.figures->k, totals.k);
    copy(region.hub.figures->z, totals.z);
    const auto edition = policies::release_sums(grant.disclosure, space, kContributors,
                                                policies::Unreleased<SumVectors>(std::move(totals)))
                             .value();
    released = 0;
    for (const auto& cell : edition.cells)
      released += cell.status == policies::CellStatus::released ? 1 : 0;
  }
  HR_CHECK(released > 0);
  state.counters["cells"] = static_cast<double>(space.size());
  state.counters["released"] = static_cast<double>(released);
  state.counters["counting_s"] = counting_s;
}
BENCHMARK(ReleaseOfFlows)
    ->Arg(100'000)
    ->Iterations(1)
    ->Repetitions(3)
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hedgerow::bench
