// The hash chain of released editions as a store holds it (cryptography.md E): its head, its links,
// and at the hub which of them not every contributor has given its receipt for.
#pragma once

#include "node/core/work.h"
#include "policies/calendar.h"
#include "protocol/answering.h"
#include "protocol/sum/messages.h"

namespace hedgerow::core {

// Zeros where nothing was released yet.
Result<Sha256> editions_head(store::LineageStore& store);

// The link that an edition of this manifest's release would be.
Result<protocol::EditionLink> next_link(store::LineageStore& store,
                                        const protocol::sum::Manifest& manifest,
                                        const Sha256& edition);

// All unpublished links, in order; at most protocol::kMaxAnswerEditions of the latest.
Result<std::vector<protocol::EditionLink>> unpublished_links(store::LineageStore& store);
// Those of a table's periods, each of which has an edition.
Result<std::vector<protocol::EditionLink>> unpublished_links(
    store::LineageStore& store, const std::string& grant, const std::string& table,
    const std::vector<policies::Period>& periods);

}  // namespace hedgerow::core
