// The file's shape: bytes, lines, header row, chunks, counts, bounds.
#include "node/import/rows.h"

#include <gtest/gtest.h>

#include "tests/node/import/movement_file.h"

namespace hedgerow::import {
namespace {

bool same(const ParsedMovement& a, const ParsedMovement& b) {
  return a.source_key == b.source_key && a.child_key == b.child_key &&
         a.identifier == b.identifier && a.event == b.event && a.started == b.started &&
         a.ended == b.ended && a.origin == b.origin && a.destination == b.destination &&
         a.age == b.age && a.adult_month == b.adult_month && a.case_ref == b.case_ref;
}

void expect_same(const ParsedFile& a, const ParsedFile& b) {
  ASSERT_EQ(a.movements.size(), b.movements.size());
  for (std::size_t i = 0; i < a.movements.size(); ++i)
    EXPECT_TRUE(same(a.movements[i], b.movements[i])) << i;
  EXPECT_EQ(a.identifiers, b.identifiers);
  EXPECT_EQ(a.report.problems, b.report.problems);
  EXPECT_EQ(a.report.by_rule, b.report.by_rule);
  EXPECT_EQ(a.report.read, b.report.read);
}

Error error_of(std::string_view text) {
  auto file = World().parse(text);
  EXPECT_FALSE(file.ok());
  return file.ok() ? Error{} : file.error();
}

std::vector<Problem> problems_of(std::string_view text) {
  return World().parse(text).value().report.problems;
}

// Three good rows of two children, one of them without a number, and two bad rows.
MovementFile mixed(std::string_view line_end = "\n") {
  MovementFile file(line_end);
  return file.header()
      .row()
      .row({{Column::source_ref, "\"R-\"\"2\"\", b\""},
            {Column::nhs_number, "999 000 001 " + nhs("999000001").substr(9)}})
      .row({{Column::source_ref, "R-3"},
            {Column::nhs_number, ""},
            {Column::child_ref, "Zo\xc3\xab"}})
      .row({{Column::source_ref, "R-4"}, {Column::event, "gone"}})
      .row({{Column::source_ref, "R-5"}, {Column::nhs_number, nhs("999000002")}});
}

TEST(MovementParser, CountsWhatItRead) {
  const auto file = World().parse(mixed().text()).value();
  EXPECT_EQ(file.report.read, 5U);
  EXPECT_EQ(file.report.good, 4U);
  EXPECT_EQ(file.report.refused, 1U);
  EXPECT_EQ(file.report.old, 0U);
  EXPECT_EQ(file.report.without_identifier, 1U);
  EXPECT_EQ(file.report.by_rule[static_cast<std::size_t>(Rule::unknown_code)], 1U);
  EXPECT_EQ(file.report.problems, (std::vector<Problem>{{5, Column::event, Rule::unknown_code}}));
}

TEST(MovementParser, GivesEachNumberOnce) {
  const auto file = World().parse(mixed().text()).value();
  ASSERT_EQ(file.identifiers.size(), 2U);
  EXPECT_EQ(as_text(file.identifiers[0].digits()), nhs("999000001"));
  EXPECT_EQ(as_text(file.identifiers[1].digits()), nhs("999000002"));
  EXPECT_EQ(file.movements[0].identifier, 0U);
  EXPECT_EQ(file.movements[1].identifier, 0U);
  EXPECT_EQ(file.movements[2].identifier, std::nullopt);
  EXPECT_EQ(file.movements[3].identifier, 1U);
}

TEST(MovementParser, GivesNoNumberThatOnlyRefusedOrOldRowsHave) {
  const auto file = World()
                        .parse(MovementFile()
                                   .header()
                                   .row()
                                   .row({{Column::source_ref, "2"},
                                         {Column::nhs_number, nhs("999000002")},
                                         {Column::sex, "?"}})
                                   .row({{Column::source_ref, "3"},
                                         {Column::nhs_number, nhs("999000003")},
                                         {Column::started_at, "2024-11-21"}})
                                   .row({{Column::nhs_number, nhs("999000004")}})
                                   .text())
                        .value();
  EXPECT_EQ(file.identifiers.size(), 1U);
}

TEST(MovementParser, ReadsTheSameInChunksOfEverySize) {
  for (const std::string_view line_end : {"\n", "\r\n"}) {
    const std::string text = "\xef\xbb\xbf" + mixed(line_end).text();
    const auto whole = World().parse(text).value();
    for (std::size_t chunk = 1; chunk < text.size(); ++chunk)
      expect_same(World().parse(text, chunk).value(), whole);
  }
}

TEST(MovementParser, ReadsTheSameWhereverTheBytesAreCutInTwo) {
  const std::string text = mixed("\r\n").text();
  const auto whole = World().parse(text).value();
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    auto parser = World().parser();
    World world;
    parser = world.parser();
    ASSERT_TRUE(parser.feed(as_bytes(text).first(cut)).ok());
    ASSERT_TRUE(parser.feed(as_bytes(text).subspan(cut)).ok());
    expect_same(std::move(parser).finish().value(), whole);
  }
}

TEST(MovementParser, ReadsTheSameWithEitherLineEndWithOrWithoutBomOrLastLineEnd) {
  const auto plain = World().parse(mixed().text()).value();
  expect_same(World().parse(mixed("\r\n").text()).value(), plain);
  expect_same(World().parse("\xef\xbb\xbf" + mixed().text()).value(), plain);
  std::string open_end = mixed().text();
  open_end.pop_back();
  expect_same(World().parse(open_end).value(), plain);
}

TEST(MovementParser, HashesReferencesAlikeInEveryImportUnderOneKey) {
  const auto first = World().good({});
  EXPECT_TRUE(same(first, World().good({})));
  const World world;
  EXPECT_EQ(first.source_key, source_key(world.reference_key, as_bytes("R-1")));
  EXPECT_EQ(first.source_key, source_key(world.reference_key, as_bytes(" R-1\t")));
  EXPECT_EQ(*first.child_key, child_key(world.reference_key, as_bytes("C-17")));
  EXPECT_NE(source_key(world.reference_key, as_bytes("x")),
            child_key(world.reference_key, as_bytes("x")));
  const auto other = ReferenceKey::copy_from(ByteArray<32>{8});
  EXPECT_NE(first.source_key, source_key(other, as_bytes("R-1")));
}

TEST(MovementParser, TakesColumnsInAnyOrderAndDoesWithoutTheOptionalOnes) {
  const auto file = World()
                        .parse(MovementFile()
                                   .columns({Column::destination, Column::started_at, Column::event,
                                             Column::child_ref, Column::origin, Column::source_ref})
                                   .header()
                                   .row()
                                   .text())
                        .value();
  ASSERT_EQ(file.movements.size(), 1U);
  EXPECT_EQ(file.movements[0].origin, "E07000178");
  EXPECT_EQ(file.movements[0].destination, "E06000038");
  EXPECT_FALSE(file.movements[0].age.has_value());
}

TEST(MovementParser, NamesAMissingColumn) {
  for (const Column missing : {Column::source_ref, Column::event, Column::started_at,
                               Column::origin, Column::destination}) {
    std::vector<Column> columns;
    for (std::size_t i = 1; i < kColumns; ++i)
      if (static_cast<Column>(i) != missing) columns.push_back(static_cast<Column>(i));
    const auto error = error_of(MovementFile().columns(columns).header().row().text());
    EXPECT_EQ(error.text,
              "movements.csv:1: the column '" + std::string(name(missing)) + "' is missing");
    EXPECT_EQ(error.code, Code::bad_input);
  }
  EXPECT_EQ(error_of("source_ref,event,started_at,origin,destination\n").text,
            "movements.csv:1: neither of the columns 'nhs_number' and 'child_ref' is there");
}

TEST(MovementParser, NamesAnUnknownColumnButNeverAValue) {
  EXPECT_EQ(error_of("source_ref,Surname,event\n").text,
            "movements.csv:1: an unknown column, number 2: 'Surname'");
  EXPECT_EQ(error_of("source_ref,9434765919,event\n").text,
            "movements.csv:1: an unknown column, number 2");
  EXPECT_EQ(error_of("source_ref,,event\n").text, "movements.csv:1: an unknown column, number 2");
  const auto error = error_of("9434765919,Smith,missing\n");
  EXPECT_EQ(error.text, "movements.csv:1: not a header row");
  EXPECT_EQ(error.hint,
            "the first line names the columns: source_ref event started_at origin destination");
}

TEST(MovementParser, RefusesAColumnThatStandsTwice) {
  EXPECT_EQ(error_of("source_ref,event,source_ref\n").text,
            "movements.csv:1: the column 'source_ref' stands twice in the header row");
}

TEST(MovementParser, RefusesUtf16AndSaysSo) {
  EXPECT_EQ(error_of(std::string_view("\xff\xfes\0o\0", 6)).text,
            "movements.csv:1: the file is UTF-16, not UTF-8");
  EXPECT_EQ(error_of(std::string_view("\xfe\xff\0s", 4)).text,
            "movements.csv:1: the file is UTF-16, not UTF-8");
}

TEST(MovementParser, NamesUtf16WithoutAMarkNulBytesOtherSeparatorsAndSpreadsheets) {
  EXPECT_EQ(error_of(std::string_view("s\0o\0u\0\n\0", 8)).text,
            "movements.csv:1: the file is UTF-16, not UTF-8");
  EXPECT_EQ(error_of(std::string_view("source_ref,\0event\n", 18)).text,
            "movements.csv:1: the file holds NUL bytes: it is no text");
  EXPECT_EQ(error_of("source_ref;event;origin\n1;2;3\n").text,
            "movements.csv:1: the cells are parted by semicolons, not by commas");
  EXPECT_EQ(error_of("source_ref\tevent\torigin\n").text,
            "movements.csv:1: the cells are parted by tabs, not by commas");
  EXPECT_EQ(error_of("PK\x03\x04 and so on\n").text,
            "movements.csv:1: a spreadsheet's own file, or a zip, not CSV");
  for (const auto* text : {"source_ref;event\n", "source_ref\tevent\n", "PK\n"})
    EXPECT_FALSE(error_of(text).hint.empty());
}

// Without waiting for a line end that may never come.
TEST(MovementParser, RefusesAnEndlessLineWithoutReadingOn) {
  World world;
  auto zero = world.parser();
  EXPECT_EQ(zero.feed(Bytes(kMaxLine + 2)).error().text,
            "movements.csv:1: the file holds NUL bytes: it is no text");
  auto endless = world.parser();
  const std::string header = MovementFile().header().text();
  ASSERT_TRUE(endless.feed(as_bytes(header)).ok());
  const std::string chunk(std::size_t{1} << 20, 'x');
  std::size_t fed = header.size();
  Result<void> result;
  while (result.ok() && fed < 2 * kMaxFile) {
    result = endless.feed(as_bytes(chunk));
    fed += chunk.size();
  }
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().text, "movements.csv: more than 512 MiB");
  EXPECT_LE(fed, kMaxFile + chunk.size());
}

