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
  std::vector<std::string> codes;
};

class CellSpace {
 public:
  // bad_input where it would hold more than kMaxCellsPerGrant cells, where the code list is not
  // the one the agreement pins, where a place is asked for and no party has an area, or where the
  // table is by something that is no dimension.
  static Result<CellSpace> make(const Agreement& agreement, const Table& table,
                                const CodeList& codes);

  std::size_t size() const { return size_; }
  std::span<const Dimension> dimensions() const { return dimensions_; }  // in the table's order
  PlaceLevel place_level() const { return level_; }
  // SHA-256 of the canonical encoding: "hedgerow/v1/cells", code list hash, table name, question,
  // level, measure, filters, then each dimension's name and codes. Two nodes with the same hash
  // mean the same cells by the same indices.
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
  std::vector<Dimension> dimensions_;
  std::size_t size_ = 0;
  PlaceLevel level_ = PlaceLevel::district;
  Sha256 hash_;
};

}  // namespace hedgerow::policies
