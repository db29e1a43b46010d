// One trace of this node's people as it lies in the store until it is wiped (docs/design/trace.md,
// The run): the role's state, and what the role has no use for.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node/core/lineage.h"
#include "protocol/trace/requester.h"

namespace hedgerow::core {

inline constexpr std::chrono::hours kTraceKept{24 * 7};  // after its end
// Kind of its row in the store's sessions.
inline constexpr const char* kTraceKind = "trace";
inline constexpr std::size_t kMaxUnreachedText = 200;

struct KeptTrace {
  protocol::trace::Requester requester;
  UtcTime created_at;
  std::optional<UtcTime> asked_at;  // when it was approved
  // Contributors that were not asked, and why not.
  std::vector<std::pair<PartyId, std::string>> unreached;

  bool over() const {
    return requester.state() == protocol::trace::Requester::State::ended || requester.complete();
  }
  // i64 created, u8 asked and i64 when (zero), u32 n and n times party and why as texts, then the
  // role's state.
  WipingBytes save() const;
  // Errors (bad_input): other bytes than save() gives.
  static Result<KeptTrace> restore(protocol::trace::RequesterSetup setup, ByteView saved);
};

using KeptTraces = std::map<SessionId, KeptTrace>;

// Reads the person's certificate in a statement of a trace, whose signature was verified before.
Result<Certificate> signer_of(ByteView person_statement);

// hedgerow/trace-request/1, hedgerow/trace/1 and hedgerow/trace-result/1 (docs/design/control.md).
// Errors: those of decoders.
nlohmann::json show_order(const KeptTrace& trace, const LineageContext& lineage);
Result<nlohmann::json> show_trace(const KeptTrace& trace, const LineageContext& lineage);
nlohmann::json show_result(const KeptTrace& trace, const LineageContext& lineage);

}  // namespace hedgerow::core
