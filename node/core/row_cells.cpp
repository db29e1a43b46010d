#include "node/core/row_cells.h"

#include <algorithm>

#include "policies/dimension.h"

namespace hedgerow::core {

namespace {

// A stored code of one vocabulary: its place in the list from 1, 0 where none is given.
std::size_t stored_code(const store::MovementRow& row, policies::Vocabulary vocabulary) {
  switch (vocabulary) {
    case policies::Vocabulary::event:
      return row.event + std::size_t{1};
    case policies::Vocabulary::place_type:
      return row.place_type;
    case policies::Vocabulary::missing_risk:
      return row.missing_risk;
    case policies::Vocabulary::exploitation_risk:
      return row.exploitation_risk;
    case policies::Vocabulary::sex:
      return row.sex;
    case policies::Vocabulary::care_status:
      return row.care_status;
    case policies::Vocabulary::return_interview:
      return row.return_interview;
    case policies::Vocabulary::factors:
    case policies::Vocabulary::factor_certainty:
    case policies::Vocabulary::age_band:
      return 0;
  }
  return 0;
}

}  // namespace

Result<RowFilter> RowFilter::make(const policies::Table& table, const policies::CodeList& codes) {
  RowFilter filter;
  for (const auto& [name, admitted] : table.where) {
    const auto vocabulary = policies::parse_vocabulary(name);
    // Refused where the agreement is read; this is the second lock.
    if (!vocabulary || *vocabulary == policies::Vocabulary::factors ||
        *vocabulary == policies::Vocabulary::factor_certainty)
      return bad_input("the table filters on " + name + ", which is not counted by");
    Dimension dimension{*vocabulary, {false}, admitted};
    for (const auto& code : codes.codes(*vocabulary))
      dimension.admitted.push_back(table.admits(name, code));
    filter.dimensions_.push_back(std::move(dimension));
  }
  return filter;
}

bool RowFilter::admits(const store::MovementRow& row) const {
  return std::all_of(dimensions_.begin(), dimensions_.end(), [&](const Dimension& d) {
    if (d.vocabulary == policies::Vocabulary::age_band)
      return row.age && std::find(d.words.begin(), d.words.end(), policies::age_band(*row.age)) !=
                            d.words.end();
    const std::size_t code = stored_code(row, d.vocabulary);
    return code < d.admitted.size() && d.admitted[code];
  });
}

RowCells::RowCells(const policies::CellSpace& space, const policies::CodeList& codes)
    : space_(space), codes_(codes) {
  for (std::size_t d = 0; d < space.dimensions().size(); ++d)
    vocabularies_.push_back(policies::dimension_vocabulary(space.dimensions()[d].name));
  for (std::size_t d = 0; d < vocabularies_.size(); ++d) {
    const auto vocabulary = vocabularies_[d];
    auto& known = coordinates_.emplace_back();
    if (!vocabulary) continue;
    known.push_back(space.code_coordinate(d, ""));
    for (const auto& code : codes.codes(*vocabulary))
      known.push_back(space.code_coordinate(d, code));
  }
  at_.resize(vocabularies_.size());
}

Result<std::size_t> RowCells::cell_of(const store::MovementRow& row) {
  for (std::size_t d = 0; d < vocabularies_.size(); ++d) {
    const auto coordinate = coordinate_of(d, row);
    if (!coordinate) return bad_input("a row falls into no cell of the table");
    at_[d] = *coordinate;
  }
  return space_.index(at_);
}

std::optional<std::size_t> RowCells::coordinate_of(std::size_t d,
                                                   const store::MovementRow& row) const {
  if (!vocabularies_[d]) {
    // One cell for the whole region, of the links that are not by place.
    if (space_.dimensions()[d].name == policies::kRegionDimension) return 0;
    const bool origin = space_.dimensions()[d].name == "origin";
    return space_.place_coordinate(codes_, d, origin ? row.origin : row.destination);
  }
  if (*vocabularies_[d] == policies::Vocabulary::age_band)
    return space_.code_coordinate(d, row.age ? policies::age_band(*row.age) : "");
  const std::size_t code = stored_code(row, *vocabularies_[d]);
  // A code that this list does not have, from a store of another one, is as good as none.
  return coordinates_[d][code < coordinates_[d].size() ? code : 0];
}

}  // namespace hedgerow::core
