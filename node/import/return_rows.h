// Rows of the return's files, typed: what a row says by itself (node/import/ssda903.h).
#pragma once

#include <optional>
#include <vector>

#include "node/import/csv_table.h"
#include "node/import/places.h"
#include "node/import/rows.h"

namespace hedgerow::import {

// Why the episode began, as far as movement is concerned.
enum class NewEpisode : std::uint8_t {
  started,  // S: started to be looked after
  moved,    // P, B, T, U: another placement
  legal,    // L: another legal status, nothing else
};

struct ReturnEpisode {
  ByteArray<32> child{};
  ByteArray<32> source_key{};
  policies::Day started;
  std::optional<policies::Day> ended;
  NewEpisode reason = NewEpisode::legal;
  bool temporary = false;  // PLACE T0 to T4
  std::string home;        // areas; empty: unknown
  std::string placement;
  bool old = false;
  std::size_t line = 0;
};

struct ReturnAbsence {
  ByteArray<32> child{};
  ByteArray<32> source_key{};
  bool away = false;  // A: away without authorisation; else M
  policies::Day started;
  std::optional<policies::Day> ended;
  std::optional<policies::Day> born;
  bool old = false;
};

// Reads the cells of one row; what is wrong with it is gathered in `problems`.
class ReturnRow {
 public:
  ReturnRow(const ParseContext& context, const ColumnPositions& positions, const CsvLine& cells,
            std::size_t line, std::size_t part)
      : context_(context), positions_(positions), cells_(cells), line_(line), part_(part) {}

  std::vector<Problem> problems;

  ByteView cell(Column column) const { return cell_of(positions_, cells_, column); }
  void problem(Column column, Rule rule) { problems.push_back({line_, column, rule, part_}); }

  // The key of CHILD; nothing where it is empty, too long, or an NHS number.
  std::optional<ByteArray<32>> child();
  // DD/MM/YYYY, not after today. Nothing where empty, or with a problem.
  std::optional<policies::Day> date(Column column, bool required);
  std::optional<NhsNumber> number();
  std::optional<std::uint8_t> sex();  // index into the code list's; nothing where empty

  // Of an old row the problems are taken back: it is not stored. Nothing where there are problems
  // or what is needed even of an old row is not there.
  std::optional<ReturnEpisode> episode(Places& places, std::size_t& unknown_postcodes);
  std::optional<ReturnAbsence> absence();
  bool is_short_break() const;

  // Started before the retention's cut-off.
  bool is_old() const { return old_; }

 private:
  bool within_length(Column column, std::size_t most);
  std::string area(Column column, Places& places, policies::Day day, std::size_t& unknown);
  void span(Column first, Column last, std::optional<policies::Day>& from,
            std::optional<policies::Day>& to);
  ByteArray<32> reference(std::string_view kind, policies::Day day) const;

  const ParseContext& context_;
  const ColumnPositions& positions_;
  const CsvLine& cells_;
  const std::size_t line_;
  const std::size_t part_;
  bool old_ = false;
};

}  // namespace hedgerow::import
