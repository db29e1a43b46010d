// What a question can be by (formats.md, Questions): two places, and the code lists of which a row
// has one code each. A dimension is called as the column it comes from: "origin", "place_type".
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "policies/code_list.h"

namespace hedgerow::policies {

constexpr std::size_t kMaxCountDimensions = 3;

bool is_place_dimension(std::string_view name);  // origin, destination

// The list that a dimension's codes come from; nothing for a place, or for what is no dimension.
// Factors are none: a row may carry several and would fall into several cells, so that the cells
// of a table would overlap and a row's own cell could not be told.
std::optional<Vocabulary> dimension_vocabulary(std::string_view name);

inline bool is_dimension(std::string_view name) {
  return is_place_dimension(name) || dimension_vocabulary(name).has_value();
}

// All of them, as a hint names them: "origin, destination, event, ...".
std::string_view dimension_names();

}  // namespace hedgerow::policies
