// The agreement that is in force at the own node.
#pragma once

#include <string>

#include "crypto/base/ids.h"
#include "node/cli/command.h"

namespace hedgerow::cli {

// Its hash. Errors: not_running; denied: it is not installed.
Result<AgreementHash> hash_in_force(const Context& context, const std::string& agreement);

}  // namespace hedgerow::cli
