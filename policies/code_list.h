// The code lists an agreement pins: events, place types, grades, and England's areas.
//
// One list is shipped (codes/england-2025.txt, compiled in). Its vintage is the English districts
// of 1 April 2025. Cells are enumerated from it, so two nodes agree on a table only where they
// hold the same list: hash() is in the agreement and in the hash of every cell space.
// Thread-safe: immutable once made.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "policies/calendar.h"

namespace hedgerow::policies {

// A dimension whose codes are words. The text form is the CSV column's name (formats.md, Records).
enum class Vocabulary {
  event,
  place_type,
  missing_risk,
  exploitation_risk,
  factors,  // the factor alone: "cse"; ":suspected" and ":confirmed" are
            // Vocabulary::factor_certainty
  factor_certainty,
  sex,
  care_status,
  return_interview,
  age_band,
};
std::string_view to_text(Vocabulary vocabulary);
std::optional<Vocabulary> parse_vocabulary(std::string_view text);

enum class AreaKind { district, county, police_area, care_board };
enum class PlaceLevel : std::uint8_t { district = 1, social_care_authority = 2, police_area = 3 };
std::string_view to_text(PlaceLevel level);  // "district", "social-care-authority", "police-area"
std::optional<PlaceLevel> parse_place_level(std::string_view text);

// What a cell's place may be besides an area, in this order after the areas.
inline constexpr std::string_view kElsewhere = "elsewhere";  // in England, no party's area
inline constexpr std::string_view kOutsideEngland = "outside-england";
inline constexpr std::string_view kUnknown = "unknown";

constexpr std::size_t kMaxCodeListBytes = 256 * 1024;

struct DistrictResolution {
  enum class Kind {
    current,          // `code` is a district of the list's vintage
    outside_england,  // a district of Wales, Scotland or Northern Ireland, or "outside-england"
    ambiguous,        // a former district that was split: becomes unknown, and is counted
    unknown,          // no district code
  };
  Kind kind = Kind::unknown;
  std::string code;           // where `current`
  bool valid_on_day = false;  // the code as given was in use on that day
};

struct Straddler {
  std::string district;
  std::vector<std::string> boards;  // largest share first
};

class CodeList {
 public:
  static const CodeList& shipped();
  // The canonical text form (docs/design/agreement.md); bad_input with the line on anything else.
  static Result<CodeList> parse(std::string_view text);

  const std::string& version() const;      // "england-2025"
  const std::string& attribution() const;  // what the Open Government Licence asks for
  const Sha256& hash() const;              // SHA-256 of the canonical text

  std::span<const std::string> codes(Vocabulary vocabulary) const;  // in the list's order
  bool contains(Vocabulary vocabulary, std::string_view code) const;

  // Maps a code as a record gives it to a district of the list's vintage. Changes take effect on
  // 1 April. A code that was replaced is still understood (valid_on_day says whether it was in
  // use); one not yet in use on that day maps to itself.
  DistrictResolution resolve_district(std::string_view code, Day day) const;

  // A current district (E06-E09), county (E10), police area (E23) or care board (E54).
  std::optional<AreaKind> area_kind(std::string_view code) const;
  std::optional<std::string_view> area_name(std::string_view code) const;
  // The area's districts, sorted; a district is its own; empty where the code is not an area.
  // A care board's are those with their largest share in it.
  std::vector<std::string> districts_of(std::string_view area) const;
  // The area of that level in which a current district lies; nothing for any other code.
  std::optional<std::string> district_at(std::string_view district, PlaceLevel level) const;

  std::span<const std::string> districts() const;  // current ones, sorted
  std::span<const Straddler> straddlers() const;   // districts that lie in more than one care board

  struct Content;  // known to code_list.cpp only

 private:
  std::shared_ptr<const Content> content_;
};

// A place's code in words: the area's name, or "elsewhere in England", "outside England",
// "unknown".
std::string place_name(const CodeList& codes, std::string_view code);

}  // namespace hedgerow::policies
