// What a linked table of the agreement comes to as a plan: the hub makes it, and everybody else
// compares what the hub sends with what they make of the same agreement.
#pragma once

#include "node/core/lineage.h"
#include "policies/cells.h"
#include "protocol/link/messages.h"

namespace hedgerow::core {

// The cells that a release's contributors count over: of a linked table its link cells.
Result<policies::CellSpace> counted_cells(const policies::Agreement& agreement,
                                          const policies::Table& table,
                                          const policies::CodeList& codes);

// All that follows from agreement, table and period. Left open: attempt, roster, thresholds, head
// of the editions, expiry.
Result<protocol::link::Plan> link_plan(const LineageContext& lineage, const policies::Grant& grant,
                                       const policies::Table& table, const policies::Period& period,
                                       const policies::CodeList& codes);

// How long an attempt at it may take: a minute and a half, and a second for each hundred entries.
std::chrono::seconds link_lifetime(const protocol::link::Plan& plan);

// Whether `plan`, apart from what link_plan() leaves open, is what the agreement says of the table
// and period that it names. Error denied, with what differs.
Result<void> check_link_plan(const LineageContext& lineage, const protocol::link::Plan& plan,
                             const policies::CodeList& codes, UtcTime now);

}  // namespace hedgerow::core
