#include "policies/disclosure.h"

#include <algorithm>
#include <utility>

#include "crypto/domains.h"
#include "crypto/hash.h"

namespace hedgerow::policies {

// Defined here and nowhere else: nothing outside this file opens an Unreleased.
class DisclosureDoor {
 public:
  static SumVectors open(Unreleased<SumVectors>&& totals) { return std::move(totals.figures_); }
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
bool may_be_released(const Totals& t, const DisclosureRule& rule) {
  const std::uint64_t agencies = std::max(1u, rule.min_agencies);
  return t.k >= agencies && (t.k >= 2 || t.z == 0);
}

ReleasedCell release_cell(const Totals& t, const DisclosureRule& rule) {
  if (may_be_released(t, rule)) return {CellStatus::released, round_half_up(t.v, rule.round_to)};
  const bool empty = t.v == 0 && t.c == 0 && t.k == 0 && t.z == 0;
  if (rule.true_zero && empty) return {CellStatus::zero, 0};
  return {CellStatus::suppressed, 0};
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
  if (children == 0) return {0, 0};
  if (children >= rule.min_children) return {1, 0};
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
