// May one of this node's own people make this trace (docs/design/trace.md, The run)? By the
// agreement, its officer's restrictions, who the people are, and the quotas as far as this node
// knows them. Every responder decides for itself again; what it would refuse is better refused
// here, before anything is evaluated or asked.
#pragma once

#include <optional>
#include <string>

#include "node/core/kept_trace.h"
#include "node/core/key_desk.h"
#include "policies/trace.h"

namespace hedgerow::core {

struct TraceWanted {
  std::string purpose;
  std::string legal_basis;
  std::string reason;
};

// `traces`: all that are kept here, also the one in question.
class TraceGate {
 public:
  TraceGate(const LineageContext& lineage, const KeyDesk& keys) : lineage_(lineage), keys_(keys) {}

  // Before anything is made of it. Errors: denied: no grant, not in force, another purpose or legal
  // basis, no contributor, no trace officers; try_again: no key yet, over the agency's quota;
  // usage: no reason, a bad one, or one with an NHS number in it.
  Result<void> check_wanted(const TraceWanted& wanted, const KeptTraces& traces, UtcTime now) const;
  // Who signs it as its practitioner, and who approves it. Errors: denied: a certificate that has
  // run out or was revoked, a person whom the grant does not name, both with one key; try_again:
  // over a quota; those of the policies.
  Result<void> check_request(const KeptTrace& trace, const Certificate& practitioner,
                             const KeptTraces& traces, UtcTime now) const;
  Result<void> check_approval(const KeptTrace& trace, const Certificate& practitioner,
                              const Certificate& approver, const KeptTraces& traces,
                              UtcTime now) const;

 private:
  Result<policies::TracePermit> permit(const protocol::trace::Order& order,
                                       const Certificate& practitioner, const Certificate* approver,
                                       UtcTime now) const;

  const LineageContext& lineage_;
  const KeyDesk& keys_;
};

}  // namespace hedgerow::core
