#include "node/core/control_request.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "node/core/control_fields.h"
#include "protocol/asking.h"

namespace hedgerow::core {

namespace {

using nlohmann::json;

constexpr std::uint64_t kShownUnlessTold = 50;

Result<std::optional<std::string>> agreement_of(const json& request) {
  if (!request.contains("agreement")) return std::optional<std::string>();
  HR_ASSIGN(std::string name, text_field(request, "agreement"));
  return std::optional(std::move(name));
}

Result<Command> parse_install(const json& request) {
  InstallCommand c;
  HR_ASSIGN(c.files.agreement,
            base64_field(request, "agreement_file", policies::kMaxAgreementBytes));
  HR_ASSIGN(c.files.signatures, base64_field(request, "signatures", kMaxBundle));
  HR_ASSIGN(c.files.certificates, base64_field(request, "certificates", kMaxBundle));
  return Command(std::move(c));
}

Result<Command> parse_renew(const json& request) {
  HR_ASSIGN(const Bytes pem, base64_field(request, "certificate", kMaxCertificatePemSize));
  HR_ASSIGN(Certificate renewed, Certificate::decode_pem(pem));
  return Command(RenewCommand{std::move(renewed)});
}

Result<Command> parse_revoke(const json& request) {
  HR_ASSIGN(const Bytes pem, base64_field(request, "list", kMaxListPemSize));
  HR_ASSIGN(RevocationList list, RevocationList::decode_pem(pem));
  return Command(RevokeCommand{std::move(list)});
}

Result<Command> parse_peers(const json& request) {
  PeersCommand c;
  HR_ASSIGN(c.agreement, agreement_of(request));
  HR_ASSIGN(const Bytes pem, base64_field(request, "certificates", kMaxBundle));
  HR_ASSIGN(c.bundle, Certificate::decode_pem_bundle(pem, kMaxCertificatesInBundle));
  return Command(std::move(c));
}

Result<Command> parse_import(const json& request, std::string_view what) {
  ImportCommand c;
  HR_ASSIGN(c.agreement, agreement_of(request));
  HR_ASSIGN(c.wanted.source, text_field(request, "source"));
  c.wanted.skip_bad = flag(request, "skip_bad");
  c.wanted.dry_run = flag(request, "dry_run");
  c.wanted.crosswalk = what == "import-crosswalk";
  c.wanted.replace = c.wanted.crosswalk && flag(request, "replace");
  if (what != "import-ssda903") return Command(std::move(c));
  const auto parts = request.find("parts");
  const bool some = parts != request.end() && parts->is_array() && !parts->empty();
  if (!some || parts->size() > import::kReturnParts)
    return Error{Code::usage, "the request lacks the parts of a return", {}, {}};
  for (const json& entry : *parts) {
    HR_ASSIGN(const std::string named, text_field(entry, "part"));
    const auto part = import::parse_return_part(named);
    if (!part) return Error{Code::usage, "no part of a return: " + named, {}, {}};
    import::ReturnFile file{*part, {}};
    HR_ASSIGN(file.source, text_field(entry, "source"));
    c.wanted.parts.push_back(std::move(file));
  }
  return Command(std::move(c));
}

Result<Command> parse_ask(const json& request) {
  AskCommand c;
  HR_ASSIGN(c.agreement, agreement_of(request));
  HR_ASSIGN(c.statement, base64_field(request, "question", protocol::kMaxCountersigned));
  HR_ASSIGN(const auto decoded, protocol::Statement::decode(c.statement));
  c.id = decoded.header().session;
  return Command(std::move(c));
}

Result<Command> parse_result(const json& request) {
  ResultCommand c;
  HR_ASSIGN(c.agreement, agreement_of(request));
  HR_ASSIGN(const std::string hex, text_field(request, "id"));
  const auto bytes = from_hex(hex);
  const auto id = SessionId::from(bytes ? ByteView(*bytes) : ByteView());
  if (!id.ok())
    return Error{Code::usage, "not a question's id", {}, "it has 32 hexadecimal digits"};
  c.id = *id;
  return Command(std::move(c));
}

Result<policies::Day> day_field(const json& request, const char* key) {
  HR_ASSIGN(const std::string text, text_field(request, key));
  return policies::parse_day(text);
}

Result<std::optional<policies::Day>> optional_day(const json& request, const char* key) {
  if (!request.contains(key)) return std::optional<policies::Day>();
  HR_ASSIGN(const policies::Day day, day_field(request, key));
  return std::optional(day);
}

Result<Command> parse_withhold(const json& request) {
  WithholdAdd c;
  HR_ASSIGN(c.agreement, agreement_of(request));
  HR_ASSIGN(c.reason, text_field(request, "reason"));
  HR_ASSIGN(c.decider, text_field(request, "decider"));
  HR_ASSIGN(c.date, optional_day(request, "date"));
  HR_ASSIGN(c.review, day_field(request, "review"));
  return Command(std::move(c));
}

Result<Command> parse_withhold_end(const json& request) {
  WithholdEnded c;
  HR_ASSIGN(c.agreement, agreement_of(request));
  c.number = number(request, "number", 0);
  HR_ASSIGN(c.reason, text_field(request, "reason"));
  HR_ASSIGN(c.decider, text_field(request, "decider"));
  HR_ASSIGN(c.date, optional_day(request, "date"));
  return Command(std::move(c));
}

Result<Command> parse_withhold_list(const json& request) {
  WithholdList c;
  HR_ASSIGN(c.agreement, agreement_of(request));
  c.with_ended = flag(request, "all");
  c.after = number(request, "after", 0);
  return Command(std::move(c));
}

Result<Command> parse_duty(const json& request, bool set) {
  HR_ASSIGN(auto agreement, agreement_of(request));
  if (!set) return Command(DutyShow{std::move(agreement)});
  HR_ASSIGN(std::string contact, text_field(request, "contact"));
  HR_ASSIGN(std::string hours, text_field(request, "hours"));
  return Command(DutySet{std::move(agreement), std::move(contact), std::move(hours)});
}

Result<Command> parse_fetch(const json& request) {
  HR_ASSIGN(auto agreement, agreement_of(request));
  return Command(FetchCommand{std::move(agreement)});
}

Result<Command> parse_show(const json& request) {
  ShowCommand c;
  c.limit = number(request, "limit", kShownUnlessTold);
  if (request.contains("from")) c.from = number(request, "from", 0);
  return Command(std::move(c));
}

Result<SessionId> trace_id(const json& request) {
  HR_ASSIGN(const std::string hex, text_field(request, "id"));
  const auto bytes = from_hex(hex);
  const auto id = SessionId::from(bytes ? ByteView(*bytes) : ByteView());
  if (!id.ok()) return Error{Code::usage, "not a trace's id", {}, "it has 32 hexadecimal digits"};
  return id;
}

Result<Command> parse_trace_prepare(const json& request) {
  TracePrepare c;
  HR_ASSIGN(c.agreement, agreement_of(request));
  HR_ASSIGN(c.wanted.purpose, text_field(request, "purpose"));
  HR_ASSIGN(c.wanted.legal_basis, text_field(request, "legal_basis"));
  HR_ASSIGN(c.wanted.reason, text_field(request, "reason"));
  return Command(std::move(c));
}

Result<Command> parse_trace_signed(const json& request, bool approval) {
  TraceSigned c;
  c.approval = approval;
  HR_ASSIGN(c.agreement, agreement_of(request));
  HR_ASSIGN(c.id, trace_id(request));
  HR_ASSIGN(c.statement, base64_field(request, "statement", protocol::trace::kMaxPersonStatement));
  return Command(std::move(c));
}

Result<Command> parse_trace_collect(const json& request) {
  TraceCollect c;
  HR_ASSIGN(c.agreement, agreement_of(request));
  HR_ASSIGN(c.id, trace_id(request));
  HR_ASSIGN(c.statement, base64_field(request, "statement", protocol::trace::kMaxPersonStatement));
  c.wait = std::chrono::seconds(std::min<std::uint64_t>(number(request, "wait_s", 0), 3600));
  return Command(std::move(c));
}

Result<Command> parse_trace_show(const json& request, bool opening) {
  TraceShow c;
  c.opening = opening;
  HR_ASSIGN(c.agreement, agreement_of(request));
  HR_ASSIGN(c.id, trace_id(request));
  return Command(std::move(c));
}

Result<Command> parse_trace_list(const json& request) {
  TraceList c;
  HR_ASSIGN(c.agreement, agreement_of(request));
  return Command(std::move(c));
}

}  // namespace

Result<Command> parse_command(std::string_view text) {
  const json request = json::parse(text, nullptr, false);
  if (!request.is_object()) return bad_input("not a request");
  HR_ASSIGN(const std::string command, text_field(request, "command"));
  if (command == "status") return Command(StatusCommand{});
  if (command == "agreement-install") return parse_install(request);
  if (command == "agreement-list") return Command(ListCommand{});
  if (command == "keys-status") return Command(KeysStatusCommand{});
  if (command == "keys-renew") return parse_renew(request);
  if (command == "keys-revoke") return parse_revoke(request);
  if (command == "keys-peers") return parse_peers(request);
  if (command == "import-movements" || command == "import-ssda903" || command == "import-crosswalk")
    return parse_import(request, command);
  if (command == "ask") return parse_ask(request);
  if (command == "ask-result") return parse_result(request);
  if (command == "trace-fetch") return parse_fetch(request);
  if (command == "audit-show") return parse_show(request);
  if (command == "audit-read") return Command(ReadCommand{number(request, "from", 0)});
  if (command == "withhold-add") return parse_withhold(request);
  if (command == "withhold-end") return parse_withhold_end(request);
  if (command == "withhold-list") return parse_withhold_list(request);
  if (command == "duty-set" || command == "duty-show")
    return parse_duty(request, command == "duty-set");
  if (command == "trace-request") return parse_trace_prepare(request);
  if (command == "trace-signed") return parse_trace_signed(request, false);
  if (command == "trace-approve") return parse_trace_signed(request, true);
  if (command == "trace-result") return parse_trace_collect(request);
  if (command == "trace-show") return parse_trace_show(request, false);
  if (command == "trace-opening") return parse_trace_show(request, true);
  if (command == "trace-list") return parse_trace_list(request);
  return Error{Code::usage,
               "the daemon knows no command " + command,
               {},
               "daemon and command line may be of different versions"};
}

}  // namespace hedgerow::core
