// A contributor's roles in links, for its desk: begins one from what the desk has admitted, carries
// out its steps, remembers what was sent for a release (docs/design/link.md; docs/adr/0021).
#pragma once

#include <map>

#include "node/core/exchange.h"
#include "node/core/link_rows.h"
#include "protocol/link/contributor.h"

namespace hedgerow::core {

class LinkContributions {
 public:
  LinkContributions(LineageContext& lineage, const Environment& environment)
      : lineage_(lineage), env_(environment) {}

  // Refusals of the attempts that were under way when the node ended.
  Result<Work> restore(UtcTime now);

  // The hub's `link_begin`, for which the desk has no objection, with what it brings. A newer
  // attempt at a release takes the place of the one before. Where the role says no, its refusal.
  Result<Work> begin(const Delivery& delivery, protocol::link::LinkInput input, UtcTime now);
  // The desk's own no.
  Result<Work> refuse(const Delivery& delivery, protocol::link::RefusalReason reason,
                      const Error& why, UtcTime now);
  bool has(const SessionId& session) const { return roles_.contains(session); }
  // Of attempts gone by: dropped.
  Result<Work> on_message(const Delivery& delivery, UtcTime now);
  Work on_time(UtcTime now);
  std::optional<UtcTime> next_wake() const;

 private:
  Work after(const SessionId& session, protocol::Step step, UtcTime now);
  Work forget(const SessionId& session);
  Result<Work> drop_roles_of(const protocol::AttemptId& newer, const PartyId& hub);

  LineageContext& lineage_;
  Environment env_;
  std::map<SessionId, protocol::link::LinkContributor> roles_;
  std::map<SessionId, UtcTime> wake_;
};

// The plan in a `link_begin`, well-formed and not yet believed.
Result<protocol::link::Plan> plan_in(ByteView begin);

}  // namespace hedgerow::core
