#include "node/core/gate.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "node/audit/entry.h"
#include "node/core/answer.h"
#include "policies/calendar.h"

namespace hedgerow::core {

namespace {

Result<Admission> admit(const LineageContext& lineage, const KeyDesk& keys, ByteView statement,
                        const PartyId& home, UtcTime now, policies::RestrictionScope scope,
                        AdmitAs as) {
  HR_ASSIGN(const PartyId agency, protocol::claimed_agency(statement));
  const Peer* peer = lineage.peers.find(agency);
  if (peer == nullptr)
    return denied("the asker's agency is no party to the agreement",
                  "questions are asked through the node of the asker's own agency");
  HR_ASSIGN(protocol::VerifiedQuestion asked,
            protocol::verify_question(statement, peer->root, now));
  if (as == AdmitAs::live) HR_TRY(check_asker(lineage, asked.asker, now));
  if (asked.agreement != lineage.agreement.hash)
    return denied("the question was signed under another version of the agreement",
                  "ask again: the version in force has changed");
  HR_ASSIGN(policies::Question question, policies::decode_question(asked.question));
  policies::AskContext context{lineage.self, home,     identity_of(asked.asker), state_of(keys),
                               now,          question, lineage.restrictions,     scope};
  policies::Decision decision = policies::evaluate(lineage.agreement, context);
  const bool restricted =
      scope != policies::RestrictionScope::none && lineage.restrictions != nullptr;
  return Admission{std::move(asked), std::move(question), std::move(decision),
                   restricted ? lineage.restrictions->hash : Sha256{}};
}

}  // namespace

policies::AskerIdentity identity_of(const Certificate& person) {
  return {person.agency(), std::string(to_string(person.kind())), person.subject().urn()};
}

policies::LineageState state_of(const KeyDesk& keys) {
  return keys.key() ? policies::LineageState::in_force : policies::LineageState::installed;
}

Result<void> check_asker(const LineageContext& lineage, const Certificate& asker, UtcTime now) {
  const Peer* peer = lineage.peers.find(asker.agency());
  const std::string name = asker.subject().urn();
  if (peer != nullptr && peer->has_revoked(asker))
    return Error{Code::denied,
                 "the certificate of " + name + " was revoked, on " +
                     policies::utc_text(peer->revoked->find(asker)->at),
                 asker.agency().str(), "ask the agency's governance officer"};
  if (now >= asker.not_after())
    return Error{
        Code::denied,
        "the certificate of " + name + " expired, on " + policies::utc_text(asker.not_after()),
        asker.agency().str(), "ask the agency's governance officer for a new one"};
  return {};
}

Result<Certificate> asker_of(ByteView countersigned) {
  HR_ASSIGN(const auto outer, protocol::Statement::decode(countersigned));
  HR_ASSIGN(const auto question, protocol::Statement::decode(outer.body()));
  HR_ASSIGN(const auto asked, protocol::Asked::decode(question.body()));
  return Certificate::decode_der(asked.certificate_der);
}

Result<Admission> admit_own(const LineageContext& lineage, const KeyDesk& keys,
                            ByteView question_statement, UtcTime now, AdmitAs as) {
  return admit(lineage, keys, question_statement, lineage.self, now,
               policies::RestrictionScope::all, as);
}

Result<Admission> admit_countersigned(const LineageContext& lineage, const KeyDesk& keys,
                                      ByteView countersigned, UtcTime now,
                                      policies::RestrictionScope scope, AdmitAs as) {
  HR_ASSIGN(const auto claimed, protocol::Statement::decode(countersigned));
  const Peer* home = lineage.peers.find(claimed.header().sender);
  if (home == nullptr) return denied("a question countersigned by a stranger");
  if (as == AdmitAs::live) HR_TRY(home->check_standing(now));
  HR_ASSIGN(const auto outer,
            protocol::verify_countersigned(countersigned, home->keys().message, now));
  HR_ASSIGN(Admission admission, admit(lineage, keys, outer.body(), home->id, now, scope, as));
  if (admission.asked.id != outer.header().session)
    return culprit_error("the countersignature is for another question", home->id.str());
  admission.asked.home = home->id;
  return admission;
}

protocol::LogNote question_note(std::string kind, const Admission& a) {
  nlohmann::json json = to_json(a.question);
  json.erase("reason");
  // Only a question that no table can answer has filters as long as that.
  std::string text = json.dump();
  if (text.size() > audit::kMaxEntryValue)
    text = "too long to write down; SHA-256 " + policies::question_hash(a.question).hex();
  protocol::LogNote note{std::move(kind),
                         {{"question", a.asked.id.hex()},
                          {"asker", a.asked.asker.subject().urn()},
                          {"home", a.asked.home.str()},
                          {"text", text},
                          {"reason", a.question.reason}}};
  if (const auto* permit = a.permit()) {
    note.fields.emplace_back("decision", "permit");
    note.fields.emplace_back(
        "clause",
        permit->grant + " line " + std::to_string(permit->grant_line) + ", table " + permit->table);
  } else {
    const auto& deny = std::get<policies::Deny>(a.decision);
    note.fields.emplace_back("decision", "deny");
    note.fields.emplace_back("why", std::string(policies::to_text(deny.reason)));
  }
  if (!a.restrictions.is_zero()) note.fields.emplace_back("restrictions", a.restrictions.hex());
  return note;
}

policies::Grant with_thresholds(const policies::Grant& grant,
                                const protocol::sum::Thresholds& thresholds) {
  policies::Grant stricter = grant;
  stricter.disclosure = rule_of(thresholds);
  return stricter;
}

protocol::sum::Thresholds thresholds_of(const policies::DisclosureRule& rule) {
  return {rule.min_children, rule.min_agencies, rule.round_to, rule.true_zero};
}

policies::DisclosureRule rule_of(const protocol::sum::Thresholds& t) {
  return {t.min_children, t.min_agencies, t.round_to, t.true_zero};
}

policies::DisclosureRule strictest_of(const policies::Grant& grant,
                                      const protocol::sum::Standings& standings) {
  policies::DisclosureRule rule = grant.disclosure;
  for (const auto& [party, standing] : standings)
    if (standing.takes_part) rule = policies::strictest(rule, rule_of(standing.thresholds));
  return rule;
}

OwnStanding own_standing(const LineageContext& lineage, const protocol::sum::ReleaseId& release,
                         const policies::Permit& permit, const policies::Period& period) {
  const policies::Restrictions none;
  const auto& own = lineage.restrictions == nullptr ? none : *lineage.restrictions;
  const Lineage& agreement = lineage.agreement.id;
  const auto& table = *lineage.agreement.grant(permit.grant)->table(permit.table);
  OwnStanding s;
  s.refusal = policies::refusal_of_release(own, agreement, table.question, period);
  s.standing = {release, s.refusal == nullptr,
                thresholds_of(policies::raised(permit.rule, own, agreement))};
  return s;
}

Result<policies::Edition> release(const policies::Grant& grant, const policies::CellSpace& space,
                                  std::size_t contributors, protocol::sum::SumFigures f) {
  SumVectors vectors{{f.v.begin(), f.v.end()},
                     {f.c.begin(), f.c.end()},
                     {f.k.begin(), f.k.end()},
                     {f.z.begin(), f.z.end()}};
  return policies::release_sums(grant.disclosure, space, contributors,
                                Unreleased<SumVectors>(std::move(vectors)));
}

Result<policies::Edition> release_link(
    const policies::Grant& grant, const policies::DisclosureRule& agreed,
    const policies::Agreement& agreement, const policies::Table& table,
    const policies::CellSpace& answer_cells, std::span<const PartyId> roster,
    protocol::link::LinkFigures counted, protocol::sum::SumFigures sums) {
  // Entries by cell, of episodes several a child.
  const bool episodes = table.question == policies::QuestionKind::repeat_missing;
  const bool fits = counted.entries.size() == sums.c.size() &&
                    std::equal(sums.c.begin(), sums.c.end(), counted.entries.begin(),
                               [&](std::uint64_t children, std::uint64_t entries) {
                                 return episodes ? children <= entries : children == entries;
                               });
  if (!fits) return bad_input("the link and its companion sum do not fit together");
  LinkTotals totals;
  totals.contributors = static_cast<std::uint32_t>(roster.size());
  totals.degrees = counted.degrees;
  totals.tokens = std::move(counted.tokens);
  totals.pairs = std::move(counted.pairs);
  totals.c = std::move(sums.c);
  totals.k = std::move(sums.k);
  totals.z = std::move(sums.z);
  return policies::release_links(grant.disclosure, agreed, agreement, table, answer_cells, roster,
                                 Unreleased<LinkTotals>(std::move(totals)));
}

protocol::sum::Parties sum_parties(const LineageContext& lineage, const SigningKey& key) {
  protocol::sum::Parties parties;
  parties.self = lineage.self;
  parties.hub = lineage.agreement.hub;
  parties.key = &key;
  for (const auto& [id, peer] : lineage.peers.all()) parties.keys.emplace(id, peer.keys().message);
  return parties;
}

}  // namespace hedgerow::core
