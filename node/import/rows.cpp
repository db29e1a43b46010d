#include "node/import/rows.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "crypto/base/check.h"
#include "crypto/domains.h"
#include "crypto/hash.h"
#include "node/import/csv_line.h"
#include "node/import/row_rules.h"

namespace hedgerow::import {

namespace {

ByteView without_blanks(ByteView text) {
  const auto blank = [](std::uint8_t c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text = text.subspan(1);
  while (!text.empty() && blank(text.back())) text = text.first(text.size() - 1);
  return text;
}

constexpr std::array<Column, kColumns - 1> movement_columns() {
  std::array<Column, kColumns - 1> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Column>(i + 1);
  return all;
}
constexpr auto kMovementColumns = movement_columns();
constexpr std::array kRequired{Column::source_ref, Column::event, Column::started_at,
                               Column::origin, Column::destination};
constexpr std::array kOneOf{Column::nhs_number, Column::child_ref};

#ifdef HEDGEROW_PLANT_plaintext_store
// The planted defect: what should be hashed, as it is.
ByteArray<32> in_plain(ByteView text) {
  ByteArray<32> out{};
  // Its end, which tells references apart.
  const ByteView end = text.last(std::min(text.size(), out.size()));
  std::copy(end.begin(), end.end(), out.begin());
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
  explicit State(ParseContext context)
      : context_(std::move(context)),
        places_(context_.codes, context_.postcodes),
        table_(
            {context_.source, kMovementColumns, kRequired, {}, kOneOf},
            [this](const ColumnPositions& positions, const CsvLine& cells, std::size_t line) {
              row(positions, cells, line);
            },
            [this](const Problem& problem) { refuse({problem}); }) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Result<void> feed(ByteView chunk) { return table_.feed(chunk); }
  Result<ParsedFile> finish();

 private:
  void row(const ColumnPositions& positions, const CsvLine& cells, std::size_t line);
  void refuse(const std::vector<Problem>& problems);
  void keep(RowOutcome outcome, ByteView case_ref, std::size_t line);

  ParseContext context_;
  Places places_;
  NhsNumberIndex numbers_;
  std::set<ByteArray<32>> source_keys_;
  ParsedFile file_;
  CsvTable table_;
};

void MovementParser::State::row(const ColumnPositions& positions, const CsvLine& cells,
                                std::size_t line) {
  RowOutcome outcome = check_row(context_, places_, positions, cells, line);
  switch (outcome.kind) {
    case RowOutcome::Kind::old:
      ++file_.report.old;
      break;
    case RowOutcome::Kind::refused:
      refuse(outcome.problems);
      break;
    case RowOutcome::Kind::good:
      keep(std::move(outcome), cell_of(positions, cells, Column::case_ref), line);
      break;
  }
}

void MovementParser::State::refuse(const std::vector<Problem>& problems) {
  ++file_.report.refused;
  for (const Problem& problem : problems) file_.report.add(problem);
}

void MovementParser::State::keep(RowOutcome outcome, ByteView case_ref, std::size_t line) {
  ParsedMovement& movement = outcome.movement;
  if (!source_keys_.insert(movement.source_key).second) {
    refuse({{line, Column::source_ref, Rule::duplicate_source_ref}});
    return;
  }
#ifdef HEDGEROW_PLANT_plaintext_store
  if (outcome.number) movement.child_key = in_plain(outcome.number->digits());
#endif
  Report& report = file_.report;
  ++report.good;
  if (outcome.number)
    movement.identifier = numbers_.position_of(*outcome.number);
  else
    ++report.without_identifier;
  if (movement.origin.empty() || movement.destination.empty()) ++report.unknown_area;
  if (outcome.ambiguous_area) ++report.ambiguous_area;
  if (outcome.other_day_area) ++report.other_day_area;
  report.unknown_postcodes += outcome.unknown_postcodes;
  if (!case_ref.empty()) {
    if (context_.case_refs != nullptr)
      movement.case_ref = context_.case_refs->seal(movement.source_key, case_ref);
    else
      ++report.case_refs_dropped;
  }
  file_.movements.push_back(std::move(movement));
}

Result<ParsedFile> MovementParser::State::finish() {
  HR_TRY(table_.finish());
  if (table_.rows() == 0) return bad_input(context_.source + ": no rows behind the header row");
  file_.report.read = table_.rows();
  file_.identifiers = numbers_.take();
  return std::move(file_);
}

void Report::add(const Problem& problem) {
  ++by_rule[static_cast<std::size_t>(problem.rule)];
  if (problems.size() < kMaxProblems) problems.push_back(problem);
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