TEST(MovementParser, RefusesWhatHasNoHeaderRowOrNoRows) {
  EXPECT_EQ(error_of("").text, "movements.csv: the file is empty");
  EXPECT_EQ(error_of("\"source_ref,event\n").text,
            "movements.csv:1: not a header row of CSV in UTF-8");
  EXPECT_EQ(error_of(std::string(kMaxLine + 2, 'x')).text,
            "movements.csv:1: the header row is longer than 64 KiB");
  EXPECT_EQ(error_of(MovementFile().header().text()).text,
            "movements.csv: no rows behind the header row");
}

TEST(MovementParser, GivesTheSameErrorAgainAfterAnError) {
  World world;
  auto parser = world.parser();
  const auto first = parser.feed(as_bytes("nonsense\n"));
  ASSERT_FALSE(first.ok());
  const std::string good = MovementFile().header().row().text();
  const auto second = parser.feed(as_bytes(good));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error(), first.error());
  const auto last = std::move(parser).finish();
  ASSERT_FALSE(last.ok());
  EXPECT_EQ(last.error(), first.error());
}

TEST(MovementParser, SkipsBlankLinesAndRowsOfCommasButCountsTheirLines) {
  const std::string commas(kColumns - 2, ',');
  const auto file = World()
                        .parse(MovementFile()
                                   .header()
                                   .line("")
                                   .row()
                                   .line(commas)
                                   .line(" , ,")
                                   .row({{Column::source_ref, "2"}, {Column::sex, "?"}})
                                   .line("")
                                   .text())
                        .value();
  EXPECT_EQ(file.report.read, 2U);
  EXPECT_EQ(file.report.problems, (std::vector<Problem>{{6, Column::sex, Rule::unknown_code}}));
}

