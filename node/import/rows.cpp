#include "node/import/rows.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "crypto/base/check.h"
#include "crypto/domains.h"
#include "crypto/hash.h"
#include "node/import/csv_line.h"
#include "node/import/row_rules.h"

namespace hedgerow::import {

namespace {

constexpr std::size_t kMaxHeaderCells = 64;
constexpr std::size_t kMaxColumnName = 40;

ByteView without_blanks(ByteView text) {
  const auto blank = [](std::uint8_t c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text = text.subspan(1);
  while (!text.empty() && blank(text.back())) text = text.first(text.size() - 1);
  return text;
}

std::optional<Column> column_named(ByteView cell) {
  for (std::size_t i = 1; i < kColumns; ++i) {
    const auto column = static_cast<Column>(i);
    if (as_text(cell) == name(column)) return column;
  }
  return std::nullopt;
}

// An unknown column is named only if it can hardly be a value from a file without header row.
bool reads_like_a_column_name(ByteView cell) {
  return !cell.empty() && cell.size() <= kMaxColumnName &&
         std::all_of(cell.begin(), cell.end(), [](std::uint8_t c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ' ';
         });
}

#ifdef HEDGEROW_PLANT_plaintext_store
// The planted defect: what should be hashed, as it is.
ByteArray<32> in_plain(ByteView text) {
  ByteArray<32> out{};
  std::copy_n(text.begin(), std::min(text.size(), out.size()), out.begin());
  return out;
}
#endif

}  // namespace

#ifdef HEDGEROW_PLANT_plaintext_store
ByteArray<32> child_key(const ReferenceKey&, ByteView child_ref) {
  return in_plain(without_blanks(child_ref));
}
ByteArray<32> source_key(const ReferenceKey&, ByteView source_ref) {
  return in_plain(without_blanks(source_ref));
}
#else
ByteArray<32> child_key(const ReferenceKey& key, ByteView child_ref) {
  return keyed_hash(key, kDomainChildRef, without_blanks(child_ref));
}

ByteArray<32> source_key(const ReferenceKey& key, ByteView source_ref) {
  return keyed_hash(key, kDomainSourceRef, without_blanks(source_ref));
}
#endif

class MovementParser::State {
 public:
  explicit State(ParseContext context) : context_(std::move(context)), cells_(kMaxLine) {
    line_.reserve(kMaxLine + 1);
  }
  ~State() { wipe(line_); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Result<void> feed(ByteView chunk);
  Result<ParsedFile> finish();

 private:
  // A position among the distinct numbers. The nodes are wiped as they go, like the numbers.
  using Positions = std::map<NhsNumber, std::uint32_t, std::less<>,
                             WipingAllocator<std::pair<const NhsNumber, std::uint32_t>>>;

  void append(ByteView part);
  Result<void> end_of_line();
  Result<void> header(ByteView line);
  Result<void> required_columns() const;
  Result<void> row(ByteView line);
  std::optional<Problem> line_problem(ByteView line);
  void refuse(const std::vector<Problem>& problems);
  void keep(RowOutcome outcome);
  std::uint32_t position_of(const NhsNumber& number);
  Error fault(std::string_view text, std::string hint = {}) const;

  ParseContext context_;
  WipingBytes line_;  // the line so far: at most kMaxLine and a CR
  bool too_long_ = false;
  std::size_t line_number_ = 0;
  CsvLine cells_;
  std::optional<ColumnPositions> positions_;  // none before the header row
  std::size_t header_cells_ = 0;
  Positions numbers_;
  std::set<ByteArray<32>> source_keys_;
  ParsedFile file_;
  std::optional<Error> error_;
};

Error MovementParser::State::fault(std::string_view text, std::string hint) const {
  std::string where = context_.source;
  where += ':';
  where += std::to_string(line_number_);
  where += ": ";
  where += text;
  return bad_input(std::move(where), std::move(hint));
}

Result<void> MovementParser::State::feed(ByteView chunk) {
  while (!error_ && !chunk.empty()) {
    const auto* end =
        static_cast<const std::uint8_t*>(std::memchr(chunk.data(), '\n', chunk.size()));
    if (end == nullptr) {
      append(chunk);
      break;
    }
    const auto size = static_cast<std::size_t>(end - chunk.data());
    append(chunk.first(size));
    chunk = chunk.subspan(size + 1);
    if (auto ended = end_of_line(); !ended.ok()) error_ = ended.error();
  }
  if (error_) return *error_;
  return {};
}

void MovementParser::State::append(ByteView part) {
  const std::size_t room = kMaxLine + 1 - line_.size();
  if (part.size() > room) {
    too_long_ = true;
    part = part.first(room);
  }
  line_.insert(line_.end(), part.begin(), part.end());
}

Result<void> MovementParser::State::end_of_line() {
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

Result<void> MovementParser::State::header(ByteView line) {
  constexpr ByteArray<3> kBom{0xef, 0xbb, 0xbf};
  if (line.size() >= 2 &&
      ((line[0] == 0xff && line[1] == 0xfe) || (line[0] == 0xfe && line[1] == 0xff)))
    return fault("the file is UTF-16, not UTF-8", "save the file as 'CSV UTF-8'");
  if (line.size() >= kBom.size() && std::equal(kBom.begin(), kBom.end(), line.begin()))
    line = line.subspan(kBom.size());
  if (too_long_ || !is_utf8(line) || has_control_character(line) || !cells_.split(line) ||
      cells_.size() > kMaxHeaderCells)
    return fault("not a header row of CSV in UTF-8", "the first line names the columns");

  ColumnPositions positions{};
  std::vector<std::size_t> unknown;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const auto column = column_named(cells_.cell(i));
    if (!column) {
      unknown.push_back(i);
      continue;
    }
    auto& position = positions[static_cast<std::size_t>(*column)];
    if (position) {
      std::string text = "the column '";
      text += name(*column);
      return fault(text + "' stands twice in the header row");
    }
    position = i;
  }
  if (unknown.size() == cells_.size())
    return fault("not a header row", "the first line names the columns");
  if (!unknown.empty()) {
    const ByteView cell = cells_.cell(unknown.front());
    std::string text = "an unknown column, number " + std::to_string(unknown.front() + 1);
    if (reads_like_a_column_name(cell)) text.append(": '").append(as_text(cell)).append("'");
    return fault(text, "take it out of the file: what is not asked for is not read");
  }
  positions_ = positions;
  header_cells_ = cells_.size();
  return required_columns();
}

Result<void> MovementParser::State::required_columns() const {
  const auto has = [this](Column c) {
    return (*positions_)[static_cast<std::size_t>(c)].has_value();
  };
  for (const Column column : {Column::source_ref, Column::event, Column::started_at, Column::origin,
                              Column::destination}) {
    if (has(column)) continue;
    std::string text = "the column '";
    text += name(column);
    return fault(text + "' is missing");
  }
  if (!has(Column::nhs_number) && !has(Column::child_ref))
    return fault("neither of the columns 'nhs_number' and 'child_ref' is there",
                 "a row needs one of the two");
  return {};
}

std::optional<Problem> MovementParser::State::line_problem(ByteView line) {
  if (too_long_) return Problem{line_number_, Column::none, Rule::line_too_long};
  if (!is_utf8(line)) return Problem{line_number_, Column::none, Rule::invalid_utf8};
  if (has_control_character(line))
    return Problem{line_number_, Column::none, Rule::control_character};
  if (!cells_.split(line)) {
    for (std::size_t i = 1; i < kColumns; ++i)
      if ((*positions_)[i] == cells_.size())
        return Problem{line_number_, static_cast<Column>(i), Rule::quote};
    return Problem{line_number_, Column::none, Rule::quote};
  }
  if (!cells_.all_empty() && cells_.size() != header_cells_)
    return Problem{line_number_, Column::none, Rule::column_count};
  return std::nullopt;
}

Result<void> MovementParser::State::row(ByteView line) {
  const auto problem = line_problem(line);
  // Spreadsheets leave empty rows, with or without their commas, at the end of a file.
  if (!problem && cells_.all_empty()) return {};
  if (file_.report.read == kMaxRows)
    return fault("more than 200,000 rows", "cut the file in several");
  ++file_.report.read;
  if (problem) {
    refuse({*problem});
    return {};
  }
  RowOutcome outcome = check_row(context_, *positions_, cells_, line_number_);
  switch (outcome.kind) {
    case RowOutcome::Kind::old:
      ++file_.report.old;
      break;
    case RowOutcome::Kind::refused:
      refuse(outcome.problems);
      break;
    case RowOutcome::Kind::good:
      keep(std::move(outcome));
      break;
  }
  return {};
}

void MovementParser::State::refuse(const std::vector<Problem>& problems) {
  ++file_.report.refused;
  for (const Problem& problem : problems) {
    ++file_.report.by_rule[static_cast<std::size_t>(problem.rule)];
    if (file_.report.problems.size() < kMaxProblems) file_.report.problems.push_back(problem);
  }
}

void MovementParser::State::keep(RowOutcome outcome) {
  ParsedMovement& movement = outcome.movement;
  if (!source_keys_.insert(movement.source_key).second) {
    refuse({{line_number_, Column::source_ref, Rule::duplicate_source_ref}});
    return;
  }
#ifdef HEDGEROW_PLANT_plaintext_store
  if (outcome.number) movement.child_key = in_plain(outcome.number->digits());
#endif
  Report& report = file_.report;
  ++report.good;
  if (outcome.number)
    movement.identifier = position_of(*outcome.number);
  else
    ++report.without_identifier;
  if (movement.origin.empty() || movement.destination.empty()) ++report.unknown_area;
  if (outcome.ambiguous_area) ++report.ambiguous_area;
  if (outcome.other_day_area) ++report.other_day_area;
  const ByteView case_ref = cell_of(*positions_, cells_, Column::case_ref);
  if (!case_ref.empty()) {
    if (context_.case_refs != nullptr)
      movement.case_ref = context_.case_refs->seal(movement.source_key, case_ref);
    else
      ++report.case_refs_dropped;
  }
  file_.movements.push_back(std::move(movement));
}

std::uint32_t MovementParser::State::position_of(const NhsNumber& number) {
  const auto next = static_cast<std::uint32_t>(file_.identifiers.size());
  const auto [at, is_new] = numbers_.try_emplace(number, next);
  if (is_new) file_.identifiers.push_back(number);
  return at->second;
}

Result<ParsedFile> MovementParser::State::finish() {
  if (!error_ && (!line_.empty() || too_long_))
    if (auto ended = end_of_line(); !ended.ok()) error_ = ended.error();
  if (!error_ && !positions_) error_ = bad_input(context_.source + ": the file is empty");
  if (!error_ && file_.report.read == 0)
    error_ = bad_input(context_.source + ": no rows behind the header row");
  if (error_) return *error_;
  return std::move(file_);
}

MovementParser::MovementParser(ParseContext context)
    : state_(std::make_unique<State>(std::move(context))) {}
MovementParser::MovementParser(MovementParser&&) noexcept = default;
MovementParser& MovementParser::operator=(MovementParser&&) noexcept = default;
MovementParser::~MovementParser() = default;

Result<void> MovementParser::feed(ByteView chunk) {
  HR_CHECK(state_ != nullptr);
  return state_->feed(chunk);
}

Result<ParsedFile> MovementParser::finish() && {
  HR_CHECK(state_ != nullptr);
  const std::unique_ptr<State> last = std::move(state_);
  return last->finish();
}

}  // namespace hedgerow::import
