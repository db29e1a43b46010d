// The parameters of a grant's disclosure rule (formats.md [grant.disclosure]).
#pragma once

#include <cstdint>
#include <string>

#include "crypto/base/bytes.h"

namespace hedgerow::policies {

constexpr std::uint32_t kMaxMinChildren = 1000;
constexpr std::uint32_t kMaxRoundTo = 1000;
constexpr std::uint32_t kMaxMinAgencies = 64;

struct DisclosureRule {
  std::uint32_t min_children = 8;  // 1 to kMaxMinChildren; distinct children an agency must hold
  std::uint32_t min_agencies = 1;  // 0 to the number of contributors; 0 counts as 1
  std::uint32_t round_to = 5;      // 1 to kMaxRoundTo, at most 2 * min_children; 1: not rounded
  bool true_zero = false;          // cells that are empty everywhere are shown as zero
  friend bool operator==(const DisclosureRule&, const DisclosureRule&) = default;
};

std::string in_words(const DisclosureRule& rule);
void write_rule(Writer& out, const DisclosureRule& rule);  // u32 u32 u32 u8
DisclosureRule read_rule(Reader& in);                      // fails the reader when out of bounds

}  // namespace hedgerow::policies
