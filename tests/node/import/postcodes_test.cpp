// The shipped directory, against postcodes of public buildings, and against damage.
#include "node/import/postcodes.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "node/import/places.h"
#include "node/import/shipped_postcodes.h"
#include "test_paths.h"

namespace hedgerow::import {
namespace {

policies::Day day(std::string_view text) { return policies::parse_day(text).value(); }

std::string district(const Postcodes& postcodes, std::string_view text) {
  const auto number = postcode_number(as_bytes(text));
  return number ? std::string(postcodes.district_of(*number)) : "no postcode";
}

TEST(Postcodes, KnowsTwoPointSevenMillionAndTheirDistricts) {
  const auto postcodes = Postcodes::shipped();
  EXPECT_EQ(postcodes.size(), 2'707'132U);
  EXPECT_EQ(district(postcodes, "SW1A 1AA"), "E09000033");
  EXPECT_EQ(district(postcodes, "M60 2LA"), "E08000003");
  EXPECT_EQ(district(postcodes, "CF99 1SN"), "W06000015");
  EXPECT_EQ(district(postcodes, "EH99 1SP"), "S12000036");
  EXPECT_EQ(district(postcodes, "BT4 3XX"), "N09000003");
  EXPECT_EQ(district(postcodes, "S1 2HH"), "E08000039");  // Sheffield, by its code of 2025
  EXPECT_EQ(district(postcodes, "AB10 1AA"), "S12000033");
  EXPECT_EQ(district(postcodes, "QX9 9QX"), "");
  EXPECT_EQ(district(postcodes, "SW1A 1ZZ"), "");
  EXPECT_EQ(district(postcodes, "EG19 7TT"), "");
}

TEST(Postcodes, KnowsThoseOfTheGeneratedReturn) {
  const auto postcodes = Postcodes::shipped();
  std::ifstream file(HEDGEROW_SOURCE_DIR "/tests/generator/data/postcodes.csv");
  std::string line;
  std::getline(file, line);
  std::size_t rows = 0;
  for (; std::getline(file, line); ++rows) {
    const auto comma = line.find(',');
    EXPECT_EQ(district(postcodes, line.substr(0, comma)), line.substr(comma + 1)) << line;
  }
  EXPECT_GT(rows, 300U);
}

TEST(Postcodes, NumbersAPostcodeWhicheverWayItIsWritten) {
  const auto number = postcode_number(as_bytes("EC1A 1BB"));
  ASSERT_TRUE(number);
  for (const auto* text : {"EC1A1BB", "ec1a 1bb", "EC1A  1BB", "E C1A1B B"})
    EXPECT_EQ(postcode_number(as_bytes(text)), number) << text;
  for (const auto* text : {"M1 1AE", "B33 8TH", "CR2 6XH", "DN55 1PT", "W1A 0AX"})
    EXPECT_TRUE(postcode_number(as_bytes(text))) << text;
  for (const auto* text : {"", "SW1A", "SW1A 1A", "SW1A 11A", "1W1A 1AA", "SWW1 1AA", "SW1AA 1AA",
                           "SW111 1AA", "E07000178", "SW1A-1AA", "Oxford", "SW1A 1AAA"})
    EXPECT_FALSE(postcode_number(as_bytes(text))) << text;
}

TEST(Postcodes, RefusesADamagedFile) {
  const ByteView shipped = shipped_postcodes();
  EXPECT_FALSE(Postcodes::decode({}).ok());
  EXPECT_FALSE(Postcodes::decode(shipped.first(shipped.size() / 2)).ok());
  Bytes changed(shipped.begin(), shipped.end());
  changed[changed.size() / 2] ^= 1;
  EXPECT_FALSE(Postcodes::decode(changed).ok());
  Bytes longer(shipped.begin(), shipped.end());
  longer.push_back(0);
  EXPECT_FALSE(Postcodes::decode(longer).ok());
}

TEST(Places, TakeAPostcodeToTheDistrictThatItsRowsAreCountedIn) {
  Places places(policies::CodeList::shipped());
  // Aylesbury lay in a district that was merged in 2020: its postcodes were always in what is
  // Buckinghamshire today.
  for (const auto* on : {"2015-06-01", "2026-06-01"}) {
    const Place place = places.resolve(as_bytes("HP20 1UA"), day(on));
    EXPECT_EQ(place.kind, Place::Kind::area);
    EXPECT_EQ(place.area, "E06000060") << on;
    EXPECT_FALSE(place.other_day);
  }
  EXPECT_EQ(places.resolve(as_bytes("CF99 1SN"), day("2026-06-01")).area,
            policies::kOutsideEngland);
  EXPECT_EQ(places.resolve(as_bytes("JE2 3QA"), day("2026-06-01")).area, policies::kOutsideEngland);
  EXPECT_EQ(places.resolve(as_bytes("QX9 9QX"), day("2026-06-01")).kind,
            Place::Kind::unknown_postcode);
  EXPECT_EQ(places.resolve(as_bytes("Oxford"), day("2026-06-01")).kind, Place::Kind::not_an_area);
  EXPECT_EQ(places.resolve_postcode(as_bytes("Oxford"), day("2026-06-01")).kind,
            Place::Kind::unknown_postcode);
  EXPECT_EQ(places.resolve({}, day("2026-06-01")).kind, Place::Kind::area);
}

}  // namespace
}  // namespace hedgerow::import
