// Days, periods, durations and ages, as an agreement counts them: in London.
//
// Everything is pure: the instant comes in as a parameter. The rules of London's clock come from
// the operating system's tz database. Times that summer time skips or repeats are read as the
// first instant that they can mean.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"
#include "crypto/base/seams.h"

namespace hedgerow::policies {

// A calendar day: the number of days since 1970-01-01. Which hours belong to it is London's matter.
struct Day {
  std::int32_t number = 0;
  friend auto operator<=>(const Day&, const Day&) = default;
};

// Years 1900 to 2199 are understood; everything else is refused where it comes in.
Result<Day> parse_day(std::string_view text);  // "2026-03-31", strict; bad_input
Result<Day> make_day(int year, unsigned month, unsigned day);
std::string to_text(Day day);  // "2026-03-31"
int year_of(Day day);
unsigned month_of(Day day);         // 1 to 12
unsigned day_of_month_of(Day day);  // 1 to 31
Day plus_days(Day day, std::int32_t days);
// The same day of the month, or the month's last where it is shorter.
Day plus_months(Day day, std::int32_t months);

UtcTime london_midnight(Day day);  // the instant at which `day` begins
Day london_day(UtcTime time);
std::string london_text(UtcTime time);  // "2026-07-01 14:05 BST"
std::string utc_text(UtcTime time);     // "2026-07-01T13:05:00Z"

// A date, or a date and time, as records write them (formats.md, Records).
struct Moment {
  Day day;     // in London
  UtcTime at;  // midnight where no time is given
  bool has_time = false;
  std::uint16_t minute = 0;  // of that day by London's clock, 0 to 1439; 0 where no time is given
};
// "2026-03-31", "2026-03-31T14:05", "2026-03-31 14:05:09", each with an optional "Z" or "+01:00"
// after the time (no zone: London). bad_input otherwise; the text of the error never repeats the
// value.
Result<Moment> parse_moment(std::string_view text);

enum class PeriodKind : std::uint8_t { month = 1, quarter = 2, year = 3, financial_year = 4 };
std::string to_text(PeriodKind kind);  // "month", "quarter", "year", "financial-year"
std::optional<PeriodKind> parse_period_kind(std::string_view text);

// A whole calendar period. Ordered by kind, then time.
struct Period {
  PeriodKind kind = PeriodKind::quarter;
  std::int32_t year = 1970;  // a financial year is named by the year in which it begins (1 April)
  std::uint8_t index = 1;    // month 1-12, quarter 1-4, otherwise 1
  friend auto operator<=>(const Period&, const Period&) = default;

  static Result<Period> parse(std::string_view text);  // "2026-03", "2026-Q1", "2026", "2026/27"
  std::string label() const;                           // the same
  Day first_day() const;
  Day last_day() const;
  bool contains(Day day) const { return first_day() <= day && day <= last_day(); }
  Period next() const;
  Period previous() const;
};

constexpr std::size_t kMaxPeriodsInRange = 120;

Period period_of(PeriodKind kind, Day day);
// `from` to `to`, both included. bad_input where the kinds differ, the range runs backwards, or it
// holds more than kMaxPeriodsInRange.
Result<std::vector<Period>> periods_between(const Period& from, const Period& to);

void write_period(Writer& out, const Period& period);  // u8 kind, u32 year, u8 index
Period read_period(Reader& in);                        // fails the reader on anything impossible

// disclosure.md rule 2: midnight (London) `settle_days` after the period's end.
UtcTime settled_at(const Period& period, std::uint32_t settle_days);
bool is_settled(const Period& period, std::uint32_t settle_days, UtcTime now);
// The last period of that kind that is settled at `now`.
Period latest_settled(PeriodKind kind, std::uint32_t settle_days, UtcTime now);

// ISO 8601: "P14D", "P2W", "P24M", "P7Y", "P1Y6M". At most 100 years; never zero.
struct Duration {
  std::uint32_t months = 0;  // years are twelve
  std::uint32_t days = 0;    // weeks are seven
  friend bool operator==(const Duration&, const Duration&) = default;
};
Result<Duration> parse_duration(std::string_view text);
std::string to_text(const Duration& duration);  // "P24M", "P14D", "P1M3D"
Day minus(Day day, const Duration& duration);
// Months are counted from a fixed day, so that P24M and P2Y are equally long.
bool is_longer(const Duration& a, const Duration& b);

// Whole years; nothing where `day` lies before the birth. A child born on 29 February is a year
// older on 1 March of other years.
std::optional<unsigned> age_on(Day date_of_birth, Day day);
// The shipped list's band of that age: "under-1", "1-4", "5-9", "10-12", "13-14", "15", "16-17",
// "18-and-over". They nest in DfE's (10-15 is three of them).
std::string_view age_band(unsigned age);
Period month_of_18th_birthday(Day date_of_birth);  // kind month

}  // namespace hedgerow::policies
