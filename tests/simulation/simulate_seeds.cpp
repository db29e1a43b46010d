// Regions from seeds, one after the other:
//
//   simulate_seeds --from S --count N [--jobs J] [--again K] [--coverage] [--trace]
//   simulate_seeds --list --from S --count N      says what each seed draws, and runs nothing
//   simulate_seeds --planted DEFECT --from S --count N      (the planted program only)
//
// --again: every K-th seed runs twice and must be the same again. --coverage: fails where a fault
// point was never hit. --trace: what happened, of each seed that failed. --planted: the defect must
// be found, by an invariant that it breaks (planted.cpp), and the first find ends it. Ends with 0
// where all is as it must be, else with 1.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/simulation/seed_run.h"

#ifdef HEDGEROW_PLANTED
#include "tests/simulation/planted.h"
#endif

namespace hedgerow::simulation {
namespace {

struct Settings {
  std::uint64_t from = 1, count = 1, jobs = 1, again = 0;
  bool coverage = false, trace = false, list = false;
  std::string planted;
};

struct Totals {
  std::uint64_t seeds = 0, failed = 0, again = 0, answers = 0, released = 0, refusals = 0,
                out_of_quota = 0, frames = 0, linked = 0, released_linked = 0, traces = 0,
                traced = 0;
  Coverage coverage;

  void add(const SeedResult& r) {
    ++seeds;
    if (!r.faults.empty()) ++failed;
    answers += r.answers;
    released += r.released;
    refusals += r.refusals;
    out_of_quota += r.out_of_quota;
    frames += r.frames;
    linked += r.linked;
    released_linked += r.released_linked;
    if (r.traces) ++traces;
    traced += r.traced;
    coverage.add(r.coverage);
  }
};

void print(const SeedResult& r, bool trace) {
  std::cout << "FAILED " << r.scenario << '\n';
  std::size_t n = 0;
  for (const auto& f : r.faults)
    if (++n <= 10) std::cout << "  " << f << '\n';
  if (trace)
    for (const auto& line : r.trace) std::cout << "    " << line << '\n';
  std::cout << std::flush;
}

// Seeds from, from + step, ...
Totals run_some(const Settings& s, std::uint64_t first, std::uint64_t step) {
  Totals totals;
  for (std::uint64_t i = first; i < s.count; i += step) {
    const bool twice = s.again != 0 && i % s.again == 0;
    SeedResult r = run_seed(s.from + i, twice);
    if (twice) {
      ++totals.again;
      if (run_seed(s.from + i, true).fingerprint != r.fingerprint)
        r.faults.push_back("not the same again from the same seed");
    }
    totals.add(r);
    if (!r.faults.empty()) print(r, s.trace);
  }
  return totals;
}

void write(std::ostream& out, const Totals& t) {
  out << t.seeds << ' ' << t.failed << ' ' << t.again << ' ' << t.answers << ' ' << t.released
      << ' ' << t.refusals << ' ' << t.out_of_quota << ' ' << t.frames << ' ' << t.linked << ' '
      << t.released_linked << ' ' << t.traces << ' ' << t.traced << '\n'
      << t.coverage.encode();
}

void read(std::istream& in, Totals& t) {
  Totals o;
  in >> o.seeds >> o.failed >> o.again >> o.answers >> o.released >> o.refusals >> o.out_of_quota >>
      o.frames >> o.linked >> o.released_linked >> o.traces >> o.traced;
  t.seeds += o.seeds;
  t.failed += o.failed;
  t.again += o.again;
  t.answers += o.answers;
  t.released += o.released;
  t.refusals += o.refusals;
  t.out_of_quota += o.out_of_quota;
  t.frames += o.frames;
  t.linked += o.linked;
  t.released_linked += o.released_linked;
  t.traces += o.traces;
  t.traced += o.traced;
  std::ostringstream rest;
  rest << in.rdbuf();
  t.coverage.add(Coverage::decode(rest.str()));
}

// Each job in a process of its own; false where one did not come to its end.
bool run_jobs(const Settings& s, Totals& totals) {
  const auto folder = make_folder();
  std::vector<pid_t> jobs;
  for (std::uint64_t j = 0; j < s.jobs; ++j) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      std::ofstream out(folder / std::to_string(j));
      write(out, run_some(s, j, s.jobs));
      out.close();
      std::exit(0);
    }
    jobs.push_back(pid);
  }
  bool good = true;
  for (std::uint64_t j = 0; j < s.jobs; ++j) {
    int status = 0;
    ::waitpid(jobs[j], &status, 0);
    good = good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    std::ifstream in(folder / std::to_string(j));
    read(in, totals);
  }
  std::filesystem::remove_all(folder);
  return good;
}

