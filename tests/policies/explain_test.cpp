#include "policies/explain.h"

#include <gtest/gtest.h>

#include "tests/policies/sample_agreement.h"

namespace hedgerow::policies {
namespace {

class Explain : public ::testing::Test {
 protected:
  // The fact of that part whose text holds these words, or a failure.
  ExplainedFact fact(std::string_view part, std::string_view words) const {
    for (const auto& p : parts)
      for (const auto& f : p.facts)
        if (p.id == part && f.text.find(words) != std::string::npos) return f;
    ADD_FAILURE() << "nothing of " << part << " says '" << words << "'";
    return {};
  }

  std::string text = sample_text();
  std::vector<ExplainedPart> parts = explain(sample_agreement(text), CodeList::shipped());
};

TEST_F(Explain, SaysWhoThePartiesAreAndWhatTheyDo) {
  EXPECT_EQ(fact("party.vale-partnership", "Hub: it coordinates").line,
            line_of(text, "[[party]]\nid = \"vale-partnership\""));
  EXPECT_EQ(fact("party.vale-voice", "voluntary").line,
            line_of(text, "[[party]]\nid = \"vale-voice\""));
  fact("party.vale-voice", "Keyholder");
  fact("party.vale-police", "dpa-2018:part3 and cda-1998:115");
  fact("party.vale-council", "(E06000060)");
}

TEST_F(Explain, SaysWhoMayAskWhatOfEachGrant) {
  EXPECT_EQ(fact("grant.movements", "any analyst of a party").line, line_of(text, "askers"));
  EXPECT_EQ(fact("grant.movements", "flows by origin and destination").line,
            line_of(text, "[[grant.table]]"));
  EXPECT_EQ(fact("grant.movements", "down to the district").line, line_of(text, "place_level"));
  EXPECT_EQ(fact("grant.movements", "Only rows with event missing").line, line_of(text, "where"));
  EXPECT_EQ(fact("grant.movements", "each quarter").line, line_of(text, "period = "));
  EXPECT_EQ(fact("grant.movements", "settled 14 days after").line, line_of(text, "settle"));
  EXPECT_EQ(fact("grant.movements", "more than 2 years ago").line, line_of(text, "history"));
  EXPECT_EQ(fact("grant.movements", "8 or more distinct children").line,
            line_of(text, "[grant.disclosure]"));
  fact("grant.movements", "min_children 8, min_agencies 1, round_to 5, true_zero false");
}

TEST_F(Explain, SaysWhatLeavesWhatIsLearntAndHowLongItIsKept) {
  fact("leaves", "No record and no pseudonym");
  fact("leaves", "its match rate");
  fact("leaves", "fewer distinct children than 5 times min_children");
  fact("learns", "The hub, the asker and the asker's agency: each contributor's match rate");
  fact("learns", "The hub, vale-partnership: every question");
  fact("learns", "Keyholders (vale-council, vale-health, vale-police and vale-voice)");
  EXPECT_EQ(fact("pseudonyms", "3 of the 4 keyholders must answer").line,
            line_of(text, "threshold"));
  EXPECT_EQ(fact("kept", "Records: 2 years").line, line_of(text, "records = "));
  EXPECT_EQ(fact("kept", "Logs: 7 years").line, line_of(text, "log = "));
}

TEST(ExplainWords, Durations) {
  EXPECT_EQ(in_words(parse_duration("P1M").value()), "1 month");
  EXPECT_EQ(in_words(parse_duration("P18M").value()), "18 months");
  EXPECT_EQ(in_words(parse_duration("P1Y2W").value()), "1 year and 14 days");
}

}  // namespace
}  // namespace hedgerow::policies
