// The grant of traces in an agreement's text: its form and its rules.
#include <gtest/gtest.h>

#include "policies/trace.h"
#include "tests/policies/sample_agreement.h"

namespace hedgerow::policies {
namespace {

void expect_at(Severity severity, const std::string& text, std::string_view line_words,
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

// `from`, in the grant of traces, replaced: one error, on the line where `at` stands first (of the
// replacement itself where it is empty).
void expect_wrong(std::string_view from, std::string_view to, std::string_view words,
                  std::string_view at = {}) {
  const std::string text = replaced_after(with_trace(), "id = \"duty-contacts\"", from, to);
  expect_at(Severity::error, text, at.empty() ? to : at, words);
  const auto reading = read_text(text);
  EXPECT_EQ(reading.diagnostics.size(), 1u) << all_diagnostics(reading);
}

std::string in_contributor(std::string_view party, std::string_view from, std::string_view to) {
  return replaced_after(with_trace(), "id = \"" + std::string(party) + "\"", from, to);
}

TEST(TraceGrant, IsRead) {
  const std::string text = with_trace();
  const auto reading = read_text(text);
  ASSERT_TRUE(reading.agreement.has_value()) << all_diagnostics(reading);
  ASSERT_TRUE(reading.agreement->trace.has_value());
  const TraceGrant& g = *reading.agreement->trace;
  EXPECT_EQ(g.id, "duty-contacts");
  EXPECT_EQ(g.purpose, "safeguard-a-child");
  ASSERT_EQ(g.askers.size(), 1u);
  EXPECT_EQ(g.askers[0].role, "practitioner");
  ASSERT_EQ(g.approvers.size(), 1u);
  EXPECT_EQ(g.approvers[0].role, "approver");
  EXPECT_EQ(g.history, (Duration{24, 0}));
  EXPECT_EQ(g.legal_bases, (std::vector<std::string>{"uk-gdpr:6(1)(e)", "dpa-2018:part3"}));
  EXPECT_EQ(g.daily_quota, 20u);
  EXPECT_EQ(g.practitioner_quota, 5u);
  EXPECT_EQ(g.line, line_of(text, "id = \"duty-contacts\"") - 1);
  EXPECT_EQ(g.table_line, line_of(text, "name = \"trace\"") - 1);
  EXPECT_EQ(reading.agreement->line_of("trace.history"), line_of(text, "P24M\"\nlegal_bases"));
  EXPECT_FALSE(sample_agreement().trace.has_value());
}

TEST(TraceGrant, IsNoGrantOfFiguresWhereverItStands) {
  const std::string first = "[[grant]]\nid = \"movements\"";
  const std::string text = replaced(
      sample_text(), first, std::string(kTraceGrant) + std::string(kTracePurpose) + "\n" + first);
  const Agreement a = sample_agreement(text);
  ASSERT_EQ(a.grants.size(), 1u);
  EXPECT_EQ(a.grants[0].id, "movements");
  EXPECT_EQ(a.grant("duty-contacts"), nullptr);
  // The lines of the other grants are theirs.
  EXPECT_EQ(a.line_of("grant.0.settle"), line_of(text, "settle = "));
  EXPECT_EQ(a.line_of("grant.0"), line_of(text, "id = \"movements\"") - 1);
}

TEST(TraceGrant, MayBeTheOnlyOne) {
  std::string text = with_trace();
  const std::size_t begin = text.find("[[grant]]\nid = \"movements\"");
  text.erase(begin, text.find("[retention]") - begin);
  const auto reading = read_text(text);
  ASSERT_TRUE(reading.agreement.has_value()) << all_diagnostics(reading);
  EXPECT_TRUE(reading.agreement->grants.empty());
}

TEST(TraceGrant, HasQuotasWithinBounds) {
  for (const char* quota : {"1", "50"})
    EXPECT_TRUE(sample_agreement(replaced_after(replaced(with_trace(), "practitioner_quota = 5",
                                                         "practitioner_quota = 1"),
                                                "name = \"trace\"", "daily_quota = 20",
                                                "daily_quota = " + std::string(quota)))
                    .trace.has_value());
  expect_wrong("daily_quota = 20", "daily_quota = 51", "between 1 and 50");
  expect_wrong("practitioner_quota = 5", "practitioner_quota = 0", "between 1 and 50");
  expect_wrong("practitioner_quota = 5", "practitioner_quota = 21", "above daily_quota");
  const std::string none =
      replaced_after(replaced(with_trace(), "practitioner_quota = 5", "practitioner_quota = 1"),
                     "name = \"trace\"", "daily_quota = 20", "daily_quota = 0");
  expect_at(Severity::error, none, "daily_quota = 0", "between 1 and 50");
  expect_wrong("practitioner_quota = 5\n", "", "practitioner_quota",
               "[[grant.table]]\nname = \"trace\"");
}

TEST(TraceGrant, TakesFromTheKeyholdersDailyQuotaToo) {
  expect_at(Severity::warning, replaced(with_trace(), "daily_quota = 500", "daily_quota = 19"),
            "daily_quota = 20", "above what keyholders answer for");
}

TEST(TraceGrant, StandsOnceInAnAgreement) {
  const std::string again = replaced(std::string(kTraceGrant), "duty-contacts", "duty-again");
  const std::string text = with_trace() + again;
  expect_at(Severity::error, text, "[[grant]]\nid = \"duty-again\"", "a second grant of traces");
}

TEST(TraceGrant, HasOneTableAndNoOther) {
  const std::string table = "\n[[grant.table]]\nname = \"flows-too\"\nquestion = \"flows\"\n";
  expect_at(Severity::error, with_trace() + table, "[[grant.table]]\nname = \"flows-too\"",
            "one table and no other");
  const std::string twice =
      "\n[[grant.table]]\nname = \"trace-two\"\nquestion = \"trace\"\ndaily_quota = 5\n"
      "practitioner_quota = 5\n";
  expect_at(Severity::error, with_trace() + twice, "[[grant.table]]\nname = \"trace-two\"",
            "one table and no other");
}

TEST(TraceGrant, HasNoPeriodAndReleasesNothing) {
  const auto in_grant = [](const std::string& line) {
    expect_wrong("history = ", line + "\nhistory = ", "has no meaning in a grant of traces", line);
  };
  in_grant("period = \"month\"");
  in_grant("settle = \"P1D\"");
  in_grant("disclosure = { min_children = 9 }");
  expect_wrong("history = ", "settle_days = 3\nhistory = ", "settle_days", "settle_days = 3");
  for (const char* line :
       {"by = [\"sex\"]", "where = { event = [\"absent\"] }", "place_level = \"police-area\"",
        "measure = \"children\"", "entries = 64", "cells_per_child = 4", "times = 3",
        "within = \"P1D\"", "episodes_per_child = 3"})
    expect_wrong("daily_quota = 20", "daily_quota = 20\n" + std::string(line),
                 "has no meaning in a table of this kind", line);
  expect_wrong("daily_quota = 20", "daily_quota = 20\nweekly_quota = 9", "weekly_quota",
               "weekly_quota = 9");
}

TEST(TraceGrant, AsksForEveryPartOfIt) {
  for (const char* line :
       {"id = \"duty-contacts\"\n", "purpose = \"safeguard-a-child\"\n",
        "askers = [\"role:practitioner\"]\n", "approvers = [\"role:approver\"]\n",
        "reason = \"required\"\n", "history = \"P24M\"\n",
        "legal_bases = [\"uk-gdpr:6(1)(e)\", \"dpa-2018:part3\"]\n"}) {
    std::string grant(kTraceGrant);
    grant = replaced(grant, line, "");
    const std::string text = sample_text() + std::string(kTracePurpose) + grant;
    const std::string key(line, std::string_view(line).find(' '));
    const auto reading = read_text(text);
    EXPECT_FALSE(reading.agreement.has_value()) << key;
    EXPECT_NE(all_diagnostics(reading).find(key), std::string::npos) << all_diagnostics(reading);
  }
  expect_wrong("reason = \"required\"", "reason = \"optional\"", "must be \"required\"");
  expect_wrong("name = \"trace\"", "name = \"T\"", "not a valid table name");
  const std::string unnamed = replaced(with_trace(), "id = \"duty-contacts\"", "id = \"-\"");
  expect_at(Severity::error, unnamed, "id = \"-\"", "not a valid grant name");
}

TEST(TraceGrant, IsNamedOnceAmongGrants) {
  const std::string text =
      replaced(with_trace(), "id = \"duty-contacts\"", "id = \"movements\"  # once more");
  expect_at(Severity::error, text, "# once more", "'movements' is a grant twice");
}

TEST(TraceGrant, HasAPurposeThatExistsAndUsesIt) {
  const std::string text = replaced_after(with_trace(), "id = \"duty-contacts\"",
                                          "\"safeguard-a-child\"", "\"safeguard-all\"");
  expect_at(Severity::error, text, "\"safeguard-all\"", "there is no purpose 'safeguard-all'");
  // Nothing else is granted for the purpose, and nothing is said of that.
  EXPECT_TRUE(read_text(with_trace()).diagnostics.empty());
}

TEST(TraceGrant, IsAskedByPractitionersOfContributors) {
  const std::string_view role = "askers = [\"role:practitioner\"]";
  for (const char* who :
       {"role:analyst", "role:approver", "role:officer", "role:", "anybody",
        "urn:hedgerow:vale-council:analyst:one", "urn:hedgerow:vale-council:approver:one",
        "urn:hedgerow:stranger:practitioner:one", "urn:hedgerow:vale-council:practitioner:"})
    expect_wrong(role, "askers = [\"" + std::string(who) + "\"]  # these", "cannot trace",
                 "# these");
  expect_wrong(role, "askers = [\"urn:hedgerow:vale-partnership:practitioner:one\"]",
               "contributes nothing");
  expect_wrong(role, "askers = []", "nobody may ask");
}

TEST(TraceGrant, IsApprovedByApproversOfContributors) {
  const std::string_view role = "approvers = [\"role:approver\"]";
  for (const char* who :
       {"role:analyst", "role:practitioner", "role:officer",
        "urn:hedgerow:vale-council:practitioner:one", "urn:hedgerow:stranger:approver:one"})
    expect_wrong(role, "approvers = [\"" + std::string(who) + "\"]", "cannot approve a trace");
  expect_wrong(role, "approvers = [\"urn:hedgerow:vale-partnership:approver:one\"]",
               "contributes nothing");
  expect_wrong(role, "approvers = []", "nobody may approve");
}

TEST(TraceGrant, ANamedPractitionerHasAnotherPersonToApprove) {
  const std::string named = replaced(with_trace(), "askers = [\"role:practitioner\"]",
                                     "askers = [\"urn:hedgerow:vale-council:practitioner:one\"]");
  EXPECT_TRUE(read_text(named).agreement.has_value());
  const auto approved_by = [&](std::string_view urn) {
    return replaced(named, "approvers = [\"role:approver\"]",
                    "approvers = [\"" + std::string(urn) + "\"]");
  };
  const auto fine = read_text(approved_by("urn:hedgerow:vale-council:approver:two"));
  EXPECT_TRUE(fine.agreement.has_value()) << all_diagnostics(fine);
  for (const char* urn :
       {"urn:hedgerow:vale-council:approver:one", "urn:hedgerow:vale-police:approver:two"})
    expect_at(Severity::error, approved_by(urn), "approvers = ", "nobody can approve");
}

TEST(TraceGrant, HasAHistoryWithinRetention) {
  expect_wrong("history = \"P24M\"", "history = \"P25M\"", "further than records are retained");
}

TEST(TraceGrant, HasLegalBasesThatAContributorStates) {
  const std::string_view two = "legal_bases = [\"uk-gdpr:6(1)(e)\", \"dpa-2018:part3\"]";
  const auto with = [](std::string_view extra) {
    return "legal_bases = [\"uk-gdpr:6(1)(e)\", \"dpa-2018:part3\", \"" + std::string(extra) +
           "\"]";
  };
  expect_wrong(two, with("ca-2004:16LA"), "no contributor states 'ca-2004:16LA'");
  expect_wrong(two, with("Children Act"), "not written as a legal basis");
  expect_wrong(two, with("uk-gdpr:6(1)(e)"), "comes twice");
  expect_wrong(two, "legal_bases = []", "names no legal basis");
  // The hub states one that no contributor does.
  const std::string hub = in_contributor("vale-partnership", "\"uk-gdpr:6(1)(e)\"",
                                         "\"uk-gdpr:6(1)(e)\", \"ca-2004:16E\"");
  expect_at(Severity::error, replaced(hub, two, with("ca-2004:16E")), "legal_bases",
            "no contributor states");
}

TEST(TraceGrant, SaysWhoCouldMakeNoTraces) {
  const std::string text =
      replaced(with_trace(), ", \"dpa-2018:part3\"]\n\n[[grant.table]]", "]\n\n[[grant.table]]");
  expect_at(Severity::warning, text, "lawful_basis = [\"dpa-2018:part3\"",
            "'vale-police' states no legal basis on which traces are granted");
}

TEST(TraceGrant, HasADutyContactOfEveryContributor) {
  const std::string text = in_contributor("vale-voice", ", duty = \"u\"", "");
  expect_at(Severity::error, text, "contacts = { dpo = \"d\", rights = \"r\", breach = \"b\" }",
            "'vale-voice' names no contact for duty");
  // The hub answers no trace, and without traces nobody does.
  EXPECT_TRUE(
      read_text(in_contributor("vale-partnership", ", duty = \"u\"", "")).agreement.has_value());
  EXPECT_TRUE(read_text(replaced_after(sample_text(), "id = \"vale-voice\"", ", duty = \"u\"", ""))
                  .agreement.has_value());
}

TEST(TraceGrant, HasDutyContactsThatARecordHasRoomFor) {
  const auto with_contact = [](std::size_t size) {
    return in_contributor("vale-voice", "duty = \"u\"",
                          "duty = \"" + std::string(size, 'z') + "\"");
  };
  EXPECT_TRUE(read_text(with_contact(kMaxDutyContactBytes)).agreement.has_value());
  expect_at(Severity::error, with_contact(kMaxDutyContactBytes + 1), "zzz",
            "longer than 222 bytes");
}

TEST(TraceGrant, HasDutyContactsThatArePlainText) {
  // Control characters are refused wherever they stand; these turn text round.
  for (const char* contact : {"zzz \\u202E", "zzz \\u2066", "zzz \\u200F"}) {
    const std::string duty = "duty = \"" + std::string(contact) + "\"";
    expect_at(Severity::error, in_contributor("vale-voice", "duty = \"u\"", duty), "zzz",
              "is not plain text");
  }
  EXPECT_TRUE(read_text(in_contributor("vale-voice", "duty = \"u\"", "duty = \"Büro \\u00fc\""))
                  .agreement.has_value());
}

TEST(TraceGrant, NeedsThreeContributors) {
  std::string text = with_trace();
  for (const char* party : {"vale-voice", "vale-health"})
    text = replaced_after(text, "id = \"" + std::string(party) + "\"", "\"contributor\", ", "");
  expect_at(Severity::error, text, "[agreement]", "fewer than 3 contributors");
}

}  // namespace
}  // namespace hedgerow::policies
