// What the answers of a seed's region must be, from the rows that its people gave and the order in
// which each contributor's log names imports and freezes: disclosure.md rules 2, 4 and 5 by their
// text, with no code of the product.
#pragma once

#include "tests/simulation/scenario.h"

namespace hedgerow::simulation {

// The file's name on the control socket, which tells the witness what a logged import was.
std::string file_name(std::size_t import);

// Of each contributor: how its rows must stand in its store at the end.
std::map<std::string, std::size_t> plain_row_counts(const Region& region, const Scenario& scenario);

// What an answer ("hedgerow/answer/1") to this question says otherwise; empty: nothing. `released`
// counts cells.
std::vector<std::string> check_answer(const Region& region, const Scenario& scenario,
                                      const Ask& ask, const nlohmann::json& answer,
                                      std::size_t& released);

}  // namespace hedgerow::simulation
