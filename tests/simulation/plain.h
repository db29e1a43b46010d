// What the answers of a seed's region must be, from the rows that its people gave and the order in
// which each contributor's log names imports and freezes: disclosure.md rules 2, 4 and 5 by their
// text, with no code of the product.
#pragma once

#include "tests/simulation/scenario.h"

namespace hedgerow::simulation {

// The file's name on the control socket, which tells the witness what a logged import was.
std::string file_name(std::size_t import);

// The first and last day of a quarter, and the first of the kWithinDays that end with it.
std::pair<std::string, std::string> days_of(const std::string& quarter);
std::string window_of(const std::string& quarter);
// A place as cells name it: an area, elsewhere, outside-england or unknown.
std::string coordinate(const std::vector<std::string>& areas, const std::string& place);

// Of each contributor: how its rows must stand in its store at the end.
std::map<std::string, std::size_t> plain_row_counts(const Region& region, const Scenario& scenario);

// What an answer ("hedgerow/answer/1") to this question says otherwise; empty: nothing. `released`
// counts cells.
std::vector<std::string> check_answer(const Region& region, const Scenario& scenario,
                                      const Ask& ask, const nlohmann::json& answer,
                                      std::size_t& released);

// What a trace's result ("hedgerow/trace-result/1") of this child says otherwise, from each
// responder's rows as they stood when its directory was made; empty: nothing.
std::vector<std::string> check_traced(const Region& region, const Scenario& scenario,
                                      const std::string& home, std::size_t child,
                                      const nlohmann::json& result);

}  // namespace hedgerow::simulation
