// The traces of this node's own people (cryptography.md D; docs/design/trace.md, The run): from an
// NHS number to what each responder has to share. It plays protocol/trace's requester.
//
// The number is in this object from the command to the pseudonym, and nowhere else on the node; the
// pseudonym until the points are made. Both are gone before anything of the trace is durable.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "node/core/exchange.h"
#include "node/core/fetch_desk.h"
#include "node/core/kept_trace.h"
#include "node/core/key_desk.h"
#include "node/core/reply.h"
#include "policies/trace.h"

namespace hedgerow::core {

inline constexpr std::size_t kMaxTraces = 1024;  // kept at a time
inline constexpr std::size_t kMaxUnsigned = 32;  // of them not yet signed
// Whoever's directory ends sooner is not asked: the trace would end with it, for everybody.
inline constexpr std::chrono::hours kShortestTrace{6};
inline constexpr std::chrono::minutes kLongestCollect{10};  // a practitioner's call for the result

struct TraceWanted {
  std::string purpose;
  std::string legal_basis;
  std::string reason;
};

class TraceDesk {
 public:
  TraceDesk(LineageContext& lineage, const KeyDesk& keys, FetchDesk& directories,
            const Environment& environment);
  ~TraceDesk();

  // Takes up what is stored.
  Result<void> restore();

  // `trace-request`: fetches directories, has one element evaluated, makes the points, and gives
  // the order to be signed. `input`: the number and the case reference, a line each. Errors:
  // bad_input: a wrong number or reference; denied: no grant, another purpose or legal basis, no
  // contributor, no trace officers; try_again: no key yet, another is being prepared, over quota.
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

  bool owns(const SessionId& session) const;  // of an evaluation
  // evaluate_response, evaluate_checked, evaluate_refusal; trace_answer, trace_refusal.
  Result<Work> on_message(const Delivery& delivery, UtcTime now);
  Result<Work> on_time(UtcTime now);
  std::optional<UtcTime> next_wake() const;

 private:
  struct Input;
  struct Run;
  struct Waiting {
    SessionId id;
    UtcTime until;
    Reply reply;
  };

  Result<void> check_wanted(const TraceWanted& wanted, UtcTime now) const;
  // Those asked today and those that wait for their approval, without `except`.
  Result<void> check_quota(const std::optional<std::string>& practitioner,
                           const policies::TracePermit& permit, const SessionId& except,
                           UtcTime now) const;
  Result<policies::TracePermit> permit(const protocol::trace::Order& order,
                                       const Certificate& practitioner, const Certificate* approver,
                                       UtcTime now) const;
  Work deny(const KeptTrace& trace, const Certificate& person, const Error& why, Reply reply) const;
  Result<KeptTrace*> find(const SessionId& id);
  Work directories_here(std::vector<FetchedDirectory> parties, UtcTime now);
  Work after(protocol::Step step, UtcTime now);
  Result<Work> order(const Pseudonym& child, UtcTime now);
  Result<Work> on_answer(const Delivery& delivery, UtcTime now);
  Result<std::optional<std::string>> look_up(const protocol::trace::Requester::Found& found);
  Work keep(const KeptTrace& trace, UtcTime now);
  Work end(const KeptTrace& trace, UtcTime now);
  Work answer_waiting(const SessionId& id);
  void fail(const Error& error);

  LineageContext& lineage_;
  const KeyDesk& keys_;
  FetchDesk& directories_;
  Environment env_;
  std::unique_ptr<Run> run_;
  std::map<SessionId, KeptTrace> traces_;
  std::map<SessionId, UtcTime> wiped_at_;  // of those that are over
  std::vector<Waiting> waiting_;
  std::optional<UtcTime> wipe_by_;  // what was wiped goes from the write-ahead log too
  UtcTime prune_openings_at_{};
};

}  // namespace hedgerow::core
