#include "node/core/control_fields.h"

namespace hedgerow::core {

using nlohmann::json;

Result<std::string> text_field(const json& request, const char* key) {
  const auto it = request.find(key);
  if (it == request.end() || !it->is_string())
    return Error{Code::usage, std::string("the request lacks ") + key, {}, {}};
  return it->get<std::string>();
}

Result<Bytes> base64_field(const json& request, const char* key, std::size_t max) {
  HR_ASSIGN(const std::string text, text_field(request, key));
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() > max)
    return Error{Code::usage, std::string(key) + " is not base64, or too large", {}, {}};
  return *bytes;
}

bool flag(const json& request, const char* key) {
  const auto it = request.find(key);
  return it != request.end() && it->is_boolean() && it->get<bool>();
}

std::uint64_t number(const json& request, const char* key, std::uint64_t otherwise) {
  const auto it = request.find(key);
  return it != request.end() && it->is_number_unsigned() ? it->get<std::uint64_t>() : otherwise;
}

}  // namespace hedgerow::core
