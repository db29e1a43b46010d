// Answers traces of other agencies' practitioners, within their quotas, and keeps every trace on
// record (cryptography.md D; docs/design/trace.md, The run). It plays protocol/trace's responder.
//
// It looks nothing up: what it does, writes and sends is the same for a child that is known here
// and for any other.
#pragma once

#include <map>

#include "node/core/exchange.h"
#include "node/core/key_desk.h"
#include "policies/trace.h"
#include "protocol/trace/responder.h"

namespace hedgerow::core {

// Of one party, however they end: what is beyond is neither answered nor written down, so that
// nobody fills this node's log.
inline constexpr std::uint32_t kMaxAsksADay = 1000;

class ResponderDesk {
 public:
  ResponderDesk(LineageContext& lineage, const KeyDesk& keys, const Environment& environment)
      : lineage_(lineage), keys_(keys), env_(environment) {}

  // trace_ask, trace_notice.
  Result<Work> on_message(const Delivery& delivery, UtcTime now);
  // Forgets traces whose charge counts no more, about once a day.
  Work on_time(UtcTime now);

 private:
  Result<Work> on_ask(const Delivery& delivery, UtcTime now);
  Result<Work> on_notice(const Delivery& delivery, UtcTime now);
  Work refuse(const Delivery& delivery, const protocol::trace::Refused& refused,
              const protocol::trace::Examined* asked) const;
  using Counts =
      std::map<PartyId, std::pair<std::int32_t, std::uint32_t>>;  // a day, how many on it
  static std::uint32_t count(Counts& counts, const PartyId& from, UtcTime now);
  // What was answered before, or nothing; an id or a point used for another is refused.
  Result<std::optional<Work>> seen_before(const Delivery& delivery,
                                          const protocol::trace::Examined& ask) const;
  // Whether two people who may do so ask for what the agreement grants.
  std::variant<policies::TracePermit, protocol::trace::Refused> permit(
      const PartyId& from, const protocol::trace::Examined& asked, UtcTime now) const;
  Result<std::optional<protocol::trace::Refused>> over_quota(const PartyId& from,
                                                             const protocol::trace::Examined& ask,
                                                             const policies::TracePermit& permit,
                                                             std::int32_t today) const;

  LineageContext& lineage_;
  const KeyDesk& keys_;
  Environment env_;
  UtcTime next_prune_{};
  Counts asks_, notices_;
};

}  // namespace hedgerow::core
