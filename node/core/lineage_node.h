// One lineage at work on this node: its context, its exchange, and a desk for each part it may
// have to play.
#pragma once

#include <memory>
#include <utility>

#include "node/core/contributor_desk.h"
#include "node/core/directory_desk.h"
#include "node/core/fetch_desk.h"
#include "node/core/home_desk.h"
#include "node/core/hub_desk.h"
#include "node/core/identity_desk.h"
#include "node/core/import_desk.h"
#include "node/core/key_desk.h"
#include "node/core/keyholder_desk.h"
#include "node/core/mixer_desk.h"
#include "node/core/responder_desk.h"
#include "node/core/trace_desk.h"

namespace hedgerow::core {

class LineageNode {
 public:
  LineageNode(LineageContext context, const Environment& environment,
              const policies::CodeList& codes);

  // Takes up what is stored.
  Result<void> restore(UtcTime now);

  // An envelope of this lineage for this node, from the gateway. Errors: refused, with culprit;
  // fatal where is_fatal().
  Result<void> on_envelope(const protocol::Envelope& envelope, UtcTime now);
  Result<void> on_time(UtcTime now);
  void on_peer_up(const ByteArray<32>& curve_key, UtcTime now);
  void on_credit(const ByteArray<32>& curve_key, UtcTime now);
  std::optional<UtcTime> next_wake() const;

  // A list of revoked certificates from an operator's file, with all that follows from it.
  // Errors as IdentityDesk::check_list.
  Result<Work> publish(const Peer& owner, const RevocationList& list, UtcTime now);
  // Whether such a list came since the last call: the gateway's allow-list may have changed.
  bool take_revoked() { return std::exchange(revoked_, false); }

  // Carries out work that did not come from a message: commands.
  Result<Committed> commit(Work work, UtcTime now);

  LineageContext& context() { return context_; }
  const LineageContext& context() const { return context_; }
  KeyDesk& keys() { return keys_; }
  ImportDesk& imports() { return imports_; }
  HomeDesk& home() { return home_; }
  IdentityDesk& identities() { return identities_; }
  FetchDesk& fetches() { return fetches_; }
  TraceDesk& traces() { return traces_; }

 private:
  Work drop_revoked(Work work, UtcTime now);
  Result<Work> dispatch(const Delivery& delivery, UtcTime now);
  Result<Work> on_link_void(const Delivery& delivery, UtcTime now);
  Result<void> deliver(const Delivery& delivery, UtcTime now);
  Result<void> deliver_local(UtcTime now);

  LineageContext context_;
  Exchange exchange_;
  IdentityDesk identities_;
  KeyDesk keys_;
  KeyholderDesk keyholder_;
  MixerDesk mixer_;
  ImportDesk imports_;
  ContributorDesk contributor_;
  HubDesk hub_;
  HomeDesk home_;
  DirectoryDesk directories_;
  FetchDesk fetches_;
  TraceDesk traces_;
  ResponderDesk responder_;
  bool revoked_ = false;
};

// Whether the node must stop: the disk, the store or the program itself failed, not a peer.
bool is_fatal(const Error& error);

}  // namespace hedgerow::core
