// A mixer's part in links: it looks for itself whether the plan is the agreement's, runs its roles
// (docs/design/link.md), and says after a restart that it has forgotten them.
#pragma once

#include <map>

#include "node/core/exchange.h"
#include "node/core/key_desk.h"
#include "protocol/link/mixer.h"

namespace hedgerow::core {

inline constexpr std::size_t kMaxMixing = 4;  // attempts of a lineage at once

class MixerDesk {
 public:
  MixerDesk(LineageContext& lineage, const KeyDesk& keys, const Environment& environment,
            const policies::CodeList& codes);

  // Refusals of the attempts that were under way when the node ended.
  Result<Work> restore(UtcTime now);
  // link_call and what a mixer gets after it. An error means refused, with its culprit.
  Result<Work> on_message(const Delivery& delivery, UtcTime now);
  Work on_time(UtcTime now);
  std::optional<UtcTime> next_wake() const;

 private:
  Result<Work> on_call(const Delivery& delivery, UtcTime now);
  // Why this node does not mix what was planned, if it does not.
  Result<std::optional<std::pair<protocol::link::RefusalReason, Error>>> objection(
      const protocol::link::Plan& plan, UtcTime now) const;
  Work after(const SessionId& session, protocol::Step step);
  Work forget(const SessionId& session);

  LineageContext& lineage_;
  const KeyDesk& keys_;
  Environment env_;
  const policies::CodeList& codes_;
  std::map<SessionId, protocol::link::LinkMixer> roles_;
  std::map<SessionId, UtcTime> wake_;
};

}  // namespace hedgerow::core
