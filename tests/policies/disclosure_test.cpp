#include "policies/disclosure.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>

#include "tests/policies/sample_agreement.h"

namespace hedgerow::policies {
namespace {

constexpr std::size_t kContributors = 4;

const CellSpace& space() {
  static const CellSpace s = [] {
    const Agreement a = sample_agreement();
    return CellSpace::make(a, a.grants[0].tables[0], CodeList::shipped()).value();
  }();
  return s;
}

// What each agency holds in one cell: distinct children, and reports beyond one for each.
struct Holding {
  std::uint64_t children = 0;
  std::uint64_t more_reports = 0;
};
using Cell = std::vector<Holding>;

SumVectors zeros() {
  const std::vector<std::uint64_t> empty(space().size(), 0);
  return {empty, empty, empty, empty};
}

void add(SumVectors& sums, std::size_t at, const Cell& cell, const DisclosureRule& rule) {
  for (const auto& h : cell) {
    const FloorMarks marks = floor_marks(h.children, rule);
    sums.c[at] += h.children;
    sums.v[at] += h.children == 0 ? 0 : h.children + h.more_reports;
    sums.k[at] += marks.k;
    sums.z[at] += marks.z;
  }
}

Result<Edition> release(const DisclosureRule& rule, SumVectors sums,
                        std::size_t contributors = kContributors) {
  return release_sums(rule, space(), contributors, Unreleased<SumVectors>(std::move(sums)));
}

ReleasedCell release_one(const DisclosureRule& rule, const std::vector<std::uint64_t>& children) {
  Cell cell;
  for (const auto n : children) cell.push_back({n, 0});
  cell.resize(kContributors);
  SumVectors sums = zeros();
  add(sums, 7, cell, rule);
  return release(rule, std::move(sums)).value().cells[7];
}

constexpr ReleasedCell kSuppressed{CellStatus::suppressed, 0};
ReleasedCell released(std::uint64_t value) { return {CellStatus::released, value}; }

TEST(Disclosure, MarksWhatOneAgencyHolds) {
  const DisclosureRule rule{8, 1, 5, false};
  const auto marks = [&](std::uint64_t n) {
    const auto m = floor_marks(n, rule);
    return std::pair(m.k, m.z);
  };
  EXPECT_EQ(marks(0), std::pair(std::uint64_t{0}, std::uint64_t{0}));
  EXPECT_EQ(marks(1), std::pair(std::uint64_t{0}, std::uint64_t{1}));
  EXPECT_EQ(marks(7), std::pair(std::uint64_t{0}, std::uint64_t{1}));
  EXPECT_EQ(marks(8), std::pair(std::uint64_t{1}, std::uint64_t{0}));
}

TEST(Disclosure, RuleFour) {
  const DisclosureRule rule{8, 1, 5, false};
  EXPECT_EQ(release_one(rule, {}), kSuppressed);
  EXPECT_EQ(release_one(rule, {7}), kSuppressed);
  EXPECT_EQ(release_one(rule, {7, 7, 7, 7}), kSuppressed);  // 28 children, but no agency's floor
  EXPECT_EQ(release_one(rule, {8}), released(10));
  EXPECT_EQ(release_one(rule, {20, 1}), kSuppressed);  // the first could subtract its own part
  EXPECT_EQ(release_one(rule, {20, 8, 1}), released(30));
  EXPECT_EQ(release_one(rule, {8, 8}), released(15));
}

TEST(Disclosure, MinAgenciesRaisesTheFloor) {
  const DisclosureRule two{8, 2, 5, false};
  EXPECT_EQ(release_one(two, {200}), kSuppressed);
  EXPECT_EQ(release_one(two, {8, 8, 1}), released(15));
  const DisclosureRule three{8, 3, 5, false};
  EXPECT_EQ(release_one(three, {8, 8, 1}), kSuppressed);
  EXPECT_EQ(release_one(three, {8, 8, 8}), released(25));
  const DisclosureRule none{8, 0, 5, false};  // as one
  EXPECT_EQ(release_one(none, {7}), kSuppressed);
  EXPECT_EQ(release_one(none, {8}), released(10));
}

TEST(Disclosure, RoundsHalvesUp) {
  EXPECT_EQ(round_half_up(0, 5), 0u);
  EXPECT_EQ(round_half_up(2, 5), 0u);
  EXPECT_EQ(round_half_up(3, 5), 5u);
  EXPECT_EQ(round_half_up(12, 5), 10u);
  EXPECT_EQ(round_half_up(13, 5), 15u);
  EXPECT_EQ(round_half_up(5, 10), 10u);
  EXPECT_EQ(round_half_up(4, 10), 0u);
  EXPECT_EQ(round_half_up(7, 1), 7u);
}

TEST(Disclosure, TrueZerosAreShownOnlyWhereTheGrantSaysSo) {
  const DisclosureRule hidden{8, 1, 5, false};
  const DisclosureRule shown{8, 1, 5, true};
  EXPECT_EQ(release_one(hidden, {}), kSuppressed);
  EXPECT_EQ(release_one(shown, {}), (ReleasedCell{CellStatus::zero, 0}));
  EXPECT_EQ(release_one(shown, {1}), kSuppressed);
  EXPECT_EQ(release_one(shown, {8}), released(10));
}

TEST(Disclosure, EmptyAndSuppressedLookAlikeByteForByte) {
  const DisclosureRule rule{8, 1, 5, false};
  SumVectors some = zeros();
  add(some, 3, {{5, 2}, {}, {}, {}}, rule);
  EXPECT_EQ(encode(release(rule, std::move(some)).value()), encode(release(rule, zeros()).value()));
}

TEST(Disclosure, FiguresThatCannotBeASumReleaseNothing) {
  const DisclosureRule rule{8, 1, 5, true};
  const auto refused = [&](std::uint64_t v, std::uint64_t c, std::uint64_t k, std::uint64_t z) {
    SumVectors sums = zeros();
    sums.v[5] = v;
    sums.c[5] = c;
    sums.k[5] = k;
    sums.z[5] = z;
    const auto edition = release(rule, std::move(sums));
    if (edition.ok()) return false;
    EXPECT_EQ(edition.error().text, "the contributors' figures do not fit together");
    EXPECT_EQ(edition.error().code, Code::bad_input);
    return true;
  };
  EXPECT_FALSE(refused(40, 35, 4, 0));
  EXPECT_TRUE(refused(99, 99, 5, 0));                  // more agencies than contributors
  EXPECT_TRUE(refused(99, 99, 3, 2));                  // together too
  EXPECT_TRUE(refused(99, 99, ~std::uint64_t{0}, 1));  // wrapped
  EXPECT_TRUE(refused(99, 99, 1, ~std::uint64_t{0}));
  EXPECT_TRUE(refused(~std::uint64_t{0}, 30, 2, 0));  // a negative figure
  EXPECT_TRUE(refused((std::uint64_t{1} << 40) + 1, 30, 2, 0));
  EXPECT_TRUE(refused(10, 0, 0, 0));   // reports of no child
  EXPECT_TRUE(refused(10, 11, 1, 0));  // more children than reports
  EXPECT_TRUE(refused(15, 15, 2, 0));  // two floors need sixteen
  EXPECT_TRUE(refused(8, 8, 1, 1));    // eight, and one more
  EXPECT_TRUE(refused(8, 8, 0, 1));    // eight are a floor
  EXPECT_TRUE(refused(0, 0, 0, 1));
}

TEST(Disclosure, VectorsOfAnotherShapeReleaseNothing) {
  const DisclosureRule rule;
  for (int which = 0; which < 4; ++which) {
    SumVectors sums = zeros();
    auto& vector = which == 0 ? sums.v : which == 1 ? sums.c : which == 2 ? sums.k : sums.z;
    vector.pop_back();
    EXPECT_FALSE(release(rule, std::move(sums)).ok());
  }
  EXPECT_FALSE(release(rule, zeros(), 2).ok());
  EXPECT_FALSE(release(rule, zeros(), 65).ok());
  EXPECT_TRUE(release(rule, zeros(), 3).ok());
}

TEST(Disclosure, EditionsReadBackAndNothingElseDoes) {
  const DisclosureRule rule{8, 1, 5, true};
  SumVectors sums = zeros();
  add(sums, 0, {{9, 3}, {}, {}, {}}, rule);
  add(sums, 1, {{3, 0}, {}, {}, {}}, rule);
  const Edition edition = release(rule, std::move(sums)).value();
  const Bytes good = encode(edition);
  EXPECT_EQ(decode_edition(good).value(), edition);
  EXPECT_EQ(edition_hash(edition), edition_hash(decode_edition(good).value()));
  for (std::size_t n = 0; n < good.size(); ++n)
    EXPECT_FALSE(decode_edition(ByteView(good).first(n)).ok()) << n;
  const auto with = [&](ReleasedCell cell, DisclosureRule r) {
    Edition changed = edition;
    changed.rule = r;
    for (auto& c : changed.cells)
      if (c.status == CellStatus::zero) c = kSuppressed;
    changed.cells[2] = cell;
    return decode_edition(encode(changed)).ok();
  };
  EXPECT_TRUE(with(released(20), rule));
  EXPECT_FALSE(with(released(0), rule));
  EXPECT_FALSE(with(released(21), rule));  // not rounded
  EXPECT_FALSE(with({CellStatus::suppressed, 5}, rule));
  EXPECT_FALSE(with({CellStatus::zero, 5}, rule));
  EXPECT_TRUE(with({CellStatus::zero, 0}, rule));
  EXPECT_FALSE(with({CellStatus::zero, 0}, {8, 1, 5, false}));
  EXPECT_FALSE(with({static_cast<CellStatus>(3), 0}, rule));
  EXPECT_FALSE(with(kSuppressed, {0, 1, 5, true}));
  EXPECT_FALSE(with(kSuppressed, {8, 65, 5, true}));
  EXPECT_FALSE(with(kSuppressed, {8, 1, 0, true}));
  EXPECT_FALSE(with(kSuppressed, {8, 1, 20, true}));
}

TEST(Disclosure, EditionHasTheBytesOfItsSpecification) {
  const Edition edition{Sha256{}, {8, 1, 5, false}, {released(10), kSuppressed}};
  EXPECT_EQ(to_hex(encode(edition)), "13000000" + to_hex(as_bytes("hedgerow/v1/edition")) +
                                         std::string(64, '0') +
                                         "080000000100000005000000"
                                         "00"
                                         "02000000"
                                         "010a00000000000000"
                                         "000000000000000000");
}

TEST(Disclosure, TheRuleInWords) {
  EXPECT_EQ(
      in_words(DisclosureRule{8, 1, 5, false}),
      "A figure is released only if at least 1 agency holds 8 or more distinct children in the "
      "cell; if only one does, no other agency may hold any. Figures are rounded to the "
      "nearest 5, halves up. Empty cells and suppressed cells look alike.");
  EXPECT_EQ(
      in_words(DisclosureRule{6, 2, 1, true}),
      "A figure is released only if at least 2 agencies each hold 6 or more distinct children "
      "in the cell. Figures are not rounded. Cells that are empty at every agency are shown "
      "as zero.");
}

// Rule 4 read straight from the design, over what each agency holds rather than over sums.
ReleasedCell oracle(const Cell& cell, const DisclosureRule& rule) {
  std::uint64_t above = 0, some = 0, reports = 0;
  for (const auto& h : cell) {
    if (h.children >= rule.min_children) ++above;
    if (h.children > 0 && h.children < rule.min_children) ++some;
    if (h.children > 0) reports += h.children + h.more_reports;
  }
  const std::uint64_t needed = rule.min_agencies == 0 ? 1 : rule.min_agencies;
  if (above >= needed && (above >= 2 || some == 0)) {
    const std::uint64_t r = rule.round_to;
    return released((2 * reports + r) / (2 * r) * r);
  }
  if (rule.true_zero && reports == 0) return {CellStatus::zero, 0};
  return kSuppressed;
}

DisclosureRule arbitrary_rule() {
  DisclosureRule rule;
  rule.min_children = *rc::gen::inRange<std::uint32_t>(1, 12);
  rule.min_agencies = *rc::gen::inRange<std::uint32_t>(0, 5);
  rule.round_to = *rc::gen::inRange<std::uint32_t>(1, 2 * rule.min_children + 1);
  rule.true_zero = *rc::gen::arbitrary<bool>();
  return rule;
}

Cell arbitrary_cell() {
  Cell cell;
  for (std::size_t i = 0; i < kContributors; ++i)
    cell.push_back(
        {*rc::gen::inRange<std::uint64_t>(0, 20), *rc::gen::inRange<std::uint64_t>(0, 5)});
  return cell;
}

RC_GTEST_PROP(DisclosureProperty, AgreesWithTheOracle, ()) {
  const DisclosureRule rule = arbitrary_rule();
  SumVectors sums = zeros();
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < space().size(); ++i) {
    cells.push_back(arbitrary_cell());
    add(sums, i, cells.back(), rule);
  }
  const auto edition = release(rule, std::move(sums));
  RC_ASSERT(edition.ok());
  for (std::size_t i = 0; i < cells.size(); ++i)
    RC_ASSERT(edition->cells[i] == oracle(cells[i], rule));
  RC_ASSERT(decode_edition(encode(*edition)).value() == *edition);
}

// disclosure.md D6: a contributor that takes its own part from a released cell is left either with
// nothing, or with at least min_children children of others.
RC_GTEST_PROP(DisclosureProperty, SubtractingTheOwnPartLeavesNothingOrAFloor, ()) {
  const DisclosureRule rule = arbitrary_rule();
  const Cell cell = arbitrary_cell();
  if (oracle(cell, rule).status != CellStatus::released) RC_DISCARD("suppressed");
  SumVectors sums = zeros();
  add(sums, 0, cell, rule);
  RC_ASSERT(release(rule, std::move(sums))->cells[0].status == CellStatus::released);
  for (std::size_t own = 0; own < cell.size(); ++own) {
    std::uint64_t others = 0;
    for (std::size_t i = 0; i < cell.size(); ++i) others += i == own ? 0 : cell[i].children;
    RC_ASSERT(others == 0 || others >= rule.min_children);
  }
}

}  // namespace
}  // namespace hedgerow::policies
