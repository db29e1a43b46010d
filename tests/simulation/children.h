// Made-up records of a small region, and the answer as a person would compute it with all records
// on one table: disclosure.md rules 4 and 5 by their text, with no code of the product.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace hedgerow::simulation {

struct Row {
  std::size_t child = 0;    // who it is really about
  bool with_number = true;  // the row holds the NHS number
  std::string reference;    // child_ref
  std::string event = "missing";
  std::string day;
  std::string origin, destination;
  std::string source = {};  // source_ref; empty: its place in the file
};

using Records = std::map<std::string, std::vector<Row>>;  // by agency

// A number of the range 999, which is never issued.
std::string nhs_number(std::size_t child);

// A few hot cells among 256: some that several agencies know well, some that one knows well and
// nobody else, some that one knows well and another a little (suppressed by Z), some too thin; rows
// of other events, other quarters, other places; children without number, and with two references
// at one agency. `children`: how many there are at least 40, at most 4000.
Records make_records(std::uint64_t seed, std::size_t children);
std::string to_csv(const std::vector<Row>& rows);

struct PlainCell {
  std::uint64_t figure = 0, k = 0, z = 0;
  bool released = false;
  std::uint64_t value = 0;  // rounded
};
struct PlainAnswer {
  std::map<std::pair<std::string, std::string>, PlainCell> cells;  // those with any row
  std::size_t released = 0;
  std::size_t suppressed = 0;  // although there are rows
  std::size_t by_z = 0;        // of these
};
// The agreement's thresholds, unless a contributor's own officer has raised them.
struct PlainRule {
  std::uint64_t min_children = 8, min_agencies = 1, round_to = 5;
};
PlainAnswer compute_plainly(const Records& records, const PlainRule& rule = {});

// What the product's answer ("hedgerow/answer/1") says otherwise; empty: nothing.
std::vector<std::string> differences(const nlohmann::json& answer, const PlainAnswer& plain);

}  // namespace hedgerow::simulation
