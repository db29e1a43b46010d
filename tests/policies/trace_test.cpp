#include "policies/trace.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "tests/policies/sample_agreement.h"

namespace hedgerow::policies {
namespace {

PartyId party_named(std::string_view id) { return PartyId::parse(id).value(); }

AskerIdentity person(std::string_view agency, std::string_view role, std::string_view name) {
  return {
      party_named(agency), std::string(role),
      "urn:hedgerow:" + std::string(agency) + ":" + std::string(role) + ":" + std::string(name)};
}

// A trace that is permitted, and one thing about it changed at a time.
class Trace : public ::testing::Test {
 protected:
  Trace() {
    context.local = party_named("vale-health");
    context.home = party_named("vale-council");
    context.practitioner = person("vale-council", "practitioner", "one");
    context.approver = person("vale-council", "approver", "two");
    context.state = LineageState::in_force;
    context.now = parse_moment("2027-01-20T12:00Z").value().at;
    context.asked = {Lineage::parse("vale-cse").value(), "safeguard-a-child", "uk-gdpr:6(1)(e)",
                     "strategy meeting, s.47"};
  }

  TraceDecision decide() const { return evaluate_trace(agreement, context); }
  bool permitted() const { return std::holds_alternative<TracePermit>(decide()); }

  void expect_denied(DenyReason reason, Code code = Code::denied) const {
    const TraceDecision decision = decide();
    const auto* denied = std::get_if<Deny>(&decision);
    ASSERT_NE(denied, nullptr) << "permitted";
    EXPECT_EQ(to_text(denied->reason), to_text(reason)) << denied->text;
    EXPECT_EQ(denied->code, code);
    EXPECT_FALSE(denied->text.empty());
    EXPECT_EQ(denied->error().code, code);
  }

  void restrict(const std::string& text) {
    restrictions = parse_restrictions(as_bytes(text), "r").value();
    context.restrictions = &restrictions;
  }

