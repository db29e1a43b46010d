// May this trace be made? (docs/design/trace.md) Pure and total, as policies/evaluate.h: every
// party's node decides alike, but for its own officer's restrictions, and nothing here sees a
// record. What is not expressly granted, or not understood, is a denial with a reason.
//
// Quotas, signatures, certificates and days are the caller's to check.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto/base/ids.h"
#include "crypto/base/seams.h"
#include "policies/agreement.h"
#include "policies/evaluate.h"
#include "policies/examine.h"
#include "policies/restrictions.h"

namespace hedgerow::policies {

// What a record of a directory has room for (crypto/trace_record.h).
constexpr std::size_t kMaxDutyContactBytes = 222;

// What practitioner and approver sign, as far as an agreement has a say in it.
struct TraceWords {
  Lineage agreement;
  std::string purpose;
  std::string legal_basis;  // one of the grant's: "uk-gdpr:6(1)(e)"
  std::string reason;       // free text, logged by every party; never personal
  friend bool operator==(const TraceWords&, const TraceWords&) = default;
};

// "ca-2004:11": letters, digits and "-:()._/", at most kMaxWordBytes.
bool is_legal_basis(std::string_view text);
// All words within their bounds: a purpose's name, a legal basis, a reason (question.h), which may
// be empty here and is then denied.
bool is_canonical(const TraceWords& words);

struct TraceContext {
  PartyId local;                          // the party whose node decides
  PartyId home;                           // the requesting agency, whose node sends it
  AskerIdentity practitioner;             // as the verified certificate says
  std::optional<AskerIdentity> approver;  // none: not yet approved; the rest is decided
  LineageState state = LineageState::installed;
  UtcTime now;
  TraceWords asked;
  const Restrictions* restrictions = nullptr;  // of the local party; outlives the call; null: none
};

struct TracePermit {
  std::string grant;
  std::uint32_t grant_line = 0;
  std::uint32_t daily_quota = 0;         // of the requesting agency, at each responder
  std::uint32_t practitioner_quota = 0;  // of the practitioner
};

using TraceDecision = std::variant<TracePermit, Deny>;

// The tests that decide, in this order, each with the line it rests on; the decision is the denial
// of the first that failed.
struct TraceExamination {
  std::vector<Finding> general;
  std::vector<Finding> grant;  // none where the words have no good form, or nothing is granted
  TraceDecision decision;
};
TraceExamination examine_trace(const Agreement& agreement, const TraceContext& context);

// `agreement` is the one in force in the lineage. Errors of Deny: try_again for not_ready and
// restrictions_fault, denied for all else.
TraceDecision evaluate_trace(const Agreement& agreement, const TraceContext& context);

// Who answers a trace of this agency: every contributor but it, sorted.
std::vector<PartyId> trace_responders(const Agreement& agreement, const PartyId& home);

}  // namespace hedgerow::policies
