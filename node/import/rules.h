// The rules a row is held to, by stable name. A problem names file, line, column and rule, and
// never a value (product.md, promise 1). Names are part of the interface: they are counted in
// reports, documented in docs/design/import.md, and do not change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hedgerow::import {

enum class Column : std::uint8_t {
  none,  // the whole row
  nhs_number,
  child_ref,
  date_of_birth,
  source_ref,
  event,
  started_at,
  ended_at,
  origin,
  destination,
  place_type,
  missing_risk,
  exploitation_risk,
  factors,
  sex,
  care_status,
  return_interview,
  case_ref,
  // of the SSDA903 return and its crosswalk
  return_child,
  return_sex,
  return_birth,
  decom,
  rne,
  legal_status,
  placement,
  dec,
  home_post,
  pl_post,
  missing,
  mis_start,
  mis_end,
  crosswalk_number,
};
inline constexpr std::size_t kColumns =
    std::size_t{1} + static_cast<std::size_t>(Column::case_ref);  // movements'; none included
inline constexpr std::size_t kAllColumns =
    std::size_t{1} + static_cast<std::size_t>(Column::crosswalk_number);

enum class Rule : std::uint8_t {
  // of the line
  line_too_long,      // "line-too-long": over 64 KiB
  invalid_utf8,       // "invalid-utf8"
  control_character,  // "control-character": a NUL, tab-less control, or a lone CR
  quote,              // "quote": a quote out of place, or a quoted field that the line does not end
  column_count,       // "column-count": not as many cells as the header has columns
  // of a cell
  too_long,                 // "too-long"
  nhs_format,               // "nhs-format"
  nhs_check_digit,          // "nhs-check-digit"
  missing_child_ref,        // "missing-child-ref": neither NHS number nor child_ref
  missing_source_ref,       // "missing-source-ref"
  reference_is_nhs_number,  // "reference-is-nhs-number": child_ref or source_ref
  duplicate_source_ref,     // "duplicate-source-ref": seen on an earlier good line of this file
  date_format,              // "date-format"
  date_future,              // "date-future": after today
  ended_before_started,     // "ended-before-started"
  birth_after_event,        // "birth-after-event"
  adult_at_event,           // "adult-at-event": 18 or older on the day it started
  missing_value,            // "missing-value": a cell that must not be empty
  unknown_code,             // "unknown-code": not in the code list
  unknown_area,             // "unknown-area": was never the code of a district
  // of the SSDA903 return
  return_date,          // "return-date": not DD/MM/YYYY
  return_code,          // "return-code": not a code of that column
  child_not_in_header,  // "child-not-in-header"
  child_refused,        // "child-refused": the child's row in the header was
  duplicate_child,      // "duplicate-child": header or crosswalk
  duplicate_episode,    // "duplicate-episode": of one child, with one start
  birth_differs,        // "birth-differs": from the header's
  // of a crosswalk by itself
  number_differs,  // "number-differs": from another row's of the same child
};
inline constexpr std::size_t kRules =
    std::size_t{1} + static_cast<std::size_t>(Rule::number_differs);

std::string_view name(Column column);  // as in the header row; "" for none
std::string_view name(Rule rule);      // as quoted above
std::string_view message(Rule rule);   // one clause, for people
std::string_view hint(Rule rule);      // what to do about it; may be empty

struct Problem {
  std::size_t line = 0;  // physical line, from 1; the header row is line 1
  Column column = Column::none;
  Rule rule = Rule::quote;
  std::size_t part = 0;  // which of the files, in the order in which they were given
  friend bool operator==(const Problem&, const Problem&) = default;
};

// "movements.csv:12: nhs_number: nhs-check-digit: the check digit does not match"
std::string describe(std::string_view source, const Problem& problem);

}  // namespace hedgerow::import
