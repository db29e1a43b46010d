// London's clock: the one place that asks the tz database. For calendar.cpp; everyone else uses
// policies/calendar.h.
#pragma once

#include <string>

#include "crypto/base/seams.h"
#include "policies/calendar.h"

namespace hedgerow::policies {

struct LondonTime {
  Day day;
  int second_of_day = 0;
  std::string abbreviation;  // "GMT" or "BST"
};

LondonTime london_local(UtcTime time);

// A time that summer time repeats is its first instant; one that it skips is the instant of the
// change.
UtcTime london_to_utc(Day day, int second_of_day);

}  // namespace hedgerow::policies
