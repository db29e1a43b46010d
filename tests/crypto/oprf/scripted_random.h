// Randomness that makes random_scalar() draw given scalars, in order: each draw of 64 bytes is
// the scalar and 32 zeros, which reduces to the scalar itself.
#pragma once

#include <algorithm>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/check.h"
#include "crypto/base/seams.h"

namespace hedgerow {

class ScriptedScalars : public Random {
 public:
  explicit ScriptedScalars(std::vector<Bytes> scalars) : scalars_(std::move(scalars)) {}
  void fill(std::span<std::uint8_t> out) override {
    HR_CHECK(next_ < scalars_.size() && out.size() == 64 && scalars_[next_].size() == 32);
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    std::copy(scalars_[next_].begin(), scalars_[next_].end(), out.begin());
    ++next_;
  }
  bool exhausted() const { return next_ == scalars_.size(); }

 private:
  std::vector<Bytes> scalars_;
  std::size_t next_ = 0;
};

}  // namespace hedgerow
