// What linked tables must answer, from rows alone: link.md (What is counted) and disclosure.md
// (Links) by their text, with no code of the product.
#pragma once

#include "tests/simulation/scenario.h"

namespace hedgerow::simulation {

using Rows = std::map<std::string, Row>;  // of one contributor, by source

// Where `period` of an answer to this table says otherwise than the rows of the contributors;
// empty: nowhere. `released` counts cells.
std::vector<std::string> check_linked(const Shape& shape, const LinkedShape& table,
                                      const std::map<std::string, Rows>& rows,
                                      const nlohmann::json& period, std::size_t& released);

}  // namespace hedgerow::simulation
