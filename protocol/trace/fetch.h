// The requester's copy of one responder's directory (docs/design/trace.md, Days and directories):
// its header, then every chunk that is not there yet, one after the other. Whole, or not used: so
// the responder never sees which record is of interest.
//
// The role keeps no chunk. Its caller stores what taken() gives, in the same commit as the step's
// messages, and compares the root when the last one is there.
#pragma once

#include <optional>
#include <string>

#include "protocol/step.h"
#include "protocol/trace/messages.h"

namespace hedgerow::protocol::trace {

inline constexpr std::chrono::seconds kHeaderPatience{20};
inline constexpr std::chrono::seconds kChunkPatience{20};

// A header that its responder signed.
struct SignedHeader {
  DirectoryHeader header;
  Bytes statement;
};

// Of `responder`, of this lineage and agreement, not past its date, of `today` or the day before.
// Errors name the responder.
Result<SignedHeader> verify_header(ByteView statement, const PartyId& responder,
                                   const VerifyKey& key, const Lineage& lineage,
                                   const AgreementHash& agreement, std::int32_t today, UtcTime now);

class DirectoryFetch {
 public:
  enum class State { header, chunks, complete, failed };

  explicit DirectoryFetch(PartyId responder) : responder_(std::move(responder)) {}

  // Asks for the header.
  Step start(UtcTime now);
  // The verified header, and how many chunks of that directory are stored already.
  Step on_header(SignedHeader header, std::uint32_t chunks_stored, UtcTime now);
  // The next chunk. Error, naming the responder: another than was asked for; then this has failed.
  Result<Step> on_chunk(Chunk chunk, UtcTime now);
  Step on_time(UtcTime now);
  // What came is not to be used, or nothing will come.
  void fail(std::string why);

  State state() const { return state_; }
  bool ended() const { return state_ == State::complete || state_ == State::failed; }
  const PartyId& responder() const { return responder_; }
  const std::optional<SignedHeader>& header() const { return header_; }
  std::uint32_t chunks() const { return next_; }  // stored, and the one that came
  const std::string& why() const { return why_; }

 private:
  Step ask(UtcTime now);

  PartyId responder_;
  State state_ = State::header;
  std::optional<SignedHeader> header_;
  std::uint32_t next_ = 0;
  UtcTime deadline_{};
  std::string why_;
};

}  // namespace hedgerow::protocol::trace
