#include "policies/examine.h"

#include <algorithm>

#include "policies/disclosure.h"
#include "policies/examine_general.h"

namespace hedgerow::policies {
namespace {

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

// "table 'flows' of grant 'movements' (line 74): flows by origin,destination (district),
// event=missing, each quarter"
std::string describe(const Grant& grant, const Table& table) {
  return "table '" + table.name + "' of grant '" + grant.id + "' (line " +
         std::to_string(table.line) + "): " + std::string(to_text(table.question)) +
         (table.by.empty() ? "" : " by " + joined(table.by)) +
         (table.has_place() ? " (" + std::string(to_text(table.place_level)) + ")" : "") + ", " +
         in_words(table.where) + ", each " + to_text(grant.period);
}

std::size_t dimensions_apart(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  const auto only_in = [](const auto& from, const auto& other) {
    return std::count_if(from.begin(), from.end(), [&](const std::string& name) {
      return std::find(other.begin(), other.end(), name) == other.end();
    });
  };
  return static_cast<std::size_t>(only_in(a, b) + only_in(b, a));
}

// The tests of one table of one grant.
class TableTests {
 public:
  // `table` is null where the grant lists none.
  TableTests(const Agreement& agreement, std::size_t grant, const Table* table,
             const AskContext& context)
      : a_(agreement),
        g_(agreement.grants[grant]),
        t_(table),
        q_(context.question),
        c_(context),
        path_("grant." + std::to_string(grant)),
        periods_(periods_between(q_.from, q_.to)) {
    if (t_ != nullptr) path_of_table_ = path_ + ".table." + std::to_string(t_ - g_.tables.data());
  }

  TableExamination run() const {
    TableExamination e;
    e.grant = g_.id;
    e.grant_line = g_.line;
    if (t_ != nullptr) {
      e.table = t_->name;
      e.table_line = t_->line;
      e.description = describe(g_, *t_);
      e.dimensions_apart = dimensions_apart(t_->by, q_.by);
    }
    e.findings = {purpose(), asker(), kind()};
    if (t_ == nullptr) return e;
    for (Finding f : {dimensions(), filter(), period_kind(), range(), history(), settled(),
                      reason(), restriction()})
      e.findings.push_back(std::move(f));
    return e;
  }

 private:
  std::uint32_t line(std::string_view key) const {
    const auto found = a_.line_of(path_ + "." + std::string(key));
    return found == 0 ? g_.line : found;
  }
  std::uint32_t table_line(std::string_view key) const {
    const auto found = a_.line_of(path_of_table_ + "." + std::string(key));
    return found == 0 ? t_->line : found;
  }
  std::string nearest() const { return "the nearest is " + describe(g_, *t_); }

  Finding purpose() const {
    if (g_.purpose != q_.purpose)
      return failed(Condition::purpose, line("purpose"), DenyReason::purpose_not_granted,
                    "nothing is granted for this purpose");
    return passed(Condition::purpose, line("purpose"), "granted for " + g_.purpose);
  }

  Finding asker() const {
    const auto entry =
        std::find_if(g_.askers.begin(), g_.askers.end(),
                     [&](const Asker& candidate) { return names(candidate, c_.asker); });
    if (entry == g_.askers.end())
      return failed(Condition::asker, line("askers"), DenyReason::asker_not_named,
                    "no grant for this purpose names the asker");
    return passed(Condition::asker, line("askers"), "named as " + text_of(*entry));
  }

  Finding kind() const {
    if (t_ == nullptr)
      return failed(Condition::kind, g_.line, DenyReason::kind_not_granted,
                    "the grants list no table");
    if (t_->question != q_.kind)
      return failed(Condition::kind, table_line("question"), DenyReason::kind_not_granted,
                    "no table answers this kind of question", nearest());
    return passed(Condition::kind, table_line("question"), std::string(to_text(t_->question)));
  }

