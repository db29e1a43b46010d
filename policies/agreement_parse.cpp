#include <algorithm>
#include <array>

#include "crypto/hash.h"
#include "policies/agreement.h"
#include "policies/agreement_lint.h"
#include "policies/question.h"
#include "policies/toml_document.h"

namespace hedgerow::policies {
namespace {

using Need = TableReader::Need;

constexpr std::size_t kMaxText = 500;
constexpr std::size_t kMaxAreas = 64;
constexpr std::size_t kMaxAskers = 64;
constexpr std::size_t kMaxLegalBases = 16;

// From the file's tables to the typed agreement: form only. What it cannot read it reports and
// leaves empty; lint looks at the result only if nothing was reported.
class AgreementParser {
 public:
  AgreementParser(const CodeList& codes, Marks& marks, Diagnostics& diagnostics)
      : codes_(codes), marks_(marks), diagnostics_(diagnostics) {}

  Agreement parse(const toml::table& root) {
    TableReader file(root, "the agreement", diagnostics_);
    if (const auto* t = file.table("agreement")) parse_head(*t);
    const auto parties = file.tables("party", kMaxParties);
    for (std::size_t n = 0; n < parties.size(); ++n) parse_party(*parties[n], n);
    if (const auto* t = file.table("pseudonyms")) parse_pseudonyms(*t);
    if (const auto* t = file.table("purpose")) parse_purposes(*t);
    const auto grants = file.tables("grant", kMaxGrants);
    for (const auto* grant : grants) {
      if (grants_traces(*grant))
        parse_trace_grant(*grant);
      else
        parse_grant(*grant, agreement_.grants.size());
    }
    if (const auto* t = file.table("retention")) parse_retention(*t);
    file.finish();
    return std::move(agreement_);
  }

 private:
  TableReader open(const toml::table& table, std::string name, const std::string& path) {
    TableReader reader(table, std::move(name), diagnostics_);
    marks_.set(path, reader.mark());
    for (const auto& [key, value] : table)
      marks_.set(path + "." + std::string(key.str()), mark_of(value));
    return reader;
  }

  template <class IdType>
  IdType id(TableReader& reader, std::string_view key) {
    const std::string written = reader.text(key, 64);
    if (written.empty()) return {};
    const auto parsed = IdType::parse(written);
    if (parsed.ok()) return *parsed;
    reader.error(key, parsed.error().text, parsed.error().hint);
    return {};
  }

  // One of the words that `understand` knows.
  template <class Understand>
  auto word(TableReader& reader, std::string_view key, Understand understand,
            std::string_view choices) ->
      typename decltype(understand(std::string_view()))::value_type {
    const std::string written = reader.text(key, 64);
    const auto understood = understand(written);
    if (understood) return *understood;
    if (!written.empty())
      reader.error(key, "'" + written + "' is not known", "one of " + std::string(choices));
    return {};
  }

