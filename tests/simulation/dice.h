// What is drawn from a seed, for one purpose.
#pragma once

#include <string_view>
#include <vector>

#include "tests/simulation/identities.h"

namespace hedgerow::simulation {

class Dice {
 public:
  Dice(std::string_view purpose, std::uint64_t seed) : rng_(seed_of(purpose, seed)) {}
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_below(rng_, n)); }
  std::size_t between(std::size_t a, std::size_t b) { return a + below(b - a + 1); }
  bool chance(std::size_t hundredths) { return below(100) < hundredths; }
  template <class T>
  const T& of(const std::vector<T>& v) {
    return v.at(below(v.size()));
  }

 private:
  SeededRandom rng_;
};

}  // namespace hedgerow::simulation
