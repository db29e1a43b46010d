#include "policies/examine.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/policies/sample_agreement.h"

namespace hedgerow::policies {
namespace {

PartyId party(std::string_view id) { return PartyId::parse(id).value(); }

// Two grants for one purpose, one for another; and a purpose that nothing is granted for.
std::string two_grants() {
  const std::string second =
      "[purpose.review]\ndescription = \"R\"\n\n[purpose.unused]\ndescription = \"U\"\n\n"
      "[[grant]]\nid = \"yearly\"\npurpose = \"pattern-detection\"\n"
      "askers = [\"urn:hedgerow:vale-police:analyst:two\"]\nreason = \"required\"\n"
      "period = \"year\"\nsettle = \"P30D\"\nhistory = \"P24M\"\n[[grant.table]]\n"
      "name = \"absences\"\nquestion = \"flows\"\nby = [\"origin\", \"destination\"]\n"
      "place_level = \"district\"\nwhere = { event = [\"absent\"] }\nmeasure = \"reports\"\n"
      "[grant.disclosure]\nmin_children = 8\nmin_agencies = 1\nround_to = 5\n\n"
      "[[grant]]\nid = \"review\"\npurpose = \"review\"\naskers = [\"role:analyst\"]\n"
      "reason = \"required\"\nperiod = \"month\"\nsettle = \"P1D\"\nhistory = \"P3M\"\n"
      "[[grant.table]]\nname = \"sightings\"\nquestion = \"flows\"\n"
      "by = [\"origin\", \"destination\"]\nplace_level = \"district\"\n"
      "where = { event = [\"sighting\"] }\nmeasure = \"reports\"\n"
      "[grant.disclosure]\nmin_children = 8\nmin_agencies = 1\nround_to = 5\n\n[retention]";
  return replaced(sample_text(), "[retention]", second);
}

AskContext permitted_context() {
  AskContext c;
  c.local = party("vale-health");
  c.home = party("vale-council");
  c.asker = {party("vale-council"), "analyst", "urn:hedgerow:vale-council:analyst:one"};
  c.state = LineageState::in_force;
  c.now = parse_moment("2027-01-20T12:00Z").value().at;
  c.question = make_question({"vale-cse",
                              "pattern-detection",
                              "flows",
                              "2026-Q3",
                              "2026-Q4",
                              "origin,destination",
                              {"event=missing"},
                              "MACE"})
                   .value();
  return c;
}

const Finding& finding(const std::vector<Finding>& findings, Condition condition) {
  for (const auto& f : findings)
    if (f.condition == condition) return f;
  HR_CHECK(false);
  return findings[0];
}

TEST(Examine, ShowsEveryTestWithItsLine) {
  const std::string text = two_grants();
  const Agreement agreement = sample_agreement(text);
  const Examination e = examine(agreement, permitted_context());
  EXPECT_TRUE(std::holds_alternative<Permit>(e.decision));
  ASSERT_EQ(e.tables.size(), 3u);
  EXPECT_TRUE(e.tables[0].permits());
  EXPECT_EQ(finding(e.general, Condition::begun).line, line_of(text, "valid_from"));
  EXPECT_EQ(finding(e.general, Condition::ended).line, line_of(text, "valid_until"));
  EXPECT_EQ(finding(e.general, Condition::purpose_known).line,
            line_of(text, "[purpose.pattern-detection]"));
  const auto& first = e.tables[0].findings;
  EXPECT_EQ(finding(first, Condition::asker).line, line_of(text, "askers = [\"role"));
  EXPECT_EQ(finding(first, Condition::history).line, line_of(text, "history = \"P24M\""));
  EXPECT_EQ(finding(first, Condition::settled).line, line_of(text, "settle = \"P14D\""));
  EXPECT_EQ(finding(first, Condition::filter).line,
            line_of(text, "where = { event = [\"missing\"] }"));
  EXPECT_EQ(finding(first, Condition::period_kind).line, line_of(text, "period = \"quarter\""));
  // The others are looked at to the end too.
  const auto& yearly = e.tables[1];
  EXPECT_FALSE(yearly.permits());
  EXPECT_EQ(yearly.first_failure()->condition, Condition::asker);
  EXPECT_EQ(yearly.first_failure()->line, line_of(text, "askers = [\"urn"));
  EXPECT_EQ(finding(yearly.findings, Condition::kind).outcome, Outcome::passed);
  EXPECT_EQ(finding(yearly.findings, Condition::filter).outcome, Outcome::failed);
  EXPECT_EQ(finding(yearly.findings, Condition::filter).line,
            line_of(text, "where = { event = [\"absent\"] }"));
}

TEST(Examine, WhatARangeCannotSayIsNotExamined) {
  AskContext c = permitted_context();
  std::swap(c.question.from, c.question.to);
  const Examination e = examine(sample_agreement(), c);
  EXPECT_EQ(finding(e.tables[0].findings, Condition::history).outcome, Outcome::not_examined);
  EXPECT_EQ(std::get<Deny>(e.decision).reason, DenyReason::period_range);
}

TEST(Examine, EveryTestHasItsWord) {
  for (int n = 0; n <= static_cast<int>(Condition::two_people); ++n)
    EXPECT_FALSE(to_text(static_cast<Condition>(n)).empty());
}

// The rules of formats.md once more, written down as plainly as they come: nothing of the tests,
// their order or the search for the nearest table.
bool may_be_answered(const Agreement& a, const AskContext& c) {
  const Question& q = c.question;
  if (!is_canonical(q) || q.agreement != a.id || c.state != LineageState::in_force) return false;
  const Day today = london_day(c.now);
  if (today < a.valid_from || a.valid_until < today) return false;
  if (!a.party(c.local) || !a.party(c.asker.agency) || c.home != c.asker.agency) return false;
  for (const auto& g : a.grants) {
    bool named = false;
    for (const auto& asker : g.askers)
      named =
          named || asker.urn == c.asker.urn || (asker.urn.empty() && asker.role == c.asker.role);
    if (g.purpose != q.purpose || !named) continue;
    for (const auto& t : g.tables) {
      const std::set<std::string> by(t.by.begin(), t.by.end());
      if (t.question != q.kind || by != std::set<std::string>(q.by.begin(), q.by.end())) continue;
      if (t.where != q.where || g.period != q.from.kind || g.period != q.to.kind) continue;
      if (q.to < q.from || q.reason.empty()) continue;
      const bool old = q.from.first_day() < minus(today, g.history);
      const bool fresh =
          today < plus_days(q.to.last_day(), static_cast<std::int32_t>(g.settle_days) + 1);
      if (!old && !fresh) return true;
    }
  }
  return false;
}

template <class T>
T one_of(std::vector<T> choices) {
  return choices[*rc::gen::resize(rc::kNominalSize,
                                  rc::gen::inRange<std::size_t>(0, choices.size()))];
}

// Mostly what is permitted, so that every test decides now and then.
template <class T>
T mostly(T usual, std::vector<T> others) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 16)) > 0
             ? usual
             : one_of(std::move(others));
}

