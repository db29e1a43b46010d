#include "tests/simulation/planted.h"

#include <map>

namespace hedgerow::simulation {

Defect planted = Defect::none;

bool plant(const std::string& name) {
  static const std::map<std::string, Defect> defects = {
      {"none", Defect::none},
      {"no-opened-check", Defect::no_opened_check},
      {"charge-after-send", Defect::charge_after_send},
      {"replay-cache-off", Defect::replay_cache_off},
      {"roster-not-signed-by-all", Defect::roster_not_signed_by_all},
      {"log-after-commit", Defect::log_after_commit}};
  const auto it = defects.find(name);
  if (it == defects.end()) return false;
  planted = it->second;
  return true;
}

}  // namespace hedgerow::simulation
