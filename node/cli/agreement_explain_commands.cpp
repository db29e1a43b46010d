// `hedgerow agreement explain`: an agreement in plain English, or what it says to one question,
// clause by clause.
#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "crypto/certificate.h"
#include "node/cli/agreement_files.h"
#include "node/cli/command.h"
#include "node/keys/files.h"
#include "policies/examine.h"
#include "policies/explain.h"
#include "policies/trace.h"

namespace hedgerow::cli {

namespace {

using nlohmann::ordered_json;
using policies::Examination;
using policies::Finding;
using policies::Outcome;

constexpr const char* kExplainSchema = "hedgerow/agreement-explain/1";
constexpr const char* kQuestionSchema = "hedgerow/agreement-explain-question/1";

struct ExplainOptions {
  std::filesystem::path file;
  policies::QuestionWords words;  // its kind is empty where only the agreement is explained
  std::string asker;
  std::string approver;     // of a trace
  std::string legal_basis;  // of a trace
  std::string at;
  std::filesystem::path restrictions;  // empty: none are looked at
};

Error usage(std::string text, std::string hint = {}) {
  return {Code::usage, std::move(text), {}, std::move(hint)};
}

std::string line_text(std::uint32_t line) {
  return line == 0 ? std::string() : "line " + std::to_string(line);
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

void show_agreement(Context& context, const policies::Agreement& agreement) {
  const auto parts = policies::explain(agreement, policies::CodeList::shipped());
  if (context.json) {
    ordered_json list = ordered_json::array();
    for (const auto& part : parts) {
      ordered_json facts = ordered_json::array();
      for (const auto& f : part.facts) facts.push_back({{"line", f.line}, {"text", f.text}});
      list.push_back({{"part", part.id}, {"title", part.title}, {"facts", facts}});
    }
    context.out << ordered_json{{"schema", kExplainSchema},
                                {"agreement", agreement.id.str()},
                                {"version", agreement.version},
                                {"hash", to_sha256_name(agreement.hash.view())},
                                {"parts", list}}
                       .dump(2)
                << '\n';
    return;
  }
  for (const auto& part : parts) {
    context.out << part.title << '\n';
    for (const auto& f : part.facts)
      context.out << "  " << padded(line_text(f.line), 10) << f.text << '\n';
    context.out << '\n';
  }
  context.out << "sha256:" << agreement.hash.hex() << '\n';
}

ordered_json findings_json(const std::vector<Finding>& findings) {
  ordered_json list = ordered_json::array();
  for (const auto& f : findings)
    list.push_back({{"test", policies::to_text(f.condition)},
                    {"outcome", policies::to_text(f.outcome)},
                    {"line", f.line},
                    {"text", f.text}});
  return list;
}

void show_findings(std::ostream& out, const std::vector<Finding>& findings) {
  for (const auto& f : findings)
    out << "  " << padded(std::string(policies::to_text(f.outcome)), 14)
        << padded(std::string(policies::to_text(f.condition)), 17) << padded(line_text(f.line), 10)
        << f.text << '\n';
}

// "permitted", "refused", or "not yet": worth asking again.
template <class Decision>
std::string verdict_of(const Decision& decision) {
  const auto* deny = std::get_if<policies::Deny>(&decision);
  if (deny == nullptr) return "permitted";
  return deny->code == Code::try_again ? "not yet" : "refused";
}

ordered_json head_json(const policies::Agreement& agreement, const std::string& verdict) {
  return {{"schema", kQuestionSchema},
          {"agreement", agreement.id.str()},
          {"hash", to_sha256_name(agreement.hash.view())},
          {"verdict", verdict}};
}

void add_denial(ordered_json& all, const policies::Deny& deny) {
  all["reason"] = policies::to_text(deny.reason);
  all["text"] = deny.text;
  all["hint"] = deny.hint;
}

void show_denial(std::ostream& out, const std::string& verdict, const policies::Deny& deny) {
  out << verdict << ": " << deny.text << " (" << policies::to_text(deny.reason) << ")\n";
  if (!deny.hint.empty()) out << "  " << deny.hint << '\n';
}

constexpr const char* kSupposed =
    "\nsupposed: the agreement is installed at every party with its key, neither paused nor "
    "withdrawn\n";

void show_examination_json(Context& context, const policies::Agreement& agreement,
                           const Examination& e) {
  ordered_json all = head_json(agreement, verdict_of(e.decision));
  if (const auto* permit = std::get_if<policies::Permit>(&e.decision)) {
    all["grant"] = permit->grant;
    all["grant_line"] = permit->grant_line;
    all["table"] = permit->table;
    all["table_line"] = permit->table_line;
    all["rule"] = permit->rule_in_words;
  } else {
    add_denial(all, std::get<policies::Deny>(e.decision));
  }
  all["general"] = findings_json(e.general);
  all["tables"] = ordered_json::array();
  for (const auto& t : e.tables)
    all["tables"].push_back({{"grant", t.grant},
                             {"grant_line", t.grant_line},
                             {"table", t.table},
                             {"table_line", t.table_line},
                             {"permits", t.permits()},
                             {"tests", findings_json(t.findings)}});
  context.out << all.dump(2) << '\n';
}

void show_examination(Context& context, const Examination& e) {
  std::ostream& out = context.out;
  if (const auto* permit = std::get_if<policies::Permit>(&e.decision)) {
    out << "permitted by table '" << permit->table << "' (line " << permit->table_line
        << ") of grant '" << permit->grant << "' (line " << permit->grant_line << ")\n  "
        << permit->rule_in_words << '\n';
  } else {
    show_denial(out, verdict_of(e.decision), std::get<policies::Deny>(e.decision));
  }
  out << "\nthe agreement\n";
  show_findings(out, e.general);
  for (const auto& t : e.tables) {
    out << "\ngrant '" << t.grant << "' (line " << t.grant_line << ")";
    if (!t.table.empty()) out << ", table '" << t.table << "' (line " << t.table_line << ")";
    out << ": " << (t.permits() ? "permits" : "does not permit") << '\n';
    show_findings(out, t.findings);
  }
  out << kSupposed;
}

void show_trace_json(Context& context, const policies::Agreement& agreement,
                     const policies::TraceExamination& e) {
  ordered_json all = head_json(agreement, verdict_of(e.decision));
  if (const auto* permit = std::get_if<policies::TracePermit>(&e.decision)) {
    all["grant"] = permit->grant;
    all["grant_line"] = permit->grant_line;
    all["daily_quota"] = permit->daily_quota;
    all["practitioner_quota"] = permit->practitioner_quota;
  } else {
    add_denial(all, std::get<policies::Deny>(e.decision));
  }
  all["general"] = findings_json(e.general);
  all["trace"] = findings_json(e.grant);
  context.out << all.dump(2) << '\n';
}

void show_trace(Context& context, const policies::Agreement& agreement,
                const policies::TraceExamination& e, bool approved) {
  std::ostream& out = context.out;
  if (const auto* permit = std::get_if<policies::TracePermit>(&e.decision))
    out << (approved ? "permitted" : "permitted, once approved,") << " by grant '" << permit->grant
        << "' (line " << permit->grant_line << ")\n  quotas: " << permit->daily_quota
        << " traces of one agency a day, " << permit->practitioner_quota
        << " of one practitioner\n";
  else
    show_denial(out, verdict_of(e.decision), std::get<policies::Deny>(e.decision));
  out << "\nthe agreement\n";
  show_findings(out, e.general);
  if (!e.grant.empty()) {
    out << "\ngrant '" << agreement.trace->id << "' (line " << agreement.trace->line << ")\n";
    show_findings(out, e.grant);
  }
  out << kSupposed;
}

Result<UtcTime> instant_of(const std::string& at) {
  if (at.empty())
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto moment = policies::parse_moment(at);
  if (!moment.ok()) return usage("--at is a date or a date and time", "--at 2026-10-20");
  return moment->at;
}

// Of a certificate's name; `kind` is the one that the hint names.
Result<policies::AskerIdentity> identity_of(const std::string& urn, const std::string& option,
                                            const std::string& kind) {
  const std::string hint = "urn:hedgerow:PARTY:" + kind + ":NAME";
  if (urn.empty()) return usage("who asks?", option + " " + hint);
  const auto subject = Subject::parse_urn(urn);
  if (!subject.ok()) return usage(option + " is not a certificate's name", hint);
  return policies::AskerIdentity{subject->agency, std::string(to_string(subject->kind)),
                                 subject->urn()};
}

Result<policies::TraceContext> trace_context_of(const ExplainOptions& o,
                                                const policies::Agreement& agreement) {
  const auto& w = o.words;
  if (!w.from.empty() || !w.to.empty() || !w.by.empty() || !w.where.empty())
    return usage("a trace is of one child, and has no period or dimensions",
                 "without --from, --to, --by and --where");
  policies::TraceContext c;
  c.asked = {agreement.id, w.purpose, o.legal_basis, "(supposed)"};
  if (w.purpose.empty()) return usage("for which purpose?", "--purpose NAME");
  if (o.legal_basis.empty()) return usage("on which legal basis?", "--legal-basis ca-2004:11");
  if (!policies::is_canonical(c.asked))
    return usage("the purpose is no purpose's name, or the legal basis is not written as one",
                 "--purpose safeguard-a-child --legal-basis ca-2004:11");
  HR_ASSIGN(c.practitioner, identity_of(o.asker, "--asker", "practitioner"));
  if (!o.approver.empty()) {
    HR_ASSIGN(c.approver, identity_of(o.approver, "--approver", "approver"));
  }
  c.home = c.practitioner.agency;
  c.local = agreement.hub;
  c.state = policies::LineageState::in_force;
  HR_ASSIGN(c.now, instant_of(o.at));
  return c;
}

Result<policies::AskContext> context_of(const ExplainOptions& o,
                                        const policies::Agreement& agreement) {
  policies::QuestionWords words = o.words;
  words.agreement = agreement.id.str();
  if (words.reason.empty()) words.reason = "(supposed)";
  policies::AskContext c;
  HR_ASSIGN(c.question, policies::make_question(words));
  HR_ASSIGN(c.asker, identity_of(o.asker, "--asker", "analyst"));
  c.home = c.asker.agency;
  c.local = agreement.hub;
  c.state = policies::LineageState::in_force;
  HR_ASSIGN(c.now, instant_of(o.at));
  return c;
}

Result<policies::Restrictions> read_restrictions_file(const std::filesystem::path& file) {
  auto bytes = keys::read_public_file(file, policies::kMaxRestrictionsBytes);
  if (!bytes.ok()) return bad_input(bytes.error().text, bytes.error().hint);
  return policies::parse_restrictions(*bytes, file.string());
}

Result<void> explain_trace(Context& context, const ExplainOptions& o,
                           const policies::Agreement& agreement,
                           const policies::Restrictions& restrictions) {
  HR_ASSIGN(policies::TraceContext asked, trace_context_of(o, agreement));
  if (!o.restrictions.empty()) {
    asked.local = asked.home;
    asked.restrictions = &restrictions;
  }
  const auto e = policies::examine_trace(agreement, asked);
  if (context.json)
    show_trace_json(context, agreement, e);
  else
    show_trace(context, agreement, e, asked.approver.has_value());
  return {};
}

Result<void> explain_question(Context& context, const ExplainOptions& o,
                              const policies::Agreement& agreement,
                              const policies::Restrictions& restrictions) {
  if (!o.approver.empty() || !o.legal_basis.empty())
    return usage("--approver and --legal-basis belong to a trace", "--question trace");
  HR_ASSIGN(policies::AskContext asked, context_of(o, agreement));
  if (!o.restrictions.empty()) {
    asked.local = asked.home;
    asked.restrictions = &restrictions;
    asked.scope = policies::RestrictionScope::all;
  }
  const Examination e = policies::examine(agreement, asked);
  if (context.json)
    show_examination_json(context, agreement, e);
  else
    show_examination(context, e);
  return {};
}

Result<void> run_explain(Context& context, const ExplainOptions& o) {
  HR_ASSIGN(const AgreementFile file, read_agreement_file(o.file));
  HR_ASSIGN(const policies::Agreement agreement,
            policies::parse_agreement(file.exact, o.file.string()));
  if (o.words.kind.empty()) {
    const auto& w = o.words;
    if (!w.purpose.empty() || !w.from.empty() || !w.to.empty() || !w.by.empty() ||
        !w.where.empty() || !o.asker.empty() || !o.at.empty() || !o.restrictions.empty() ||
        !o.approver.empty() || !o.legal_basis.empty())
      return usage("these words belong to a question", "--question flows");
    show_agreement(context, agreement);
    return {};
  }
  policies::Restrictions restrictions;
  if (!o.restrictions.empty()) {
    HR_ASSIGN(restrictions, read_restrictions_file(o.restrictions));
  }
  return o.words.kind == policies::kTraceQuestion
             ? explain_trace(context, o, agreement, restrictions)
             : explain_question(context, o, agreement, restrictions);
}

}  // namespace

void add_agreement_explain_command(CLI::App& agreement, Context& context) {
  auto o = std::make_shared<ExplainOptions>();
  CLI::App* command = agreement.add_subcommand(
      "explain", "Say in plain English what an agreement permits, or why a question is refused");
  command->add_option("file", o->file, "The agreement")->required();
  command->add_option("--question", o->words.kind,
                      "The kind of a question, as for `ask`, or trace");
  command->add_option("--purpose", o->words.purpose, "The question's purpose");
  command->add_option("--from", o->words.from, "First period, e.g. 2026-Q1");
  command->add_option("--to", o->words.to, "Last period; default: the first");
  command->add_option("--by", o->words.by, "Dimensions; default: the kind's own");
  command->add_option("--where", o->words.where, "Which rows count, e.g. event=missing");
  command->add_option("--asker", o->asker,
                      "urn:hedgerow:PARTY:analyst:NAME; of a trace, practitioner");
  command->add_option("--approver", o->approver,
                      "Of a trace: urn:hedgerow:PARTY:approver:NAME; default: not yet approved");
  command->add_option("--legal-basis", o->legal_basis, "Of a trace, e.g. ca-2004:11");
  command->add_option("--at", o->at, "When it is asked; default: now");
  command->add_option("--restrictions", o->restrictions,
                      "restrictions.toml of the asker's node; default: none are looked at");
  command->callback([o, &context] { context.finish(run_explain(context, *o)); });
}

}  // namespace hedgerow::cli
