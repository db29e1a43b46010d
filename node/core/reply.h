// How a desk answers whoever gave the command on the control socket.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "crypto/base/result.h"

namespace hedgerow::core {

struct Reply {
  std::uint64_t connection = 0;  // who is answered
  std::function<void(const nlohmann::json&)> progress;
  std::function<void(const nlohmann::json&)> result;  // ends the command
  std::function<void(const Error&)> error;            // ends the command
};

}  // namespace hedgerow::core
