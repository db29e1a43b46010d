// The traces of this node's own people (cryptography.md D; docs/design/trace.md, The run): what
// they sign, what each responder answers, when a trace ends and when it is wiped. It plays
// protocol/trace's requester; how a trace comes to be is trace_preparation.h's, whether it may be
// trace_gate.h's.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "node/core/exchange.h"
#include "node/core/fetch_desk.h"
#include "node/core/kept_trace.h"
#include "node/core/reply.h"
#include "node/core/trace_gate.h"
#include "node/core/trace_preparation.h"

namespace hedgerow::core {

inline constexpr std::size_t kMaxTraces = 1024;             // kept at a time
inline constexpr std::size_t kMaxUnsigned = 32;             // of them not yet signed
inline constexpr std::chrono::minutes kLongestCollect{10};  // a practitioner's call for the result

class TraceDesk {
 public:
  TraceDesk(LineageContext& lineage, const KeyDesk& keys, FetchDesk& directories,
            const Environment& environment);

  // Takes up what is stored.
  Result<void> restore();

  // `trace-request`: fetches directories, has one element evaluated, makes the points, and gives
  // the order to be signed. `input`: the number and the case reference, a line each. Errors:
  // bad_input: a wrong number or reference; denied: no grant, another purpose or legal basis, no
  // contributor, no trace officers; try_again: no key yet, another is being prepared, over quota;
  // usage: no reason, or one with an NHS number in it.
  Result<Work> prepare(TraceWanted wanted, ByteView input, Reply reply, UtcTime now);
  // `trace-signed`, `trace-approve`: a person's statement. Errors: those of protocol/trace, of the
  // agreement, and of a revoked certificate; bad_input: no such trace.
  Result<Work> take_request(const SessionId& id, ByteView statement, Reply reply, UtcTime now);
  Result<Work> take_approval(const SessionId& id, ByteView statement, Reply reply, UtcTime now);
  // `trace-result`: for the practitioner who signed, and says so freshly. Replies when every
  // responder has answered, or when `wait` has passed.
  Result<Work> result(const SessionId& id, ByteView statement, std::chrono::seconds wait,
                      Reply reply, UtcTime now);
  Result<nlohmann::json> show(const SessionId& id) const;
  Result<nlohmann::json> list() const;
  // `trace-opening`: what two officers can open together.
  Result<Work> opening(const SessionId& id, Reply reply);
  // Whoever waited on this connection has gone. What was being prepared for them is forgotten.
  void forget_reply(std::uint64_t connection);

  bool owns(const SessionId& session) const {  // of an evaluation
    return preparation_.owns(session);
  }
  // evaluate_response, evaluate_checked, evaluate_refusal; trace_answer, trace_refusal.
  Result<Work> on_message(const Delivery& delivery, UtcTime now);
  Result<Work> on_time(UtcTime now);
  std::optional<UtcTime> next_wake() const;

 private:
  struct Waiting {
    SessionId id;
    UtcTime until;
    Reply reply;
  };

  Work begin(PreparedTrace prepared, Reply reply, UtcTime now);
  Work deny(const KeptTrace& trace, const Certificate& person, const Error& why, Reply reply) const;
  Result<KeptTrace*> find(const SessionId& id);
  Result<Work> on_answer(const Delivery& delivery, UtcTime now);
  Result<std::optional<std::string>> look_up(const protocol::trace::Requester::Found& found);
  Work keep(const KeptTrace& trace, UtcTime now);
  Work end(const KeptTrace& trace, UtcTime now);
  Work answer_waiting(const SessionId& id);

  LineageContext& lineage_;
  FetchDesk& directories_;
  TraceGate gate_;
  TracePreparation preparation_;
  KeptTraces traces_;
  std::map<SessionId, UtcTime> wiped_at_;  // of those that are over
  std::vector<Waiting> waiting_;
  std::optional<UtcTime> wipe_by_;  // what was wiped goes from the write-ahead log too
  UtcTime prune_openings_at_{};
};

}  // namespace hedgerow::core
