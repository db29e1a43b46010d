#include "policies/calendar.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace hedgerow::policies {
namespace {

Day day(std::string_view text) { return parse_day(text).value(); }
Period period(std::string_view text) { return Period::parse(text).value(); }
UtcTime utc(std::string_view text) { return parse_moment(text).value().at; }

TEST(Calendar, ReadsAndWritesDates) {
  EXPECT_EQ(day("1970-01-01").number, 0);
  EXPECT_EQ(day("2024-02-29").number, 19782);
  EXPECT_EQ(to_text(day("2026-03-31")), "2026-03-31");
  for (const char* wrong : {"", "2026-3-31", "2026-02-29", "2026-13-01", "2026-00-10", "31/03/2026",
                            "2026-03-31 ", "20260331", "1899-12-31", "2200-01-01", "-026-01-01"})
    EXPECT_FALSE(parse_day(wrong).ok()) << wrong;
  EXPECT_EQ(parse_day("no date").error().code, Code::bad_input);
  EXPECT_FALSE(make_day(2026, 4, 31).ok());
}

TEST(Calendar, LondonDayBeginsAnHourEarlierInSummer) {
  EXPECT_EQ(london_midnight(day("2026-01-15")), utc("2026-01-15T00:00Z"));
  EXPECT_EQ(london_midnight(day("2026-07-15")), utc("2026-07-14T23:00Z"));
  EXPECT_EQ(london_day(utc("2026-07-14T23:00:00Z")), day("2026-07-15"));
  EXPECT_EQ(london_day(utc("2026-07-14T22:59:59Z")), day("2026-07-14"));
  EXPECT_EQ(london_text(utc("2026-07-14T23:05Z")), "2026-07-15 00:05 BST");
  EXPECT_EQ(utc_text(utc("2026-07-14T23:05Z")), "2026-07-14T23:05:00Z");
  // Before the epoch.
  EXPECT_EQ(utc_text(utc("1969-12-31T23:59:58Z")), "1969-12-31T23:59:58Z");
}

TEST(Calendar, ReadsMomentsWithAndWithoutZone) {
  EXPECT_EQ(utc("2026-07-01T14:05"), utc("2026-07-01T13:05Z"));
  EXPECT_EQ(utc("2026-07-01 14:05:09"), utc("2026-07-01T13:05:09Z"));
  EXPECT_EQ(utc("2026-01-01T00:30+01:00"), utc("2025-12-31T23:30Z"));
  EXPECT_EQ(parse_moment("2026-01-01T00:30+01:00")->day, day("2025-12-31"));
  EXPECT_EQ(parse_moment("2026-06-30T23:30Z")->day, day("2026-07-01"));
  EXPECT_FALSE(parse_moment("2026-07-01")->has_time);
  EXPECT_EQ(parse_moment("2026-07-01")->at, london_midnight(day("2026-07-01")));
  for (const char* wrong :
       {"2026-07-01T", "2026-07-01T24:00", "2026-07-01T12:60", "2026-07-01T12:00:60",
        "2026-07-01T12:00+15:00", "2026-07-01T12:00+", "2026-07-01x12:00", "2026-07-01T12:00Zx"})
    EXPECT_FALSE(parse_moment(wrong).ok()) << wrong;
}

TEST(Calendar, AnErrorNeverRepeatsTheValue) {
  const auto error = parse_moment("943-476-5919").error();
  EXPECT_EQ((error.text + error.hint).find("5919"), std::string::npos);
}

TEST(Calendar, TimesThatSummerTimeSkipsOrRepeatsAreTheirFirstInstant) {
  // 2026-03-29 01:00 GMT became 02:00 BST; 2026-10-25 02:00 BST became 01:00 GMT.
  EXPECT_EQ(utc("2026-03-29T01:30"), utc("2026-03-29T01:00Z"));
  EXPECT_EQ(utc("2026-10-25T01:30"), utc("2026-10-25T00:30Z"));
  // The minute is that of the clock on the wall, on a day of 23 or 25 hours too.
  EXPECT_EQ(parse_moment("2026-10-25T23:30")->minute, 23 * 60 + 30);
  EXPECT_EQ(parse_moment("2026-03-29T23:30")->minute, 23 * 60 + 30);
  EXPECT_EQ(parse_moment("2026-07-01T23:30Z")->minute, 30);
}

TEST(Calendar, ReadsAndLabelsPeriods) {
  EXPECT_EQ(period("2026-Q1").first_day(), day("2026-01-01"));
  EXPECT_EQ(period("2026-Q4").last_day(), day("2026-12-31"));
  EXPECT_EQ(period("2024-02").last_day(), day("2024-02-29"));
  EXPECT_EQ(period("2026").last_day(), day("2026-12-31"));
  EXPECT_EQ(period("2026/27").first_day(), day("2026-04-01"));
  EXPECT_EQ(period("2026/27").last_day(), day("2027-03-31"));
  EXPECT_EQ(period("2099/00").label(), "2099/00");
  for (const char* wrong : {"2026-Q0", "2026-Q5", "2026-13", "2026-00", "2026/28", "2026-", "26-Q1",
                            "2026-Q1 ", "", "2026-q1", "1800", "2026-Q11"})
    EXPECT_FALSE(Period::parse(wrong).ok()) << wrong;
}

TEST(Calendar, APeriodSettlesAtLondonMidnightSomeDaysAfterItsEnd) {
  EXPECT_EQ(settled_at(period("2026-Q2"), 14), utc("2026-07-14T23:00Z"));
  EXPECT_EQ(settled_at(period("2026-Q4"), 14), utc("2027-01-15T00:00Z"));
  EXPECT_EQ(settled_at(period("2026-Q4"), 0), utc("2027-01-01T00:00Z"));
  EXPECT_FALSE(is_settled(period("2026-Q2"), 14, utc("2026-07-14T22:59:59Z")));
  EXPECT_TRUE(is_settled(period("2026-Q2"), 14, utc("2026-07-14T23:00Z")));
  EXPECT_EQ(latest_settled(PeriodKind::quarter, 14, utc("2026-07-14T22:59:59Z")).label(),
            "2026-Q1");
  EXPECT_EQ(latest_settled(PeriodKind::quarter, 14, utc("2026-07-14T23:00Z")).label(), "2026-Q2");
  EXPECT_EQ(latest_settled(PeriodKind::financial_year, 30, utc("2026-04-20T00:00Z")).label(),
            "2024/25");
}

TEST(Calendar, RangesAreBounded) {
  const auto range = periods_between(period("2025-Q4"), period("2026-Q2"));
  ASSERT_TRUE(range.ok());
  ASSERT_EQ(range->size(), 3u);
  EXPECT_EQ((*range)[1].label(), "2026-Q1");
  EXPECT_FALSE(periods_between(period("2026-Q2"), period("2026-Q1")).ok());
  EXPECT_FALSE(periods_between(period("2026-Q1"), period("2026-03")).ok());
  EXPECT_EQ(periods_between(period("2010-01"), period("2019-12"))->size(), kMaxPeriodsInRange);
  EXPECT_FALSE(periods_between(period("2010-01"), period("2020-01")).ok());
}

TEST(Calendar, ReaderRefusesImpossiblePeriods) {
  const auto decode = [](std::uint8_t kind, std::uint32_t year, std::uint8_t index) {
    Writer out;
    out.u8(kind).u32(year).u8(index);
    Reader in(out.data());
    read_period(in);
    return in.finish("a period").ok();
  };
  EXPECT_TRUE(decode(2, 2026, 4));
  EXPECT_FALSE(decode(2, 2026, 5));
  EXPECT_FALSE(decode(2, 2026, 0));
  EXPECT_FALSE(decode(0, 2026, 1));
  EXPECT_FALSE(decode(5, 2026, 1));
  EXPECT_FALSE(decode(3, 2026, 2));
  EXPECT_FALSE(decode(3, 0xffffffff, 1));
  EXPECT_FALSE(decode(3, 1500, 1));
}

TEST(Calendar, ReadsDurations) {
  EXPECT_EQ(parse_duration("P14D").value(), (Duration{0, 14}));
  EXPECT_EQ(parse_duration("P24M").value(), (Duration{24, 0}));
  EXPECT_EQ(parse_duration("P7Y").value(), (Duration{84, 0}));
  EXPECT_EQ(parse_duration("P1Y6M").value(), (Duration{18, 0}));
  EXPECT_EQ(parse_duration("P2W").value(), (Duration{0, 14}));
  EXPECT_EQ(to_text(Duration{84, 3}), "P84M3D");
  for (const char* wrong : {"", "P", "14D", "PD", "P0D", "P1D1D", "P1M1Y", "PT5H", "P1.5Y", "P101Y",
                            "P999999D", "P-1D", "P14d"})
    EXPECT_FALSE(parse_duration(wrong).ok()) << wrong;
  EXPECT_FALSE(is_longer({24, 0}, parse_duration("P2Y").value()));
  EXPECT_TRUE(is_longer({24, 1}, {24, 0}));
  EXPECT_FALSE(is_longer({0, 700}, {24, 0}));
  EXPECT_EQ(minus(day("2026-03-31"), {1, 0}), day("2026-02-28"));
}

TEST(Calendar, AgesAreCountedInWholeYears) {
  EXPECT_EQ(age_on(day("2010-06-15"), day("2026-06-14")), 15u);
  EXPECT_EQ(age_on(day("2010-06-15"), day("2026-06-15")), 16u);
  EXPECT_EQ(age_on(day("2010-06-15"), day("2010-06-14")), std::nullopt);
  EXPECT_EQ(age_on(day("2008-02-29"), day("2026-02-28")), 17u);
  EXPECT_EQ(age_on(day("2008-02-29"), day("2026-03-01")), 18u);
  EXPECT_EQ(month_of_18th_birthday(day("2008-02-29")).label(), "2026-03");
  EXPECT_EQ(month_of_18th_birthday(day("2008-02-28")).label(), "2026-02");
  const std::pair<unsigned, std::string_view> bands[] = {
      {0, "under-1"}, {1, "1-4"},    {4, "1-4"},         {5, "5-9"},    {9, "5-9"},
      {10, "10-12"},  {12, "10-12"}, {13, "13-14"},      {14, "13-14"}, {15, "15"},
      {16, "16-17"},  {17, "16-17"}, {18, "18-and-over"}};
  for (const auto& [age, band] : bands) EXPECT_EQ(age_band(age), band);
}

Period arbitrary_period() {
  const auto kind = static_cast<PeriodKind>(*rc::gen::inRange(1, 5));
  return period_of(kind, Day{*rc::gen::inRange(-20'000, 80'000)});
}

RC_GTEST_PROP(CalendarProperty, EveryDayLiesInItsPeriodAndNoOther, ()) {
  const auto kind = static_cast<PeriodKind>(*rc::gen::inRange(1, 5));
  const Day d{*rc::gen::inRange(-20'000, 80'000)};
  const Period p = period_of(kind, d);
  RC_ASSERT(p.contains(d));
  RC_ASSERT(!p.next().contains(d));
  RC_ASSERT(!p.previous().contains(d));
  RC_ASSERT(plus_days(p.last_day(), 1) == p.next().first_day());
  RC_ASSERT(p.next().previous() == p);
}

RC_GTEST_PROP(CalendarProperty, LabelsAndBytesReadBack, ()) {
  const Period p = arbitrary_period();
  RC_ASSERT(Period::parse(p.label()).value() == p);
  Writer out;
  write_period(out, p);
  Reader in(out.data());
  RC_ASSERT(read_period(in) == p);
  RC_ASSERT(in.finish("a period").ok());
}

RC_GTEST_PROP(CalendarProperty, TheLatestSettledPeriodIsSettledAndTheNextIsNot, ()) {
  const auto kind = static_cast<PeriodKind>(*rc::gen::inRange(1, 5));
  const auto settle = static_cast<std::uint32_t>(*rc::gen::inRange(0, 367));
  const UtcTime now = from_unix_ms(*rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000));
  const Period p = latest_settled(kind, settle, now);
  RC_ASSERT(is_settled(p, settle, now));
  RC_ASSERT(!is_settled(p.next(), settle, now));
}

RC_GTEST_PROP(CalendarProperty, MidnightBeginsItsDay, ()) {
  const Day d{*rc::gen::inRange(-20'000, 80'000)};
  RC_ASSERT(london_day(london_midnight(d)) == d);
  RC_ASSERT(london_day(london_midnight(d) - std::chrono::milliseconds(1)) == plus_days(d, -1));
}

}  // namespace
}  // namespace hedgerow::policies
