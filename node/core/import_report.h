// An import's report as the control socket sends it (docs/design/control.md): counts, lines,
// columns and rules, never a value.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "node/core/import_desk.h"

namespace hedgerow::core {

// Movements, or a return.
nlohmann::json to_json(const import::Report& report, const ImportRequest& request);

// What all kinds of import have: `source`, `read`, `refused`, `by_rule`, `problems`.
nlohmann::json common_report(const import::Report& report, const ImportRequest& request);

}  // namespace hedgerow::core
