#include "node/cli/answer_view.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace hedgerow::cli {
namespace {

using nlohmann::json;

struct Dimension {
  std::string name;
  std::size_t codes;
};

// An answer whose cells are all suppressed, over dimensions with codes like "sex-0".
json answer_of(const std::vector<Dimension>& dimensions, const std::string& name_suffix = "") {
  json answer = {
      {"question",
       {{"kind", "counts"},
        {"from", "2026-Q3"},
        {"to", "2026-Q3"},
        {"where", {{"event", {"missing"}}}},
        {"purpose", "pattern-detection"},
        {"reason", "a look"}}},
      {"clause", {{"grant", "ages"}, {"grant_line", 9}, {"table", "ages"}, {"table_line", 12}}},
      {"agreement", {{"id", "vale-cse"}, {"version", 1}}},
      {"asker", "urn:hedgerow:vale-council:analyst:sam"},
      {"measure", "children"},
      {"rule", {{"words", "in words"}}},
      {"codes", {{"attribution", "of the office"}}},
      {"notes", {"a note"}}};
  json cells = json::array({json::object()});
  for (const Dimension& d : dimensions) {
    json codes = json::array(), names = json::array(), longer = json::array();
    for (std::size_t i = 0; i < d.codes; ++i) {
      codes.push_back(d.name + "-" + std::to_string(i));
      names.push_back("the " + d.name + " " + std::to_string(i) + name_suffix);
    }
    answer["dimensions"].push_back({{"name", d.name}, {"codes", codes}, {"names", names}});
    for (const json& cell : cells)
      for (const json& code : codes) {
        json next = cell;
        next[d.name] = code;
        longer.push_back(next);
      }
    cells = longer;
  }
  for (json& cell : cells) {
    cell["status"] = "suppressed";
    cell["value"] = nullptr;
  }
  const std::size_t n = cells.size();
  answer["periods"] = {
      {{"period", "2026-Q3"},
       {"edition", 1},
       {"edition_hash", "sha256:0"},
       {"released", 0},
       {"suppressed", n},
       {"cells", cells},
       {"parties",
        {{{"party", "vale-council"}, {"status", "answered"}, {"match_rate", "80-95 %"}},
         {{"party", "vale-voice"}, {"status", "answered"}, {"match_rate", "not stated"}}}}}};
  return answer;
}

void release(json& answer, std::size_t cell, std::uint64_t value) {
  json& period = answer["periods"][0];
  period["cells"][cell]["status"] = "released";
  period["cells"][cell]["value"] = value;
  period["released"] = period.value("released", 0) + 1;
  period["suppressed"] = period.value("suppressed", 0) - 1;
}

std::string table(const json& answer) {
  std::ostringstream out;
  print_answer_table(out, answer);
  return out.str();
}

std::string csv(const json& answer) {
  std::ostringstream out;
  print_answer_csv(out, answer);
  return out.str();
}

std::size_t widest(const std::string& text) {
  std::size_t most = 0, columns = 0;
  for (const char c : text) {
    if (c == '\n')
      columns = 0;
    else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U)
      ++columns;
    most = std::max(most, columns);
  }
  return most;
}

