// A requester's copies of the other contributors' directories (cryptography.md D;
// docs/design/trace.md, Days and directories). Fetched whole, once a day, before a trace is asked
// or by command; so no responder learns which record is of interest, or that there is one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "node/core/exchange.h"
#include "protocol/trace/directory.h"
#include "protocol/trace/fetch.h"

namespace hedgerow::core {

inline constexpr std::size_t kMaxFetchWaiting = 64;  // callers for one run
// A run in all. What came stays, and the next one goes on from there.
inline constexpr std::chrono::seconds kLongestFetch{300};

struct FetchedDirectory {
  PartyId party;
  std::optional<protocol::trace::DirectoryHeader> header;  // of a whole directory that is here
  bool fetched = false;                                    // in this run
  std::string why;  // not empty: what kept a newer one, or any, from coming
};

class FetchDesk {
 public:
  // Called once what came is durable; an error stops the node.
  using Done = std::function<Result<Work>(const std::vector<FetchedDirectory>& all, UtcTime now)>;

  FetchDesk(LineageContext& lineage, const Environment& environment)
      : lineage_(lineage), env_(environment) {}

  // Fetches whatever is not here of today, from every other contributor; joins a run under way.
  // Errors: denied: the agreement has no grant of traces, or is not in force, or this party does
  // not contribute; try_again: too many wait for it.
  Result<Work> refresh(UtcTime now, Done done);
  // The record with this tag in the directory of that party and day; nothing where it has none.
  // Error bad_input: that directory is not here, or not whole.
  Result<std::optional<Bytes>> find(const PartyId& party, std::int32_t day, const TraceTag& tag);

  bool owns(const SessionId& session) const { return run_ && run_->session == session; }
  // trace_header, trace_chunk. An error means refused, with its culprit.
  Result<Work> on_message(const Delivery& delivery, UtcTime now);
  Result<Work> on_time(UtcTime now);
  std::optional<UtcTime> next_wake() const;

 private:
  struct Party {
    protocol::trace::DirectoryFetch fetch;
    std::optional<protocol::trace::DirectoryHeader> kept = {};  // a whole one from before
    bool nothing_to_do = false;                                 // that is today's
    bool differs = false;                                       // noted
    std::string bad = {};                                       // why what came was not taken
    std::optional<UtcTime> wake_at = {};

    bool ended() const { return nothing_to_do || !bad.empty() || fetch.ended(); }
  };
  struct Run {
    SessionId session;
    UtcTime ends_at;
    UtcTime touched;  // when something last happened
    std::vector<Party> parties;
    std::vector<Done> waiting;

    bool ended() const;
  };

  Result<Work> begin(Party& party, UtcTime now);
  // The complete one of that day.
  Result<std::optional<protocol::trace::DirectoryHeader>> whole(const PartyId& party,
                                                                std::int32_t day);
  Result<Work> on_header(Party& party, const Delivery& delivery, UtcTime now);
  Result<Work> on_chunk(Party& party, const Delivery& delivery, UtcTime now);
  Result<protocol::trace::SignedHeader> check_header(const PartyId& party, ByteView statement,
                                                     UtcTime now) const;
  Work note_difference(Party& party, std::int32_t day, ByteView kept, ByteView other);
  // Every chunk is there, the last perhaps not stored yet.
  Result<Work> close(Party& party, const Bytes& last_chunk);
  Work after(Party& party, protocol::Step step);
  Work end_if_ended(UtcTime now);

  LineageContext& lineage_;
  Environment env_;
  std::optional<Run> run_;
};

}  // namespace hedgerow::core
