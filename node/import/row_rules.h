// The rules of one movement row (formats.md, Records): cells to a typed row or problems.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "node/import/csv_table.h"
#include "node/import/places.h"
#include "node/import/rows.h"

namespace hedgerow::import {

// What a row came to. Holds the row's NHS number, which wipes itself, and no other identifier.
struct RowOutcome {
  enum class Kind : std::uint8_t { good, refused, old };
  Kind kind = Kind::refused;
  ParsedMovement movement;            // where good; `identifier` and `case_ref` are not yet set
  std::optional<NhsNumber> number;    // where good
  bool ambiguous_area = false;        // a former district code that was split
  bool other_day_area = false;        // a district code not in use on the day
  std::size_t unknown_postcodes = 0;  // cells
  std::vector<Problem> problems;      // where refused, in the order of Column
};

// Checks every cell, so that one reading of the file shows all that is wrong with it. Duplicates
// and the case reference's sealing, which need more than the row, are the caller's.
RowOutcome check_row(const ParseContext& context, Places& places, const ColumnPositions& positions,
                     const CsvLine& cells, std::size_t line);

// What both kinds of import do with a date of birth: age and month of majority. Nothing where the
// row is sound; otherwise birth_after_event or adult_at_event.
std::optional<Rule> set_birth(ParsedMovement& movement, policies::Day born, policies::Day started);

}  // namespace hedgerow::import
