// What every command group of `hedgerow` shares: where output goes, how an error is shown, how
// the exit code is set.
#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

#include "crypto/base/result.h"

namespace CLI {
class App;
}

namespace hedgerow::cli {

struct Context {
  std::ostream& out;                // results
  std::ostream& err;                // progress and messages
  std::filesystem::path home = {};  // --home DIR; empty: the system's folders
  bool json = false;
  int exit_code = 0;

  // Shows an error as one line and, where there is one, a hint line, and sets the exit code.
  void finish(const Result<void>& result);
  // Where the daemon listens for commands.
  std::filesystem::path control_socket() const;
};

void print_error(std::ostream& err, const Error& error);

// What a root has issued and revoked (node/cli/register.h).
Result<void> show_register(Context& context, const std::filesystem::path& root);
void add_revoke_command(CLI::App& agency, Context& context);  // below `agency`

// Each adds its commands to the program. The commands run from CLI11's callbacks.
void add_agency_commands(CLI::App& app, Context& context);
void add_agreement_file_commands(CLI::App& agreement, Context& context);    // below `agreement`
void add_agreement_explain_command(CLI::App& agreement, Context& context);  // below `agreement`
void add_agreement_node_commands(CLI::App& agreement, Context& context);    // below `agreement`
void add_keys_commands(CLI::App& app, Context& context);
void add_import_commands(CLI::App& app, Context& context);
void add_ask_commands(CLI::App& app, Context& context);
void add_audit_commands(CLI::App& app, Context& context);
void add_withhold_commands(CLI::App& app, Context& context);
void add_duty_commands(CLI::App& app, Context& context);
void add_trace_commands(CLI::App& app, Context& context);
void add_status_command(CLI::App& app, Context& context);

}  // namespace hedgerow::cli
