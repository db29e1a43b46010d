#include "policies/trace.h"

#include <algorithm>

#include "crypto/certificate.h"
#include "policies/examine_general.h"

namespace hedgerow::policies {
namespace {

// A certificate's name that says of its holder what the identity says: else it is nobody's.
std::optional<Subject> subject_of(const AskerIdentity& identity, CertificateKind kind) {
  auto subject = Subject::parse_urn(identity.urn);
  if (!subject.ok() || subject->kind != kind || identity.role != to_string(kind) ||
      subject->agency != identity.agency)
    return std::nullopt;
  return std::move(*subject);
}

const Asker* entry_for(const std::vector<Asker>& entries, const AskerIdentity& who) {
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const Asker& entry) { return names(entry, who); });
  return found == entries.end() ? nullptr : &*found;
}

// The tests of the grant.
class GrantTests {
 public:
  GrantTests(const Agreement& agreement, const TraceGrant& grant, const TraceContext& context)
      : a_(agreement), g_(grant), c_(context) {}

  std::vector<Finding> run() const {
    std::vector<Finding> findings = {purpose(), practitioner(), legal_basis(), reason()};
    if (c_.approver) {
      findings.push_back(approver_party());
      findings.push_back(two_people());
      findings.push_back(approver());
    }
    findings.push_back(restriction());
    return findings;
  }

 private:
  std::uint32_t line(std::string_view key) const {
    const auto found = a_.line_of("trace." + std::string(key));
    return found == 0 ? g_.line : found;
  }

  Finding purpose() const {
    if (g_.purpose != c_.asked.purpose)
      return failed(Condition::purpose, line("purpose"), DenyReason::purpose_not_granted,
                    "no trace is granted for this purpose", "--purpose " + g_.purpose);
    return passed(Condition::purpose, line("purpose"), "granted for " + g_.purpose);
  }

  Finding practitioner() const {
    const Asker* entry = entry_for(g_.askers, c_.practitioner);
    if (entry == nullptr || !subject_of(c_.practitioner, CertificateKind::practitioner))
      return failed(Condition::asker, line("askers"), DenyReason::asker_not_named,
                    "the trace grant does not name the practitioner");
    return passed(Condition::asker, line("askers"), "named as " + text_of(*entry));
  }

  // Legal bases are each party's own: that another may rest on one says nothing of this one.
  Finding legal_basis() const {
    const auto holds = [&](const std::vector<std::string>& list) {
      return std::find(list.begin(), list.end(), c_.asked.legal_basis) != list.end();
    };
    if (!holds(g_.legal_bases)) {
      std::string granted;
      for (const auto& basis : g_.legal_bases) granted += (granted.empty() ? "" : ", ") + basis;
      return failed(Condition::legal_basis, line("legal_bases"),
                    DenyReason::legal_basis_not_granted, "no trace is granted on this legal basis",
                    "one of " + granted);
    }
    const Party* party = a_.party(c_.practitioner.agency);
    if (party == nullptr || !holds(party->lawful_basis))
      return failed(Condition::legal_basis, party == nullptr ? 0 : party->line,
                    DenyReason::legal_basis_not_granted,
                    c_.practitioner.agency.str() + " does not state this legal basis as its own",
                    "one that its entry in the agreement lists");
    return passed(Condition::legal_basis, line("legal_bases"),
                  c_.asked.legal_basis + ", which " + c_.practitioner.agency.str() + " states");
  }

  Finding reason() const {
    if (c_.asked.reason.find_first_not_of(' ') == std::string::npos)
      return failed(Condition::reason, line("reason"), DenyReason::reason_missing,
                    "a reason is required", "--reason \"...\"");
    return passed(Condition::reason, line("reason"), "a reason is given");
  }

  Finding approver_party() const {
    if (c_.approver->agency != c_.practitioner.agency)
      return failed(Condition::approver_party, 0, DenyReason::approver_elsewhere,
                    "the approver is of another agency than the practitioner");
    return passed(Condition::approver_party, 0, "of the practitioner's agency");
  }

  // One person may hold a certificate of either kind, and then has the same name in both.
  Finding two_people() const {
    const auto one = Subject::parse_urn(c_.practitioner.urn);
    const auto other = Subject::parse_urn(c_.approver->urn);
    if (c_.practitioner.urn == c_.approver->urn ||
        (one.ok() && other.ok() && one->name == other->name))
      return failed(Condition::two_people, 0, DenyReason::same_person,
                    "the approver is the practitioner", "another person approves it");
    return passed(Condition::two_people, 0, "another name than the practitioner's");
  }

