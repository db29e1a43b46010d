// A whole trace, from the command to the result, and what it costs to fetch the directories before
// it (docs/design/trace.md): five contributors with 20,000 children each, so four responders, every
// node's core with its store and log in one thread, the network between them without delay.
//
// The processor's time is of all five nodes and the hub together; nothing waits for anything else,
// so with a disk that syncs at once it is the time by the clock.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>

#include "tests/simulation/children.h"
#include "tests/simulation/evidence.h"
#include "tests/simulation/tracing.h"

namespace hedgerow::simulation {
namespace {

constexpr std::size_t kContributors = 5;
constexpr std::size_t kChildrenEach = 20'000;
constexpr const char* kHome = "vale-council";

std::string with_room(std::string agreement) {
  for (const std::string name : {"daily_quota", "practitioner_quota"}) {
    const std::string small = "\n" + name + " = " + std::to_string(kTracesADay) + "\n";
    const std::size_t at = agreement.find(small);
    HR_CHECK(at != std::string::npos);
    agreement.replace(at, small.size(), "\n" + name + " = 50\n");
  }
  return agreement;
}

// Half of each contributor's children are its own, half known to all.
std::string records_of(std::size_t party) {
  std::vector<Row> rows;
  rows.reserve(kChildrenEach);
  for (std::size_t i = 0; i < kChildrenEach; ++i) {
    Row row;
    row.child = i < kChildrenEach / 2 ? i : kChildrenEach / 2 * (party + 1) + i;
    row.reference = "r" + std::to_string(i);
    row.day = "2026-08-04";
    row.origin = "E06000036";
    row.destination = "E06000037";
    rows.push_back(std::move(row));
  }
  return to_csv(rows);
}

struct Loaded {
  Loaded() {
    Options options;
    Shape s = with_traces(linking_shape(kContributors));
    s.quotas = {25'000, 500};
    options.shape = s;
    options.edit = with_room;
    options.shortest_delay = options.longest_delay = std::chrono::milliseconds(0);
    region = std::make_unique<Region>(1, options);
    HR_CHECK(region->generate_key());
    std::size_t party = 0;
    for (const std::string& name : region->shape().contributors())
      HR_CHECK(region->import(name, records_of(party++)).has_value());
    HR_CHECK(settle(*region));
  }
  nlohmann::json fetch(const std::string& home) {
    const Outcome o = region->wait(region->command(home, {{"command", "trace-fetch"}}));
    HR_CHECK(o.result.has_value());
    return *o.result;
  }
  std::unique_ptr<Region> region;
};

Loaded& loaded() {
  static Loaded all;
  return all;
}

void fetch_from(benchmark::State& state, const std::string& home) {
  Loaded& l = loaded();
  for (auto _ : state) {
    const auto fetched = l.fetch(home);
    for (const auto& p : fetched.at("parties")) HR_CHECK(p.at("records") == 32768);
  }
  state.counters["MiB"] = 4 * 8;
}

// On their first day they are made when they are asked for.
void MakingAndFetchingFourDirectories(benchmark::State& state) { fetch_from(state, kHome); }
BENCHMARK(MakingAndFetchingFourDirectories)->Iterations(1)->Unit(benchmark::kMillisecond);

// Three of the four are there by now; the first requester's own is not.
void FetchingThreeAndMakingOne(benchmark::State& state) { fetch_from(state, "vale-police"); }
BENCHMARK(FetchingThreeAndMakingOne)->Iterations(1)->Unit(benchmark::kMillisecond);

// All are there.
void FetchingFourThatAreThere(benchmark::State& state) { fetch_from(state, "vale-health"); }
BENCHMARK(FetchingFourThatAreThere)->Iterations(1)->Unit(benchmark::kMillisecond);

void TracingWithDirectoriesAtHand(benchmark::State& state) {
  Loaded& l = loaded();
  std::size_t child = kChildrenEach / 2 - 10;
  std::size_t contacts = 0, nothing = 0;
  for (auto _ : state) {
    const auto result = trace(*l.region, kHome, child++);
    HR_CHECK(result && result->at("complete").get<bool>());
    for (const auto& p : result->at("parties"))
      ++(p.at("status") == "contact" ? contacts : nothing);
  }
  state.counters["contacts"] = static_cast<double>(contacts);
  state.counters["nothing"] = static_cast<double>(nothing);
}
BENCHMARK(TracingWithDirectoriesAtHand)
    ->Iterations(1)
    ->Repetitions(20)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hedgerow::simulation
