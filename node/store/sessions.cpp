#include "node/store/sessions.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "node/store/row.h"

namespace hedgerow::store {

namespace {

// How long a sequence counter outlives the last message of its session, so that no clock can be
// wrong enough for a number to be used twice.
constexpr std::chrono::milliseconds kCounterGrace = std::chrono::hours(24 * 30);

Result<Session> read_session(const Statement& s) {
  Session session;
  HR_ASSIGN(session.id, read_id<SessionId>(s, 0));
  session.kind = s.text(1);
  session.peer = s.text(2);
  session.state = s.wiping_blob(3);
  session.not_after = s.time(4);
  session.finished = s.integer(5) != 0;
  return session;
}

Result<std::vector<Session>> read_sessions(Statement& s) {
  std::vector<Session> sessions;
  while (true) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) return sessions;
    HR_ASSIGN(Session session, read_session(s));
    sessions.push_back(std::move(session));
  }
}

Result<std::uint64_t> single_count(Statement& s) {
  HR_ASSIGN(const bool found, s.step());
  return found ? s.unsigned_integer(0) : 0;
}

}  // namespace

Result<void> Sessions::put(const Session& session) {
  HR_TRY(check_size(session.kind.size(), kMaxSessionKind, "a session's kind"));
  HR_TRY(check_size(session.peer.size(), kMaxSessionPeer, "a session's peer"));
  HR_TRY(check_size(session.state.size(), kMaxSessionState, "a session's state"));
  Statement s = db_->prepare(
      "INSERT INTO session (id, kind, peer, state, not_after, finished)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id, kind) DO UPDATE SET peer = ?3,"
      " state = ?4, not_after = ?5, finished = ?6");
  HR_TRY(s.bind(1, session.id.view())
             .bind(2, session.kind)
             .bind(3, session.peer)
             .bind(4, ByteView(session.state))
             .bind(5, session.not_after)
             .bind(6, session.finished ? 1 : 0)
             .run());
  Statement count = db_->prepare("SELECT count(*) FROM session");
  HR_ASSIGN(const std::uint64_t sessions, single_count(count));
  if (sessions > kMaxSessions) return try_again("too many sessions under way");
  return {};
}

Result<std::optional<Session>> Sessions::get(const SessionId& id, const std::string& kind) {
  Statement s = db_->prepare(
      "SELECT id, kind, peer, state, not_after, finished FROM session"
      " WHERE id = ?1 AND kind = ?2");
  HR_ASSIGN(const bool found, s.bind(1, id.view()).bind(2, kind).step());
  if (!found) return std::optional<Session>();
  HR_ASSIGN(Session session, read_session(s));
  return std::optional<Session>(std::move(session));
}

Result<std::vector<Session>> Sessions::unfinished() {
  Statement s = db_->prepare(
      "SELECT id, kind, peer, state, not_after, finished FROM session"
      " WHERE finished = 0 ORDER BY number");
  return read_sessions(s);
}

Result<std::vector<Session>> Sessions::list(const std::string& kind) {
  Statement s = db_->prepare(
      "SELECT id, kind, peer, state, not_after, finished FROM session"
      " WHERE kind = ?1 ORDER BY number");
  s.bind(1, kind);
  return read_sessions(s);
}

Result<void> Sessions::remove(const SessionId& id, const std::string& kind) {
  Statement s = db_->prepare("DELETE FROM session WHERE id = ?1 AND kind = ?2");
  return s.bind(1, id.view()).bind(2, kind).run();
}

Result<std::uint64_t> Sessions::prune(UtcTime now) {
  Statement s = db_->prepare("DELETE FROM session WHERE finished = 1 AND not_after < ?1");
  HR_TRY(s.bind(1, now).run());
  return static_cast<std::uint64_t>(db_->changed_rows());
}

Result<std::uint64_t> Replay::last(const PartyId& sender, const SessionId& session) {
  Statement s = db_->prepare("SELECT last FROM replay WHERE sender = ?1 AND session = ?2");
  HR_ASSIGN(const bool found, s.bind(1, sender.str()).bind(2, session.view()).step());
  return found ? s.unsigned_integer(0) : 0;
}

