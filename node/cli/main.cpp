// hedgerow: the command line of operators, officers and analysts.

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "node/cli/command.h"

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
  add_agreement_node_commands(*agreement, context);
  add_keys_commands(app, context);
  add_import_commands(app, context);
  add_ask_commands(app, context);
  add_audit_commands(app, context);
  add_status_command(app, context);
  // Options of the whole program may stand behind a command too.
  for (CLI::App* command : app.get_subcommands({})) {
    command->fallthrough();
    for (CLI::App* sub : command->get_subcommands({})) sub->fallthrough();
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : static_cast<int>(hedgerow::Code::usage);
  }
  return context.exit_code;
}
