// One test for each rule, and what the good cells become.
#include "node/import/row_rules.h"

#include <gtest/gtest.h>

#include <set>

#include "policies/shipped_texts.h"
#include "tests/node/import/movement_file.h"

namespace hedgerow::import {
namespace {

std::vector<Problem> problems(const Changes& changes) {
  const auto file = World().row(changes);
  EXPECT_EQ(file.movements.size() + file.report.refused, 1U);
  EXPECT_EQ(file.movements.empty(), !file.report.problems.empty());
  return file.report.problems;
}

std::vector<Problem> one(Column column, Rule rule) { return {{2, column, rule}}; }

TEST(RowRules, TakeTheUsualRow) {
  const auto movement = World().good({});
  EXPECT_EQ(movement.started.day, policies::parse_day("2026-08-01").value());
  EXPECT_EQ(movement.started.minute, 21 * 60 + 30);
  EXPECT_EQ(movement.ended->day, policies::parse_day("2026-08-02").value());
  EXPECT_EQ(movement.ended->minute, 3 * 60 + 15);
  EXPECT_EQ(movement.origin, "E07000178");
  EXPECT_EQ(movement.destination, "E06000038");
  EXPECT_EQ(movement.event, 0);
  EXPECT_EQ(movement.age, 15);
  EXPECT_EQ(movement.adult_month, 2029 * 12 + 4);
  EXPECT_EQ(movement.identifier, 0U);
  EXPECT_TRUE(movement.child_key.has_value());
  EXPECT_FALSE(movement.place_type || movement.sex || movement.care_status);
}

TEST(RowRules, NhsFormat) {
  for (const auto* text : {"943476591", "9.99E+09", "NHS9434765919", "943/476/5919"})
    EXPECT_EQ(problems({{Column::nhs_number, text}}), one(Column::nhs_number, Rule::nhs_format));
}

TEST(RowRules, NhsCheckDigit) {
  EXPECT_EQ(problems({{Column::nhs_number, "943 476 5918"}}),
            one(Column::nhs_number, Rule::nhs_check_digit));
}

TEST(RowRules, MissingChildRefOnlyWhereTheNumberIsEmptyToo) {
  EXPECT_EQ(problems({{Column::nhs_number, ""}, {Column::child_ref, ""}}),
            one(Column::child_ref, Rule::missing_child_ref));
  EXPECT_TRUE(problems({{Column::nhs_number, ""}}).empty());
  EXPECT_TRUE(problems({{Column::child_ref, ""}}).empty());
}

TEST(RowRules, MissingSourceRef) {
  EXPECT_EQ(problems({{Column::source_ref, "  "}}),
            one(Column::source_ref, Rule::missing_source_ref));
}

TEST(RowRules, ReferenceIsNhsNumber) {
  for (const auto* text : {"9434765919", "943 476 5919", "943-476-5919"}) {
    EXPECT_EQ(problems({{Column::child_ref, text}}),
              one(Column::child_ref, Rule::reference_is_nhs_number));
    EXPECT_EQ(problems({{Column::source_ref, text}}),
              one(Column::source_ref, Rule::reference_is_nhs_number));
  }
  EXPECT_TRUE(problems({{Column::child_ref, "9434765918"}}).empty());
}

TEST(RowRules, DuplicateSourceRef) {
  const auto file = World().parse(MovementFile().header().row().row().text()).value();
  EXPECT_EQ(file.movements.size(), 1U);
  EXPECT_EQ(file.report.problems,
            (std::vector<Problem>{{3, Column::source_ref, Rule::duplicate_source_ref}}));
}

TEST(RowRules, DuplicateOfARefusedRowIsNotADuplicate) {
  const auto file =
      World().parse(MovementFile().header().row({{Column::event, "?"}}).row().text()).value();
  EXPECT_EQ(file.movements.size(), 1U);
  EXPECT_EQ(file.report.refused, 1U);
}

TEST(RowRules, DateFormat) {
  for (const auto* text : {"01/08/2026", "2026-8-1", "2026-02-29", "2026-08-01T25:00", "yesterday",
                           "2026-08-01T21:30+99:00", "46235"})
    EXPECT_EQ(problems({{Column::started_at, text}}), one(Column::started_at, Rule::date_format))
        << text;
  EXPECT_EQ(problems({{Column::ended_at, "2/8/2026"}}), one(Column::ended_at, Rule::date_format));
  EXPECT_EQ(problems({{Column::date_of_birth, "2011-05-09T00:00"}}),
            one(Column::date_of_birth, Rule::date_format));
}

TEST(RowRules, DateFuture) {
  EXPECT_EQ(problems({{Column::started_at, "2026-11-23"}, {Column::ended_at, ""}}),
            one(Column::started_at, Rule::date_future));
  EXPECT_EQ(problems({{Column::ended_at, "2026-11-23"}}), one(Column::ended_at, Rule::date_future));
  EXPECT_TRUE(problems({{Column::started_at, "2026-11-22T23:59"}, {Column::ended_at, ""}}).empty());
}

TEST(RowRules, EndedBeforeStarted) {
  EXPECT_EQ(problems({{Column::ended_at, "2026-07-31"}}),
            one(Column::ended_at, Rule::ended_before_started));
  EXPECT_EQ(problems({{Column::ended_at, "2026-08-01T21:29"}}),
            one(Column::ended_at, Rule::ended_before_started));
  EXPECT_TRUE(problems({{Column::ended_at, "2026-08-01T21:30"}}).empty());
  // Without a time the day is all there is to compare.
  EXPECT_TRUE(problems({{Column::ended_at, "2026-08-01"}}).empty());
}

TEST(RowRules, BirthAfterEvent) {
  EXPECT_EQ(problems({{Column::date_of_birth, "2026-08-02"}}),
            one(Column::date_of_birth, Rule::birth_after_event));
  EXPECT_EQ(World().good({{Column::date_of_birth, "2026-08-01"}}).age, 0);
}

TEST(RowRules, AdultAtEvent) {
  EXPECT_EQ(problems({{Column::date_of_birth, "2008-08-01"}}),
            one(Column::date_of_birth, Rule::adult_at_event));
  EXPECT_EQ(World().good({{Column::date_of_birth, "2008-08-02"}}).age, 17);
}

TEST(RowRules, MissingValue) {
  EXPECT_EQ(problems({{Column::event, ""}}), one(Column::event, Rule::missing_value));
  EXPECT_EQ(problems({{Column::started_at, ""}}), one(Column::started_at, Rule::missing_value));
}

TEST(RowRules, UnknownCode) {
  for (const Column column :
       {Column::event, Column::place_type, Column::missing_risk, Column::exploitation_risk,
        Column::sex, Column::care_status, Column::return_interview})
    EXPECT_EQ(problems({{column, "Missing"}}), one(column, Rule::unknown_code)) << name(column);
}

TEST(RowRules, UnknownCodeAmongFactors) {
  for (const auto* text : {"cse", "cse:maybe", "cse:", ":confirmed", "xyz:confirmed",
                           "cse:confirmed;", ";cse:confirmed", "cse:confirmed,cce:suspected",
                           "cse:confirmed;cse:suspected", "cse:confirmed cce:suspected"})
    EXPECT_EQ(problems({{Column::factors, "\"" + std::string(text) + "\""}}),
              one(Column::factors, Rule::unknown_code))
        << text;
}

TEST(RowRules, UnknownArea) {
  for (const auto* text :
       {"E07999999", "Oxford", "e07000178", "E10000025", "E23000029", "unknown", "elsewhere"})
    for (const Column column : {Column::origin, Column::destination})
      EXPECT_EQ(problems({{column, text}}), one(column, Rule::unknown_area)) << text;
}

TEST(RowRules, APostcodeIsLookedUp) {
  EXPECT_EQ(World().good({{Column::destination, "OX1 2JD"}}).destination, "E07000178");
  EXPECT_EQ(World().good({{Column::origin, "rg12lu"}}).origin, "E06000038");
  EXPECT_EQ(World().good({{Column::origin, "CF99 1SN"}}).origin, kOutsideEngland);
  const auto file = World().row({{Column::origin, "QX9 9QX"}, {Column::destination, "QX9 9QX"}});
  ASSERT_EQ(file.movements.size(), 1U);
  EXPECT_EQ(file.movements[0].origin, "");
  EXPECT_EQ(file.report.unknown_postcodes, 2U);
  EXPECT_EQ(file.report.unknown_area, 1U);
  EXPECT_EQ(World().row({}).report.unknown_postcodes, 0U);
}

TEST(RowRules, MinutesAreThoseOfLondonsClockOnDaysOfTwentyThreeAndTwentyFiveHours) {
  for (const auto* day : {"2026-03-29", "2025-10-26"}) {
    const auto movement = World().good({{Column::started_at, std::string(day) + "T14:05"},
                                        {Column::ended_at, std::string(day) + "T23:59"}});
    EXPECT_EQ(movement.started.minute, 14 * 60 + 5) << day;
    EXPECT_EQ(movement.ended->minute, 23 * 60 + 59) << day;
  }
}

TEST(RowRules, TooLong) {
  const std::string at_most(kMaxReference, 'r');
  EXPECT_TRUE(problems({{Column::child_ref, at_most}, {Column::source_ref, at_most}}).empty());
  EXPECT_EQ(problems({{Column::child_ref, at_most + "r"}}), one(Column::child_ref, Rule::too_long));
  EXPECT_EQ(problems({{Column::source_ref, at_most + "r"}}),
            one(Column::source_ref, Rule::too_long));
  EXPECT_TRUE(problems({{Column::case_ref, std::string(kMaxCaseRef, 'c')}}).empty());
  EXPECT_EQ(problems({{Column::case_ref, std::string(kMaxCaseRef + 1, 'c')}}),
            one(Column::case_ref, Rule::too_long));
  for (const Column column :
       {Column::nhs_number, Column::date_of_birth, Column::event, Column::started_at,
        Column::ended_at, Column::origin, Column::destination, Column::place_type, Column::sex})
    EXPECT_EQ(problems({{column, std::string(65, '1')}}), one(column, Rule::too_long))
        << name(column);
}

TEST(RowRules, ShowAllThatIsWrongWithARowInColumnOrder) {
  EXPECT_EQ(problems({{Column::nhs_number, "1"},
                      {Column::event, "gone"},
                      {Column::ended_at, "x"},
                      {Column::sex, "f"}}),
            (std::vector<Problem>{{2, Column::nhs_number, Rule::nhs_format},
                                  {2, Column::event, Rule::unknown_code},
                                  {2, Column::ended_at, Rule::date_format},
                                  {2, Column::sex, Rule::unknown_code}}));
}

TEST(RowRules, ResolvePlaces) {
  const auto place = [](std::string code, std::string day = "2026-08-01") {
    return World()
        .good({{Column::origin, std::move(code)},
               {Column::started_at, std::move(day)},
               {Column::ended_at, ""}})
        .origin;
  };
  EXPECT_EQ(place(""), "");
  EXPECT_EQ(place("outside-england"), "outside-england");
  EXPECT_EQ(place("W06000015"), "outside-england");
  // Sheffield's code changed on 1 April 2025; Wycombe went into Buckinghamshire in 2020.
  EXPECT_EQ(place("E08000019", "2025-03-31"), "E08000039");
  EXPECT_EQ(place("E08000039"), "E08000039");
  EXPECT_EQ(place("E07000007"), "E06000060");
}

TEST(RowRules, CountACodeOfAnotherDayButUnderstandIt) {
  EXPECT_EQ(World().row({{Column::origin, "E08000019"}}).report.other_day_area, 1U);
  EXPECT_EQ(World().row({}).report.other_day_area, 0U);
}

TEST(RowRules, MakeAFormerDistrictThatWasSplitUnknownAndCountIt) {
  // A district E07000998 that became two; the list is sorted.
  std::string text(policies::shipped_code_list_text());
  const auto next = text.find("former\tE08");
  ASSERT_NE(next, text.npos);
  text.insert(next, "former\tE07000998\t-\t2024\tE07000177,E07000178\tSplitshire\n");
  const auto list = policies::CodeList::parse(text);
  ASSERT_TRUE(list.ok()) << list.error().text;
  World world;
  world.codes = &*list;
  const auto file =
      world.row({{Column::destination, "E07000998"}, {Column::started_at, "2025-01-01"}});
  ASSERT_EQ(file.movements.size(), 1U);
  EXPECT_EQ(file.movements.front().destination, "");
  EXPECT_EQ(file.report.ambiguous_area, 1U);
  EXPECT_EQ(file.report.unknown_area, 1U);
}

TEST(RowRules, ReadTimesOfOtherZonesAsLondons) {
  const auto started = [](std::string text) {
    return World().good({{Column::started_at, std::move(text)}, {Column::ended_at, ""}}).started;
  };
  const auto day = [](std::string_view text) { return policies::parse_day(text).value(); };
  EXPECT_EQ(started("2026-06-30T23:30Z"), (Moment{day("2026-07-01"), 30}));
  EXPECT_EQ(started("2026-06-30T23:30"), (Moment{day("2026-06-30"), 23 * 60 + 30}));
  EXPECT_EQ(started("2026-06-30"), (Moment{day("2026-06-30"), std::nullopt}));
  // By the clock on the wall, also on a day of 25 hours.
  EXPECT_EQ(started("2026-10-25T23:59Z"), (Moment{day("2026-10-25"), 24 * 60 - 1}));
}

TEST(RowRules, PackFactorsTwoBitsEach) {
  const auto factors = [](std::string text) {
    return World().good({{Column::factors, std::move(text)}}).factors;
  };
  EXPECT_EQ(factors(""), 0U);
  EXPECT_EQ(factors("cse:suspected"), 1U);
  EXPECT_EQ(factors("cse:confirmed"), 2U);
  EXPECT_EQ(factors("gangs:confirmed;cse:suspected"), 2U << 6 | 1U);
}

TEST(RowRules, GiveCodesTheirPlaceInTheList) {
  const auto movement = World().good({{Column::event, "absent"},
                                      {Column::place_type, "other"},
                                      {Column::missing_risk, "low"},
                                      {Column::exploitation_risk, "high"},
                                      {Column::sex, "female"},
                                      {Column::care_status, "unknown"},
                                      {Column::return_interview, "completed-late"}});
  EXPECT_EQ(movement.event, 8);
  EXPECT_EQ(movement.place_type, 19);
  EXPECT_EQ(movement.missing_risk, 1);
  EXPECT_EQ(movement.exploitation_risk, 2);
  EXPECT_EQ(movement.sex, 1);
  EXPECT_EQ(movement.care_status, 4);
  EXPECT_EQ(movement.return_interview, 4);
}

TEST(Rules, HaveNamesOfTheirOwnAndAMessage) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kRules; ++i) {
    const auto rule = static_cast<Rule>(i);
    EXPECT_TRUE(names.insert(name(rule)).second) << name(rule);
    EXPECT_FALSE(message(rule).empty());
  }
  EXPECT_EQ(describe("movements.csv", {12, Column::nhs_number, Rule::nhs_check_digit}),
            "movements.csv:12: nhs_number: nhs-check-digit: the check digit does not match");
  EXPECT_EQ(describe("m.csv", {3, Column::none, Rule::invalid_utf8}),
            "m.csv:3: invalid-utf8: not UTF-8");
}

}  // namespace
}  // namespace hedgerow::import
