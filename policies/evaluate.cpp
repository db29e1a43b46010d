#include "policies/evaluate.h"

#include "policies/examine.h"

namespace hedgerow::policies {

std::string_view to_text(DenyReason reason) {
  switch (reason) {
    case DenyReason::malformed_question:
      return "malformed-question";
    case DenyReason::other_agreement:
      return "other-agreement";
    case DenyReason::local_not_a_party:
      return "local-not-a-party";
    case DenyReason::not_yet_in_force:
      return "not-yet-in-force";
    case DenyReason::expired:
      return "expired";
    case DenyReason::not_ready:
      return "not-ready";
    case DenyReason::paused:
      return "paused";
    case DenyReason::superseded:
      return "superseded";
    case DenyReason::withdrawn:
      return "withdrawn";
    case DenyReason::asker_not_a_party:
      return "asker-not-a-party";
    case DenyReason::wrong_home:
      return "wrong-home";
    case DenyReason::unknown_purpose:
      return "unknown-purpose";
    case DenyReason::purpose_not_granted:
      return "purpose-not-granted";
    case DenyReason::asker_not_named:
      return "asker-not-named";
    case DenyReason::kind_not_granted:
      return "kind-not-granted";
    case DenyReason::dimensions_differ:
      return "dimensions-differ";
    case DenyReason::filter_differs:
      return "filter-differs";
    case DenyReason::period_kind_differs:
      return "period-kind-differs";
    case DenyReason::period_range:
      return "period-range";
    case DenyReason::not_settled:
      return "not-settled";
    case DenyReason::beyond_history:
      return "beyond-history";
    case DenyReason::reason_missing:
      return "reason-missing";
    case DenyReason::restricted:
      return "restricted";
    case DenyReason::restrictions_fault:
      return "restrictions-fault";
    case DenyReason::trace_not_granted:
      return "trace-not-granted";
    case DenyReason::not_a_contributor:
      return "not-a-contributor";
    case DenyReason::legal_basis_not_granted:
      return "legal-basis-not-granted";
    case DenyReason::approver_not_named:
      return "approver-not-named";
    case DenyReason::approver_elsewhere:
      return "approver-elsewhere";
    case DenyReason::same_person:
      return "same-person";
  }
  HR_CHECK(false);
  return {};
}

Decision evaluate(const Agreement& agreement, const AskContext& context) {
  return examine(agreement, context).decision;
}

}  // namespace hedgerow::policies
