// One trace on its way from an NHS number to the order that is to be signed (cryptography.md D;
// docs/design/trace.md, The run, 1 and 2): fetches directories, has one element evaluated, makes
// the points, and seals the case reference's opening to two officers.
//
// The number is in this object from the command to the pseudonym, and nowhere else on the node; the
// pseudonym until the points are made. Both are gone before anything of the trace is durable.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "node/core/exchange.h"
#include "node/core/fetch_desk.h"
#include "node/core/kept_trace.h"
#include "node/core/key_desk.h"
#include "node/core/reply.h"
#include "node/core/trace_gate.h"

namespace hedgerow::core {

// Whoever's directory ends sooner is not asked: the trace would end with it, for everybody.
inline constexpr std::chrono::hours kShortestTrace{6};

struct PreparedTrace {
  KeptTrace trace;  // unsigned
  Bytes opening;    // of its case: the commitment, and what opens it sealed to two officers
};

class TracePreparation {
 public:
  // Makes it durable, and only then gives `reply` the order.
  using Done = std::function<Work(PreparedTrace prepared, Reply reply, UtcTime now)>;

  TracePreparation(const LineageContext& lineage, const KeyDesk& keys, FetchDesk& directories,
                   const Environment& environment, Done done);
  ~TracePreparation();

  // One at a time: there must be none under way (HR_CHECK). `wanted`: what the gate let through.
  // `input`: the number and the case reference, a line each. Errors: bad_input: a wrong number or
  // reference; those of FetchDesk::refresh. What fails later is told to `reply`.
  Result<Work> begin(TraceWanted wanted, ByteView input, Reply reply, UtcTime now);
  bool under_way() const { return run_ != nullptr; }
  // Whoever waited on this connection has gone. What was being prepared for them is forgotten.
  void forget_reply(std::uint64_t connection);

  bool owns(const SessionId& session) const;  // of its evaluation
  // evaluate_response, evaluate_checked, evaluate_refusal; it owns their session (HR_CHECK).
  Result<Work> on_message(const Delivery& delivery, UtcTime now);
  Work on_time(UtcTime now);
  std::optional<UtcTime> next_wake() const;

 private:
  struct Input;
  struct Run;

  Work directories_here(const std::vector<FetchedDirectory>& parties, UtcTime now);
  Work after(protocol::Step step, UtcTime now);
  Result<Work> order(const Pseudonym& child, UtcTime now);
  void fail(const Error& error);

  const LineageContext& lineage_;
  const KeyDesk& keys_;
  FetchDesk& directories_;
  Environment env_;
  Done done_;
  std::unique_ptr<Run> run_;
};

}  // namespace hedgerow::core