TEST(MovementParser, RefusesALineOverTheLimitAndReadsOn) {
  const std::string header = MovementFile().header().text();
  for (const std::size_t size : {kMaxLine, kMaxLine + 1, kMaxLine + 2, 3 * kMaxLine}) {
    for (const std::string_view line_end : {"\n", "\r\n"}) {
      MovementFile file(line_end);
      file.header().line(std::string(size, 'x')).row();
      const auto parsed = World().parse(file.text(), 1000).value();
      EXPECT_EQ(parsed.movements.size(), 1U);
      // The line that is just short enough is one cell, and so a bad row for that reason.
      EXPECT_EQ(
          parsed.report.problems,
          (std::vector<Problem>{
              {2, Column::none, size <= kMaxLine ? Rule::column_count : Rule::line_too_long}}))
          << size;
    }
  }
}

TEST(MovementParser, RefusesALastLineOverTheLimitThatHasNoEnd) {
  const auto problems =
      problems_of(MovementFile().header().row().text() + std::string(kMaxLine + 1, 'x'));
  EXPECT_EQ(problems, (std::vector<Problem>{{3, Column::none, Rule::line_too_long}}));
}

TEST(MovementParser, RefusesARowWithTooFewOrTooManyCells) {
  EXPECT_EQ(problems_of(MovementFile().header().row().line("a,b").text()),
            (std::vector<Problem>{{3, Column::none, Rule::column_count}}));
  std::string row = MovementFile().row().text();
  row.insert(row.size() - 1, ",");
  EXPECT_EQ(problems_of(MovementFile().header().text() + row),
            (std::vector<Problem>{{2, Column::none, Rule::column_count}}));
}

