#include "policies/evaluate.h"

#include <algorithm>

namespace hedgerow::policies {
namespace {

Deny deny(DenyReason reason, std::string text, std::string hint = {}) {
  return {reason, Code::denied, std::move(text), std::move(hint)};
}

Deny later(DenyReason reason, std::string text, std::string hint = {}) {
  return {reason, Code::try_again, std::move(text), std::move(hint)};
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

std::string in_words(const Where& where) {
  std::string text;
  for (const auto& [dimension, codes] : where)
    text += (text.empty() ? "" : " ") + dimension + "=" + joined(codes);
  return text.empty() ? "no filter" : text;
}

// "table 'flows' of grant 'movements' (line 74): flows by origin,destination, event=missing, each
// quarter"
std::string describe(const Grant& grant, const Table& table) {
  return "table '" + table.name + "' of grant '" + grant.id + "' (line " +
         std::to_string(table.line) + "): " + std::string(to_text(table.question)) + " by " +
         joined(table.by) + ", " + in_words(table.where) + ", each " + to_text(grant.period);
}

bool names(const Asker& entry, const AskerIdentity& asker) {
  if (!entry.urn.empty()) return entry.urn == asker.urn;
  return !entry.role.empty() && entry.role == asker.role;
}

// How far a table is from the question: the first check that it fails. What comes last is nearest.
enum class Distance { kind, dimensions, filter, period_kind, none };

Distance distance(const Grant& grant, const Table& table, const Question& q) {
  if (table.question != q.kind) return Distance::kind;
  std::vector<std::string> by = table.by;
  std::sort(by.begin(), by.end());
  if (by != q.by) return Distance::dimensions;
  if (table.where != q.where) return Distance::filter;
  if (grant.period != q.from.kind) return Distance::period_kind;
  return Distance::none;
}

struct Match {
  const Grant* grant = nullptr;
  const Table* table = nullptr;
  Distance distance = Distance::kind;
};

Deny differs(const Match& nearest) {
  const std::string hint = "the nearest is " + describe(*nearest.grant, *nearest.table);
  switch (nearest.distance) {
    case Distance::kind:
      return deny(DenyReason::kind_not_granted, "no table answers this kind of question", hint);
    case Distance::dimensions:
      return deny(DenyReason::dimensions_differ, "no table has exactly these dimensions", hint);
    case Distance::filter:
      return deny(DenyReason::filter_differs, "no table counts exactly these rows", hint);
    case Distance::period_kind:
      return deny(DenyReason::period_kind_differs, "nothing is released for such periods", hint);
    case Distance::none:
      break;
  }
  HR_CHECK(false);
  return {};
}

// The state of agreement and parties; nothing where all is well.
std::optional<Deny> standing(const Agreement& agreement, const AskContext& c) {
  if (c.question.agreement != agreement.id)
    return deny(DenyReason::other_agreement, "the question names another agreement");
  if (agreement.party(c.local) == nullptr)
    return deny(DenyReason::local_not_a_party, "this node's agency is not a party");
  switch (c.state) {
    case LineageState::in_force:
      break;
    case LineageState::installed:
      break;  // after the dates, which no waiting mends
    case LineageState::paused:
      return deny(DenyReason::paused, "the agreement is paused");
    case LineageState::superseded:
      return deny(DenyReason::superseded, "a later version has superseded the agreement");
    case LineageState::withdrawn:
      return deny(DenyReason::withdrawn, "the agreement has been withdrawn from");
  }
  if (c.now < london_midnight(agreement.valid_from))
    return deny(DenyReason::not_yet_in_force,
                "the agreement is not in force before " + to_text(agreement.valid_from));
  if (!agreement.in_force(c.now))
    return deny(DenyReason::expired, "the agreement expired on " + to_text(agreement.valid_until));
  if (c.state != LineageState::in_force)
    return later(DenyReason::not_ready, "the agreement is not yet ready at every party",
                 "every party installs it, then the keyholders make its key");
  if (agreement.party(c.asker.agency) == nullptr)
    return deny(DenyReason::asker_not_a_party, "the asker's agency is not a party");
  if (c.home != c.asker.agency)
    return deny(DenyReason::wrong_home, "a question goes through the asker's own agency");
  return std::nullopt;
}

// The grants for the question's purpose that name the asker.
std::variant<std::vector<const Grant*>, Deny> grants_for(const Agreement& agreement,
                                                         const AskContext& c) {
  const std::string& purpose = c.question.purpose;
  if (agreement.purpose(purpose) == nullptr)
    return deny(DenyReason::unknown_purpose, "the agreement has no such purpose");
  std::vector<const Grant*> named;
  bool granted = false;
  for (const auto& grant : agreement.grants) {
    if (grant.purpose != purpose) continue;
    granted = true;
    if (std::any_of(grant.askers.begin(), grant.askers.end(),
                    [&](const Asker& entry) { return names(entry, c.asker); }))
      named.push_back(&grant);
  }
  if (!granted) return deny(DenyReason::purpose_not_granted, "nothing is granted for this purpose");
  if (named.empty())
    return deny(DenyReason::asker_not_named, "no grant for this purpose names the asker");
  return named;
}

std::optional<Match> nearest_table(const std::vector<const Grant*>& grants, const Question& q) {
  std::optional<Match> nearest;
  for (const Grant* grant : grants) {
    for (const auto& table : grant->tables) {
      const Match match{grant, &table, distance(*grant, table, q)};
      if (!nearest || match.distance > nearest->distance) nearest = match;
    }
  }
  return nearest;
}

}  // namespace

std::string_view to_text(DenyReason reason) {
  switch (reason) {
    case DenyReason::malformed_question:
      return "malformed-question";
    case DenyReason::other_agreement:
      return "other-agreement";
    case DenyReason::local_not_a_party:
      return "local-not-a-party";
    case DenyReason::not_yet_in_force:
      return "not-yet-in-force";
    case DenyReason::expired:
      return "expired";
    case DenyReason::not_ready:
      return "not-ready";
    case DenyReason::paused:
      return "paused";
    case DenyReason::superseded:
      return "superseded";
    case DenyReason::withdrawn:
      return "withdrawn";
    case DenyReason::asker_not_a_party:
      return "asker-not-a-party";
    case DenyReason::wrong_home:
      return "wrong-home";
    case DenyReason::unknown_purpose:
      return "unknown-purpose";
    case DenyReason::purpose_not_granted:
      return "purpose-not-granted";
    case DenyReason::asker_not_named:
      return "asker-not-named";
    case DenyReason::kind_not_granted:
      return "kind-not-granted";
    case DenyReason::dimensions_differ:
      return "dimensions-differ";
    case DenyReason::filter_differs:
      return "filter-differs";
    case DenyReason::period_kind_differs:
      return "period-kind-differs";
    case DenyReason::period_range:
      return "period-range";
    case DenyReason::not_settled:
      return "not-settled";
    case DenyReason::beyond_history:
      return "beyond-history";
    case DenyReason::reason_missing:
      return "reason-missing";
  }
  HR_CHECK(false);
  return {};
}

Decision evaluate(const Agreement& agreement, const AskContext& context) {
  const Question& q = context.question;
  if (!is_canonical(q))
    return deny(DenyReason::malformed_question, "the question is not in canonical form");
  if (const auto denied = standing(agreement, context)) return *denied;
  auto grants = grants_for(agreement, context);
  if (const auto* denied = std::get_if<Deny>(&grants)) return *denied;
  const auto match = nearest_table(std::get<std::vector<const Grant*>>(grants), q);
  if (!match) return deny(DenyReason::kind_not_granted, "the grants list no table");
  if (match->distance != Distance::none) return differs(*match);

  const Grant& grant = *match->grant;
  auto periods = periods_between(q.from, q.to);
  if (!periods.ok()) return deny(DenyReason::period_range, periods.error().text);
  const Day earliest = minus(london_day(context.now), grant.history);
  for (const Period& period : *periods) {
    if (period.first_day() < earliest)
      return deny(
          DenyReason::beyond_history,
          period.label() + " lies before the grant's history (" + to_text(grant.history) + ")");
    if (!is_settled(period, grant.settle_days, context.now))
      return later(DenyReason::not_settled, period.label() + " is not settled yet",
                   "it settles on " + london_text(settled_at(period, grant.settle_days)));
  }
  const bool blank = q.reason.find_first_not_of(' ') == std::string::npos;
  if (blank) return deny(DenyReason::reason_missing, "a reason is required", "--reason \"...\"");

  return Permit{grant.id,
                grant.line,
                match->table->name,
                match->table->line,
                std::move(*periods),
                grant.disclosure,
                in_words(grant.disclosure)};
}

}  // namespace hedgerow::policies
