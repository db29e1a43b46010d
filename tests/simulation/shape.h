// What a region is made of: its parties and their roles, and what its agreement says. A few shapes
// from which seeds draw, and the standard one, which is the shipped template filled in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hedgerow::simulation {

inline constexpr std::string_view kHub = "vale-partnership";

struct PartyShape {
  std::string name;
  bool contributor = false;
  bool keyholder = false;
  bool scrutineer = false;
  std::string area;  // a district; may be empty
  bool mixer = false;

  friend bool operator==(const PartyShape&, const PartyShape&) = default;
};

struct Quotas {
  std::uint64_t imports = 20'000;
  std::uint64_t daily = 500;
  friend bool operator==(const Quotas&, const Quotas&) = default;
};

// One table: flows of one event by origin and destination, each quarter.
struct GrantShape {
  std::string id, purpose, table, event;
  bool only_first_home = false;  // its analyst alone may ask; else every party's
  bool children = false;         // measure
  std::uint32_t min_children = 2, min_agencies = 1, round_to = 1;
  bool true_zero = false;
  friend bool operator==(const GrantShape&, const GrantShape&) = default;
};

// One linked table over one event, each quarter, in a grant of the same name.
struct LinkedShape {
  std::string id;
  std::string question;  // places, by destination; overlap; or repeat-missing, of two or more
  std::string event;
  bool by_agency = false;  // overlap
  std::uint32_t min_children = 3, min_agencies = 2, round_to = 1;
  bool true_zero = false;
  std::uint32_t entries = 32;
  friend bool operator==(const LinkedShape&, const LinkedShape&) = default;
};
inline constexpr std::uint32_t kCellsPerChild = 16, kEpisodesPerChild = 16;
inline constexpr std::uint32_t kTimes = 2;
inline constexpr std::int64_t kWithinDays = 90;

struct Shape {
  std::string name;
  std::vector<PartyShape> parties;  // the hub first
  unsigned threshold = 2;
  Quotas quotas;
  std::vector<GrantShape> grants;
  std::vector<LinkedShape> linked;
  std::vector<std::string> homes;  // have an analyst each
  bool from_template = false;      // the agreement is the template's, whatever stands above
  bool traces = false;             // grants them, to a practitioner and an approver of each home

  std::vector<std::string> names() const;
  std::vector<std::string> contributors() const;
  std::vector<std::string> keyholders() const;
  std::vector<std::string> areas() const;
  friend bool operator==(const Shape&, const Shape&) = default;
};

// Five parties, of which four contribute and hold the key.
Shape standard_shape(const Quotas& quotas);

// Those that seeds draw from: five to nine parties.
inline constexpr std::size_t kShapes = 8;
const Shape& shape(std::size_t number);
// Small ones more often than large ones.
std::size_t draw_shape(std::uint64_t dice);

// The same region with mixers and a table of each linked question (of repeat-missing, where no
// flows are of that event).
Shape with_links(const Shape& shape);
// The same region with a grant of traces, of kTracesADay a day at each responder.
inline constexpr std::uint32_t kTracesADay = 4;
inline constexpr std::string_view kTraceHistory = "P6M";
Shape with_traces(const Shape& shape);
// A region of that many contributors (3 to 8) for linked tables, each over an event of its own.
Shape linking_shape(std::size_t contributors);

}  // namespace hedgerow::simulation
