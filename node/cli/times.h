// The command line's clock, and how it writes times.
#pragma once

#include <string>

#include "crypto/base/seams.h"

namespace hedgerow::cli {

UtcTime system_now();
std::string iso(UtcTime t);  // "2026-10-01T09:30:00Z"

}  // namespace hedgerow::cli
