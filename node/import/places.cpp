#include "node/import/places.h"

#include <utility>

namespace hedgerow::import {

Place Places::resolve(ByteView cell, policies::Day day) {
  if (cell.empty()) return {};
  if (const auto number = postcode_number(cell)) return of_postcode(*number, day);
  return of_code(as_text(cell), day);
}

Place Places::resolve_postcode(ByteView cell, policies::Day day) {
  if (cell.empty()) return {};
  const auto number = postcode_number(cell);
  if (!number) return {Place::Kind::unknown_postcode, {}, false, false};
  return of_postcode(*number, day);
}

Place Places::of_code(std::string_view code, policies::Day day) const {
  using Kind = policies::DistrictResolution::Kind;
  auto resolved = codes_.resolve_district(code, day);
  switch (resolved.kind) {
    case Kind::current:
      return {Place::Kind::area, std::move(resolved.code), false, !resolved.valid_on_day};
    case Kind::outside_england:
      return {Place::Kind::area, std::string(policies::kOutsideEngland), false, false};
    case Kind::ambiguous:
      return {Place::Kind::area, {}, true, false};
    case Kind::unknown:
      return {Place::Kind::not_an_area, {}, false, false};
  }
  HR_CHECK(false);
}

Place Places::of_postcode(std::uint32_t number, policies::Day day) {
  if (postcodes_ == nullptr) postcodes_ = &own_.emplace(Postcodes::shipped());
  const std::string_view code = postcodes_->district_of(number);
  if (code.empty()) return {Place::Kind::unknown_postcode, {}, false, false};
  // The directory's own codes for the Channel Islands and the Isle of Man.
  if (code.front() == 'L' || code.front() == 'M')
    return {Place::Kind::area, std::string(policies::kOutsideEngland), false, false};
  Place place = of_code(code, day);
  // That the directory is newer than the row is not the file's doing.
  place.other_day = false;
  if (place.kind == Place::Kind::not_an_area) place = {};  // a list of another vintage
  return place;
}

}  // namespace hedgerow::import
