#include "node/core/link_rows.h"

#include <memory>

namespace hedgerow::core {

namespace {

constexpr std::string_view kSentKind = "link-sent";
constexpr std::string_view kAttemptKind = "link-attempt";
constexpr std::chrono::hours kKeptFor{24 * 366 * 7};

SessionId row_of(const protocol::ReleaseId& release) { return {release.bytes}; }

Work::Write put(const SessionId& id, std::string_view kind, ByteView state, UtcTime not_after) {
  auto row = std::make_shared<store::Session>();
  row->id = id;
  row->kind = kind;
  row->state = {state.begin(), state.end()};
  row->not_after = not_after;
  return [row](store::LineageStore& s) { return s.sessions().put(*row); };
}

}  // namespace

Work::Write keep_link_note(const SessionId& session, std::string_view kind, ByteView what,
                           UtcTime expiry) {
  return put(session, kind, what, expiry);
}

Result<std::optional<LinkSent>> link_sent(store::LineageStore& store,
                                          const protocol::ReleaseId& release) {
  HR_ASSIGN(const auto row, store.sessions().get(row_of(release), std::string(kSentKind)));
  if (!row) return std::optional<LinkSent>();
  Reader r(row->state);
  LinkSent sent;
  sent.roster = Hash64{r.array<64>()};
  sent.confirmed = r.u8() == 1;
  if (!r.finish("note").ok()) return configuration("the stored note of a link is damaged");
  return std::optional(sent);
}

Work::Write keep_link_sent(const protocol::ReleaseId& release, const LinkSent& sent, UtcTime now) {
  Writer w;
  w.raw(sent.roster.view()).u8(sent.confirmed ? 1 : 0);
  return put(row_of(release), kSentKind, w.data(), now + kKeptFor);
}

Result<std::uint32_t> last_link_attempt(store::LineageStore& store,
                                        const protocol::ReleaseId& release) {
  HR_ASSIGN(const auto row, store.sessions().get(row_of(release), std::string(kAttemptKind)));
  if (!row) return std::uint32_t{0};
  Reader r(row->state);
  const std::uint32_t n = r.u32();
  if (!r.finish("note").ok()) return configuration("the stored note of a link is damaged");
  return n;
}

Work::Write keep_last_link_attempt(const protocol::ReleaseId& release, std::uint32_t attempt,
                                   UtcTime now) {
  Writer w;
  w.u32(attempt);
  return put(row_of(release), kAttemptKind, w.data(), now + kKeptFor);
}

}  // namespace hedgerow::core
