// The hub's counting of a linked table, between the contributors' standings and the companion sum
// (docs/design/link.md): one attempt, in memory.
#pragma once

#include <optional>

#include "node/core/exchange.h"
#include "protocol/link/hub.h"

namespace hedgerow::core {

class LinkStage {
 public:
  LinkStage(LineageContext& lineage, const Environment& environment)
      : lineage_(lineage), env_(environment) {}

  Result<Work> begin(const protocol::link::Plan& plan, const SessionId& session, UtcTime now);
  bool is_active() const { return role_.has_value(); }
  const SessionId& session() const { return role_->session(); }
  std::vector<PartyId> waiting_for() const { return role_->waiting_for(); }

  // Of another attempt: dropped.
  Result<Work> on_message(const Delivery& delivery, UtcTime now);
  Work on_time(UtcTime now);
  std::optional<UtcTime> next_wake() const { return role_ ? wake_at_ : std::nullopt; }

  // How it ended, once: the figures, or why there are none.
  struct Ended {
    std::optional<protocol::link::LinkFigures> figures;
    std::optional<Error> failure;
  };
  std::optional<Ended> take_ended() { return std::exchange(ended_, std::nullopt); }

 private:
  Work after(protocol::Step step);

  LineageContext& lineage_;
  Environment env_;
  std::optional<protocol::link::LinkHub> role_;
  std::optional<UtcTime> wake_at_;
  std::optional<Ended> ended_;
};

}  // namespace hedgerow::core