int report(const Settings& s, const Totals& t) {
  const double cpu = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  std::cout << t.seeds << " seeds from " << s.from << ": " << t.failed << " failed, " << t.again
            << " run twice; " << t.answers << " answers with " << t.released << " released cells, "
            << t.refusals << " questions refused, " << t.out_of_quota << " imports out of quota, "
            << t.frames << " frames; of linked tables " << t.linked << " answers with "
            << t.released_linked << " released cells; " << t.traces << " regions with traces, with "
            << t.traced << " that came to an end";
  if (s.jobs == 1) std::cout << "; " << cpu << " CPU-s";
  std::cout << '\n' << t.coverage.table();
  bool good = t.failed == 0 && t.seeds == s.count && t.released > 0;
  if (s.coverage)
    for (const auto& what : t.coverage.missing()) {
      std::cout << "NEVER: " << what << '\n';
      good = false;
    }
  if (s.coverage && t.released_linked == 0) {
    std::cout << "NEVER: a released cell of a linked table\n";
    good = false;
  }
  if (s.coverage && t.traced == 0) {
    std::cout << "NEVER: a trace that came to an end\n";
    good = false;
  }
  return good ? 0 : 1;
}

#ifdef HEDGEROW_PLANTED
int find_planted(const Settings& s) {
  if (!plant(s.planted)) {
    std::cerr << "simulate_seeds: no such defect\n";
    return 64;
  }
  std::uint64_t others = 0;
  for (std::uint64_t seed = s.from; seed < s.from + s.count; ++seed) {
    const SeedResult r = run_seed(seed, false);
    const auto fault = std::find_if(r.faults.begin(), r.faults.end(), shows_planted);
    if (fault != r.faults.end()) {
      std::cout << "planted " << s.planted << ": found at seed " << seed << ": " << *fault << '\n';
      return 0;
    }
    if (r.faults.empty()) continue;
    ++others;
    print(r, s.trace);
  }
  std::cout << "planted " << s.planted << ": not found; " << others << " seeds with other faults\n";
  return 1;
}
#endif

int run(const Settings& s) {
  if (s.list) {
    for (std::uint64_t seed = s.from; seed < s.from + s.count; ++seed)
      std::cout << to_text(draw(seed)) << '\n';
    return 0;
  }
#ifdef HEDGEROW_PLANTED
  if (!s.planted.empty()) return find_planted(s);
#else
  if (!s.planted.empty()) {
    std::cerr << "simulate_seeds: nothing is planted in this program\n";
    return 64;
  }
#endif
  Totals totals;
  bool good = true;
  if (s.jobs <= 1)
    totals = run_some(s, 0, 1);
  else
    good = run_jobs(s, totals);
  const int code = report(s, totals);
  return good ? code : 1;
}

}  // namespace
}  // namespace hedgerow::simulation

int main(int argc, char** argv) {
  hedgerow::simulation::Settings s;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto number = [&]() -> std::uint64_t {
      return i + 1 < argc ? std::stoull(argv[++i]) : std::uint64_t{0};
    };
    if (name == "--from")
      s.from = number();
    else if (name == "--count")
      s.count = number();
    else if (name == "--jobs")
      s.jobs = number();
    else if (name == "--again")
      s.again = number();
    else if (name == "--coverage")
      s.coverage = true;
    else if (name == "--list")
      s.list = true;
    else if (name == "--trace")
      s.trace = true;
    else if (name == "--planted" && i + 1 < argc)
      s.planted = argv[++i];
    else {
      std::cerr << "simulate_seeds: what is " << name << "?\n";
      return 64;
    }
  }
  return hedgerow::simulation::run(s);
}
