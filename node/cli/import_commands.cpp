// `hedgerow import`.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "node/cli/command.h"
#include "node/cli/control_call.h"

namespace hedgerow::cli {

namespace {

using nlohmann::json;

struct ImportOptions {
  std::string file;
  std::string agreement;
  bool skip_bad = false;
  bool dry_run = false;
};

constexpr int kWaitMs = 120'000;  // for the next sign of life

void show_progress(std::ostream& err, const json& progress) {
  if (::isatty(STDERR_FILENO) == 0) return;
  err << "\rpseudonyms " << progress.value("done", 0) << " of " << progress.value("total", 0)
      << "   " << std::flush;
}

void print_report(Context& context, const json& result) {
  const json& r = result.at("report");
  for (const json& p : r.at("problems")) {
    context.err << p.value("text", "") << '\n';
    if (!p.value("hint", "").empty()) context.err << "hint: " << p.value("hint", "") << '\n';
  }
  const auto line = [&](const char* what, const json& from, const char* key) {
    if (from.value(key, 0) != 0) context.out << "  " << what << ": " << from.value(key, 0) << '\n';
  };
  context.out << r.value("source", "") << ": " << r.value("read", 0) << " rows read, "
              << r.value("good", 0) << " good, " << r.value("refused", 0) << " refused\n";
  line("without NHS number (in sums only)", r, "without_identifier");
  line("with an unknown area", r, "unknown_area");
  line("older than the agreement keeps records", r, "older_than_retention");
  line("case references not kept (no re-identification key)", r, "case_refs_dropped");
  for (const auto& [rule, n] : r.at("by_rule").items())
    context.out << "  " << rule << ": " << n << '\n';
  if (result.value("imported", false))
    context.out << "imported: " << result.value("added", 0) << " added, "
                << result.value("replaced", 0) << " replaced, " << result.value("unchanged", 0)
                << " unchanged\n";
  else if (result.value("exit", 0) != 0)
    context.out << "nothing was imported; --skip-bad imports the good rows\n";
  else
    context.out << "nothing was imported\n";
}

Result<void> import_movements(Context& context, const ImportOptions& o) {
  std::ifstream file;
  const bool from_stdin = o.file == "-";
  if (!from_stdin) {
    std::error_code ec;
    if (!std::filesystem::is_regular_file(o.file, ec) || ec)
      return bad_input(o.file + ": no such file, or not a regular file");
    file.open(o.file, std::ios::binary);
    if (!file) return bad_input(o.file + ": cannot be read");
  }
  json request = {
      {"command", "import-movements"},
      {"source", from_stdin ? "standard input" : std::filesystem::path(o.file).filename().string()},
      {"skip_bad", o.skip_bad},
      {"dry_run", o.dry_run}};
  if (!o.agreement.empty()) request["agreement"] = o.agreement;
  const auto result = ControlCall::run(
      context, request, {from_stdin ? &std::cin : static_cast<std::istream*>(&file)},
      [&](const json& progress) { show_progress(context.err, progress); }, kWaitMs);
  if (::isatty(STDERR_FILENO) != 0) context.err << '\r';
  if (!result.ok()) return result.error();
  if (context.json)
    context.out << result->dump(2) << '\n';
  else
    print_report(context, *result);
  context.exit_code = result->value("exit", 0);
  return {};
}

}  // namespace

void add_import_commands(CLI::App& app, Context& context) {
  auto* import = app.add_subcommand("import", "bring records into this node");
  import->require_subcommand(1);
  auto options = std::make_shared<ImportOptions>();
  auto* movements = import->add_subcommand("movements", "movements, one a row (CSV)");
  movements->add_option("file", options->file, "the CSV file; - for standard input")->required();
  movements->add_option("--agreement", options->agreement, "the agreement they come under");
  movements->add_flag("--skip-bad", options->skip_bad,
                      "import the good rows of a file with bad ones");
  movements->add_flag("--dry-run", options->dry_run, "only check the file");
  movements->callback([&context, options] { context.finish(import_movements(context, *options)); });
}

}  // namespace hedgerow::cli
