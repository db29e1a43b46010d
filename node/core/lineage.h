// One lineage as a node holds it open: the agreement in force, its parties, its store.
#pragma once

#include <array>
#include <optional>

#include "node/core/peers.h"
#include "node/store/lineage_store.h"
#include "policies/agreement.h"
#include "policies/restrictions.h"

namespace hedgerow::core {

struct LineageContext {
  PartyId self;
  policies::Agreement agreement;
  Peers peers;
  store::LineageStore store;
  const policies::Restrictions* restrictions = nullptr;  // this node's own; null: none
  // The two who open a trace's case reference together; without them nobody traces here.
  std::optional<std::array<SealPublicKey, 2>> trace_officers = {};

  const Lineage& id() const { return agreement.id; }
  bool is_hub() const { return agreement.hub == self; }
  const policies::Party& own() const { return *agreement.party(self); }
};

// What the store holds of its agreement and parties; nothing where its installation was cut short
// (it is to be installed again). Errors: those of the store and of every decoder.
Result<std::optional<LineageContext>> read_context(const PartyId& self, store::LineageStore store,
                                                   const policies::CodeList& codes);

}  // namespace hedgerow::core
