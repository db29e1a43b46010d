#include "policies/evaluate.h"

#include <gtest/gtest.h>

#include "tests/policies/sample_agreement.h"

namespace hedgerow::policies {
namespace {

PartyId party(std::string_view id) { return PartyId::parse(id).value(); }

// A question that is permitted, and one thing about it changed at a time.
class Evaluate : public ::testing::Test {
 protected:
  Evaluate() {
    context.local = party("vale-health");
    context.home = party("vale-council");
    context.asker = {party("vale-council"), "analyst", "urn:hedgerow:vale-council:analyst:one"};
    context.state = LineageState::in_force;
    context.now = parse_moment("2027-01-20T12:00Z").value().at;
    context.question = make_question({"vale-cse",
                                      "pattern-detection",
                                      "flows",
                                      "2026-Q3",
                                      "2026-Q4",
                                      "origin,destination",
                                      {"event=missing"},
                                      "MACE"})
                           .value();
  }

  Decision decide() const { return evaluate(agreement, context); }

  void expect_denied(DenyReason reason, Code code = Code::denied) const {
    const Decision decision = decide();
    const auto* denied = std::get_if<Deny>(&decision);
    ASSERT_NE(denied, nullptr) << "permitted";
    EXPECT_EQ(to_text(denied->reason), to_text(reason)) << denied->text;
    EXPECT_EQ(denied->code, code);
    EXPECT_FALSE(denied->text.empty());
    EXPECT_EQ(denied->error().code, code);
  }

  void expect_hint(std::string_view words) const {
    const Decision decision = decide();
    const auto* denied = std::get_if<Deny>(&decision);
    ASSERT_NE(denied, nullptr);
    EXPECT_NE(denied->hint.find(words), std::string::npos) << denied->hint;
  }

  void at(std::string_view time) { context.now = parse_moment(time).value().at; }
  void periods(std::string_view from, std::string_view to) {
    context.question.from = Period::parse(from).value();
    context.question.to = Period::parse(to).value();
  }

