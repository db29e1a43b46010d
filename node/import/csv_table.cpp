#include "node/import/csv_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hedgerow::import {

namespace {

constexpr std::size_t kMaxHeaderCells = 64;
constexpr std::size_t kMaxColumnName = 40;
constexpr std::string_view kSaveAs = "save the file as 'CSV UTF-8 (comma delimited)'";

// By which columns a table of another kind is known; of two that fit, the first.
struct Sign {
  TableKind kind;
  std::string_view what;
  std::array<std::string_view, 2> columns;
};
constexpr std::array kSigns{
    Sign{TableKind::movements, "a file of movements", {"source_ref", "event"}},
    Sign{TableKind::episodes, "a return's episodes file", {"CHILD", "DECOM"}},
    Sign{TableKind::missing, "a return's missing file", {"CHILD", "MIS_START"}},
    Sign{TableKind::crosswalk, "a crosswalk", {"CHILD", "NHS_NUMBER"}},
    Sign{TableKind::header, "a return's header file", {"CHILD", "DOB"}},
    Sign{TableKind::crosswalk, "a crosswalk", {"child_ref", "nhs_number"}},
};

// An unknown column is named only if it can hardly be a value from a file without header row.
bool reads_like_a_column_name(ByteView cell) {
  return !cell.empty() && cell.size() <= kMaxColumnName &&
         std::all_of(cell.begin(), cell.end(), [](std::uint8_t c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ' ';
         });
}

bool contains(ByteView line, std::uint8_t byte) {
  return std::find(line.begin(), line.end(), byte) != line.end();
}

std::string quoted(std::string_view name) {
  std::string text = "the column '";
  text += name;
  text += "'";
  return text;
}

}  // namespace

ByteView cell_of(const ColumnPositions& positions, const CsvLine& cells, Column column) {
  const auto& position = positions[static_cast<std::size_t>(column)];
  return position ? cells.cell(*position) : ByteView{};
}

CsvTable::CsvTable(TableForm form, OnRow on_row, OnBadLine on_bad_line)
    : form_(std::move(form)),
      on_row_(std::move(on_row)),
      on_bad_line_(std::move(on_bad_line)),
      cells_(kMaxLine) {
  line_.reserve(kMaxLine + 1);
}

Error CsvTable::fault(std::string_view text, std::string hint) const {
  std::string where = form_.source;
  where += ':';
  where += std::to_string(line_number_);
  where += ": ";
  where += text;
  return bad_input(std::move(where), std::move(hint));
}

Result<void> CsvTable::feed(ByteView chunk) {
  if (!error_)
    if (auto taken = take(chunk); !taken.ok()) error_ = taken.error();
  if (error_) return *error_;
  return {};
}

Result<void> CsvTable::take(ByteView chunk) {
  bytes_ += chunk.size();
  while (!chunk.empty()) {
    const auto* end =
        static_cast<const std::uint8_t*>(std::memchr(chunk.data(), '\n', chunk.size()));
    if (end == nullptr) {
      HR_TRY(append(chunk));
      break;
    }
    const auto size = static_cast<std::size_t>(end - chunk.data());
    HR_TRY(append(chunk.first(size)));
    chunk = chunk.subspan(size + 1);
    HR_TRY(end_of_line());
  }
  // Blank lines and a line without end are no rows, and yet must not be read for ever.
  if (bytes_ > kMaxFile)
    return bad_input(form_.source + ": more than 512 MiB", "cut the file in several");
  return {};
}

Result<void> CsvTable::append(ByteView part) {
  const std::size_t room = kMaxLine + 1 - line_.size();
  if (part.size() > room) {
    too_long_ = true;
    part = part.first(room);
  }
  line_.insert(line_.end(), part.begin(), part.end());
  if (!too_long_ || positions_) return {};
  line_number_ = 1;
  HR_TRY(encoding(line_));
  return fault("the header row is longer than 64 KiB", names_columns());
}

Result<void> CsvTable::end_of_line() {
  ++line_number_;
  ByteView line = line_;
  if (!line.empty() && line.back() == '\r' && !too_long_) line = line.first(line.size() - 1);
  if (line.size() > kMaxLine) too_long_ = true;
  auto result = positions_ ? row(line) : header(line);
  cells_.clear();
  wipe(line_);
  line_.clear();
  too_long_ = false;
  return result;
}

Result<void> CsvTable::encoding(ByteView line) const {
  const auto mark = [&](std::uint8_t a, std::uint8_t b) {
    return line.size() >= 2 && line[0] == a && line[1] == b;
  };
  const bool every_other = line.size() >= 2 && (line[0] == 0) != (line[1] == 0);
  if (mark(0xff, 0xfe) || mark(0xfe, 0xff) || every_other)
    return fault("the file is UTF-16, not UTF-8", std::string(kSaveAs));
  if (contains(line, 0))
    return fault("the file holds NUL bytes: it is no text", std::string(kSaveAs));
  if (mark('P', 'K'))
    return fault("a spreadsheet's own file, or a zip, not CSV", std::string(kSaveAs));
  return {};
}

