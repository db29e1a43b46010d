// The cells of a table: enumerated from agreement and code list, never from data, so that all
// parties hold vectors of the same shape and an empty cell is nothing special.
#pragma once

#include <cstddef>
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
  std::string name;                // "origin"
  std::vector<std::string> codes;  // areas sorted, then elsewhere, outside-england, unknown
};

class CellSpace {
 public:
  // bad_input where it would hold more than kMaxCellsPerGrant cells, where the code list is not
  // the one the agreement pins, or where no party has an area.
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

  // The cell of a row. `origin` and `destination` are current district codes, "outside-england",
  // or anything else, which counts as unknown.
  std::size_t index_of_flow(const CodeList& codes, std::string_view origin,
                            std::string_view destination) const;

 private:
  std::size_t place_coordinate(const CodeList& codes, const Dimension& dimension,
                               std::string_view place) const;

  std::vector<Dimension> dimensions_;
  std::size_t size_ = 0;
  PlaceLevel level_ = PlaceLevel::district;
  Sha256 hash_;
};

}  // namespace hedgerow::policies