TEST(MovementParser, RefusesALineThatIsNotUtf8AndReadsOn) {
  const auto file =
      World()
          .parse(MovementFile().header().row({{Column::child_ref, "Zo\xeb"}}).row().text())
          .value();
  EXPECT_EQ(file.movements.size(), 1U);
  EXPECT_EQ(file.report.problems, (std::vector<Problem>{{2, Column::none, Rule::invalid_utf8}}));
}

TEST(MovementParser, RefusesControlCharactersLoneCarriageReturnsAmongThem) {
  for (const std::string_view text : {std::string_view("a\0b", 3), std::string_view("a\rb"),
                                      std::string_view("\x1b[1m"), std::string_view("a\x7f")})
    EXPECT_EQ(
        problems_of(MovementFile().header().row({{Column::child_ref, std::string(text)}}).text()),
        (std::vector<Problem>{{2, Column::none, Rule::control_character}}));
}

TEST(MovementParser, NamesTheColumnOfAQuoteOutOfPlaceAndReadsOn) {
  const auto file = World()
                        .parse(MovementFile()
                                   .header()
                                   .row({{Column::child_ref, "5\" wide"}})
                                   .row({{Column::origin, "\"E07\"000178"}})
                                   .row({{Column::source_ref, "\"never closed"}})
                                   .row({{Column::source_ref, "\"closed\""}})
                                   .text())
                        .value();
  EXPECT_EQ(file.movements.size(), 1U);
  EXPECT_EQ(file.report.problems, (std::vector<Problem>{{2, Column::child_ref, Rule::quote},
                                                        {3, Column::origin, Rule::quote},
                                                        {4, Column::source_ref, Rule::quote}}));
}

