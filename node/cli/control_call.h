// One command to the daemon over its control socket: the request, the files it takes, progress
// on the way, the result (node/ipc/control.h).
#pragma once

#include <functional>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "node/cli/command.h"

namespace hedgerow::cli {

struct ControlCall {
  // The result's JSON, or the daemon's error. `wait_ms` bounds the wait for each frame.
  // Errors: not_running where the daemon does not answer.
  static Result<nlohmann::json> run(const Context& context, const nlohmann::json& request,
                                    const std::vector<std::istream*>& files,
                                    const std::function<void(const nlohmann::json&)>& on_progress,
                                    int wait_ms);
  static Result<nlohmann::json> run(const Context& context, const nlohmann::json& request,
                                    int wait_ms = 30'000);
};

}  // namespace hedgerow::cli
