// One CSV table, from chunks to rows of cells (RFC 4180, UTF-8 with or without BOM, CRLF or LF).
//
// A line is collected in a wiping buffer, split, handed on and overwritten before the next one.
// Whatever the file is, no more than kMaxLine bytes of it are held.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"
#include "crypto/base/wiping.h"
#include "node/import/csv_line.h"
#include "node/import/rules.h"

namespace hedgerow::import {

inline constexpr std::size_t kMaxLine = 64 * 1024;             // bytes, without the line end
inline constexpr std::size_t kMaxFile = std::size_t{1} << 29;  // bytes of a table
inline constexpr std::size_t kMaxRows = 200'000;               // an import

// Where each column stands in the file; none where the file does not have it.
using ColumnPositions = std::array<std::optional<std::size_t>, kAllColumns>;

// A column's cell, empty where the file does not have the column.
ByteView cell_of(const ColumnPositions& positions, const CsvLine& cells, Column column);

// The kinds of table there are, so that one given in the place of another is called by its name.
enum class TableKind : std::uint8_t { movements, crosswalk, header, episodes, missing };

struct TableForm {
  std::string source;  // the file's name, for messages
  std::span<const Column> columns;
  std::span<const Column> required;
  std::span<const std::string_view> unread;  // columns that may be there and are not looked at
  // One of these must be there; empty: no such rule.
  std::span<const Column> one_of;
  std::size_t max_rows = kMaxRows;
  TableKind kind = TableKind::movements;
  // Where none of `required` is there: these must be, in their place. Empty: no such other names.
  std::span<const Column> instead{};
};

class CsvTable {
 public:
  // A row whose line is sound and not blank, and a line that is not. Each counts as a row.
  using OnRow = std::function<void(const ColumnPositions&, const CsvLine&, std::size_t line)>;
  using OnBadLine = std::function<void(const Problem&)>;

  // What `form` points to outlives the table.
  CsvTable(TableForm form, OnRow on_row, OnBadLine on_bad_line);
  ~CsvTable() { wipe(line_); }
  CsvTable(const CsvTable&) = delete;
  CsvTable& operator=(const CsvTable&) = delete;

  // Chunks may end anywhere. bad_input ("source:line: ..."): the table as a whole cannot be read:
  // no header row, an unknown, repeated or missing column, another encoding, too many rows or
  // bytes. After an error every further call gives the same error.
  Result<void> feed(ByteView chunk);
  // The table is complete. bad_input also where there was nothing in it.
  Result<void> finish();

  bool has_column(Column column) const;
  std::size_t rows() const { return rows_; }

 private:
  Result<void> take(ByteView chunk);
  Result<void> append(ByteView part);
  Result<void> end_of_line();
  Result<void> header(ByteView line);
  Result<void> encoding(ByteView line) const;
  std::string names_columns() const;  // hints
  std::optional<std::string> names_other_kind() const;
  Result<void> unknown_column(std::size_t at) const;
  Result<void> required_columns() const;
  Result<void> row(ByteView line);
  std::optional<Problem> line_problem(ByteView line);
  Error fault(std::string_view text, std::string hint = {}) const;

  TableForm form_;
  OnRow on_row_;
  OnBadLine on_bad_line_;
  WipingBytes line_;  // the line so far: at most kMaxLine and a CR
  bool too_long_ = false;
  std::size_t line_number_ = 0;
  std::size_t bytes_ = 0;
  std::size_t rows_ = 0;
  CsvLine cells_;
  std::optional<ColumnPositions> positions_;  // none before the header row
  std::size_t header_cells_ = 0;
  std::optional<Error> error_;
};

}  // namespace hedgerow::import
