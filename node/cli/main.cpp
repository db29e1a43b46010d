// hedgerow: the command line of operators, officers and analysts.

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "node/cli/command.h"

namespace {

// What is wrong with the words of the command line, in the one line that every error has.
hedgerow::Error usage_error(const CLI::App& app, const CLI::ParseError& e) {
  std::string command = "hedgerow";
  const CLI::App* at = &app;
  for (auto subs = at->get_subcommands(); !subs.empty(); subs = at->get_subcommands()) {
    at = subs.front();
    command += ' ' + at->get_name();
  }
  // A word that nothing knows is named, rather than what is missing because of it.
  const auto unknown = app.remaining(true);
  std::string text = unknown.empty() ? e.what() : "unknown: " + unknown.front();
  return {hedgerow::Code::usage, std::move(text), {}, "see `" + command + " --help`"};
}

}  // namespace

int main(int argc, char** argv) {
  using namespace hedgerow::cli;
  // Keys and passphrases pass through this program: none in a core dump.
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
  ::umask(077);
  ::signal(SIGPIPE, SIG_IGN);

  Context context{std::cout, std::cerr};
  std::string home;
  CLI::App app{"hedgerow: see movement across boundaries without seeing into each other's files"};
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--home", home, "the node's folder (for a trial); default: the system's");
  app.add_flag("--json", context.json, "results as JSON");
  app.parse_complete_callback([&] { context.home = home; });

  add_agency_commands(app, context);
  auto* agreement = app.add_subcommand("agreement", "write, sign, verify and install agreements");
  agreement->require_subcommand(1);
  add_agreement_file_commands(*agreement, context);
  add_agreement_explain_command(*agreement, context);
  add_agreement_node_commands(*agreement, context);
  add_keys_commands(app, context);
  add_import_commands(app, context);
  add_ask_commands(app, context);
  add_trace_commands(app, context);
  add_audit_commands(app, context);
  add_withhold_commands(app, context);
  add_duty_commands(app, context);
  add_status_command(app, context);
  // Options of the whole program may stand behind a command too.
  for (CLI::App* command : app.get_subcommands({})) {
    command->fallthrough();
    for (CLI::App* sub : command->get_subcommands({})) sub->fallthrough();
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // help
    context.finish(usage_error(app, e));
  }
  return context.exit_code;
}