Result<bool> Replay::advance(const PartyId& sender, const SessionId& session,
                             std::uint64_t sequence, UtcTime not_after) {
  HR_ASSIGN(const std::uint64_t seen, last(sender, session));
  if (sequence <= seen) return false;
  if (!std::in_range<std::int64_t>(sequence)) return bad_input("a sequence beyond all bounds");
  Statement s = db_->prepare(
      "INSERT INTO replay (sender, session, last, not_after) VALUES (?1, ?2, ?3, ?4)"
      " ON CONFLICT (sender, session) DO UPDATE SET last = ?3,"
      " not_after = max(not_after, excluded.not_after)");
  HR_TRY(
      s.bind(1, sender.str()).bind(2, session.view()).bind(3, sequence).bind(4, not_after).run());
  return true;
}

Result<std::uint64_t> Replay::prune(UtcTime now) {
  Statement s = db_->prepare("DELETE FROM replay WHERE not_after < ?1");
  HR_TRY(s.bind(1, now).run());
  return static_cast<std::uint64_t>(db_->changed_rows());
}

namespace {

constexpr std::size_t kMaxPending = 10'000;

Result<OutboxItem> read_item(const Statement& s, bool with_bytes) {
  OutboxItem item;
  item.position = s.unsigned_integer(0);
  HR_ASSIGN(item.receiver, read_name<PartyId>(s, 1));
  HR_ASSIGN(item.session, read_id<SessionId>(s, 2));
  item.sequence = s.unsigned_integer(3);
  item.type = s.text(4);
  item.not_after = s.time(5);
  item.enqueued_at = s.time(6);
  if (with_bytes) item.bytes = s.blob(7);
  return item;
}

Result<std::vector<OutboxItem>> read_pending(Statement& s, std::size_t max_items,
                                             std::size_t max_bytes) {
  std::vector<OutboxItem> items;
  std::size_t total = 0;
  while (items.size() < std::min(max_items, kMaxPending)) {
    HR_ASSIGN(const bool more, s.step());
    if (!more) break;
    const std::size_t size = s.blob_view(7).size();
    if (!items.empty() && size > max_bytes - std::min(total, max_bytes)) break;
    total += size;
    HR_ASSIGN(OutboxItem item, read_item(s, true));
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace

Result<std::uint64_t> Outbox::next_sequence(const PartyId& receiver, const SessionId& session) {
  Statement s = db_->prepare(
      "INSERT INTO sequence (receiver, session, last, not_after) VALUES (?1, ?2, 1, NULL)"
      " ON CONFLICT (receiver, session) DO UPDATE SET last = last + 1 RETURNING last");
  HR_ASSIGN(const bool found, s.bind(1, receiver.str()).bind(2, session.view()).step());
  if (!found) return altered("sequence");
  return s.unsigned_integer(0);
}

Result<std::uint64_t> Outbox::add(const OutboxItem& item) {
  HR_TRY(check_size(item.type.size(), kMaxMessageType, "a message's type"));
  HR_TRY(check_size(item.bytes.size(), kMaxMessage, "a message"));
  if (!std::in_range<std::int64_t>(item.sequence) || item.sequence == 0)
    return bad_input("a sequence beyond all bounds");
  {
    Statement twice =
        db_->prepare("SELECT 1 FROM outbox WHERE receiver = ?1 AND session = ?2 AND seq = ?3");
    HR_ASSIGN(const bool found, twice.bind(1, item.receiver.str())
                                    .bind(2, item.session.view())
                                    .bind(3, item.sequence)
                                    .step());
    if (found) return bad_input("two messages of one sequence");
  }
  {
    Statement counter = db_->prepare(
        "INSERT INTO sequence (receiver, session, last, not_after) VALUES (?1, ?2, ?3, ?4)"
        " ON CONFLICT (receiver, session) DO UPDATE SET last = max(last, ?3),"
        " not_after = max(coalesce(not_after, ?4), ?4)");
    HR_TRY(counter.bind(1, item.receiver.str())
               .bind(2, item.session.view())
               .bind(3, item.sequence)
               .bind(4, item.not_after)
               .run());
  }
  Statement s = db_->prepare(
      "INSERT INTO outbox (receiver, session, seq, type, not_after, enqueued_at, bytes)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) RETURNING position");
  HR_ASSIGN(const bool added, s.bind(1, item.receiver.str())
                                  .bind(2, item.session.view())
                                  .bind(3, item.sequence)
                                  .bind(4, item.type)
                                  .bind(5, item.not_after)
                                  .bind(6, item.enqueued_at)
                                  .bind(7, ByteView(item.bytes))
                                  .step());
  if (!added) return altered("outbox");
  return s.unsigned_integer(0);
}

Result<std::uint64_t> Outbox::ack(const PartyId& receiver, const SessionId& session,
                                  std::uint64_t sequence) {
  if (!std::in_range<std::int64_t>(sequence)) return bad_input("a sequence beyond all bounds");
  Statement s =
      db_->prepare("DELETE FROM outbox WHERE receiver = ?1 AND session = ?2 AND seq <= ?3");
  HR_TRY(s.bind(1, receiver.str()).bind(2, session.view()).bind(3, sequence).run());
  return static_cast<std::uint64_t>(db_->changed_rows());
}

Result<bool> Outbox::waits(const PartyId& receiver, const SessionId& session,
                           std::uint64_t sequence) {
  if (!std::in_range<std::int64_t>(sequence)) return bad_input("a sequence beyond all bounds");
  Statement s = db_->prepare(
      "SELECT 1 FROM outbox WHERE receiver = ?1 AND session = ?2 AND seq <= ?3 LIMIT 1");
  return s.bind(1, receiver.str()).bind(2, session.view()).bind(3, sequence).step();
}

Result<std::vector<OutboxItem>> Outbox::pending(std::uint64_t after_position, std::size_t max_items,
                                                std::size_t max_bytes) {
  Statement s = db_->prepare(
      "SELECT position, receiver, session, seq, type, not_after, enqueued_at, bytes"
      " FROM outbox WHERE position > ?1 ORDER BY position");
  s.bind(1, after_position);
  return read_pending(s, max_items, max_bytes);
}

Result<std::vector<OutboxItem>> Outbox::pending_for(const PartyId& receiver,
                                                    std::uint64_t after_position,
                                                    std::size_t max_items, std::size_t max_bytes) {
  Statement s = db_->prepare(
      "SELECT position, receiver, session, seq, type, not_after, enqueued_at, bytes"
      " FROM outbox WHERE receiver = ?2 AND position > ?1 ORDER BY position");
  s.bind(1, after_position).bind(2, receiver.str());
  return read_pending(s, max_items, max_bytes);
}

Result<std::vector<OutboxItem>> Outbox::prune(UtcTime now) {
  std::vector<OutboxItem> dropped;
  {
    Statement s = db_->prepare(
        "SELECT position, receiver, session, seq, type, not_after, enqueued_at"
        " FROM outbox WHERE not_after < ?1 ORDER BY position LIMIT 10000");
    s.bind(1, now);
    while (true) {
      HR_ASSIGN(const bool more, s.step());
      if (!more) break;
      HR_ASSIGN(OutboxItem item, read_item(s, false));
      dropped.push_back(std::move(item));
    }
  }
  for (const OutboxItem& item : dropped) {
    Statement s = db_->prepare("DELETE FROM outbox WHERE position = ?1");
    HR_TRY(s.bind(1, item.position).run());
  }
  Statement counters = db_->prepare("DELETE FROM sequence WHERE not_after < ?1");
  HR_TRY(counters.bind(1, now - kCounterGrace).run());
  return dropped;
}

Result<std::uint64_t> Outbox::count() {
  Statement s = db_->prepare("SELECT count(*) FROM outbox");
  return single_count(s);
}

Result<std::uint64_t> Outbox::count_for(const PartyId& receiver) {
  Statement s = db_->prepare("SELECT count(*) FROM outbox WHERE receiver = ?1");
  s.bind(1, receiver.str());
  return single_count(s);
}

}  // namespace hedgerow::store
