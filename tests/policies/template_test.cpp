#include "policies/template.h"

#include <gtest/gtest.h>

#include "tests/policies/sample_agreement.h"

namespace hedgerow::policies {
namespace {

std::map<std::string, std::string> all_values(const std::string& name) {
  std::map<std::string, std::string> values = {
      {"valid_from", "2026-10-01"},
      {"valid_until", "2027-11-30"},
      {"review_by", "2027-06-01"},
      {"codes", to_sha256_name(CodeList::shipped().hash().view())}};
  char digit = '1';
  for (const auto& place : places_of(shipped_templates().at(name)))
    if (place.starts_with("root.")) values[place] = "sha256:" + std::string(64, digit++);
  EXPECT_GE(digit, '5') << "fewer than four parties";
  return values;
}

TEST(Template, EachWantsOnlyWhatIsMarked) {
  EXPECT_EQ(shipped_templates().size(), 5u);
  for (const auto& [name, shipped] : shipped_templates()) {
    SCOPED_TRACE(name);
    EXPECT_FALSE(template_summary(name).empty());
    EXPECT_NE(shipped.find("draft from the template " + name), std::string::npos);
    auto text = fill_template(shipped, all_values(name));
    ASSERT_TRUE(text.ok()) << text.error().text;
    for (std::size_t at; (at = text->find("\"CHANGE\"")) != std::string::npos;)
      text->replace(at, 8, "\"filled in\"");
    const auto reading = read_text(*text);
    EXPECT_TRUE(reading.agreement) << all_diagnostics(reading);
    EXPECT_TRUE(reading.diagnostics.empty()) << all_diagnostics(reading);
  }
}

TEST(Template, LintNamesEveryPlaceThatIsLeft) {
  for (const auto& [name, shipped] : shipped_templates()) {
    SCOPED_TRACE(name);
    const auto text = fill_template(shipped, all_values(name)).value();
    std::size_t places = 0;
    for (std::size_t at = 0; (at = text.find("\"CHANGE\"", at)) != std::string::npos; ++at)
      ++places;
    std::size_t named = 0;
    for (const auto& d : read_text(text).diagnostics)
      named += d.text.ends_with(kStillToBeFilledIn) && d.line > 0 && d.column > 0 ? 1u : 0u;
    EXPECT_EQ(named, places);
    EXPECT_GT(places, 0u);
  }
}

TEST(Template, AVoluntaryPartyIsNeverSingledOut) {
  auto text =
      fill_template(shipped_templates().at("voluntary-partner"), all_values("voluntary-partner"))
          .value();
  for (std::size_t at; (at = text.find("\"CHANGE\"")) != std::string::npos;)
    text.replace(at, 8, "\"filled in\"");
  const auto agreement = *read_text(text).agreement;
  EXPECT_EQ(agreement.grants.at(0).disclosure.min_agencies, 2u);
  const auto voluntary =
      std::find_if(agreement.parties.begin(), agreement.parties.end(),
                   [](const Party& p) { return p.kind == PartyKind::voluntary; });
  ASSERT_NE(voluntary, agreement.parties.end());
  EXPECT_TRUE(voluntary->roles.contributor && voluntary->roles.keyholder);
}

TEST(Template, LinkedPatternsHasEachLinkedQuestion) {
  auto text =
      fill_template(shipped_templates().at("linked-patterns"), all_values("linked-patterns"))
          .value();
  for (std::size_t at; (at = text.find("\"CHANGE\"")) != std::string::npos;)
    text.replace(at, 8, "\"filled in\"");
  const auto agreement = *read_text(text).agreement;
  EXPECT_EQ(agreement.mixers().size(), 3u);
  std::vector<QuestionKind> kinds;
  for (const Grant& g : agreement.grants) {
    kinds.push_back(g.tables.at(0).question);
    EXPECT_GE(g.disclosure.min_agencies, 2u);
  }
  EXPECT_EQ(kinds, (std::vector<QuestionKind>{QuestionKind::places, QuestionKind::overlap,
                                              QuestionKind::repeat_missing}));
}

TEST(Template, RegionalPatternsHasSumsAndLinksSideBySide) {
  auto text =
      fill_template(shipped_templates().at("regional-patterns"), all_values("regional-patterns"))
          .value();
  for (std::size_t at; (at = text.find("\"CHANGE\"")) != std::string::npos;)
    text.replace(at, 8, "\"filled in\"");
  const auto agreement = *read_text(text).agreement;
  EXPECT_EQ(agreement.mixers().size(), 3u);
  std::vector<QuestionKind> kinds;
  for (const Grant& g : agreement.grants) {
    kinds.push_back(g.tables.at(0).question);
    EXPECT_EQ(g.period, PeriodKind::quarter);
  }
  EXPECT_EQ(kinds, (std::vector<QuestionKind>{QuestionKind::flows, QuestionKind::counts,
                                              QuestionKind::places, QuestionKind::overlap}));
  // And traces, which every contributor may make and answers.
  ASSERT_TRUE(agreement.trace.has_value());
  EXPECT_LE(agreement.trace->daily_quota, kMaxTraceQuota);
  EXPECT_EQ(agreement.trace->askers.at(0).role, "practitioner");
  EXPECT_EQ(agreement.trace->approvers.at(0).role, "approver");
}

TEST(Template, WhatIsNotFilledInIsAnError) {
  auto values = all_values("regional-flows");
  values.erase("root.vale-police");
  const auto text = fill_template(shipped_templates().at("regional-flows"), values);
  ASSERT_TRUE(text.ok());
  const auto reading = read_text(*text);
  EXPECT_FALSE(reading.agreement);
  EXPECT_NE(all_diagnostics(reading).find("root in [[party]]: still to be filled in"),
            std::string::npos)
      << all_diagnostics(reading);
}

TEST(Template, RefusesValuesThatDoNotFit) {
  EXPECT_EQ(fill_template("a = \"{{a}}\"", {{"a", "x"}}).value(), "a = \"x\"");
  EXPECT_EQ(fill_template("{{a|b}}{{a|c}}", {}).value(), "bc");
  EXPECT_EQ(fill_template("{{a}}", {}).error().code, Code::usage);
  EXPECT_EQ(fill_template("{{a|1}}", {{"b", "x"}}).error().code, Code::usage);
  for (const char* value : {"\"", "\\", "\n", "\x7f"})
    EXPECT_FALSE(fill_template("{{a}}", {{"a", value}}).ok());
  EXPECT_FALSE(fill_template("{{a}}", {{"a", std::string(501, 'x')}}).ok());
  EXPECT_EQ(fill_template("{{ unfinished", {}).value(), "{{ unfinished");
}

}  // namespace
}  // namespace hedgerow::policies
