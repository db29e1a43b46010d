// Small files the command line reads and writes.
#pragma once

#include <filesystem>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"

namespace hedgerow::cli {

// A whole regular file of at most `max` bytes. Errors: bad_input, naming file and reason.
Result<Bytes> read_small_file(const std::filesystem::path& file, std::size_t max);

}  // namespace hedgerow::cli
