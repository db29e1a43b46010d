#include "policies/calendar.h"

#include <array>
#include <chrono>
#include <cstdio>

#include "policies/london_clock.h"

namespace hedgerow::policies {
namespace {

namespace ch = std::chrono;

constexpr int kFirstYear = 1900;
constexpr int kLastYear = 2199;

Error malformed(const char* what, const char* hint) { return bad_input(what, hint); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Exactly `count` digits at `text`'s front, which are then cut off.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take_char(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Day> day_from(int year, unsigned month, unsigned day) {
  const ch::year_month_day ymd{ch::year{year}, ch::month{month}, ch::day{day}};
  if (year < kFirstYear || year > kLastYear || !ymd.ok()) return std::nullopt;
  return Day{static_cast<std::int32_t>(ch::sys_days(ymd).time_since_epoch().count())};
}

ch::year_month_day civil(Day day) { return ch::year_month_day{ch::sys_days{ch::days{day.number}}}; }

// A day that arithmetic may have moved beyond the understood years.
Day first_of(std::int32_t year, unsigned month) {
  const ch::year_month_day ymd{ch::year{year}, ch::month{month}, ch::day{1}};
  return Day{static_cast<std::int32_t>(ch::sys_days(ymd).time_since_epoch().count())};
}

std::optional<Day> take_day(std::string_view& text) {
  const auto year = take_digits(text, 4);
  if (!year || !take_char(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take_char(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day) return std::nullopt;
  return day_from(*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day));
}

// "14:05" or "14:05:09", in seconds.
std::optional<int> take_time(std::string_view& text) {
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take_char(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  int second = 0;
  if (take_char(text, ':')) {
    const auto s = take_digits(text, 2);
    if (!s || *s > 59) return std::nullopt;
    second = *s;
  }
  return *hour * 3600 + *minute * 60 + second;
}

// "Z", "+01:00" or "-0130", in seconds to subtract.
std::optional<int> take_offset(std::string_view& text) {
  if (take_char(text, 'Z')) return 0;
  const bool minus_sign = !text.empty() && text.front() == '-';
  if (!minus_sign && (text.empty() || text.front() != '+')) return std::nullopt;
  text.remove_prefix(1);
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 14) return std::nullopt;
  take_char(text, ':');
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  const int seconds = *hour * 3600 + *minute * 60;
  return minus_sign ? -seconds : seconds;
}

std::int32_t months_in(PeriodKind kind) {
  switch (kind) {
    case PeriodKind::month:
      return 1;
    case PeriodKind::quarter:
      return 3;
    case PeriodKind::year:
      return 12;
    case PeriodKind::financial_year:
      return 12;
  }
  HR_CHECK(false);
  return 0;
}

std::uint8_t last_index(PeriodKind kind) { return static_cast<std::uint8_t>(12 / months_in(kind)); }

Moment moment_at(UtcTime at) {
  const LondonTime local = london_local(at);
  return {local.day, at, true, static_cast<std::uint16_t>(local.second_of_day / 60)};
}

bool is_possible(const Period& p) {
  switch (p.kind) {
    case PeriodKind::month:
    case PeriodKind::quarter:
    case PeriodKind::year:
    case PeriodKind::financial_year:
      return p.year >= kFirstYear && p.year <= kLastYear && p.index >= 1 &&
             p.index <= last_index(p.kind);
  }
  return false;
}

}  // namespace

Result<Day> parse_day(std::string_view text) {
  const auto day = take_day(text);
  if (!day || !text.empty()) return malformed("not a date", "dates are written 2026-03-31");
  return *day;
}

Result<Day> make_day(int year, unsigned month, unsigned day) {
  const auto made = day_from(year, month, day);
  if (!made) return malformed("not a date", "dates are written 2026-03-31");
  return *made;
}

std::string to_text(Day day) {
  const auto ymd = civil(day);
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02u", static_cast<int>(ymd.year()),
                static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()));
  return buffer.data();
}

int year_of(Day day) { return static_cast<int>(civil(day).year()); }
unsigned month_of(Day day) { return static_cast<unsigned>(civil(day).month()); }
unsigned day_of_month_of(Day day) { return static_cast<unsigned>(civil(day).day()); }

Day plus_days(Day day, std::int32_t days) { return Day{day.number + days}; }

Day plus_months(Day day, std::int32_t months) {
  const auto ymd = civil(day);
  const auto month = ch::year_month{ymd.year(), ymd.month()} + ch::months{months};
  const ch::year_month_day_last last{month.year(), ch::month_day_last{month.month()}};
  const auto in_month = ymd.day() > last.day() ? last.day() : ymd.day();
  const ch::year_month_day moved{month.year(), month.month(), in_month};
  return Day{static_cast<std::int32_t>(ch::sys_days(moved).time_since_epoch().count())};
}

UtcTime london_midnight(Day day) { return london_to_utc(day, 0); }
Day london_day(UtcTime time) { return london_local(time).day; }

