// A responder's directories (cryptography.md D; docs/design/trace.md, Days and directories): makes
// one at each change of the UTC day, erases the secrets of days that are over, and hands its header
// and chunks to the other contributors.
//
// It does something only where the agreement has a grant of traces and this party contributes;
// what is left of a grant that is no more is erased like everything else.
#pragma once

#include <map>
#include <optional>

#include "node/core/exchange.h"
#include "node/core/key_desk.h"
#include "protocol/trace/directory.h"

namespace hedgerow::core {

inline constexpr std::size_t kDirectorySlice = 512;  // children an event: about 30 ms
inline constexpr std::chrono::seconds kDirectoryLifetime{60};
// A directory is there no sooner than so long for each record of its bucket after it was begun, so
// that whoever waits for it learns nothing of the number of children, unless the machine is too
// busy to keep up. The largest is there within a requester's patience.
inline constexpr std::chrono::microseconds kDirectoryPace{100};
// That one requester is sent within kDirectoryLifetime: the largest directory, twice.
inline constexpr std::uint32_t kMaxChunksServed = 64;

class DirectoryDesk {
 public:
  DirectoryDesk(LineageContext& lineage, const KeyDesk& keys, const Environment& environment);

  // Erases what is over, from the write-ahead log too. Where the day has changed since the newest
  // directory, which is yesterday's, today's is begun; where there is neither, when it is first
  // asked for.
  Result<Work> restore(UtcTime now);
  // trace_header_get, trace_chunk_get. An error means refused, with its culprit.
  Result<Work> on_message(const Delivery& delivery, UtcTime now);
  Result<Work> on_time(UtcTime now);
  std::optional<UtcTime> next_wake() const;

 private:
  struct Served {
    UtcTime since;
    std::uint32_t chunks = 0;
  };

  bool takes_part() const;
  bool may_make(UtcTime now) const;
  Result<Work> on_header_get(const Delivery& delivery, UtcTime now);
  Result<Work> on_chunk_get(const Delivery& delivery, UtcTime now);
  // Secrets and directories of days before yesterday: whether anything takes their place or not.
  Result<Work> forget_old(UtcTime now);
  Result<Work> begin(UtcTime now);
  Result<Work> go_on(UtcTime now);
  Result<std::string> contact();

  LineageContext& lineage_;
  const KeyDesk& keys_;
  Environment env_;
  std::optional<protocol::trace::DirectoryBuilder> builder_;
  UtcTime ready_at_{};                    // of builder_: not before
  std::map<PartyId, SessionId> waiting_;  // for the directory that is being made
  std::map<PartyId, Served> served_;
  std::int32_t day_ = 0;            // the last that was seen
  std::optional<UtcTime> wake_at_;  // none: nothing to make and nothing to erase
};

}  // namespace hedgerow::core
