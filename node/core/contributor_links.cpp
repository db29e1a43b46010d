// A contributor's desk, as far as links are concerned: what it has against a manifest, and what it
// brings.
#include "node/core/contributor_desk.h"
#include "node/core/link_plan.h"
#include "node/core/link_tally.h"

namespace hedgerow::core {

using protocol::sum::RefusalReason;

namespace {

protocol::link::RefusalReason link_reason(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::denied:
      return protocol::link::RefusalReason::denied;
    case RefusalReason::editions:
      return protocol::link::RefusalReason::editions;
    case RefusalReason::opened:
      return protocol::link::RefusalReason::sent;
    case RefusalReason::not_ready:
    case RefusalReason::void_attempt:
      return protocol::link::RefusalReason::not_ready;
  }
  return protocol::link::RefusalReason::denied;
}

}  // namespace

Result<Work> ContributorDesk::on_link_begin(const Delivery& d, UtcTime now) {
  if (links_.has(d.session)) return Work{};
  HR_ASSIGN(const auto plan, plan_in(d.body));
  HR_ASSIGN(const auto objection_found,
            common_objection({plan.grant, plan.table, plan.period, plan.contributors,
                              plan.thresholds, plan.editions_head},
                             d.session, now));
  HR_ASSIGN(const auto released,
            lineage_.store.editions().find(plan.grant, plan.table, plan.period));
  if (released)
    return links_.refuse(d, protocol::link::RefusalReason::editions,
                         denied("this period of the table is released"), now);
  if (objection_found)
    return links_.refuse(d, link_reason(objection_found->reason), denied(objection_found->text),
                         now);
  if (const auto fits = check_link_plan(lineage_, plan, codes_, now); !fits.ok()) {
    if (fits.error().code == Code::internal) return fits.error();
    return links_.refuse(d,
                         fits.error().code == Code::try_again
                             ? protocol::link::RefusalReason::not_ready
                             : protocol::link::RefusalReason::denied,
                         fits.error(), now);
  }
  return take_part_in_link(d, plan, now);
}

Result<Work> ContributorDesk::take_part_in_link(const Delivery& d, const protocol::link::Plan& plan,
                                                UtcTime now) {
  const policies::Grant& agreed = *lineage_.agreement.grant(plan.grant);
  const policies::Grant grant = with_thresholds(agreed, plan.thresholds);
  HR_ASSIGN(const auto period, policies::Period::parse(plan.period));
  const policies::Table& table = *grant.table(plan.table);
  HR_ASSIGN(const auto cells, counted_cells(lineage_.agreement, table, codes_));
  HR_TRY(freeze(plan.grant, plan.period, now));
  HR_ASSIGN(auto counted,
            link_tally(lineage_.store, grant, agreed.disclosure, table, period, cells, codes_));
  return links_.begin(d, std::move(counted.entries), now);
}

Result<bool> ContributorDesk::link_is_confirmed(const protocol::sum::Manifest& m) {
#ifdef HEDGEROW_PLANT_link_not_confirmed
  if (HEDGEROW_PLANT_link_not_confirmed) return true;
#endif
  HR_ASSIGN(const auto sent, link_sent(lineage_.store, m.release));
  return sent && sent->confirmed &&
         sent->roster == protocol::link::link_roster_hash(m.contributors);
}

}  // namespace hedgerow::core
