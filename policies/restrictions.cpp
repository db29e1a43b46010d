#include "policies/restrictions.h"

#include <algorithm>

#include "crypto/hash.h"
#include "policies/toml_document.h"

namespace hedgerow::policies {
namespace {

using Need = TableReader::Need;

class RestrictionsParser {
 public:
  explicit RestrictionsParser(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Restrictions parse(const toml::table& root) {
    TableReader file(root, "the restrictions", diagnostics_);
    Restrictions r;
    for (const auto* t : file.tables("refuse", kMaxRestrictions, Need::optional))
      r.refuse.push_back(parse_refusal(*t));
    for (const auto* t : file.tables("raise", kMaxRestrictions, Need::optional))
      r.raise.push_back(parse_raise(*t));
    file.finish();
    return r;
  }

 private:
  std::optional<Lineage> parse_agreement(TableReader& r) {
    if (!r.has("agreement")) return std::nullopt;
    const auto lineage = Lineage::parse(r.text("agreement", 64));
    if (lineage.ok()) return *lineage;
    r.error("agreement", "not an agreement's id", lineage.error().hint);
    return std::nullopt;
  }

  void parse_asker(TableReader& r, Refusal& entry) {
    if (!r.has("asker")) return;
    const std::string asker = r.text("asker", 200);
    constexpr std::string_view kAgency = "agency:";
    constexpr std::string_view kRole = "role:";
    if (asker.starts_with(kAgency)) {
      const auto agency = PartyId::parse(std::string_view(asker).substr(kAgency.size()));
      if (agency.ok()) {
        entry.agency = *agency;
        return;
      }
    } else if (asker.starts_with(kRole) && is_valid_name(asker.substr(kRole.size()))) {
      entry.role = asker.substr(kRole.size());
      return;
    } else if (asker.starts_with("urn:hedgerow:")) {
      entry.urn = asker;
      return;
    }
    if (!asker.empty())
      r.error("asker", "'" + asker + "' names nobody",
              "agency:vale-police, role:analyst, or urn:hedgerow:<agency>:analyst:<name>");
  }

  Refusal parse_refusal(const toml::table& table) {
    TableReader r(table, "[[refuse]]", diagnostics_);
    Refusal entry;
    entry.line = r.mark().line;
    entry.agreement = parse_agreement(r);
    if (r.has("question")) {
      const std::string written = r.text("question", 64);
      entry.traces_only = written == kTraceQuestion;
      entry.question = parse_question_kind(written);
      if (!entry.question && !entry.traces_only && !written.empty())
        r.error("question", "'" + written + "' is not a kind of question",
                std::string(question_kind_names()) + ", trace");
    }
    parse_asker(r, entry);
    if (r.has("period")) {
      const std::string written = r.text("period", 64);
      entry.period = parse_period_kind(written);
      if (!entry.period && !written.empty())
        r.error("period", "'" + written + "' is not a kind of period",
                "month, quarter, year, financial-year; for a range, from and to");
    }
    if (r.has("from")) entry.from = r.day("from");
    if (r.has("to")) entry.to = r.day("to");
    if (entry.from && entry.to && *entry.to < *entry.from)
      r.error("to", "the range ends before it begins");
    for (const char* key : {"period", "from", "to"})
      if (entry.traces_only && r.has(key))
        r.error(key, "a trace has no period", "leave it out, or refuse another kind of question");
    entry.why = r.text("why", 500);
    bool any = false;
    for (const char* key : {"agreement", "question", "asker", "period", "from", "to"})
      any = any || r.has(key);
    if (!any)
      diagnostics_.error(r.mark(), "[[refuse]] names nothing that it refuses",
                         "one at least of agreement, question, asker, period, from, to");
    r.finish();
    return entry;
  }

  Raise parse_raise(const toml::table& table) {
    TableReader r(table, "[[raise]]", diagnostics_);
    Raise entry;
    entry.line = r.mark().line;
    entry.agreement = parse_agreement(r);
    if (r.has("min_children")) entry.min_children = r.integer("min_children", 1, kMaxMinChildren);
    if (r.has("min_agencies")) entry.min_agencies = r.integer("min_agencies", 1, kMaxMinAgencies);
    if (r.has("round_to")) entry.round_to = r.integer("round_to", 1, kMaxRoundTo);
    if (!r.has("min_children") && !r.has("min_agencies") && !r.has("round_to"))
      diagnostics_.error(r.mark(), "[[raise]] raises nothing",
                         "one at least of min_children, min_agencies, round_to");
    r.finish();
    return entry;
  }

  Diagnostics& diagnostics_;
};

bool touches(const Refusal& entry, const Lineage& agreement, QuestionKind kind,
             const Period& period) {
  if (entry.traces_only) return false;
  if (entry.agreement && *entry.agreement != agreement) return false;
  if (entry.question && *entry.question != kind) return false;
  if (entry.period && *entry.period != period.kind) return false;
  if (entry.from && period.last_day() < *entry.from) return false;
  return !entry.to || period.first_day() <= *entry.to;
}

bool names(const Refusal& entry, const RestrictedAsker& asker) {
  if (entry.agency && *entry.agency != asker.agency) return false;
  if (!entry.role.empty() && entry.role != asker.role) return false;
  return entry.urn.empty() || entry.urn == asker.urn;
}

}  // namespace

Restrictions Restrictions::unreadable(std::string fault, const Sha256& hash) {
  HR_CHECK(!fault.empty());
  Restrictions r;
  r.hash = hash;
  r.fault = std::move(fault);
  return r;
}

RestrictionsReading read_restrictions(ByteView exact) {
  Diagnostics diagnostics;
  RestrictionsReading reading;
  if (exact.size() > kMaxRestrictionsBytes) {
    diagnostics.error({}, "larger than " + std::to_string(kMaxRestrictionsBytes) + " bytes");
  } else if (const auto document = parse_toml(as_text(exact), diagnostics)) {
    Restrictions r = RestrictionsParser(diagnostics).parse(*document);
    r.hash = sha256_id(exact);
    if (diagnostics.errors() == 0) reading.restrictions = std::move(r);
  }
  reading.diagnostics = std::move(diagnostics).take_by_line();
  return reading;
}

Result<Restrictions> parse_restrictions(ByteView exact, std::string_view source_name) {
  RestrictionsReading reading = read_restrictions(exact);
  if (reading.restrictions) return std::move(*reading.restrictions);
  HR_CHECK(!reading.diagnostics.empty());
  const Diagnostic& first = reading.diagnostics.front();
  std::string text(source_name);
  if (first.line > 0) text += ":" + std::to_string(first.line) + ":" + std::to_string(first.column);
  text += ": " + first.text;
  if (reading.diagnostics.size() > 1)
    text += " (and " + std::to_string(reading.diagnostics.size() - 1) + " more)";
  return bad_input(std::move(text), first.hint);
}

const Refusal* refusal_of_question(const Restrictions& restrictions, const Lineage& agreement,
                                   QuestionKind kind, const std::vector<Period>& periods,
                                   const RestrictedAsker& asker, bool asker_entries_only) {
  for (const Refusal& entry : restrictions.refuse) {
    if (asker_entries_only && !entry.names_asker()) continue;
    for (const Period& period : periods)
      if (names(entry, asker) && touches(entry, agreement, kind, period)) return &entry;
  }
  return nullptr;
}

const Refusal* refusal_of_release(const Restrictions& restrictions, const Lineage& agreement,
                                  QuestionKind kind, const Period& period) {
  for (const Refusal& entry : restrictions.refuse)
    if (!entry.names_asker() && touches(entry, agreement, kind, period)) return &entry;
  return nullptr;
}

const Refusal* refusal_of_trace(const Restrictions& restrictions, const Lineage& agreement,
                                const RestrictedAsker& asker) {
  for (const Refusal& entry : restrictions.refuse) {
    if (entry.agreement && *entry.agreement != agreement) continue;
    const bool of_figures = entry.question || entry.period || entry.from || entry.to;
    if (!of_figures && names(entry, asker)) return &entry;
  }
  return nullptr;
}

DisclosureRule strictest(const DisclosureRule& a, const DisclosureRule& b) {
  DisclosureRule rule;
  rule.min_children = std::max(a.min_children, b.min_children);
  rule.min_agencies = std::max(a.min_agencies, b.min_agencies);
  rule.round_to = std::max(a.round_to, b.round_to);
  rule.true_zero = a.true_zero && b.true_zero;
  rule.min_children = std::max(rule.min_children, (rule.round_to + 1) / 2);
  return rule;
}

DisclosureRule raised(const DisclosureRule& rule, const Restrictions& restrictions,
                      const Lineage& agreement) {
  DisclosureRule result = rule;
  for (const Raise& entry : restrictions.raise)
    if (!entry.agreement || *entry.agreement == agreement)
      result = strictest(result, {std::max(entry.min_children, 1u), entry.min_agencies,
                                  std::max(entry.round_to, 1u), rule.true_zero});
  return result;
}

}  // namespace hedgerow::policies