TEST(MovementParser, CountsRowsFromBeforeTheRetentionAndKeepsNothingOfThem) {
  const auto file =
      World()
          .parse(MovementFile()
                     .header()
                     .row({{Column::started_at, "2024-11-21T23:59"}, {Column::event, "gone"}})
                     .row({{Column::started_at, "2024-11-22"}})
                     .text())
          .value();
  EXPECT_EQ(file.report.old, 1U);
  EXPECT_EQ(file.report.good, 1U);
  EXPECT_EQ(file.report.refused, 0U);
}

TEST(MovementParser, CountsUnknownAreas) {
  const auto file = World()
                        .parse(MovementFile()
                                   .header()
                                   .row({{Column::origin, ""}, {Column::destination, ""}})
                                   .row({{Column::source_ref, "2"}, {Column::destination, ""}})
                                   .row({{Column::source_ref, "3"}})
                                   .text())
                        .value();
  EXPECT_EQ(file.report.unknown_area, 2U);
  EXPECT_EQ(file.report.ambiguous_area, 0U);
}

TEST(MovementParser, ListsTheFirstHundredProblemsAndCountsAll) {
  MovementFile file;
  file.header();
  for (int i = 0; i < 150; ++i) file.row({{Column::sex, "?"}, {Column::event, "?"}});
  const auto parsed = World().parse(file.text()).value();
  EXPECT_EQ(parsed.report.problems.size(), kMaxProblems);
  EXPECT_EQ(parsed.report.problems.back().line, 51U);
  EXPECT_EQ(parsed.report.refused, 150U);
  EXPECT_EQ(parsed.report.by_rule[static_cast<std::size_t>(Rule::unknown_code)], 300U);
}

TEST(MovementParser, TakesTwoHundredThousandRowsAndNotOneMore) {
  MovementFile file;
  file.columns({Column::child_ref, Column::source_ref, Column::event, Column::started_at,
                Column::origin, Column::destination});
  file.header().rows(kMaxRows);
  EXPECT_EQ(World().parse(file.text()).value().movements.size(), kMaxRows);
  const auto error = error_of(file.rows(1).text());
  EXPECT_EQ(error.text, "movements.csv:200002: more than 200,000 rows");
}

TEST(MovementParser, SaysNothingOfAValueInAnyProblem) {
  const std::string secret = "Q7Q7";
  MovementFile file;
  file.header();
  for (std::size_t i = 1; i < kColumns; ++i) file.row({{static_cast<Column>(i), secret + "\""}});
  for (std::size_t i = 1; i < kColumns; ++i)
    file.row({{static_cast<Column>(i), secret + std::string(300, '1')}});
  for (std::size_t i = 1; i < kColumns; ++i) file.row({{static_cast<Column>(i), secret}});
  const auto parsed = World().parse(file.text()).value();
  EXPECT_GT(parsed.report.refused, 30U);
  for (const Problem& problem : parsed.report.problems) {
    EXPECT_EQ(describe("m.csv", problem).find(secret), std::string::npos);
    EXPECT_EQ(hint(problem.rule).find(secret), std::string::npos);
  }
}

}  // namespace
}  // namespace hedgerow::import
