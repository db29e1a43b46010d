// `hedgerow trace open`, and a trace's id as it is typed.
#pragma once

#include <string>

#include "crypto/base/ids.h"
#include "node/cli/command.h"

namespace hedgerow::cli {

// 32 hex digits. Error usage.
Result<SessionId> trace_id(const std::string& typed);

void add_trace_open_command(CLI::App& trace, Context& context);

}  // namespace hedgerow::cli
