#include "policies/agreement_lint.h"

#include <gtest/gtest.h>

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
    if (d.severity == severity && d.line == line && d.column > 0 &&
        d.text.find(words) != std::string::npos)
      return;
  ADD_FAILURE() << "nothing at line " << line << " with '" << words << "' in\n"
                << all_diagnostics(reading);
}

void expect_error(const std::string& text, std::string_view line_words, std::string_view words) {
  expect_found(Severity::error, text, line_words, words);
}
void expect_warning(const std::string& text, std::string_view line_words, std::string_view words) {
  expect_found(Severity::warning, text, line_words, words);
}

// Makes everything of one party different but what the test is about.
std::string in_party(std::string_view party, std::string_view from, std::string_view to) {
  return replaced_after(sample_text(), "id = \"" + std::string(party) + "\"", from, to);
}

std::string second_grant(std::string_view where, std::string_view measure = "reports",
                         std::string_view level = "district") {
  return "\n[[grant]]\nid = \"second\"\npurpose = \"pattern-detection\"\n"
         "askers = [\"role:analyst\"]\nreason = \"required\"\nperiod = \"year\"\n"
         "settle = \"P14D\"\nhistory = \"P24M\"\n[[grant.table]]\nname = \"flows-two\"\n"
         "question = \"flows\"\nby = [\"origin\", \"destination\"]\nplace_level = \"" +
         std::string(level) + "\"\nwhere = { " + std::string(where) + " }\nmeasure = \"" +
         std::string(measure) +
         "\"\n[grant.disclosure]\nmin_children = 8\nmin_agencies = 1\nround_to = 5\n";
}

TEST(AgreementLint, FindsNothingInTheSample) {
  const auto reading = read_text(sample_text());
  EXPECT_TRUE(reading.diagnostics.empty()) << all_diagnostics(reading);
}

std::string counts_grant(std::string_view by, std::string_view more,
                         std::string_view measure = "children",
                         std::string_view event = "placement") {
  return "\n[[grant]]\nid = \"second\"\npurpose = \"pattern-detection\"\n"
         "askers = [\"role:analyst\"]\nreason = \"required\"\nperiod = \"month\"\n"
         "settle = \"P14D\"\nhistory = \"P24M\"\n[[grant.table]]\nname = \"ages\"\n"
         "question = \"counts\"\nby = [" +
         std::string(by) + "]\nwhere = { event = [\"" + std::string(event) + "\"] }\n" +
         std::string(more) + "measure = \"" + std::string(measure) +
         "\"\n[grant.disclosure]\nmin_children = 8\nmin_agencies = 1\nround_to = 5\n";
}

TEST(AgreementLint, CountsAreByOneToThreeDimensions) {
  const auto accepted = [](std::string_view by, std::string_view more = "") {
    const auto reading = read_text(sample_text() + counts_grant(by, more));
    EXPECT_TRUE(reading.agreement.has_value()) << all_diagnostics(reading);
  };
  accepted("\"age_band\"");
  accepted("\"age_band\", \"sex\", \"missing_risk\"");
  accepted("\"origin\", \"age_band\"", "place_level = \"district\"\n");
  const auto refused = [](std::string_view by, std::string_view words) {
    const std::string text = sample_text() + counts_grant(by, "");
    expect_error(text, "by = [" + std::string(by) + "]", words);
  };
  refused("\"age_band\", \"age_band\"", "comes twice");
  refused("\"age_band\", \"sex\", \"event\", \"care_status\"", "one to three");
  refused("\"factors\"", "a row may carry several");
  refused("\"colour\"", "'colour' is not a dimension");
}

TEST(AgreementLint, CountsNeedAPlaceLevelOnlyForAPlace) {
  const std::string text = sample_text() + counts_grant("\"origin\"", "");
  expect_error(text, "[[grant.table]]\nname = \"ages\"", "place_level");
  // Without a place there is no level to differ in.
  const auto levels =
      replaced(sample_text(), "place_level = \"district\"", "place_level = \"police-area\"") +
      counts_grant("\"sex\"", "");
  EXPECT_TRUE(read_text(levels).agreement.has_value());
  expect_error(sample_text() + counts_grant("\"origin\"", "place_level = \"police-area\"\n"),
               "place_level = \"police-area\"", "another place level");
}

