// `hedgerow import`.

#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "node/cli/command.h"
#include "node/cli/control_call.h"

namespace hedgerow::cli {

namespace {

using nlohmann::json;

constexpr int kWaitMs = 120'000;  // for the next sign of life

struct ImportOptions {
  std::string file;  // of movements; of a return: the folder
  std::string header, episodes, missing, crosswalk;
  std::string agreement;
  bool skip_bad = false;
  bool dry_run = false;
  bool replace = false;
};

// A file to be read, or standard input.
class Input {
 public:
  // Errors (bad_input): not there, cannot be read, or no regular file: a pipe without a writer
  // would be waited for, a device never ends.
  static Result<Input> open(const std::string& path);

  std::istream& stream() { return file_ ? *file_ : std::cin; }
  const std::string& name() const { return name_; }
  bool is_stdin() const { return file_ == nullptr; }

 private:
  std::unique_ptr<std::ifstream> file_;
  std::string name_ = "standard input";
};

Result<Input> Input::open(const std::string& path) {
  Input input;
  struct stat what {};
  if (path == "-") {
    if (::fstat(STDIN_FILENO, &what) == 0 && S_ISDIR(what.st_mode))
      return bad_input("standard input: a folder, not a file");
    return input;
  }
  if (::stat(path.c_str(), &what) != 0)
    return bad_input(path + ": " + (errno == ENOENT ? "no such file" : std::strerror(errno)));
  if (S_ISDIR(what.st_mode)) return bad_input(path + ": a folder, not a regular file");
  if (!S_ISREG(what.st_mode))
    return bad_input(path + ": a pipe or a device, not a regular file",
                     "'-' in place of the file reads standard input");
  errno = 0;
  input.file_ = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (!*input.file_) return bad_input(path + ": cannot be read: " + std::strerror(errno));
  input.name_ = std::filesystem::path(path).filename().string();
  return input;
}

void show_progress(std::ostream& err, const json& progress) {
  if (::isatty(STDERR_FILENO) == 0) return;
  err << "\rpseudonyms " << progress.value("done", 0) << " of " << progress.value("total", 0)
      << "   " << std::flush;
}

struct Line {
  const char* key;
  const char* what;
};
constexpr std::array kLines{
    Line{"without_identifier", "without NHS number (in sums only)"},
    Line{"unknown_area", "with an unknown area"},
    Line{"ambiguous_area", "of these, through a former district that was split"},
    Line{"unknown_postcodes", "postcodes that do not exist"},
    Line{"older_than_retention", "older than the agreement keeps records"},
    Line{"case_refs_dropped", "case references not kept (no re-identification key)"},
};
constexpr std::array kCrosswalkLines{
    Line{"without_number", "rows without a number"},
    Line{"repeated", "rows that say the same again"},
    Line{"unknown_children", "children of whom no record is held"},
    Line{"have_number", "children who have a number (--replace looks whether it differs)"},
};
constexpr std::array kReturnLines{
    Line{"short_breaks", "episodes left out: short breaks (V3, V4)"},
    Line{"no_move", "episodes left out: no move, or within one area"},
    Line{"unplaced", "episodes left out: a move from or to an unknown area"},
    Line{"temporary", "to a temporary placement (T0 to T4)"},
    Line{"uncovered", "missing with no placement on that day"},
    Line{"crosswalk_unused", "rows of the crosswalk without a number or a child in the header"},
};

template <std::size_t N>
void print_lines(std::ostream& out, const json& from, const std::array<Line, N>& lines) {
  for (const Line& line : lines)
    if (from.value(line.key, 0) != 0)
      out << "  " << line.what << ": " << from.value(line.key, 0) << '\n';
}

void print_problems(std::ostream& err, const json& report) {
  for (const json& p : report.at("problems")) {
    err << p.value("text", "") << '\n';
    if (!p.value("hint", "").empty()) err << "hint: " << p.value("hint", "") << '\n';
  }
}

void print_rules(std::ostream& out, const json& report) {
  for (const auto& [rule, n] : report.at("by_rule").items())
    out << "  " << rule << ": " << n << '\n';
}

void print_crosswalk(Context& context, const json& result) {
  const json& r = result.at("report");
  print_problems(context.err, r);
  context.out << r.value("source", "") << ": " << r.value("read", 0) << " rows read, "
              << r.value("children", 0) << " children with a number, " << r.value("refused", 0)
              << " refused\n";
  print_lines(context.out, r, kCrosswalkLines);
  print_rules(context.out, r);
  if (result.value("imported", false))
    context.out << "imported: " << result.value("gained", 0) << " gained a number, "
                << result.value("replaced", 0) << " replaced, " << result.value("unchanged", 0)
                << " unchanged\n";
  else if (result.value("exit", 0) != 0)
    context.out << "nothing was imported; --skip-bad imports the good rows\n";
  else if (r.value("asked", 0) == 0)
    context.out << "nothing was imported: no child lacks one of these numbers\n";
  else
    context.out << "nothing was imported; the keyholders would be asked for " << r.value("asked", 0)
                << " children\n";
}

void print_report(Context& context, const json& result) {
  const json& r = result.at("report");
  print_problems(context.err, r);
  const bool yearly = r.contains("return");
  context.out << r.value("source", "") << ": " << r.value("read", 0) << " rows read, "
              << r.value("good", 0) << (yearly ? " movements, " : " good, ")
              << r.value("refused", 0) << " refused\n";
  if (yearly) {
    const json& y = r.at("return");
    context.out << "  a yearly return: good for years, not for months\n  "
                << y.value("header_rows", 0) << " children, " << y.value("episode_rows", 0)
                << " episodes, " << y.value("missing_rows", 0) << " missing\n";
    print_lines(context.out, y, kReturnLines);
  }
  print_lines(context.out, r, kLines);
  print_rules(context.out, r);
  if (result.value("imported", false))
    context.out << "imported: " << result.value("added", 0) << " added, "
                << result.value("replaced", 0) << " replaced, " << result.value("unchanged", 0)
                << " unchanged\n";
  else if (result.value("exit", 0) != 0)
    context.out << "nothing was imported; --skip-bad imports the good rows\n";
  else if (result.value("dry_run", false))
    context.out << "nothing was imported\n";
  else
    context.out << "nothing was imported: no row is to be kept under this agreement\n";
}

Result<void> import_files(Context& context, const ImportOptions& o, json request,
                          std::vector<Input>& inputs) {
  request["skip_bad"] = o.skip_bad;
  request["dry_run"] = o.dry_run;
  if (!o.agreement.empty()) request["agreement"] = o.agreement;
  std::vector<std::istream*> streams;
  for (Input& input : inputs) streams.push_back(&input.stream());
  const auto result = ControlCall::run(
      context, request, streams,
      [&](const json& progress) { show_progress(context.err, progress); }, kWaitMs);
  if (::isatty(STDERR_FILENO) != 0) context.err << '\r';
  if (!result.ok()) return result.error();
  if (context.json)
    context.out << result->dump(2) << '\n';
  else if (result->value("schema", "") == "hedgerow/crosswalk/1")
    print_crosswalk(context, *result);
  else
    print_report(context, *result);
  context.exit_code = result->value("exit", 0);
  return {};
}

Result<void> import_movements(Context& context, const ImportOptions& o) {
  std::vector<Input> inputs(1);
  HR_ASSIGN(inputs[0], Input::open(o.file));
  return import_files(context, o, {{"command", "import-movements"}, {"source", inputs[0].name()}},
                      inputs);
}

Result<void> import_crosswalk(Context& context, const ImportOptions& o) {
  std::vector<Input> inputs(1);
  HR_ASSIGN(inputs[0], Input::open(o.file));
  return import_files(
      context, o,
      {{"command", "import-crosswalk"}, {"source", inputs[0].name()}, {"replace", o.replace}},
      inputs);
}

// The files of a return as they were named, or as they are called in its folder.
Result<void> import_ssda903(Context& context, ImportOptions o) {
  const bool named = !o.header.empty() || !o.episodes.empty() || !o.missing.empty();
  if (o.file.empty() != named)
    return Error{Code::usage,
                 "the files of a return, or their folder, but not both",
                 {},
                 "--header F --episodes F --missing F, or DIR"};
  std::string source = "the return";
  if (!named) {
    std::error_code ec;
    const std::filesystem::path folder(o.file);
    if (!std::filesystem::is_directory(folder, ec) || ec)
      return bad_input(o.file + ": no such folder",
                       "single files: --header, --episodes, --missing");
    o.header = (folder / "header.csv").string();
    o.episodes = (folder / "episodes.csv").string();
    o.missing = (folder / "missing.csv").string();
    const auto crosswalk = folder / "crosswalk.csv";
    if (o.crosswalk.empty() && std::filesystem::exists(crosswalk, ec))
      o.crosswalk = crosswalk.string();
    source = std::filesystem::absolute(folder, ec).lexically_normal().filename().string();
    if (source.empty()) source = "the return";
  }
  if (o.header.empty() || o.episodes.empty() || o.missing.empty())
    return Error{Code::usage,
                 "a return is three files",
                 {},
                 "--header F --episodes F --missing F, or their folder"};
  json parts = json::array();
  std::vector<Input> inputs;
  const auto add = [&](const char* part, const std::string& path) -> Result<void> {
    HR_ASSIGN(Input input, Input::open(path));
    parts.push_back({{"part", part}, {"source", input.name()}});
    inputs.push_back(std::move(input));
    return {};
  };
  if (!o.crosswalk.empty()) HR_TRY(add("crosswalk", o.crosswalk));
  HR_TRY(add("header", o.header));
  HR_TRY(add("episodes", o.episodes));
  HR_TRY(add("missing", o.missing));
  if (std::count_if(inputs.begin(), inputs.end(), [](const Input& i) { return i.is_stdin(); }) > 1)
    return Error{Code::usage, "standard input is named more than once", {}, {}};
  return import_files(
      context, o, {{"command", "import-ssda903"}, {"source", source}, {"parts", parts}}, inputs);
}

void add_common(CLI::App& command, ImportOptions& options) {
  command.add_option("--agreement", options.agreement, "the agreement they come under");
  command.add_flag("--skip-bad", options.skip_bad, "import the good rows even where some are bad");
  command.add_flag("--dry-run", options.dry_run,
                   "check and report everything; ask no keyholder, change nothing");
}

}  // namespace

void add_import_commands(CLI::App& app, Context& context) {
  auto* import = app.add_subcommand("import", "bring records into this node");
  import->require_subcommand(1);
  auto options = std::make_shared<ImportOptions>();
  auto* movements = import->add_subcommand("movements", "movements, one a row (CSV)");
  movements->add_option("file", options->file, "the CSV file; - for standard input")->required();
  add_common(*movements, *options);
  movements->callback([&context, options] { context.finish(import_movements(context, *options)); });

  auto* ssda903 =
      import->add_subcommand("ssda903", "a return of children looked after (CSV files)");
  ssda903->add_option("folder", options->file,
                      "with header.csv, episodes.csv, missing.csv and perhaps crosswalk.csv");
  ssda903->add_option("--header", options->header, "the header file");
  ssda903->add_option("--episodes", options->episodes, "the episodes file");
  ssda903->add_option("--missing", options->missing, "the missing file");
  ssda903->add_option("--crosswalk", options->crosswalk,
                      "CHILD,NHS_NUMBER: the children's numbers");
  add_common(*ssda903, *options);
  ssda903->callback([&context, options] { context.finish(import_ssda903(context, *options)); });

  auto* crosswalk =
      import->add_subcommand("crosswalk", "NHS numbers of children whose rows came without (CSV)");
  crosswalk
      ->add_option("file", options->file,
                   "child_ref,nhs_number or CHILD,NHS_NUMBER; - for standard input")
      ->required();
  crosswalk->add_flag("--replace", options->replace,
                      "ask for children who have a number, too, and replace it where it differs");
  add_common(*crosswalk, *options);
  crosswalk->callback([&context, options] { context.finish(import_crosswalk(context, *options)); });
}

}  // namespace hedgerow::cli
