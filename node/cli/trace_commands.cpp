// `hedgerow trace`: two people ask which agencies have something to share about one child
// (docs/design/trace.md). What they sign is signed here, with keys that the node never has.

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <streambuf>

#include "crypto/hash.h"
#include "crypto/trace_case.h"
#include "node/cli/command.h"
#include "node/cli/control_call.h"
#include "node/cli/in_force.h"
#include "node/cli/person.h"
#include "node/cli/times.h"
#include "node/cli/trace_open_command.h"
#include "node/cli/trace_order.h"
#include "node/cli/trace_view.h"
#include "node/keys/credential.h"
#include "node/keys/terminal.h"

namespace hedgerow::cli {

namespace {

using nlohmann::json;
using protocol::MessageType;
using protocol::trace::Order;

constexpr int kWorkMs = 300'000;  // directories of a whole region on their way
constexpr int kReplyMs = 30'000;
constexpr std::size_t kMaxNhsNumberLine = 32;
constexpr std::chrono::minutes kCollectLifetime{5};

struct RequestOptions {
  std::string agreement, purpose, legal_basis, reason;
  PersonOptions practitioner;
  std::string nhs_file, case_file;
};
struct ApproveOptions {
  std::string id, agreement, root;
  PersonOptions approver;
  bool yes = false;
};
struct ResultOptions {
  std::string id, agreement;
  PersonOptions practitioner;
  int wait_s = 0;
};

// Bytes as a file that is sent, without a copy.
class Lines : public std::streambuf {
 public:
  explicit Lines(WipingBytes& bytes) {
    auto* begin = reinterpret_cast<char*>(bytes.data());
    setg(begin, begin, begin + bytes.size());
  }
};

Error not_understood(std::string_view what) {
  return internal("the daemon's reply has no good " + std::string(what));
}

Result<std::string> text_in(const json& object, const char* key) {
  const auto it = object.find(key);
  if (it == object.end() || !it->is_string()) return not_understood(key);
  return it->get<std::string>();
}

Result<SessionId> id_in(const json& object) {
  HR_ASSIGN(const std::string hex, text_in(object, "id"));
  const auto bytes = from_hex(hex);
  auto id = SessionId::from(bytes ? ByteView(*bytes) : ByteView());
  if (!id.ok()) return not_understood("id");
  return id;
}

Result<Bytes> bytes_in(const json& object, const char* key) {
  HR_ASSIGN(const std::string text, text_in(object, key));
  auto bytes = from_base64(text);
  if (!bytes) return not_understood(key);
  return std::move(*bytes);
}

std::optional<std::int32_t> day_in(const json& object) {
  const auto it = object.find("day");
  if (it == object.end()) return std::nullopt;
  if (it->is_number_integer()) return it->get<std::int32_t>();
  return std::nullopt;
}

Result<OrderTerms> terms_in(const json& reply) {
  OrderTerms terms;
  HR_ASSIGN(terms.id, id_in(reply));
  HR_ASSIGN(const std::string hash, text_in(reply, "agreement_hash"));
  auto named = parse_sha256_name(hash);
  if (!named.ok()) return not_understood("agreement_hash");
  terms.agreement = AgreementHash{*named};
  const auto until = reply.find("not_after");
  if (until == reply.end() || !until->is_number_integer()) return not_understood("not_after");
  terms.not_after = from_unix_ms(until->get<std::int64_t>());
  const auto list = reply.find("responders");
  if (list == reply.end() || !list->is_array()) return not_understood("responders");
  for (const json& one : *list) {
    HR_ASSIGN(const std::string name, text_in(one, "party"));
    auto party = PartyId::parse(name);
    const auto day = day_in(one);
    if (!party.ok() || !day) return not_understood("responders");
    terms.responders.push_back({std::move(party).value(), *day, {}});
  }
  return terms;
}

std::optional<std::filesystem::path> named(const std::string& file) {
  if (file.empty()) return std::nullopt;
  return file;
}

// The two lines for the daemon; whatever is wrong with them is found before anything is asked.
Result<WipingBytes> ask_for_lines(const RequestOptions& o) {
  HR_ASSIGN(const SecretBytes number,
            keys::obtain_secret_line(named(o.nhs_file),
                                     {"NHS number", "NHS number of the child (not shown)",
                                      "give it with --nhs-file", kMaxNhsNumberLine}));
  HR_TRY(check_nhs_number(number.expose()));
  HR_ASSIGN(const SecretBytes reference,
            keys::obtain_secret_line(
                named(o.case_file),
                {"case reference", "the agency's own reference of the case (not shown)",
                 "give it with --case-file", kMaxCaseReference}));
  return child_and_case(number.expose(), reference.expose());
}

void print_requested(Context& context, const OrderTerms& terms, const json& trace,
                     const json& unreachable, const PartyId& own) {
  if (context.json) {
    json all = trace;
    all["unreachable"] = unreachable;
    context.out << all.dump(2) << '\n';
    return;
  }
  context.out << "trace " << terms.id.hex() << " waits for approval until " << iso(terms.not_after)
              << '\n';
  for (const json& one : unreachable)
    context.out << "  not asked: " << one.value("party", "") << ": " << one.value("why", "")
                << '\n';
  context.out << "next: another person, an approver of " << own.str() << ": hedgerow trace approve "
              << terms.id.hex() << '\n';
}

Result<void> request(Context& context, const RequestOptions& o) {
  HR_ASSIGN(const policies::TraceWords words,
            trace_words(o.agreement, o.purpose, o.legal_basis, o.reason));
  HR_ASSIGN(const Certificate certificate, look_at(o.practitioner));
  if (certificate.kind() != CertificateKind::practitioner)
    return denied("a certificate of kind " + std::string(to_string(certificate.kind())) +
                      " does not ask for a trace",
                  "a practitioner's is needed");
  HR_ASSIGN(WipingBytes lines, ask_for_lines(o));
  HR_ASSIGN(const Person person, unlock(o.practitioner));
  HR_ASSIGN(const AgreementHash agreement, hash_in_force(context, o.agreement));

  Lines buffer(lines);
  std::istream file(&buffer);
  const auto on_progress = [&](const json& p) {
    if (const std::string text = p.value("text", ""); !text.empty()) context.err << text << '\n';
  };
  HR_ASSIGN(const json reply, ControlCall::run(context,
                                               {{"command", "trace-request"},
                                                {"agreement", o.agreement},
                                                {"purpose", words.purpose},
                                                {"legal_basis", words.legal_basis},
                                                {"reason", words.reason}},
                                               {&file}, on_progress, kWorkMs));
  wipe(lines);
  HR_ASSIGN(const OrderTerms terms, terms_in(reply));
  HR_ASSIGN(const Bytes said, bytes_in(reply, "order"));
  HR_ASSIGN(const Order order, Order::decode(said));
  if (terms.agreement != agreement)
    return bad_input("the node would have another agreement signed than the one in force",
                     "nothing was signed; tell the node's operator");
  HR_TRY(check_order(order, terms, words, certificate.agency(), system_now()));
  context.err << "signing:\n";
  print_order(context.err, terms.id, certificate.subject().urn(), o.agreement, order,
              terms.not_after);
  const auto statement =
      protocol::trace::sign(person.key, person.certificate, MessageType::trace_request,
                            words.agreement, terms.agreement, terms.id, terms.not_after, said);
  HR_ASSIGN(const json trace,
            ControlCall::run(context, {{"command", "trace-signed"},
                                       {"agreement", o.agreement},
                                       {"id", terms.id.hex()},
                                       {"statement", to_base64(statement.encode())}}));
  print_requested(context, terms, trace, reply.value("unreachable", json::array()),
                  certificate.agency());
  return {};
}

// The request as its practitioner signed it, not as the node puts it.
Result<TraceRequest> request_of(const Context& context, const SessionId& id,
                                const std::string& agreement) {
  json shown = {{"command", "trace-show"}, {"id", id.hex()}};
  if (!agreement.empty()) shown["agreement"] = agreement;
  HR_ASSIGN(const json trace, ControlCall::run(context, shown));
  HR_ASSIGN(const Bytes statement, bytes_in(trace, "request"));
  if (statement.empty())
    return denied("the practitioner has not signed this trace", "hedgerow trace request, anew");
  return read_request(statement);
}

Result<void> approve(Context& context, const ApproveOptions& o) {
  HR_ASSIGN(const SessionId id, trace_id(o.id));
  HR_ASSIGN(const Certificate certificate, look_at(o.approver));
  std::optional<Certificate> root;
  if (!o.root.empty()) {
    HR_ASSIGN(root, keys::load_certificate(o.root));
  }
  HR_ASSIGN(const TraceRequest asked, request_of(context, id, o.agreement));
  HR_TRY(check_approval(asked, id, certificate, root ? &*root : nullptr, system_now()));
  print_order(context.err, id, asked.signed_by.person.subject().urn(), asked.agreement.str(),
              asked.order, asked.signed_by.not_after);
  if (!o.yes) {
    HR_ASSIGN(const bool yes,
              keys::asked_yes("approve this trace", "--yes where nobody is to be asked"));
    if (!yes) return denied("not approved");
  }
  HR_ASSIGN(const Person person, unlock(o.approver));
  const ByteArray<32> hash = sha256(asked.signed_by.statement);
  const auto statement = protocol::trace::sign(
      person.key, person.certificate, MessageType::trace_approval, asked.agreement,
      asked.signed_by.agreement, id, asked.signed_by.not_after, hash);
  HR_ASSIGN(const json trace,
            ControlCall::run(context, {{"command", "trace-approve"},
                                       {"agreement", asked.agreement.str()},
                                       {"id", id.hex()},
                                       {"statement", to_base64(statement.encode())}}));
  if (context.json)
    context.out << trace.dump(2) << '\n';
  else
    context.out << "trace " << id.hex() << " is approved\nnext: who asked: hedgerow trace result "
                << id.hex() << '\n';
  return {};
}

Result<json> collect(const Context& context, const TraceRequest& asked, const Person& person,
                     int wait_s) {
  const auto statement = protocol::trace::sign(
      person.key, person.certificate, MessageType::trace_collect, asked.agreement,
      asked.signed_by.agreement, asked.signed_by.id, system_now() + kCollectLifetime, {});
  const auto on_progress = [&](const json& p) {
    if (p.value("step", "") != "waiting") return;
    context.err << "waiting for";
    for (const json& party : p.value("parties", json::array()))
      if (party.is_string()) context.err << ' ' << party.get<std::string>();
    context.err << '\n';
  };
  return ControlCall::run(context,
                          {{"command", "trace-result"},
                           {"agreement", asked.agreement.str()},
                           {"id", asked.signed_by.id.hex()},
                           {"statement", to_base64(statement.encode())},
                           {"wait_s", wait_s}},
                          {}, on_progress, wait_s * 1000 + kReplyMs);
}

// Nobody is to take what came for the whole.
Result<void> said_whole(const json& result, const TraceRequest& asked) {
  std::string missing;
  for (const json& party : result.value("parties", json::array()))
    if (party.value("status", "") == "not-reached")
      missing += (missing.empty() ? "" : ", ") + party.value("party", "");
  if (missing.empty()) return {};
  const bool more =
      result.value("complete", json(false)) != true && result.value("over", json(false)) != true;
  return try_again("no answer of " + missing,
                   more ? "later: hedgerow trace result " + asked.signed_by.id.hex() + "; until " +
                              iso(asked.signed_by.not_after)
                        : "nothing more will come to this trace; request another, or ring them");
}

Result<void> result(Context& context, const ResultOptions& o) {
  HR_ASSIGN(const SessionId id, trace_id(o.id));
  HR_ASSIGN(const Certificate certificate, look_at(o.practitioner));
  HR_ASSIGN(const TraceRequest asked, request_of(context, id, o.agreement));
  HR_TRY(check_own(asked, id, certificate));
  HR_ASSIGN(const Person person, unlock(o.practitioner));
  HR_ASSIGN(const json got, collect(context, asked, person, o.wait_s));
  if (context.json)
    context.out << got.dump(2) << '\n';
  else
    print_trace_result(context.out, got);
  return said_whole(got, asked);
}

Result<void> show(Context& context, const json& request,
                  void (*print)(std::ostream&, const json&)) {
  HR_ASSIGN(const json reply, ControlCall::run(context, request, {}, {}, kWorkMs));
  if (context.json)
    context.out << reply.dump(2) << '\n';
  else
    print(context.out, reply);
  return {};
}

void add_request(CLI::App& trace, Context& context) {
  auto o = std::make_shared<RequestOptions>();
  auto* c = trace.add_subcommand("request", "a practitioner: ask about one child");
  c->add_option("--agreement", o->agreement, "the agreement it is asked under")->required();
  c->add_option("--purpose", o->purpose, "one of the agreement's purposes")->required();
  c->add_option("--legal-basis", o->legal_basis, "one that its grant of traces names")->required();
  c->add_option("--reason", o->reason, "why; goes on every party's log, never personal")
      ->required();
  add_person_options(*c, o->practitioner, "the practitioner's");
  c->add_option("--nhs-file", o->nhs_file, "file with the child's NHS number; else asked for");
  c->add_option("--case-file", o->case_file, "file with the case reference; else asked for");
  c->callback([&context, o] { context.finish(request(context, *o)); });
}

void add_approve(CLI::App& trace, Context& context) {
  auto o = std::make_shared<ApproveOptions>();
  auto* c = trace.add_subcommand("approve", "another person: approve a practitioner's request");
  c->add_option("id", o->id, "the trace")->required();
  c->add_option("--agreement", o->agreement, "needed where several are installed");
  add_person_options(*c, o->approver, "the approver's");
  c->add_option("--root", o->root, "the agency's root certificate, to check both people's");
  c->add_flag("--yes", o->yes, "approve without being asked");
  c->callback([&context, o] { context.finish(approve(context, *o)); });
}

void add_result(CLI::App& trace, Context& context) {
  auto o = std::make_shared<ResultOptions>();
  auto* c = trace.add_subcommand("result", "who asked: which agencies to ring");
  c->add_option("id", o->id, "the trace")->required();
  c->add_option("--agreement", o->agreement, "needed where several are installed");
  add_person_options(*c, o->practitioner, "the practitioner's");
  c->add_option("--wait", o->wait_s, "seconds to wait for all answers")->check(CLI::Range(1, 3600));
  c->callback([&context, o] { context.finish(result(context, *o)); });
}

void add_node_words(CLI::App& trace, Context& context) {
  auto agreement = std::make_shared<std::string>();
  const auto of = [](const char* command, const std::string& named_agreement) {
    json request = {{"command", command}};
    if (!named_agreement.empty()) request["agreement"] = named_agreement;
    return request;
  };
  auto* list = trace.add_subcommand("list", "the traces that this node knows of");
  list->add_option("--agreement", *agreement, "needed where several are installed");
  list->callback([&context, agreement, of] {
    context.finish(show(context, of("trace-list", *agreement), print_traces));
  });
  auto* fetch = trace.add_subcommand("fetch", "fetch the day's directories ahead of a trace");
  fetch->add_option("--agreement", *agreement, "needed where several are installed");
  fetch->callback([&context, agreement, of] {
    context.finish(show(context, of("trace-fetch", *agreement), print_trace_fetch));
  });
}

}  // namespace

void add_trace_commands(CLI::App& app, Context& context) {
  auto* trace = app.add_subcommand("trace", "which agencies to ring about one child");
  trace->require_subcommand(1);
  add_request(*trace, context);
  add_approve(*trace, context);
  add_result(*trace, context);
  add_node_words(*trace, context);
  add_trace_open_command(*trace, context);
}

}  // namespace hedgerow::cli
