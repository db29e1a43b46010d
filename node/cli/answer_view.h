// An answer for a person: a table in the terminal, or CSV for a spreadsheet (formats.md,
// Questions). Both from the answer's JSON (schema hedgerow/answer/1).
#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

namespace hedgerow::cli {

void print_answer_table(std::ostream& out, const nlohmann::json& answer);

// Byte order mark, long form, a status column; suppressed values are blank, never 0; cells that
// a spreadsheet would take for a formula are escaped.
void print_answer_csv(std::ostream& out, const nlohmann::json& answer);

}  // namespace hedgerow::cli
