// Tables of places, overlap and repeat-missing in an agreement.
#include <gtest/gtest.h>

#include "policies/agreement_lint.h"
#include "tests/policies/sample_agreement.h"

namespace hedgerow::policies {
namespace {

void expect_found(Severity severity, const std::string& text, std::string_view line_words,
                  std::string_view words) {
  const auto reading = read_text(text);
  EXPECT_EQ(reading.agreement.has_value(), severity == Severity::warning)
      << all_diagnostics(reading);
  const std::uint32_t line = line_of(text, line_words);
  for (const auto& d : reading.diagnostics)
    if (d.severity == severity && d.line == line && d.column > 0 && !d.hint.empty() &&
        d.text.find(words) != std::string::npos)
      return;
  ADD_FAILURE() << "nothing with a hint at line " << line << " with '" << words << "' in\n"
                << all_diagnostics(reading);
}

// The table with `from` replaced: an error there, with these words.
void refused(std::string_view table, std::string_view from, const std::string& to,
             std::string_view line_words, std::string_view words) {
  expect_found(Severity::error, linked_text(replaced(std::string(table), from, to)), line_words,
               words);
}

bool accepted(const std::string& text) {
  const auto reading = read_text(text);
  EXPECT_TRUE(reading.diagnostics.empty()) << all_diagnostics(reading);
  return reading.agreement.has_value();
}

TEST(LinkedTables, KindsHaveTheirWordsAndAreLinked) {
  for (const QuestionKind kind : kQuestionKinds)
    EXPECT_EQ(parse_question_kind(to_text(kind)), kind);
  EXPECT_EQ(to_text(QuestionKind::repeat_missing), "repeat-missing");
  EXPECT_EQ(parse_question_kind("repeat_missing"), std::nullopt);
  EXPECT_FALSE(is_linked(QuestionKind::flows));
  EXPECT_FALSE(is_linked(QuestionKind::counts));
  EXPECT_TRUE(is_linked(QuestionKind::places));
  EXPECT_TRUE(is_linked(QuestionKind::overlap));
  EXPECT_TRUE(is_linked(QuestionKind::repeat_missing));
  EXPECT_FALSE(is_linked(static_cast<QuestionKind>(9)));
}

TEST(LinkedTables, AreReadWithTheirBounds) {
  const Table places = sample_agreement(linked_text(kPlacesTable)).grants[0].tables[0];
  EXPECT_EQ(places.question, QuestionKind::places);
  EXPECT_EQ(places.measure, Measure::children);
  EXPECT_EQ(places.link, (LinkBounds{64, 4, 0, 0, 0}));
  const Table overlap = sample_agreement(linked_text(kOverlapTable)).grants[0].tables[0];
  EXPECT_EQ(overlap.link, (LinkBounds{64, 1, 0, 0, 0}));
  EXPECT_FALSE(overlap.by_agency());
  EXPECT_TRUE(sample_agreement(linked_text(kPairsTable)).grants[0].tables[0].by_agency());
  const Agreement a = sample_agreement(linked_text(kRepeatTable));
  EXPECT_EQ(a.grants[0].tables[0].link, (LinkBounds{64, 1, 8, 3, 90}));
  EXPECT_TRUE(a.grants[0].tables[0].by.empty());
  EXPECT_EQ(a.mixers().size(), 2u);
  EXPECT_EQ(a.mixers()[0].str(), "vale-council");
  EXPECT_FALSE(sample_agreement().grants[0].tables[0].link.has_value());
}

TEST(LinkedTables, AcceptEveryFormThatHasAMeaning) {
  const auto with = [](std::string_view table, std::string_view from, std::string_view to) {
    return accepted(linked_text(replaced(std::string(table), from, to)));
  };
  EXPECT_TRUE(accepted(linked_text(kPlacesTable)));
  EXPECT_TRUE(accepted(linked_text(kPairsTable)));
  EXPECT_TRUE(with(kPlacesTable, "\"destination\", \"place_type\"", "\"destination\""));
  EXPECT_TRUE(with(kPlacesTable,
                   "by = [\"destination\", \"place_type\"]\nplace_level = "
                   "\"district\"\n",
                   "by = [\"place_type\"]\n"));
  EXPECT_TRUE(with(kOverlapTable, "by = []\n", ""));
  EXPECT_TRUE(with(kOverlapTable, "entries", "measure = \"children\"\nentries"));
  EXPECT_TRUE(with(kRepeatTable, "[\"missing\"]", "[\"away-without-authorisation\"]"));
  EXPECT_TRUE(with(kRepeatTable, "[\"missing\"]", "[\"missing\", \"away-without-authorisation\"]"));
  EXPECT_TRUE(with(kRepeatTable, "P90D", "P2W"));
  EXPECT_TRUE(with(kRepeatTable, "episodes_per_child = 8", "episodes_per_child = 3"));
}

TEST(LinkedTables, BoundsAreOfTheirKindAndInTheirLimits) {
  const auto limits = [](std::string_view table, std::string_view key, std::string_view from,
                         std::initializer_list<const char*> values) {
    for (const char* value : values) {
      const std::string line = std::string(key) + " = " + value;
      const auto reading =
          read_text(linked_text(replaced(std::string(table), std::string(from), line)));
      EXPECT_FALSE(reading.agreement) << line;
      EXPECT_NE(all_diagnostics(reading).find(std::string(key) + " in [[grant.table]]"),
                std::string::npos)
          << all_diagnostics(reading);
    }
  };
  limits(kPlacesTable, "entries", "entries = 64", {"15", "8193", "\"many\"", "-1"});
  limits(kPlacesTable, "cells_per_child", "cells_per_child = 4", {"0", "65"});
  limits(kRepeatTable, "times", "times = 3", {"1", "51"});
  limits(kRepeatTable, "episodes_per_child", "episodes_per_child = 8", {"0", "65"});
  limits(kRepeatTable, "within", "within = \"P90D\"",
         {"\"P3M\"", "\"P367D\"", "\"P1M1D\"", "\"ninety days\"", "90"});
  for (const char* line :
       {"entries = 64\n", "times = 3\n", "within = \"P90D\"\n", "episodes_per_child = 8\n"}) {
    const auto reading = read_text(linked_text(replaced(std::string(kRepeatTable), line, "")));
    EXPECT_NE(all_diagnostics(reading).find("missing"), std::string::npos) << line;
    EXPECT_FALSE(reading.agreement) << line;
  }
  const auto no_meaning = [](std::string_view table, const std::string& line) {
    expect_found(Severity::error, linked_text(std::string(table) + line + "\n"), line,
                 "has no meaning in a table of this kind");
  };
  for (const char* line : {"times = 3", "within = \"P9D\"", "episodes_per_child = 5"}) {
    no_meaning(kPlacesTable, line);
    no_meaning(kOverlapTable, line);
  }
  no_meaning(kOverlapTable, "cells_per_child = 2");
  no_meaning(kRepeatTable, "cells_per_child = 2");
  for (const char* line : {"entries = 64", "cells_per_child = 2", "times = 3", "within = \"P9D\"",
                           "episodes_per_child = 5"})
    expect_found(Severity::error,
                 replaced(sample_text(), "measure = \"reports\"\n",
                          "measure = \"reports\"\n" + std::string(line) + "\n"),
                 line, "has no meaning in a table of this kind");
}

TEST(LinkedTables, CountChildrenAndHaveAPlaceLevelOnlyWithAPlace) {
  refused(kOverlapTable, "entries", "measure = \"reports\"\nentries", "measure = \"reports\"",
          "counts children, once across agencies");
  refused(kPlacesTable, "\"destination\", \"place_type\"", "\"place_type\"", "place_level",
          "no place among the dimensions");
  refused(kOverlapTable, "entries", "place_level = \"district\"\nentries", "place_level",
          "no place among the dimensions");
}

TEST(LinkedTables, AreByTheirOwnDimensions) {
  const std::string both = "\"destination\", \"place_type\"";
  for (const char* by : {"\"origin\"", "\"destination\", \"sex\""})
    refused(kPlacesTable, both, by, "by = [" + std::string(by) + "]",
            "places are by destination, place_type, or both");
  refused(kPlacesTable, "by = [" + both + "]\nplace_level = \"district\"", "by = []", "by = []",
          "places are by destination, place_type, or both");
  for (const char* by : {"\"agencies\"", "\"agency\", \"sex\"", "\"destination\""})
    expect_found(
        Severity::error,
        linked_text(replaced(std::string(kPairsTable), "\"agency\"", by) +
                    (std::string(by) == "\"destination\"" ? "place_level = \"district\"\n" : "")),
        "by = [" + std::string(by) + "]", "overlap is by nothing, or by agency");
  refused(kRepeatTable, "entries", "by = [\"agency\"]\nentries", "by = [\"agency\"]", "by nothing");
}

TEST(LinkedTables, RepeatMissingCountsMissingEpisodesOfOnePeriod) {
  for (const char* where : {"{ event = [\"missing\", \"sighting\"] }", "{ event = [\"absent\"] }",
                            "{ sex = [\"male\"] }"})
    refused(kRepeatTable, "{ event = [\"missing\"] }", where,
            "where = ", "repeat-missing counts missing episodes");
  expect_found(
      Severity::error,
      linked_text(replaced(std::string(kRepeatTable), "where = { event = [\"missing\"] }\n", "")),
      "[[grant.table]]", "repeat-missing counts missing episodes");
  refused(kRepeatTable, "episodes_per_child = 8", "episodes_per_child = 2", "episodes_per_child",
          "below times");
  refused(kRepeatTable, "P90D", "P91D", "within", "longer than the shortest quarter");
  const auto of_period = [](const std::string& period, const std::string& within) {
    auto text = linked_text(replaced(std::string(kRepeatTable), "P90D", within));
    return replaced(text, "period = \"quarter\"", "period = \"" + period + "\"");
  };
  EXPECT_TRUE(accepted(of_period("month", "P28D")));
  EXPECT_TRUE(accepted(of_period("year", "P365D")));
  EXPECT_TRUE(accepted(of_period("financial-year", "P365D")));
  expect_found(Severity::error, of_period("month", "P29D"), "within", "the shortest month");
  expect_found(Severity::error, of_period("year", "P366D"), "within", "the shortest year");
  expect_found(Severity::error, of_period("financial-year", "P366D"), "within",
               "the shortest financial-year");
}

TEST(LinkedTables, TheWindowIsTheLastDaysOfThePeriod) {
  const auto begins = [](std::uint32_t days, const char* period) {
    return to_text(window_begins({64, 1, 8, 3, days}, Period::parse(period).value()));
  };
  EXPECT_EQ(begins(90, "2026-Q1"), "2026-01-01");
  EXPECT_EQ(begins(90, "2026-Q3"), "2026-07-03");
  EXPECT_EQ(begins(1, "2026-Q3"), "2026-09-30");
  EXPECT_EQ(begins(28, "2027-02"), "2027-02-01");
}

TEST(LinkedTables, NeedMixersAndBoundedEntries) {
  const std::string text = linked_text(kOverlapTable);
  const auto without = [](std::string t, const std::string& party) {
    return replaced_after(std::move(t), "id = \"" + party + "\"", ", \"mixer\"", "");
  };
  expect_found(Severity::error, without(text, "vale-police"), "question = \"overlap\"",
               "2 to 8 mixers, and there are 1");
  expect_found(Severity::error, without(without(text, "vale-police"), "vale-council"),
               "question = \"overlap\"", "2 to 8 mixers, and there are 0");
  std::string many = text;
  for (int i = 0; i < 7; ++i)
    many = replaced(std::move(many), "[pseudonyms]",
                    sample_party("mixer-" + std::string(1, static_cast<char>('a' + i)), "other",
                                 "\"mixer\"", "", "\"uk-gdpr:6(1)(e)\"") +
                        "[pseudonyms]");
  expect_found(Severity::error, many, "question = \"overlap\"", "and there are 9");
  // 33 contributors of 8192 entries are 270,336; 7943 are the most.
  std::string wide = replaced(text, "entries = 64", "entries = 8192");
  for (int i = 0; i < 29; ++i) {
    std::string id = "spoke-";
    for (int bit = 0; bit < 5; ++bit) id += (i >> bit & 1) != 0 ? 'y' : 'x';
    wide = replaced(
        std::move(wide), "[pseudonyms]",
        sample_party(id, "other", "\"contributor\"", "", "\"uk-gdpr:6(1)(e)\"") + "[pseudonyms]");
  }
  expect_found(Severity::error, wide, "entries = 8192", "more than 262144 entries");
  EXPECT_NE(all_diagnostics(read_text(wide)).find("at most 7943 with 33 contributors"),
            std::string::npos);
  EXPECT_TRUE(read_text(replaced(wide, "entries = 8192", "entries = 7943")).agreement);
}

TEST(LinkedTables, WarnOfWhatHasNoUse) {
  const std::string mixing = replaced_after(sample_text(), "id = \"vale-police\"", "\"keyholder\"",
                                            "\"keyholder\", \"mixer\"");
  expect_found(Severity::warning, mixing, "\"keyholder\", \"mixer\"", "there is no linked table");
  expect_found(Severity::warning,
               replaced(linked_text(kOverlapTable), "true_zero = false", "true_zero = true"),
               "question = \"overlap\"", "true_zero shows cells of places only");
  expect_found(Severity::warning,
               replaced(linked_text(kOverlapTable), "round_to = 5", "round_to = 1"),
               "question = \"overlap\"", "not rounded");
  EXPECT_TRUE(
      accepted(replaced(linked_text(kPlacesTable), "true_zero = false", "true_zero = true")));
}

TEST(LinkedTables, ShareNoRowWithAnotherTableAndStandAloneInTheirGrant) {
  const std::string flows =
      "[[grant]]\nid = \"second\"\npurpose = \"pattern-detection\"\naskers = [\"role:analyst\"]\n"
      "reason = \"required\"\nperiod = \"quarter\"\nsettle = \"P14D\"\nhistory = \"P24M\"\n"
      "[[grant.table]]\nname = \"second\"\nquestion = \"counts\"\nby = [\"sex\"]\n"
      "where = { event = [\"missing\"] }\nmeasure = \"reports\"\n[grant.disclosure]\n"
      "min_children = 8\nmin_agencies = 1\nround_to = 5\n\n[retention]";
  expect_found(Severity::error, replaced(linked_text(kRepeatTable), "[retention]", flows),
               "[[grant.table]]\nname = \"second\"", "a row can count here and in table 'again'");
  EXPECT_TRUE(accepted(replaced(linked_text(kPlacesTable), "[retention]", flows)));
  const auto both =
      replaced(linked_text(kPlacesTable), "[grant.disclosure]",
               "[[grant.table]]\n" + replaced(std::string(kRepeatTable), "name", "# a\nname") +
                   "[grant.disclosure]");
  EXPECT_NE(all_diagnostics(read_text(both)).find("one table a grant"), std::string::npos);
}

}  // namespace
}  // namespace hedgerow::policies
