// The rules of one movement row (formats.md, Records): cells to a typed row or problems.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "node/import/csv_line.h"
#include "node/import/rows.h"

namespace hedgerow::import {

// Where each column stands in the file; none where the file does not have it.
using ColumnPositions = std::array<std::optional<std::size_t>, kColumns>;

// What a row came to. Holds the row's NHS number, which wipes itself, and no other identifier.
struct RowOutcome {
  enum class Kind : std::uint8_t { good, refused, old };
  Kind kind = Kind::refused;
  ParsedMovement movement;          // where good; `identifier` and `case_ref` are not yet set
  std::optional<NhsNumber> number;  // where good
  bool ambiguous_area = false;      // a former district code that was split
  bool other_day_area = false;      // a district code not in use on the day
  std::vector<Problem> problems;    // where refused, in the order of Column
};

// Checks every cell, so that one reading of the file shows all that is wrong with it. Duplicates
// and the case reference's sealing, which need more than the row, are the caller's.
RowOutcome check_row(const ParseContext& context, const ColumnPositions& positions,
                     const CsvLine& cells, std::size_t line);

// A column's cell, empty where the file does not have the column.
ByteView cell_of(const ColumnPositions& positions, const CsvLine& cells, Column column);

}  // namespace hedgerow::import
