#include "node/core/link_plan.h"

#include <algorithm>

#include "node/core/exchange.h"
#include "policies/calendar.h"

namespace hedgerow::core {

// Bounds that stand in the agreement's lint and again on the wire.
static_assert(policies::kMinLinkEntries == protocol::link::kMinEntries);
static_assert(policies::kMaxLinkEntries == protocol::link::kMaxEntries);
static_assert(policies::kMaxLinkEntriesTogether == protocol::link::kMaxAllEntries);
static_assert(policies::kMaxCellsPerGrant <= protocol::link::kMaxCells);
static_assert(policies::kMaxParties <= protocol::link::kMaxContributors);

namespace {

protocol::link::Kind kind_of(const policies::Table& table) {
  if (table.question == policies::QuestionKind::repeat_missing)
    return protocol::link::Kind::episodes;
  return table.by_agency() ? protocol::link::Kind::children_by_agency
                           : protocol::link::Kind::children;
}

}  // namespace

Result<policies::CellSpace> counted_cells(const policies::Agreement& agreement,
                                          const policies::Table& table,
                                          const policies::CodeList& codes) {
  return policies::is_linked(table.question)
             ? policies::CellSpace::make_link_cells(agreement, table, codes)
             : policies::CellSpace::make(agreement, table, codes);
}

Result<protocol::link::Plan> link_plan(const LineageContext& lineage, const policies::Grant& grant,
                                       const policies::Table& table, const policies::Period& period,
                                       const policies::CodeList& codes) {
  HR_CHECK(table.link.has_value());
  HR_ASSIGN(const auto cells,
            policies::CellSpace::make_link_cells(lineage.agreement, table, codes));
  protocol::link::Plan p;
  p.lineage = lineage.id();
  p.agreement = lineage.agreement.hash;
  p.grant = grant.id;
  p.table = table.name;
  p.period = period.label();
  p.id.release = protocol::release_id(p.lineage, p.grant, p.table, p.period);
  p.kind = kind_of(table);
  p.cell_space = cells.hash();
  p.cells = static_cast<std::uint32_t>(cells.size());
  for (const policies::Party& party : lineage.agreement.parties)
    if (party.roles.mixer) p.mixers.push_back(party.id);
  p.entries = table.link->entries;
  p.cells_per_child = table.link->cells_per_child;
  // A table without episodes is as one with a single one.
  p.episodes_per_child = std::max(1U, table.link->episodes_per_child);
  return p;
}

std::chrono::seconds link_lifetime(const protocol::link::Plan& plan) {
  return std::chrono::seconds(90 + plan.all_entries() / 100);
}

Result<void> check_link_plan(const LineageContext& lineage, const protocol::link::Plan& plan,
                             const policies::CodeList& codes, UtcTime now) {
  const policies::Grant* grant = lineage.agreement.grant(plan.grant);
  const policies::Table* table = grant == nullptr ? nullptr : grant->table(plan.table);
  const auto period = policies::Period::parse(plan.period);
  if (table == nullptr || !table->link || !period.ok() || period->label() != plan.period ||
      period->kind != grant->period)
    return denied("the plan is not for a linked table of the agreement");
  if (!lineage.agreement.in_force(now)) return denied("the agreement is not in force");
  if (!policies::is_settled(*period, grant->settle_days, now))
    return try_again("the period is not settled");
  HR_ASSIGN(auto expected, link_plan(lineage, *grant, *table, *period, codes));
  expected.id.attempt = plan.id.attempt;
  expected.contributors = plan.contributors;
  expected.thresholds = plan.thresholds;
  expected.editions_head = plan.editions_head;
  expected.expiry = plan.expiry;
  if (expected != plan) return denied("the plan differs from the agreement");
  const auto all = lineage.agreement.contributors();
  if (!std::includes(all.begin(), all.end(), plan.contributors.begin(), plan.contributors.end()))
    return denied("the plan has contributors that the agreement does not have");
  if (plan.expiry > now + link_lifetime(plan) + kMostSkew)
    return denied("the plan is to last too long");
  return {};
}

}  // namespace hedgerow::core
