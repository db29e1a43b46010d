// All that a seed decides: the shape of the region, its records, what its people do and when, and
// what befalls it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tests/simulation/children.h"
#include "tests/simulation/simulator.h"

namespace hedgerow::simulation {

using std::chrono::seconds;

// A file that a contributor imports; files of one party come one after the other.
struct ImportPlan {
  std::string party;
  seconds at{0};
  std::vector<Row> rows;
};

struct QuestionPlan {
  seconds at{0};
  Ask ask;
  bool permitted = true;  // by the agreement
  bool repeated = false;  // its result is asked for once more
};

struct TracePlan {
  seconds at{0};
  std::string home;
  std::size_t child = 0;
};

struct Interval {
  std::string party;
  seconds from{0}, until{0};
  std::chrono::milliseconds amount{0};
};

enum class Hostility { none, skips_a_signature, is_set_back };

struct Scenario {
  std::uint64_t seed = 0;
  std::size_t shape = 0;
  bool from_beginning = false;
  bool links = false;               // the shape with links
  bool traces = false;              // the shape with traces
  std::optional<std::size_t> last;  // the linked table that is asked for at last
  Options network;
  std::vector<ImportPlan> imports;
  std::vector<QuestionPlan> questions;
  std::vector<TracePlan> trace_plans;
  std::vector<Crash> early_crashes;  // while it is installed
  std::vector<Crash> crashes;
  std::vector<Interval> away, cut_off, gateways, slow, clocks;
  bool clock_beyond = false;
  Hostility hub = Hostility::none;
  seconds healed_at{0};
};

Scenario draw(std::uint64_t seed);

// One line.
std::string to_text(const Scenario& scenario);

}  // namespace hedgerow::simulation
