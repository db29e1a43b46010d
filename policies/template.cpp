#include "policies/template.h"

#include <algorithm>

#include "policies/shipped_texts.h"

namespace hedgerow::policies {
namespace {

constexpr std::size_t kMaxValueBytes = 500;

Error usage(std::string text, std::string hint = {}) {
  return {Code::usage, std::move(text), {}, std::move(hint)};
}

struct Place {
  std::string_view before;  // the text up to the place
  std::string_view name;
  std::string_view stands;  // after '|'
  bool has_stand = false;
};

// Cuts the next place off the front of `text`; false where there is none, and `text` is the rest.
bool next_place(std::string_view& text, Place& place) {
  const std::size_t open = text.find("{{");
  if (open == std::string_view::npos) return false;
  const std::size_t close = text.find("}}", open);
  if (close == std::string_view::npos) return false;
  place = {};
  place.before = text.substr(0, open);
  place.name = text.substr(open + 2, close - open - 2);
  text.remove_prefix(close + 2);
  if (const std::size_t bar = place.name.find('|'); bar != std::string_view::npos) {
    place.stands = place.name.substr(bar + 1);
    place.name = place.name.substr(0, bar);
    place.has_stand = true;
  }
  return true;
}

bool stays_within_a_text(std::string_view value) {
  return value.size() <= kMaxValueBytes && std::all_of(value.begin(), value.end(), [](char c) {
           return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
         });
}

}  // namespace

const std::map<std::string, std::string_view>& shipped_templates() {
  static const std::map<std::string, std::string_view> templates = {
      {"counts-few-agencies", counts_few_agencies_text()},
      {"linked-patterns", linked_patterns_text()},
      {"regional-flows", regional_flows_text()},
      {"regional-patterns", regional_patterns_text()},
      {"voluntary-partner", voluntary_partner_text()}};
  return templates;
}

std::string_view template_summary(const std::string& name) {
  static const std::map<std::string, std::string_view> summaries = {
      {"counts-few-agencies", "children who go missing, by age and sex, among three agencies"},
      {"linked-patterns",
       "children counted once across agencies: where they are seen, who is known to several, who "
       "goes missing again"},
      {"regional-flows", "movements between districts each quarter, four agencies and a hub"},
      {"regional-patterns",
       "movements, ages, places where children are seen and who is known to several, each quarter; "
       "and whom to ring about one child"},
      {"voluntary-partner",
       "movements each year, a voluntary service among the parties, no figure from one agency"}};
  const auto found = summaries.find(name);
  HR_CHECK(found != summaries.end());
  return found->second;
}

std::vector<std::string> places_of(std::string_view text) {
  std::vector<std::string> names;
  Place place;
  while (next_place(text, place))
    if (std::find(names.begin(), names.end(), place.name) == names.end())
      names.emplace_back(place.name);
  return names;
}

Result<std::string> fill_template(std::string_view text,
                                  const std::map<std::string, std::string>& values) {
  const auto names = places_of(text);
  for (const auto& [name, value] : values) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      std::string known;
      for (const auto& n : names) known += (known.empty() ? "" : ", ") + n;
      return usage("the template has no place '" + name + "'", "it has " + known);
    }
    if (!stays_within_a_text(value))
      return usage("the value of '" + name +
                   "' is too long, or holds quotation marks, backslashes or "
                   "control characters");
  }
  std::string filled;
  Place place;
  while (next_place(text, place)) {
    filled += place.before;
    const auto value = values.find(std::string(place.name));
    if (value != values.end()) {
      filled += value->second;
    } else if (place.has_stand) {
      filled += place.stands;
    } else {
      return usage("the template needs a value for '" + std::string(place.name) + "'");
    }
  }
  filled += text;
  return filled;
}

}  // namespace hedgerow::policies