  Finding dimensions() const {
    std::vector<std::string> by = t_->by;
    std::sort(by.begin(), by.end());
    if (by != q_.by)
      return failed(Condition::dimensions, table_line("by"), DenyReason::dimensions_differ,
                    "no table has exactly these dimensions", nearest());
    return passed(Condition::dimensions, table_line("by"),
                  t_->by.empty() ? "by nothing" : "by " + joined(t_->by));
  }

  Finding filter() const {
    if (t_->where != q_.where)
      return failed(Condition::filter, table_line("where"), DenyReason::filter_differs,
                    "no table counts exactly these rows", nearest());
    return passed(Condition::filter, table_line("where"), in_words(t_->where));
  }

  Finding period_kind() const {
    if (g_.period != q_.from.kind)
      return failed(Condition::period_kind, line("period"), DenyReason::period_kind_differs,
                    "nothing is released for such periods", nearest());
    return passed(Condition::period_kind, line("period"), "each " + to_text(g_.period));
  }

  Finding range() const {
    if (!periods_.ok())
      return failed(Condition::range, 0, DenyReason::period_range, periods_.error().text);
    return passed(
        Condition::range, 0,
        std::to_string(periods_->size()) + (periods_->size() == 1 ? " period" : " periods"));
  }

  Finding history() const {
    if (!periods_.ok()) return {Condition::history, Outcome::not_examined, line("history"), {}};
    const Day earliest = minus(london_day(c_.now), g_.history);
    for (const Period& period : *periods_)
      if (period.first_day() < earliest)
        return failed(
            Condition::history, line("history"), DenyReason::beyond_history,
            period.label() + " lies before the grant's history (" + to_text(g_.history) + ")");
    return passed(Condition::history, line("history"), "within " + to_text(g_.history));
  }

  Finding settled() const {
    if (!periods_.ok()) return {Condition::settled, Outcome::not_examined, line("settle"), {}};
    for (const Period& period : *periods_)
      if (!is_settled(period, g_.settle_days, c_.now))
        return failed(Condition::settled, line("settle"), DenyReason::not_settled,
                      period.label() + " is not settled yet",
                      "it settles on " + london_text(settled_at(period, g_.settle_days)),
                      Code::try_again);
    return passed(Condition::settled, line("settle"),
                  "settled, " + std::to_string(g_.settle_days) + " days after each period's end");
  }

  Finding reason() const {
    if (q_.reason.find_first_not_of(' ') == std::string::npos)
      return failed(Condition::reason, line("reason"), DenyReason::reason_missing,
                    "a reason is required", "--reason \"...\"");
    return passed(Condition::reason, line("reason"), "a reason is given");
  }

  // Lines are of restrictions.toml, so they stand in the text and not beside the agreement's.
  Finding restriction() const {
    if (c_.restrictions == nullptr || c_.scope == RestrictionScope::none)
      return passed(Condition::restriction, 0, "none looked at");
    const Restrictions& r = *c_.restrictions;
    if (!r.fault.empty())
      return failed(
          Condition::restriction, 0, DenyReason::restrictions_fault,
          "the restrictions of " + c_.local.str() + " cannot be read, so it refuses everything",
          "its operator sees why in `hedgerow status`", Code::try_again);
    if (!periods_.ok()) return {Condition::restriction, Outcome::not_examined, 0, {}, {}};
    const RestrictedAsker asker{c_.asker.agency, c_.asker.role, c_.asker.urn};
    const Refusal* found = refusal_of_question(r, a_.id, q_.kind, *periods_, asker,
                                               c_.scope == RestrictionScope::askers);
    if (found != nullptr)
      return failed(Condition::restriction, 0, DenyReason::restricted,
                    "a standing restriction of " + c_.local.str() + " refuses it (line " +
                        std::to_string(found->line) + " of its restrictions.toml)");
    return passed(Condition::restriction, 0, "nothing in restrictions.toml refuses it");
  }

