#include "node/core/tally.h"

#include <algorithm>

#include "crypto/base/wiping.h"
#include "policies/dimension.h"
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

// A stored code of one vocabulary: its place in the list from 1, 0 where none is given.
std::size_t stored_code(const store::MovementRow& row, policies::Vocabulary vocabulary) {
  switch (vocabulary) {
    case policies::Vocabulary::event:
      return row.event + std::size_t{1};
    case policies::Vocabulary::place_type:
      return row.place_type;
    case policies::Vocabulary::missing_risk:
      return row.missing_risk;
    case policies::Vocabulary::exploitation_risk:
      return row.exploitation_risk;
    case policies::Vocabulary::sex:
      return row.sex;
    case policies::Vocabulary::care_status:
      return row.care_status;
    case policies::Vocabulary::return_interview:
      return row.return_interview;
    case policies::Vocabulary::factors:
    case policies::Vocabulary::factor_certainty:
    case policies::Vocabulary::age_band:
      return 0;
  }
  return 0;
}

// The table's filters, each with its admitted codes as bits, so that a row is judged without
// looking up words. A row without a code in a filtered dimension does not count.
class RowFilter {
 public:
  static Result<RowFilter> make(const policies::Table& table, const policies::CodeList& codes) {
    RowFilter filter;
    for (const auto& [name, admitted] : table.where) {
      const auto vocabulary = policies::parse_vocabulary(name);
      // Refused where the agreement is read; this is the second lock.
      if (!vocabulary || *vocabulary == policies::Vocabulary::factors ||
          *vocabulary == policies::Vocabulary::factor_certainty)
        return bad_input("the table filters on " + name + ", which is not counted by");
      Dimension dimension{*vocabulary, {false}, admitted};
      for (const auto& code : codes.codes(*vocabulary))
        dimension.admitted.push_back(table.admits(name, code));
      filter.dimensions_.push_back(std::move(dimension));
    }
    return filter;
  }

  bool admits(const store::MovementRow& row) const {
    return std::all_of(dimensions_.begin(), dimensions_.end(), [&](const Dimension& d) {
      if (d.vocabulary == policies::Vocabulary::age_band)
        return row.age && std::find(d.words.begin(), d.words.end(), policies::age_band(*row.age)) !=
                              d.words.end();
      const std::size_t code = stored_code(row, d.vocabulary);
      return code < d.admitted.size() && d.admitted[code];
    });
  }

 private:
  struct Dimension {
    policies::Vocabulary vocabulary;
    std::vector<bool> admitted;      // by stored code
    std::vector<std::string> words;  // the same, as the agreement says it
  };
  std::vector<Dimension> dimensions_;
};

// The cell of a row, with everything that can be looked up beforehand looked up.
class Cells {
 public:
  Cells(const policies::CellSpace& space, const policies::CodeList& codes)
      : space_(space), codes_(codes) {
    for (std::size_t d = 0; d < space.dimensions().size(); ++d)
      vocabularies_.push_back(policies::dimension_vocabulary(space.dimensions()[d].name));
    for (std::size_t d = 0; d < vocabularies_.size(); ++d) {
      const auto vocabulary = vocabularies_[d];
      auto& known = coordinates_.emplace_back();
      if (!vocabulary) continue;
      known.push_back(space.code_coordinate(d, ""));
      for (const auto& code : codes.codes(*vocabulary))
        known.push_back(space.code_coordinate(d, code));
    }
    at_.resize(vocabularies_.size());
  }

  // bad_input where the table has no cell for a row that its filters admit.
  Result<std::size_t> cell_of(const store::MovementRow& row) {
    for (std::size_t d = 0; d < vocabularies_.size(); ++d) {
      const auto coordinate = coordinate_of(d, row);
      if (!coordinate) return bad_input("a row falls into no cell of the table");
      at_[d] = *coordinate;
    }
    return space_.index(at_);
  }

 private:
  std::optional<std::size_t> coordinate_of(std::size_t d, const store::MovementRow& row) const {
    if (!vocabularies_[d]) {
      const bool origin = space_.dimensions()[d].name == "origin";
      return space_.place_coordinate(codes_, d, origin ? row.origin : row.destination);
    }
    if (*vocabularies_[d] == policies::Vocabulary::age_band)
      return space_.code_coordinate(d, row.age ? policies::age_band(*row.age) : "");
    const std::size_t code = stored_code(row, *vocabularies_[d]);
    // A code that this list does not have, from a store of another one, is as good as none.
    return coordinates_[d][code < coordinates_[d].size() ? code : 0];
  }

  const policies::CellSpace& space_;
  const policies::CodeList& codes_;
  std::vector<std::optional<policies::Vocabulary>> vocabularies_;     // by dimension
  std::vector<std::vector<std::optional<std::size_t>>> coordinates_;  // by stored code
  std::vector<std::size_t> at_;
};

}  // namespace

Result<Tally> tally(store::LineageStore& store, const policies::Grant& grant,
                    const policies::Table& table, const policies::Period& period,
                    const policies::CellSpace& space, const policies::CodeList& codes) {
  HR_ASSIGN(const RowFilter filter, RowFilter::make(table, codes));
  Cells cells(space, codes);
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
