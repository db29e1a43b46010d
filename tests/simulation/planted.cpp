#include "tests/simulation/planted.h"

#include <algorithm>
#include <vector>

namespace hedgerow::simulation {

namespace {

struct Plant {
  const char* name;
  Defect defect;
  std::vector<const char*>
      shown_by;  // words of the faults (evidence.cpp, witness.cpp, seed_run.cpp)
};

const std::vector<Plant>& plants() {
  static const std::vector<Plant> all = {
      {"none", Defect::none, {}},
      {"no-opened-check", Defect::no_opened_check, {" opened a release with "}},
      {"charge-after-send",
       Defect::charge_after_send,
       {" before it was charged on the log", " elements for ", " evaluated beyond the quotas "}},
      {"replay-cache-off",
       Defect::replay_cache_off,
       {"a frame that was replayed changed a node", " logged twice: ", " logged two editions "}},
      {"roster-not-signed-by-all",
       Defect::roster_not_signed_by_all,
       {" sent its masked input before "}},
      {"log-after-commit",
       Defect::log_after_commit,
       {" without a word on its log", " that is not on its log", " on its ledger than on its log ",
        " is not on the log of ", " that is not on the log of "}},
      {"link-not-confirmed",
       Defect::link_not_confirmed,
       {"a link was counted before ", " entered a companion sum before "}}};
  return all;
}

}  // namespace

Defect planted = Defect::none;

bool plant(const std::string& name) {
  const auto it = std::find_if(plants().begin(), plants().end(),
                               [&](const Plant& p) { return p.name == name; });
  if (it == plants().end()) return false;
  planted = it->defect;
  return true;
}

bool shows_planted(const std::string& fault) {
  const auto it = std::find_if(plants().begin(), plants().end(),
                               [](const Plant& p) { return p.defect == planted; });
  return std::any_of(it->shown_by.begin(), it->shown_by.end(),
                     [&](const char* words) { return fault.find(words) != std::string::npos; });
}

}  // namespace hedgerow::simulation