  Agreement agreement = sample_agreement(with_trace());
  TraceContext context;
  Restrictions restrictions;
};

TEST_F(Trace, PermitsAndNamesTheClauseAndItsQuotas) {
  const TraceDecision decision = decide();
  const auto* permit = std::get_if<TracePermit>(&decision);
  ASSERT_NE(permit, nullptr) << std::get<Deny>(decision).text;
  EXPECT_EQ(permit->grant, "duty-contacts");
  EXPECT_EQ(permit->grant_line, line_of(with_trace(), "id = \"duty-contacts\"") - 1);
  EXPECT_EQ(permit->daily_quota, 20u);
  EXPECT_EQ(permit->practitioner_quota, 5u);
}

TEST_F(Trace, EveryPartyDecidesAlike) {
  for (const auto& id : agreement.party_ids()) {
    context.local = id;
    EXPECT_TRUE(permitted()) << id.str();
  }
}

TEST_F(Trace, DecidesAllButTheApproverBeforeThereIsOne) {
  context.approver.reset();
  EXPECT_TRUE(permitted());
  context.asked.reason.clear();
  expect_denied(DenyReason::reason_missing);
}

TEST_F(Trace, IsAnsweredByEveryOtherContributor) {
  EXPECT_EQ(trace_responders(agreement, party_named("vale-council")),
            (std::vector{party_named("vale-health"), party_named("vale-police"),
                         party_named("vale-voice")}));
  EXPECT_EQ(trace_responders(agreement, party_named("vale-partnership")), agreement.contributors());
}

TEST_F(Trace, WordsAreCanonicalWithinTheirBounds) {
  const TraceWords good = context.asked;
  const auto with = [&](std::string TraceWords::*word, std::string text) {
    TraceWords changed = good;
    changed.*word = std::move(text);
    return is_canonical(changed);
  };
  EXPECT_TRUE(is_canonical(good));
  EXPECT_TRUE(with(&TraceWords::reason, ""));
  EXPECT_TRUE(with(&TraceWords::reason, std::string(kMaxReasonBytes, 'a')));
  EXPECT_FALSE(with(&TraceWords::reason, std::string(kMaxReasonBytes + 1, 'a')));
  EXPECT_FALSE(with(&TraceWords::reason, "a\nb"));
  EXPECT_FALSE(with(&TraceWords::reason, "a\xff"));
  EXPECT_FALSE(with(&TraceWords::reason, "a\xe2\x80\xae"));
  EXPECT_TRUE(with(&TraceWords::purpose, std::string(64, 'a')));
  EXPECT_FALSE(with(&TraceWords::purpose, std::string(65, 'a')));
  EXPECT_FALSE(with(&TraceWords::purpose, ""));
  EXPECT_FALSE(with(&TraceWords::purpose, "Safeguard"));
  EXPECT_TRUE(with(&TraceWords::legal_basis, "dpa-2018:sch1/18"));
  EXPECT_TRUE(with(&TraceWords::legal_basis, std::string(kMaxWordBytes, 'a')));
  EXPECT_FALSE(with(&TraceWords::legal_basis, std::string(kMaxWordBytes + 1, 'a')));
  EXPECT_FALSE(with(&TraceWords::legal_basis, ""));
  EXPECT_FALSE(with(&TraceWords::legal_basis, "ca-2004 11"));
  EXPECT_FALSE(with(&TraceWords::legal_basis, std::string("ca\0", 3)));
  TraceWords nowhere = good;
  nowhere.agreement = {};
  EXPECT_FALSE(is_canonical(nowhere));
}

TEST_F(Trace, DeniesMalformedWords) {
  context.asked.reason = "a\nb";
  expect_denied(DenyReason::malformed_question);
  context.asked = {};
  expect_denied(DenyReason::malformed_question);
}

TEST_F(Trace, DeniesAnotherAgreement) {
  context.asked.agreement = Lineage::parse("other-region").value();
  expect_denied(DenyReason::other_agreement);
}

TEST_F(Trace, DeniesWhereTheOwnAgencyIsNoParty) {
  context.local = party_named("stranger");
  expect_denied(DenyReason::local_not_a_party);
}

TEST_F(Trace, DeniesBeforeTheFirstDayAndAfterTheLast) {
  context.now = parse_moment("2026-09-30T22:59:59Z").value().at;
  expect_denied(DenyReason::not_yet_in_force);
  context.now = parse_moment("2027-12-01T00:00:00Z").value().at;
  expect_denied(DenyReason::expired);
}

TEST_F(Trace, DeniesEveryStateButInForce) {
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

TEST_F(Trace, DeniesPractitionersOfStrangersAndThroughAnotherAgency) {
  context.home = party_named("vale-police");
  expect_denied(DenyReason::wrong_home);
  context.practitioner = person("stranger", "practitioner", "one");
  context.home = party_named("stranger");
  expect_denied(DenyReason::asker_not_a_party);
}

TEST_F(Trace, DeniesAgenciesThatContributeNothing) {
  context.home = party_named("vale-partnership");
  context.practitioner = person("vale-partnership", "practitioner", "one");
  context.approver = person("vale-partnership", "approver", "two");
  expect_denied(DenyReason::not_a_contributor);
}

TEST_F(Trace, DeniesPurposesThatAreUnknownOrNotGranted) {
  context.asked.purpose = "curiosity";
  expect_denied(DenyReason::unknown_purpose);
  context.asked.purpose = "pattern-detection";
  expect_denied(DenyReason::purpose_not_granted);
}

TEST_F(Trace, DeniesWhereNoTraceIsGranted) {
  agreement.trace.reset();
  expect_denied(DenyReason::trace_not_granted);
}

TEST_F(Trace, DeniesEverybodyButPractitioners) {
  for (const char* role : {"analyst", "approver", "officer", "node", ""}) {
    context.practitioner = person("vale-council", role, "one");
    expect_denied(DenyReason::asker_not_named);
  }
  // Whatever a grant would name: an agreement that passes lint has no such entry.
  agreement.trace->askers = {{"analyst", ""}, {"", ""}};
  context.practitioner = person("vale-council", "analyst", "one");
  expect_denied(DenyReason::asker_not_named);
  context.practitioner = person("vale-council", "practitioner", "one");
  expect_denied(DenyReason::asker_not_named);
}

TEST_F(Trace, DeniesIdentitiesThatContradictTheirCertificatesName) {
  context.practitioner.urn = "urn:hedgerow:vale-police:practitioner:one";
  expect_denied(DenyReason::asker_not_named);
  context.practitioner.urn = "one";
  expect_denied(DenyReason::asker_not_named);
  context.practitioner = person("vale-council", "practitioner", "one");
  context.approver->urn = "urn:hedgerow:vale-police:approver:two";
  expect_denied(DenyReason::approver_not_named);
  context.approver->urn = "two";
  expect_denied(DenyReason::approver_not_named);
}

TEST_F(Trace, PermitsThePeopleNamedByCertificateAndNobodyElse) {
  agreement.trace->askers = {{"", context.practitioner.urn}};
  agreement.trace->approvers = {{"", context.approver->urn}};
  EXPECT_TRUE(permitted());
  context.approver = person("vale-council", "approver", "three");
  expect_denied(DenyReason::approver_not_named);
  context.practitioner = person("vale-council", "practitioner", "three");
  expect_denied(DenyReason::asker_not_named);
}

TEST_F(Trace, DeniesLegalBasesThatAreNotGranted) {
  context.asked.legal_basis = "dpa-2018:sch1:18";  // the council states it
  expect_denied(DenyReason::legal_basis_not_granted);
}

TEST_F(Trace, DeniesLegalBasesThatOnlyOthersStateAsTheirOwn) {
  context.asked.legal_basis = "dpa-2018:part3";
  expect_denied(DenyReason::legal_basis_not_granted);
  context.home = party_named("vale-police");
  context.practitioner = person("vale-police", "practitioner", "one");
  context.approver = person("vale-police", "approver", "two");
  EXPECT_TRUE(permitted());
  context.asked.legal_basis = "uk-gdpr:6(1)(e)";
  expect_denied(DenyReason::legal_basis_not_granted);
}

TEST_F(Trace, DeniesWithoutReason) {
  context.asked.reason = "";
  expect_denied(DenyReason::reason_missing);
  context.asked.reason = "   ";
  expect_denied(DenyReason::reason_missing);
}

TEST_F(Trace, DeniesApproversOfAnotherAgency) {
  context.approver = person("vale-police", "approver", "two");
  expect_denied(DenyReason::approver_elsewhere);
}

TEST_F(Trace, DeniesApproversWhoAreNone) {
  for (const char* role : {"practitioner", "analyst", "officer", "node", ""}) {
    context.approver = person("vale-council", role, "two");
    expect_denied(DenyReason::approver_not_named);
  }
}

TEST_F(Trace, DeniesOnePersonInBothRoles) {
  context.approver = person("vale-council", "approver", "one");
  expect_denied(DenyReason::same_person);
  context.approver = context.practitioner;
  expect_denied(DenyReason::same_person);
}

TEST_F(Trace, DeniesWhatItsOwnOfficerRefuses) {
  for (const char* condition :
       {"question = \"trace\"", "agreement = \"vale-cse\"", "asker = \"agency:vale-council\"",
        "asker = \"role:practitioner\"", "asker = \"role:approver\"",
        "asker = \"urn:hedgerow:vale-council:practitioner:one\"",
        "asker = \"urn:hedgerow:vale-council:approver:two\"",
        "question = \"trace\"\nasker = \"agency:vale-council\"\nagreement = \"vale-cse\""}) {
    restrict("[[refuse]]\n" + std::string(condition) + "\nwhy = \"w\"\n");
    expect_denied(DenyReason::restricted);
  }
  for (const char* condition :
       {"question = \"flows\"", "agreement = \"other\"", "asker = \"agency:vale-police\"",
        "asker = \"role:analyst\"", "asker = \"urn:hedgerow:vale-council:practitioner:two\"",
        "period = \"month\"", "from = 2026-01-01", "to = 2030-01-01",
        "question = \"trace\"\nasker = \"agency:vale-police\"",
        "question = \"trace\"\nagreement = \"other\""}) {
    restrict("[[refuse]]\n" + std::string(condition) + "\nwhy = \"w\"\n");
    EXPECT_TRUE(permitted()) << condition;
  }
}

TEST_F(Trace, AnEntryThatNamesTheApproverActsOnceThereIsOne) {
  restrict("[[refuse]]\nasker = \"role:approver\"\nwhy = \"w\"\n");
  expect_denied(DenyReason::restricted);
  context.approver.reset();
  EXPECT_TRUE(permitted());
}

TEST_F(Trace, DeniesWhileRestrictionsCannotBeRead) {
  restrictions = Restrictions::unreadable("r.toml:1:1: what");
  context.restrictions = &restrictions;
  expect_denied(DenyReason::restrictions_fault, Code::try_again);
}

TEST_F(Trace, IsExaminedTestByTestWithLines) {
  const std::string text = with_trace();
  context.asked.legal_basis = "ca-2004:11";
  const TraceExamination e = examine_trace(agreement, context);
  EXPECT_EQ(e.general.back().condition, Condition::kind);
  EXPECT_EQ(e.general.back().line, line_of(text, "name = \"trace\"") - 1);
  std::size_t failed_tests = 0;
  for (const auto& f : e.grant) {
    if (f.outcome == Outcome::passed) continue;
    ++failed_tests;
    EXPECT_EQ(f.condition, Condition::legal_basis);
    EXPECT_EQ(f.line, line_of(text, "legal_bases"));
    EXPECT_EQ(f.denial.hint, "one of uk-gdpr:6(1)(e), dpa-2018:part3");
  }
  EXPECT_EQ(failed_tests, 1u);
  EXPECT_EQ(e.grant.size(), 8u);  // with those of the approver
  for (const auto& f : e.general) EXPECT_FALSE(f.text.empty());
  for (const auto& f : e.grant) EXPECT_FALSE(to_text(f.condition).empty());
}

// The rules of docs/design/trace.md once more, as plainly as they come.
bool may_be_made(const Agreement& a, const TraceContext& c) {
  const auto named = [](const std::vector<Asker>& entries, const AskerIdentity& who) {
    return std::any_of(entries.begin(), entries.end(), [&](const Asker& e) {
      return e.urn == who.urn || (e.urn.empty() && e.role == who.role);
    });
  };
  const auto last = [](const AskerIdentity& who) { return who.urn.substr(who.urn.rfind(':')); };
  const Party* party = a.party(c.home);
  const auto has = [](const std::vector<std::string>& list, const std::string& basis) {
    return std::find(list.begin(), list.end(), basis) != list.end();
  };
  if (!a.trace || a.id != c.asked.agreement || !a.party(c.local) || !party) return false;
  if (c.state != LineageState::in_force || !a.in_force(c.now)) return false;
  if (c.practitioner.agency != c.home || !party->roles.contributor) return false;
  if (c.asked.purpose != a.trace->purpose || c.asked.reason.empty()) return false;
  if (c.practitioner.role != "practitioner" || !named(a.trace->askers, c.practitioner))
    return false;
  if (!has(a.trace->legal_bases, c.asked.legal_basis) ||
      !has(party->lawful_basis, c.asked.legal_basis))
    return false;
  if (!c.approver) return true;
  return c.approver->agency == c.home && c.approver->role == "approver" &&
         named(a.trace->approvers, *c.approver) && last(*c.approver) != last(c.practitioner);
}

// Mostly what is permitted, so that every test decides now and then.
std::string usually(std::string usual, std::vector<std::string> others) {
  const auto roll = [](std::size_t below) {
    return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(0, below));
  };
  return roll(12) > 0 ? usual : others[roll(others.size())];
}

RC_GTEST_PROP(TraceRules, AreWhatDecides, ()) {
  static const Agreement roles = sample_agreement(with_trace());
  static const Agreement named =
      sample_agreement(replaced(with_trace(), "approvers = [\"role:approver\"]",
                                "approvers = [\"urn:hedgerow:vale-council:approver:two\"]"));
  const Agreement& a = usually("roles", {"named"}) == "roles" ? roles : named;
  TraceContext c;
  const std::string agency =
      usually("vale-council", {"vale-police", "vale-partnership", "stranger"});
  c.local = party_named(usually("vale-health", {"vale-partnership", "stranger"}));
  c.home = party_named(usually(agency, {"vale-health"}));
  c.practitioner = person(agency, usually("practitioner", {"analyst", "approver"}), "one");
  if (usually("approved", {"not yet"}) == "approved")
    c.approver =
        person(usually(agency, {"vale-health"}), usually("approver", {"practitioner", "officer"}),
               usually("two", {"one", "three"}));
  c.state = usually("in force", {"not"}) == "in force" ? LineageState::in_force
                                                       : LineageState::superseded;
  c.now =
      parse_moment(usually("2027-01-20", {"2026-09-29", "2027-11-30", "2027-12-01"})).value().at;
  c.asked = {Lineage::parse(usually("vale-cse", {"dale-cse"})).value(),
             usually("safeguard-a-child", {"pattern-detection", "curiosity"}),
             usually("uk-gdpr:6(1)(e)", {"dpa-2018:part3", "uk-gdpr:9(2)(g)"}),
             usually("strategy meeting", {""})};
  const TraceExamination e = examine_trace(a, c);
  const bool permitted = std::holds_alternative<TracePermit>(e.decision);
  RC_ASSERT(permitted == may_be_made(a, c));
  const auto passes = [](const Finding& f) { return f.outcome == Outcome::passed; };
  RC_ASSERT(permitted == (std::all_of(e.general.begin(), e.general.end(), passes) &&
                          std::all_of(e.grant.begin(), e.grant.end(), passes)));
  const auto* denied = std::get_if<Deny>(&e.decision);
  RC_TAG(denied == nullptr ? "permitted" : std::string(to_text(denied->reason)));
}

}  // namespace
}  // namespace hedgerow::policies
