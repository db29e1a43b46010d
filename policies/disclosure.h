// What may leave as a number (disclosure.md, rules 4 and 5): the only code that opens
// Unreleased<T>. docs/design/disclosure.md says what holds for sums and what for links.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "crypto/base/unreleased.h"
#include "policies/agreement.h"
#include "policies/cells.h"
#include "policies/disclosure_rule.h"

namespace hedgerow::policies {

using hedgerow::LinkTotals;
using hedgerow::SumVectors;
using hedgerow::Unreleased;

// A contributor's own entries of K and Z for a cell in which it holds `children` distinct children:
// k = 1 where at least min_children, z = 1 where fewer but some; never both.
struct FloorMarks {
  std::uint64_t k = 0;
  std::uint64_t z = 0;
};
FloorMarks floor_marks(std::uint64_t children, const DisclosureRule& rule);
// The same for a linked table's cell, with the floor of local_floor().
FloorMarks link_floor_marks(std::uint64_t children, std::uint32_t floor);

enum class CellStatus : std::uint8_t { suppressed = 0, released = 1, zero = 2 };
std::string_view to_text(CellStatus status);

struct ReleasedCell {
  CellStatus status = CellStatus::suppressed;
  std::uint64_t value = 0;  // rounded; 0 unless released
  friend bool operator==(const ReleasedCell&, const ReleasedCell&) = default;
};

// What is released of one table for one period. Frozen once made.
struct Edition {
  Sha256 cells_hash;  // CellSpace::hash()
  DisclosureRule rule;
  std::vector<ReleasedCell> cells;  // by CellSpace index
  friend bool operator==(const Edition&, const Edition&) = default;
};

// Rule 4: a cell is released iff K >= max(1, min_agencies) and (K >= 2 or Z = 0). Rule 5: its
// figure is rounded to round_to, halves up. Where the rule has true_zero, a cell with V = C = K = Z
// = 0 is zero (docs/design/disclosure.md says why that is safe, and what it tells); everything else
// is suppressed.
//
// `contributors`: how many vectors the totals are the sum of. bad_input, always with the same text,
// where the vectors cannot be such a sum (another length than the cell space, K + Z above the
// number of contributors, a figure without children, more children than reports, fewer than K and Z
// need, a wrapped total): then nothing is released.
Result<Edition> release_sums(const DisclosureRule& rule, const CellSpace& space,
                             std::size_t contributors, Unreleased<SumVectors> totals);

// The same for a linked table, whose figures are distinct children. Rule 4: at least min_children,
// and the K and Z test with the local floor. Overlap's figures for one, two ... agencies are parts
// of one another: from the first on, only those that differ from the last one released by
// min_children or more. Parties that are not on the roster have no figure. Only cells of places
// are shown as zero.
//
// `rule` is in force, `agreed` is the grant's own (local_floor). `roster` as in the manifest: the
// contributors that took part, ascending. bad_input, with the same text as above, where totals,
// bounds and roster contradict one another; then nothing is released. `answer_cells` is
// CellSpace::make of the table.
Result<Edition> release_links(const DisclosureRule& rule, const DisclosureRule& agreed,
                              const Agreement& agreement, const Table& table,
                              const CellSpace& answer_cells, std::span<const PartyId> roster,
                              Unreleased<LinkTotals> totals);

// The rule as it holds for a table, for people. `agreed` is the grant's rule, `in_force` that or a
// stricter one.
std::string rule_in_words(const Table& table, const DisclosureRule& in_force,
                          const DisclosureRule& agreed);

// floor(value / round_to + 1/2) * round_to.
std::uint64_t round_half_up(std::uint64_t value, std::uint32_t round_to);

// text "hedgerow/v1/edition", cells hash, rule, u32 n, n times (u8 status, u64 value).
Bytes encode(const Edition& edition);
Result<Edition> decode_edition(ByteView bytes);  // bad_input on anything encode() does not make
Sha256 edition_hash(const Edition& edition);     // SHA-256 of encode()

}  // namespace hedgerow::policies
