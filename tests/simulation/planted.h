// Defects planted in the objects of the planted program, and in no other (CMakeLists.txt). Included
// before everything else in those objects; which defect is there is chosen at run time.
#pragma once

#include <string>

namespace hedgerow::simulation {

enum class Defect {
  none,
  no_opened_check,
  charge_after_send,
  replay_cache_off,
  roster_not_signed_by_all,
  log_after_commit,
  link_not_confirmed,
};

extern Defect planted;

// By its name, with hyphens. False: there is none of that name.
bool plant(const std::string& name);

// Whether the fault is of an invariant that the planted defect breaks. Any other fault is no find.
bool shows_planted(const std::string& fault);

}  // namespace hedgerow::simulation

#define HEDGEROW_PLANT_no_opened_check \
  (::hedgerow::simulation::planted == ::hedgerow::simulation::Defect::no_opened_check)
#define HEDGEROW_PLANT_charge_after_send \
  (::hedgerow::simulation::planted == ::hedgerow::simulation::Defect::charge_after_send)
#define HEDGEROW_PLANT_replay_cache_off \
  (::hedgerow::simulation::planted == ::hedgerow::simulation::Defect::replay_cache_off)
#define HEDGEROW_PLANT_roster_not_signed_by_all \
  (::hedgerow::simulation::planted == ::hedgerow::simulation::Defect::roster_not_signed_by_all)
#define HEDGEROW_PLANT_log_after_commit \
  (::hedgerow::simulation::planted == ::hedgerow::simulation::Defect::log_after_commit)
// The hub counts a link when one has confirmed it, and contributors let it go on.
#define HEDGEROW_PLANT_link_not_confirmed \
  (::hedgerow::simulation::planted == ::hedgerow::simulation::Defect::link_not_confirmed)
