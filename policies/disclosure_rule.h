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

// Of linked tables: how many distinct children an agency must know to count for K, min_children
// divided by min_agencies, rounded up. `agreed` is the grant's rule, `in_force` that or a stricter
// one: the divisor stays the agreement's, since with a raised min_agencies the floor would fall and
// the stricter rule release more.
std::uint32_t local_floor(const DisclosureRule& in_force, const DisclosureRule& agreed);

std::string in_words(const DisclosureRule& rule);          // of sums; for a table: rule_in_words
void write_rule(Writer& out, const DisclosureRule& rule);  // u32 u32 u32 u8
DisclosureRule read_rule(Reader& in);                      // fails the reader when out of bounds

}  // namespace hedgerow::policies
