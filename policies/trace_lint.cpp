#include <algorithm>
#include <optional>

#include "crypto/base/plain_text.h"
#include "policies/agreement_lint.h"
#include "policies/trace.h"

namespace hedgerow::policies {
namespace {

std::string in_quotes(std::string_view text) { return "'" + std::string(text) + "'"; }

bool holds(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

class TraceLint {
 public:
  TraceLint(const Agreement& agreement, const TraceGrant& grant, const Marks& marks,
            Diagnostics& diagnostics)
      : a_(agreement), g_(grant), marks_(marks), d_(diagnostics) {}

  void run() {
    head();
    people("askers", g_.askers, CertificateKind::practitioner);
    people("approvers", g_.approvers, CertificateKind::approver);
    approvable();
    quotas();
    legal_bases();
    for (std::size_t n = 0; n < a_.parties.size(); ++n)
      if (a_.parties[n].roles.contributor) contributor(n);
  }

 private:
  void error(const std::string& path, std::string text, std::string hint = {}) {
    d_.error(marks_.at(path), std::move(text), std::move(hint));
  }
  void warning(const std::string& path, std::string text, std::string hint = {}) {
    d_.warning(marks_.at(path), std::move(text), std::move(hint));
  }

  void head() {
    if (a_.grant(g_.id) != nullptr) error("trace.id", in_quotes(g_.id) + " is a grant twice");
    if (a_.purpose(g_.purpose) == nullptr)
      error("trace.purpose", "there is no purpose " + in_quotes(g_.purpose));
    if (is_longer(g_.history, a_.retention_records))
      error("trace.history", "reaches back further than records are retained",
            "retention.records is " + to_text(a_.retention_records));
  }

  void people(const std::string& key, const std::vector<Asker>& entries, CertificateKind kind) {
    const std::string path = "trace." + key;
    const std::string role(to_string(kind));
    const bool asks = kind == CertificateKind::practitioner;
    if (entries.empty()) error(path, asks ? "nobody may ask" : "nobody may approve");
    for (const auto& entry : entries) {
      if (entry.urn.empty() ? entry.role != role : !is_of_a_party(a_, entry.urn, kind)) {
        error(path,
              in_quotes(entry.urn.empty() ? "role:" + entry.role : entry.urn) + " cannot " +
                  (asks ? "trace" : "approve a trace"),
              "role:" + role + ", or urn:hedgerow:<party>:" + role + ":<name>");
      } else if (!entry.urn.empty() && !a_.party(agency_of(entry))->roles.contributor) {
        error(path, in_quotes(entry.urn) + " is of a party that contributes nothing",
              "only contributors trace");
      }
    }
  }

  static PartyId agency_of(const Asker& person) {
    const auto subject = Subject::parse_urn(person.urn);
    return subject.ok() ? subject->agency : PartyId();
  }

  // A practitioner whom the grant names has somebody else of the same agency to approve.
  void approvable() {
    for (const auto& asker : g_.askers) {
      const auto practitioner = Subject::parse_urn(asker.urn);
      if (!practitioner.ok()) continue;  // a role
      const bool approved =
          std::any_of(g_.approvers.begin(), g_.approvers.end(), [&](const Asker& entry) {
            if (entry.urn.empty()) return true;
            const auto approver = Subject::parse_urn(entry.urn);
            return approver.ok() && approver->agency == practitioner->agency &&
                   approver->name != practitioner->name;
          });
      if (!approved)
        error("trace.approvers", "nobody can approve what " + in_quotes(asker.urn) + " asks",
              "an approver is another person of the same agency");
    }
  }

  void quotas() {
    if (g_.practitioner_quota > g_.daily_quota)
      error("trace.table.0.practitioner_quota", "above daily_quota, that of the whole agency",
            "at most " + std::to_string(g_.daily_quota));
    if (g_.daily_quota > a_.pseudonyms.daily_quota)
      warning("trace.table.0.daily_quota", "above what keyholders answer for in a day",
              "pseudonyms.daily_quota is " + std::to_string(a_.pseudonyms.daily_quota) +
                  ", and a trace takes from it too");
  }

  void legal_bases() {
    if (g_.legal_bases.empty()) error("trace.legal_bases", "names no legal basis");
    for (const auto& basis : g_.legal_bases) {
      const bool stated = std::any_of(a_.parties.begin(), a_.parties.end(), [&](const Party& p) {
        return p.roles.contributor && holds(p.lawful_basis, basis);
      });
      if (!is_legal_basis(basis))
        error("trace.legal_bases", in_quotes(basis) + " is not written as a legal basis",
              "written ca-2004:11, or uk-gdpr:6(1)(e)");
      else if (!stated)
        error("trace.legal_bases", "no contributor states " + in_quotes(basis) + " as its own",
              "each party's lawful_basis says on what it may rest");
    }
  }

  void contributor(std::size_t n) {
    const Party& p = a_.parties[n];
    const std::string path = "party." + std::to_string(n);
    const auto duty = p.contacts.find("duty");
    if (duty == p.contacts.end() || duty->second.empty())
      error(path + ".contacts", in_quotes(p.id.str()) + " names no contact for duty",
            "it is what a trace shows of it: whom to ring");
    else if (!is_plain_text(duty->second))
      error(path + ".contacts", "the contact for duty is not plain text",
            "one line of UTF-8, without control characters: it is shown on others' screens");
    else if (duty->second.size() > kMaxDutyContactBytes)
      error(
          path + ".contacts",
          "the contact for duty is longer than " + std::to_string(kMaxDutyContactBytes) + " bytes",
          "a trace has no room for more");
    if (!g_.legal_bases.empty() &&
        std::none_of(g_.legal_bases.begin(), g_.legal_bases.end(),
                     [&](const std::string& basis) { return holds(p.lawful_basis, basis); }))
      warning(path + ".lawful_basis",
              in_quotes(p.id.str()) + " states no legal basis on which traces are granted",
              "it answers traces, and can make none");
  }

  const Agreement& a_;
  const TraceGrant& g_;
  const Marks& marks_;
  Diagnostics& d_;
};

}  // namespace

void lint_trace(const Agreement& agreement, const Marks& marks, Diagnostics& diagnostics) {
  if (agreement.trace) TraceLint(agreement, *agreement.trace, marks, diagnostics).run();
}

}  // namespace hedgerow::policies
