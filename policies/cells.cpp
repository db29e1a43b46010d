#include "policies/cells.h"

#include <algorithm>
#include <set>

#include "crypto/domains.h"
#include "crypto/hash.h"
#include "policies/dimension.h"

namespace hedgerow::policies {
namespace {

constexpr std::string_view kOrMore = "-or-more";

std::vector<std::string> place_codes(const Agreement& agreement, PlaceLevel level,
                                     const CodeList& codes) {
  std::set<std::string> areas;
  for (const auto& party : agreement.parties)
    for (const auto& area : party.areas)
      for (const auto& district : codes.districts_of(area))
        if (const auto at_level = codes.district_at(district, level)) areas.insert(*at_level);
  return {areas.begin(), areas.end()};
}

Result<Dimension> make_place(const Agreement& agreement, const std::string& name,
                             const Table& table, const CodeList& codes) {
  auto places = place_codes(agreement, table.place_level, codes);
  if (places.empty()) return bad_input("no party has an area, so the table has no cells");
  for (const auto other : {kElsewhere, kOutsideEngland, kUnknown}) places.emplace_back(other);
  return Dimension{name, std::move(places)};
}

Result<Dimension> make_coded(const std::string& name, const Table& table, const CodeList& codes) {
  const auto vocabulary = dimension_vocabulary(name);
  if (!vocabulary) return bad_input("'" + name + "' is not a dimension");
  Dimension dimension{name, {}};
  bool has_unknown = false;
  for (const auto& code : codes.codes(*vocabulary)) {
    if (!table.admits(name, code)) continue;
    dimension.codes.push_back(code);
    has_unknown = has_unknown || code == kUnknown;
  }
  const bool always_given = *vocabulary == Vocabulary::event || table.where.contains(name);
  if (!has_unknown && !always_given) dimension.codes.emplace_back(kUnknown);
  if (dimension.codes.empty()) return bad_input("the filter on '" + name + "' admits nothing");
  return dimension;
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
  if (table.link)
    out.u32(table.link->entries)
        .u32(table.link->cells_per_child)
        .u32(table.link->episodes_per_child)
        .u32(table.link->times)
        .u32(table.link->within_days);
  return sha256_id(out.data());
}

Dimension make_agencies(const Agreement& agreement) {
  Dimension dimension{std::string(kAgenciesDimension), {}};
  for (std::size_t k = 1; k <= agreement.contributors().size(); ++k)
    dimension.codes.push_back(std::to_string(k) + std::string(kOrMore));
  return dimension;
}

Dimension make_pairs(const Agreement& agreement) {
  Dimension dimension{std::string(kAgencyPairDimension), {}};
  const auto contributors = agreement.contributors();
  for (std::size_t i = 0; i < contributors.size(); ++i)
    for (std::size_t j = i + 1; j < contributors.size(); ++j)
      dimension.codes.push_back(contributors[i].str() + "+" + contributors[j].str());
  return dimension;
}

Dimension the_region() { return {std::string(kRegionDimension), {"all"}}; }

Result<void> check_table(const Agreement& agreement, const Table& table, const CodeList& codes) {
  if (agreement.codes != codes.hash())
    return bad_input("the agreement pins other code lists than this node holds");
  if (is_linked(table.question) != table.link.has_value())
    return bad_input("a table has bounds if it is linked, and only then");
  if (is_linked(table.question) && agreement.contributors().size() < kMinContributors)
    return bad_input("a linked table needs " + std::to_string(kMinContributors) + " contributors");
  return {};
}

}  // namespace

std::string code_in_words(const CodeList& codes, std::string_view dimension,
                          std::string_view code) {
  if (is_place_dimension(dimension)) return std::string(place_name(codes, code));
  if (dimension == kAgenciesDimension) {
    const std::string k(code.substr(0, code.find('-')));
    return "known to " + k + (k == "1" ? " agency" : " agencies") + " or more";
  }
  if (dimension == kAgencyPairDimension) {
    const std::size_t plus = code.find('+');
    if (plus != std::string_view::npos)
      return "known to " + std::string(code.substr(0, plus)) + " and " +
             std::string(code.substr(plus + 1));
  }
  if (dimension == kRegionDimension) return "the region";
  return std::string(code);
}

Result<CellSpace> CellSpace::make(const Agreement& agreement, const Table& table,
                                  const CodeList& codes) {
  HR_TRY(check_table(agreement, table, codes));
  std::vector<Dimension> dimensions;
  switch (table.question) {
    case QuestionKind::flows:
    case QuestionKind::counts:
    case QuestionKind::places:
      for (const auto& name : table.by) {
        HR_ASSIGN(auto dimension, is_place_dimension(name)
                                      ? make_place(agreement, name, table, codes)
                                      : make_coded(name, table, codes));
        dimensions.push_back(std::move(dimension));
      }
      break;
    case QuestionKind::overlap:
      dimensions.push_back(table.by_agency() ? make_pairs(agreement) : make_agencies(agreement));
      break;
    case QuestionKind::repeat_missing:
      dimensions.push_back(the_region());
      break;
  }
  return of(std::move(dimensions), table, codes);
}

Result<CellSpace> CellSpace::make_link_cells(const Agreement& agreement, const Table& table,
                                             const CodeList& codes) {
  if (!is_linked(table.question)) return bad_input("the table is not linked");
  if (table.question == QuestionKind::places) return make(agreement, table, codes);
  HR_TRY(check_table(agreement, table, codes));
  return of({the_region()}, table, codes);
}

Result<CellSpace> CellSpace::of(std::vector<Dimension> dimensions, const Table& table,
                                const CodeList& codes) {
  CellSpace space;
  space.level_ = table.place_level;
  space.size_ = 1;
  for (auto& dimension : dimensions) {
    const std::size_t n = dimension.codes.size();
    if (space.size_ > kMaxCellsPerGrant / n)
      return bad_input("the table has more than " + std::to_string(kMaxCellsPerGrant) + " cells",
                       "a higher place_level, a filter or fewer dimensions make fewer");
    space.size_ *= n;
    space.dimensions_.push_back(std::move(dimension));
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
  for (std::size_t d = 0; d < dimensions_.size(); ++d)
    at.push_back(
        place_coordinate(codes, d, dimensions_[d].name == "origin" ? origin : destination));
  return index(at);
}

std::size_t CellSpace::place_coordinate(const CodeList& codes, std::size_t d,
                                        std::string_view place) const {
  const Dimension& dimension = dimensions_.at(d);
  HR_CHECK(is_place_dimension(dimension.name));
  const std::size_t elsewhere = dimension.codes.size() - 3;
  if (place == kOutsideEngland) return elsewhere + 1;
  const auto area = codes.district_at(place, level_);
  if (!area) return elsewhere + 2;
  const auto end = dimension.codes.begin() + static_cast<std::ptrdiff_t>(elsewhere);
  const auto found = std::lower_bound(dimension.codes.begin(), end, *area);
  if (found == end || *found != *area) return elsewhere;
  return static_cast<std::size_t>(found - dimension.codes.begin());
}

std::optional<std::size_t> CellSpace::code_coordinate(std::size_t d, std::string_view code) const {
  const auto& known = dimensions_.at(d).codes;
  const auto found = std::find(known.begin(), known.end(), code.empty() ? kUnknown : code);
  if (found == known.end()) return std::nullopt;
  return static_cast<std::size_t>(found - known.begin());
}

}  // namespace hedgerow::policies
