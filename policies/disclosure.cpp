#include "policies/disclosure.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "crypto/domains.h"
#include "crypto/hash.h"

namespace hedgerow::policies {

// Defined here and nowhere else: nothing outside this file opens an Unreleased.
class DisclosureDoor {
 public:
  static SumVectors open(Unreleased<SumVectors>&& totals) { return std::move(totals.figures_); }
  static LinkTotals open(Unreleased<LinkTotals>&& totals) { return std::move(totals.figures_); }
};

namespace {

// No true figure comes near; a negative or wrapped sum does.
constexpr std::uint64_t kMaxFigure = std::uint64_t{1} << 40;

// Always the same words, and no place: an error must not show what the figures were.
Error do_not_fit() { return bad_input("the contributors' figures do not fit together"); }

struct Totals {
  std::uint64_t v, c, k, z;
};

// Each contributor holds some children in a cell or none (k + z), at least min_children of them
// for a k and one for a z, and each child stands for one report or more.
bool fit_together(const Totals& t, const DisclosureRule& rule, std::uint64_t contributors) {
  if (t.v > kMaxFigure || t.c > t.v) return false;
  if (t.k > contributors || t.z > contributors - t.k) return false;
  const std::uint64_t fewest = t.k * rule.min_children + t.z;
  if (t.c < fewest) return false;
  if (t.k == 0 && t.c > t.z * (rule.min_children - 1)) return false;
  return t.v == 0 || t.c > 0;
}

// disclosure.md rule 4.
bool may_be_released(std::uint64_t k, std::uint64_t z, const DisclosureRule& rule) {
  const std::uint64_t agencies = std::max(1u, rule.min_agencies);
  return k >= agencies && (k >= 2 || z == 0);
}

ReleasedCell released_cell(std::uint64_t figure, const DisclosureRule& rule) {
  return {CellStatus::released, round_half_up(figure, rule.round_to)};
}

ReleasedCell release_cell(const Totals& t, const DisclosureRule& rule) {
  if (may_be_released(t.k, t.z, rule)) return released_cell(t.v, rule);
  const bool empty = t.v == 0 && t.c == 0 && t.k == 0 && t.z == 0;
  if (rule.true_zero && empty) return {CellStatus::zero, 0};
  return {CellStatus::suppressed, 0};
}

// The totals of a link against what a link can have counted.
class LinkFit {
 public:
  LinkFit(const LinkTotals& totals, const Agreement& agreement, const Table& table,
          std::size_t cells, std::uint32_t floor)
      : t_(totals),
        agreement_(agreement),
        table_(table),
        cells_(cells),
        floor_(floor),
        n_(totals.contributors),
        most_(n_ * table.link->entries) {}

  bool holds(std::span<const PartyId> roster) const {
    if (!roster_fits(roster) || !shape_fits()) return false;
    bool all_fit = true;
    std::uint64_t entries = 0;
    std::uint64_t pairs = 0;
    for (std::size_t cell = 0; cell < cells_; ++cell) {
      const Counted counted = count(cell);
      all_fit = cell_fits(cell, counted) && all_fit;
      entries += counted.entries;
      pairs += counted.pairs;
    }
    if (entries > most_) return false;
    return all_fit && (!table_.by_agency() || pairs_fit(pairs));
  }

 private:
  struct Counted {
    bool in_bounds = true;
    std::uint64_t distinct = 0;
    std::uint64_t entries = 0;  // (child, agency), or (child, episode)
    std::uint64_t pairs = 0;    // (child, two agencies)
  };

  bool of_episodes() const { return table_.question == QuestionKind::repeat_missing; }

  bool roster_fits(std::span<const PartyId> roster) const {
    const auto known = agreement_.contributors();
    return roster.size() == n_ && n_ >= kMinContributors && n_ <= kMaxParties &&
           std::adjacent_find(roster.begin(), roster.end(), std::greater_equal<>()) ==
               roster.end() &&
           std::includes(known.begin(), known.end(), roster.begin(), roster.end());
  }

