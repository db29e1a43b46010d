#include "node/import/row_rules.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace hedgerow::import {

namespace {

using policies::CodeList;
using policies::Day;
using policies::Vocabulary;

constexpr std::size_t kMaxWord = 64;     // bytes of any other cell
constexpr std::size_t kMaxFactors = 16;  // two bits each in 32
constexpr std::size_t kMaxCertainties = 3;
constexpr unsigned kAdult = 18;

std::size_t max_length(Column column) {
  switch (column) {
    case Column::child_ref:
    case Column::source_ref:
      return kMaxReference;
    case Column::case_ref:
      return kMaxCaseRef;
    case Column::factors:
      return 4 * kMaxWord;
    case Column::none:
    case Column::nhs_number:
    case Column::date_of_birth:
    case Column::event:
    case Column::started_at:
    case Column::ended_at:
    case Column::origin:
    case Column::destination:
    case Column::place_type:
    case Column::missing_risk:
    case Column::exploitation_risk:
    case Column::sex:
    case Column::care_status:
    case Column::return_interview:
    case Column::return_child:
    case Column::return_sex:
    case Column::return_birth:
    case Column::decom:
    case Column::rne:
    case Column::legal_status:
    case Column::placement:
    case Column::dec:
    case Column::home_post:
    case Column::pl_post:
    case Column::missing:
    case Column::mis_start:
    case Column::mis_end:
    case Column::crosswalk_number:
      return kMaxWord;
  }
  HR_CHECK(false);
}

std::optional<std::uint8_t> position_in(std::span<const std::string> codes, std::string_view word) {
  const auto at = std::find(codes.begin(), codes.end(), word);
  const auto index = at - codes.begin();
  if (at == codes.end() || index > 0xff) return std::nullopt;
  return static_cast<std::uint8_t>(index);
}

class RowCheck {
 public:
  RowCheck(const ParseContext& context, Places& places, const ColumnPositions& positions,
           const CsvLine& cells, std::size_t line)
      : context_(context), places_(places), positions_(positions), cells_(cells), line_(line) {}

  RowOutcome run();

 private:
  ByteView cell(Column column) const { return cell_of(positions_, cells_, column); }
  void problem(Column column, Rule rule) { out_.problems.push_back({line_, column, rule}); }
  bool within_length(Column column);

  void number_and_references();
  void reference(Column column, Rule where_empty, bool required);
  std::optional<policies::Moment> moment(Column column);
  void dates();
  void birth(Day started);
  void place(Column column, Day day, std::string& out);
  void word(Column column, Vocabulary vocabulary, std::optional<std::uint8_t>& out);
  void event();
  void factors();