std::string london_text(UtcTime time) {
  const LondonTime local = london_local(time);
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), " %02d:%02d ", local.second_of_day / 3600,
                local.second_of_day / 60 % 60);
  return to_text(local.day) + buffer.data() + local.abbreviation;
}

std::string utc_text(UtcTime time) {
  const auto days = ch::floor<ch::days>(time);
  const auto seconds = ch::floor<ch::seconds>(time - days).count();
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "T%02d:%02d:%02dZ", static_cast<int>(seconds / 3600),
                static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  return to_text(Day{static_cast<std::int32_t>(days.time_since_epoch().count())}) + buffer.data();
}

Result<Moment> parse_moment(std::string_view text) {
  const Error wrong =
      malformed("not a date or date-time",
                "written 2026-03-31, 2026-03-31T14:05 or 2026-03-31T14:05:09+01:00");
  const auto day = take_day(text);
  if (!day) return wrong;
  if (text.empty()) return Moment{*day, london_midnight(*day), false, 0};
  if (!take_char(text, 'T') && !take_char(text, ' ')) return wrong;
  const auto time = take_time(text);
  if (!time) return wrong;
  if (text.empty()) {
    const UtcTime at = london_to_utc(*day, *time);
    return moment_at(at);
  }
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return wrong;
  const UtcTime at{ch::sys_days{ch::days{day->number}} + ch::seconds{*time - *offset}};
  return moment_at(at);
}

std::string to_text(PeriodKind kind) {
  switch (kind) {
    case PeriodKind::month:
      return "month";
    case PeriodKind::quarter:
      return "quarter";
    case PeriodKind::year:
      return "year";
    case PeriodKind::financial_year:
      return "financial-year";
  }
  HR_CHECK(false);
  return {};
}

std::optional<PeriodKind> parse_period_kind(std::string_view text) {
  for (const auto kind :
       {PeriodKind::month, PeriodKind::quarter, PeriodKind::year, PeriodKind::financial_year})
    if (text == to_text(kind)) return kind;
  return std::nullopt;
}

Result<Period> Period::parse(std::string_view text) {
  const Error wrong =
      malformed("not a period", "periods are written 2026-03, 2026-Q1, 2026 or 2026/27");
  const auto year = take_digits(text, 4);
  if (!year) return wrong;
  Period period{PeriodKind::year, *year, 1};
  if (take_char(text, '/')) {
    const auto second = take_digits(text, 2);
    if (!second || *second != (*year + 1) % 100) return wrong;
    period.kind = PeriodKind::financial_year;
  } else if (take_char(text, '-')) {
    period.kind = take_char(text, 'Q') ? PeriodKind::quarter : PeriodKind::month;
    const auto index = take_digits(text, period.kind == PeriodKind::quarter ? 1 : 2);
    if (!index) return wrong;
    period.index = static_cast<std::uint8_t>(*index);
  }
  if (!text.empty() || !is_possible(period)) return wrong;
  return period;
}

std::string Period::label() const {
  std::array<char, 32> buffer{};
  switch (kind) {
    case PeriodKind::month:
      std::snprintf(buffer.data(), buffer.size(), "%04d-%02u", year, unsigned{index});
      break;
    case PeriodKind::quarter:
      std::snprintf(buffer.data(), buffer.size(), "%04d-Q%u", year, unsigned{index});
      break;
    case PeriodKind::year:
      std::snprintf(buffer.data(), buffer.size(), "%04d", year);
      break;
    case PeriodKind::financial_year:
      std::snprintf(buffer.data(), buffer.size(), "%04d/%02d", year, (year + 1) % 100);
      break;
  }
  return buffer.data();
}

Day Period::first_day() const {
  const bool from_april = kind == PeriodKind::financial_year;
  const std::int32_t months = from_april ? 3 : (index - 1) * months_in(kind);
  return first_of(year, static_cast<unsigned>(months) + 1);
}

Day Period::last_day() const { return plus_days(next().first_day(), -1); }

Period Period::next() const {
  if (index < last_index(kind)) return {kind, year, static_cast<std::uint8_t>(index + 1)};
  return {kind, year + 1, 1};
}

Period Period::previous() const {
  if (index > 1) return {kind, year, static_cast<std::uint8_t>(index - 1)};
  return {kind, year - 1, last_index(kind)};
}

Period period_of(PeriodKind kind, Day day) {
  const std::int32_t shift = kind == PeriodKind::financial_year ? -3 : 0;
  const Day shifted = shift == 0 ? day : plus_months(day, shift);
  const auto month = static_cast<std::int32_t>(month_of(shifted)) - 1;
  const bool whole_year = months_in(kind) == 12;
  return {kind, year_of(shifted),
          static_cast<std::uint8_t>(whole_year ? 1 : month / months_in(kind) + 1)};
}

