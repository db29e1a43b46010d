// One seed from beginning to end.
#pragma once

#include "tests/simulation/scenario.h"

namespace hedgerow::simulation {

struct SeedResult {
  std::uint64_t seed = 0;
  std::vector<std::string> faults;  // of the invariants; empty is good
  Coverage coverage;
  std::size_t answers = 0, released = 0, refusals = 0, out_of_quota = 0, frames = 0;
  std::size_t linked = 0, released_linked = 0;  // answers from linked tables, and their cells
  bool traces = false;                          // the region has a grant of them
  std::size_t traced = 0;                       // that came to an end
  std::string fingerprint;                      // where asked for
  std::string scenario;                         // in a line
  std::vector<std::string> trace;
};

SeedResult run_seed(std::uint64_t seed, bool with_fingerprint);

}  // namespace hedgerow::simulation
