#include "node/cli/in_force.h"

#include <nlohmann/json.hpp>

#include "node/cli/control_call.h"

namespace hedgerow::cli {

using nlohmann::json;

Result<AgreementHash> hash_in_force(const Context& context, const std::string& agreement) {
  HR_ASSIGN(const json list, ControlCall::run(context, {{"command", "agreement-list"}}));
  for (const json& a : list.at("agreements"))
    if (a.value("agreement", "") == agreement) {
      HR_ASSIGN(const auto hash, parse_sha256_name(a.value("hash", "")));
      return AgreementHash{hash};
    }
  return denied("no agreement " + agreement + " is installed on this node",
                "see `hedgerow agreement list`");
}

}  // namespace hedgerow::cli
