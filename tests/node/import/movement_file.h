// Movement files to parse: one good row, changed cell by cell.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/random.h"
#include "node/import/rows.h"

namespace hedgerow::import {

// The number of the test range that has these nine leading digits. The sum of two to nine is
// never such that no check digit exists for the ones used here; the parser tests say if it were.
inline std::string nhs(std::string nine) {
  unsigned sum = 0;
  for (unsigned i = 0; i < 9; ++i) sum += static_cast<unsigned>(nine[i] - '0') * (10 - i);
  return nine + static_cast<char>('0' + (11 - sum % 11) % 11);
}

using Changes = std::vector<std::pair<Column, std::string>>;

class MovementFile {
 public:
  explicit MovementFile(std::string_view line_end = "\n") : line_end_(line_end) {
    for (std::size_t i = 1; i < kColumns; ++i) columns_.push_back(static_cast<Column>(i));
    cells_ = {{Column::nhs_number, nhs("999000001")},
              {Column::child_ref, "C-17"},
              {Column::date_of_birth, "2011-05-09"},
              {Column::source_ref, "R-1"},
              {Column::event, "missing"},
              {Column::started_at, "2026-08-01T21:30"},
              {Column::ended_at, "2026-08-02T03:15"},
              {Column::origin, "E07000178"},
              {Column::destination, "E06000038"}};
  }

  MovementFile& columns(std::vector<Column> columns) {
    columns_ = std::move(columns);
    return *this;
  }
  MovementFile& header() {
    for (const Column column : columns_) cell(name(column));
    return end_line();
  }
  MovementFile& row(const Changes& changes = {}) {
    auto cells = cells_;
    for (const auto& [column, text] : changes) {
      std::erase_if(cells, [c = column](const auto& known) { return known.first == c; });
      cells.emplace_back(column, text);
    }
    for (const Column column : columns_) {
      const auto at = std::find_if(cells.begin(), cells.end(),
                                   [&](const auto& known) { return known.first == column; });
      cell(at == cells.end() ? std::string_view{} : std::string_view(at->second));
    }
    return end_line();
  }
  // Rows with source_refs of their own.
  MovementFile& rows(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) row({{Column::source_ref, "N-" + std::to_string(i)}});
    return *this;
  }
  MovementFile& line(std::string_view text) {
    text_ += text;
    text_ += line_end_;
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  void cell(std::string_view text) {
    if (cells_in_line_++ != 0) text_ += ',';
    text_ += text;
  }
  MovementFile& end_line() {
    cells_in_line_ = 0;
    text_ += line_end_;
    return *this;
  }

  std::string line_end_;
  std::vector<Column> columns_;
  Changes cells_;
  std::size_t cells_in_line_ = 0;
  std::string text_;
};

// What a parser is given besides the bytes.
struct World {
  const policies::CodeList* codes = &policies::CodeList::shipped();
  ReferenceKey reference_key = ReferenceKey::copy_from(ByteArray<32>{7, 7, 7});
  CaseRefSealer* case_refs = nullptr;
  policies::Day today = policies::parse_day("2026-11-22").value();
  policies::Day retention_cutoff = policies::parse_day("2024-11-22").value();

  // Read once for all tests; the tests of Postcodes and Places read them themselves.
  static const Postcodes& postcodes() {
    static const Postcodes shipped = Postcodes::shipped();
    return shipped;
  }

  MovementParser parser() const {
    return MovementParser(ParseContext{*codes, "movements.csv", reference_key, case_refs,
                                       retention_cutoff, today, &postcodes()});
  }
  // Fed in chunks of that size; 0: whole.
  Result<ParsedFile> parse(std::string_view text, std::size_t chunk = 0) const {
    auto p = parser();
    const ByteView bytes = as_bytes(text);
    const std::size_t step = chunk == 0 ? std::max<std::size_t>(bytes.size(), 1) : chunk;
    for (std::size_t at = 0; at < bytes.size(); at += step)
      HR_TRY(p.feed(bytes.subspan(at, std::min(step, bytes.size() - at))));
    return std::move(p).finish();
  }
  // One row, the usual one but for the changes.
  ParsedFile row(const Changes& changes) const {
    return parse(MovementFile().header().row(changes).text()).value();
  }
  ParsedMovement good(const Changes& changes) const {
    auto file = row(changes);
    HR_CHECK(file.movements.size() == 1);
    return file.movements.front();
  }
};

}  // namespace hedgerow::import