Result<void> CsvTable::header(ByteView line) {
  constexpr ByteArray<3> kBom{0xef, 0xbb, 0xbf};
  HR_TRY(encoding(line));
  if (line.size() >= kBom.size() && std::equal(kBom.begin(), kBom.end(), line.begin()))
    line = line.subspan(kBom.size());
  if (too_long_ || !is_utf8(line) || has_control_character(line) || !cells_.split(line) ||
      cells_.size() > kMaxHeaderCells) {
    if (!too_long_ && contains(line, '\t'))
      return fault("the cells are parted by tabs, not by commas", std::string(kSaveAs));
    return fault("not a header row of CSV in UTF-8", names_columns());
  }
  if (cells_.size() == 1 && contains(line, ';'))
    return fault("the cells are parted by semicolons, not by commas",
                 "save the file with commas: the list separator of Windows' regional settings "
                 "decides");
  if (cells_.size() == 1 && contains(line, '\t'))
    return fault("the cells are parted by tabs, not by commas", std::string(kSaveAs));

  ColumnPositions positions{};
  std::optional<std::size_t> unknown;
  std::size_t known = 0;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const auto cell = as_text(cells_.cell(i));
    const auto column = std::find_if(form_.columns.begin(), form_.columns.end(),
                                     [&](Column c) { return name(c) == cell; });
    if (column == form_.columns.end()) {
      if (std::find(form_.unread.begin(), form_.unread.end(), cell) != form_.unread.end())
        ++known;
      else if (!unknown)
        unknown = i;
      continue;
    }
    ++known;
    auto& position = positions[static_cast<std::size_t>(*column)];
    if (position) return fault(quoted(name(*column)) + " stands twice in the header row");
    position = i;
  }
  if (known == 0) return fault("not a header row", names_other_kind().value_or(names_columns()));
  if (unknown) return unknown_column(*unknown);
  positions_ = positions;
  header_cells_ = cells_.size();
  return required_columns();
}

std::string CsvTable::names_columns() const {
  std::string hint = "the first line names the columns:";
  for (const Column column : form_.required) hint.append(" ").append(name(column));
  if (!form_.instead.empty()) hint.append(", or");
  for (const Column column : form_.instead) hint.append(" ").append(name(column));
  return hint;
}

Result<void> CsvTable::unknown_column(std::size_t at) const {
  const ByteView cell = cells_.cell(at);
  std::string text = "an unknown column, number " + std::to_string(at + 1);
  if (reads_like_a_column_name(cell)) text.append(": '").append(as_text(cell)).append("'");
  return fault(text, names_other_kind().value_or(
                         "take it out of the file: what is not asked for is not read"));
}

bool CsvTable::has_column(Column column) const {
  return positions_ && (*positions_)[static_cast<std::size_t>(column)].has_value();
}

std::optional<std::string> CsvTable::names_other_kind() const {
  const auto has = [this](std::string_view column) {
    for (std::size_t i = 0; i < cells_.size(); ++i)
      if (as_text(cells_.cell(i)) == column) return true;
    return false;
  };
  const auto* sign = std::find_if(kSigns.begin(), kSigns.end(), [&](const Sign& s) {
    return std::all_of(s.columns.begin(), s.columns.end(), has);
  });
  if (sign == kSigns.end() || sign->kind == form_.kind) return std::nullopt;
  return "it has the columns of " + std::string(sign->what);
}

Result<void> CsvTable::required_columns() const {
  const auto here = [this](Column column) { return has_column(column); };
  const bool other_names = std::any_of(form_.instead.begin(), form_.instead.end(), here);
  const bool own_names = std::any_of(form_.required.begin(), form_.required.end(), here);
  if (other_names && own_names)
    for (const Column column : form_.instead)
      if (has_column(column))
        return fault(quoted(name(column)) + " is one too many", names_columns());
  for (const Column column : other_names ? form_.instead : form_.required)
    if (!has_column(column))
      return fault(quoted(name(column)) + " is missing", names_other_kind().value_or(""));
  if (form_.one_of.empty() || std::any_of(form_.one_of.begin(), form_.one_of.end(),
                                          [this](Column c) { return has_column(c); }))
    return {};
  std::string text = "neither of the columns";
  for (const Column column : form_.one_of) {
    if (column != form_.one_of.front()) text += " and";
    text += " '";
    text += name(column);
    text += "'";
  }
  return fault(text + " is there", "a row needs one of the two");
}

std::optional<Problem> CsvTable::line_problem(ByteView line) {
  if (too_long_) return Problem{line_number_, Column::none, Rule::line_too_long};
  if (!is_utf8(line)) return Problem{line_number_, Column::none, Rule::invalid_utf8};
  if (has_control_character(line))
    return Problem{line_number_, Column::none, Rule::control_character};
  if (!cells_.split(line)) {
    for (const Column column : form_.columns)
      if ((*positions_)[static_cast<std::size_t>(column)] == cells_.size())
        return Problem{line_number_, column, Rule::quote};
    return Problem{line_number_, Column::none, Rule::quote};
  }
  if (!cells_.all_empty() && cells_.size() != header_cells_)
    return Problem{line_number_, Column::none, Rule::column_count};
  return std::nullopt;
}

Result<void> CsvTable::row(ByteView line) {
  const auto problem = line_problem(line);
  // Spreadsheets leave empty rows, with or without their commas, at the end of a file.
  if (!problem && cells_.all_empty()) return {};
  if (rows_ == form_.max_rows) return fault("more than 200,000 rows", "cut the file in several");
  ++rows_;
  if (problem)
    on_bad_line_(*problem);
  else
    on_row_(*positions_, cells_, line_number_);
  return {};
}

Result<void> CsvTable::finish() {
  if (!error_ && (!line_.empty() || too_long_))
    if (auto ended = end_of_line(); !ended.ok()) error_ = ended.error();
  if (!error_ && !positions_) error_ = bad_input(form_.source + ": the file is empty");
  if (error_) return *error_;
  return {};
}

}  // namespace hedgerow::import
