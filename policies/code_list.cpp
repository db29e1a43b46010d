#include "policies/code_list.h"

#include <algorithm>
#include <array>
#include <set>

#include "crypto/hash.h"
#include "policies/shipped_texts.h"

namespace hedgerow::policies {
namespace {

constexpr std::array kVocabularies = {
    Vocabulary::event,
    Vocabulary::place_type,
    Vocabulary::missing_risk,
    Vocabulary::exploitation_risk,
    Vocabulary::factors,
    Vocabulary::factor_certainty,
    Vocabulary::sex,
    Vocabulary::care_status,
    Vocabulary::return_interview,
    Vocabulary::age_band,
};

constexpr std::size_t kMaxNameBytes = 120;
constexpr std::size_t kMaxReplacements = 16;

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

bool is_area_code(std::string_view code, std::string_view prefix) {
  return code.size() == 9 && code.starts_with(prefix) &&
         std::all_of(code.begin() + 1, code.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_district_code(std::string_view code) {
  return is_area_code(code, "E06") || is_area_code(code, "E07") || is_area_code(code, "E08") ||
         is_area_code(code, "E09");
}

bool is_outside_england(std::string_view code) {
  return code == kOutsideEngland || is_area_code(code, "W06") || is_area_code(code, "S12") ||
         is_area_code(code, "N09");
}

// Lower-case words, digits and '-'.
bool is_word(std::string_view word) {
  return !word.empty() && word.size() <= 40 && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace

std::string_view to_text(Vocabulary vocabulary) {
  switch (vocabulary) {
    case Vocabulary::event:
      return "event";
    case Vocabulary::place_type:
      return "place_type";
    case Vocabulary::missing_risk:
      return "missing_risk";
    case Vocabulary::exploitation_risk:
      return "exploitation_risk";
    case Vocabulary::factors:
      return "factors";
    case Vocabulary::factor_certainty:
      return "factor_certainty";
    case Vocabulary::sex:
      return "sex";
    case Vocabulary::care_status:
      return "care_status";
    case Vocabulary::return_interview:
      return "return_interview";
    case Vocabulary::age_band:
      return "age_band";
  }
  HR_CHECK(false);
  return {};
}

std::optional<Vocabulary> parse_vocabulary(std::string_view text) {
  for (const auto v : kVocabularies)
    if (text == to_text(v)) return v;
  return std::nullopt;
}

std::string_view to_text(PlaceLevel level) {
  switch (level) {
    case PlaceLevel::district:
      return "district";
    case PlaceLevel::social_care_authority:
      return "social-care-authority";
    case PlaceLevel::police_area:
      return "police-area";
  }
  HR_CHECK(false);
  return {};
}

std::optional<PlaceLevel> parse_place_level(std::string_view text) {
  for (const auto level :
       {PlaceLevel::district, PlaceLevel::social_care_authority, PlaceLevel::police_area})
    if (text == to_text(level)) return level;
  return std::nullopt;
}

struct CodeList::Content {
  struct District {
    std::int32_t first_year = 0;  // 0: in use before the list's memory begins
    std::string county;           // empty: an authority of its own
    std::string police_area;
    std::string care_board;
    std::string name;
  };
  struct Former {
    std::int32_t first_year = 0;
    std::int32_t last_year = 0;  // its last year of use; replaced on 1 April of the next
    std::vector<std::string> replaced_by;
  };
  struct Area {
    AreaKind kind;
    std::string name;
    std::vector<std::string> districts;  // sorted
  };

  std::string version, attribution;
  Sha256 hash;
  std::map<Vocabulary, std::vector<std::string>> words;
  std::map<std::string, District, std::less<>> districts;
  std::map<std::string, Former, std::less<>> former;
  std::map<std::string, Area, std::less<>> areas;  // districts included
  std::vector<std::string> district_codes;
  std::vector<Straddler> straddlers;
};

namespace {

std::optional<std::int32_t> parse_year(std::string_view text) {
  if (text == "-") return 0;
  if (text.size() != 4) return std::nullopt;
  std::int32_t year = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    year = year * 10 + (c - '0');
  }
  return year;
}

// A code's years of use run from 1 April to 31 March.
Day first_of_april(std::int32_t year) {
  const auto day = make_day(year, 4, 1);
  return day.ok() ? *day : Day{};
}

// Reads line after line into a Content. A take_ function returns false on anything but the
// canonical form.
class ContentParser {
 public:
  explicit ContentParser(CodeList::Content& content) : c_(content) {}

  bool take(std::size_t number, std::string_view line) {
    if (number == 1) return line == "hedgerow-codes 1";
    if (number == 2) return take_text(line, "version ", c_.version) && is_word(c_.version);
    if (number == 3) return take_text(line, "attribution ", c_.attribution);
    if (line.starts_with("vocabulary ")) return take_vocabulary(line);
    const auto fields = split(line, '\t');
    if (fields.size() < 3 || fields.back().empty() || fields.back().size() > kMaxNameBytes)
      return false;
    if (fields[0] == "county") return take_area(fields, AreaKind::county, "E10");
    if (fields[0] == "police-area") return take_area(fields, AreaKind::police_area, "E23");
    if (fields[0] == "care-board") return take_area(fields, AreaKind::care_board, "E54");
    if (fields[0] == "district") return take_district(fields);
    if (fields[0] == "former") return take_former(fields);
    return false;
  }

  bool finish() {
    if (c_.words.size() != kVocabularies.size() || c_.districts.empty()) return false;
    for (const auto& [code, former] : c_.former) {
      for (const auto& next : former.replaced_by)
        if (!c_.districts.contains(next) && !c_.former.contains(next)) return false;
    }
    for (const auto& [code, district] : c_.districts) {
      c_.district_codes.push_back(code);
      c_.areas.emplace(code, CodeList::Content::Area{AreaKind::district, district.name, {code}});
      for (const auto* area : {&district.county, &district.police_area, &district.care_board})
        if (!area->empty()) c_.areas.find(*area)->second.districts.push_back(code);
    }
    return true;
  }

 private:
  static bool take_text(std::string_view line, std::string_view key, std::string& out) {
    if (!line.starts_with(key) || line.size() == key.size() || line.size() > 1000) return false;
    out = line.substr(key.size());
    return true;
  }

  bool take_vocabulary(std::string_view line) {
    const auto words = split(line, ' ');
    if (words.size() < 3 || words.size() > 66) return false;
    const auto vocabulary = parse_vocabulary(words[1]);
    if (!vocabulary || c_.words.contains(*vocabulary)) return false;
    auto& list = c_.words[*vocabulary];
    for (std::size_t i = 2; i < words.size(); ++i) {
      if (!is_word(words[i]) || std::find(list.begin(), list.end(), words[i]) != list.end())
        return false;
      list.emplace_back(words[i]);
    }
    return true;
  }

  // Codes of one kind come in ascending order: one content has one text.
  bool ascends(std::string_view kind, std::string_view code) {
    std::string& last = last_[std::string(kind)];
    if (code <= last) return false;
    last = code;
    return true;
  }

  bool take_area(const std::vector<std::string_view>& f, AreaKind kind, std::string_view prefix) {
    if (f.size() != 3 || !is_area_code(f[1], prefix) || !ascends(f[0], f[1])) return false;
    c_.areas.emplace(f[1], CodeList::Content::Area{kind, std::string(f[2]), {}});
    return true;
  }

  bool is_area_of(std::string_view code, AreaKind kind) const {
    const auto found = c_.areas.find(code);
    return found != c_.areas.end() && found->second.kind == kind;
  }

  bool take_district(const std::vector<std::string_view>& f) {
    if (f.size() != 7 || !is_district_code(f[1]) || !ascends(f[0], f[1])) return false;
    const auto first = parse_year(f[2]);
    const auto boards = split(f[5], ',');
    const bool has_county = f[3] != "-";
    if (!first || boards.size() > 8 || !is_area_of(f[4], AreaKind::police_area)) return false;
    // Two-tier districts, and only they, have a county.
    if (has_county != f[1].starts_with("E07")) return false;
    if (has_county && !is_area_of(f[3], AreaKind::county)) return false;
    for (const auto board : boards)
      if (!is_area_of(board, AreaKind::care_board)) return false;
    CodeList::Content::District district{*first, "", std::string(f[4]), std::string(boards[0]),
                                         std::string(f[6])};
    if (has_county) district.county = f[3];
    c_.districts.emplace(f[1], std::move(district));
    if (boards.size() > 1)
      c_.straddlers.push_back({std::string(f[1]), {boards.begin(), boards.end()}});
    return true;
  }

  bool take_former(const std::vector<std::string_view>& f) {
    if (f.size() != 6 || !is_district_code(f[1]) || !ascends(f[0], f[1])) return false;
    if (c_.districts.contains(f[1])) return false;
    const auto first = parse_year(f[2]);
    const auto last = parse_year(f[3]);
    const auto next = split(f[4], ',');
    if (!first || !last || *last < *first || *last == 0 || next.size() > kMaxReplacements)
      return false;
    for (const auto code : next)
      if (!is_district_code(code) || code == f[1]) return false;
    c_.former.emplace(f[1], CodeList::Content::Former{*first, *last, {next.begin(), next.end()}});
    return true;
  }

  CodeList::Content& c_;
  std::map<std::string, std::string> last_;
};

// Follows the replacements of a former code; at most one step for each former code, so that a list
// that names a circle ends.
void collect_current(const CodeList::Content& content, const std::string& code, std::size_t depth,
                     std::set<std::string>& out) {
  if (content.districts.contains(code)) {
    out.insert(code);
    return;
  }
  const auto former = content.former.find(code);
  if (former == content.former.end() || depth == content.former.size()) return;
  for (const auto& next : former->second.replaced_by)
    collect_current(content, next, depth + 1, out);
}

}  // namespace

const CodeList& CodeList::shipped() {
  static const CodeList list = [] {
    auto parsed = parse(shipped_code_list_text());
    HR_CHECK(parsed.ok());
    return std::move(parsed).value();
  }();
  return list;
}

Result<CodeList> CodeList::parse(std::string_view text) {
  if (text.size() > kMaxCodeListBytes) return bad_input("the code list is too large");
  if (text.empty() || text.back() != '\n')
    return bad_input("the code list does not end with a line end");
  auto content = std::make_shared<Content>();
  ContentParser parser(*content);
  const auto lines = split(text.substr(0, text.size() - 1), '\n');
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (!parser.take(i + 1, lines[i]))
      return bad_input("the code list's line " + std::to_string(i + 1) + " is not understood");
  if (!parser.finish()) return bad_input("the code list is not complete");
  content->hash = sha256_id(as_bytes(text));
  CodeList list;
  list.content_ = std::move(content);
  return list;
}

const std::string& CodeList::version() const { return content_->version; }
const std::string& CodeList::attribution() const { return content_->attribution; }
const Sha256& CodeList::hash() const { return content_->hash; }

std::span<const std::string> CodeList::codes(Vocabulary vocabulary) const {
  return content_->words.at(vocabulary);
}

bool CodeList::contains(Vocabulary vocabulary, std::string_view code) const {
  const auto list = codes(vocabulary);
  return std::find(list.begin(), list.end(), code) != list.end();
}

DistrictResolution CodeList::resolve_district(std::string_view code, Day day) const {
  using Kind = DistrictResolution::Kind;
  if (is_outside_england(code)) return {Kind::outside_england, {}, true};
  if (const auto d = content_->districts.find(code); d != content_->districts.end()) {
    const std::int32_t first = d->second.first_year;
    return {Kind::current, d->first, first == 0 || day >= first_of_april(first)};
  }
  const auto former = content_->former.find(code);
  if (former == content_->former.end()) return {};
  const auto& f = former->second;
  const bool valid = (f.first_year == 0 || day >= first_of_april(f.first_year)) &&
                     day < first_of_april(f.last_year + 1);
  std::set<std::string> current;
  collect_current(*content_, former->first, 0, current);
  if (current.empty()) return {};
  if (current.size() > 1) return {Kind::ambiguous, {}, valid};
  return {Kind::current, *current.begin(), valid};
}

std::optional<AreaKind> CodeList::area_kind(std::string_view code) const {
  const auto found = content_->areas.find(code);
  if (found == content_->areas.end()) return std::nullopt;
  return found->second.kind;
}

std::optional<std::string_view> CodeList::area_name(std::string_view code) const {
  const auto found = content_->areas.find(code);
  if (found == content_->areas.end()) return std::nullopt;
  return found->second.name;
}

std::vector<std::string> CodeList::districts_of(std::string_view area) const {
  const auto found = content_->areas.find(area);
  if (found == content_->areas.end()) return {};
  return found->second.districts;
}

std::optional<std::string> CodeList::district_at(std::string_view district,
                                                 PlaceLevel level) const {
  const auto found = content_->districts.find(district);
  if (found == content_->districts.end()) return std::nullopt;
  switch (level) {
    case PlaceLevel::district:
      return found->first;
    case PlaceLevel::social_care_authority:
      return found->second.county.empty() ? found->first : found->second.county;
    case PlaceLevel::police_area:
      return found->second.police_area;
  }
  return std::nullopt;
}

std::span<const std::string> CodeList::districts() const { return content_->district_codes; }
std::span<const Straddler> CodeList::straddlers() const { return content_->straddlers; }

std::string place_name(const CodeList& codes, std::string_view code) {
  if (code == kElsewhere) return "elsewhere in England";
  if (code == kOutsideEngland) return "outside England";
  if (const auto name = codes.area_name(code)) return std::string(*name);
  return "unknown";
}

}  // namespace hedgerow::policies
