#include "policies/template.h"

#include <gtest/gtest.h>

#include "tests/policies/sample_agreement.h"

namespace hedgerow::policies {
namespace {

std::map<std::string, std::string> all_values() {
  std::map<std::string, std::string> values = {
      {"valid_from", "2026-10-01"},
      {"valid_until", "2027-11-30"},
      {"review_by", "2027-06-01"},
      {"codes", to_sha256_name(CodeList::shipped().hash().view())}};
  char digit = '1';
  for (const auto& place : places_of(shipped_templates().at("regional-flows")))
    if (place.starts_with("root.")) values[place] = "sha256:" + std::string(64, digit++);
  EXPECT_EQ(digit, '6');  // five parties
  return values;
}

TEST(Template, RegionalFlowsWantsOnlyWhatIsMarked) {
  auto text = fill_template(shipped_templates().at("regional-flows"), all_values());
  ASSERT_TRUE(text.ok()) << text.error().text;
  for (std::size_t at; (at = text->find("\"CHANGE\"")) != std::string::npos;)
    text->replace(at, 8, "\"filled in\"");
  const auto reading = read_text(*text);
  EXPECT_TRUE(reading.agreement) << all_diagnostics(reading);
  EXPECT_TRUE(reading.diagnostics.empty()) << all_diagnostics(reading);
}

TEST(Template, WhatIsNotFilledInIsAnError) {
  auto values = all_values();
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
