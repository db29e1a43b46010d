#include "node/import/crosswalk.h"

#include <gmock/gmock.h>

#include "tests/node/import/return_files.h"

namespace hedgerow::import {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Result<ParsedCrosswalk> crosswalk(std::string_view text, std::size_t piece = 1 << 20) {
  static const ReferenceKey key = ReferenceKey::copy_from(ByteArray<32>{7, 7, 7});
  CrosswalkParser parser("crosswalk.csv", key);
  const ByteView bytes = as_bytes(text);
  for (std::size_t at = 0; at < bytes.size(); at += piece)
    HR_TRY(parser.feed(bytes.subspan(at, std::min(piece, bytes.size() - at))));
  return std::move(parser).finish();
}

// Which number each child has, "" for none.
std::string number_of(const ParsedCrosswalk& file, std::string_view child) {
  const auto key = child_key(ReferenceKey::copy_from(ByteArray<32>{7, 7, 7}), as_bytes(child));
  for (const CrosswalkEntry& e : file.entries)
    if (e.child_key == key) return std::string(as_text(file.identifiers.at(e.identifier).digits()));
  return "";
}

std::vector<std::string> lines_of(const ParsedCrosswalk& file) {
  std::vector<std::string> lines;
  for (const Problem& p : file.report.problems)
    lines.push_back(std::to_string(p.line) + " " + std::string(name(p.column)) + " " +
                    std::string(name(p.rule)));
  return lines;
}

const std::string kOne = nhs("999000001");
const std::string kTwo = nhs("999000002");

TEST(Crosswalk, ReadsEitherPairOfColumnsInAnyOrder) {
  for (const std::string& text :
       {"child_ref,nhs_number\nA1," + kOne + "\nB2," + kTwo + "\n",
        "NHS_NUMBER,CHILD\n" + kOne + ",A1\n" + kTwo + ",B2\n",
        "\xef\xbb\xbf"
        "CHILD,NHS_NUMBER\r\n A1 ," +
            kOne.substr(0, 3) + " " + kOne.substr(3) + "\r\n\r\n\"B2\"," + kTwo}) {
    const auto file = crosswalk(text);
    ASSERT_TRUE(file.ok()) << file.error().text;
    EXPECT_EQ(number_of(*file, "A1"), kOne);
    EXPECT_EQ(number_of(*file, "B2"), kTwo);
    EXPECT_EQ(file->report.read, 2U);
    EXPECT_EQ(file->report.good, 2U);
    const auto pieces = crosswalk(text, 1);
    EXPECT_EQ(number_of(*pieces, "A1"), kOne);
    EXPECT_EQ(pieces->report.read, 2U);
  }
}

TEST(Crosswalk, OfTwoChildrenWithOneNumberHoldsItOnce) {
  const auto file = crosswalk("child_ref,nhs_number\nA1," + kOne + "\nB2," + kOne + "\n").value();
  EXPECT_EQ(file.entries.size(), 2U);
  EXPECT_EQ(file.identifiers.size(), 1U);
}

TEST(Crosswalk, CountsChildrenWithoutANumberAndRowsSaidTwice) {
  const auto file =
      crosswalk("child_ref,nhs_number\nA1," + kOne + "\nB2,\nA1," + kOne + "\nA1,\n").value();
  EXPECT_EQ(file.report.read, 4U);
  EXPECT_EQ(file.report.good, 4U);
  EXPECT_EQ(file.report.without_identifier, 2U);
  EXPECT_EQ(file.repeated, 1U);
  EXPECT_EQ(file.entries.size(), 1U);
  EXPECT_EQ(number_of(file, "B2"), "");
}

TEST(Crosswalk, RefusesBothOfTwoNumbersOfOneChild) {
  const auto file = crosswalk("CHILD,NHS_NUMBER\nA1," + kOne + "\nB2," + kTwo + "\nA1," + kTwo +
                              "\nA1," + kOne + "\n")
                        .value();
  EXPECT_THAT(lines_of(file),
              ElementsAre("2 NHS_NUMBER number-differs", "4 NHS_NUMBER number-differs",
                          "5 NHS_NUMBER number-differs"));
  EXPECT_EQ(file.report.refused, 3U);
  EXPECT_EQ(file.report.good, 1U);
  EXPECT_EQ(number_of(file, "A1"), "");
  EXPECT_EQ(number_of(file, "B2"), kTwo);
  EXPECT_EQ(file.identifiers.size(), 1U);
}

TEST(Crosswalk, NamesTheRuleOfEachBadRowAndNeverAValue) {
  const std::string text = "child_ref,nhs_number\nA1,9990000001\nB2,999\n," + kOne + "\n" + kOne +
                           "," + kTwo + "\n" + std::string(kMaxReference + 1, 'x') + "," + kOne +
                           "\nC3," + std::string(65, '9') + "\nD4\nE5,\"" + kOne + "\n" +
                           std::string(kMaxLine + 1, 'x') + "\nF6," + kTwo + "\n";
  const auto file = crosswalk(text).value();
  EXPECT_THAT(lines_of(file),
              ElementsAre("2 nhs_number nhs-check-digit", "3 nhs_number nhs-format",
                          "4 child_ref missing-value", "5 child_ref reference-is-nhs-number",
                          "6 child_ref too-long", "7 nhs_number too-long", "8  column-count",
                          "9 nhs_number quote", "10  line-too-long"));
  EXPECT_EQ(file.report.read, 10U);
  EXPECT_EQ(file.report.refused, 9U);
  EXPECT_EQ(file.report.good, 1U);
  for (const Problem& p : file.report.problems)
    EXPECT_THAT(describe("crosswalk.csv", p), ::testing::Not(HasSubstr(kOne)));
}

TEST(Crosswalk, RefusesAFileOfOtherColumns) {
  const auto error_of = [](std::string_view text) { return crosswalk(text).error(); };
  EXPECT_EQ(error_of("child_ref\nA1\n").text,
            "crosswalk.csv:1: the column 'nhs_number' is missing");
  EXPECT_EQ(error_of("CHILD\nA1\n").text, "crosswalk.csv:1: the column 'NHS_NUMBER' is missing");
  EXPECT_EQ(error_of("child_ref,nhs_number,CHILD\nA1,,B\n").text,
            "crosswalk.csv:1: the column 'CHILD' is one too many");
  EXPECT_EQ(error_of("CHILD,nhs_number\nA1,\n").text,
            "crosswalk.csv:1: the column 'CHILD' is one too many");
  EXPECT_EQ(error_of("A1,B2\n").hint,
            "the first line names the columns: child_ref nhs_number, or CHILD NHS_NUMBER");
  EXPECT_EQ(error_of("child_ref,nhs_number\n").text,
            "crosswalk.csv: no rows behind the header row");
  EXPECT_EQ(error_of("").text, "crosswalk.csv: the file is empty");
}

TEST(Crosswalk, OfMoreRowsThanAnImportMayHaveIsRefused) {
  std::string text = "child_ref,nhs_number\n";
  for (std::size_t i = 0; i <= kMaxRows; ++i) text += "x,\n";
  EXPECT_THAT(crosswalk(text).error().text, HasSubstr("more than 200,000 rows"));
}

TEST(WrongFile, IsCalledByWhatItsColumnsSay) {
  const World world;
  const ReturnFiles files;
  const std::string movements = MovementFile().header().row().text();
  EXPECT_EQ(crosswalk(movements).error().hint, "it has the columns of a file of movements");
  EXPECT_EQ(world.parse(files.episodes).error().hint,
            "it has the columns of a return's episodes file");
  EXPECT_EQ(world.parse("child_ref,nhs_number\nA1,\n").error().hint,
            "it has the columns of a crosswalk");
  ReturnFiles swapped;
  swapped.episodes = files.header;
  EXPECT_EQ(swapped.parse().error().text, "episodes.csv:1: an unknown column, number 2: 'SEX'");
  EXPECT_EQ(swapped.parse().error().hint, "it has the columns of a return's header file");
  swapped = files;
  swapped.header = files.missing;
  EXPECT_EQ(swapped.parse().error().hint, "it has the columns of a return's missing file");
  // Not of its own kind, whatever else may be wrong.
  EXPECT_THAT(world.parse("source_ref,event,child_ref,nhs_number\n").error().hint, IsEmpty());
}

}  // namespace
}  // namespace hedgerow::import
