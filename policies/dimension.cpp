#include "policies/dimension.h"

namespace hedgerow::policies {

bool is_place_dimension(std::string_view name) { return name == "origin" || name == "destination"; }

std::optional<Vocabulary> dimension_vocabulary(std::string_view name) {
  const auto vocabulary = parse_vocabulary(name);
  if (!vocabulary || *vocabulary == Vocabulary::factors ||
      *vocabulary == Vocabulary::factor_certainty)
    return std::nullopt;
  return vocabulary;
}

std::string_view dimension_names() {
  return "origin, destination, event, place_type, missing_risk, exploitation_risk, age_band, sex, "
         "care_status, return_interview";
}

}  // namespace hedgerow::policies
