// Regions of 3 to 8 contributors from seeds, with linked tables, for comparison with a computation
// from outside (linked_oracle_test.py):
//
//   simulate_linked --out FOLDER --from S --count N
//
// Writes FOLDER/<seed>/agreement.toml, <party>.csv for each contributor, and answers.json: of each
// linked table its name, the answer, and what the hub counted before disclosure. The program is
// linked so that it sees the figures as they leave the hub's role.
//
// Ends with 0 where every question was answered and all that must hold does.

#include <fstream>
#include <iostream>

#include "protocol/link/hub.h"
#include "tests/simulation/children.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/evidence.h"
#include "tests/simulation/named_words.h"

namespace hedgerow::protocol::link {

// LinkHub::take_figures: the member's own, and what stands in its place. The Itanium C++ ABI lays a
// member and a function out alike here; that caller and callee are compiled apart, two libraries
// see to.
LinkFigures real_take_figures(LinkHub& self) asm(
    "__real__ZNO8hedgerow8protocol4link7LinkHub12take_figuresEv");
LinkFigures wrapped_take_figures(LinkHub& self) asm(
    "__wrap__ZNO8hedgerow8protocol4link7LinkHub12take_figuresEv");

static nlohmann::json last_counted;

LinkFigures wrapped_take_figures(LinkHub& self) {
  LinkFigures figures = real_take_figures(self);
  const auto list = [](const auto& v) { return nlohmann::json(std::vector(v.begin(), v.end())); };
  last_counted = {{"degrees", figures.degrees},
                  {"tokens", list(figures.tokens)},
                  {"pairs", list(figures.pairs)},
                  {"entries", list(figures.entries)}};
  return figures;
}

}  // namespace hedgerow::protocol::link

namespace hedgerow::simulation {
namespace {

constexpr std::size_t kChildren = 30;

std::string day(Dice& dice) {
  const std::size_t d = 1 + dice.below(28);
  return "2026-0" + std::to_string(7 + dice.below(3)) + (d < 10 ? "-0" : "-") + std::to_string(d);
}

// What an agency holds of one child. The first few are known nearly everywhere.
void add_child(std::vector<Row>& rows, const Shape& shape, std::size_t party, std::size_t child,
               Dice& dice) {
  const auto areas = shape.areas();
  const auto place = [&]() -> std::string {
    const std::size_t n = dice.below(areas.size() + 3);
    if (n < areas.size()) return areas[n % 3];
    return n == areas.size() ? "E08000025" : n == areas.size() + 1 ? "outside-england" : "";
  };
  const std::string reference = "r" + std::to_string(party) + "-" + std::to_string(child);
  const bool known = !dice.chance(12);  // its number, in some rows
  const auto add = [&](const std::string& event) {
    Row row;
    row.child = child;
    row.reference = child % 7 == 0 && dice.chance(40) ? reference + "b" : reference;
    row.with_number = known && (!dice.chance(20));
    row.event = event;
    row.day = dice.chance(5) ? "2026-06-15" : day(dice);
    row.destination = place();
    rows.push_back(std::move(row));
  };
  for (std::size_t n = dice.below(4); n > 0; --n) add("sighting");
  if (dice.chance(70)) add("health-attendance");
  for (std::size_t n = dice.below(3); n > 0; --n) add("service-contact");
  for (std::size_t n = dice.below(3); n > 0; --n) add("missing");
}

// Some agencies hold nothing at all, some no child's number, some one child.
std::vector<Row> draw_rows(const Shape& shape, std::size_t party, Dice& dice) {
  std::vector<Row> rows;
  const std::size_t what = dice.below(10);
  if (what == 0) return rows;
  if (what == 1) {
    while (rows.empty()) add_child(rows, shape, party, dice.below(4), dice);
    return rows;
  }
  for (std::size_t child = 0; child < kChildren; ++child)
    if (dice.chance(child < 6 ? 80 : 30)) add_child(rows, shape, party, child, dice);
  if (what == 2)
    for (Row& row : rows) row.with_number = false;
  return rows;
}

int fail(std::uint64_t seed, const std::string& why) {
  std::cerr << "simulate_linked: seed " << seed << ": " << why << '\n';
  return 1;
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.good()) throw std::runtime_error("cannot write " + path.string());
}

int run(std::uint64_t seed, const std::filesystem::path& folder) {
  Dice dice("linked region", seed);
  Options options;
  options.shape = linking_shape(3 + dice.below(6));
  options.with_key = true;
  Region region(seed, options);
  region.run_for(std::chrono::seconds(1));
  std::filesystem::create_directories(folder);
  std::size_t number = 0;
  for (const std::string& party : region.shape().contributors()) {
    const auto rows = draw_rows(region.shape(), ++number, dice);
    const std::string csv = to_csv(rows);
    write(folder / (party + ".csv"), csv);
    if (!rows.empty() && !region.import(party, csv)) return fail(seed, region.trace().back());
  }
  nlohmann::json answers = nlohmann::json::array();
  for (std::size_t i = 0; i < region.shape().linked.size(); ++i) {
    Ask ask;
    ask.home = region.shape().homes.front();
    ask.linked = i;
    const auto drawn = seed_of("question", seed * 64 + i);
    std::copy_n(drawn.begin(), ask.id.bytes.size(), ask.id.bytes.begin());
    protocol::link::last_counted = nullptr;
    const Outcome o = region.wait(region.command(ask.home, region.ask_request(ask)));
    if (!o.result) return fail(seed, o.error ? o.error->text : "no answer");
    answers.push_back({{"table", region.shape().linked[i].id},
                       {"answer", *o.result},
                       {"counted", protocol::link::last_counted}});
  }
  if (!settle(region)) return fail(seed, "messages were left over");
  for (const std::string& fault : faults_of(region)) return fail(seed, fault);
  write(folder / "agreement.toml", region.identities().agreement);
  write(folder / "answers.json", answers.dump(1));
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