  Finding approver() const {
    const Asker* entry = entry_for(g_.approvers, *c_.approver);
    if (entry == nullptr || !subject_of(*c_.approver, CertificateKind::approver))
      return failed(Condition::approver, line("approvers"), DenyReason::approver_not_named,
                    "the trace grant does not name the approver");
    return passed(Condition::approver, line("approvers"), "named as " + text_of(*entry));
  }

  // Lines are of restrictions.toml, so they stand in the text and not beside the agreement's.
  Finding restriction() const {
    if (c_.restrictions == nullptr) return passed(Condition::restriction, 0, "none looked at");
    const Restrictions& r = *c_.restrictions;
    if (!r.fault.empty())
      return failed(
          Condition::restriction, 0, DenyReason::restrictions_fault,
          "the restrictions of " + c_.local.str() + " cannot be read, so it refuses everything",
          "its operator sees why in `hedgerow status`", Code::try_again);
    const auto refused_to = [&](const AskerIdentity& who) {
      return refusal_of_trace(r, a_.id, {who.agency, who.role, who.urn});
    };
    const Refusal* found = refused_to(c_.practitioner);
    if (found == nullptr && c_.approver) found = refused_to(*c_.approver);
    if (found != nullptr)
      return failed(Condition::restriction, 0, DenyReason::restricted,
                    "a standing restriction of " + c_.local.str() + " refuses it (line " +
                        std::to_string(found->line) + " of its restrictions.toml)");
    return passed(Condition::restriction, 0, "nothing in restrictions.toml refuses it");
  }

  const Agreement& a_;
  const TraceGrant& g_;
  const TraceContext& c_;
};

Finding contributor(const Agreement& agreement, const TraceContext& context) {
  const Party* party = agreement.party(context.home);
  if (party == nullptr || !party->roles.contributor)
    return failed(Condition::contributor, party == nullptr ? 0 : party->line,
                  DenyReason::not_a_contributor, "only contributors trace",
                  "who holds no records answers no trace, and makes none");
  return passed(Condition::contributor, party->line, context.home.str() + " is a contributor");
}

Finding granted(const Agreement& agreement) {
  if (!agreement.trace)
    return failed(Condition::kind, 0, DenyReason::trace_not_granted,
                  "the agreement grants no traces");
  return passed(Condition::kind, agreement.trace->table_line, "traces are granted");
}

TraceDecision decide(const Agreement& agreement, const TraceExamination& e) {
  if (const Finding* failure = first_failure_in(e.general)) return failure->denial;
  if (const Finding* failure = first_failure_in(e.grant)) return failure->denial;
  const TraceGrant& g = *agreement.trace;
  return TracePermit{g.id, g.line, g.daily_quota, g.practitioner_quota};
}

}  // namespace

bool is_legal_basis(std::string_view text) {
  return !text.empty() && text.size() <= kMaxWordBytes &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("-:()._/").find(c) != std::string_view::npos;
         });
}

bool is_canonical(const TraceWords& words) {
  return !words.agreement.empty() && is_valid_name(words.purpose) &&
         is_legal_basis(words.legal_basis) && is_good_reason(words.reason);
}

TraceExamination examine_trace(const Agreement& agreement, const TraceContext& context) {
  TraceExamination e;
  if (!is_canonical(context.asked)) {
    e.general = {failed(Condition::form, 0, DenyReason::malformed_question,
                        "the request's words are not in canonical form")};
    e.decision = e.general[0].denial;
    return e;
  }
  e.general = {passed(Condition::form, 0, "in canonical form")};
  for (Finding& f :
       examine_general(agreement, {context.local, context.home, context.practitioner, context.state,
                                   context.now, context.asked.agreement, context.asked.purpose}))
    e.general.push_back(std::move(f));
  e.general.push_back(contributor(agreement, context));
  e.general.push_back(granted(agreement));
  if (agreement.trace) e.grant = GrantTests(agreement, *agreement.trace, context).run();
  e.decision = decide(agreement, e);
  return e;
}

TraceDecision evaluate_trace(const Agreement& agreement, const TraceContext& context) {
  return examine_trace(agreement, context).decision;
}

std::vector<PartyId> trace_responders(const Agreement& agreement, const PartyId& home) {
  std::vector<PartyId> parties = agreement.contributors();
  parties.erase(std::remove(parties.begin(), parties.end(), home), parties.end());
  return parties;
}

}  // namespace hedgerow::policies
