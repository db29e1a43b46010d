// Fields of a request on the control socket. Errors usage, naming the field.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "crypto/base/bytes.h"

namespace hedgerow::core {

Result<std::string> text_field(const nlohmann::json& request, const char* key);
// At most `max` bytes.
Result<Bytes> base64_field(const nlohmann::json& request, const char* key, std::size_t max);
// Absent or of another type: false; `otherwise`.
bool flag(const nlohmann::json& request, const char* key);
std::uint64_t number(const nlohmann::json& request, const char* key, std::uint64_t otherwise);

}  // namespace hedgerow::core