testing::AssertionResult has(const std::string& text, const std::string& words) {
  if (text.find(words) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "'" << words << "' is not in\n" << text;
}

TEST(AnswerView, OfOneDimensionIsAList) {
  json answer = answer_of({{"age_band", 4}});
  release(answer, 1, 25);
  const std::string text = table(answer);
  EXPECT_TRUE(has(text, "counts of children, 2026-Q3, event=missing"));
  EXPECT_TRUE(has(text, "     25  the age_band 1\n"));
  EXPECT_TRUE(has(text, "      ·  the age_band 2\n"));
  EXPECT_TRUE(has(text, "1 cells released, 3 suppressed"));
}

TEST(AnswerView, OfLinkedQuestionsSaysThatChildrenCountOnce) {
  json answer = answer_of({{"agencies", 4}});
  answer["question"]["kind"] = "overlap";
  answer["link"] = {{"entries", 2048}};
  const json names = {"known to 1 agency or more", "known to 2 agencies or more",
                      "known to 3 agencies or more", "known to 4 agencies or more"};
  answer["dimensions"][0]["names"] = names;
  release(answer, 0, 120);
  release(answer, 2, 35);
  const std::string text = table(answer);
  EXPECT_TRUE(has(text, "overlap of distinct children across agencies, 2026-Q3, event=missing"));
  EXPECT_TRUE(has(text,
                  "  by agencies\n"
                  "    120  known to 1 agency or more\n"
                  "      ·  known to 2 agencies or more\n"
                  "     35  known to 3 agencies or more\n"));
  EXPECT_TRUE(has(csv(answer), "period,agencies,agencies_name,status,value,note\r\n"));
  EXPECT_TRUE(has(csv(answer), "2026-Q3,agencies-2,known to 3 agencies or more,released,35,\r\n"));
  EXPECT_TRUE(has(csv(answer), "2026-Q3,agencies-1,known to 2 agencies or more,suppressed,,\r\n"));
}

TEST(AnswerView, OfTwoDimensionsPutsTheShorterAcross) {
  json answer = answer_of({{"sex", 3}, {"age_band", 5}});
  release(answer, 1 * 5 + 4, 30);  // sex-1, age_band-4
  const std::string text = table(answer);
  EXPECT_TRUE(has(text, "rows: age_band; columns: sex: A the sex 0, B the sex 1, C the sex 2\n"));
  EXPECT_TRUE(has(text, "  E the age_band 4    ·   30    ·\n"));
}

TEST(AnswerView, OfThreeDimensionsHasAGridForEachCodeOfOneAndNamesTheEmptyOnes) {
  json answer = answer_of({{"origin", 6}, {"age_band", 4}, {"sex", 3}});
  release(answer, (2 * 4 + 1) * 3 + 0, 45);  // origin-2, age_band-1, sex-0
  const std::string text = table(answer);
  EXPECT_TRUE(has(text, "  age_band: the age_band 1\n  rows: origin; columns: sex:"));
  EXPECT_TRUE(has(text, "  C the origin 2   45    ·    ·\n"));
  EXPECT_TRUE(
      has(text, "all suppressed, age_band: the age_band 0, the age_band 2, the age_band 3\n"));
}

TEST(AnswerView, KeepsWithinAHundredColumns) {
  json answer = answer_of({{"origin", 30}, {"destination", 30}}, " of a name that is quite long");
  for (std::size_t i = 0; i < 30; ++i) release(answer, i * 30 + (i * 7) % 30, 1'000'000 + i);
  const std::string text = table(answer);
  EXPECT_LE(widest(text), 100U) << text;
  for (std::size_t i = 0; i < 30; ++i) EXPECT_TRUE(has(text, std::to_string(1'000'000 + i)));
}

TEST(AnswerView, LeavesOutTheEmptyLinesOfALongTable) {
  json answer = answer_of({{"origin", 40}, {"sex", 2}});
  release(answer, 39 * 2, 15);
  const std::string text = table(answer);
  EXPECT_TRUE(has(text, "  AN the origin 39   15    ·\n"));
  EXPECT_TRUE(has(text, "(39 rows and columns with suppressed cells alone are left out)"));
  EXPECT_FALSE(has(text, "the origin 12"));
}

TEST(AnswerView, SaysThatEverythingIsSuppressed) {
  const std::string text = table(answer_of({{"origin", 5}, {"sex", 2}}));
  EXPECT_TRUE(has(text, "2026-Q3: everything is suppressed, all 10 cells\n"));
}

TEST(AnswerView, NamesTheMatchRateOfEachParty) {
  EXPECT_TRUE(has(table(answer_of({{"sex", 2}})),
                  "match rate: vale-council 80-95 %, vale-voice not stated\n"));
}

TEST(AnswerView, NamesWhoIsNotInItByItself) {
  json answer = answer_of({{"sex", 2}});
  EXPECT_FALSE(has(table(answer), "without:"));
  answer["periods"][0]["parties"][1]["status"] = "refused: standing restriction";
  EXPECT_TRUE(has(table(answer),
                  "  answered by: vale-council\n"
                  "  without: vale-voice (refused: standing restriction)\n"));
}

TEST(AnswerView, CsvIsLongWithBlanksForWhatIsSuppressedAndNotesAtTheEnd) {
  json answer = answer_of({{"sex", 2}});
  release(answer, 0, 25);
  answer["notes"] = {"=a note, with a comma"};
  EXPECT_EQ(csv(answer),
            "\xEF\xBB\xBFperiod,sex,sex_name,status,value,note\r\n"
            "2026-Q3,sex-0,the sex 0,released,25,\r\n"
            "2026-Q3,sex-1,the sex 1,suppressed,,\r\n"
            ",,,note,,\"'=a note, with a comma\"\r\n"
            "2026-Q3,,,note,,\"vale-council: answered, match rate 80-95 %\"\r\n"
            "2026-Q3,,,note,,\"vale-voice: answered, match rate not stated\"\r\n");
}

TEST(AnswerView, CsvShowsATrueZeroAsZero) {
  json answer = answer_of({{"sex", 1}});
  answer["periods"][0]["cells"][0] = {{"sex", "sex-0"}, {"status", "zero"}, {"value", 0}};
  EXPECT_TRUE(has(csv(answer), "2026-Q3,sex-0,the sex 0,zero,0,\r\n"));
}

}  // namespace
}  // namespace hedgerow::cli
