// May this question be answered? Pure and total: the same context gives the same decision, on every
// node; whatever is not expressly granted, or not understood, is a denial with a reason. Nothing
// here sees a record, so no reason depends on data (disclosure.md rule 7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "crypto/base/seams.h"
#include "policies/agreement.h"
#include "policies/question.h"
#include "policies/restrictions.h"

namespace hedgerow::policies {

// What the node knows of a lineage besides its dates.
enum class LineageState : std::uint8_t {
  installed = 1,  // not every party has it yet, or the key is not yet generated
  in_force = 2,
  paused = 3,
  superseded = 4,
  withdrawn = 5,
};

// Who asks, as the verified certificate says; the caller has verified it.
struct AskerIdentity {
  PartyId agency;
  std::string role;  // the certificate's kind: "analyst"
  std::string urn;   // "urn:hedgerow:<agency>:<kind>:<name>"
};

// Which of this node's own restrictions count where it decides.
enum class RestrictionScope : std::uint8_t {
  none = 0,    // an answer whose figures are released is only logged
  askers = 1,  // entries that name an asker; the others are the release's (refusal_of_release)
  all = 2,     // where a question comes in: at its home node and at the hub
};

struct AskContext {
  PartyId local;  // the party whose node decides
  PartyId home;   // the party whose node countersigned the question
  AskerIdentity asker;
  LineageState state = LineageState::installed;
  UtcTime now;
  Question question;
  const Restrictions* restrictions = nullptr;  // outlives the call; null: none
  RestrictionScope scope = RestrictionScope::none;
};

enum class DenyReason : std::uint8_t {
  malformed_question = 1,  // not in canonical form, or out of bounds
  other_agreement = 2,     // the question names another lineage
  local_not_a_party = 3,   // the deciding node's party is not in the agreement
  not_yet_in_force = 4,    // before valid_from
  expired = 5,             // after valid_until
  not_ready = 6,           // installed, but not everywhere or without key: try again
  paused = 7,
  superseded = 8,
  withdrawn = 9,
  asker_not_a_party = 10,    // the asker's agency is not in the agreement
  wrong_home = 11,           // countersigned by another party than the asker's own
  unknown_purpose = 12,      // the agreement has no such purpose
  purpose_not_granted = 13,  // a purpose without any grant
  asker_not_named = 14,      // no grant for the purpose names the asker
  kind_not_granted = 15,     // no table answers this kind of question
  dimensions_differ = 16,    // the table has other dimensions
  filter_differs = 17,       // the table counts other rows
  period_kind_differs = 18,  // the grant releases other periods
  period_range = 19,         // backwards, or too many periods
  not_settled = 20,          // try again: at least one period is not settled yet
  beyond_history = 21,       // at least one period lies before the grant's history
  reason_missing = 22,
  restricted = 23,          // this node's own officer refuses it
  restrictions_fault = 24,  // restrictions.toml cannot be read: everything is refused; try again
  // Of traces (policies/trace.h).
  trace_not_granted = 25,        // the agreement has no trace grant
  not_a_contributor = 26,        // only contributors trace
  legal_basis_not_granted = 27,  // not in the grant, or not stated by the asker's agency
  approver_not_named = 28,       // not among the grant's approvers
  approver_elsewhere = 29,       // of another agency than the practitioner
  same_person = 30,              // practitioner and approver are one
};
std::string_view to_text(DenyReason reason);  // "not-settled"

struct Permit {
  std::string grant;
  std::uint32_t grant_line = 0;  // the clause: where it stands in the signed file
  std::string table;
  std::uint32_t table_line = 0;
  std::vector<Period> periods;
  DisclosureRule rule;
  std::string rule_in_words;
};

struct Deny {
  DenyReason reason = DenyReason::malformed_question;
  Code code = Code::denied;  // try_again for not_ready and not_settled
  std::string text;
  std::string hint;  // the nearest table, or when it settles
  Error error() const { return {code, text, {}, hint}; }
};

using Decision = std::variant<Permit, Deny>;

// `agreement` is the one in force in the question's lineage.
Decision evaluate(const Agreement& agreement, const AskContext& context);

}  // namespace hedgerow::policies
