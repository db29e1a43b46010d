// What may leave of a linked table: totals made from what agencies hold, released, and held against
// the rules read from docs/design/disclosure.md over the holdings themselves.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "policies/disclosure.h"
#include "policies/restrictions.h"
#include "tests/policies/sample_agreement.h"

namespace hedgerow::policies {
namespace {

struct Linked {
  explicit Linked(std::string_view text)
      : agreement(sample_agreement(linked_text(text))),
        table(agreement.grants[0].tables[0]),
        cells(CellSpace::make(agreement, table, CodeList::shipped()).value()),
        all(agreement.contributors()) {}
  Agreement agreement;
  Table table;
  CellSpace cells;
  std::vector<PartyId> all;  // vale-council, vale-health, vale-police, vale-voice
};

const Linked& places() {
  static const Linked linked(kPlacesTable);
  return linked;
}
const Linked& overlap() {
  static const Linked linked(kOverlapTable);
  return linked;
}
const Linked& pairs() {
  static const Linked linked(kPairsTable);
  return linked;
}
const Linked& repeat() {
  static const Linked linked(kRepeatTable);
  return linked;
}

// In one link cell: which children each agency of the roster knows, each with its episodes' days.
using Child = int;
using Known = std::vector<std::map<Child, std::set<int>>>;

Known knows(const std::vector<std::set<Child>>& children) {
  Known known;
  for (const auto& of_agency : children) {
    auto& mine = known.emplace_back();
    for (const Child child : of_agency) mine[child] = {1};
  }
  return known;
}

std::set<Child> range(Child from, Child to) {
  std::set<Child> children;
  for (Child c = from; c < to; ++c) children.insert(c);
  return children;
}

LinkTotals empty_totals(const Linked& l, std::size_t agencies) {
  LinkTotals t;
  t.contributors = static_cast<std::uint32_t>(agencies);
  const bool episodes = l.table.question == QuestionKind::repeat_missing;
  t.degrees = t.contributors * (episodes ? l.table.link->episodes_per_child : 1);
  const std::size_t cells = l.table.question == QuestionKind::places ? l.cells.size() : 1;
  t.tokens.resize(cells * t.degrees);
  t.c.resize(cells);
  t.k.resize(cells);
  t.z.resize(cells);
  if (l.table.by_agency()) t.pairs.resize(pair_count(agencies));
  return t;
}

void add(LinkTotals& t, const Linked& l, std::size_t cell, const Known& known,
         std::uint32_t floor) {
  std::map<Child, std::size_t> agencies;
  std::map<Child, std::set<int>> days;
  for (const auto& mine : known) {
    const FloorMarks marks = link_floor_marks(mine.size(), floor);
    t.c[cell] += mine.size();
    t.k[cell] += marks.k;
    t.z[cell] += marks.z;
    for (const auto& [child, own_days] : mine) {
      ++agencies[child];
      days[child].insert(own_days.begin(), own_days.end());
    }
  }
  const bool episodes = l.table.question == QuestionKind::repeat_missing;
  for (const auto& [child, n] : agencies)
    ++t.tokens[cell * t.degrees + (episodes ? days[child].size() : n) - 1];
  if (!l.table.by_agency()) return;
  for (std::size_t i = 0; i < known.size(); ++i)
    for (std::size_t j = i + 1; j < known.size(); ++j)
      for (const auto& [child, d] : known[i])
        t.pairs[pair_index(known.size(), i, j)] += known[j].contains(child) ? 1u : 0u;
}

Result<Edition> release(const Linked& l, const DisclosureRule& rule, LinkTotals totals,
                        const std::vector<PartyId>& roster, const DisclosureRule& agreed) {
  return release_links(rule, agreed, l.agreement, l.table, l.cells, roster,
                       Unreleased<LinkTotals>(std::move(totals)));
}

std::vector<ReleasedCell> release_known(const Linked& l, const DisclosureRule& rule,
                                        const Known& known, const DisclosureRule& agreed) {
  LinkTotals t = empty_totals(l, known.size());
  add(t, l, 0, known, local_floor(rule, agreed));
  const std::vector<PartyId> roster(l.all.begin(),
                                    l.all.begin() + static_cast<std::ptrdiff_t>(known.size()));
  const auto edition = release(l, rule, std::move(t), roster, agreed);
  EXPECT_TRUE(edition.ok());
  if (!edition.ok()) return {};
  EXPECT_EQ(decode_edition(encode(*edition)).value(), *edition);
  EXPECT_EQ(edition->cells_hash, l.cells.hash());
  return edition->cells;
}

std::vector<ReleasedCell> release_known(const Linked& l, const DisclosureRule& rule,
                                        const Known& known) {
  return release_known(l, rule, known, rule);
}

constexpr ReleasedCell kSuppressed{CellStatus::suppressed, 0};
ReleasedCell released(std::uint64_t value) { return {CellStatus::released, value}; }
using Cells = std::vector<ReleasedCell>;

TEST(LinkDisclosure, TheLocalFloorIsAShareRoundedUp) {
  const auto floor = [](std::uint32_t children, std::uint32_t agencies) {
    const DisclosureRule rule{children, agencies, 1, false};
    return local_floor(rule, rule);
  };
  EXPECT_EQ(floor(8, 0), 8u);
  EXPECT_EQ(floor(8, 1), 8u);
  EXPECT_EQ(floor(8, 3), 3u);
  EXPECT_EQ(floor(9, 3), 3u);
  EXPECT_EQ(floor(1, 64), 1u);
  // A contributor that raises min_agencies does not lower the floor with it.
  EXPECT_EQ(local_floor({8, 4, 1, false}, {8, 1, 1, false}), 8u);
  EXPECT_EQ(local_floor({12, 4, 1, false}, {8, 2, 1, false}), 6u);
}

TEST(LinkDisclosure, PlacesNeedDistinctChildrenAndAgencies) {
  const DisclosureRule rule{8, 3, 5, false};  // three agencies with three
  const auto one = [&](const std::vector<std::set<Child>>& children) {
    return release_known(places(), rule, knows(children))[0];
  };
  EXPECT_EQ(one({range(0, 3), range(3, 6), range(6, 9), {}}), released(10));
  EXPECT_EQ(one({range(0, 3), range(0, 3), range(0, 3), {}}), kSuppressed);  // three children
  EXPECT_EQ(one({range(0, 8), range(0, 8), range(0, 3), {}}), released(10));
  EXPECT_EQ(one({range(0, 8), range(0, 8), range(0, 2), {}}), kSuppressed);  // two agencies
  EXPECT_EQ(one({range(0, 7), range(0, 7), range(0, 7), range(0, 7)}), kSuppressed);
  const DisclosureRule lone{8, 1, 1, false};
  const auto of_one = [&](const std::vector<std::set<Child>>& children) {
    return release_known(places(), lone, knows(children))[0];
  };
  EXPECT_EQ(of_one({range(0, 9), {}, {}, {}}), released(9));
  EXPECT_EQ(of_one({range(0, 9), {1}, {}, {}}), kSuppressed);
  EXPECT_EQ(of_one({range(0, 9), range(1, 9), {1}, {}}), released(9));
}

TEST(LinkDisclosure, OnlyEmptyCellsOfPlacesAreZero) {
  const DisclosureRule rule{8, 1, 5, true};
  const Known nothing(4);
  EXPECT_EQ(release_known(places(), rule, nothing)[0], (ReleasedCell{CellStatus::zero, 0}));
  EXPECT_EQ(release_known(places(), rule, knows({{1}, {}, {}, {}}))[0], kSuppressed);
  EXPECT_EQ(release_known(places(), {8, 1, 5, false}, nothing)[0], kSuppressed);
  for (const Linked* l : {&overlap(), &pairs(), &repeat()})
    for (const auto& cell : release_known(*l, rule, nothing)) EXPECT_EQ(cell, kSuppressed);
}

TEST(LinkDisclosure, OverlapShowsNoTwoFiguresTooNearToOneAnother) {
  const DisclosureRule rule{8, 1, 1, false};
  const auto of = [&](const std::vector<std::set<Child>>& children) {
    return release_known(overlap(), rule, knows(children));
  };
  // 30 known, 20 to two or more, 8 to three or more, none to four.
  EXPECT_EQ(of({range(0, 30), range(0, 20), range(0, 8), {}}),
            (Cells{released(30), released(20), released(8), kSuppressed}));
  // 23 to two or more: the 7 between are too few. 15 to three are 15 apart from 30.
  EXPECT_EQ(of({range(0, 30), range(0, 23), range(0, 15), {}}),
            (Cells{released(30), kSuppressed, released(15), kSuppressed}));
  // All known to all: that nobody is known to one alone would be a difference of none.
  EXPECT_EQ(of({range(0, 30), range(0, 30), range(0, 30), range(0, 30)}),
            (Cells{released(30), kSuppressed, kSuppressed, kSuppressed}));
  EXPECT_EQ(of({range(0, 7), range(0, 7), {}, {}}), Cells(4, kSuppressed));
  // The gate of the one link cell stands before all of them.
  EXPECT_EQ(of({range(0, 30), {1}, {2}, {3}}), Cells(4, kSuppressed));
}

TEST(LinkDisclosure, WhoIsNotOnTheRosterHasNoFigure) {
  const DisclosureRule rule{8, 1, 1, false};
  EXPECT_EQ(release_known(overlap(), rule, knows({range(0, 24), range(0, 16), range(0, 8)})),
            (Cells{released(24), released(16), released(8), kSuppressed}));
  // vale-council, vale-police and vale-voice of the four: pairs 0+2, 0+3 and 2+3.
  const Known known = knows({range(0, 24), range(0, 16), range(8, 17)});
  LinkTotals t = empty_totals(pairs(), 3);
  add(t, pairs(), 0, known, 8);
  const auto edition =
      release(pairs(), rule, std::move(t), {pairs().all[0], pairs().all[2], pairs().all[3]}, rule);
  ASSERT_TRUE(edition.ok());
  EXPECT_EQ(edition->cells,
            (Cells{kSuppressed, released(16), released(9), kSuppressed, kSuppressed, released(8)}));
}

TEST(LinkDisclosure, PairsAreEachHeldToTheMinimum) {
  const DisclosureRule rule{8, 2, 5, false};
  EXPECT_EQ(
      release_known(pairs(), rule, knows({range(0, 30), range(0, 12), range(23, 30), range(0, 8)})),
      (Cells{released(10), kSuppressed, released(10), kSuppressed, released(10), kSuppressed}));
  EXPECT_EQ(release_known(pairs(), rule, knows({range(0, 30), range(28, 60), {}, {}})),
            Cells(6, kSuppressed));
}

TEST(LinkDisclosure, RepeatMissingCountsEpisodesAcrossAgencies) {
  const DisclosureRule rule{8, 1, 1, false};
  Known known(4);
  for (Child c = 0; c < 9; ++c) {
    known[0][c] = {1, 5};
    known[1][c] = {5, 9};  // with the first agency's: three days
  }
  for (Child c = 10; c < 30; ++c) known[2][c] = {1, 2};  // twice only
  EXPECT_EQ(release_known(repeat(), rule, known), (Cells{released(9)}));
  known[1].erase(0);
  known[1].erase(1);
  EXPECT_EQ(release_known(repeat(), rule, known), (Cells{kSuppressed}));
}

TEST(LinkDisclosure, TotalsThatDoNotFitReleaseNothing) {
  const DisclosureRule rule{8, 1, 5, true};
  const auto refused = [&](const Linked& l, auto change) {
    const Known known = knows({range(0, 30), range(0, 12), range(3, 30), range(0, 3)});
    LinkTotals t = empty_totals(l, 4);
    add(t, l, 0, known, 8);
    std::vector<PartyId> roster = l.all;
    change(t, roster);
    const auto edition = release(l, rule, std::move(t), roster, rule);
    if (edition.ok()) return false;
    EXPECT_EQ(edition.error().text, "the contributors' figures do not fit together");
    EXPECT_EQ(edition.error().code, Code::bad_input);
    return true;
  };
  using T = LinkTotals;
  using R = std::vector<PartyId>;
  constexpr auto kWrapped = ~std::uint64_t{0};
  for (const Linked* l : {&places(), &overlap(), &pairs(), &repeat()}) {
    SCOPED_TRACE(std::string(to_text(l->table.question)));
    EXPECT_FALSE(refused(*l, [](T&, R&) {}));
    // Shapes.
    EXPECT_TRUE(refused(*l, [](T& t, R&) { t.tokens.pop_back(); }));
    EXPECT_TRUE(refused(*l, [](T& t, R&) { t.c.pop_back(); }));
    EXPECT_TRUE(refused(*l, [](T& t, R&) { t.k.push_back(0); }));
    EXPECT_TRUE(refused(*l, [](T& t, R&) { t.z.pop_back(); }));
    EXPECT_TRUE(refused(*l, [](T& t, R&) { t.pairs.push_back(0); }));
    EXPECT_TRUE(refused(*l, [](T& t, R&) { t.degrees = 0; }));
    EXPECT_TRUE(refused(*l, [](T& t, R&) {
      t.tokens.resize(t.tokens.size() / t.degrees * 65);
      t.degrees = 65;
    }));
    EXPECT_TRUE(refused(*l, [](T& t, R&) { t.contributors = 3; }));
    // Rosters: too few, a stranger, out of order, twice the same.
    EXPECT_TRUE(refused(*l, [](T&, R& r) { r.pop_back(); }));
    EXPECT_TRUE(refused(*l, [](T&, R& r) { r.back() = PartyId::parse("vale-zoo").value(); }));
    EXPECT_TRUE(refused(*l, [](T&, R& r) { std::swap(r[0], r[1]); }));
    EXPECT_TRUE(refused(*l, [](T&, R& r) { r[1] = r[0]; }));
    // Figures: of K and Z, of children, of entries.
    EXPECT_TRUE(refused(*l, [](T& t, R&) { t.k[0] = 5; }));
    EXPECT_TRUE(refused(*l, [](T& t, R&) { t.z[0] = kWrapped; }));
    EXPECT_TRUE(refused(*l, [](T& t, R&) { t.c[0] = kWrapped; }));
    EXPECT_TRUE(refused(*l, [](T& t, R&) { t.c[0] = 9; }));
    EXPECT_TRUE(refused(*l, [](T& t, R&) { t.tokens[0] = kWrapped; }));
    EXPECT_TRUE(refused(*l, [](T& t, R&) { t.tokens[0] += 4 * 64; }));
    EXPECT_TRUE(refused(*l, [](T& t, R&) {  // no agency at the floor, and too many for that
      t.k[0] = 0;
      t.z[0] = 4;
    }));
    EXPECT_TRUE(refused(*l, [](T& t, R&) {  // children that nobody holds
      std::fill(t.tokens.begin(), t.tokens.end(), 0);
    }));
  }
  for (const Linked* l : {&places(), &overlap(), &pairs()})
    EXPECT_TRUE(refused(*l, [](T& t, R&) { --t.c[0]; }));  // fewer than are counted
  EXPECT_TRUE(refused(pairs(), [](T& t, R&) { t.pairs.pop_back(); }));
  EXPECT_TRUE(refused(pairs(), [](T& t, R&) { ++t.pairs[0]; }));
  EXPECT_TRUE(refused(pairs(), [](T& t, R&) { t.pairs[0] = kWrapped; }));
  EXPECT_TRUE(refused(repeat(), [](T& t, R&) { t.tokens[0] += t.c[0]; }));
  EXPECT_TRUE(refused(repeat(), [](T& t, R&) {  // fewer classes than `times`
    t.tokens.resize(2);
    t.degrees = 2;
  }));
}

TEST(LinkDisclosure, FewerContributorsThanThreeReleaseNothing) {
  const DisclosureRule rule{8, 1, 5, false};
  LinkTotals t = empty_totals(overlap(), 2);
  EXPECT_FALSE(
      release(overlap(), rule, std::move(t), {overlap().all[0], overlap().all[1]}, rule).ok());
}

TEST(LinkDisclosure, TheRuleInWords) {
  const DisclosureRule three{8, 3, 5, true};
  EXPECT_EQ(rule_in_words(places().table, three, three),
            "A figure counts distinct children across agencies. It is released only if it is at "
            "least 8, and at least 3 agencies each know 3 or more distinct children in the cell "
            "(3 is 8 by 3, rounded up). Figures are rounded to the nearest 5, halves up. Cells "
            "that are empty at every agency are shown as zero.");
  const DisclosureRule one{8, 1, 1, true};
  EXPECT_EQ(rule_in_words(overlap().table, one, one),
            "A figure counts distinct children across agencies. It is released only if it is at "
            "least 8, and at least 1 agency knows 8 or more distinct children in the table and "
            "period; if only one does, no other agency may know any. Of the figures for one, two "
            "and more agencies, from the first on, only those are released that differ by 8 or "
            "more from the one released before. Figures are not rounded. Empty cells and "
            "suppressed cells look alike.");
  EXPECT_EQ(rule_in_words(sample_agreement().grants[0].tables[0], one, one), in_words(one));
  const DisclosureRule most{1000, 64, 1000, true};
  EXPECT_LT(rule_in_words(overlap().table, most, most).size(), 1024u);
}

DisclosureRule arbitrary_rule() {
  DisclosureRule rule;
  rule.min_children = *rc::gen::inRange<std::uint32_t>(1, 10);
  rule.min_agencies = *rc::gen::inRange<std::uint32_t>(0, 5);
  rule.round_to = *rc::gen::inRange<std::uint32_t>(1, 2 * rule.min_children + 1);
  rule.true_zero = *rc::gen::arbitrary<bool>();
  return rule;
}

// Children drawn from few, so that agencies share many of them.
Known arbitrary_known() {
  Known known(*rc::gen::inRange<std::size_t>(3, 5));
  for (auto& mine : known) {
    const auto many = *rc::gen::inRange(0, 25);
    for (int i = 0; i < many; ++i) {
      auto& days = mine[*rc::gen::inRange(0, 30)];
      const auto episodes = *rc::gen::inRange(1, 5);
      for (int e = 0; e < episodes; ++e) days.insert(*rc::gen::inRange(0, 9));
    }
    for (auto& [child, days] : mine)
      while (days.size() > 8) days.erase(days.begin());
  }
  return known;
}

// How many distinct children satisfy `is_counted`, which is given who knows the child.
template <class IsCounted>
std::uint64_t distinct_children(const Known& known, IsCounted is_counted) {
  std::uint64_t n = 0;
  for (Child child = 0; child < 30; ++child) {
    std::set<std::size_t> agencies;
    std::set<int> days;
    for (std::size_t i = 0; i < known.size(); ++i) {
      const auto found = known[i].find(child);
      if (found == known[i].end()) continue;
      agencies.insert(i);
      days.insert(found->second.begin(), found->second.end());
    }
    n += !agencies.empty() && is_counted(agencies, days) ? 1u : 0u;
  }
  return n;
}

bool gate(const Known& known, const DisclosureRule& rule) {
  const std::size_t agencies = std::max(1u, rule.min_agencies);
  const std::size_t floor = (rule.min_children + agencies - 1) / agencies;
  std::size_t above = 0, some = 0;
  for (const auto& mine : known) {
    if (mine.size() >= floor) ++above;
    if (!mine.empty() && mine.size() < floor) ++some;
  }
  return above >= agencies && (above >= 2 || some == 0);
}

ReleasedCell oracle(std::uint64_t figure, bool allowed, const DisclosureRule& rule) {
  if (!allowed || figure < rule.min_children) return kSuppressed;
  const std::uint64_t r = rule.round_to;
  return released((2 * figure + r) / (2 * r) * r);
}

RC_GTEST_PROP(LinkDisclosureProperty, AgreesWithTheOracle, ()) {
  const DisclosureRule rule = arbitrary_rule();
  const Known known = arbitrary_known();
  const bool allowed = gate(known, rule);
  using Agencies = std::set<std::size_t>;
  using Days = std::set<int>;
  const auto all = distinct_children(known, [](const Agencies&, const Days&) { return true; });
  const auto place = release_known(places(), rule, known)[0];
  if (all == 0 && rule.true_zero)
    RC_ASSERT(place.status == CellStatus::zero);
  else
    RC_ASSERT(place == oracle(all, allowed, rule));
  const auto again =
      distinct_children(known, [](const Agencies&, const Days& days) { return days.size() >= 3; });
  RC_ASSERT(release_known(repeat(), rule, known)[0] == oracle(again, allowed, rule));
  const auto by_pair = release_known(pairs(), rule, known);
  std::size_t cell = 0;
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = i + 1; j < 4; ++j) {
      const auto both = distinct_children(known, [&](const Agencies& agencies, const Days&) {
        return agencies.contains(i) && agencies.contains(j);
      });
      RC_ASSERT(by_pair[cell++] == oracle(both, allowed, rule));
    }
}

// docs/design/disclosure.md: whatever is shown of overlap, and whatever it leaves between, is at
// least min_children; and nothing is held back that could be shown beside the figures before it.
RC_GTEST_PROP(LinkDisclosureProperty, DifferencesOfOverlapAreNeverSmall, ()) {
  const DisclosureRule rule = arbitrary_rule();
  const Known known = arbitrary_known();
  const auto cells = release_known(overlap(), rule, known);
  std::vector<std::uint64_t> at_least;
  for (std::size_t k = 1; k <= 4; ++k)
    at_least.push_back(
        distinct_children(known, [&](const std::set<std::size_t>& agencies, const std::set<int>&) {
          return agencies.size() >= k;
        }));
  std::vector<std::uint64_t> shown;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].status != CellStatus::released) {
      RC_ASSERT(cells[i] == kSuppressed);
      const bool apart = shown.empty() || shown.back() - at_least[i] >= rule.min_children;
      RC_ASSERT(!gate(known, rule) || at_least[i] < rule.min_children || !apart);
      continue;
    }
    RC_ASSERT(gate(known, rule));
    RC_ASSERT(cells[i] == oracle(at_least[i], true, rule));
    for (const auto before : shown) RC_ASSERT(before - at_least[i] >= rule.min_children);
    shown.push_back(at_least[i]);
  }
  if (!gate(known, rule)) return;
  // No other choice of figures with these differences has more of them.
  for (unsigned choice = 0; choice < 16; ++choice) {
    std::vector<std::uint64_t> chosen;
    for (std::size_t i = 0; i < 4; ++i)
      if ((choice >> i & 1u) != 0) chosen.push_back(at_least[i]);
    bool allowed = std::all_of(chosen.begin(), chosen.end(),
                               [&](std::uint64_t a) { return a >= rule.min_children; });
    for (std::size_t i = 1; i < chosen.size(); ++i)
      allowed = allowed && chosen[i - 1] - chosen[i] >= rule.min_children;
    RC_ASSERT(!allowed || chosen.size() <= shown.size());
  }
}

// A contributor's restriction only takes away: what is released under the stricter rule is released
// under the agreement's, floor and all.
RC_GTEST_PROP(LinkDisclosureProperty, AStricterRuleReleasesNothingMore, ()) {
  const DisclosureRule agreed = arbitrary_rule();
  const DisclosureRule stricter = strictest(agreed, arbitrary_rule());
  const Known known = arbitrary_known();
  for (const Linked* l : {&places(), &pairs(), &repeat()}) {
    const auto before = release_known(*l, agreed, known);
    const auto after = release_known(*l, stricter, known, agreed);
    for (std::size_t i = 0; i < before.size(); ++i)
      RC_ASSERT(after[i].status != CellStatus::released ||
                before[i].status == CellStatus::released);
  }
}

}  // namespace
}  // namespace hedgerow::policies
