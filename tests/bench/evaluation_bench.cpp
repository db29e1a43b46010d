// Pseudonyms of 4,096 children among t keyholders, checked as one batch each or proven by each
// keyholder: elements a second at the importer (blinding, checking or verifying, combining;
// messages read and written) and at one keyholder (deciding, evaluating, proving), each as a share
// of what its scalar multiplications alone would allow at the measured cost of one. One thread,
// processor time.
#include <benchmark/benchmark.h>

#include "tests/bench/multiplication.h"
#include "tests/protocol/pseudonymise/region.h"

namespace hedgerow::bench {
namespace {

using protocol::PseudonymiseClient;

constexpr std::size_t kChildren = 4096;

struct Sides {
  Stopwatch importer, keyholders;
};

void evaluate_once(std::size_t threshold, bool checked, Sides& sides, Multiplication& one) {
  protocol::TestRegion region(threshold, threshold);
  protocol::PseudonymiseSetup setup = region.setup();
  if (!checked) setup.smallest_checked = kMaxBatch + 1;
  auto inputs = protocol::numbers(kChildren);
  const UtcTime now = protocol::at(0);
  sides.importer.start();
  auto client = PseudonymiseClient::create(std::move(setup), std::move(inputs)).value();
  protocol::Step step = client.start(now, region.rng_);
  sides.importer.stop();
  for (;;) {
    sides.keyholders.start();
    region.carry(step);
    sides.keyholders.stop();
    one.measure();
    if (region.queue_.empty()) break;
    const protocol::InTransit m = std::move(region.queue_.front());
    region.queue_.pop_front();
    sides.importer.start();
    step = client.on_message(m.from, m.type, m.body, now, region.rng_).value();
    sides.importer.stop();
  }
  HR_CHECK(client.finished() && client.done() == kChildren);
}

void run(benchmark::State& state, bool checked) {
  const auto threshold = static_cast<std::size_t>(state.range(0));
  Multiplication one;
  Sides total;
  std::size_t rounds = 0;
  for (auto _ : state) {
    evaluate_once(threshold, checked, total, one);
    ++rounds;
  }
  const double children = static_cast<double>(rounds * kChildren);
  const double importer_s = total.importer.seconds() / children;
  const double keyholder_s =
      total.keyholders.seconds() / (children * static_cast<double>(threshold));
  const double importer_bound = checked ? 4 : 3 * static_cast<double>(threshold) + 1;
  const double keyholder_bound = checked ? 1 : 2;
  state.counters["importer_per_s"] = 1 / importer_s;
  state.counters["importer_of_bound"] = importer_bound * one.seconds() / importer_s;
  state.counters["keyholder_per_s"] = 1 / keyholder_s;
  state.counters["keyholder_of_bound"] = keyholder_bound * one.seconds() / keyholder_s;
  state.counters["multiplication_us"] = one.seconds() * 1e6;
}

void ProvenByEach(benchmark::State& state) { run(state, false); }
void CheckedAsOne(benchmark::State& state) { run(state, true); }

BENCHMARK(ProvenByEach)->Arg(2)->Arg(3)->Arg(5)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(CheckedAsOne)->Arg(2)->Arg(3)->Arg(5)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hedgerow::bench
