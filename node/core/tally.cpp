#include "node/core/tally.h"

#include <algorithm>

#include "crypto/base/wiping.h"
#include "policies/disclosure.h"

namespace hedgerow::core {

namespace {

struct ChildInCell {
  std::uint32_t cell = 0;
  ByteArray<32> child{};
  friend auto operator<=>(const ChildInCell&, const ChildInCell&) = default;
};

// The filters, with each dimension's admitted codes as bits, so that a row is judged without
// looking up words.
class RowFilter {
 public:
  RowFilter(const policies::Table& table, const policies::CodeList& codes) {
    const auto events = codes.codes(policies::Vocabulary::event);
    for (std::size_t i = 0; i < events.size(); ++i)
      admitted_.push_back(table.admits("event", events[i]));
  }
  bool admits(const store::MovementRow& row) const {
    return row.event < admitted_.size() && admitted_[row.event];
  }

 private:
  std::vector<bool> admitted_;
};

// The restriction is checked where the agreement is read; this is the second lock.
Result<void> only_filters_on_event(const policies::Table& table) {
  for (const auto& [dimension, codes] : table.where)
    if (dimension != "event")
      return bad_input("the table filters on " + dimension + ", which is not counted by");
  return {};
}

}  // namespace

Result<protocol::sum::SumInput> tally(store::LineageStore& store, const policies::Grant& grant,
                                      const policies::Table& table, const policies::Period& period,
                                      const policies::CellSpace& space,
                                      const policies::CodeList& codes) {
  HR_TRY(only_filters_on_event(table));
  const RowFilter filter(table, codes);
  protocol::sum::SumInput input;
  input.v.resize(space.size());
  input.c.resize(space.size());
  input.k.resize(space.size());
  input.z.resize(space.size());
  WipingVector<ChildInCell> children;

  HR_TRY(store.records().frozen_rows(
      grant.id, period.label(), period.first_day().number, period.last_day().number,
      [&](const store::MovementRow& row, const ByteArray<32>& child) -> Result<void> {
        if (!filter.admits(row)) return {};
        const std::size_t cell = space.index_of_flow(codes, row.origin, row.destination);
        ++input.v[cell];
        children.push_back({static_cast<std::uint32_t>(cell), child});
        return {};
      }));

  std::sort(children.begin(), children.end());
  children.erase(std::unique(children.begin(), children.end()), children.end());
  for (const ChildInCell& c : children) ++input.c[c.cell];
  for (std::size_t i = 0; i < space.size(); ++i) {
    const auto marks = policies::floor_marks(input.c[i], grant.disclosure);
    input.k[i] = marks.k;
    input.z[i] = marks.z;
    if (table.measure == policies::Measure::children) input.v[i] = input.c[i];
  }
  return input;
}

}  // namespace hedgerow::core