  Agreement agreement = sample_agreement();
  AskContext context;
};

TEST_F(Evaluate, PermitsAndNamesTheClause) {
  const Decision decision = decide();
  const auto* permit = std::get_if<Permit>(&decision);
  ASSERT_NE(permit, nullptr) << std::get<Deny>(decision).text;
  EXPECT_EQ(permit->grant, "movements");
  EXPECT_EQ(permit->grant_line, line_of(sample_text(), "[[grant]]"));
  EXPECT_EQ(permit->table, "flows");
  EXPECT_EQ(permit->table_line, line_of(sample_text(), "[[grant.table]]"));
  ASSERT_EQ(permit->periods.size(), 2u);
  EXPECT_EQ(permit->periods[1].label(), "2026-Q4");
  EXPECT_EQ(permit->rule, (DisclosureRule{8, 1, 5, false}));
  EXPECT_NE(permit->rule_in_words.find("8 or more distinct children"), std::string::npos);
}

TEST_F(Evaluate, PermitsThePersonNamedByCertificate) {
  agreement.grants[0].askers = {{"", context.asker.urn}};
  EXPECT_TRUE(std::holds_alternative<Permit>(decide()));
  context.asker.urn = "urn:hedgerow:vale-council:analyst:two";
  expect_denied(DenyReason::asker_not_named);
}

TEST_F(Evaluate, DeniesMalformedQuestions) {
  context.question.by = {"origin", "destination"};
  expect_denied(DenyReason::malformed_question);
  context.question.by = {"destination", "origin"};
  context.question.reason = "a\nb";
  expect_denied(DenyReason::malformed_question);
  context.question = Question{};
  expect_denied(DenyReason::malformed_question);
}

TEST_F(Evaluate, DeniesQuestionsOfAnotherAgreement) {
  context.question.agreement = Lineage::parse("other-region").value();
  expect_denied(DenyReason::other_agreement);
}

TEST_F(Evaluate, DeniesWhereTheOwnAgencyIsNoParty) {
  context.local = party("stranger");
  expect_denied(DenyReason::local_not_a_party);
  context.local = PartyId();
  expect_denied(DenyReason::local_not_a_party);
}

TEST_F(Evaluate, DeniesBeforeTheFirstDay) {
  at("2026-09-30T22:59:59Z");
  expect_denied(DenyReason::not_yet_in_force);
}

TEST_F(Evaluate, DeniesAfterTheLastDay) {
  at("2027-12-01T00:00:00Z");
  expect_denied(DenyReason::expired);
}

TEST_F(Evaluate, DeniesEveryStateButInForce) {
  context.state = LineageState::installed;
  expect_denied(DenyReason::not_ready, Code::try_again);
  context.state = LineageState::paused;
  expect_denied(DenyReason::paused);
  context.state = LineageState::superseded;
  expect_denied(DenyReason::superseded);
  context.state = LineageState::withdrawn;
  expect_denied(DenyReason::withdrawn);
  context.state = static_cast<LineageState>(99);
  expect_denied(DenyReason::not_ready, Code::try_again);
}

TEST_F(Evaluate, DeniesAskersOfStrangers) {
  context.asker.agency = party("stranger");
  context.home = party("stranger");
  expect_denied(DenyReason::asker_not_a_party);
}

TEST_F(Evaluate, DeniesQuestionsThroughAnotherAgency) {
  context.home = party("vale-police");
  expect_denied(DenyReason::wrong_home);
}

TEST_F(Evaluate, DeniesUnknownPurposes) {
  context.question.purpose = "curiosity";
  expect_denied(DenyReason::unknown_purpose);
}

TEST_F(Evaluate, DeniesPurposesWithoutGrant) {
  agreement.purposes.push_back({"research", "Research", 1});
  context.question.purpose = "research";
  expect_denied(DenyReason::purpose_not_granted);
}

TEST_F(Evaluate, DeniesOtherRoles) {
  for (const char* role : {"officer", "node", "practitioner", ""}) {
    context.asker.role = role;
    expect_denied(DenyReason::asker_not_named);
  }
  agreement.grants[0].askers = {{"", ""}};  // an entry that names nobody
  expect_denied(DenyReason::asker_not_named);
}

TEST_F(Evaluate, DeniesKindsWithoutTable) {
  context.question.kind = static_cast<QuestionKind>(7);
  expect_denied(DenyReason::kind_not_granted);
  context.question.kind = QuestionKind::flows;
  agreement.grants[0].tables.clear();
  expect_denied(DenyReason::kind_not_granted);
}

TEST_F(Evaluate, DeniesOtherDimensionsNamingTheNearestTable) {
  context.question.by = {"origin"};
  expect_denied(DenyReason::dimensions_differ);
  expect_hint("table 'flows' of grant 'movements'");
  context.question.by = {"destination", "origin", "sex"};
  expect_denied(DenyReason::dimensions_differ);
}

TEST_F(Evaluate, DeniesOtherFilters) {
  context.question.where = {};
  expect_denied(DenyReason::filter_differs);
  expect_hint("event=missing");
  context.question.where = {{"event", {"absent", "missing"}}};
  expect_denied(DenyReason::filter_differs);
  context.question.where = {{"event", {"missing"}}, {"sex", {"female"}}};
  expect_denied(DenyReason::filter_differs);
}

TEST_F(Evaluate, NamesTheNearestOfSeveralTables) {
  Grant yearly = agreement.grants[0];
  yearly.id = "yearly";
  yearly.period = PeriodKind::year;
  yearly.tables[0].where = {{"event", {"absent"}}};
  agreement.grants.push_back(yearly);
  context.question.where = {{"event", {"absent"}}};
  expect_denied(DenyReason::period_kind_differs);
  expect_hint("grant 'yearly'");
}

TEST_F(Evaluate, PermitsCountsOfExactlyThePlannedTable) {
  Grant counts = agreement.grants[0];
  counts.id = "ages";
  counts.period = PeriodKind::financial_year;
  counts.tables[0].question = QuestionKind::counts;
  counts.tables[0].by = {"sex", "age_band"};
  counts.tables[0].where = {};
  agreement.grants.push_back(counts);
  context.question.kind = QuestionKind::counts;
  context.question.by = {"age_band", "sex"};
  context.question.where = {};
  periods("2025/26", "2025/26");
  const auto decision = decide();
  ASSERT_TRUE(std::holds_alternative<Permit>(decision));
  EXPECT_EQ(std::get<Permit>(decision).grant, "ages");
  // A part of the table is another table.
  context.question.by = {"age_band"};
  expect_denied(DenyReason::dimensions_differ);
  expect_hint("counts by sex,age_band, no filter, each financial-year");
  context.question.by = {"age_band", "sex"};
  context.question.where = {{"sex", {"male"}}};
  expect_denied(DenyReason::filter_differs);
}

TEST_F(Evaluate, OfTablesWithOtherDimensionsTheOneWithMostInCommonIsNearest) {
  Grant other = agreement.grants[0];
  other.id = "by-sex";
  other.tables[0].question = QuestionKind::counts;
  other.tables[0].by = {"sex"};
  agreement.grants.push_back(other);
  other.id = "by-age-and-care";
  other.tables[0].by = {"age_band", "care_status"};
  agreement.grants.push_back(other);
  context.question.kind = QuestionKind::counts;
  context.question.by = {"age_band", "care_status", "sex"};
  expect_denied(DenyReason::dimensions_differ);
  expect_hint("by-age-and-care");
}

TEST_F(Evaluate, DeniesOtherPeriodKinds) {
  periods("2026-07", "2026-08");
  expect_denied(DenyReason::period_kind_differs);
  expect_hint("each quarter");
}

TEST_F(Evaluate, DeniesRangesThatCannotBe) {
  periods("2026-Q4", "2026-Q3");
  expect_denied(DenyReason::period_range);
  periods("2026-Q4", "2099-Q3");
  expect_denied(DenyReason::period_range);
  periods("2026-Q3", "2026-Q4");
  context.question.to = Period{PeriodKind::month, 2026, 12};
  expect_denied(DenyReason::period_range);
}

TEST_F(Evaluate, PutsOffPeriodsThatAreNotSettled) {
  at("2027-01-14T23:59:59Z");
  expect_denied(DenyReason::not_settled, Code::try_again);
  expect_hint("2027-01-15 00:00 GMT");
  at("2027-01-15T00:00:00Z");
  EXPECT_TRUE(std::holds_alternative<Permit>(decide()));
}

TEST_F(Evaluate, DeniesPeriodsBeyondTheHistory) {
  periods("2025-Q1", "2025-Q1");
  expect_denied(DenyReason::beyond_history);
  periods("2025-Q1", "2026-Q4");
  expect_denied(DenyReason::beyond_history);
  periods("2025-Q2", "2025-Q2");  // before the agreement, within its history
  EXPECT_TRUE(std::holds_alternative<Permit>(decide()));
}

TEST_F(Evaluate, DeniesWithoutReason) {
  context.question.reason = "";
  expect_denied(DenyReason::reason_missing);
  context.question.reason = "   ";
  expect_denied(DenyReason::reason_missing);
}

TEST_F(Evaluate, EveryNodeDecidesAlike) {
  for (const auto& p : agreement.party_ids()) {
    context.local = p;
    EXPECT_TRUE(std::holds_alternative<Permit>(decide())) << p.str();
  }
}

}  // namespace
}  // namespace hedgerow::policies