  void parse_head(const toml::table& table) {
    TableReader r = open(table, "[agreement]", "agreement");
    agreement_.id = id<Lineage>(r, "id");
    agreement_.version = r.integer("version", 1, 10'000);
    if (const auto before = r.hash("supersedes", Need::optional))
      agreement_.supersedes = AgreementHash{*before};
    agreement_.title = r.text("title", kMaxText);
    agreement_.valid_from = r.day("valid_from");
    agreement_.valid_until = r.day("valid_until");
    agreement_.review_by = r.day("review_by");
    agreement_.hub = id<PartyId>(r, "hub");
    agreement_.codes = codes_.hash();
    if (const auto pinned = r.hash("codes", Need::optional)) agreement_.codes = Sha256{*pinned};
    r.finish();
  }

  void parse_party(const toml::table& table, std::size_t n) {
    TableReader r = open(table, "[[party]]", "party." + std::to_string(n));
    Party p;
    p.line = r.mark().line;
    p.id = id<PartyId>(r, "id");
    p.name = r.text("name", kMaxText);
    p.organisation = r.text("organisation", 64);
    p.kind = word(r, "kind", parse_party_kind,
                  "local-authority, police, health, voluntary, education, partnership, other");
    p.roles = parse_roles(r);
    if (const auto root = r.hash("root")) p.root = Sha256{*root};
    if (const auto next = r.hash("next_root", Need::optional)) p.next_root = Sha256{*next};
    p.areas = r.texts("areas", kMaxAreas, 16, Need::optional);
    p.lawful_basis = r.texts("lawful_basis", 32, 64);
    for (const auto* s : r.tables("signatories", 16, Need::optional)) {
      TableReader signatory(*s, "signatories", diagnostics_);
      p.signatories.push_back({signatory.text("name", 200), signatory.text("post", 200)});
      signatory.finish();
    }
    p.contacts = r.text_table("contacts", {"dpo", "rights", "breach", "duty"});
    p.references = r.text_table("references", {"ico", "dpia", "appropriate_policy_document"});
    r.finish();
    agreement_.parties.push_back(std::move(p));
  }

  static std::optional<PartyKind> parse_party_kind(std::string_view text) {
    for (const auto kind :
         {PartyKind::local_authority, PartyKind::police, PartyKind::health, PartyKind::voluntary,
          PartyKind::education, PartyKind::partnership, PartyKind::other})
      if (text == to_text(kind)) return kind;
    return std::nullopt;
  }

  static Roles parse_roles(TableReader& r) {
    Roles roles;
    for (const auto& role : r.texts("roles", 8, 64)) {
      if (role == "contributor") {
        roles.contributor = true;
      } else if (role == "keyholder") {
        roles.keyholder = true;
      } else if (role == "mixer") {
        roles.mixer = true;
      } else if (role == "hub") {
        roles.hub = true;
      } else if (role == "scrutineer") {
        roles.scrutineer = true;
      } else {
        r.error("roles", "'" + role + "' is not known",
                "contributor, keyholder, mixer, hub, scrutineer");
      }
    }
    return roles;
  }

  void parse_pseudonyms(const toml::table& table) {
    TableReader r = open(table, "[pseudonyms]", "pseudonyms");
    const std::string identifier = r.text("identifier", 64);
    if (!identifier.empty() && identifier != "nhs-number")
      r.error("identifier", "'" + identifier + "' is not known", "nhs-number");
    agreement_.pseudonyms.threshold = r.integer("threshold", 1, kMaxParties);
    agreement_.pseudonyms.daily_quota = r.integer("daily_quota", 1, 1'000'000);
    agreement_.pseudonyms.import_quota = r.integer("import_quota", 0, 10'000'000);
    r.finish();
  }

  void parse_purposes(const toml::table& table) {
    if (table.size() > kMaxPurposes) {
      diagnostics_.error(mark_of(table), "more than " + std::to_string(kMaxPurposes) + " purposes");
      return;
    }
    for (const auto& [key, value] : table) {
      const std::string name(key.str());
      const Mark at{static_cast<std::uint32_t>(key.source().begin.line),
                    static_cast<std::uint32_t>(key.source().begin.column)};
      if (!is_valid_name(name)) {
        diagnostics_.error(at, "not a valid purpose name",
                           "3 to 64 of a-z, 0-9 and '-', not first or last");
        continue;
      }
      if (value.as_table() == nullptr) {
        diagnostics_.error(at, "purpose." + name + " is not a table",
                           "written [purpose." + name + "]");
        continue;
      }
      TableReader r = open(*value.as_table(), "[purpose." + name + "]", "purpose." + name);
      agreement_.purposes.push_back({name, r.text("description", kMaxText), r.mark().line});
      r.finish();
    }
    std::sort(agreement_.purposes.begin(), agreement_.purposes.end(),
              [](const Purpose& a, const Purpose& b) { return a.id < b.id; });
  }

  void parse_grant(const toml::table& table, std::size_t n) {
    const std::string path = "grant." + std::to_string(n);
    TableReader r = open(table, "[[grant]]", path);
    Grant g;
    g.line = r.mark().line;
    g.id = parse_grant_name(r);
    g.purpose = r.text("purpose", 64);
    g.askers = parse_askers(r, "askers");
    parse_reason(r);
    g.period = word(r, "period", parse_period_kind, "month, quarter, year, financial-year");
    parse_settle(r, g);
    g.history = r.duration("history");
    const auto tables = r.tables("table", kMaxTablesPerGrant);
    for (std::size_t m = 0; m < tables.size(); ++m)
      g.tables.push_back(parse_table(*tables[m], path + ".table." + std::to_string(m)));
    if (const auto* t = r.table("disclosure")) g.disclosure = parse_disclosure(*t, path);
    r.finish();
    agreement_.grants.push_back(std::move(g));
  }

  static std::string parse_grant_name(TableReader& r) {
    std::string name = r.text("id", 64);
    if (!name.empty() && !is_valid_name(name))
      r.error("id", "not a valid grant name", "3 to 64 of a-z, 0-9 and '-', not first or last");
    return name;
  }

  static std::string parse_table_name(TableReader& r) {
    std::string name = r.text("name", 64);
    if (!name.empty() && !is_valid_name(name))
      r.error("name", "not a valid table name", "3 to 64 of a-z, 0-9 and '-', not first or last");
    return name;
  }

  static std::vector<Asker> parse_askers(TableReader& r, std::string_view key) {
    std::vector<Asker> askers;
    for (const auto& asker : r.texts(key, kMaxAskers, 200)) {
      if (asker.starts_with("role:")) {
        askers.push_back({asker.substr(5), ""});
      } else {
        askers.push_back({"", asker});
      }
    }
    return askers;
  }

  static void parse_reason(TableReader& r) {
    const std::string reason = r.text("reason", 64);
    if (!reason.empty() && reason != "required")
      r.error("reason", "must be \"required\"", "no question is answered without a reason");
  }

  // Whether a table of the grant is the trace's; what else is wrong with it its parser says.
  static bool grants_traces(const toml::table& grant) {
    const toml::array* tables = grant["table"].as_array();
    if (tables == nullptr) return false;
    return std::any_of(tables->begin(), tables->end(), [](const toml::node& node) {
      const toml::table* table = node.as_table();
      return table != nullptr && (*table)["question"].value_or(std::string()) == kTraceQuestion;
    });
  }

  void parse_trace_grant(const toml::table& table) {
    if (agreement_.trace) {
      diagnostics_.error(mark_of(table), "a second grant of traces",
                         "one a lineage: an agency's quota is for all its traces together");
      return;
    }
    TableReader r = open(table, "[[grant]]", "trace");
    TraceGrant g;
    g.line = r.mark().line;
    g.id = parse_grant_name(r);
    g.purpose = r.text("purpose", 64);
    g.askers = parse_askers(r, "askers");
    g.approvers = parse_askers(r, "approvers");
    parse_reason(r);
    g.history = r.duration("history");
    g.legal_bases = r.texts("legal_bases", kMaxLegalBases, kMaxWordBytes);
    const auto tables = r.tables("table", kMaxTablesPerGrant);
    for (const auto* t : tables) {
      if ((*t)["question"].value_or(std::string()) != kTraceQuestion || tables.size() > 1)
        diagnostics_.error(mark_of(*t), "a grant of traces has one table and no other",
                           "a trace has an asker, an approver and quotas of its own: grant other "
                           "questions in another [[grant]]");
    }
    if (tables.size() == 1) parse_trace_table(*tables.front(), g);
    keep_out(r, {"period", "settle", "disclosure"},
             "a trace is of one child and today: it releases no figure", "in a grant of traces");
    r.finish();
    agreement_.trace = std::move(g);
  }

  void parse_trace_table(const toml::table& table, TraceGrant& g) {
    TableReader r = open(table, "[[grant.table]]", "trace.table.0");
    g.table_line = r.mark().line;
    parse_table_name(r);
    r.node("question");
    g.daily_quota = r.integer("daily_quota", 1, kMaxTraceQuota);
    g.practitioner_quota = r.integer("practitioner_quota", 1, kMaxTraceQuota);
    keep_out(r,
             {"by", "where", "place_level", "measure", "entries", "cells_per_child", "times",
              "within", "episodes_per_child"},
             "a trace says whom to ring, and counts nothing");
    r.finish();
  }

  static void parse_settle(TableReader& r, Grant& g) {
    const Duration settle = r.duration("settle");
    if (settle.months > 0 || settle.days > 366) {
      r.error("settle", "not a number of days up to 366", "written P14D");
    } else {
      g.settle_days = settle.days;
    }
  }

  Table parse_table(const toml::table& table, const std::string& path) {
    TableReader r = open(table, "[[grant.table]]", path);
    Table t;
    t.line = r.mark().line;
    t.name = parse_table_name(r);
    const std::string question = r.text("question", 64);
    if (const auto kind = parse_question_kind(question)) {
      t.question = *kind;
    } else if (!question.empty()) {
      r.error("question", "'" + question + "' is not a question this version answers",
              std::string(question_kind_names()) + ", trace");
    }
    const bool may_be_by_nothing =
        t.question == QuestionKind::overlap || t.question == QuestionKind::repeat_missing;
    t.by = r.texts("by", 8, 64, may_be_by_nothing ? Need::optional : Need::required);
    if (t.has_place() || r.has("place_level"))
      t.place_level =
          word(r, "place_level", parse_place_level, "district, social-care-authority, police-area");
    if (const auto* where = r.table("where", Need::optional))
      t.where = parse_where(*where, path + ".where");
    t.measure = Measure::children;
    if (!is_linked(t.question) || r.has("measure"))
      t.measure = word(r, "measure", parse_measure, "reports, children");
    if (is_linked(t.question))
      parse_link(r, t);
    else
      keep_out(r, {"entries", "cells_per_child", "times", "within", "episodes_per_child"},
               "it is for tables of places, overlap or repeat-missing");
    r.finish();
    return t;
  }

  // Keys that are understood, but stand in a table or grant of another kind.
  static void keep_out(TableReader& r, const std::vector<std::string_view>& keys,
                       std::string_view hint, std::string_view where = "in a table of this kind") {
    for (const auto key : keys) {
      if (r.node(key) == nullptr) continue;
      r.error(key, "has no meaning " + std::string(where), std::string(hint));
    }
  }

  static void parse_link(TableReader& r, Table& t) {
    LinkBounds b;
    b.entries = r.integer("entries", kMinLinkEntries, kMaxLinkEntries);
    if (t.question == QuestionKind::places)
      b.cells_per_child = r.integer("cells_per_child", 1, kMaxCellsPerChild);
    else
      keep_out(r, {"cells_per_child"}, "it is for tables of places: here a child has one cell");
    if (t.question == QuestionKind::repeat_missing) {
      b.times = r.integer("times", kMinTimes, kMaxTimes);
      b.episodes_per_child = r.integer("episodes_per_child", 1, kMaxEpisodesPerChild);
      const Duration within = r.duration("within");
      if (within.months > 0 || within.days > kMaxWithinDays)
        r.error("within", "not a number of days up to " + std::to_string(kMaxWithinDays),
                "written P90D");
      b.within_days = within.days;
    } else {
      keep_out(r, {"times", "within", "episodes_per_child"}, "it is for tables of repeat-missing");
    }
    if (t.measure != Measure::children)
      r.error("measure", "a linked table counts children, once across agencies",
              "measure = \"children\", or leave it out");
    if (r.has("place_level") && !t.has_place())
      r.error("place_level", "there is no place among the dimensions",
              t.question == QuestionKind::places ? "by = [\"destination\"], or leave it out"
                                                 : "leave it out");
    t.link = b;
  }

  static std::optional<Measure> parse_measure(std::string_view text) {
    for (const auto measure : {Measure::reports, Measure::children})
      if (text == to_text(measure)) return measure;
    return std::nullopt;
  }

  Where parse_where(const toml::table& table, const std::string& path) {
    TableReader r = open(table, "where", path);
    Where where;
    for (const auto& [key, value] : table) {
      const std::string name(key.str());
      const auto vocabulary = parse_vocabulary(name);
      if (!vocabulary) continue;  // finish() reports it
      auto words = r.texts(name, 64, 64);
      if (words.empty()) r.error(name, "names no code");
      // A row may carry several factors, so that tables could not be told apart by them.
      if (*vocabulary == Vocabulary::factors || *vocabulary == Vocabulary::factor_certainty)
        r.error(name, "tables cannot be filtered by factors in this version");
      for (const auto& code : words)
        if (!codes_.contains(*vocabulary, code))
          r.error(name, "'" + code + "' is not in the code list " + codes_.version());
      std::sort(words.begin(), words.end());
      where[name] = std::move(words);
    }
    r.finish();
    return where;
  }

  DisclosureRule parse_disclosure(const toml::table& table, const std::string& grant_path) {
    TableReader r = open(table, "[grant.disclosure]", grant_path + ".disclosure");
    DisclosureRule rule;
    rule.min_children = r.integer("min_children", 1, kMaxMinChildren);
    rule.min_agencies = r.integer("min_agencies", 0, kMaxParties);
    rule.round_to = r.integer("round_to", 1, kMaxRoundTo);
    rule.true_zero = r.boolean("true_zero", false);
    const toml::node* noise = r.node("noise");
    if (noise != nullptr && (!noise->is_string() || noise->as_string()->get() != "none"))
      r.error("noise", "noise is not supported in this version", "noise = \"none\"");
    r.finish();
    return rule;
  }

  void parse_retention(const toml::table& table) {
    TableReader r = open(table, "[retention]", "retention");
    agreement_.retention_records = r.duration("records");
    agreement_.retention_log = r.duration("log");
    r.finish();
  }

  const CodeList& codes_;
  Marks& marks_;
  Diagnostics& diagnostics_;
  Agreement agreement_;
};

}  // namespace

AgreementReading read_agreement(ByteView exact, const CodeList& codes) {
  Diagnostics diagnostics;
  AgreementReading reading;
  std::optional<Agreement> agreement;
  if (exact.size() > kMaxAgreementBytes) {
    diagnostics.error({}, "larger than " + std::to_string(kMaxAgreementBytes) + " bytes");
  } else if (const auto document = parse_toml(as_text(exact), diagnostics)) {
    Marks marks;
    agreement = AgreementParser(codes, marks, diagnostics).parse(*document);
    if (diagnostics.errors() == 0) lint_agreement(*agreement, codes, marks, diagnostics);
    for (const auto& [path, mark] : marks.all()) agreement->lines.emplace(path, mark.line);
  }
  if (agreement && diagnostics.errors() == 0) {
    agreement->hash = agreement_hash(exact);
    std::sort(agreement->parties.begin(), agreement->parties.end(),
              [](const Party& a, const Party& b) { return a.id < b.id; });
    reading.agreement = std::move(agreement);
  }
  reading.diagnostics = std::move(diagnostics).take_by_line();
  return reading;
}

Result<Agreement> parse_agreement(ByteView exact, std::string_view source_name,
                                  const CodeList& codes) {
  AgreementReading reading = read_agreement(exact, codes);
  if (reading.agreement) return std::move(*reading.agreement);
  const Diagnostic* first = nullptr;
  std::size_t more = 0;
  for (const auto& d : reading.diagnostics) {
    if (d.severity != Severity::error) continue;
    if (first == nullptr) {
      first = &d;
    } else {
      ++more;
    }
  }
  HR_CHECK(first != nullptr);
  std::string text(source_name);
  if (first->line > 0)
    text += ":" + std::to_string(first->line) + ":" + std::to_string(first->column);
  text += ": " + first->text;
  if (more > 0) text += " (and " + std::to_string(more) + " more)";
  return bad_input(std::move(text), first->hint);
}

}  // namespace hedgerow::policies
