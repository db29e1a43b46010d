// `hedgerow duty`: whom practitioners of other agencies may ring here.

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "node/cli/command.h"
#include "node/cli/control_call.h"

namespace hedgerow::cli {

namespace {

using nlohmann::json;

struct DutyOptions {
  std::string contact, hours, agreement;
};

json duty_request(const char* command, const DutyOptions& o) {
  json request = {{"command", command}};
  if (!o.agreement.empty()) request["agreement"] = o.agreement;
  return request;
}

Result<void> duty_set(Context& context, const DutyOptions& o) {
  json request = duty_request("duty-set", o);
  request["contact"] = o.contact;
  request["hours"] = o.hours;
  HR_ASSIGN(const json result, ControlCall::run(context, request));
  if (context.json)
    context.out << result.dump(2) << '\n';
  else
    context.out << result.value("agreement", "")
                << ": others see it from the next day's directory on\n";
  return {};
}

Result<void> duty_show(Context& context, const DutyOptions& o) {
  HR_ASSIGN(const json result, ControlCall::run(context, duty_request("duty-show", o)));
  if (context.json) {
    context.out << result.dump(2) << '\n';
    return {};
  }
  const std::string contact = result.value("contact", "");
  context.out << result.value("agreement", "") << ": "
              << (contact.empty() ? "no duty contact" : contact) << '\n';
  if (result.value("own", false))
    context.out << "  hours: " << result.value("hours", "") << '\n';
  else
    context.out << (contact.empty() ? "  neither set here nor named in the agreement\n"
                                    : "  as the agreement says; none is set here\n");
  return {};
}

}  // namespace

void add_duty_commands(CLI::App& app, Context& context) {
  auto* duty = app.add_subcommand("duty", "whom others may ring here about a child");
  duty->require_subcommand(1);
  auto o = std::make_shared<DutyOptions>();
  auto* set = duty->add_subcommand("set", "say whom, and when");
  set->add_option("--contact", o->contact, "a desk and its telephone number; no person")
      ->required();
  set->add_option("--hours", o->hours, "when it is staffed")->required();
  set->callback([&context, o] { context.finish(duty_set(context, *o)); });
  auto* show = duty->add_subcommand("show", "what others will see");
  show->callback([&context, o] { context.finish(duty_show(context, *o)); });
  for (auto* command : {set, show})
    command->add_option("--agreement", o->agreement, "needed where several are installed");
}

}  // namespace hedgerow::cli