  const Agreement& a_;
  const Grant& g_;
  const Table* t_;
  const Question& q_;
  const AskContext& c_;
  std::string path_;
  std::string path_of_table_;
  Result<std::vector<Period>> periods_;
};

Decision decide(const Agreement& agreement, const AskContext& context, const Examination& e) {
  if (const Finding* general = first_failure_in(e.general)) return general->denial;
  const TableExamination* nearest = nullptr;
  for (const auto& table : e.tables) {
    const Finding* failure = table.first_failure();
    if (failure == nullptr) {
      const Grant& grant = *agreement.grant(table.grant);
      auto periods = periods_between(context.question.from, context.question.to);
      HR_CHECK(periods.ok());
      return Permit{grant.id,
                    grant.line,
                    table.table,
                    table.table_line,
                    std::move(*periods),
                    grant.disclosure,
                    rule_in_words(*grant.table(table.table), grant.disclosure, grant.disclosure)};
    }
    const auto condition =
        nearest == nullptr ? failure->condition : nearest->first_failure()->condition;
    if (nearest == nullptr || failure->condition > condition ||
        (failure->condition == condition && table.dimensions_apart < nearest->dimensions_apart))
      nearest = &table;
  }
  // Without a grant there is nothing that a purpose could be granted by.
  if (nearest == nullptr)
    return Deny{
        DenyReason::purpose_not_granted, Code::denied, "nothing is granted for this purpose", {}};
  return nearest->first_failure()->denial;
}

}  // namespace

std::string_view to_text(Condition condition) {
  switch (condition) {
    case Condition::form:
      return "form";
    case Condition::agreement:
      return "agreement";
    case Condition::local_party:
      return "deciding party";
    case Condition::state:
      return "state";
    case Condition::begun:
      return "first day";
    case Condition::ended:
      return "last day";
    case Condition::ready:
      return "ready";
    case Condition::asker_party:
      return "asker's agency";
    case Condition::home:
      return "home node";
    case Condition::purpose_known:
      return "purpose";
    case Condition::purpose:
      return "granted purpose";
    case Condition::asker:
      return "asker";
    case Condition::kind:
      return "kind";
    case Condition::dimensions:
      return "dimensions";
    case Condition::filter:
      return "filter";
    case Condition::period_kind:
      return "period kind";
    case Condition::range:
      return "periods";
    case Condition::history:
      return "history";
    case Condition::settled:
      return "settled";
    case Condition::reason:
      return "reason";
    case Condition::restriction:
      return "restriction";
    case Condition::contributor:
      return "contributor";
    case Condition::legal_basis:
      return "legal basis";
    case Condition::approver_party:
      return "approver's agency";
    case Condition::approver:
      return "approver";
    case Condition::two_people:
      return "two people";
  }
  HR_CHECK(false);
  return {};
}

std::string_view to_text(Outcome outcome) {
  switch (outcome) {
    case Outcome::passed:
      return "passed";
    case Outcome::failed:
      return "failed";
    case Outcome::not_examined:
      return "not examined";
  }
  HR_CHECK(false);
  return {};
}

const Finding* TableExamination::first_failure() const { return first_failure_in(findings); }
bool TableExamination::permits() const { return first_failure() == nullptr; }

Examination examine(const Agreement& agreement, const AskContext& context) {
  Examination e;
  if (!is_canonical(context.question)) {
    e.general = {failed(Condition::form, 0, DenyReason::malformed_question,
                        "the question is not in canonical form")};
    e.decision = e.general[0].denial;
    return e;
  }
  e.general = {passed(Condition::form, 0, "in canonical form")};
  for (Finding& f : examine_general(
           agreement, {context.local, context.home, context.asker, context.state, context.now,
                       context.question.agreement, context.question.purpose}))
    e.general.push_back(std::move(f));
  for (std::size_t n = 0; n < agreement.grants.size(); ++n) {
    const Grant& grant = agreement.grants[n];
    if (grant.tables.empty()) e.tables.push_back(TableTests(agreement, n, nullptr, context).run());
    for (const Table& table : grant.tables)
      e.tables.push_back(TableTests(agreement, n, &table, context).run());
  }
  e.decision = decide(agreement, context, e);
  return e;
}

}  // namespace hedgerow::policies
