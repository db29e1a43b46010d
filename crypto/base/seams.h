// The seams through which time and randomness come in, so that a whole region can run from a
// seed. Nothing below node's daemon reads a clock or a random device of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>

namespace hedgerow {

using UtcTime = std::chrono::sys_time<std::chrono::milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual UtcTime now() = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

inline std::int64_t to_unix_ms(UtcTime t) { return t.time_since_epoch().count(); }
inline UtcTime from_unix_ms(std::int64_t ms) { return UtcTime(std::chrono::milliseconds(ms)); }

}  // namespace hedgerow
