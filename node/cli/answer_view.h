// An answer for a person: a table in the terminal, or CSV for a spreadsheet (formats.md,
// Questions). Both from the answer's JSON (schema hedgerow/answer/1).
#pragma once

#include <iosfwd>
#include <nlohmann/json_fwd.hpp>

namespace hedgerow::cli {

// At most 100 columns wide where names allow it.
void print_answer_table(std::ostream& out, const nlohmann::json& answer);

// Byte order mark, long form, a status column; suppressed values are blank, never 0; cells that
// a spreadsheet would take for a formula are escaped. What the answer says besides its cells stands
// in rows of status "note" after them, in the last column.
void print_answer_csv(std::ostream& out, const nlohmann::json& answer);

}  // namespace hedgerow::cli
