// How a desk answers whoever gave the command on the control socket.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "crypto/base/result.h"

namespace hedgerow::core {

struct Reply {
  std::function<void(const nlohmann::json&)> progress;
  std::function<void(const nlohmann::json&)> result;  // ends the command
  std::function<void(const Error&)> error;            // ends the command
};

}  // namespace hedgerow::core