TEST(AgreementLint, ARowMayNotCountInFlowsAndCounts) {
  for (const char* measure : {"reports", "children"}) {
    expect_error(sample_text() + counts_grant("\"sex\"", "", measure, "missing"),
                 "[[grant.table]]\nname = \"ages\"", "a row can count here");
    EXPECT_TRUE(read_text(sample_text() + counts_grant("\"sex\"", "", measure)).agreement);
  }
}

TEST(AgreementLint, CountsOfMoreThanTheCellsOfAGrantAreRefused) {
  // 64 places by 64 by nine age bands.
  std::string areas;
  for (std::size_t i = 0; i < 60; ++i)
    areas += (i ? ", \"" : "\"") + CodeList::shipped().districts()[i] + "\"";
  const std::string text =
      replaced_after(sample_text(), "id = \"vale-council\"", "\"E06000060\"", areas) +
      counts_grant("\"origin\", \"destination\", \"age_band\"", "place_level = \"district\"\n");
  const auto reading = read_text(text);
  EXPECT_NE(all_diagnostics(reading).find("more than 20000 cells"), std::string::npos)
      << all_diagnostics(reading);
}

TEST(AgreementLint, Head) {
  const std::string s = sample_text();
  expect_error(replaced(s, "valid_until = 2027-11-30", "valid_until = 2026-09-30"), "valid_until",
               "ends before it begins");
  expect_warning(replaced(s, "review_by = 2027-06-01", "review_by = 2029-06-01"), "review_by",
                 "review");
  expect_error(replaced(s, "version = 1", "version = 2"), "version", "names the one it supersedes");
  const std::string other = "sha256:" + std::string(64, 'a');
  expect_error(replaced(s, "supersedes = \"\"", "supersedes = \"" + other + "\""), "supersedes",
               "supersedes nothing");
  EXPECT_TRUE(read_text(replaced(replaced(s, "supersedes = \"\"", "supersedes = \"" + other + "\""),
                                 "version = 1", "version = 2"))
                  .agreement);
  expect_error(replaced(s, to_sha256_name(CodeList::shipped().hash().view()), other),
               "codes =", "does not ship");
}

TEST(AgreementLint, DuplicateParties) {
  auto text = in_party("vale-health", "id = \"vale-health\"", "id = \"vale-police\"");
  const auto reading = read_text(text);
  EXPECT_FALSE(reading.agreement);
  EXPECT_NE(all_diagnostics(reading).find("'vale-police' is a party twice"), std::string::npos);
}

TEST(AgreementLint, TwoPartiesWithOneRoot) {
  const std::string s = sample_text();
  const auto root_of = [&](std::string_view party) {
    const std::size_t at = s.find("root = ", s.find("id = \"" + std::string(party) + "\""));
    return s.substr(at, s.find('\n', at) - at);
  };
  const auto text = in_party("vale-health", root_of("vale-health"), root_of("vale-council"));
  EXPECT_NE(all_diagnostics(read_text(text)).find("the same root certificate"), std::string::npos);
}

TEST(AgreementLint, PartyWithoutLawfulBasisOrRoot) {
  const auto no_basis = in_party("vale-police", "[\"dpa-2018:part3\", \"cda-1998:115\"]", "[]");
  expect_error(no_basis, "lawful_basis = []", "'vale-police' has no lawful basis");
  const std::string s = sample_text();
  const std::size_t at = s.find("root = ", s.find("id = \"vale-police\""));
  const std::string root = s.substr(at, s.find('\n', at) - at);
  expect_error(replaced(s, root, "root = \"sha256:" + std::string(64, '0') + "\""),
               std::string(64, '0'), "'vale-police' has no root");
  const auto reading = read_text(replaced(s, root + "\n", ""));
  EXPECT_NE(all_diagnostics(reading).find("root in [[party]]: missing"), std::string::npos);
}

