// The few things about links that are on disk (docs/adr/0021): that an attempt is under way, and
// what this node has sent for a release.
#pragma once

#include <optional>
#include <string_view>

#include "node/core/work.h"
#include "protocol/release.h"

namespace hedgerow::core {

// Under (session, kind), until the attempt ends: what a refusal after a restart needs.
Work::Write keep_link_note(const SessionId& session, std::string_view kind, ByteView what,
                           UtcTime expiry);

// What this node has sent entries for, under the release, for seven years.
struct LinkSent {
  Hash64 roster;
  bool confirmed = false;  // with the last attempt: the companion sum may follow
};
Result<std::optional<LinkSent>> link_sent(store::LineageStore& store,
                                          const protocol::ReleaseId& release);
Work::Write keep_link_sent(const protocol::ReleaseId& release, const LinkSent& sent, UtcTime now);

// The last attempt at a release that this node has joined; 0: none.
Result<std::uint32_t> last_link_attempt(store::LineageStore& store,
                                        const protocol::ReleaseId& release);
Work::Write keep_last_link_attempt(const protocol::ReleaseId& release, std::uint32_t attempt,
                                   UtcTime now);

}  // namespace hedgerow::core
