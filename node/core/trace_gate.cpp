#include "node/core/trace_gate.h"

#include <algorithm>

#include "node/core/gate.h"
#include "node/core/install.h"
#include "node/import/nhs_number.h"

namespace hedgerow::core {

namespace {

std::chrono::sys_days utc_day(UtcTime t) { return std::chrono::floor<std::chrono::days>(t); }

// What this node knows of the quotas that every responder keeps: those asked today and those that
// wait for their approval, without `except`.
Result<void> check_quota(const std::optional<std::string>& practitioner,
                         const policies::TracePermit& permit, const KeptTraces& traces,
                         const SessionId& except, UtcTime now) {
  std::uint32_t of_agency = 0;
  std::uint32_t of_practitioner = 0;
  for (const auto& [id, t] : traces) {
    // The responders charge a trace for the day it is asked.
    const bool open = t.requester.state() == protocol::trace::Requester::State::waiting;
    if (!open && (!t.asked_at || utc_day(*t.asked_at) != utc_day(now))) continue;
    if (id == except) continue;
    ++of_agency;
    if (!practitioner) continue;
    HR_ASSIGN(const Certificate by, signer_of(t.requester.request()));
    if (by.subject().urn() == *practitioner) ++of_practitioner;
  }
  if (of_agency >= permit.daily_quota)
    return try_again(
        "this agency's quota of " + std::to_string(permit.daily_quota) + " traces a day is used up",
        "the next day begins at 00:00 UTC");
  if (of_practitioner >= permit.practitioner_quota)
    return try_again("this practitioner's quota of " + std::to_string(permit.practitioner_quota) +
                         " traces a day is used up",
                     "the next day begins at 00:00 UTC");
  return {};
}

}  // namespace

Result<void> TraceGate::check_wanted(const TraceWanted& wanted, const KeptTraces& traces,
                                     UtcTime now) const {
  const auto& grant = lineage_.agreement.trace;
  if (!grant) return denied("the agreement grants no traces", "see `hedgerow agreement explain`");
  if (!lineage_.own().roles.contributor)
    return denied(lineage_.self.str() + " holds no records in this agreement",
                  "only contributors trace");
  HR_TRY(check_in_force(lineage_.agreement, now));
  if (!lineage_.trace_officers)
    return denied("this node has no trace officers", "see trace_officers in hedgerow.toml");
  if (!keys_.key())
    return try_again("the pseudonym key is not there yet: " + keys_.state(),
                     "see `hedgerow keys status`");
  if (wanted.purpose != grant->purpose)
    return denied("traces are not granted for the purpose " + wanted.purpose,
                  "the agreement grants them for " + grant->purpose);
  if (std::ranges::find(grant->legal_bases, wanted.legal_basis) == grant->legal_bases.end())
    return denied("the legal basis " + wanted.legal_basis + " is none of the grant's",
                  "see `hedgerow agreement explain`");
  if (!policies::is_canonical({lineage_.id(), wanted.purpose, wanted.legal_basis, wanted.reason}) ||
      wanted.reason.empty())
    return Error{Code::usage, "a trace needs a reason, one line of at most 500 bytes", {}, {}};
  if (import::contains_nhs_number(as_bytes(wanted.reason)))
    return Error{Code::usage,
                 "the reason holds an NHS number",
                 {},
                 "it goes on every party's log: say why, and nothing of the child"};
  const policies::TracePermit quota{grant->id, grant->line, grant->daily_quota,
                                    grant->practitioner_quota};
  return check_quota(std::nullopt, quota, traces, {}, now);
}

Result<policies::TracePermit> TraceGate::permit(const protocol::trace::Order& order,
                                                const Certificate& practitioner,
                                                const Certificate* approver, UtcTime now) const {
  policies::TraceContext context{lineage_.self,
                                 lineage_.self,
                                 identity_of(practitioner),
                                 std::nullopt,
                                 state_of(keys_),
                                 now,
                                 {lineage_.id(), order.purpose, order.legal_basis, order.reason},
                                 lineage_.restrictions};
  if (approver != nullptr) context.approver = identity_of(*approver);
  const auto decision = policies::evaluate_trace(lineage_.agreement, context);
  if (const auto* deny = std::get_if<policies::Deny>(&decision)) return deny->error();
  return std::get<policies::TracePermit>(decision);
}

Result<void> TraceGate::check_request(const KeptTrace& t, const Certificate& practitioner,
                                      const KeptTraces& traces, UtcTime now) const {
  HR_TRY(check_asker(lineage_, practitioner, now));
  HR_ASSIGN(const auto permitted, permit(t.requester.order(), practitioner, nullptr, now));
  return check_quota(practitioner.subject().urn(), permitted, traces, t.requester.id(), now);
}

Result<void> TraceGate::check_approval(const KeptTrace& t, const Certificate& practitioner,
                                       const Certificate& approver, const KeptTraces& traces,
                                       UtcTime now) const {
  for (const Certificate* person : {&approver, &practitioner})
    HR_TRY(check_asker(lineage_, *person, now));
  if (practitioner.verify_key() == approver.verify_key())
    return denied("practitioner and approver have the same key", "another person approves");
  HR_ASSIGN(const auto permitted, permit(t.requester.order(), practitioner, &approver, now));
  return check_quota(practitioner.subject().urn(), permitted, traces, t.requester.id(), now);
}

}  // namespace hedgerow::core
