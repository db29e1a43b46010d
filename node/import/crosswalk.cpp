#include "node/import/crosswalk.h"

#include <map>
#include <utility>

#include "crypto/base/check.h"

namespace hedgerow::import {

namespace {

constexpr std::array kOwnColumns{Column::child_ref, Column::nhs_number};
constexpr std::array kReturnColumns{Column::return_child, Column::crosswalk_number};
constexpr std::array kCrosswalkColumns{Column::child_ref, Column::nhs_number, Column::return_child,
                                       Column::crosswalk_number};
constexpr std::size_t kMaxNumberCell = 64;

// What is known of a child so far.
struct Said {
  NhsNumber number;
  std::size_t line = 0;
  bool contradicted = false;
};
using SaidByChild = std::map<ByteArray<32>, Said, std::less<>,
                             WipingAllocator<std::pair<const ByteArray<32>, Said>>>;

Rule rule_of(NhsNumberFault fault) {
  switch (fault) {
    case NhsNumberFault::format:
      return Rule::nhs_format;
    case NhsNumberFault::check_digit:
      return Rule::nhs_check_digit;
  }
  HR_CHECK(false);
}

std::optional<Rule> fault_of_reference(ByteView text) {
  if (text.empty()) return Rule::missing_value;
  if (text.size() > kMaxReference) return Rule::too_long;
  if (looks_like_nhs_number(text)) return Rule::reference_is_nhs_number;
  return std::nullopt;
}

}  // namespace

class CrosswalkParser::State {
 public:
  State(std::string source, const ReferenceKey& reference_key)
      : source_(std::move(source)),
        reference_key_(reference_key),
        table_(
            form(source_),
            [this](const ColumnPositions& positions, const CsvLine& cells, std::size_t line) {
              row(positions, cells, line);
            },
            [this](const Problem& problem) { refuse({problem}); }) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Result<void> feed(ByteView chunk) { return table_.feed(chunk); }
  Result<ParsedCrosswalk> finish();

 private:
  static TableForm form(const std::string& source) {
    TableForm form{source, kCrosswalkColumns, kOwnColumns, {}, {}};
    form.kind = TableKind::crosswalk;
    form.instead = kReturnColumns;
    return form;
  }
  void row(const ColumnPositions& positions, const CsvLine& cells, std::size_t line);
  void say(const ByteArray<32>& child, const NhsNumber& number, std::size_t line, Column column);
  void refuse(const std::vector<Problem>& problems);

  std::string source_;
  const ReferenceKey& reference_key_;
  SaidByChild said_;
  ParsedCrosswalk file_;
  CsvTable table_;
};

void CrosswalkParser::State::row(const ColumnPositions& positions, const CsvLine& cells,
                                 std::size_t line) {
  const bool own = table_.has_column(Column::child_ref);
  const Column child_column = own ? Column::child_ref : Column::return_child;
  const Column number_column = own ? Column::nhs_number : Column::crosswalk_number;
  const ByteView child = cell_of(positions, cells, child_column);
  const ByteView number = cell_of(positions, cells, number_column);
  std::vector<Problem> problems;
  if (const auto fault = fault_of_reference(child))
    problems.push_back({line, child_column, *fault});
  const NhsNumberParse parsed(number);
  if (number.size() > kMaxNumberCell)
    problems.push_back({line, number_column, Rule::too_long});
  else if (!number.empty() && !parsed.ok())
    problems.push_back({line, number_column, rule_of(parsed.fault())});
  if (!problems.empty()) return refuse(problems);
  if (number.empty()) {
    ++file_.report.good;
    ++file_.report.without_identifier;
    return;
  }
  say(child_key(reference_key_, child), parsed.number(), line, number_column);
}

void CrosswalkParser::State::say(const ByteArray<32>& child, const NhsNumber& number,
                                 std::size_t line, Column column) {
  const auto [at, is_new] = said_.try_emplace(child, Said{number, line, false});
  Said& said = at->second;
  if (is_new) {
    ++file_.report.good;
  } else if (said.contradicted || said.number != number) {
    if (!said.contradicted) {
      --file_.report.good;
      refuse({{said.line, column, Rule::number_differs}});
    }
    said.contradicted = true;
    refuse({{line, column, Rule::number_differs}});
  } else {
    ++file_.report.good;
    ++file_.repeated;
  }
}

void CrosswalkParser::State::refuse(const std::vector<Problem>& problems) {
  ++file_.report.refused;
  for (const Problem& problem : problems) file_.report.add(problem);
}

Result<ParsedCrosswalk> CrosswalkParser::State::finish() {
  HR_TRY(table_.finish());
  if (table_.rows() == 0) return bad_input(source_ + ": no rows behind the header row");
  file_.report.read = table_.rows();
  NhsNumberIndex numbers;
  for (const auto& [child, said] : said_)
    if (!said.contradicted) file_.entries.push_back({child, numbers.position_of(said.number)});
  file_.identifiers = numbers.take();
  return std::move(file_);
}

CrosswalkParser::CrosswalkParser(std::string source, const ReferenceKey& reference_key)
    : state_(std::make_unique<State>(std::move(source), reference_key)) {}
CrosswalkParser::CrosswalkParser(CrosswalkParser&&) noexcept = default;
CrosswalkParser& CrosswalkParser::operator=(CrosswalkParser&&) noexcept = default;
CrosswalkParser::~CrosswalkParser() = default;

Result<void> CrosswalkParser::feed(ByteView chunk) {
  HR_CHECK(state_ != nullptr);
  return state_->feed(chunk);
}

Result<ParsedCrosswalk> CrosswalkParser::finish() && {
  HR_CHECK(state_ != nullptr);
  const std::unique_ptr<State> last = std::move(state_);
  return last->finish();
}

}  // namespace hedgerow::import