  bool shape_fits() const {
    const std::uint64_t least = of_episodes() ? table_.link->times : 1;
    const std::uint64_t most = of_episodes() ? kMaxEpisodesPerChild : n_;
    return t_.degrees >= least && t_.degrees <= most && t_.tokens.size() == cells_ * t_.degrees &&
           t_.c.size() == cells_ && t_.k.size() == cells_ && t_.z.size() == cells_ &&
           t_.pairs.size() == (table_.by_agency() ? pair_count(n_) : 0);
  }

  // Nothing here can wrap: a number beyond its bound counts as none, and does not fit.
  Counted count(std::size_t cell) const {
    Counted counted;
    for (std::uint64_t k = 1; k <= t_.degrees; ++k) {
      const std::uint64_t d = t_.tokens[cell * t_.degrees + k - 1];
      if (d > most_) {
        counted.in_bounds = false;
        continue;
      }
      counted.distinct += d;
      counted.entries += k * d;
      counted.pairs += k * (k - 1) / 2 * d;
    }
    return counted;
  }

  // An agency holds at least the floor for a k and one child for a z; each child of an agency is
  // a distinct child of the region, and at most all agencies know it.
  bool cell_fits(std::size_t cell, const Counted& counted) const {
    const std::uint64_t c = t_.c[cell];
    const std::uint64_t k = t_.k[cell];
    const std::uint64_t z = t_.z[cell];
    if (!counted.in_bounds || c > most_ || k > n_ || z > n_ - k) return false;
    // One that enters a child several times has more entries than agencies: counted as it is, since
    // a failure would tell it whether others hold the child.
    if (of_episodes() ? counted.distinct > c : counted.entries > c) return false;
    if (c < k * floor_ + z) return false;
    if (k == 0 && c > z * (floor_ - 1)) return false;
    return k == 0 || counted.distinct >= floor_;
  }

  // A child that k agencies know is known to k (k - 1) / 2 pairs.
  bool pairs_fit(std::uint64_t pairs) const {
    std::uint64_t sum = 0;
    for (const std::uint64_t pair : t_.pairs) {
      if (pair > most_) return false;
      sum += pair;
    }
    return sum == pairs;
  }

