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

}  // namespace

Result<protocol::sum::SumInput> tally(store::LineageStore& store, const policies::Grant& grant,
                                      const policies::Table& table, const policies::Period& period,
                                      const policies::CellSpace& space,
                                      const policies::CodeList& codes) {
  HR_ASSIGN(const RowFilter filter, RowFilter::make(table, codes));
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
