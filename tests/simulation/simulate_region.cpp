// One simulated region over given files, for comparison with a computation from outside:
//
//   simulate_region --input DIR --agreement-out FILE --answer-out FILE --seed N
//
// DIR/<party>/movements.csv for each contributor, as tests/generator makes them for 2026-11-22.
// Ends with 0 where the region answered and all that must hold does; says why not otherwise.

#include <fstream>
#include <iostream>
#include <iterator>

#include "tests/simulation/evidence.h"

namespace hedgerow::simulation {
namespace {

int fail(const std::string& why) {
  std::cerr << "simulate_region: " << why << '\n';
  return 1;
}

bool write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  return file.good();
}

int run(const std::map<std::string, std::string>& options) {
  const std::uint64_t seed = std::stoull(options.at("--seed"));
  Region region(seed);
  if (!region.generate_key()) return fail("no key was generated");
  for (const std::string& party : contributor_names()) {
    std::ifstream file(std::filesystem::path(options.at("--input")) / party / "movements.csv",
                       std::ios::binary);
    if (!file) return fail("no records of " + party);
    const std::string csv{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!region.import(party, csv)) return fail("the import failed at " + party);
  }
  SessionId id;
  const auto drawn = seed_of("question", seed);
  std::copy_n(drawn.begin(), id.bytes.size(), id.bytes.begin());
  const auto answer = region.ask(id);
  if (!answer) return fail("no answer");
  if (!settle(region)) return fail("messages were left over");
  for (const std::string& fault : faults_of(region)) return fail(fault);
  if (!write(options.at("--agreement-out"), region.identities().agreement) ||
      !write(options.at("--answer-out"), answer->dump(1)))
    return fail("cannot write");
  return 0;
}

}  // namespace
}  // namespace hedgerow::simulation

int main(int argc, char** argv) {
  std::map<std::string, std::string> options;
  for (int i = 1; i + 1 < argc; i += 2) options[argv[i]] = argv[i + 1];
  for (const char* name : {"--input", "--agreement-out", "--answer-out", "--seed"})
    if (!options.contains(name)) {
      std::cerr << "simulate_region: " << name << " is missing\n";
      return 64;
    }
  return hedgerow::simulation::run(options);
}
