#include "policies/cells.h"

#include <algorithm>
#include <set>

#include "crypto/domains.h"
#include "crypto/hash.h"

namespace hedgerow::policies {
namespace {

std::vector<std::string> place_codes(const Agreement& agreement, PlaceLevel level,
                                     const CodeList& codes) {
  std::set<std::string> areas;
  for (const auto& party : agreement.parties)
    for (const auto& area : party.areas)
      for (const auto& district : codes.districts_of(area))
        if (const auto at_level = codes.district_at(district, level)) areas.insert(*at_level);
  return {areas.begin(), areas.end()};
}

Sha256 hash_of(const CodeList& codes, const Table& table,
               const std::vector<Dimension>& dimensions) {
  Writer out;
  out.text(kDomainCells).raw(codes.hash().view()).text(table.name);
  out.u8(static_cast<std::uint8_t>(table.question));
  out.u8(static_cast<std::uint8_t>(table.place_level));
  out.u8(static_cast<std::uint8_t>(table.measure));
  out.u32(static_cast<std::uint32_t>(table.where.size()));
  for (const auto& [dimension, filter] : table.where) {
    out.text(dimension).u32(static_cast<std::uint32_t>(filter.size()));
    for (const auto& code : filter) out.text(code);
  }
  out.u32(static_cast<std::uint32_t>(dimensions.size()));
  for (const auto& dimension : dimensions) {
    out.text(dimension.name).u32(static_cast<std::uint32_t>(dimension.codes.size()));
    for (const auto& code : dimension.codes) out.text(code);
  }
  return sha256_id(out.data());
}

}  // namespace

Result<CellSpace> CellSpace::make(const Agreement& agreement, const Table& table,
                                  const CodeList& codes) {
  if (agreement.codes != codes.hash())
    return bad_input("the agreement pins other code lists than this node holds");
  auto places = place_codes(agreement, table.place_level, codes);
  if (places.empty()) return bad_input("no party has an area, so the table has no cells");
  for (const auto other : {kElsewhere, kOutsideEngland, kUnknown}) places.emplace_back(other);
  CellSpace space;
  space.level_ = table.place_level;
  space.size_ = 1;
  for (const auto& name : table.by) {
    if (name != "origin" && name != "destination")
      return bad_input("'" + name + "' is not a dimension of flows");
    if (space.size_ > kMaxCellsPerGrant / places.size())
      return bad_input("the table has more than " + std::to_string(kMaxCellsPerGrant) + " cells",
                       "a higher place_level has fewer");
    space.size_ *= places.size();
    space.dimensions_.push_back({name, places});
  }
  space.hash_ = hash_of(codes, table, space.dimensions_);
  return space;
}

std::size_t CellSpace::index(std::span<const std::size_t> coordinates) const {
  HR_CHECK(coordinates.size() == dimensions_.size());
  std::size_t index = 0;
  for (std::size_t i = 0; i < dimensions_.size(); ++i) {
    HR_CHECK(coordinates[i] < dimensions_[i].codes.size());
    index = index * dimensions_[i].codes.size() + coordinates[i];
  }
  return index;
}

std::vector<std::size_t> CellSpace::coordinates(std::size_t index) const {
  HR_CHECK(index < size_);
  std::vector<std::size_t> coordinates(dimensions_.size());
  for (std::size_t i = dimensions_.size(); i-- > 0;) {
    coordinates[i] = index % dimensions_[i].codes.size();
    index /= dimensions_[i].codes.size();
  }
  return coordinates;
}

std::vector<std::string> CellSpace::codes_at(std::size_t index) const {
  const auto at = coordinates(index);
  std::vector<std::string> codes;
  for (std::size_t i = 0; i < at.size(); ++i) codes.push_back(dimensions_[i].codes[at[i]]);
  return codes;
}

std::size_t CellSpace::index_of_flow(const CodeList& codes, std::string_view origin,
                                     std::string_view destination) const {
  std::vector<std::size_t> at;
  for (const auto& dimension : dimensions_)
    at.push_back(
        place_coordinate(codes, dimension, dimension.name == "origin" ? origin : destination));
  return index(at);
}

std::size_t CellSpace::place_coordinate(const CodeList& codes, const Dimension& dimension,
                                        std::string_view place) const {
  const std::size_t elsewhere = dimension.codes.size() - 3;
  if (place == kOutsideEngland) return elsewhere + 1;
  const auto area = codes.district_at(place, level_);
  if (!area) return elsewhere + 2;
  const auto end = dimension.codes.begin() + static_cast<std::ptrdiff_t>(elsewhere);
  const auto found = std::lower_bound(dimension.codes.begin(), end, *area);
  if (found == end || *found != *area) return elsewhere;
  return static_cast<std::size_t>(found - dimension.codes.begin());
}

}  // namespace hedgerow::policies