  const ParseContext& context_;
  Places& places_;
  const ColumnPositions& positions_;
  const CsvLine& cells_;
  const std::size_t line_;
  RowOutcome out_;
  std::optional<policies::Moment> started_;
};

Moment stored(const policies::Moment& moment) {
  Moment out{moment.day, std::nullopt};
  if (moment.has_time) out.minute = moment.minute;
  return out;
}

RowOutcome RowCheck::run() {
  started_ = moment(Column::started_at);
  // An old row is not stored, so nothing else about it matters.
  if (started_ && started_->day < context_.retention_cutoff) {
    out_.kind = RowOutcome::Kind::old;
    out_.problems.clear();
    return std::move(out_);
  }
  number_and_references();
  dates();
  event();
  const Day day = started_ ? started_->day : context_.today;
  place(Column::origin, day, out_.movement.origin);
  place(Column::destination, day, out_.movement.destination);
  word(Column::place_type, Vocabulary::place_type, out_.movement.place_type);
  word(Column::missing_risk, Vocabulary::missing_risk, out_.movement.missing_risk);
  word(Column::exploitation_risk, Vocabulary::exploitation_risk, out_.movement.exploitation_risk);
  factors();
  word(Column::sex, Vocabulary::sex, out_.movement.sex);
  word(Column::care_status, Vocabulary::care_status, out_.movement.care_status);
  word(Column::return_interview, Vocabulary::return_interview, out_.movement.return_interview);
  within_length(Column::case_ref);

  std::stable_sort(out_.problems.begin(), out_.problems.end(),
                   [](const Problem& a, const Problem& b) { return a.column < b.column; });
  if (!out_.problems.empty()) {
    RowOutcome refused;
    refused.problems = std::move(out_.problems);
    return refused;
  }
  out_.kind = RowOutcome::Kind::good;
  return std::move(out_);
}

bool RowCheck::within_length(Column column) {
  if (cell(column).size() <= max_length(column)) return true;
  problem(column, Rule::too_long);
  return false;
}

void RowCheck::number_and_references() {
  const ByteView number = cell(Column::nhs_number);
  if (!number.empty() && within_length(Column::nhs_number)) {
    const NhsNumberParse parsed(number);
    if (parsed.ok()) {
      out_.number = parsed.number();
    } else {
      switch (parsed.fault()) {
        case NhsNumberFault::format:
          problem(Column::nhs_number, Rule::nhs_format);
          break;
        case NhsNumberFault::check_digit:
          problem(Column::nhs_number, Rule::nhs_check_digit);
          break;
      }
    }
  }
  reference(Column::child_ref, Rule::missing_child_ref, number.empty());
  reference(Column::source_ref, Rule::missing_source_ref, true);
}

void RowCheck::reference(Column column, Rule where_empty, bool required) {
  const ByteView text = cell(column);
  if (text.empty()) {
    if (required) problem(column, where_empty);
    return;
  }
  if (!within_length(column)) return;
  if (looks_like_nhs_number(text)) {
    problem(column, Rule::reference_is_nhs_number);
    return;
  }
  if (column == Column::child_ref)
    out_.movement.child_key = child_key(context_.reference_key, text);
  else
    out_.movement.source_key = source_key(context_.reference_key, text);
}

std::optional<policies::Moment> RowCheck::moment(Column column) {
  const ByteView text = cell(column);
  if (text.empty()) {
    if (column == Column::started_at) problem(column, Rule::missing_value);
    return std::nullopt;
  }
  if (!within_length(column)) return std::nullopt;
  auto parsed = policies::parse_moment(as_text(text));
  if (!parsed.ok()) {
    problem(column, Rule::date_format);
    return std::nullopt;
  }
  if (parsed->day > context_.today) {
    problem(column, Rule::date_future);
    return std::nullopt;
  }
  return *parsed;
}

void RowCheck::dates() {
  const auto ended = moment(Column::ended_at);
  if (!started_) return;
  out_.movement.started = stored(*started_);
  if (ended) {
    out_.movement.ended = stored(*ended);
    const bool to_the_minute = started_->has_time && ended->has_time;
    if (to_the_minute ? ended->at < started_->at : ended->day < started_->day)
      problem(Column::ended_at, Rule::ended_before_started);
  }
  birth(started_->day);
}

void RowCheck::birth(Day started) {
  const ByteView text = cell(Column::date_of_birth);
  if (text.empty() || !within_length(Column::date_of_birth)) return;
  const auto born = policies::parse_day(as_text(text));
  if (!born.ok()) {
    problem(Column::date_of_birth, Rule::date_format);
    return;
  }
  if (const auto rule = set_birth(out_.movement, *born, started))
    problem(Column::date_of_birth, *rule);
}

void RowCheck::place(Column column, Day day, std::string& out) {
  const ByteView text = cell(column);
  if (text.empty() || !within_length(column)) return;
  Place found = places_.resolve(text, day);
  switch (found.kind) {
    case Place::Kind::area:
      out_.ambiguous_area |= found.ambiguous;
      out_.other_day_area |= found.other_day;
      break;
    case Place::Kind::unknown_postcode:
      ++out_.unknown_postcodes;
      break;
    case Place::Kind::not_an_area:
      problem(column, Rule::unknown_area);
      break;
  }
  out = std::move(found.area);
}

void RowCheck::word(Column column, Vocabulary vocabulary, std::optional<std::uint8_t>& out) {
  const ByteView text = cell(column);
  if (text.empty() || !within_length(column)) return;
  out = position_in(context_.codes.codes(vocabulary), as_text(text));
  if (!out) problem(column, Rule::unknown_code);
}

void RowCheck::event() {
  if (cell(Column::event).empty()) {
    problem(Column::event, Rule::missing_value);
    return;
  }
  std::optional<std::uint8_t> code;
  word(Column::event, Vocabulary::event, code);
  out_.movement.event = code.value_or(0);
}

// "cse:confirmed;gangs:suspected", each factor once.
void RowCheck::factors() {
  std::string_view left = as_text(cell(Column::factors));
  if (left.empty() || !within_length(Column::factors)) return;
  const auto names = context_.codes.codes(Vocabulary::factors);
  const auto certainties = context_.codes.codes(Vocabulary::factor_certainty);
  while (true) {
    const auto item = left.substr(0, left.find(';'));
    const auto colon = item.find(':');
    if (colon == item.npos) return problem(Column::factors, Rule::unknown_code);
    const auto factor = position_in(names, item.substr(0, colon));
    const auto certainty = position_in(certainties, item.substr(colon + 1));
    if (!factor || !certainty || *factor >= kMaxFactors || *certainty >= kMaxCertainties)
      return problem(Column::factors, Rule::unknown_code);
    const unsigned shift = 2U * *factor;
    if ((out_.movement.factors >> shift & 3U) != 0)
      return problem(Column::factors, Rule::unknown_code);
    out_.movement.factors |= (1U + *certainty) << shift;
    if (item.size() == left.size()) return;
    left.remove_prefix(item.size() + 1);
  }
}

}  // namespace

std::optional<Rule> set_birth(ParsedMovement& movement, Day born, Day started) {
  const auto age = policies::age_on(born, started);
  if (!age) return Rule::birth_after_event;
  if (*age >= kAdult) return Rule::adult_at_event;
  const auto month = policies::month_of_18th_birthday(born);
  movement.age = static_cast<std::uint8_t>(*age);
  movement.adult_month = month.year * 12 + (month.index - 1);
  return std::nullopt;
}

RowOutcome check_row(const ParseContext& context, Places& places, const ColumnPositions& positions,
                     const CsvLine& cells, std::size_t line) {
  return RowCheck(context, places, positions, cells, line).run();
}

}  // namespace hedgerow::import
