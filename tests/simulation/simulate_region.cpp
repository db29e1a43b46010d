// One simulated region over given files, for comparison with a computation from outside:
//
//   simulate_region --input DIR --agreement-out FILE --answer-out FILE --seed N
//                   [--grants FILE] [--valid-until DAY] [--questions FILE]
//
// DIR/<party>/movements.csv for each contributor, as tests/generator makes them for 2026-11-22.
// With --grants, the agreement has these grants (TOML) in place of the template's. Each line of
// --questions is asked in turn: a JSON object with kind, by, where, from, to, and days, which pass
// before. --answer-out then holds an array of the answers; where a question was refused, {"error",
// "code", "hint"} in its place.
//
// Ends with 0 where the region answered and all that must hold does; says why not otherwise.

#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "tests/simulation/evidence.h"
#include "tests/simulation/named_words.h"

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

SessionId question_id(std::uint64_t seed) {
  SessionId id;
  const auto drawn = seed_of("question", seed);
  std::copy_n(drawn.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

nlohmann::json ask_all(Region& region, const std::string& questions, std::uint64_t seed) {
  nlohmann::json answers = nlohmann::json::array();
  std::istringstream lines(questions);
  for (std::string line; std::getline(lines, line);) {
    const auto q = nlohmann::json::parse(line);
    region.run_for(std::chrono::hours(24 * q.value("days", 0)));
    policies::QuestionWords words;
    words.kind = q.at("kind");
    words.by = q.at("by");
    words.where = q.at("where").get<std::vector<std::string>>();
    words.from = q.at("from");
    words.to = q.value("to", "");
    const Outcome o = region.ask(question_id(seed * 1000 + answers.size()), words);
    const Error error = o.error ? *o.error : Error{Code::internal, "no answer", {}, {}};
    answers.push_back(o.result ? *o.result
                               : nlohmann::json{{"error", error.text},
                                                {"code", static_cast<int>(error.code)},
                                                {"hint", error.hint}});
  }
  return answers;
}

int run(const std::map<std::string, std::string>& options) {
  const std::uint64_t seed = std::stoull(options.at("--seed"));
  Options region_options;
  region_options.edit = [&](std::string draft) {
    if (options.contains("--grants")) {
      const std::size_t from = draft.find("[[grant]]");
      draft.replace(from, draft.find("[retention]") - from, read(options.at("--grants")) + "\n");
    }
    if (options.contains("--valid-until")) {
      const std::size_t at = draft.find("valid_until = ") + 14;
      draft.replace(at, 10, options.at("--valid-until"));
    }
    return draft;
  };
  Region region(seed, region_options);
  if (!region.generate_key()) return fail("no key was generated");
  for (const std::string& party : contributor_names()) {
    const std::string csv =
        read(std::filesystem::path(options.at("--input")) / party / "movements.csv");
    if (csv.empty()) return fail("no records of " + party);
    if (!region.import(party, csv)) return fail("the import failed at " + party);
  }
  std::optional<nlohmann::json> answer;
  if (options.contains("--questions"))
    answer = ask_all(region, read(options.at("--questions")), seed);
  else
    answer = region.ask(question_id(seed));
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
  const auto words = hedgerow::simulation::named_words(
      argc, argv, {"--input", "--agreement-out", "--answer-out", "--seed"});
  return words ? hedgerow::simulation::run(*words) : 64;
}
