// The processor's time of this process, which other processes on the machine do not change.
#pragma once

#include <ctime>

namespace hedgerow::bench {

inline double processor_s() {
  timespec t{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// Adds up spans.
class Stopwatch {
 public:
  void start() { begun_ = processor_s(); }
  void stop() { sum_ += processor_s() - begun_; }
  double seconds() const { return sum_; }

 private:
  double begun_ = 0;
  double sum_ = 0;
};

}  // namespace hedgerow::bench
