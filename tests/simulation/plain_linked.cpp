#include "tests/simulation/plain_linked.h"

#include <algorithm>

#include "tests/simulation/plain.h"

namespace hedgerow::simulation {

namespace {

// Who knows which child, and when it was missing.
struct Known {
  std::map<std::size_t, std::set<std::string>> agencies, days;
  std::map<std::string, std::size_t> children;  // by agency

  void add(const std::string& agency, const Row& r) {
    if (agencies[r.child].insert(agency).second) ++children[agency];
    days[r.child].insert(r.day);
  }
  std::size_t at_least(std::size_t n) const {
    return static_cast<std::size_t>(std::count_if(
        agencies.begin(), agencies.end(), [&](const auto& c) { return c.second.size() >= n; }));
  }
  std::size_t missing(std::size_t times) const {
    return static_cast<std::size_t>(std::count_if(
        days.begin(), days.end(), [&](const auto& c) { return c.second.size() >= times; }));
  }
  std::size_t of_both(const std::string& a, const std::string& b) const {
    return static_cast<std::size_t>(
        std::count_if(agencies.begin(), agencies.end(),
                      [&](const auto& c) { return c.second.contains(a) && c.second.contains(b); }));
  }
  bool may_show(const LinkedShape& t) const {
    const std::uint64_t agreed = std::max<std::uint64_t>(1, t.min_agencies);
    const std::uint64_t floor = (t.min_children + agreed - 1) / agreed;
    std::uint64_t k = 0, z = 0;
    for (const auto& [agency, n] : children) ++(n >= floor ? k : z);
    return k >= agreed && (k >= 2 || z == 0);
  }
};
using Cells = std::map<std::string, Known>;  // of places, by destination; else one, ""

bool counts(const LinkedShape& table, const Row& r, const std::string& period) {
  const auto [first, last] = days_of(period);
  if (r.event != table.event || r.day > last) return false;
  return r.day >= (table.question == "repeat-missing" ? window_of(period) : first);
}

Cells cells_of(const Shape& shape, const LinkedShape& table,
               const std::map<std::string, Rows>& rows, const std::string& period) {
  Cells cells;
  for (const auto& [agency, held] : rows) {
    std::set<std::string> with_number;
    for (const auto& [source, r] : held)
      if (r.with_number) with_number.insert(r.reference);
    for (const auto& [source, r] : held)
      if (counts(table, r, period) && with_number.contains(r.reference))
        cells[table.question == "places" ? coordinate(shape.areas(), r.destination) : ""].add(
            agency, r);
  }
  return cells;
}

struct Figure {
  std::size_t value = 0;
  bool shown = false;
  bool zero = false;
};

// By the name of the cell.
std::map<std::string, Figure> figures_of(const Shape& shape, const LinkedShape& table,
                                         Cells cells) {
  std::map<std::string, Figure> out;
  if (table.question == "places") {
    auto names = shape.areas();
    for (const char* other : {"elsewhere", "outside-england", "unknown"}) names.push_back(other);
    for (const std::string& name : names) {
      const Known& known = cells[name];
      const std::size_t n = known.at_least(1);
      out[name] = {n, n >= table.min_children && known.may_show(table), table.true_zero && n == 0};
    }
    return out;
  }
  const Known& known = cells[""];
  const bool may = known.may_show(table);
  const auto contributors = shape.contributors();
  if (table.question == "repeat-missing") {
    const std::size_t n = known.missing(kTimes);
    out["all"] = {n, may && n >= table.min_children, false};
  } else if (table.by_agency) {
    for (std::size_t i = 0; i < contributors.size(); ++i)
      for (std::size_t j = i + 1; j < contributors.size(); ++j) {
        const auto [a, b] = std::minmax(contributors[i], contributors[j]);
        const std::size_t n = known.of_both(a, b);
        out[a + "+" + b] = {n, may && n >= table.min_children, false};
      }
  } else {
    std::optional<std::size_t> before;
    for (std::size_t k = 1; k <= contributors.size(); ++k) {
      const std::size_t n = known.at_least(k);
      const bool shown =
          may && n >= table.min_children && (!before || *before - n >= table.min_children);
      if (shown) before = n;
      out[std::to_string(k) + "-or-more"] = {n, shown, false};
    }
  }
  return out;
}

std::string name_of(const nlohmann::json& cell) {
  for (const char* dimension : {"destination", "agencies", "agency-pair", "region"})
    if (cell.contains(dimension)) return cell.at(dimension);
  return {};
}

}  // namespace

std::vector<std::string> check_linked(const Shape& shape, const LinkedShape& table,
                                      const std::map<std::string, Rows>& rows,
                                      const nlohmann::json& period, std::size_t& released) {
  const std::string label = period.at("period");
  const auto figures = figures_of(shape, table, cells_of(shape, table, rows, label));
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const auto& cell : period.at("cells")) {
    const std::string name = name_of(cell);
    const std::string what = table.id + " " + label + " " + name + ": ";
    if (!seen.insert(name).second || !figures.contains(name)) {
      out.push_back(what + "not a cell, or twice");
      continue;
    }
    const Figure& f = figures.at(name);
    std::string should = f.zero ? "zero 0" : "suppressed null";
    if (f.shown)
      should = "released " + std::to_string((2 * f.value + table.round_to) / (2 * table.round_to) *
                                            table.round_to);
    const std::string is = cell.at("status").get<std::string>() + " " + cell.at("value").dump();
    if (is != should) out.push_back(what + is + ", not " + should);
    if (f.shown) ++released;
  }
  if (seen.size() != figures.size()) out.push_back(table.id + ": cells are missing");
  return out;
}

}  // namespace hedgerow::simulation