Result<std::vector<Period>> periods_between(const Period& from, const Period& to) {
  if (!is_possible(from) || !is_possible(to)) return bad_input("not a period");
  if (from.kind != to.kind)
    return bad_input("the first and the last period are of different kinds");
  if (to < from) return bad_input("the last period lies before the first");
  std::vector<Period> periods;
  for (Period p = from; p <= to; p = p.next()) {
    if (periods.size() == kMaxPeriodsInRange)
      return bad_input("more than " + std::to_string(kMaxPeriodsInRange) + " periods");
    periods.push_back(p);
  }
  return periods;
}

void write_period(Writer& out, const Period& period) {
  out.u8(static_cast<std::uint8_t>(period.kind))
      .u32(static_cast<std::uint32_t>(period.year))
      .u8(period.index);
}

Period read_period(Reader& in) {
  const std::uint8_t kind = in.u8();
  const std::uint32_t year = in.u32();
  const std::uint8_t index = in.u8();
  const Period none;
  if (in.failed()) return none;
  if (kind < 1 || kind > 4 || year > static_cast<std::uint32_t>(kLastYear)) {
    in.fail();
    return none;
  }
  const Period period{static_cast<PeriodKind>(kind), static_cast<std::int32_t>(year), index};
  if (is_possible(period)) return period;
  in.fail();
  return none;
}

UtcTime settled_at(const Period& period, std::uint32_t settle_days) {
  return london_midnight(
      plus_days(period.next().first_day(), static_cast<std::int32_t>(settle_days)));
}

bool is_settled(const Period& period, std::uint32_t settle_days, UtcTime now) {
  return now >= settled_at(period, settle_days);
}

Period latest_settled(PeriodKind kind, std::uint32_t settle_days, UtcTime now) {
  Period period = period_of(kind, london_day(now));
  while (!is_settled(period, settle_days, now)) period = period.previous();
  return period;
}

Result<Duration> parse_duration(std::string_view text) {
  const Error wrong = malformed("not a duration", "durations are written P14D, P24M or P7Y");
  if (!take_char(text, 'P')) return wrong;
  Duration duration;
  // Years, months, weeks, days, in this order, each at most once.
  constexpr std::string_view kUnits = "YMWD";
  std::size_t next_unit = 0;
  while (!text.empty()) {
    std::uint32_t number = 0;
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) {
      if (digits == 5) return wrong;
      number = number * 10 + static_cast<std::uint32_t>(text[digits] - '0');
      ++digits;
    }
    if (digits == 0 || digits == text.size()) return wrong;
    const std::size_t unit = kUnits.find(text[digits]);
    if (unit == std::string_view::npos || unit < next_unit) return wrong;
    next_unit = unit + 1;
    text.remove_prefix(digits + 1);
    if (unit == 0) duration.months += number * 12;
    if (unit == 1) duration.months += number;
    if (unit == 2) duration.days += number * 7;
    if (unit == 3) duration.days += number;
  }
  if (duration == Duration{} || duration.months > 1200 || duration.days > 36'525)
    return malformed("not a duration between one day and 100 years",
                     "durations are written P14D, P24M or P7Y");
  return duration;
}

std::string to_text(const Duration& duration) {
  std::string text = "P";
  if (duration.months > 0) text += std::to_string(duration.months) + "M";
  if (duration.days > 0) text += std::to_string(duration.days) + "D";
  return text;
}

Day minus(Day day, const Duration& duration) {
  return plus_days(plus_months(day, -static_cast<std::int32_t>(duration.months)),
                   -static_cast<std::int32_t>(duration.days));
}

bool is_longer(const Duration& a, const Duration& b) {
  const Day fixed = first_of(2000, 1);
  return minus(fixed, a) < minus(fixed, b);
}

std::optional<unsigned> age_on(Day date_of_birth, Day day) {
  if (day < date_of_birth) return std::nullopt;
  const auto born = civil(date_of_birth);
  const auto then = civil(day);
  int years = static_cast<int>(then.year()) - static_cast<int>(born.year());
  const bool before_birthday =
      ch::month_day{then.month(), then.day()} < ch::month_day{born.month(), born.day()};
  if (before_birthday) --years;
  return static_cast<unsigned>(years);
}

std::string_view age_band(unsigned age) {
  if (age < 1) return "under-1";
  if (age <= 4) return "1-4";
  if (age <= 9) return "5-9";
  if (age <= 12) return "10-12";
  if (age <= 14) return "13-14";
  if (age == 15) return "15";
  if (age <= 17) return "16-17";
  return "18-and-over";
}

Period month_of_18th_birthday(Day date_of_birth) {
  const auto born = civil(date_of_birth);
  const bool leap_day = born.month() == ch::February && born.day() == ch::day{29};
  const int year = static_cast<int>(born.year()) + 18;
  // Eighteen years after a leap year there is no 29 February: the birthday is 1 March.
  const unsigned month = leap_day ? 3 : static_cast<unsigned>(born.month());
  return {PeriodKind::month, year, static_cast<std::uint8_t>(month)};
}

}  // namespace hedgerow::policies
