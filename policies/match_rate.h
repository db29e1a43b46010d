// The match rate a contributor states with a release: which share of what it counted is about
// children whose NHS number it knows. Only those can ever be linked across agencies, and a police
// or voluntary service's share says how far its figures can be compared.
//
// Only a band leaves the node, and below a floor not even that (docs/design/answering.md, Match
// rate, says what either could give away).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "policies/disclosure_rule.h"

namespace hedgerow::policies {

enum class MatchBand : std::uint8_t {
  not_stated = 0,
  under_50 = 1,
  from_50 = 2,  // 50 % and over, under 80 %
  from_80 = 3,
  from_95 = 4,
};
std::string_view to_text(MatchBand band);  // "not stated", "under 50 %", "50-80 %", ...
std::optional<MatchBand> match_band_from(std::uint8_t number);

// A band is stated by a contributor with at least this many times min_children distinct children
// in the table and period, so that 'not stated' leaves room for numbers above the threshold.
constexpr std::uint64_t kMatchRateFloor = 5;
constexpr std::uint64_t match_floor(const DisclosureRule& rule) {
  return kMatchRateFloor * rule.min_children;
}

// `matched` of `counted` rows or children, by the table's measure; `children` distinct ones.
MatchBand match_band(std::uint64_t matched, std::uint64_t counted, std::uint64_t children,
                     const DisclosureRule& rule);

}  // namespace hedgerow::policies
