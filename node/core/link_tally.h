// Records to entries: what a contributor brings to a link, and the four vectors of its companion
// sum (docs/design/link.md, What is counted), from the rows as they were frozen for the period.
#pragma once

#include "node/core/lineage.h"
#include "policies/cells.h"
#include "policies/match_rate.h"
#include "protocol/link/contributor.h"
#include "protocol/sum/contributor.h"

namespace hedgerow::core {

struct LinkTally {
  protocol::link::LinkInput entries;
  protocol::sum::SumInput input;  // over the link cells, of the same entries
  // Of all children that the table's rows are of, the share that is among the entries.
  policies::MatchBand match = policies::MatchBand::not_stated;
};

// The period must be frozen for the grant; `grant` has the thresholds in force, `agreed` is the
// agreement's own rule. Which entries stay within the bounds is fixed for the period and known to
// nobody else: the first in the order of a hash under this node's reference key.
Result<LinkTally> link_tally(store::LineageStore& store, const policies::Grant& grant,
                             const policies::DisclosureRule& agreed, const policies::Table& table,
                             const policies::Period& period, const policies::CellSpace& link_cells,
                             const policies::CodeList& codes);

}  // namespace hedgerow::core
