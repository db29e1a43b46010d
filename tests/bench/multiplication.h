// What one scalar multiplication costs, measured again and again between the steps of what is
// benchmarked: the machine's own pace changes while others use it.
#pragma once

#include "crypto/group.h"
#include "crypto/random.h"
#include "tests/bench/processor_time.h"

namespace hedgerow::bench {

class Multiplication {
 public:
  void measure() {
    constexpr int kTimes = 50;
    const double begin = processor_s();
    for (int i = 0; i < kTimes; ++i) p_ = multiply(s_, p_).value();
    spent_s_ += processor_s() - begin;
    times_ += kTimes;
  }
  double seconds() const { return spent_s_ / times_; }

 private:
  SeededRandom rng_{ByteArray<32>{3}};
  SecretScalar s_ = random_scalar(rng_);
  Element p_ = Element::base();
  double spent_s_ = 0;
  int times_ = 0;
};

}  // namespace hedgerow::bench