TEST(AgreementLint, ThresholdAboveKeyholdersLessOne) {
  expect_error(replaced(sample_text(), "threshold = 3", "threshold = 4"), "threshold",
               "(4 keyholders)");
  expect_error(replaced(sample_text(), "threshold = 3", "threshold = 1"), "threshold",
               "at least two");
  EXPECT_TRUE(read_text(replaced(sample_text(), "threshold = 3", "threshold = 2")).agreement);
}

TEST(AgreementLint, Hub) {
  const std::string s = sample_text();
  expect_error(in_party("vale-partnership", "[\"hub\"]", "[\"hub\", \"contributor\"]"),
               "\"hub\", \"contributor\"", "neither contributor nor mixer");
  expect_error(in_party("vale-partnership", "[\"hub\"]", "[\"hub\", \"mixer\"]"),
               "\"hub\", \"mixer\"", "neither contributor nor mixer");
  expect_error(in_party("vale-partnership", "[\"hub\"]", "[\"scrutineer\"]"),
               "hub =", "exactly one party");
  expect_error(replaced(s, "hub = \"vale-partnership\"", "hub = \"vale-council\""),
               "hub =", "exactly one party");
  expect_error(in_party("vale-health", "\"contributor\"", "\"hub\""), "hub =", "exactly one party");
  expect_error(in_party("vale-health", "organisation = \"vale-health\"",
                        "organisation = \"vale-partnership\" # same"),
               "# same", "hub's own organisation");
}

TEST(AgreementLint, Mixers) {
  auto text = in_party("vale-health", "\"contributor\"", "\"mixer\", \"contributor\"");
  text =
      replaced_after(text, "id = \"vale-police\"", "\"contributor\"", "\"mixer\", \"contributor\"");
  EXPECT_TRUE(read_text(text).agreement);
  text = replaced(text, "organisation = \"vale-health\"", "organisation = \"vale-police\"");
  EXPECT_NE(all_diagnostics(read_text(text)).find("two mixers of one organisation"),
            std::string::npos);
}

TEST(AgreementLint, AtLeastThreeContributors) {
  auto text = in_party("vale-health", "\"contributor\", ", "");
  EXPECT_TRUE(read_text(text).agreement) << all_diagnostics(read_text(text));
  text = replaced_after(text, "id = \"vale-police\"", "\"contributor\", ", "");
  expect_error(text, "[agreement]", "fewer than 3 contributors");
}

TEST(AgreementLint, VoluntaryPartyOnTheCrimeAndDisorderAct) {
  expect_error(in_party("vale-voice", "\"uk-gdpr:6(1)(e)\"", "\"cda-1998:115\" , \"x\""),
               "\"cda-1998:115\" ,", "voluntary");
}

TEST(AgreementLint, WarnsOfGapsInTheBasisAndContacts) {
  expect_warning(in_party("vale-health", ", \"dpa-2018:sch1:18\"", " "), "\"uk-gdpr:9(2)(g)\" ]",
                 "Schedule 1");
  expect_warning(in_party("vale-health", ", appropriate_policy_document = \"P\" }", " } # gone"),
                 "# gone", "appropriate policy document");
  expect_warning(in_party("vale-health", "dpo = \"d\", ", "  "), "contacts = {   ",
                 "no contact for dpo");
  expect_warning(replaced(sample_text(), "[purpose.pattern-detection]",
                          "[purpose.unused]\ndescription = \"U\"\n[purpose.pattern-detection]"),
                 "[purpose.unused]", "nothing is granted");
  expect_warning(replaced(sample_text(), "min_children = 8", "min_children = 4"), "min_children",
                 "small numbers");
}

TEST(AgreementLint, AreasOfTheCodeList) {
  const auto former = in_party("vale-health", "E08000038", "E08000016");
  expect_error(former, "E08000016", "'E08000016' is not an area");
  EXPECT_NE(all_diagnostics(read_text(former)).find("it became E08000038"), std::string::npos);
  expect_error(in_party("vale-health", "E08000038", "E12000001"), "E12000001", "not an area");
  for (const char* area : {"E10000003", "E23000011", "E54000050", "E07000008"})
    EXPECT_TRUE(read_text(in_party("vale-health", "E08000038", area)).agreement) << area;
}

