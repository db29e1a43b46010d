// `hedgerow withhold`: an officer's decisions not to share a child.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <istream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <streambuf>

#include "node/cli/command.h"
#include "node/cli/control_call.h"
#include "node/keys/terminal.h"

namespace hedgerow::cli {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxReferenceLine =
    512;  // the node says what it takes; this bounds a mistake
constexpr int kWithholdWaitMs = 30'000;

struct WithholdOptions {
  std::string reference_file;
  std::string reason, decider, review, date, agreement;
  std::uint64_t number = 0;
  bool all = false;
};

// All of standard input, which is one line.
Result<SecretBytes> read_standard_input() {
  SecretBytes all(kMaxReferenceLine);
  std::size_t size = 0;
  while (size != all.size()) {
    const ssize_t n = ::read(STDIN_FILENO, all.writable().data() + size, all.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return bad_input("standard input cannot be read");
    if (n == 0) return SecretBytes::copy_from(all.expose().first(size));
    size += static_cast<std::size_t>(n);
  }
  return bad_input("standard input is longer than a child's reference");
}

Result<SecretBytes> reference_from(const std::string& file) {
  if (file == "-") return read_standard_input();
  const keys::SecretLine line{"child's reference", "Child's reference, as in your records",
                              "give it with --child-ref-file", kMaxReferenceLine};
  return keys::obtain_secret_line(
      file.empty() ? std::nullopt : std::optional<std::filesystem::path>(file), line);
}

// Reads bytes where they are.
class HeldBytes : public std::streambuf {
 public:
  explicit HeldBytes(SecretBytes& bytes) {
    char* begin = reinterpret_cast<char*>(bytes.writable().data());
    setg(begin, begin, begin + bytes.size());
  }
};

json request_of(const char* command, const WithholdOptions& o) {
  json request = {{"command", command}};
  if (!o.agreement.empty()) request["agreement"] = o.agreement;
  return request;
}

json decision_request(const char* command, const WithholdOptions& o) {
  json request = request_of(command, o);
  request["reason"] = o.reason;
  request["decider"] = o.decider;
  if (!o.date.empty()) request["date"] = o.date;
  return request;
}

// Of a child who is in a directory.
std::string still_traceable(const json& added) {
  const auto until = added.find("traceable_until");
  if (!added.value("known", true) || until == added.end() || !until->is_string()) return {};
  return "a trace can still find the child until the end of " + until->get<std::string>() +
         " (UTC), in directories made before\n";
}

Result<void> withhold_add(Context& context, const WithholdOptions& o) {
  HR_ASSIGN(SecretBytes reference, reference_from(o.reference_file));
  json request = decision_request("withhold-add", o);
  request["review"] = o.review;
  HeldBytes held(reference);
  std::istream lines(&held);
  HR_ASSIGN(const json result, ControlCall::run(context, request, {&lines}, {}, kWithholdWaitMs));
  if (!result.value("known", true))
    context.err << "no record has this reference so far; the decision stands for those to come. "
                   "Where it was mistyped, end the decision\n";
  if (context.json)
    context.out << result.dump(2) << '\n';
  else
    context.out << result.value("agreement", "") << ": decision " << result.value("number", 0)
                << " of " << result.value("date", "") << ", to be reviewed by "
                << result.value("review", "")
                << "\nthe child is in no period frozen, and no directory made, from now on\n"
                << still_traceable(result);
  return {};
}

Result<void> withhold_end(Context& context, const WithholdOptions& o) {
  json request = decision_request("withhold-end", o);
  request["number"] = o.number;
  HR_ASSIGN(const json result, ControlCall::run(context, request));
  if (context.json)
    context.out << result.dump(2) << '\n';
  else
    context.out << result.value("agreement", "") << ": decision " << result.value("number", 0)
                << " has ended, on " << result.value("date", "") << '\n';
  return {};
}

void print_decision(std::ostream& out, const json& d, const std::string& today) {
  const json& ended = d.at("ended");
  out << "  " << d.value("number", 0) << "  ";
  if (ended.is_object())
    out << "ended " << ended.value("date", "") << " by " << ended.value("decider", "") << ": "
        << ended.value("reason", "");
  else
    out << "review by " << d.value("review", "")
        << (d.value("review", "") < today ? "  OVERDUE" : "");
  out << "\n     decided " << d.value("date", "") << " by " << d.value("decider", "") << "\n     "
      << d.value("reason", "") << '\n';
}

// What is in force first, by its review; then what has ended, by its number.
bool comes_before(const json& a, const json& b) {
  const bool ended = a.at("ended").is_object();
  if (ended != b.at("ended").is_object()) return !ended;
  const std::string left = ended ? "" : a.value("review", "");
  const std::string right = ended ? "" : b.value("review", "");
  return std::pair(left, a.value("number", 0)) < std::pair(right, b.value("number", 0));
}

Result<void> withhold_list(Context& context, const WithholdOptions& o) {
  json request = request_of("withhold-list", o);
  request["all"] = o.all;
  json list;
  std::vector<json> decisions;
  do {
    HR_ASSIGN(list, ControlCall::run(context, request));
    for (json& d : list.at("decisions")) decisions.push_back(std::move(d));
    if (!decisions.empty()) request["after"] = decisions.back().value("number", 0);
  } while (list.value("more", false));
  std::stable_sort(decisions.begin(), decisions.end(), comes_before);
  if (context.json) {
    list["decisions"] = decisions;
    context.out << list.dump(2) << '\n';
    return {};
  }
  const std::string today = list.value("today", "");
  const auto in_force =
      std::ranges::count_if(decisions, [](const json& d) { return !d.at("ended").is_object(); });
  const auto overdue = std::ranges::count_if(decisions, [&](const json& d) {
    return !d.at("ended").is_object() && d.value("review", "") < today;
  });
  context.out << list.value("agreement", "") << ": " << in_force << " in force";
  if (overdue != 0) context.out << ", " << overdue << " overdue for review";
  context.out << '\n';
  for (const json& d : decisions) print_decision(context.out, d, today);
  return {};
}

void add_words(CLI::App& command, WithholdOptions& o) {
  command.add_option("--reason", o.reason, "why; it stays on this node, encrypted")->required();
  command.add_option("--decider", o.decider, "the post of who decided")->required();
  command.add_option("--date", o.date, "when it was decided; default: today");
}

}  // namespace

void add_withhold_commands(CLI::App& app, Context& context) {
  auto* withhold =
      app.add_subcommand("withhold", "decisions not to share a child, and their review");
  withhold->require_subcommand(1);
  auto o = std::make_shared<WithholdOptions>();
  auto* add = withhold->add_subcommand("add", "record a decision to withhold a child");
  add->add_option("--child-ref-file", o->reference_file,
                  "holds your reference of the child; - for standard input; else it is asked for");
  add_words(*add, *o);
  add->add_option("--review", o->review, "the day by which it is to be reviewed")->required();
  add->callback([&context, o] { context.finish(withhold_add(context, *o)); });

  auto* list = withhold->add_subcommand("list", "the decisions, what is to be reviewed first");
  list->add_flag("--all", o->all, "ended ones too");
  list->callback([&context, o] { context.finish(withhold_list(context, *o)); });

  auto* end = withhold->add_subcommand("end", "record that a decision has ended");
  end->add_option("number", o->number, "as listed")->required();
  add_words(*end, *o);
  end->callback([&context, o] { context.finish(withhold_end(context, *o)); });
  for (auto* command : {add, list, end})
    command->add_option("--agreement", o->agreement, "needed where several are installed");
}

}  // namespace hedgerow::cli
