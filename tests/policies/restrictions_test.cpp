#include "policies/restrictions.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "policies/examine.h"
#include "test_paths.h"
#include "tests/policies/sample_agreement.h"

namespace hedgerow::policies {
namespace {

Restrictions read(const std::string& text) {
  auto r = parse_restrictions(as_bytes(text), "r.toml");
  EXPECT_TRUE(r.ok()) << r.error().text;
  return r.ok() ? *r : Restrictions{};
}

void expect_fault(const std::string& text, std::string_view place, std::string_view words) {
  const auto r = parse_restrictions(as_bytes(text), "r.toml");
  ASSERT_FALSE(r.ok()) << text;
  EXPECT_EQ(r.error().code, Code::bad_input);
  EXPECT_TRUE(r.error().text.starts_with("r.toml:" + std::string(place))) << r.error().text;
  EXPECT_NE(r.error().text.find(words), std::string::npos) << r.error().text;
}

const Lineage kLineage = Lineage::parse("vale-cse").value();

bool refuses(const Restrictions& r, std::string_view period) {
  return refusal_of_release(r, kLineage, QuestionKind::flows, Period::parse(period).value());
}

bool refuses(const Restrictions& r, std::string_view agency, std::string_view name,
             bool asker_entries_only = false) {
  const std::string urn = "urn:hedgerow:" + std::string(agency) + ":analyst:" + std::string(name);
  return refusal_of_question(r, kLineage, QuestionKind::flows,
                             {Period::parse("2026-Q1").value(), Period::parse("2026-Q2").value()},
                             {PartyId::parse(agency).value(), "analyst", urn}, asker_entries_only);
}

TEST(Restrictions, NoFileAndAnEmptyOneRefuseNothing) {
  EXPECT_TRUE(Restrictions{}.none());
  const auto empty = read("# nothing yet\n");
  EXPECT_FALSE(empty.none());
  EXPECT_FALSE(refuses(empty, "2026-Q1"));
  EXPECT_EQ(raised({8, 1, 5, true}, empty, kLineage), (DisclosureRule{8, 1, 5, true}));
}

TEST(Restrictions, TracesAreRefusedAsAKindOfTheirOwnWithoutPeriods) {
  const auto traces = read("[[refuse]]\nquestion = \"trace\"\nwhy = \"w\"\n");
  EXPECT_FALSE(refuses(traces, "2026-Q1"));
  EXPECT_FALSE(refuses(traces, "vale-council", "one"));
  const RestrictedAsker asker{PartyId::parse("vale-council").value(), "practitioner", "urn"};
  const Refusal* found = refusal_of_trace(traces, kLineage, asker);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->line, 1u);
  for (const char* line : {"period = \"month\"", "from = 2026-01-01", "to = 2026-01-01"})
    expect_fault("[[refuse]]\nquestion = \"trace\"\n" + std::string(line) + "\nwhy = \"w\"\n",
                 "3:", "a trace has no period");
}

TEST(Restrictions, TheManualPageShowsAGoodFileAndTheLimits) {
  std::ifstream file(HEDGEROW_SOURCE_DIR "/docs/man/restrictions.toml.5");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  const std::string_view head = ".Bd -literal -offset indent\n";
  const std::size_t begin = page.find(head), end = page.find(".Ed\n");
  ASSERT_TRUE(begin < end && end != page.npos);
  const Restrictions shown = read(page.substr(begin + head.size(), end - begin - head.size()));
  EXPECT_EQ(shown.refuse.size(), 2u);
  EXPECT_EQ(shown.raise.size(), 1u);
  for (const auto limit : {kMaxRestrictions, std::size_t{kMaxMinChildren}})
    EXPECT_NE(page.find(std::to_string(limit)), page.npos) << limit;
}

TEST(Restrictions, RefuseAKindAPeriodOrARange) {
  EXPECT_TRUE(refuses(read("[[refuse]]\nquestion = \"flows\"\nwhy = \"w\"\n"), "2026-Q1"));
  const auto months = read("[[refuse]]\nperiod = \"month\"\nwhy = \"w\"\n");
  EXPECT_TRUE(refuses(months, "2026-03"));
  EXPECT_FALSE(refuses(months, "2026-Q1"));
  const auto range = read("[[refuse]]\nfrom = 2026-03-31\nto = 2026-06-30\nwhy = \"w\"\n");
  EXPECT_TRUE(refuses(range, "2026-Q1"));  // its last day
  EXPECT_TRUE(refuses(range, "2026-Q2"));
  EXPECT_FALSE(refuses(range, "2026-Q3"));
  EXPECT_FALSE(refuses(range, "2025-Q4"));
  const auto until = read("[[refuse]]\nto = 2026-03-31\nwhy = \"w\"\n");
  EXPECT_TRUE(refuses(until, "2020"));
  EXPECT_FALSE(refuses(until, "2026-Q2"));
}

TEST(Restrictions, AnEntryHoldsOnlyWhereAllOfItDoes) {
  const auto r = read(
      "[[refuse]]\nagreement = \"dale-cse\"\nquestion = \"flows\"\n"
      "why = \"w\"\n[[refuse]]\nperiod = \"month\"\nfrom = 2026-01-01\n"
      "why = \"w\"\n");
  EXPECT_FALSE(refuses(r, "2026-Q1"));
  EXPECT_FALSE(refuses(r, "2025-12"));
  EXPECT_TRUE(refuses(r, "2026-01"));
}

TEST(Restrictions, RefuseAPersonARoleOrAnAgency) {
  const auto agency = read("[[refuse]]\nasker = \"agency:vale-police\"\nwhy = \"w\"\n");
  EXPECT_TRUE(refuses(agency, "vale-police", "one"));
  EXPECT_FALSE(refuses(agency, "vale-health", "one"));
  EXPECT_FALSE(refuses(agency, "2026-Q1")) << "who asks is not the release's business";
  const auto person =
      read("[[refuse]]\nasker = \"urn:hedgerow:vale-police:analyst:one\"\nwhy = \"w\"\n");
  EXPECT_TRUE(refuses(person, "vale-police", "one"));
  EXPECT_FALSE(refuses(person, "vale-police", "two"));
  EXPECT_TRUE(
      refuses(read("[[refuse]]\nasker = \"role:analyst\"\nwhy = \"w\"\n"), "vale-health", "x1y"));
  const auto kind = read("[[refuse]]\nquestion = \"flows\"\nwhy = \"w\"\n");
  EXPECT_TRUE(refuses(kind, "vale-health", "one"));
  EXPECT_FALSE(refuses(kind, "vale-health", "one", true));
}

TEST(Restrictions, ThresholdsOnlyRise) {
  const DisclosureRule rule{8, 1, 5, true};
  EXPECT_EQ(raised(rule, read("[[raise]]\nmin_children = 6\nround_to = 3\n"), kLineage), rule);
  EXPECT_EQ(
      raised(rule, read("[[raise]]\nmin_children = 10\n[[raise]]\nmin_agencies = 2\n"), kLineage),
      (DisclosureRule{10, 2, 5, true}));
  EXPECT_EQ(
      raised(rule, read("[[raise]]\nagreement = \"dale-cse\"\nmin_children = 10\n"), kLineage),
      rule);
  // Rounded to at most twice the floor, so that no figure becomes nothing.
  EXPECT_EQ(raised(rule, read("[[raise]]\nround_to = 25\n"), kLineage),
            (DisclosureRule{13, 1, 25, true}));
  EXPECT_EQ(strictest({8, 1, 5, true}, {5, 2, 10, false}), (DisclosureRule{8, 2, 10, false}));
}

TEST(Restrictions, EveryFaultHasItsPlace) {
  expect_fault("[[refuse]]\nquestion = \"flows\"\n", "1:1", "why in [[refuse]]: missing");
  expect_fault("[[refuse]]\nwhy = \"w\"\n", "1:1", "names nothing that it refuses");
  expect_fault("[[refuse]]\nquestion = \"gossip\"\nwhy = \"w\"\n", "2:12", "not a kind");
  expect_fault("[[refuse]]\nasker = \"police\"\nwhy = \"w\"\n", "2:9", "names nobody");
  expect_fault("[[refuse]]\nasker = \"agency:X\"\nwhy = \"w\"\n", "2:9", "names nobody");
  expect_fault("[[refuse]]\nperiod = \"week\"\nwhy = \"w\"\n", "2:10", "kind of period");
  expect_fault("[[refuse]]\nfrom = \"2026\"\nwhy = \"w\"\n", "2:8", "not a date");
  expect_fault("[[refuse]]\nfrom = 2026-02-01\nto = 2026-01-31\nwhy = \"w\"\n", "3:6",
               "ends before");
  expect_fault("[[refuse]]\nagreement = \"X\"\nwhy = \"w\"\n", "2:13", "agreement");
  expect_fault("[[permit]]\n", "1:", "unknown key 'permit'");
  expect_fault("[[raise]]\n", "1:1", "raises nothing");
  expect_fault("[[raise]]\nmin_children = 0\n", "2:16", "whole number");
  expect_fault("[[raise]]\nround_to = 1001\n", "2:12", "whole number");
  expect_fault("[[raise]]\nlower = 1\nmin_children = 9\n", "2:1", "unknown key 'lower'");
}

TEST(Restrictions, BadFilesAreRefusedWhole) {
  const std::string good = "[[raise]]\nmin_children = 9\n";
  EXPECT_TRUE(parse_restrictions(as_bytes("\xef\xbb\xbf" + good), "r").ok());
  EXPECT_TRUE(parse_restrictions(as_bytes("[[raise]]\r\nmin_children = 9\r\n"), "r").ok());
  expect_fault(good + std::string(1, '\0'), "3:1", "control character");
  expect_fault("a = " + std::string(5000, '['), "1:", "nested too deeply");
  expect_fault("a = \"unfinished", "1:", "");
  const auto big = parse_restrictions(as_bytes(std::string(kMaxRestrictionsBytes + 1, '#')), "r");
  ASSERT_FALSE(big.ok());
  EXPECT_NE(big.error().text.find("larger than 65536 bytes"), std::string::npos);
  std::string many;
  for (std::size_t n = 0; n <= kMaxRestrictions; ++n) many += "[[raise]]\nround_to = 9\n";
  expect_fault(many, "1:", "more than 256 of them");
}

TEST(Restrictions, MayBeWrittenInAnyOfTheFormsOfToml) {
  const auto r = read(
      "\"refuse\" = [ # a remark: \"[{'\n"
      "  {'question' = \"flows\", from=2026-02-01,to = 2026-03-31 , \"why\" = '''it is'''},\n"
      "  { \"period\" = 'month' , why = \"\"\"two \\\n   lines, \xc3\xa9\"\"\"\"},\n"
      "]\n"
      "[[ \"raise\" ]]\t# and another\r\n"
      "min_children = 0x9\n"
      "[['raise']]\n"
      "'round_to'=5\n");
  ASSERT_EQ(r.refuse.size(), 2u);
  EXPECT_EQ(r.refuse[1].why, "two lines, \xc3\xa9\"");
  EXPECT_EQ(r.raise.size(), 2u);
}

TEST(Restrictions, TakeAwayFromADecisionAndNeverAdd) {
  const Agreement agreement = sample_agreement();
  const auto refusing = read("[[refuse]]\nquestion = \"flows\"\nwhy = \"w\"\n");
  AskContext c;
  c.local = PartyId::parse("vale-health").value();
  c.home = PartyId::parse("vale-council").value();
  c.asker = {c.home, "analyst", "urn:hedgerow:vale-council:analyst:one"};
  c.state = LineageState::in_force;
  c.now = parse_moment("2027-01-20").value().at;
  c.question =
      make_question(
          {"vale-cse", "pattern-detection", "flows", "2026-Q3", "", "", {"event=missing"}, "MACE"})
          .value();
  const auto reason = [&]() -> std::optional<DenyReason> {
    const Decision d = evaluate(agreement, c);
    const auto* deny = std::get_if<Deny>(&d);
    return deny == nullptr ? std::nullopt : std::optional(deny->reason);
  };
  c.restrictions = &refusing;
  EXPECT_EQ(reason(), std::nullopt) << "nothing was to be looked at";
  c.scope = RestrictionScope::askers;
  EXPECT_EQ(reason(), std::nullopt) << "the entry is the release's";
  c.scope = RestrictionScope::all;
  EXPECT_EQ(reason(), DenyReason::restricted);
  const auto fault = Restrictions::unreadable("r.toml:1:1: x");
  c.restrictions = &fault;
  EXPECT_EQ(reason(), DenyReason::restrictions_fault);
  c.question.purpose = "other";
  EXPECT_EQ(reason(), DenyReason::unknown_purpose) << "what the agreement denies stays denied";
}

}  // namespace
}  // namespace hedgerow::policies
