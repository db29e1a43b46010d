#include "policies/match_rate.h"

#include "crypto/base/result.h"

namespace hedgerow::policies {

std::string_view to_text(MatchBand band) {
  switch (band) {
    case MatchBand::not_stated:
      return "not stated";
    case MatchBand::under_50:
      return "under 50 %";
    case MatchBand::from_50:
      return "50-80 %";
    case MatchBand::from_80:
      return "80-95 %";
    case MatchBand::from_95:
      return "95 % and over";
  }
  HR_CHECK(false);
  return {};
}

std::optional<MatchBand> match_band_from(std::uint8_t number) {
  if (number > static_cast<std::uint8_t>(MatchBand::from_95)) return std::nullopt;
  return static_cast<MatchBand>(number);
}

MatchBand match_band(std::uint64_t matched, std::uint64_t counted, std::uint64_t children,
                     const DisclosureRule& rule) {
  HR_CHECK(matched <= counted && children <= counted);
  if (children < match_floor(rule)) return MatchBand::not_stated;
  const auto reaches = [&](std::uint64_t percent) { return matched * 100 >= percent * counted; };
  if (reaches(95)) return MatchBand::from_95;
  if (reaches(80)) return MatchBand::from_80;
  if (reaches(50)) return MatchBand::from_50;
  return MatchBand::under_50;
}

}  // namespace hedgerow::policies
