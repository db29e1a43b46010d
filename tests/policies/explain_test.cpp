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

class ExplainLinked : public Explain {
 protected:
  void read(std::string_view table) {
    text = linked_text(table);
    parts = explain(sample_agreement(text), CodeList::shipped());
  }
};

TEST_F(ExplainLinked, SaysWhatMixersDoAndWhatTheHubLearns) {
  read(kPlacesTable);
  fact("party.vale-police", "Mixer: for linked tables");
  EXPECT_EQ(fact("grant.movements", "places by destination and place_type").line,
            line_of(text, "[[grant.table]]"));
  fact("grant.movements", "distinct children across agencies");
  EXPECT_EQ(fact("grant.movements", "sends exactly 64 entries").line, line_of(text, "entries"));
  EXPECT_EQ(fact("grant.movements", "at most 4 cells").line, line_of(text, "cells_per_child"));
  fact("grant.movements", "at least 1 agency knows 8 or more distinct children in the cell");
  fact("leaves", "the fixed number of blinded points");
  fact("learns", "how many children one agency knows, two, and so on, in every cell");
  fact("learns", "Mixers (vale-council and vale-police), in this order");
  for (const auto& p : parts)
    for (const auto& f : p.facts)
      EXPECT_EQ(f.text.find("once by each agency"), std::string::npos) << f.text;
}

TEST_F(ExplainLinked, SaysThatByAgencyTheHubLearnsEveryCombination) {
  read(kPairsTable);
  EXPECT_EQ(fact("learns", "for every combination of agencies").line,
            line_of(text, "[[grant.table]]"));
  EXPECT_EQ(fact("grant.movements", "for each two agencies").line, line_of(text, "by = ["));
  read(kOverlapTable);
  fact("grant.movements", "Table known: overlap.");
  fact("grant.movements", "at least one agency knows, at least two");
  fact("learns", "how many children one agency knows, two, and so on, small numbers");
}

TEST_F(ExplainLinked, SaysWhatRepeatMissingCounts) {
  read(kRepeatTable);
  EXPECT_EQ(fact("grant.movements", "at least 3 episodes in the last 90 days").line,
            line_of(text, "times"));
  fact("grant.movements", "two agencies date differently counts twice");
  EXPECT_EQ(fact("grant.movements", "at most 8 episodes").line,
            line_of(text, "episodes_per_child"));
  fact("learns", "how many children have one episode, two, and so on");
}

TEST_F(Explain, SaysNothingOfLinksWhereThereAreNone) {
  for (const auto& p : parts)
    for (const auto& f : p.facts) {
      EXPECT_EQ(f.text.find("linked"), std::string::npos) << f.text;
      EXPECT_EQ(f.text.find("Mixer"), std::string::npos) << f.text;
    }
}

class ExplainTrace : public Explain {
 protected:
  void read(const std::string& of) {
    text = of;
    parts = explain(sample_agreement(text), CodeList::shipped());
  }
};

TEST_F(ExplainTrace, SaysWhoMayWhoApprovesAndHowOften) {
  read(with_trace());
  const auto line = [&](std::string_view words) {
    return line_of(text, "id = \"duty-contacts\"") - 1 + line_of(std::string(kTraceGrant), words) -
           2;
  };
  EXPECT_EQ(fact("grant.duty-contacts", "any practitioner of a contributor").line, line("askers"));
  EXPECT_EQ(fact("grant.duty-contacts", "any approver of a contributor").line, line("approvers"));
  EXPECT_EQ(fact("grant.duty-contacts", "uk-gdpr:6(1)(e) or dpa-2018:part3").line,
            line("legal_bases"));
  EXPECT_EQ(fact("grant.duty-contacts", "a record that began in the last 2 years").line,
            line("history"));
  EXPECT_EQ(
      fact("grant.duty-contacts", "at most 20 traces of one agency a day, and at most 5").line,
      line("daily_quota"));
  EXPECT_EQ(fact("grant.duty-contacts", "Purpose safeguard-a-child: Ring whom").line,
            line("purpose"));
  read(replaced(with_trace(), "[\"role:approver\"]",
                "[\"urn:hedgerow:vale-council:approver:one\"]"));
  fact("grant.duty-contacts", "urn:hedgerow:vale-council:approver:one");
}

TEST_F(ExplainTrace, SaysWhatIsNeverToldWhatLeavesAndWhatEachLearns) {
  read(with_trace());
  fact("grant.duty-contacts", "Never told: what an agency holds");
  fact("leaves", "a directory of records of one size");
  fact("learns", "Every party, of a trace");
  fact("kept", "seven days at the asker's node");
}

TEST_F(ExplainTrace, NamesPartiesThatCanMakeNone) {
  read(with_trace());
  for (const auto& p : parts)
    for (const auto& f : p.facts)
      EXPECT_EQ(f.text.find("no traces from there"), std::string::npos) << f.text;
  read(replaced(with_trace(), "[\"uk-gdpr:6(1)(e)\", \"dpa-2018:part3\"]", "[\"dpa-2018:part3\"]"));
  fact("grant.duty-contacts",
       "None of these is stated by vale-council, vale-health and vale-voice");
}

TEST_F(Explain, SaysNothingOfTracesWhereNoneAreGranted) {
  for (const auto& p : parts)
    for (const auto& f : p.facts) EXPECT_EQ(f.text.find("trace"), std::string::npos) << f.text;
}

TEST(ExplainWords, Durations) {
  EXPECT_EQ(in_words(parse_duration("P1M").value()), "1 month");
  EXPECT_EQ(in_words(parse_duration("P18M").value()), "18 months");
  EXPECT_EQ(in_words(parse_duration("P1Y2W").value()), "1 year and 14 days");
}

}  // namespace
}  // namespace hedgerow::policies
