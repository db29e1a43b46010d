// Regions of 3 to 8 contributors from seeds, in which children are traced, for comparison with a
// computation from outside (traced_oracle_test.py):
//
//   simulate_traces --out FOLDER --from S --count N
//
// Writes FOLDER/<seed>/agreement.toml, <party>.csv for each contributor, and traces.json: the
// references withheld at each, and of each trace who asked, the child's number and the result.
//
// Ends with 0 where every trace came to an end and all that must hold does.

#include <fstream>
#include <iostream>

#include "tests/simulation/children.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/evidence.h"
#include "tests/simulation/named_words.h"
#include "tests/simulation/tracing.h"

namespace hedgerow::simulation {
namespace {

constexpr std::size_t kChildren = 10;

std::string day(Dice& dice) {
  // Some lie before what the grant's history reaches back to.
  const std::size_t month = dice.chance(45) ? 1 + dice.below(4) : 6 + dice.below(4);
  const std::size_t d = 1 + dice.below(28);
  return "2026-0" + std::to_string(month) + (d < 10 ? "-0" : "-") + std::to_string(d);
}

// Some agencies hold nothing at all, some no child's number, some one child; some children stand
// under two references, some rows lack the number.
std::vector<Row> draw_rows(std::size_t party, Dice& dice) {
  std::vector<Row> rows;
  const std::size_t what = dice.below(10);
  if (what == 0) return rows;
  const std::size_t only = dice.below(kChildren);
  for (std::size_t child = 0; child < kChildren; ++child) {
    if (what == 1 ? child != only : !dice.chance(45)) continue;
    const std::string reference = "r" + std::to_string(party) + "-" + std::to_string(child);
    for (std::size_t n = 1 + dice.below(3); n > 0; --n) {
      Row row;
      row.child = child;
      row.reference = child % 3 == 0 && dice.chance(50) ? reference + "b" : reference;
      row.with_number = what != 2 && !dice.chance(30);
      row.day = day(dice);
      row.origin = "E06000036";
      row.destination = "E06000037";
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

int fail(std::uint64_t seed, const std::string& why) {
  std::cerr << "simulate_traces: seed " << seed << ": " << why << '\n';
  return 1;
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.good()) throw std::runtime_error("cannot write " + path.string());
}

// Of what it holds, of what it does not hold, and of nobody.
std::optional<std::vector<std::string>> withhold_some(Region& region, const std::string& party,
                                                      const std::vector<Row>& rows, Dice& dice) {
  std::vector<std::string> references;
  for (std::size_t n = dice.below(3); n > 0; --n) {
    const std::string reference =
        rows.empty() || dice.chance(15) ? "nobody-" + std::to_string(n) : dice.of(rows).reference;
    const Outcome o = region.wait(region.command(party,
                                                 {{"command", "withhold-add"},
                                                  {"reason", "Of this simulation"},
                                                  {"decider", "Caldicott Guardian"},
                                                  {"review", "2027-01-31"}},
                                                 reference + "\n"));
    if (!o.result) return std::nullopt;
    references.push_back(reference);
  }
  return references;
}

int run(std::uint64_t seed, const std::filesystem::path& folder) {
  Dice dice("traced region", seed);
  Options options;
  options.shape = with_traces(linking_shape(3 + dice.below(6)));
  options.with_key = true;
  Region region(seed, options);
  region.run_for(std::chrono::seconds(1));
  std::filesystem::create_directories(folder);
  nlohmann::json withheld;
  std::size_t number = 0;
  for (const std::string& party : region.shape().contributors()) {
    const auto rows = draw_rows(++number, dice);
    const std::string csv = to_csv(rows);
    write(folder / (party + ".csv"), csv);
    if (!rows.empty() && !region.import(party, csv)) return fail(seed, region.trace().back());
    const auto references = withhold_some(region, party, rows, dice);
    if (!references) return fail(seed, "a child was not withheld");
    withheld[party] = *references;
  }
  nlohmann::json traces = nlohmann::json::array();
  for (const std::string& home : region.shape().homes)
    for (std::uint32_t i = 0; i < kTracesADay; ++i) {
      const std::size_t child = dice.below(kChildren + 1);  // the last is known to nobody
      const auto result = trace(region, home, child);
      if (!result) return fail(seed, "a trace has no result");
      traces.push_back({{"home", home}, {"number", nhs_number(child)}, {"result", *result}});
    }
  if (!settle(region)) return fail(seed, "messages were left over");
  for (const std::string& fault : faults_of(region)) return fail(seed, fault);
  write(folder / "agreement.toml", region.identities().agreement);
  write(folder / "traces.json",
        nlohmann::json({{"withheld", withheld}, {"traces", traces}}).dump(1));
  return 0;
}

}  // namespace
}  // namespace hedgerow::simulation

int main(int argc, char** argv) {
  const auto words = hedgerow::simulation::named_words(argc, argv, {"--out", "--from", "--count"});
  if (!words) return 64;
  const std::uint64_t from = std::stoull(words->at("--from"));
  for (std::uint64_t seed = from; seed < from + std::stoull(words->at("--count")); ++seed)
    if (const int code = hedgerow::simulation::run(
            seed, std::filesystem::path(words->at("--out")) / std::to_string(seed)))
      return code;
  return 0;
}
