// Records to vectors: a contributor's four vectors over a table's cells (cryptography.md C), from
// the rows as they were frozen for the period.
#pragma once

#include "node/core/lineage.h"
#include "policies/cells.h"
#include "policies/match_rate.h"
#include "protocol/sum/contributor.h"

namespace hedgerow::core {

struct Tally {
  protocol::sum::SumInput input;
  policies::MatchBand match = policies::MatchBand::not_stated;
};

// The period must be frozen for the grant. Rows that the table's filters do not admit count
// nowhere.
Result<Tally> tally(store::LineageStore& store, const policies::Grant& grant,
                    const policies::Table& table, const policies::Period& period,
                    const policies::CellSpace& space, const policies::CodeList& codes);

}  // namespace hedgerow::core