TEST(AgreementLint, GrantsAndAskers) {
  const std::string s = sample_text();
  expect_error(replaced(s, "purpose = \"pattern-detection\"", "purpose = \"other\""),
               "purpose =", "no purpose 'other'");
  expect_error(replaced(s, "[\"role:analyst\"]", "[]"), "askers", "nobody may ask");
  for (const char* asker :
       {"role:officer", "analyst", "role:", "urn:hedgerow:stranger:analyst:one",
        "urn:hedgerow:vale-police:officer:one", "urn:hedgerow:vale-police:analyst:ONE",
        "urn:hedgerow:vale-police:analyst:"})
    expect_error(replaced(s, "role:analyst", asker), "askers", "cannot ask");
  EXPECT_TRUE(
      read_text(replaced(s, "role:analyst", "urn:hedgerow:vale-police:analyst:one")).agreement);
}

TEST(AgreementLint, HistoryBeyondRetention) {
  expect_error(replaced(sample_text(), "history = \"P24M\"", "history = \"P25M\""), "history",
               "records are retained");
  EXPECT_TRUE(
      read_text(replaced(sample_text(), "history = \"P24M\"", "history = \"P2Y\"")).agreement);
}

TEST(AgreementLint, DisclosureThatCannotBeMeant) {
  expect_error(replaced(sample_text(), "min_agencies = 1", "min_agencies = 5"), "min_agencies",
               "number of contributors");
  expect_error(replaced(sample_text(), "round_to = 5", "round_to = 17"), "round_to",
               "twice min_children");
  EXPECT_TRUE(read_text(replaced(sample_text(), "round_to = 5", "round_to = 16")).agreement);
}

TEST(AgreementLint, TablesWithinOneGrant) {
  const std::string s = sample_text();
  expect_error(replaced(s, "by = [\"origin\", \"destination\"]", "by = [\"origin\"]"),
               "by = [\"origin\"]", "neither more nor less");
  const std::string second =
      "[[grant.table]]\nname = \"more\"\nquestion = \"flows\"\nby = [\"origin\", "
      "\"destination\"]\nplace_level = \"district\"\nwhere = { event = [\"absent\"] }\nmeasure = "
      "\"reports\"\n\n[grant.disclosure]";
  expect_error(replaced(s, "[grant.disclosure]", second), "[[grant.table]]\nname = \"more\"",
               "one table a grant");
}

TEST(AgreementLint, TooManyCells) {
  std::string areas;
  for (int i = 0; i < 40; ++i) {
    const std::string code = "E230000" + std::string(i < 10 ? "0" : "") + std::to_string(i);
    if (CodeList::shipped().area_kind(code)) areas += (areas.empty() ? "\"" : ", \"") + code + "\"";
  }
  expect_error(in_party("vale-health", "\"E08000038\"", areas), "[[grant.table]]",
               "more than 20000 cells");
}

TEST(AgreementLint, NoRowCountsTwiceAcrossGrants) {
  const std::string s = sample_text();
  EXPECT_TRUE(read_text(s + second_grant("event = [\"absent\"]")).agreement)
      << all_diagnostics(read_text(s + second_grant("event = [\"absent\"]")));
  // Children of the same rows: reports would bound them, and they the reports.
  expect_error(s + second_grant("event = [\"missing\"]", "children"),
               "[[grant.table]]\nname = \"flows-two\"",
               "a row can count here and in table 'flows'");
  for (const char* where :
       {"event = [\"missing\"]", "event = [\"absent\", \"missing\"]", "sex = [\"female\"]", ""})
    expect_error(s + second_grant(where), "[[grant.table]]\nname = \"flows-two\"",
                 "a row can count here and in table 'flows'");
  expect_error(s + second_grant("event = [\"absent\"]", "reports", "police-area"),
               "place_level = \"police-area\"", "another place level");
  expect_error(replaced(s + second_grant("event = [\"absent\"]"), "id = \"second\"",
                        "id = \"movements\" # again"),
               "# again", "is a grant twice");
}

