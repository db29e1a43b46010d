// One line of CSV to cells (RFC 4180, libcsv in strict mode), in memory that is wiped.
//
// A record is a line: no column of ours may hold a line break, so a quote that is never closed
// spoils its own line and no other, and line numbers are those an editor shows.
#pragma once

#include <csv.h>

#include <cstddef>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/wiping.h"

namespace hedgerow::import {

class CsvLine {
 public:
  explicit CsvLine(std::size_t max_line);
  ~CsvLine();
  CsvLine(const CsvLine&) = delete;
  CsvLine& operator=(const CsvLine&) = delete;

  // Splits `line`, at most max_line bytes and without its line end; false where a quote is out
  // of place: size() is then the number of whole cells before it.
  bool split(ByteView line);

  std::size_t size() const { return ends_.size(); }
  // Blanks around the cell taken away. Valid until the next split.
  ByteView cell(std::size_t i) const;
  bool all_empty() const;

  // Overwrites the last line's cells.
  void clear();

 private:
  static void end_of_cell(void* data, std::size_t size, void* self);
  void restart();

  csv_parser parser_{};
  WipingBytes text_;
  std::vector<std::size_t> ends_;
};

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(ByteView text);

// A control character other than a tab (NUL, a lone CR, escape, delete ...).
bool has_control_character(ByteView text);

}  // namespace hedgerow::import
