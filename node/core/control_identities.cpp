// The control socket's commands about certificates: a node's own renewed one, those of other
// parties by hand, and lists of revoked ones (docs/design/identities.md).
#include <nlohmann/json.hpp>

#include "node/core/control_desk.h"
#include "node/core/install.h"
#include "policies/calendar.h"

namespace hedgerow::core {

using nlohmann::json;

json ControlDesk::certificates_of(const LineageNode& node, UtcTime now) const {
  json list = json::array();
  for (const auto& [id, peer] : node.context().peers.all())
    list.push_back({{"party", id.str()},
                    {"until", policies::utc_text(peer.node.not_after())},
                    {"expires_soon", peer.expires_soon(now)},
                    {"expired", now >= peer.node.not_after()},
                    {"revoked", peer.has_revoked(peer.node)}});
  return list;
}

Result<void> ControlDesk::carry(ConnectionId connection, RenewCommand command, UtcTime now) {
  const Certificate& renewed = command.renewed;
  HR_TRY(core_.renew(renewed, now));
  json lineages = json::array();
  for (const auto& [id, node] : core_.lineages()) lineages.push_back(id.str());
  reply_to(connection)
      .result({{"schema", "hedgerow/keys-renew/1"},
               {"until", policies::utc_text(renewed.not_after())},
               {"fingerprint", to_sha256_name(renewed.fingerprint().view())},
               {"agreements", lineages}});
  return {};
}

Result<void> ControlDesk::carry(ConnectionId connection, RevokeCommand command, UtcTime now) {
  const RevocationList& list = command.list;
  HR_ASSIGN(const auto owners, core_.publish(list, now));
  reply_to(connection)
      .result({{"schema", "hedgerow/keys-revoke/1"},
               {"party", owners.front().str()},
               {"number", list.number()},
               {"revoked", list.entries().size()}});
  return {};
}

// The parties' certificates as for `agreement install`: every one is checked before any is taken.
Result<void> ControlDesk::carry(ConnectionId connection, PeersCommand command, UtcTime now) {
  HR_ASSIGN(LineageNode * node, lineage_of(command.agreement));
  HR_ASSIGN(Work work, node->identities().take_by_hand(command.bundle, now));
  json taken = json::array();
  for (const auto& note : work.log) taken.push_back(note.fields.front().second);
  work.then.push_back([reply = reply_to(connection), taken](const Committed&) {
    reply.result({{"schema", "hedgerow/keys-peers/1"}, {"renewed", taken}});
  });
  carry_out(connection, *node, std::move(work), now);
  return {};
}

}  // namespace hedgerow::core
