#include "tests/simulation/children.h"

#include <algorithm>
#include <random>
#include <set>

namespace hedgerow::simulation {

namespace {

constexpr const char* kFirstDay = "2026-07-01";
constexpr const char* kLastDay = "2026-09-30";

const std::vector<std::string>& districts() {
  static const std::vector<std::string> codes = {
      "E06000036", "E06000037", "E06000038", "E06000039", "E06000040", "E06000041", "E06000042",
      "E06000060", "E07000177", "E07000178", "E07000179", "E07000180", "E07000181"};
  return codes;
}

const std::vector<std::string>& agencies() {
  static const std::vector<std::string> names = {"vale-council", "vale-health", "vale-police",
                                                 "vale-voice"};
  return names;
}

// Uniform enough for a test, and the same on every machine (std::uniform_int_distribution is not).
class RecordDice {
 public:
  explicit RecordDice(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }
  std::size_t between(std::size_t a, std::size_t b) { return a + below(b - a + 1); }
  template <class T>
  void shuffle(std::vector<T>& v) {
    for (std::size_t i = v.size(); i > 1; --i) std::swap(v[i - 1], v[below(i)]);
  }

 private:
  std::mt19937_64 engine_;
};

std::string two_digits(std::size_t n) { return (n < 10 ? "0" : "") + std::to_string(n); }

std::string day_in_period(RecordDice& dice) {
  return "2026-" + two_digits(dice.between(7, 9)) + "-" + two_digits(dice.between(1, 30));
}

// How many children each agency knows in a hot cell.
std::vector<std::size_t> pattern(std::size_t cell, RecordDice& dice) {
  const std::size_t first = dice.below(4);
  const std::size_t second = (first + dice.between(1, 3)) % 4;
  std::vector<std::size_t> known(4, 0);
  known[first] = dice.between(8, 12);
  switch (cell % 4) {
    case 0:  // two agencies above the floor, the others as it happens
      for (auto& n : known) n = std::max(n, dice.below(8));
      known[second] = dice.between(8, 11);
      break;
    case 1:  // one agency alone
      break;
    case 2:  // one above, another below: Z
      known[second] = dice.between(1, 7);
      break;
    default:  // nobody above
      for (auto& n : known) n = dice.below(8);
      break;
  }
  return known;
}

Row make_row(std::size_t agency, std::size_t child, RecordDice& dice) {
  Row row;
  row.child = child;
  const std::string base = agencies()[agency].substr(5, 3) + std::to_string(child);
  // Every ninth child stands under two references; some children have no number here.
  row.reference = child % 9 == 0 && dice.below(2) == 0 ? base + "b" : base;
  row.with_number = (child * 5 + agency) % 7 != 0 && dice.below(10) != 0;
  row.day = day_in_period(dice);
  return row;
}

std::string place(std::size_t n) {
  if (n < districts().size()) return districts()[n];
  if (n == districts().size()) return "E08000025";  // a district elsewhere
  return n == districts().size() + 1 ? "outside-england" : "";
}

// As cells name it.
std::string coordinate(const std::string& cell) {
  if (cell.empty()) return "unknown";
  if (cell == "outside-england") return cell;
  const auto& known = districts();
  return std::find(known.begin(), known.end(), cell) != known.end() ? cell : "elsewhere";
}

}  // namespace

std::string nhs_number(std::size_t child) {
  std::size_t serial = 100'000 + child * 7;
  for (;; ++serial) {
    const std::string nine = "999" + std::to_string(serial);
    std::size_t sum = 0;
    for (std::size_t i = 0; i < 9; ++i) sum += (10 - i) * static_cast<std::size_t>(nine[i] - '0');
    const std::size_t check = (11 - sum % 11) % 11;
    if (check != 10) return nine + std::to_string(check);
  }
}

Records make_records(std::uint64_t seed, std::size_t children) {
  RecordDice dice(seed * 0x9E3779B97F4A7C15ULL + 1);
  std::vector<std::size_t> cells(16 * 16);
  for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = i;
  dice.shuffle(cells);
  const std::size_t hot = std::clamp<std::size_t>(children / 10, 12, 40);
  std::vector<std::size_t> everyone(children);
  for (std::size_t i = 0; i < children; ++i) everyone[i] = i;
  Records records;
  for (std::size_t i = 0; i < hot; ++i) {
    const std::string origin = place(cells[i] / 16), destination = place(cells[i] % 16);
    dice.shuffle(everyone);
    const auto known = pattern(i, dice);
    for (std::size_t a = 0; a < 4; ++a)
      for (std::size_t c = 0; c < known[a]; ++c) {
        const std::size_t repeats = dice.below(4) == 0 ? 2 : 1;
        for (std::size_t r = 0; r < repeats; ++r) {
          Row row = make_row(a, everyone[c], dice);
          row.origin = origin;
          row.destination = destination;
          records[agencies()[a]].push_back(std::move(row));
        }
      }
  }
  // What must not count: another event, another quarter.
  for (std::size_t a = 0; a < 4; ++a)
    for (std::size_t i = 0; i < 12; ++i) {
      Row row = make_row(a, dice.below(children), dice);
      row.origin = place(cells[i] / 16);
      row.destination = place(cells[i] % 16);
      if (i % 2 == 0)
        row.event = "away-without-authorisation";
      else
        row.day = i % 4 == 1 ? "2026-06-30" : "2026-10-01";
      records[agencies()[a]].push_back(std::move(row));
    }
  for (auto& [agency, rows] : records) dice.shuffle(rows);
  return records;
}

std::string to_csv(const std::vector<Row>& rows) {
  std::string text =
      "nhs_number,child_ref,date_of_birth,source_ref,event,started_at,origin,destination\n";
  std::size_t number = 0;
  for (const Row& r : rows) {
    text += (r.with_number ? nhs_number(r.child) : std::string()) + "," + r.reference + ",2012-0" +
            std::to_string(1 + r.child % 9) + "-15," +
            (r.source.empty() ? "S" + std::to_string(++number) : r.source) + "," + r.event + "," +
            r.day + "," + r.origin + "," + r.destination + "\n";
  }
  return text;
}

PlainAnswer compute_plainly(const Records& records, const PlainRule& rule) {
  PlainAnswer answer;
  for (const auto& [agency, rows] : records) {
    std::set<std::string> references_with_number;
    for (const Row& r : rows)
      if (r.with_number) references_with_number.insert(r.reference);
    std::map<std::pair<std::string, std::string>, std::set<std::string>> present;
    for (const Row& r : rows) {
      if (r.event != "missing" || r.day < kFirstDay || r.day > kLastDay) continue;
      const auto cell = std::pair(coordinate(r.origin), coordinate(r.destination));
      ++answer.cells[cell].figure;
      present[cell].insert(references_with_number.contains(r.reference)
                               ? "child " + std::to_string(r.child)
                               : "reference " + r.reference);
    }
    for (const auto& [cell, children] : present)
      ++(children.size() >= rule.min_children ? answer.cells[cell].k : answer.cells[cell].z);
  }
  for (auto& [cell, c] : answer.cells) {
    c.released = c.k >= rule.min_agencies && (c.k >= 2 || c.z == 0);
    if (c.released) c.value = (2 * c.figure + rule.round_to) / (2 * rule.round_to) * rule.round_to;
    ++(c.released ? answer.released : answer.suppressed);
    if (c.k == 1 && c.z > 0) ++answer.by_z;
  }
  return answer;
}

std::vector<std::string> differences(const nlohmann::json& answer, const PlainAnswer& plain) {
  std::vector<std::string> out;
  if (answer.value("schema", "") != "hedgerow/answer/1") out.push_back("not an answer");
  const auto& periods = answer.at("periods");
  if (periods.size() != 1 || periods[0].at("period") != "2026-Q3")
    return {"not the one period that was asked for"};
  const auto& cells = periods[0].at("cells");
  if (cells.size() != 256) out.push_back(std::to_string(cells.size()) + " cells, not 256");
  std::set<std::pair<std::string, std::string>> seen;
  for (const auto& cell : cells) {
    const std::pair key(cell.at("origin").get<std::string>(),
                        cell.at("destination").get<std::string>());
    seen.insert(key);
    const auto it = plain.cells.find(key);
    const bool released = it != plain.cells.end() && it->second.released;
    const bool same = released
                          ? cell.at("status") == "released" && cell.at("value") == it->second.value
                          : cell.at("status") == "suppressed" && cell.at("value").is_null();
    if (!same)
      out.push_back(key.first + " -> " + key.second + ": " + cell.dump() + ", expected " +
                    (released ? std::to_string(it->second.value) : "nothing"));
  }
  if (seen.size() != cells.size()) out.push_back("a cell comes twice");
  for (const auto& [key, cell] : plain.cells)
    if (!seen.contains(key)) out.push_back(key.first + " -> " + key.second + " is missing");
  return out;
}

}  // namespace hedgerow::simulation
