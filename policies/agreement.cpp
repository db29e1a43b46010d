#include "policies/agreement.h"

#include <algorithm>

#include "policies/dimension.h"

namespace hedgerow::policies {

std::string_view to_text(PartyKind kind) {
  switch (kind) {
    case PartyKind::local_authority:
      return "local-authority";
    case PartyKind::police:
      return "police";
    case PartyKind::health:
      return "health";
    case PartyKind::voluntary:
      return "voluntary";
    case PartyKind::education:
      return "education";
    case PartyKind::partnership:
      return "partnership";
    case PartyKind::other:
      return "other";
  }
  HR_CHECK(false);
  return {};
}

std::string_view to_text(QuestionKind kind) {
  switch (kind) {
    case QuestionKind::flows:
      return "flows";
    case QuestionKind::counts:
      return "counts";
    case QuestionKind::places:
      return "places";
    case QuestionKind::overlap:
      return "overlap";
    case QuestionKind::repeat_missing:
      return "repeat-missing";
  }
  HR_CHECK(false);
  return {};
}

std::optional<QuestionKind> parse_question_kind(std::string_view text) {
  for (const auto kind : kQuestionKinds)
    if (text == to_text(kind)) return kind;
  return std::nullopt;
}

std::string_view question_kind_names() { return "flows, counts, places, overlap, repeat-missing"; }

bool is_linked(QuestionKind kind) {
  switch (kind) {
    case QuestionKind::flows:
    case QuestionKind::counts:
      return false;
    case QuestionKind::places:
    case QuestionKind::overlap:
    case QuestionKind::repeat_missing:
      return true;
  }
  return false;
}

Day window_begins(const LinkBounds& bounds, const Period& period) {
  HR_CHECK(bounds.within_days >= 1 && bounds.within_days <= kMaxWithinDays);
  return plus_days(period.last_day(), 1 - static_cast<std::int32_t>(bounds.within_days));
}

std::string_view to_text(Measure measure) {
  switch (measure) {
    case Measure::reports:
      return "reports";
    case Measure::children:
      return "children";
  }
  HR_CHECK(false);
  return {};
}

bool Table::admits(std::string_view dimension, std::string_view code) const {
  const auto filter = where.find(std::string(dimension));
  if (filter == where.end()) return true;
  return std::find(filter->second.begin(), filter->second.end(), code) != filter->second.end();
}

bool Table::has_place() const { return std::any_of(by.begin(), by.end(), is_place_dimension); }

bool Table::by_agency() const {
  return question == QuestionKind::overlap && by.size() == 1 && by[0] == kAgencyDimension;
}

const Table* Grant::table(std::string_view name) const {
  const auto found =
      std::find_if(tables.begin(), tables.end(), [&](const Table& t) { return t.name == name; });
  return found == tables.end() ? nullptr : &*found;
}

const Party* Agreement::party(const PartyId& id_of_party) const {
  const auto found = std::find_if(parties.begin(), parties.end(),
                                  [&](const Party& p) { return p.id == id_of_party; });
  return found == parties.end() ? nullptr : &*found;
}

const Purpose* Agreement::purpose(std::string_view id_of_purpose) const {
  const auto found = std::find_if(purposes.begin(), purposes.end(),
                                  [&](const Purpose& p) { return p.id == id_of_purpose; });
  return found == purposes.end() ? nullptr : &*found;
}

const Grant* Agreement::grant(std::string_view id_of_grant) const {
  const auto found = std::find_if(grants.begin(), grants.end(),
                                  [&](const Grant& g) { return g.id == id_of_grant; });
  return found == grants.end() ? nullptr : &*found;
}

std::vector<PartyId> Agreement::party_ids() const {
  std::vector<PartyId> ids;
  for (const auto& p : parties) ids.push_back(p.id);
  return ids;
}

std::vector<PartyId> Agreement::contributors() const {
  std::vector<PartyId> ids;
  for (const auto& p : parties)
    if (p.roles.contributor) ids.push_back(p.id);
  return ids;
}

std::vector<PartyId> Agreement::keyholders() const {
  std::vector<PartyId> ids;
  for (const auto& p : parties)
    if (p.roles.keyholder) ids.push_back(p.id);
  return ids;
}

std::uint32_t Agreement::line_of(std::string path) const {
  for (;;) {
    const auto found = lines.find(path);
    if (found != lines.end()) return found->second;
    const std::size_t dot = path.rfind('.');
    if (dot == std::string::npos) return 0;
    path.resize(dot);
  }
}

std::vector<PartyId> Agreement::mixers() const {
  std::vector<PartyId> ids;
  for (const auto& p : parties)
    if (p.roles.mixer) ids.push_back(p.id);
  return ids;
}

bool Agreement::in_force(UtcTime now) const {
  return now >= london_midnight(valid_from) && now < london_midnight(plus_days(valid_until, 1));
}

std::string to_text(const Diagnostic& d, std::string_view source_name) {
  std::string text(source_name);
  if (d.line > 0) text += ":" + std::to_string(d.line) + ":" + std::to_string(d.column);
  text += d.severity == Severity::error ? ": error: " : ": warning: ";
  text += d.text;
  if (!d.hint.empty()) text += "\n  hint: " + d.hint;
  return text;
}

}  // namespace hedgerow::policies
