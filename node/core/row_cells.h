// Which rows a table counts, and into which of its cells a row falls.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "node/store/records.h"
#include "policies/agreement.h"
#include "policies/cells.h"
#include "policies/code_list.h"

namespace hedgerow::core {

// The table's filters, each with its admitted codes as bits, so that a row is judged without
// looking up words. A row without a code in a filtered dimension does not count.
class RowFilter {
 public:
  // bad_input: the table filters on something that is not counted by.
  static Result<RowFilter> make(const policies::Table& table, const policies::CodeList& codes);
  bool admits(const store::MovementRow& row) const;

 private:
  struct Dimension {
    policies::Vocabulary vocabulary;
    std::vector<bool> admitted;      // by stored code
    std::vector<std::string> words;  // the same, as the agreement says it
  };
  std::vector<Dimension> dimensions_;
};

// The cell of a row, with everything that can be looked up beforehand looked up. `space` and
// `codes` outlive it.
class RowCells {
 public:
  RowCells(const policies::CellSpace& space, const policies::CodeList& codes);
  // bad_input where the table has no cell for a row that its filters admit.
  Result<std::size_t> cell_of(const store::MovementRow& row);

 private:
  std::optional<std::size_t> coordinate_of(std::size_t d, const store::MovementRow& row) const;

  const policies::CellSpace& space_;
  const policies::CodeList& codes_;
  std::vector<std::optional<policies::Vocabulary>> vocabularies_;     // by dimension
  std::vector<std::vector<std::optional<std::size_t>>> coordinates_;  // by stored code
  std::vector<std::size_t> at_;
};

}  // namespace hedgerow::core
