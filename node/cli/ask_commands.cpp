// `hedgerow ask`: puts a question into canonical form, signs it with the asker's key, and waits
// for the answer.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "crypto/random.h"
#include "node/cli/answer_view.h"
#include "node/cli/command.h"
#include "node/cli/control_call.h"
#include "node/cli/in_force.h"
#include "node/cli/person.h"
#include "node/cli/times.h"
#include "policies/question.h"
#include "protocol/asking.h"

namespace hedgerow::cli {

namespace {

using nlohmann::json;

struct AskOptions {
  policies::QuestionWords words;
  PersonOptions asker;
  std::string result_id;
  int wait_s = 60;
  bool csv = false;
};

constexpr std::chrono::hours kQuestionValidity{24};

void show(Context& context, const AskOptions& o, const json& answer) {
  if (context.json)
    context.out << answer.dump(2) << '\n';
  else if (o.csv)
    print_answer_csv(context.out, answer);
  else
    print_answer_table(context.out, answer);
}

// What stands between this node and an answer, where it is seen from here; else nothing.
std::string what_is_missing(const Context& context) {
  const auto status = ControlCall::run(context, {{"command", "status"}});
  if (!status.ok()) return {};
  if (!status->value("gateway", false)) return ": hedgerow-gateway is not running on this node";
  if (!status->value("hub", false) && status->value("peers_up", 0) == 0)
    return ": this node is not connected to the hub";
  return {};
}

// Waits as long as the asker wants to; the question itself waits longer.
Result<void> wait_for_answer(Context& context, const AskOptions& o, const json& request) {
  std::string id;
  std::string waiting_for;
  const auto on_progress = [&](const json& p) {
    id = p.value("id", id);
    if (p.value("step", "") != "waiting") return;
    waiting_for = p.value("party", "");
    const std::string text = p.value("text", "");
    const bool named = text.find(waiting_for) != std::string::npos;
    context.err << "waiting: " << text << (named ? "" : " (" + waiting_for + ")") << '\n';
  };
  auto answer = ControlCall::run(context, request, {}, on_progress, o.wait_s * 1000);
  if (answer.ok()) {
    show(context, o, *answer);
    return {};
  }
  Error error = std::move(answer).error();
  if (error.code == Code::try_again && !id.empty()) {
    error.text = "no answer yet" + what_is_missing(context);
    error.culprit = waiting_for;
    error.hint = "the question waits; later: hedgerow ask --result " + id;
  }
  return error;
}

Result<SessionId> random_id(Random& rng) {
  SessionId id;
  rng.fill(id.bytes);
  return id;
}

Result<void> ask(Context& context, AskOptions& o, const std::string& kind) {
  o.words.kind = kind;
  HR_ASSIGN(const policies::Question question, policies::make_question(o.words));
  HR_TRY(look_at(o.asker));
  HR_ASSIGN(const Person asker, unlock(o.asker));
  HR_ASSIGN(const AgreementHash agreement, hash_in_force(context, o.words.agreement));
  SystemRandom rng;
  HR_ASSIGN(const SessionId id, random_id(rng));
  const auto statement =
      protocol::sign_question(asker.key, asker.certificate, question.agreement, agreement, id,
                              system_now() + kQuestionValidity, policies::encode(question));
  return wait_for_answer(context, o,
                         {{"command", "ask"},
                          {"agreement", o.words.agreement},
                          {"question", to_base64(statement.encode())}});
}

Result<void> fetch_result(Context& context, const AskOptions& o) {
  json request = {{"command", "ask-result"}, {"id", o.result_id}};
  if (!o.words.agreement.empty()) request["agreement"] = o.words.agreement;
  return wait_for_answer(context, o, request);
}

CLI::App* add_question(CLI::App& ask_command, Context& context, std::shared_ptr<AskOptions> o,
                       const std::string& kind, const std::string& about, const std::string& by) {
  auto* c = ask_command.add_subcommand(kind, about);
  c->add_option("--agreement", o->words.agreement, "the agreement it is asked under")->required();
  c->add_option("--purpose", o->words.purpose, "one of the agreement's purposes")->required();
  c->add_option("--from", o->words.from, "first period: 2026-03, 2026-Q1, 2026 or 2026/27")
      ->required();
  c->add_option("--to", o->words.to, "last period; default: the first");
  if (!by.empty()) c->add_option("--by", o->words.by, by);
  c->add_option("--where", o->words.where, "which rows count, e.g. event=missing");
  c->add_option("--reason", o->words.reason, "why; goes on every party's log, never personal");
  add_person_options(*c, o->asker, "the asker's");
  c->add_option("--wait", o->wait_s, "seconds to wait for the answer")->check(CLI::Range(1, 3600));
  c->add_flag("--csv", o->csv, "the answer as CSV");
  c->callback([&context, o, kind] { context.finish(ask(context, *o, kind)); });
  return c;
}

}  // namespace

void add_ask_commands(CLI::App& app, Context& context) {
  auto o = std::make_shared<AskOptions>();
  auto* ask_command = app.add_subcommand("ask", "ask the region a question");
  ask_command->require_subcommand(0, 1);
  ask_command->add_option("--result", o->result_id, "the answer to a question asked before, by id");
  ask_command->add_option("--agreement", o->words.agreement, "the agreement it is asked under");
  ask_command->add_option("--wait", o->wait_s, "seconds to wait for the answer")
      ->check(CLI::Range(1, 3600));
  ask_command->add_flag("--csv", o->csv, "the answer as CSV");
  add_question(*ask_command, context, o, "flows", "movements from area to area",
               "dimensions; default: origin,destination");
  add_question(*ask_command, context, o, "counts",
               "reports, or children counted once per agency, by up to three dimensions",
               "dimensions, e.g. age_band,sex")
      ->get_option("--by")
      ->required();
  add_question(*ask_command, context, o, "places",
               "distinct children across agencies, by destination and kind of place",
               "destination, place-type or both")
      ->get_option("--by")
      ->required();
  add_question(*ask_command, context, o, "overlap",
               "distinct children in the region, and how many of them several agencies know",
               "agency: for each two agencies; default: for one agency, two, three ...");
  add_question(*ask_command, context, o, "repeat-missing",
               "distinct children who went missing several times, across agencies", "");
  ask_command->callback([&context, o, ask_command] {
    if (!ask_command->get_subcommands().empty()) return;
    if (o->result_id.empty())
      return context.finish(Error{Code::usage,
                                  "what is asked?",
                                  {},
                                  "hedgerow ask flows|counts|places|overlap|repeat-missing, or "
                                  "--result ID"});
    context.finish(fetch_result(context, *o));
  });
}

}  // namespace hedgerow::cli