RC_GTEST_PROP(Examine, AgreesWithTheRulesAndIsTheDecision, ()) {
  static const Agreement agreement = sample_agreement(two_grants());
  AskContext c = permitted_context();
  const auto agency = mostly<std::string>("vale-council", {"vale-police", "stranger"});
  c.asker = {party(agency), mostly<std::string>("analyst", {"officer", ""}),
             "urn:hedgerow:" + agency + ":analyst:" + mostly<std::string>("two", {"one"})};
  c.home = party(mostly<std::string>(agency, {"vale-police", "vale-health"}));
  c.local = party(mostly<std::string>("vale-health", {"stranger", "vale-council"}));
  c.state = mostly(LineageState::in_force,
                   {LineageState::installed, LineageState::paused, LineageState::withdrawn});
  c.now = parse_moment(mostly<std::string>("2027-01-20", {"2026-09-30", "2027-01-14", "2027-01-31",
                                                          "2027-11-30", "2027-12-01"}))
              .value()
              .at;
  Question q = c.question;
  q.purpose = mostly<std::string>("pattern-detection", {"review", "unused", "unknown"});
  q.where = mostly<Where>({{"event", {"missing"}}},
                          {{}, {{"event", {"absent"}}}, {{"event", {"sighting"}}}});
  q.by = mostly<std::vector<std::string>>({"destination", "origin"}, {{"origin"}});
  const auto from = mostly<std::string>("2026-Q3", {"2025-Q1", "2026-Q4", "2026", "2026-12"});
  q.from = Period::parse(from).value();
  q.to = mostly(q.from, {q.from.next(), q.from.previous(), Period::parse("2026-Q4").value()});
  q.reason = mostly<std::string>("MACE", {""});
  c.question = q;

  const Examination e = examine(agreement, c);
  const bool permitted = std::holds_alternative<Permit>(e.decision);
  RC_ASSERT(permitted == may_be_answered(agreement, c));
  const Decision decision = evaluate(agreement, c);
  RC_ASSERT(std::holds_alternative<Permit>(decision) == permitted);
  bool all_general = true;
  for (const auto& f : e.general) all_general = all_general && f.outcome == Outcome::passed;
  bool any_table = false;
  for (const auto& t : e.tables) any_table = any_table || t.permits();
  RC_ASSERT(permitted == (all_general && any_table));
  RC_TAG(permitted ? "permitted" : std::string(to_text(std::get<Deny>(decision).reason)));
}

}  // namespace
}  // namespace hedgerow::policies
