// The cells of a table: enumerated from agreement and code list, never from data, so that all
// parties hold vectors of the same shape and an empty cell is nothing special.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "policies/agreement.h"
#include "policies/code_list.h"

namespace hedgerow::policies {

struct Dimension {
  std::string name;  // "origin"
  // A place: areas sorted, then elsewhere, outside-england, unknown. Otherwise the code list's, in
  // its order, as far as the table's filter admits them; then unknown, for rows without a code,
  // unless the dimension is filtered, every row has a code (event) or the list has its own unknown.
  // Of overlap and repeat-missing: as CellSpace::make says.
  std::vector<std::string> codes;
};

constexpr std::string_view kAgenciesDimension = "agencies";       // "1-or-more", "2-or-more", ...
constexpr std::string_view kAgencyPairDimension = "agency-pair";  // "vale-council+vale-police"
constexpr std::string_view kRegionDimension = "region";           // "all" alone

// How many pairs i < j of n things there are, and which number (from 0, row by row) one of them is.
constexpr std::size_t pair_count(std::size_t n) { return n < 2 ? 0 : n * (n - 1) / 2; }
constexpr std::size_t pair_index(std::size_t n, std::size_t i, std::size_t j) {
  return i * (2 * n - i - 1) / 2 + (j - i - 1);
}

// A code for people: a place's name, "known to 2 agencies or more", "vale-council and vale-police";
// else the code.
std::string code_in_words(const CodeList& codes, std::string_view dimension, std::string_view code);

class CellSpace {
 public:
  // The cells of an answer. Overlap: one for each number of agencies from 1 to the agreement's
  // contributors, or, by agency, one for each pair of them in ascending order. Repeat-missing: one.
  // bad_input where it would hold more than kMaxCellsPerGrant cells, where the code list is not
  // the one the agreement pins, where a place is asked for and no party has an area, where the
  // table is by something that is no dimension, or linked without bounds.
  static Result<CellSpace> make(const Agreement& agreement, const Table& table,
                                const CodeList& codes);
  // The cells that the entries of a linked table fall into: those of the answer for places, else
  // one for the whole region. bad_input as above, and of a table that is not linked.
  static Result<CellSpace> make_link_cells(const Agreement& agreement, const Table& table,
                                           const CodeList& codes);

  std::size_t size() const { return size_; }
  std::span<const Dimension> dimensions() const { return dimensions_; }  // in the table's order
  PlaceLevel place_level() const { return level_; }
  // SHA-256 of the canonical encoding: "hedgerow/v1/cells", code list hash, table name, question,
  // level, measure, filters, then each dimension's name and codes; of a linked table its bounds
  // after that. Two nodes with the same hash mean the same cells by the same indices.
  const Sha256& hash() const { return hash_; }

  // One coordinate a dimension, each below its number of codes; the last one runs fastest.
  std::size_t index(std::span<const std::size_t> coordinates) const;
  std::vector<std::size_t> coordinates(std::size_t index) const;
  std::vector<std::string> codes_at(std::size_t index) const;

  // Where a place falls in a place dimension: as index_of_flow says.
  std::size_t place_coordinate(const CodeList& codes, std::size_t dimension,
                               std::string_view place) const;
  // Where a code falls in a dimension that is no place; empty: the row has none. Nothing where no
  // cell is for it, which happens only to rows that the table's filter does not admit.
  std::optional<std::size_t> code_coordinate(std::size_t dimension, std::string_view code) const;

  // The cell of a row of flows. `origin` and `destination` are current district codes,
  // "outside-england", or anything else, which counts as unknown.
  std::size_t index_of_flow(const CodeList& codes, std::string_view origin,
                            std::string_view destination) const;

 private:
  static Result<CellSpace> of(std::vector<Dimension> dimensions, const Table& table,
                              const CodeList& codes);

  std::vector<Dimension> dimensions_;
  std::size_t size_ = 0;
  PlaceLevel level_ = PlaceLevel::district;
  Sha256 hash_;
};

}  // namespace hedgerow::policies