  const LinkTotals& t_;
  const Agreement& agreement_;
  const Table& table_;
  std::size_t cells_;
  std::uint64_t floor_;
  std::uint64_t n_;
  std::uint64_t most_;  // entries of all contributors
};

// Distinct children of a link cell with at least `k` agencies or episodes.
std::uint64_t distinct_from(const LinkTotals& t, std::size_t cell, std::uint64_t k) {
  std::uint64_t distinct = 0;
  for (; k <= t.degrees; ++k) distinct += t.tokens[cell * t.degrees + k - 1];
  return distinct;
}

ReleasedCell release_distinct(std::uint64_t distinct, bool gate, const DisclosureRule& rule) {
  if (!gate || distinct < rule.min_children) return {CellStatus::suppressed, 0};
  return released_cell(distinct, rule);
}

std::vector<ReleasedCell> release_places(const LinkTotals& t, const DisclosureRule& rule) {
  std::vector<ReleasedCell> cells;
  for (std::size_t i = 0; i < t.c.size(); ++i) {
    const std::uint64_t distinct = distinct_from(t, i, 1);
    cells.push_back(release_distinct(distinct, may_be_released(t.k[i], t.z[i], rule), rule));
    const bool empty = distinct == 0 && t.c[i] == 0 && t.k[i] == 0 && t.z[i] == 0;
    if (rule.true_zero && empty) cells.back() = {CellStatus::zero, 0};
  }
  return cells;
}

// Known to at least one agency, two, ...: figures that contain one another, each released only if
// what lies between it and the last one released is no small number either.
std::vector<ReleasedCell> release_overlap(const LinkTotals& t, bool gate, std::size_t figures,
                                          const DisclosureRule& rule) {
  std::vector<ReleasedCell> cells;
  std::optional<std::uint64_t> last;
  for (std::size_t k = 1; k <= figures; ++k) {
    const std::uint64_t known = distinct_from(t, 0, k);
    const bool apart = !last || *last - known >= rule.min_children;
    cells.push_back(release_distinct(known, gate && apart, rule));
    if (cells.back().status == CellStatus::released) last = known;
  }
  return cells;
}

std::vector<ReleasedCell> release_pairs(const LinkTotals& t, bool gate, const Agreement& agreement,
                                        std::span<const PartyId> roster,
                                        const DisclosureRule& rule) {
  const auto all = agreement.contributors();
  std::vector<std::size_t> places;  // of the roster's among all of them
  for (const PartyId& party : roster)
    places.push_back(
        static_cast<std::size_t>(std::lower_bound(all.begin(), all.end(), party) - all.begin()));
  std::vector<ReleasedCell> cells(pair_count(all.size()), {CellStatus::suppressed, 0});
  for (std::size_t i = 0; i < places.size(); ++i)
    for (std::size_t j = i + 1; j < places.size(); ++j)
      cells[pair_index(all.size(), places[i], places[j])] =
          release_distinct(t.pairs[pair_index(places.size(), i, j)], gate, rule);
  return cells;
}

bool is_possible(const DisclosureRule& rule) {
  Writer out;
  write_rule(out, rule);
  Reader in(out.data());
  read_rule(in);
  return in.finish("a disclosure rule").ok();
}

bool is_possible(const ReleasedCell& cell, const DisclosureRule& rule) {
  switch (cell.status) {
    case CellStatus::suppressed:
      return cell.value == 0;
    case CellStatus::zero:
      return cell.value == 0 && rule.true_zero;
    case CellStatus::released:
      return cell.value > 0 && cell.value <= kMaxFigure + rule.round_to &&
             cell.value % rule.round_to == 0;
  }
  return false;
}

}  // namespace

FloorMarks floor_marks(std::uint64_t children, const DisclosureRule& rule) {
  return link_floor_marks(children, rule.min_children);
}

FloorMarks link_floor_marks(std::uint64_t children, std::uint32_t floor) {
  HR_CHECK(floor > 0);
  if (children == 0) return {0, 0};
  if (children >= floor) return {1, 0};
  return {0, 1};
}

std::string_view to_text(CellStatus status) {
  switch (status) {
    case CellStatus::suppressed:
      return "suppressed";
    case CellStatus::released:
      return "released";
    case CellStatus::zero:
      return "zero";
  }
  HR_CHECK(false);
  return {};
}

std::uint64_t round_half_up(std::uint64_t value, std::uint32_t round_to) {
  HR_CHECK(round_to > 0);
  const std::uint64_t below = value / round_to * round_to;
  const std::uint64_t rest = value - below;
  return rest * 2 >= round_to ? below + round_to : below;
}

Result<Edition> release_sums(const DisclosureRule& rule, const CellSpace& space,
                             std::size_t contributors, Unreleased<SumVectors> totals) {
  HR_CHECK(is_possible(rule));
  const SumVectors t = DisclosureDoor::open(std::move(totals));
  const std::size_t n = space.size();
  if (t.v.size() != n || t.c.size() != n || t.k.size() != n || t.z.size() != n) return do_not_fit();
  if (contributors < kMinContributors || contributors > kMaxParties) return do_not_fit();
  Edition edition{space.hash(), rule, {}};
  edition.cells.reserve(n);
  bool all_fit = true;
  for (std::size_t i = 0; i < n; ++i) {
    const Totals cell{t.v[i], t.c[i], t.k[i], t.z[i]};
    // All cells are looked at before the answer, so that the time taken says nothing of where.
    all_fit = fit_together(cell, rule, contributors) && all_fit;
    edition.cells.push_back(release_cell(cell, rule));
  }
  if (!all_fit) return do_not_fit();
  return edition;
}

Result<Edition> release_links(const DisclosureRule& rule, const DisclosureRule& agreed,
                              const Agreement& agreement, const Table& table,
                              const CellSpace& answer_cells, std::span<const PartyId> roster,
                              Unreleased<LinkTotals> totals) {
  HR_CHECK(is_possible(rule) && is_linked(table.question) && table.link);
  const LinkTotals t = DisclosureDoor::open(std::move(totals));
  const bool places = table.question == QuestionKind::places;
  const LinkFit fit(t, agreement, table, places ? answer_cells.size() : 1,
                    local_floor(rule, agreed));
  if (!fit.holds(roster)) return do_not_fit();
  const bool gate = may_be_released(t.k[0], t.z[0], rule);  // where there is one link cell
  Edition edition{answer_cells.hash(), rule, {}};
  switch (table.question) {
    case QuestionKind::flows:
    case QuestionKind::counts:
      break;
    case QuestionKind::places:
      edition.cells = release_places(t, rule);
      break;
    case QuestionKind::overlap:
      edition.cells = table.by_agency() ? release_pairs(t, gate, agreement, roster, rule)
                                        : release_overlap(t, gate, answer_cells.size(), rule);
      break;
    case QuestionKind::repeat_missing:
      edition.cells = {release_distinct(distinct_from(t, 0, table.link->times), gate, rule)};
      break;
  }
  HR_CHECK(edition.cells.size() == answer_cells.size());
  return edition;
}

std::string rule_in_words(const Table& table, const DisclosureRule& in_force,
                          const DisclosureRule& agreed) {
  if (!is_linked(table.question)) return in_words(in_force);
  const std::uint32_t agencies = std::max(1u, in_force.min_agencies);
  const std::uint32_t divisor = std::max(1u, agreed.min_agencies);
  const std::string least = std::to_string(in_force.min_children);
  const std::string floor = std::to_string(local_floor(in_force, agreed));
  const bool places = table.question == QuestionKind::places;
  const std::string where = places ? " in the cell" : " in the table and period";
  std::string text =
      "A figure counts distinct children across agencies. It is released only if it "
      "is at least " +
      least + ", and at least " + std::to_string(agencies) +
      (agencies == 1 ? " agency knows " : " agencies each know ") + floor +
      " or more distinct children" + where;
  if (divisor > 1)
    text += " (" + floor + " is " + least + " by " + std::to_string(divisor) + ", rounded up)";
  if (agencies == 1) text += "; if only one does, no other agency may know any";
  text += ". ";
  if (table.question == QuestionKind::overlap && !table.by_agency())
    text +=
        "Of the figures for one, two and more agencies, from the first on, only those are "
        "released that differ by " +
        least + " or more from the one released before. ";
  text += in_force.round_to == 1 ? std::string("Figures are not rounded. ")
                                 : "Figures are rounded to the nearest " +
                                       std::to_string(in_force.round_to) + ", halves up. ";
  text += places && in_force.true_zero ? "Cells that are empty at every agency are shown as zero."
                                       : "Empty cells and suppressed cells look alike.";
  return text;
}

Bytes encode(const Edition& edition) {
  Writer out;
  out.text(kDomainEdition).raw(edition.cells_hash.view());
  write_rule(out, edition.rule);
  out.u32(static_cast<std::uint32_t>(edition.cells.size()));
  for (const auto& cell : edition.cells)
    out.u8(static_cast<std::uint8_t>(cell.status)).u64(cell.value);
  return std::move(out).take();
}

Result<Edition> decode_edition(ByteView bytes) {
  Reader in(bytes);
  Edition edition;
  if (in.text(kDomainEdition.size()) != kDomainEdition) in.fail();
  edition.cells_hash = Sha256{in.array<32>()};
  edition.rule = read_rule(in);
  const std::size_t count = in.count(kMaxCellsPerGrant, 9);
  edition.cells.reserve(count);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    const std::uint8_t status = in.u8();
    const std::uint64_t value = in.u64();
    const ReleasedCell cell{static_cast<CellStatus>(status), value};
    if (in.failed() || status > static_cast<std::uint8_t>(CellStatus::zero) ||
        !is_possible(cell, edition.rule)) {
      in.fail();
      break;
    }
    edition.cells.push_back(cell);
  }
  HR_TRY(in.finish("an edition"));
  return edition;
}

Sha256 edition_hash(const Edition& edition) { return sha256_id(encode(edition)); }

}  // namespace hedgerow::policies