TEST(AgreementLint, OverlappingGrantsHaveOneRule) {
  const auto with_rule = [](std::string_view rule) {
    return sample_text() + replaced(second_grant("event = [\"missing\"]", "children"),
                                    "min_agencies = 1\nround_to = 5", rule);
  };
  EXPECT_EQ(all_diagnostics(read_text(with_rule("min_agencies = 1\nround_to = 5")))
                .find("another disclosure rule"),
            std::string::npos);
  expect_error(with_rule("min_agencies = 1 #\nround_to = 10"),
               "[grant.disclosure]\nmin_children = 8\nmin_agencies = 1 #",
               "another disclosure rule");
  // What no row can count in both may have a rule of its own.
  const auto apart = sample_text() + replaced(second_grant("event = [\"absent\"]", "children"),
                                              "round_to = 5", "round_to = 10");
  EXPECT_TRUE(read_text(apart).agreement) << all_diagnostics(read_text(apart));
}

TEST(AgreementLint, AMixerOfTheHubsOrganisation) {
  auto text = in_party("vale-health", "\"contributor\"", "\"mixer\"");
  EXPECT_TRUE(read_text(text).agreement) << all_diagnostics(read_text(text));
  expect_error(replaced(text, "organisation = \"vale-health\"",
                        "organisation = \"vale-partnership\" # same"),
               "# same", "hub's own organisation");
}

TEST(AgreementLint, AtMostSixteenTablesAGrant) {
  std::string tables;
  for (int n = 0; n < 16; ++n)
    tables += "[[grant.table]]\nname = \"t-" + std::to_string(n) +
              "\"\nquestion = \"flows\"\nby = [\"origin\", \"destination\"]\n"
              "place_level = \"district\"\nmeasure = \"reports\"\n";
  const auto text = replaced(sample_text(), "[grant.disclosure]", tables + "[grant.disclosure]");
  EXPECT_NE(all_diagnostics(read_text(text)).find("table in [[grant]]: more than 16 of them"),
            std::string::npos)
      << all_diagnostics(read_text(text));
}

TEST(AgreementLint, OneAgencysRecordsHaveOneHub) {
  const Agreement first = sample_agreement();
  EXPECT_TRUE(lint_together(first, first).empty());
  const auto other = [](std::string text) {
    return sample_agreement(replaced(std::move(text), "id = \"vale-cse\"", "id = \"dale-cse\""));
  };
  EXPECT_TRUE(lint_together(first, other(sample_text())).empty());
  const auto text = in_party("vale-partnership", "organisation = \"vale-partnership\"",
                             "organisation = \"dale-university\"");
  const auto found = lint_together(first, other(text));
  ASSERT_EQ(found.size(), 4u);  // every contributor
  EXPECT_NE(found[0].text.find("'vale-council' contributes its records in vale-cse too"),
            std::string::npos);
  EXPECT_EQ(found[0].line, line_of(text, "[[party]]\nid = \"vale-council\""));
  EXPECT_EQ(found[0].severity, Severity::error);
  // The same organisation under another name is the same agency.
  Agreement renamed = other(text);
  for (auto& p : renamed.parties)
    if (p.id.str() == "vale-health") p.id = PartyId::parse("dale-health").value();
  EXPECT_EQ(lint_together(first, renamed).size(), 4u);
  for (auto& p : renamed.parties)
    if (p.id.str() == "dale-health") p.organisation = "dale-health";
  EXPECT_EQ(lint_together(first, renamed).size(), 3u);
}

TEST(AgreementLint, TablesShareARowUnlessADimensionSaysNo) {
  Table a, b;
  EXPECT_TRUE(can_share_a_row(a, b));
  a.where["event"] = {"missing"};
  EXPECT_TRUE(can_share_a_row(a, b));
  EXPECT_TRUE(can_share_a_row(b, a));
  b.where["event"] = {"absent"};
  EXPECT_FALSE(can_share_a_row(a, b));
  EXPECT_FALSE(can_share_a_row(b, a));
  b.where["event"] = {"absent", "missing"};
  a.where["sex"] = {"male"};
  EXPECT_TRUE(can_share_a_row(a, b));
  b.where["sex"] = {"female"};
  EXPECT_FALSE(can_share_a_row(a, b));
}

}  // namespace
}  // namespace hedgerow::policies
