// A responder's directory (docs/design/trace.md, Days and directories): making it from its
// children, keeping it in a store, and, at a requester, the root over a fetched one and looking a
// record up. One thread; the argument is the number of children.
#include <benchmark/benchmark.h>

#include "protocol/trace/directory.h"
#include "tests/bench/processor_time.h"
#include "tests/node/store/store_fixture.h"

namespace hedgerow::bench {
namespace {

using protocol::trace::Directory;
using protocol::trace::DirectoryBuilder;
using protocol::trace::DirectoryRoot;

constexpr std::int32_t kDay = 20'000;
const PartyId kSelf = PartyId::parse("vale-police").value();

WipingVector<Pseudonym> random_children(std::size_t count) {
  SeededRandom rng(ByteArray<32>{7});
  WipingVector<Pseudonym> all;
  all.reserve(count);
  ByteArray<64> uniform{};
  for (std::size_t i = 0; i < count; ++i) {
    rng.fill(uniform);
    all.emplace_back(element_from_uniform(uniform));
  }
  return all;
}

Directory make(WipingVector<Pseudonym> children) {
  SystemRandom rng;
  DirectoryBuilder builder(Lineage::parse("vale-cse").value(), kSelf, kDay, std::move(children),
                           "MASH 01632 960000, Mon-Fri 9-17", rng);
  while (builder.left() != 0) builder.add(512);
  return std::move(builder).finish(rng);
}

void MakingADirectory(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    auto children = random_children(count);
    Stopwatch t;
    t.start();
    const Directory d = make(std::move(children));
    t.stop();
    state.SetIterationTime(t.seconds());
    state.counters["us_a_child"] = 1e6 * t.seconds() / static_cast<double>(count);
    state.counters["MiB"] = static_cast<double>(d.records.size() * kTraceRecordSize) / (1 << 20U);
  }
}

// What a responder does in the commit with its directory, and a requester for what it fetched.
void KeepingADirectory(benchmark::State& state) {
  Directory d = make(random_children(64));
  d.header.records = static_cast<std::uint32_t>(state.range(0));
  SeededRandom rng(ByteArray<32>{9});
  d.records.resize(d.header.records);
  for (TraceRecord& r : d.records) r = random_trace_record(rng);
  std::sort(d.records.begin(), d.records.end());
  Stopwatch kept, root, found;
  constexpr int kLookUps = 32;
  for (auto _ : state) {
    store::Folder folder;
    const SecretBytes key = store::random_database_key(rng);
    auto store =
        store::LineageStore::create(folder / "lineage.db", Lineage::parse("vale-cse").value(), key,
                                    store::Durability::full, rng)
            .value();
    store::Traces traces = store.traces();
    kept.start();
    auto t = store::Transaction::begin(store.database()).value();
    HR_CHECK(traces.put_directory(kSelf, kDay, Bytes(300, 1)).ok());
    for (std::uint32_t n = 0; n < d.header.chunks(); ++n)
      HR_CHECK(traces.put_chunk(kSelf, kDay, n, d.chunk(n)).ok());
    HR_CHECK(t.commit().ok());
    kept.stop();
    root.start();
    DirectoryRoot whole;
    for (std::uint32_t n = 0; n < d.header.chunks(); ++n)
      whole.add(*traces.chunk(kSelf, kDay, n).value());
    benchmark::DoNotOptimize(whole.root());
    root.stop();
    found.start();
    for (int i = 0; i < kLookUps; ++i) {
      TraceTag tag{};
      const TraceRecord& r = d.records[d.records.size() / kLookUps * static_cast<std::size_t>(i)];
      std::copy_n(r.begin(), tag.size(), tag.begin());
      const auto chunk = traces.chunk_with(kSelf, kDay, tag).value();
      HR_CHECK(chunk && protocol::trace::find_record(*chunk, tag));
    }
    found.stop();
  }
  const auto runs = static_cast<double>(state.iterations());
  state.counters["kept_s"] = kept.seconds() / runs;
  state.counters["root_s"] = root.seconds() / runs;
  state.counters["look_up_ms"] = 1e3 * found.seconds() / runs / kLookUps;
}

BENCHMARK(MakingADirectory)
    ->Arg(20'000)
    ->Arg(131'072)
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kSecond);
BENCHMARK(KeepingADirectory)->Arg(32'768)->Arg(131'072)->Iterations(1)->Unit(benchmark::kSecond);

}  // namespace
}  // namespace hedgerow::bench
