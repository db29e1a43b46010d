// A whole linked table on one core, all roles in one process (docs/design/link.md): what each role
// costs an entry, as a share of what its scalar multiplications alone allow, and how time and bytes
// grow with the contributors. Beside it, over the same library and as the textbook has it, the
// private count of what two sets have in common (Diffie-Hellman on both sides), so that the price
// of many parties and of unlinkability is known.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <set>

#include "crypto/link_token.h"
#include "crypto/random.h"
#include "crypto/seal.h"
#include "tests/bench/multiplication.h"
#include "tests/protocol/link/region.h"

namespace hedgerow::bench {
namespace {

using protocol::link::Kind;
using protocol::link::Region;

constexpr std::uint32_t kEntries = 2000;
constexpr std::size_t kMixers = 2;

// The other multiplication that counts: X25519, twice for each box sealed and once for each opened.
double x25519_seconds() {
  SeededRandom rng(ByteArray<32>{3});
  const SealKeyPair a = random_seal_key_pair(rng), b = random_seal_key_pair(rng);
  Stopwatch watch;
  watch.start();
  for (int i = 0; i < 500; ++i) benchmark::DoNotOptimize(x25519(a.secret_key, b.public_key));
  watch.stop();
  return watch.seconds() / 500;
}

double megabytes_resident() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void LinkedTable(benchmark::State& state) {
  const auto contributors = static_cast<std::size_t>(state.range(0));
  Multiplication one;
  std::map<std::string, Stopwatch, std::less<>> spent;
  Region region(1, {Kind::children, contributors, kMixers, 1, 100, kEntries});
  region.keep_sent = false;
  region.fill_at_random(4 * kEntries, 200);
  region.watch = [&](std::string_view role, bool begins) {
    Stopwatch& watch = spent[std::string(role)];
    begins ? watch.start() : watch.stop();
  };
  for (auto _ : state) {
    HR_CHECK(region.start().ok());
    while (region.step()) {
    }
    HR_CHECK(region.figures.has_value());
    double all = 0;
    for (const auto& [role, watch] : spent) all += watch.seconds();
    state.SetIterationTime(all);
  }
  for (int i = 0; i < 20; ++i) one.measure();
  const double x = x25519_seconds();
  const double entries = static_cast<double>(contributors) * kEntries;
  // Blind, weigh twice, unblind; and m + 1 boxes.
  const double contributor_bound = 4 * one.seconds() + 2 * (kMixers + 1) * x;
  const double mixer_bound = one.seconds() + x;
  const double contributor = spent["contributor"].seconds() / entries;
  const double mixer = spent["mixer"].seconds() / (entries * kMixers);
  state.counters["contributor_entries_per_s"] = 1 / contributor;
  state.counters["contributor_of_bound"] = contributor_bound / contributor;
  state.counters["mixer_entries_per_s"] = 1 / mixer;
  state.counters["mixer_of_bound"] = mixer_bound / mixer;
  state.counters["hub_entries_per_s"] = entries / spent["hub"].seconds();
  state.counters["s_per_1000_entries"] =
      (spent["contributor"].seconds() + spent["mixer"].seconds() + spent["hub"].seconds()) /
      entries * 1000;
  state.counters["MB_sent"] = static_cast<double>(region.bytes) / 1e6;
  state.counters["kB_per_entry"] = static_cast<double>(region.bytes) / entries / 1e3;
  state.counters["all_roles_MiB"] = megabytes_resident();
}
BENCHMARK(LinkedTable)
    ->Arg(5)
    ->Arg(10)
    ->Arg(20)
    ->Arg(50)
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

// Each side raises its own and the other's points to its key; equal results are counted.
void PrivateCountOfTwoSets(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  SeededRandom rng(ByteArray<32>{4});
  const Hash64 tag{};
  std::vector<Pseudonym> people;
  for (std::size_t i = 0; i < size + size / 2; ++i) people.emplace_back(random_element(rng));
  for (auto _ : state) {
    const SecretScalar a = random_scalar(rng), b = random_scalar(rng);
    Stopwatch watch;
    watch.start();
    std::vector<Element> of_a, of_b;
    for (std::size_t i = 0; i < size; ++i) {
      const Element mine = multiply(a, link_point(tag, 0, people[i])).value();
      of_a.push_back(multiply(b, mine).value());
      const Element yours = multiply(b, link_point(tag, 0, people[i + size / 2])).value();
      of_b.push_back(multiply(a, yours).value());
    }
    std::sort(of_a.begin(), of_a.end());
    std::sort(of_b.begin(), of_b.end());
    std::vector<Element> both;
    std::set_intersection(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(),
                          std::back_inserter(both));
    watch.stop();
    HR_CHECK(both.size() == size - size / 2);
    state.SetIterationTime(watch.seconds());
    state.counters["s_per_1000_entries"] = watch.seconds() / (2 * static_cast<double>(size)) * 1000;
    state.counters["MB_sent"] = 4.0 * static_cast<double>(size) * Element::kSize / 1e6;
  }
}
BENCHMARK(PrivateCountOfTwoSets)
    ->Arg(65536)
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

}  // namespace
}  // namespace hedgerow::bench
