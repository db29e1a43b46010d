#include "policies/london_clock.h"

#include <date/tz.h>

#include <exception>

#include "crypto/base/check.h"

namespace hedgerow::policies {
namespace {

// A machine without tz data cannot tell when a period ends: nothing sensible can go on.
const date::time_zone& london() {
  static const date::time_zone* const zone = [] {
    const date::time_zone* found = nullptr;
    try {
      found = date::locate_zone("Europe/London");
    } catch (const std::exception&) {
      found = nullptr;
    }
    const bool tz_data_is_installed = found != nullptr;
    HR_CHECK(tz_data_is_installed);
    return found;
  }();
  return *zone;
}

}  // namespace

LondonTime london_local(UtcTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const date::sys_info info = london().get_info(seconds);
  const auto local = seconds.time_since_epoch() + info.offset;
  const auto days = std::chrono::floor<std::chrono::days>(local);
  return {Day{static_cast<std::int32_t>(days.count())}, static_cast<int>((local - days).count()),
          info.abbrev};
}

UtcTime london_to_utc(Day day, int second_of_day) {
  const date::local_seconds local{std::chrono::days{day.number} +
                                  std::chrono::seconds{second_of_day}};
  // With choose::earliest a skipped time is the instant of the change, a repeated one its first.
  return UtcTime{london().to_sys(local, date::choose::earliest).time_since_epoch()};
}

}  // namespace hedgerow::policies
