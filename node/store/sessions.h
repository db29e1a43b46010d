// What makes messages harmless when they come twice and certain when they come late: the durable
// state of protocol sessions, replay marks of what was received, and the outbox of what is to be
// delivered. All writes happen inside the one Transaction of an exchange.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "crypto/base/seams.h"
#include "crypto/base/wiping.h"
#include "node/store/database.h"

namespace hedgerow::store {

inline constexpr std::size_t kMaxSessionState = 16 * 1024 * 1024;
inline constexpr std::size_t kMaxSessionKind = 64;
inline constexpr std::size_t kMaxSessionPeer = 256;
inline constexpr std::size_t kMaxSessions = 65'536;
inline constexpr std::size_t kMaxMessageType = 64;
inline constexpr std::size_t kMaxMessage = 4 * 1024 * 1024;

struct Session {
  SessionId id;
  std::string kind;   // "dkg", "sum-contributor", ...
  std::string peer;   // the party at the other end, or empty
  WipingBytes state;  // may hold secrets: wiped when given back, only ever stored encrypted
  UtcTime not_after{};
  bool finished = false;
};

class Sessions {
 public:
  explicit Sessions(Database& db) : db_(&db) {}

  // A session is known by (id, kind): one protocol run may have several roles on one node.
  Result<void> put(const Session& session);  // adds or replaces
  Result<std::optional<Session>> get(const SessionId& id, const std::string& kind);
  // In order of creation; with state.
  Result<std::vector<Session>> unfinished();
  Result<std::vector<Session>> list(const std::string& kind);
  Result<void> remove(const SessionId& id, const std::string& kind);
  // Removes finished sessions whose not_after is past; returns how many.
  Result<std::uint64_t> prune(UtcTime now);

 private:
  Database* db_;
};

// The highest sequence accepted from each (sender, session).
class Replay {
 public:
  explicit Replay(Database& db) : db_(&db) {}

  Result<std::uint64_t> last(const PartyId& sender, const SessionId& session);  // 0: none yet
  // Writes. True: `sequence` is new and now the highest. False: it was seen, or came late.
  Result<bool> advance(const PartyId& sender, const SessionId& session, std::uint64_t sequence,
                       UtcTime not_after);
  // Forgets marks whose latest not_after is before `now`: such messages are refused as expired.
  Result<std::uint64_t> prune(UtcTime now);

 private:
  Database* db_;
};

struct OutboxItem {
  std::uint64_t position = 0;  // order of adding; grows, never used twice
  PartyId receiver;
  SessionId session;
  std::uint64_t sequence = 0;
  std::string type;
  Bytes bytes;
  UtcTime not_after{};
  UtcTime enqueued_at{};
};

class Outbox {
 public:
  explicit Outbox(Database& db) : db_(&db) {}

  // Writes: takes the next sequence, beginning with 1. Kept 30 days beyond the last not_after
  // noted for the session, so that a number is never used twice.
  Result<std::uint64_t> next_sequence(const PartyId& receiver, const SessionId& session);

  // Writes. `item.position` is given by the store and returned. bad_input: bounds; the same
  // (receiver, session, sequence) twice.
  Result<std::uint64_t> add(const OutboxItem& item);
  // Writes. Removes all of (receiver, session) up to and including `sequence`; returns how many.
  Result<std::uint64_t> ack(const PartyId& receiver, const SessionId& session,
                            std::uint64_t sequence);
  // Whether there is any of these.
  Result<bool> waits(const PartyId& receiver, const SessionId& session, std::uint64_t sequence);
  // In order, those after `after_position`: at most `max_items` and, beyond the first, `max_bytes`.
  Result<std::vector<OutboxItem>> pending(std::uint64_t after_position, std::size_t max_items,
                                          std::size_t max_bytes);
  Result<std::vector<OutboxItem>> pending_for(const PartyId& receiver, std::uint64_t after_position,
                                              std::size_t max_items, std::size_t max_bytes);
  // Writes. Drops what is expired; returns it without bytes, so that it can be logged or counted.
  Result<std::vector<OutboxItem>> prune(UtcTime now);
  Result<std::uint64_t> count();
  Result<std::uint64_t> count_for(const PartyId& receiver);

 private:
  Database* db_;
};

}  // namespace hedgerow::store
