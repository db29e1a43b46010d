// Reads a published vector file of tests/vectors.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "crypto/base/bytes.h"
#include "test_paths.h"

namespace hedgerow {

inline nlohmann::json load_vectors(const std::string& name) {
  std::ifstream in(std::string(HEDGEROW_SOURCE_DIR) + "/tests/vectors/" + name);
  HR_CHECK(in.good());
  return nlohmann::json::parse(in);
}

inline Bytes hex(const std::string& text) {
  const std::optional<Bytes> bytes = from_hex(text);
  HR_CHECK(bytes.has_value());
  return *bytes;
}

inline std::string to_hex_of(const auto& bytes) { return to_hex(ByteView(bytes)); }

}  // namespace hedgerow
