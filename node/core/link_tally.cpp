#include "node/core/link_tally.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "crypto/domains.h"
#include "crypto/hash.h"
#include "node/core/row_cells.h"
#include "policies/disclosure.h"

namespace hedgerow::core {

namespace {

// One entry that may be brought, with its place in the order by which bounds cut off.
struct Candidate {
  ByteArray<32> child{};
  std::uint32_t cell = 0;
  std::int32_t day = 0;
  ByteArray<32> order{};  // keyed hash of the above

  auto what() const { return std::tie(child, cell, day); }
  auto cut() const { return std::tie(child, order); }
};

// Pseudonyms are not left behind in freed memory.
template <class T>
using WipingSet = std::set<T, std::less<T>, WipingAllocator<T>>;

// child, u32 cell, u32 day.
WipingBytes name_of(const Candidate& c) {
  WipingBytes name(c.child.begin(), c.child.end());
  for (const std::uint32_t v : {c.cell, static_cast<std::uint32_t>(c.day)})
    for (unsigned shift = 0; shift < 32; shift += 8)
      name.push_back(static_cast<std::uint8_t>((v >> shift) & 0xffU));
  return name;
}

// At most `most` of each child, the first in order.
void keep_of_each_child(WipingVector<Candidate>& all, std::size_t most) {
  std::sort(all.begin(), all.end(),
            [](const Candidate& a, const Candidate& b) { return a.cut() < b.cut(); });
  WipingVector<Candidate> kept;
  std::size_t of_child = 0;
  for (const Candidate& c : all) {
    of_child = !kept.empty() && kept.back().child == c.child ? of_child + 1 : 1;
    if (of_child <= most) kept.push_back(c);
  }
  all = std::move(kept);
}

}  // namespace

Result<LinkTally> link_tally(store::LineageStore& store, const policies::Grant& grant,
                             const policies::DisclosureRule& agreed, const policies::Table& table,
                             const policies::Period& period, const policies::CellSpace& link_cells,
                             const policies::CodeList& codes) {
  HR_CHECK(table.link.has_value());
  const policies::LinkBounds& bounds = *table.link;
  const bool episodes = table.question == policies::QuestionKind::repeat_missing;
  const std::int32_t first =
      episodes ? policies::window_begins(bounds, period).number : period.first_day().number;
  HR_ASSIGN(const RowFilter filter, RowFilter::make(table, codes));
  RowCells cells(link_cells, codes);

  WipingVector<Candidate> all;
  WipingSet<ByteArray<32>> children;
  HR_TRY(store.records().frozen_rows(
      grant.id, period.label(), first, period.last_day().number,
      [&](const store::MovementRow& row, const ByteArray<32>& child) -> Result<void> {
        if (!filter.admits(row)) return {};
        children.insert(child);
        if (child == row.child_key || child == row.source_key) return {};  // without NHS number
        HR_ASSIGN(const std::size_t cell, cells.cell_of(row));
        all.push_back(
            {child, static_cast<std::uint32_t>(cell), episodes ? row.started_day : 0, {}});
        return {};
      }));
  const auto same = [](const Candidate& a, const Candidate& b) { return a.what() == b.what(); };
  std::sort(all.begin(), all.end(),
            [](const Candidate& a, const Candidate& b) { return a.what() < b.what(); });
  all.erase(std::unique(all.begin(), all.end(), same), all.end());
  for (Candidate& c : all)
    c.order = keyed_hash(store.reference_key(), kDomainLinkBound, name_of(c));

  keep_of_each_child(all, episodes ? bounds.episodes_per_child : bounds.cells_per_child);
  if (all.size() > bounds.entries) {
    std::sort(all.begin(), all.end(),
              [](const Candidate& a, const Candidate& b) { return a.order < b.order; });
    all.resize(bounds.entries);
  }

  LinkTally out;
  WipingSet<std::pair<std::uint32_t, ByteArray<32>>> counted;
  WipingSet<ByteArray<32>> brought;
  for (const Candidate& c : all) {
    HR_ASSIGN(const Pseudonym child, Pseudonym::from_store(c.child));
    out.entries.push_back({c.cell, child, c.day});
    counted.emplace(c.cell, c.child);
    brought.insert(c.child);
  }
  auto& in = out.input;
  for (auto* vector : {&in.v, &in.c, &in.k, &in.z}) vector->resize(link_cells.size());
  for (const auto& [cell, child] : counted) ++in.c[cell];
  const std::uint32_t floor = policies::local_floor(grant.disclosure, agreed);
  for (std::size_t i = 0; i < link_cells.size(); ++i) {
    const auto marks = policies::link_floor_marks(in.c[i], floor);
    in.k[i] = marks.k;
    in.z[i] = marks.z;
    in.v[i] = in.c[i];
  }
  out.match =
      policies::match_band(brought.size(), children.size(), children.size(), grant.disclosure);
  return out;
}

}  // namespace hedgerow::core
