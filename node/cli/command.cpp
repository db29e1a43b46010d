#include "node/cli/command.h"

#include <ostream>
#include <string_view>

namespace hedgerow::cli {

namespace {

// Whether each of the culprits, "a, b", stands in the text already.
bool names_all(std::string_view text, std::string_view culprits) {
  while (!culprits.empty()) {
    const std::size_t comma = culprits.find(", ");
    if (text.find(culprits.substr(0, comma)) == std::string_view::npos) return false;
    culprits.remove_prefix(comma == std::string_view::npos ? culprits.size() : comma + 2);
  }
  return true;
}

}  // namespace

void print_error(std::ostream& err, const Error& error) {
  err << "hedgerow: " << error.text;
  if (!names_all(error.text, error.culprit)) err << " (" << error.culprit << ")";
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
