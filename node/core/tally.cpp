#include "node/core/tally.h"

#include <algorithm>

#include "crypto/base/wiping.h"
#include "node/core/row_cells.h"
#include "policies/disclosure.h"

namespace hedgerow::core {

namespace {

// Ordered by child, so that one pass counts children by cell and in all.
struct ChildInCell {
  ByteArray<32> child{};
  std::uint32_t cell = 0;
  bool matched = false;  // the child's NHS number is known: `child` is its pseudonym
  friend auto operator<=>(const ChildInCell&, const ChildInCell&) = default;
};

}  // namespace

Result<Tally> tally(store::LineageStore& store, const policies::Grant& grant,
                    const policies::Table& table, const policies::Period& period,
                    const policies::CellSpace& space, const policies::CodeList& codes) {
  HR_ASSIGN(const RowFilter filter, RowFilter::make(table, codes));
  RowCells cells(space, codes);
  protocol::sum::SumInput input;
  input.v.resize(space.size());
  input.c.resize(space.size());
  input.k.resize(space.size());
  input.z.resize(space.size());
  WipingVector<ChildInCell> children;
  std::uint64_t reports = 0;
  std::uint64_t matched_reports = 0;

  HR_TRY(store.records().frozen_rows(
      grant.id, period.label(), period.first_day().number, period.last_day().number,
      [&](const store::MovementRow& row, const ByteArray<32>& child) -> Result<void> {
        if (!filter.admits(row)) return {};
        HR_ASSIGN(const std::size_t cell, cells.cell_of(row));
        const bool matched = child != row.child_key && child != row.source_key;
        ++input.v[cell];
        ++reports;
        if (matched) ++matched_reports;
        children.push_back({child, static_cast<std::uint32_t>(cell), matched});
        return {};
      }));

  std::sort(children.begin(), children.end());
  std::uint64_t distinct = 0;
  std::uint64_t matched_children = 0;
  for (std::size_t i = 0; i < children.size(); ++i) {
    const ChildInCell& c = children[i];
    const bool same_child = i > 0 && children[i - 1].child == c.child;
    if (!same_child) {
      ++distinct;
      if (c.matched) ++matched_children;
    }
    if (!same_child || children[i - 1].cell != c.cell) ++input.c[c.cell];
  }
  for (std::size_t i = 0; i < space.size(); ++i) {
    const auto marks = policies::floor_marks(input.c[i], grant.disclosure);
    input.k[i] = marks.k;
    input.z[i] = marks.z;
    if (table.measure == policies::Measure::children) input.v[i] = input.c[i];
  }
  const bool by_child = table.measure == policies::Measure::children;
  const auto match =
      policies::match_band(by_child ? matched_children : matched_reports,
                           by_child ? distinct : reports, distinct, grant.disclosure);
  return Tally{std::move(input), match};
}

}  // namespace hedgerow::core
