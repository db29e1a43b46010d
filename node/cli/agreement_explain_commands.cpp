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
std::string verdict_of(const Examination& e) {
  const auto* deny = std::get_if<policies::Deny>(&e.decision);
  if (deny == nullptr) return "permitted";
  return deny->code == Code::try_again ? "not yet" : "refused";
}

void show_examination_json(Context& context, const policies::Agreement& agreement,
                           const Examination& e) {
  ordered_json all = {{"schema", kQuestionSchema},
                      {"agreement", agreement.id.str()},
                      {"hash", to_sha256_name(agreement.hash.view())},
                      {"verdict", verdict_of(e)}};
  if (const auto* permit = std::get_if<policies::Permit>(&e.decision)) {
    all["grant"] = permit->grant;
    all["grant_line"] = permit->grant_line;
    all["table"] = permit->table;
    all["table_line"] = permit->table_line;
    all["rule"] = permit->rule_in_words;
  } else {
    const auto& deny = std::get<policies::Deny>(e.decision);
    all["reason"] = policies::to_text(deny.reason);
    all["text"] = deny.text;
    all["hint"] = deny.hint;
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
    const auto& deny = std::get<policies::Deny>(e.decision);
    out << verdict_of(e) << ": " << deny.text << " (" << policies::to_text(deny.reason) << ")\n";
    if (!deny.hint.empty()) out << "  " << deny.hint << '\n';
  }
  out << "\nthe agreement\n";
  show_findings(out, e.general);
  for (const auto& t : e.tables) {
    out << "\ngrant '" << t.grant << "' (line " << t.grant_line << ")";
    if (!t.table.empty()) out << ", table '" << t.table << "' (line " << t.table_line << ")";
    out << ": " << (t.permits() ? "permits" : "does not permit") << '\n';
    show_findings(out, t.findings);
  }
  out << "\nsupposed: the agreement is installed at every party with its key, neither paused nor "
         "withdrawn\n";
}

Result<UtcTime> instant_of(const std::string& at) {
  if (at.empty())
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto moment = policies::parse_moment(at);
  if (!moment.ok()) return usage("--at is a date or a date and time", "--at 2026-10-20");
  return moment->at;
}

Result<policies::AskContext> context_of(const ExplainOptions& o,
                                        const policies::Agreement& agreement) {
  policies::QuestionWords words = o.words;
  words.agreement = agreement.id.str();
  if (words.reason.empty()) words.reason = "(supposed)";
  policies::AskContext c;
  HR_ASSIGN(c.question, policies::make_question(words));
  if (o.asker.empty()) return usage("who asks?", "--asker urn:hedgerow:PARTY:analyst:NAME");
  const auto subject = Subject::parse_urn(o.asker);
  if (!subject.ok())
    return usage("--asker is not a certificate's name", "urn:hedgerow:PARTY:analyst:NAME");
  c.asker = {subject->agency, std::string(to_string(subject->kind)), subject->urn()};
  c.home = subject->agency;
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

Result<void> run_explain(Context& context, const ExplainOptions& o) {
  HR_ASSIGN(const AgreementFile file, read_agreement_file(o.file));
  HR_ASSIGN(const policies::Agreement agreement,
            policies::parse_agreement(file.exact, o.file.string()));
  if (o.words.kind.empty()) {
    const auto& w = o.words;
    if (!w.purpose.empty() || !w.from.empty() || !w.to.empty() || !w.by.empty() ||
        !w.where.empty() || !o.asker.empty() || !o.at.empty() || !o.restrictions.empty())
      return usage("these words belong to a question", "--question flows");
    show_agreement(context, agreement);
    return {};
  }
  HR_ASSIGN(policies::AskContext asked, context_of(o, agreement));
  policies::Restrictions restrictions;
  if (!o.restrictions.empty()) {
    HR_ASSIGN(restrictions, read_restrictions_file(o.restrictions));
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

}  // namespace

void add_agreement_explain_command(CLI::App& agreement, Context& context) {
  auto o = std::make_shared<ExplainOptions>();
  CLI::App* command = agreement.add_subcommand(
      "explain", "Say in plain English what an agreement permits, or why a question is refused");
  command->add_option("file", o->file, "The agreement")->required();
  command->add_option("--question", o->words.kind, "The kind of a question, as for `ask`");
  command->add_option("--purpose", o->words.purpose, "The question's purpose");
  command->add_option("--from", o->words.from, "First period, e.g. 2026-Q1");
  command->add_option("--to", o->words.to, "Last period; default: the first");
  command->add_option("--by", o->words.by, "Dimensions; default: the kind's own");
  command->add_option("--where", o->words.where, "Which rows count, e.g. event=missing");
  command->add_option("--asker", o->asker, "urn:hedgerow:PARTY:analyst:NAME");
  command->add_option("--at", o->at, "When it is asked; default: now");
  command->add_option("--restrictions", o->restrictions,
                      "restrictions.toml of the asker's node; default: none are looked at");
  command->callback([o, &context] { context.finish(run_explain(context, *o)); });
}

}  // namespace hedgerow::cli
