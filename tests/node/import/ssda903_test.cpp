// The mapping of formats.md, Records/SSDA903, and what it refuses.
#include "node/import/ssda903.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "test_paths.h"
#include "tests/node/import/return_files.h"

namespace hedgerow::import {
namespace {

constexpr const char* kOxford = "E07000178";
constexpr const char* kReading = "E06000038";

policies::Day day(std::string_view text) { return policies::parse_day(text).value(); }

std::string event(const ParsedMovement& m) {
  return policies::CodeList::shipped().codes(policies::Vocabulary::event)[m.event];
}

// "placement 2025-06-01 E06000038>E07000178", in order of the file.
std::vector<std::string> told(const ParsedFile& file) {
  std::vector<std::string> out;
  for (const auto& m : file.movements)
    out.push_back(event(m) + " " + policies::to_text(m.started.day) + " " + m.origin + ">" +
                  m.destination);
  return out;
}

std::vector<std::string> problems(const ReturnFiles& files) {
  const auto parsed = files.parse().value();
  const auto names = files.files();
  std::vector<std::string> out;
  for (const Problem& p : parsed.report.problems)
    out.push_back(names.at(p.part).first.source + ":" + std::to_string(p.line) + " " +
                  std::string(name(p.column)) + " " + std::string(name(p.rule)));
  EXPECT_EQ(parsed.report.refused > 0, !out.empty());
  return out;
}

using Lines = std::vector<std::string>;

TEST(Ssda903, MakesAPlacementOfAStart) {
  ReturnFiles files;
  files.episode("A1", "01/06/2025", "S", "05/07/2025", "RG1 2LU", "OX1 2JD");
  const auto file = files.parse().value();
  EXPECT_EQ(told(file), Lines{"placement 2025-06-01 " + std::string(kReading) + ">" + kOxford});
  const auto& m = file.movements.front();
  EXPECT_EQ(m.ended->day, day("2025-07-05"));
  EXPECT_FALSE(m.started.minute);
  EXPECT_EQ(m.age, 14);
  EXPECT_EQ(m.child_key, child_key(World().reference_key, as_bytes("A1")));
  EXPECT_EQ(m.source_key,
            source_key(World().reference_key, as_bytes("ssda903:episode:A1:2025-06-01")));
  EXPECT_EQ(policies::CodeList::shipped().codes(policies::Vocabulary::sex)[*m.sex], "male");
  EXPECT_EQ(policies::CodeList::shipped().codes(policies::Vocabulary::care_status)[*m.care_status],
            "this-authority");
}

// What an import may have is of all its files together.
TEST(Ssda903, CountsTheRowsOfAllItsFiles) {
  ReturnFiles files;
  files.episode("A1", "01/06/2025", "S", "05/07/2025", "RG1 2LU", "OX1 2JD");
  for (std::size_t i = 2; i < kMaxRows / 2; ++i) files.header += "x,,,,,,\n";
  for (std::size_t i = 1; i < kMaxRows / 2; ++i) files.missing += "x,,,,\n";
  EXPECT_EQ(files.parse().value().report.read, kMaxRows);
  files.missing += "x,,,,\n";
  const auto parsed = files.parse();
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().text, "missing.csv:100001: more than 200,000 rows");
  EXPECT_EQ(parsed.error().hint, "cut the file in several");
}

TEST(Ssda903, MakesAMoveOnlyOfAnotherArea) {
  for (const auto* reason : {"P", "B", "T", "U"}) {
    ReturnFiles files;
    files.episode("A1", "01/06/2025", "S", "05/07/2025", "RG1 2LU", "OX1 2JD")
        .episode("A1", "05/07/2025", reason, "01/08/2025", "RG1 2LU", "OX4 1AA")
        .episode("A1", "01/08/2025", reason, "", "RG1 2LU", "RG1 2LU");
    const auto file = files.parse().value();
    EXPECT_EQ(told(file),
              (Lines{"placement 2025-06-01 " + std::string(kReading) + ">" + kOxford,
                     "placement-move 2025-08-01 " + std::string(kOxford) + ">" + kReading}))
        << reason;
    EXPECT_EQ(file.report.yearly->no_move, 1U);
  }
}

TEST(Ssda903, LeavesOutShortBreaksChangesOfStatusAndMovesItCannotPlace) {
  ReturnFiles files;
  files.episode("A1", "01/06/2025", "S", "", "RG1 2LU", "OX1 2JD", "U4", "V3")
      .episode("A1", "02/06/2025", "S", "", "RG1 2LU", "OX1 2JD", "U4", "V4")
      .episode("A1", "03/06/2025", "L", "", "RG1 2LU", "OX1 2JD")
      .episode("B2", "03/06/2025", "P", "", "RG1 2LU", "OX1 2JD")
      .episode("B2", "04/06/2025", "P", "", "RG1 2LU", "QX9 9QX");
  const auto file = files.parse().value();
  EXPECT_TRUE(file.movements.empty());
  EXPECT_EQ(file.report.yearly->short_breaks, 2U);
  EXPECT_EQ(file.report.yearly->no_move, 1U);
  EXPECT_EQ(file.report.yearly->unplaced, 2U);
  EXPECT_EQ(file.report.unknown_postcodes, 1U);
  EXPECT_EQ(file.report.refused, 0U);
}

TEST(Ssda903, FindsThePlacementOfTheDayOnWhichAChildWentMissing) {
  ReturnFiles files;
  files.episode("A1", "01/06/2025", "S", "05/07/2025", "RG1 2LU", "OX1 2JD")
      .episode("A1", "05/07/2025", "P", "01/08/2025", "", "RG1 2LU")
      .absence("A1", "M", "31/05/2025")
      .absence("A1", "A", "01/06/2025", "02/06/2025", "09/05/2011")
      .absence("A1", "M", "05/07/2025")
      .absence("A1", "M", "01/08/2025")
      .absence("A1", "M", "02/08/2025")
      .absence("B2", "M", "02/08/2025");
  const auto file = files.parse().value();
  const std::string oxford = kOxford;
  const std::string reading = kReading;
  EXPECT_EQ(told(file),
            (Lines{"placement 2025-06-01 " + reading + ">" + oxford,
                   "placement-move 2025-07-05 " + oxford + ">" + reading, "missing 2025-05-31 >",
                   "away-without-authorisation 2025-06-01 " + oxford + ">",
                   "missing 2025-07-05 " + reading + ">", "missing 2025-08-01 " + reading + ">",
                   "missing 2025-08-02 >", "missing 2025-08-02 >"}));
  EXPECT_EQ(file.report.yearly->uncovered, 3U);
}

TEST(Ssda903, CountsTemporaryPlacements) {
  ReturnFiles files;
  int at = 10;
  for (const auto* place : {"T0", "T1", "T2", "T3", "T4", "T5", "U1"})
    files.episode("A1", std::to_string(at++) + "/06/2025", "S", "", "", "OX1 2JD", place);
  EXPECT_EQ(files.parse().value().report.yearly->temporary, 5U);
}

TEST(Ssda903, TakesNumbersFromTheCrosswalkAndCountsWhoHasNone) {
  ReturnFiles files;
  files.episode("A1", "01/06/2025", "S", "", "", "OX1 2JD")
      .episode("B2", "01/06/2025", "S", "", "", "OX1 2JD")
      .absence("A1", "M", "02/06/2025");
  EXPECT_EQ(files.parse().value().report.without_identifier, 3U);
  files.crosswalk =
      "CHILD,NHS_NUMBER\nA1," + nhs("999000001") + "\nC3," + nhs("999000002") + "\nB2,\n";
  const auto file = files.parse().value();
  EXPECT_EQ(file.report.without_identifier, 1U);
  EXPECT_EQ(file.identifiers.size(), 1U);
  EXPECT_EQ(file.report.yearly->crosswalk_unused, 2U);
  EXPECT_EQ(file.report.yearly->crosswalk, 3U);
}

TEST(Ssda903, KeepsItsReferencesOverImportsAndCorrections) {
  ReturnFiles first, second;
  first.episode("A1", "01/06/2025", "S", "", "", "OX1 2JD").absence("A1", "A", "02/06/2025");
  second.absence("A1", "M", "02/06/2025").episode("A1", "01/06/2025", "S", "", "", "RG1 2LU");
  const auto a = first.parse().value();
  const auto b = second.parse().value();
  ASSERT_EQ(a.movements.size(), b.movements.size());
  for (std::size_t i = 0; i < a.movements.size(); ++i)
    EXPECT_EQ(a.movements[i].source_key, b.movements[i].source_key);
  EXPECT_NE(a.movements[0].source_key, a.movements[1].source_key);
}

TEST(Ssda903, ReadsTheSameInChunksOfEverySizeAndWithWindowsLineEndsAndBom) {
  ReturnFiles files;
  files.episode("A1", "01/06/2025", "S", "", "RG1 2LU", "OX1 2JD").absence("A1", "M", "02/06/2025");
  const auto expected = told(files.parse().value());
  for (const std::size_t chunk : {1U, 7U, 64U})
    EXPECT_EQ(told(files.parse(World(), chunk).value()), expected);
  for (std::string* text : {&files.header, &files.episodes, &files.missing}) {
    std::string windows = "\xef\xbb\xbf";
    for (const char c : *text) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
    *text = windows;
  }
  EXPECT_EQ(told(files.parse().value()), expected);
}

TEST(Ssda903, CountsWhatIsOlderThanTheRetentionAndStillPlacesTheMissing) {
  ReturnFiles files;
  files.episode("A1", "01/06/2020", "S", "", "RG1 2LU", "OX1 2JD")
      .absence("A1", "M", "02/06/2021")
      .absence("A1", "M", "02/06/2025");
  const auto file = files.parse().value();
  EXPECT_EQ(file.report.old, 2U);
  EXPECT_EQ(told(file), Lines{"missing 2025-06-02 " + std::string(kOxford) + ">"});
}

TEST(Ssda903, RefusesAChildThatIsAnNhsNumber) {
  const std::string number = nhs("999000001");
  ReturnFiles files;
  files.header += number + ",1,09/05/2011,,,,\n";
  files.episode(number, "01/06/2025", "S", "", "", "OX1 2JD").absence(number, "M", "02/06/2025");
  files.crosswalk = "CHILD,NHS_NUMBER\n" + number + "," + number + "\n";
  EXPECT_EQ(problems(files), (Lines{"crosswalk.csv:2 CHILD reference-is-nhs-number",
                                    "header.csv:4 CHILD reference-is-nhs-number",
                                    "episodes.csv:2 CHILD reference-is-nhs-number",
                                    "missing.csv:2 CHILD reference-is-nhs-number"}));
}

TEST(Ssda903, RefusesCellsOfTheHeaderAndTheCrosswalk) {
  ReturnFiles files;
  files.header +=
      ",1,09/05/2011,,,,\nA1,1,09/05/2011,,,,\nC3,7,09/05/2011,,,,\nD4,1,2011-05-09,,,,\n"
      "E5,1,,,,,\nF6,1,31/02/2011,,,,\nG7,1,09/05/2031,,,,\n";
  files.crosswalk = "CHILD,NHS_NUMBER\nA1,9990000001\nB2,999\nA1," + nhs("999000001") + "\nA1,\n";
  files.episode("C3", "01/06/2025", "S", "", "", "OX1 2JD");
  EXPECT_EQ(problems(files),
            (Lines{"crosswalk.csv:2 NHS_NUMBER nhs-check-digit",
                   "crosswalk.csv:3 NHS_NUMBER nhs-format", "crosswalk.csv:5 CHILD duplicate-child",
                   "header.csv:4 CHILD missing-value", "header.csv:5 CHILD duplicate-child",
                   "header.csv:6 SEX return-code", "header.csv:7 DOB return-date",
                   "header.csv:8 DOB missing-value", "header.csv:9 DOB return-date",
                   "header.csv:10 DOB date-future", "episodes.csv:2 CHILD child-refused"}));
}

TEST(Ssda903, RefusesCellsOfEpisodes) {
  ReturnFiles files;
  files.episode("A1", "2025-06-01", "S", "", "", "OX1 2JD")
      .episode("A1", "", "S", "", "", "OX1 2JD")
      .episode("A1", "02/06/2025", "S", "01/06/2025", "", "OX1 2JD")
      .episode("A1", "03/06/2025", "X", "", "", "OX1 2JD")
      .episode("A1", "04/06/2025", "", "", "", "OX1 2JD")
      .episode("A1", "05/06/2025", "S", "", "", "OX1 2JD", "U4", "")
      .episode("Z9", "06/06/2025", "S", "", "", "OX1 2JD")
      .episode("A1", "07/06/2025", "S", "", "", "OX1 2JD")
      .episode("A1", "07/06/2025", "S", "", "", "OX1 2JD")
      .episode("A1", "01/06/2027", "S", "", "", "OX1 2JD");
  files.header += "C3,1,01/01/2007,,,,\nD4,1,01/01/2026,,,,\n";
  files.episode("C3", "08/06/2025", "S", "", "", "OX1 2JD")
      .episode("D4", "09/06/2025", "S", "", "", "OX1 2JD");
  auto found = problems(files);
  std::sort(found.begin(), found.end());
  Lines expected{
      "episodes.csv:2 DECOM return-date",         "episodes.csv:3 DECOM missing-value",
      "episodes.csv:4 DEC ended-before-started",  "episodes.csv:5 RNE return-code",
      "episodes.csv:6 RNE missing-value",         "episodes.csv:7 LS missing-value",
      "episodes.csv:8 CHILD child-not-in-header", "episodes.csv:10 DECOM duplicate-episode",
      "episodes.csv:11 DECOM date-future",        "episodes.csv:12 DECOM adult-at-event",
      "episodes.csv:13 DECOM birth-after-event"};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(found, expected);
}

TEST(Ssda903, RefusesCellsOfMissing) {
  ReturnFiles files;
  files.absence("Z9", "M", "02/06/2025")
      .absence("A1", "Q", "02/06/2025")
      .absence("A1", "", "02/06/2025")
      .absence("A1", "M", "02.06.2025")
      .absence("A1", "M", "02/06/2025", "01/06/2025")
      .absence("A1", "M", "02/06/2025", "", "10/05/2011")
      .absence("A1", "M", "03/06/2025")
      .absence("A1", "A", "03/06/2025");
  EXPECT_EQ(problems(files),
            (Lines{"missing.csv:2 CHILD child-not-in-header", "missing.csv:3 MISSING return-code",
                   "missing.csv:4 MISSING missing-value", "missing.csv:5 MIS_START return-date",
                   "missing.csv:6 MIS_END ended-before-started", "missing.csv:7 DOB birth-differs",
                   "missing.csv:9 MIS_START duplicate-episode"}));
}

TEST(Ssda903, NamesTheFileWhoseHeaderRowIsWrong) {
  ReturnFiles files;
  files.episodes = "CHILD,DECOM,RNE\n";
  EXPECT_EQ(files.parse().error().text, "episodes.csv:1: the column 'LS' is missing");
  files = {};
  files.missing = "CHILD,MISSING,MIS_START,MIS_END,MIS_START\n";
  EXPECT_EQ(files.parse().error().text,
            "missing.csv:1: the column 'MIS_START' stands twice in the header row");
  files = {};
  files.header = "CHILD,SEX,DOB,SURNAME\nA1,1,09/05/2011,x\n";
  EXPECT_EQ(files.parse().error().text, "header.csv:1: an unknown column, number 4: 'SURNAME'");
  files = {};
  files.header = "CHILD,SEX,DOB\n";
  EXPECT_EQ(files.parse().error().text, "header.csv: no rows behind the header row");
  files = {};
  files.missing = "";
  EXPECT_EQ(files.parse().error().text, "missing.csv: the file is empty");
}

TEST(Ssda903, TakesItsPartsInOrderOnly) {
  const World world;
  const auto create = [&](std::vector<ReturnFile> files) {
    return ReturnParser::create(ParseContext{*world.codes, "", world.reference_key, nullptr,
                                             world.retention_cutoff, world.today},
                                std::move(files))
        .ok();
  };
  using enum ReturnPart;
  EXPECT_TRUE(create({{header, "h"}, {episodes, "e"}, {missing, "m"}}));
  EXPECT_TRUE(create({{crosswalk, "c"}, {header, "h"}, {episodes, "e"}, {missing, "m"}}));
  EXPECT_FALSE(create({}));
  EXPECT_FALSE(create({{header, "h"}, {episodes, "e"}}));
  EXPECT_FALSE(create({{episodes, "e"}, {header, "h"}, {missing, "m"}}));
  EXPECT_FALSE(create({{header, "h"}, {header, "h"}, {episodes, "e"}, {missing, "m"}}));
}

std::string published(const std::string& part) {
  std::ifstream file(HEDGEROW_SOURCE_DIR "/tests/node/import/data/ssda903/" + part + ".csv",
                     std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Ssda903, SaysOfThePublishedFakeReturnWhatItIs) {
  ReturnFiles files;
  files.header = published("header");
  files.episodes = published("episodes");
  files.missing = published("missing");
  const auto file = files.parse().value();
  const Report& r = file.report;
  // Years before the retention ...
  EXPECT_EQ(r.good, 0U);
  EXPECT_TRUE(file.movements.empty());
  EXPECT_EQ(r.yearly->children, 2675U);
  EXPECT_EQ(r.yearly->episodes, 5050U);
  EXPECT_EQ(r.yearly->missing, 43U);
  EXPECT_EQ(r.yearly->short_breaks, 803U);
  EXPECT_EQ(r.old, 5050U + 43U - 803U);
  EXPECT_EQ(r.refused, 0U);
  // ... and postcodes that nearly all do not exist.
  EXPECT_GT(r.unknown_postcodes, 5000U);

  // On a day when it was new, it is a return like any other.
  World then;
  then.today = day("2019-06-01");
  then.retention_cutoff = day("2014-06-01");
  const auto fresh = files.parse(then).value().report;
  EXPECT_EQ(fresh.read, 2675U + 5050U + 43U);
  EXPECT_EQ(fresh.old, 0U);
  EXPECT_GT(fresh.good, 300U);
  const ReturnCounts& c = *fresh.yearly;
  EXPECT_EQ(fresh.good + fresh.refused + c.short_breaks + c.no_move + c.unplaced, 5050U + 43U);
}

}  // namespace
}  // namespace hedgerow::import
