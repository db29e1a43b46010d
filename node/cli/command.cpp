#include "node/cli/command.h"

#include <ostream>

namespace hedgerow::cli {

void print_error(std::ostream& err, const Error& error) {
  err << "hedgerow: " << error.text;
  if (!error.culprit.empty()) err << " (" << error.culprit << ")";
  err << '\n';
  if (!error.hint.empty()) err << "hint: " << error.hint << '\n';
}

void Context::finish(const Result<void>& result) {
  if (result.ok()) return;
  print_error(err, result.error());
  exit_code = static_cast<int>(result.error().code);
}

std::filesystem::path Context::control_socket() const {
  return (home.empty() ? std::filesystem::path("/run/hedgerow") : home / "run") / "control.sock";
}

}  // namespace hedgerow::cli
