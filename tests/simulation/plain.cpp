#include "tests/simulation/plain.h"

#include <algorithm>
#include <charconv>

#include "tests/simulation/plain_linked.h"

namespace hedgerow::simulation {

namespace {

constexpr std::string_view kFile = "import-";

std::size_t import_of(const SeenEntry& s) {
  std::size_t n = 0;
  std::from_chars(s.note.data() + kFile.size(), s.note.data() + s.note.size(), n);
  return n;
}

// As they stood when the period was frozen, or at the end where `period` is empty; nothing where it
// was not frozen.
std::optional<Rows> rows_of(const Region& region, const Scenario& scenario,
                            const std::string& party, const std::string& grant,
                            const std::string& period) {
  Rows rows;
  for (const SeenEntry* s : region.witness().effective(party)) {
    if (s->entry.kind == "import")
      for (const Row& row : scenario.imports.at(import_of(*s)).rows) rows[row.source] = row;
    if (s->entry.kind == "period.frozen" && s->entry.field("grant") == grant &&
        s->entry.field("period") == period)
      return rows;
  }
  if (!period.empty()) return std::nullopt;
  return rows;
}

// As they stood when the party's directory was made; nothing where none was.
std::optional<Rows> rows_of_directory(const Region& region, const Scenario& scenario,
                                      const std::string& party) {
  Rows rows;
  for (const SeenEntry* s : region.witness().effective(party)) {
    if (s->entry.kind == "import")
      for (const Row& row : scenario.imports.at(import_of(*s)).rows) rows[row.source] = row;
    if (s->entry.kind == "trace.directory") return rows;
  }
  return std::nullopt;
}

struct Cell {
  std::uint64_t reports = 0, children = 0, k = 0, z = 0;
};
using Cells = std::map<std::pair<std::string, std::string>, Cell>;

void add(Cells& cells, const Rows& rows, const Shape& shape, const GrantShape& grant,
         const std::string& period) {
  const auto areas = shape.areas();
  const auto [first, last] = days_of(period);
  std::set<std::string> with_number;
  for (const auto& [source, r] : rows)
    if (r.with_number) with_number.insert(r.reference);
  std::map<std::pair<std::string, std::string>, std::set<std::string>> present;
  for (const auto& [source, r] : rows) {
    if (r.event != grant.event || r.day < first || r.day > last) continue;
    const auto cell = std::pair(coordinate(areas, r.origin), coordinate(areas, r.destination));
    ++cells[cell].reports;
    present[cell].insert(with_number.contains(r.reference) ? "child " + std::to_string(r.child)
                                                           : "reference " + r.reference);
  }
  for (const auto& [cell, children] : present) {
    cells[cell].children += children.size();
    ++(children.size() >= grant.min_children ? cells[cell].k : cells[cell].z);
  }
}

std::string expected(const Cell& c, const GrantShape& grant) {
  const std::uint64_t agencies = std::max<std::uint64_t>(1, grant.min_agencies);
  if (c.k >= agencies && (c.k >= 2 || c.z == 0)) {
    const std::uint64_t figure = grant.children ? c.children : c.reports;
    return "released " +
           std::to_string((2 * figure + grant.round_to) / (2 * grant.round_to) * grant.round_to);
  }
  return grant.true_zero && c.reports == 0 ? "zero 0" : "suppressed null";
}

std::vector<std::string> check_period(const Region& region, const Scenario& scenario,
                                      const GrantShape& grant, const nlohmann::json& period,
                                      std::size_t& released) {
  const Shape& shape = region.shape();
  const std::string label = period.at("period");
  Cells cells;
  for (const std::string& party : shape.contributors()) {
    const auto rows = rows_of(region, scenario, party, grant.id, label);
    if (!rows) return {"an answer about " + label + ", which " + party + " has not frozen"};
    add(cells, *rows, shape, grant, label);
  }
  std::vector<std::string> out;
  const std::size_t side = shape.areas().size() + 3;
  if (period.at("cells").size() != side * side) out.push_back("a wrong number of cells");
  std::set<std::pair<std::string, std::string>> seen;
  for (const auto& cell : period.at("cells")) {
    const std::pair key(cell.at("origin").get<std::string>(),
                        cell.at("destination").get<std::string>());
    seen.insert(key);
    const std::string is = cell.at("status").get<std::string>() + " " + cell.at("value").dump();
    const std::string should = expected(cells[key], grant);
    if (is != should)
      out.push_back(label + " " + key.first + " -> " + key.second + ": " + is + ", not " + should);
    if (is.starts_with("released")) ++released;
  }
  for (const auto& [key, cell] : cells)
    if (!seen.contains(key)) out.push_back(key.first + " -> " + key.second + " is missing");
  return out;
}

std::vector<std::string> check_linked_period(const Region& region, const Scenario& scenario,
                                             const LinkedShape& table, const nlohmann::json& period,
                                             std::size_t& released) {
  const std::string label = period.at("period");
  std::map<std::string, Rows> all;
  for (const std::string& party : region.shape().contributors()) {
    const auto rows = rows_of(region, scenario, party, table.id, label);
    if (!rows) return {"an answer about " + label + ", which " + party + " has not frozen"};
    all[party] = *rows;
  }
  return check_linked(region.shape(), table, all, period, released);
}

}  // namespace

std::pair<std::string, std::string> days_of(const std::string& quarter) {
  if (quarter == "2026-Q2") return {"2026-04-01", "2026-06-30"};
  return {"2026-07-01", "2026-09-30"};
}

std::string window_of(const std::string& quarter) {
  return quarter == "2026-Q2" ? "2026-04-02" : "2026-07-03";
}

std::string coordinate(const std::vector<std::string>& areas, const std::string& place) {
  if (place.empty()) return "unknown";
  if (place == "outside-england") return place;
  return std::find(areas.begin(), areas.end(), place) != areas.end() ? place : "elsewhere";
}

std::string file_name(std::size_t import) {
  return std::string(kFile) + std::to_string(import) + ".csv";
}

std::map<std::string, std::size_t> plain_row_counts(const Region& region,
                                                    const Scenario& scenario) {
  std::map<std::string, std::size_t> out;
  for (const std::string& party : region.shape().contributors())
    out[party] = rows_of(region, scenario, party, "", "")->size();
  return out;
}

std::vector<std::string> check_answer(const Region& region, const Scenario& scenario,
                                      const Ask& ask, const nlohmann::json& answer,
                                      std::size_t& released) {
  std::vector<std::string> periods = {ask.from.empty() ? std::string(kPeriod) : ask.from};
  if (!ask.to.empty() && ask.to != periods[0]) periods.push_back(ask.to);
  const auto& given = answer.at("periods");
  bool same = given.size() == periods.size();
  for (std::size_t i = 0; same && i < periods.size(); ++i)
    same = given[i].at("period") == periods[i];
  if (!same) return {"an answer about other periods than asked"};
  std::vector<std::string> out;
  for (const auto& period : given)
    for (auto& text :
         ask.linked ? check_linked_period(region, scenario, region.shape().linked.at(*ask.linked),
                                          period, released)
                    : check_period(region, scenario, region.shape().grants.at(ask.grant), period,
                                   released))
      out.push_back(std::move(text));
  return out;
}

// What the grant's history reaches back to, from kBeginning's day.
static constexpr std::string_view kSharedSince = "2026-05-22";

// Whether an agency with these rows has something to share about the child.
static bool shares(const Rows& rows, std::size_t child) {
  std::set<std::string> numbered;
  for (const auto& [source, r] : rows)
    if (r.with_number) numbered.insert(r.reference);
  return std::ranges::any_of(rows, [&](const auto& held) {
    const Row& r = held.second;
    return r.child == child && r.day >= kSharedSince &&
           (r.with_number || numbered.contains(r.reference));
  });
}

std::vector<std::string> check_traced(const Region& region, const Scenario& scenario,
                                      const std::string& home, std::size_t child,
                                      const nlohmann::json& result) {
  std::vector<std::string> out;
  std::set<std::string> named;
  for (const auto& p : result.at("parties")) {
    const std::string party = p.at("party");
    const std::string status = p.at("status");
    named.insert(party);
    if (status == "not-reached" || status == "refused") continue;
    const auto rows = rows_of_directory(region, scenario, party);
    const bool known = rows && shares(*rows, child);
    if (status != (known ? "contact" : "nothing-to-share"))
      out.push_back("of child " + std::to_string(child) + " " + party + " should have said " +
                    (known ? "whom to ring" : "nothing") + ", and said " + status);
  }
  for (const std::string& party : region.shape().contributors())
    if (party != home && !named.contains(party))
      out.push_back("a trace's result does not name " + party);
  return out;
}

}  // namespace hedgerow::simulation
