#include "node/import/rules.h"

#include "crypto/base/check.h"

namespace hedgerow::import {

std::string_view name(Column column) {
  switch (column) {
    case Column::none:
      return "";
    case Column::nhs_number:
      return "nhs_number";
    case Column::child_ref:
      return "child_ref";
    case Column::date_of_birth:
      return "date_of_birth";
    case Column::source_ref:
      return "source_ref";
    case Column::event:
      return "event";
    case Column::started_at:
      return "started_at";
    case Column::ended_at:
      return "ended_at";
    case Column::origin:
      return "origin";
    case Column::destination:
      return "destination";
    case Column::place_type:
      return "place_type";
    case Column::missing_risk:
      return "missing_risk";
    case Column::exploitation_risk:
      return "exploitation_risk";
    case Column::factors:
      return "factors";
    case Column::sex:
      return "sex";
    case Column::care_status:
      return "care_status";
    case Column::return_interview:
      return "return_interview";
    case Column::case_ref:
      return "case_ref";
    case Column::return_child:
      return "CHILD";
    case Column::return_sex:
      return "SEX";
    case Column::return_birth:
      return "DOB";
    case Column::decom:
      return "DECOM";
    case Column::rne:
      return "RNE";
    case Column::legal_status:
      return "LS";
    case Column::placement:
      return "PLACE";
    case Column::dec:
      return "DEC";
    case Column::home_post:
      return "HOME_POST";
    case Column::pl_post:
      return "PL_POST";
    case Column::missing:
      return "MISSING";
    case Column::mis_start:
      return "MIS_START";
    case Column::mis_end:
      return "MIS_END";
    case Column::crosswalk_number:
      return "NHS_NUMBER";
  }
  HR_CHECK(false);
}

namespace {

struct Words {
  std::string_view name;
  std::string_view message;
  std::string_view hint;
};

Words words(Rule rule) {
  switch (rule) {
    case Rule::line_too_long:
      return {"line-too-long", "the line is longer than 64 KiB", "look for a missing line end"};
    case Rule::invalid_utf8:
      return {"invalid-utf8", "not UTF-8", "save the file as 'CSV UTF-8'"};
    case Rule::control_character:
      return {"control-character", "a control character in the line", ""};
    case Rule::quote:
      return {"quote", "a quote out of place, or a quoted cell that its line does not end",
              "a quote inside a quoted cell is written twice; no cell may hold a line break"};
    case Rule::column_count:
      return {"column-count", "not as many cells as the header row has columns",
              "a cell that holds a comma must be quoted"};
    case Rule::too_long:
      return {"too-long", "longer than this column allows", ""};
    case Rule::nhs_format:
      return {"nhs-format", "not ten digits",
              "spreadsheets drop leading zeros and write large numbers in short form: format the "
              "column as text"};
    case Rule::nhs_check_digit:
      return {"nhs-check-digit", "the check digit does not match", "look for a typing error"};
    case Rule::missing_child_ref:
      return {"missing-child-ref", "empty, and the row has no NHS number either",
              "a row needs one of the two"};
    case Rule::missing_source_ref:
      return {"missing-source-ref", "empty", "the agency's own id of this record"};
    case Rule::reference_is_nhs_number:
      return {"reference-is-nhs-number", "is itself a valid NHS number",
              "a stored reference must not be guessable: use the agency's own id"};
    case Rule::duplicate_source_ref:
      return {"duplicate-source-ref", "an earlier row of this file has the same one", ""};
    case Rule::date_format:
      return {"date-format", "not an ISO 8601 date or date-time",
              "write 2026-03-01 or 2026-03-01T21:30"};
    case Rule::date_future:
      return {"date-future", "lies in the future", ""};
    case Rule::ended_before_started:
      return {"ended-before-started", "is before the start", ""};
    case Rule::birth_after_event:
      return {"birth-after-event", "the child was born after the start", ""};
    case Rule::adult_at_event:
      return {"adult-at-event", "18 or older when it started",
              "records are about children: leave the row out"};
    case Rule::missing_value:
      return {"missing-value", "empty", ""};
    case Rule::unknown_code:
      return {"unknown-code", "not in the agreement's code list",
              "the codes are listed in formats: lower case, with hyphens"};
    case Rule::unknown_area:
      return {"unknown-area", "not the code of a district",
              "use the nine-character ONS code, a postcode, 'outside-england', or leave it empty"};
    case Rule::return_date:
      return {"return-date", "not a date as the return writes it", "write 01/03/2026"};
    case Rule::return_code:
      return {"return-code", "not a code of this column in the return", ""};
    case Rule::child_not_in_header:
      return {"child-not-in-header", "no row of the header has this child",
              "are the files of one year's return?"};
    case Rule::child_refused:
      return {"child-refused", "the child's row in the header was refused", ""};
    case Rule::duplicate_child:
      return {"duplicate-child", "an earlier row of this file has the same child", ""};
    case Rule::duplicate_episode:
      return {"duplicate-episode", "the same child has another row with this start", ""};
    case Rule::birth_differs:
      return {"birth-differs", "is not the date of birth in the header", ""};
    case Rule::number_differs:
      return {"number-differs", "two rows of this file give the child different numbers",
              "neither is taken: leave the right one in the file"};
  }
  HR_CHECK(false);
}

}  // namespace

std::string_view name(Rule rule) { return words(rule).name; }
std::string_view message(Rule rule) { return words(rule).message; }
std::string_view hint(Rule rule) { return words(rule).hint; }

std::string describe(std::string_view source, const Problem& problem) {
  std::string text(source);
  text += ':';
  text += std::to_string(problem.line);
  text += ": ";
  if (problem.column != Column::none) {
    text += name(problem.column);
    text += ": ";
  }
  text += name(problem.rule);
  text += ": ";
  text += message(problem.rule);
  return text;
}

}  // namespace hedgerow::import
