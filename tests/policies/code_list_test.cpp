#include "policies/code_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "policies/shipped_texts.h"

namespace hedgerow::policies {
namespace {

using Kind = DistrictResolution::Kind;

const CodeList& shipped() { return CodeList::shipped(); }
Day day(std::string_view text) { return parse_day(text).value(); }

// A list with one split, one circle and two districts; lines can be exchanged.
std::string small_list() {
  std::string text(shipped_code_list_text());
  text.resize(text.find("county\t"));
  return text +
         "county\tE10000001\tShire\n"
         "police-area\tE23000001\tForce\n"
         "care-board\tE54000001\tBoard A\n"
         "care-board\tE54000002\tBoard B\n"
         "district\tE06000001\t2020\t-\tE23000001\tE54000002,E54000001\tNorth\n"
         "district\tE07000001\t-\tE10000001\tE23000001\tE54000001\tSouth\n"
         "former\tE07000002\t-\t2019\tE06000001\tOld north\n"
         "former\tE07000003\t-\t2019\tE06000001,E07000001\tSplit\n"
         "former\tE07000004\t-\t2018\tE07000002\tOlder north\n"
         "former\tE07000005\t-\t2018\tE07000006\tCircle\n"
         "former\tE07000006\t-\t2018\tE07000005\tCircle\n";
}

TEST(CodeList, ShipsTheEnglishDistrictsOfApril2025) {
  EXPECT_EQ(shipped().version(), "england-2025");
  EXPECT_EQ(shipped().districts().size(), 296u);
  EXPECT_NE(shipped().attribution().find("Open Government Licence v3.0"), std::string::npos);
  for (const auto& code : shipped().districts()) {
    EXPECT_TRUE(shipped().district_at(code, PlaceLevel::social_care_authority)) << code;
    EXPECT_TRUE(shipped().district_at(code, PlaceLevel::police_area)) << code;
  }
}

TEST(CodeList, HoldsTheWordsOfTheRecords) {
  EXPECT_TRUE(shipped().contains(Vocabulary::event, "missing"));
  EXPECT_TRUE(shipped().contains(Vocabulary::place_type, "railway-station"));
  EXPECT_TRUE(shipped().contains(Vocabulary::return_interview, "completed-72h"));
  EXPECT_FALSE(shipped().contains(Vocabulary::event, "Missing"));
  EXPECT_FALSE(shipped().contains(Vocabulary::event, ""));
  EXPECT_EQ(shipped().codes(Vocabulary::event).size(), 9u);
  EXPECT_EQ(shipped().codes(Vocabulary::place_type).size(), 20u);
  EXPECT_EQ(shipped().codes(Vocabulary::event)[0], "missing");
  for (unsigned age = 0; age < 30; ++age)
    EXPECT_TRUE(shipped().contains(Vocabulary::age_band, age_band(age))) << age;
}

TEST(CodeList, BarnsleyAndSheffieldChangedCodesOnTheFirstOfApril2025) {
  const auto before = shipped().resolve_district("E08000016", day("2025-03-31"));
  EXPECT_EQ(before.kind, Kind::current);
  EXPECT_EQ(before.code, "E08000038");
  EXPECT_TRUE(before.valid_on_day);
  EXPECT_FALSE(shipped().resolve_district("E08000016", day("2025-04-01")).valid_on_day);
  const auto after = shipped().resolve_district("E08000039", day("2025-04-01"));
  EXPECT_EQ(after.code, "E08000039");
  EXPECT_TRUE(after.valid_on_day);
  EXPECT_FALSE(shipped().resolve_district("E08000039", day("2025-03-31")).valid_on_day);
  EXPECT_EQ(shipped().district_at("E08000038", PlaceLevel::police_area), "E23000011");
  EXPECT_FALSE(shipped().area_kind("E08000016"));
}

TEST(CodeList, FollowsAChainOfChanges) {
  // Taunton Deane, Somerset West and Taunton, Somerset.
  EXPECT_EQ(shipped().resolve_district("E07000190", day("2018-06-01")).code, "E06000066");
  EXPECT_EQ(shipped().resolve_district("E07000246", day("2022-06-01")).code, "E06000066");
  EXPECT_FALSE(shipped().resolve_district("E07000246", day("2019-03-31")).valid_on_day);
}

TEST(CodeList, TellsPlacesOutsideEnglandFromUnknownCodes) {
  for (const char* code : {"W06000015", "S12000047", "N09000003", "outside-england"})
    EXPECT_EQ(shipped().resolve_district(code, day("2026-01-01")).kind, Kind::outside_england);
  for (const char* code : {"", "E06", "E06000999", "E10000003", "e08000038", "W0600001",
                           "X06000015", "E23000011", "elsewhere"})
    EXPECT_EQ(shipped().resolve_district(code, day("2026-01-01")).kind, Kind::unknown) << code;
}

TEST(CodeList, OpensLargerAreasIntoDistricts) {
  EXPECT_EQ(shipped().area_kind("E23000011"), AreaKind::police_area);
  EXPECT_EQ(shipped().districts_of("E23000011"),
            (std::vector<std::string>{"E08000017", "E08000018", "E08000038", "E08000039"}));
  EXPECT_EQ(shipped().districts_of("E10000003").size(), 5u);
  EXPECT_EQ(shipped().districts_of("E07000008"), std::vector<std::string>{"E07000008"});
  EXPECT_EQ(shipped().district_at("E07000008", PlaceLevel::social_care_authority), "E10000003");
  EXPECT_EQ(shipped().district_at("E06000060", PlaceLevel::social_care_authority), "E06000060");
  EXPECT_TRUE(shipped().districts_of("E99000001").empty());
  EXPECT_EQ(place_name(shipped(), "E23000011"), "South Yorkshire");
  EXPECT_EQ(place_name(shipped(), kElsewhere), "elsewhere in England");
  EXPECT_EQ(place_name(shipped(), "whatever"), "unknown");
}

TEST(CodeList, EveryDistrictBelongsToOneCareBoardOnly) {
  std::set<std::string> seen;
  std::size_t boards = 0;
  for (unsigned n = 0; n < 100; ++n) {
    const std::string board = "E540000" + std::string(n < 10 ? "0" : "") + std::to_string(n);
    if (shipped().area_kind(board) != AreaKind::care_board) continue;
    ++boards;
    for (const auto& d : shipped().districts_of(board)) EXPECT_TRUE(seen.insert(d).second) << d;
  }
  EXPECT_EQ(boards, 42u);
  EXPECT_EQ(seen.size(), 296u);
  EXPECT_GE(shipped().straddlers().size(), 12u);
  for (const auto& s : shipped().straddlers()) {
    const auto own = shipped().districts_of(s.boards[0]);
    EXPECT_NE(std::find(own.begin(), own.end(), s.district), own.end());
  }
}

TEST(CodeList, ASplitIsAmbiguousAndACircleUnknown) {
  const auto parsed = CodeList::parse(small_list());
  ASSERT_TRUE(parsed.ok()) << parsed.error().text;
  EXPECT_EQ(parsed->resolve_district("E07000003", day("2018-01-01")).kind, Kind::ambiguous);
  EXPECT_EQ(parsed->resolve_district("E07000004", day("2018-01-01")).code, "E06000001");
  EXPECT_EQ(parsed->resolve_district("E07000005", day("2018-01-01")).kind, Kind::unknown);
  EXPECT_EQ(parsed->districts_of("E54000002"), std::vector<std::string>{"E06000001"});
}

TEST(CodeList, AnyOtherTextHasAnotherHash) {
  const auto a = CodeList::parse(small_list());
  auto text = small_list();
  text.replace(text.find("Old north"), 3, "Odd");
  const auto b = CodeList::parse(text);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_NE(a->hash(), b->hash());
  EXPECT_EQ(CodeList::parse(small_list())->hash(), a->hash());
}

TEST(CodeList, RefusesWhatIsNotCanonical) {
  const auto refused = [](std::string_view from, std::string_view to) {
    std::string text = small_list();
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    const auto parsed = CodeList::parse(text);
    return !parsed.ok() && parsed.error().code == Code::bad_input;
  };
  EXPECT_TRUE(refused("hedgerow-codes 1", "hedgerow-codes 2"));
  EXPECT_TRUE(refused("version england", "version England"));
  EXPECT_TRUE(refused("vocabulary event", "vocabulary happening"));
  EXPECT_TRUE(refused("vocabulary event missing", "vocabulary event missing missing"));
  EXPECT_TRUE(refused("vocabulary sex male female other not-recorded\n", ""));
  EXPECT_TRUE(refused("E54000002\tBoard B", "E54000001\tBoard B"));
  EXPECT_TRUE(refused("E07000001\t-\tE10000001", "E07000001\t-\t-"));
  EXPECT_TRUE(refused("2020\t-\tE23000001", "2020\tE10000001\tE23000001"));
  EXPECT_TRUE(refused("-\tE23000001", "-\tE23000009"));
  EXPECT_TRUE(refused("E54000002,E54000001", "E54000002,E54000009"));
  EXPECT_TRUE(refused("2019\tE06000001\tOld", "2019\tE06000009\tOld"));
  EXPECT_TRUE(refused("-\t2019\tE06000001\tOld", "2020\t2019\tE06000001\tOld"));
  EXPECT_TRUE(refused("former\tE07000002", "former\tE06000001"));
  EXPECT_TRUE(refused("county\t", "parish\t"));
  EXPECT_FALSE(CodeList::parse("").ok());
  EXPECT_FALSE(CodeList::parse("hedgerow-codes 1\n").ok());
  EXPECT_FALSE(CodeList::parse(std::string(kMaxCodeListBytes + 1, '\n')).ok());
  EXPECT_FALSE(CodeList::parse(small_list().substr(0, small_list().size() - 1)).ok());
}

}  // namespace
}  // namespace hedgerow::policies
