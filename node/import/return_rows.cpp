#include "node/import/return_rows.h"

#include <algorithm>

#include "crypto/base/wiping.h"

namespace hedgerow::import {

namespace {

using policies::Day;

constexpr std::size_t kMaxCode = 8;
constexpr std::size_t kMaxPostcode = 64;
constexpr std::size_t kMaxNumber = 64;

std::optional<unsigned> digits(ByteView text) {
  unsigned value = 0;
  for (const std::uint8_t c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<Day> return_day(ByteView text) {
  if (text.size() != 10 || text[2] != '/' || text[5] != '/') return std::nullopt;
  const auto day = digits(text.first(2));
  const auto month = digits(text.subspan(3, 2));
  const auto year = digits(text.subspan(6));
  if (!day || !month || !year) return std::nullopt;
  const auto made = policies::make_day(static_cast<int>(*year), *month, *day);
  if (!made.ok()) return std::nullopt;
  return *made;
}

bool is(ByteView cell, std::string_view word) { return as_text(cell) == word; }

std::optional<NewEpisode> reason_of(ByteView cell) {
  if (is(cell, "S")) return NewEpisode::started;
  if (is(cell, "L")) return NewEpisode::legal;
  for (const std::string_view moved : {"P", "B", "T", "U"})
    if (is(cell, moved)) return NewEpisode::moved;
  return std::nullopt;
}

}  // namespace

bool ReturnRow::within_length(Column column, std::size_t most) {
  if (cell(column).size() <= most) return true;
  problem(column, Rule::too_long);
  return false;
}

std::optional<ByteArray<32>> ReturnRow::child() {
  const ByteView text = cell(Column::return_child);
  if (text.empty()) {
    problem(Column::return_child, Rule::missing_value);
    return std::nullopt;
  }
  if (!within_length(Column::return_child, kMaxReference)) return std::nullopt;
  if (looks_like_nhs_number(text)) {
    problem(Column::return_child, Rule::reference_is_nhs_number);
    return std::nullopt;
  }
  return child_key(context_.reference_key, text);
}

std::optional<Day> ReturnRow::date(Column column, bool required) {
  const ByteView text = cell(column);
  if (text.empty()) {
    if (required) problem(column, Rule::missing_value);
    return std::nullopt;
  }
  const auto day = return_day(text);
  if (!day)
    problem(column, Rule::return_date);
  else if (*day > context_.today)
    problem(column, Rule::date_future);
  else
    return day;
  return std::nullopt;
}

std::optional<NhsNumber> ReturnRow::number() {
  const ByteView text = cell(Column::crosswalk_number);
  if (text.empty() || !within_length(Column::crosswalk_number, kMaxNumber)) return std::nullopt;
  const NhsNumberParse parsed(text);
  if (parsed.ok()) return parsed.number();
  switch (parsed.fault()) {
    case NhsNumberFault::format:
      problem(Column::crosswalk_number, Rule::nhs_format);
      break;
    case NhsNumberFault::check_digit:
      problem(Column::crosswalk_number, Rule::nhs_check_digit);
      break;
  }
  return std::nullopt;
}

std::optional<std::uint8_t> ReturnRow::sex() {
  const ByteView text = cell(Column::return_sex);
  if (text.empty()) return std::nullopt;
  std::string_view word;
  if (is(text, "1")) word = "male";
  if (is(text, "2")) word = "female";
  const auto codes = context_.codes.codes(policies::Vocabulary::sex);
  const auto at = std::find(codes.begin(), codes.end(), word);
  if (word.empty()) {
    problem(Column::return_sex, Rule::return_code);
    return std::nullopt;
  }
  if (at == codes.end()) return std::nullopt;  // a list of other words
  return static_cast<std::uint8_t>(at - codes.begin());
}

bool ReturnRow::is_short_break() const {
  const ByteView status = cell(Column::legal_status);
  return is(status, "V3") || is(status, "V4");
}

void ReturnRow::span(Column first, Column last, std::optional<Day>& from, std::optional<Day>& to) {
  from = date(first, true);
  to = date(last, false);
  if (from && *from < context_.retention_cutoff) old_ = true;
  if (from && to && *to < *from) problem(last, Rule::ended_before_started);
}

ByteArray<32> ReturnRow::reference(std::string_view kind, Day day) const {
  const ByteView child = cell(Column::return_child);
  WipingBytes text;
  text.reserve(kMaxReference + 64);
  const auto add = [&](ByteView part) { text.insert(text.end(), part.begin(), part.end()); };
  add(as_bytes("ssda903:"));
  add(as_bytes(kind));
  add(as_bytes(":"));
  add(child);
  add(as_bytes(":"));
  add(as_bytes(policies::to_text(day)));
  return source_key(context_.reference_key, text);
}

std::string ReturnRow::area(Column column, Places& places, Day day, std::size_t& unknown) {
  const ByteView text = cell(column);
  if (text.empty() || !within_length(column, kMaxPostcode)) return {};
  Place place = places.resolve_postcode(text, day);
  if (place.kind != Place::Kind::area) ++unknown;
  return std::move(place.area);
}

std::optional<ReturnEpisode> ReturnRow::episode(Places& places, std::size_t& unknown_postcodes) {
  ReturnEpisode out;
  out.line = line_;
  const auto child_here = child();
  std::optional<Day> from;
  span(Column::decom, Column::dec, from, out.ended);
  const ByteView rne = cell(Column::rne);
  if (rne.empty()) {
    problem(Column::rne, Rule::missing_value);
  } else if (const auto reason = reason_of(rne)) {
    out.reason = *reason;
  } else {
    problem(Column::rne, Rule::return_code);
  }
  if (cell(Column::legal_status).empty())
    problem(Column::legal_status, Rule::missing_value);
  else
    within_length(Column::legal_status, kMaxCode);
  const ByteView place = cell(Column::placement);
  within_length(Column::placement, kMaxCode);
  out.temporary = place.size() == 2 && place[0] == 'T' && place[1] >= '0' && place[1] <= '4';
  const Day day = from.value_or(context_.today);
  out.home = area(Column::home_post, places, day, unknown_postcodes);
  out.placement = area(Column::pl_post, places, day, unknown_postcodes);
  out.old = old_;
  const bool sound = problems.empty();
  if (old_) problems.clear();
  if (!child_here || !from || !sound) return std::nullopt;
  out.child = *child_here;
  out.started = *from;
  out.source_key = reference("episode", *from);
  return out;
}

std::optional<ReturnAbsence> ReturnRow::absence() {
  ReturnAbsence out;
  const auto child_here = child();
  std::optional<Day> from;
  span(Column::mis_start, Column::mis_end, from, out.ended);
  out.born = date(Column::return_birth, false);
  const ByteView kind = cell(Column::missing);
  if (kind.empty())
    problem(Column::missing, Rule::missing_value);
  else if (!is(kind, "M") && !is(kind, "A"))
    problem(Column::missing, Rule::return_code);
  out.away = is(kind, "A");
  out.old = old_;
  if (old_) problems.clear();
  if (!child_here || !from || !problems.empty()) return std::nullopt;
  out.child = *child_here;
  out.started = *from;
  out.source_key = reference("missing", *from);
  return out;
}

}  // namespace hedgerow::import
