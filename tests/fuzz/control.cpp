// Commands of the control socket: the JSON of a request, as the command line or any other process
// of the node's user may send it.
#include <nlohmann/json.hpp>

#include "node/core/control_request.h"
#include "protocol/asking.h"
#include "tests/fuzz/identities.h"
#include "tests/fuzz/lines.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::control {
namespace {

using namespace core;
using nlohmann::json;

struct Look {
  void operator()(const StatusCommand&) const {}
  void operator()(const ListCommand&) const {}
  void operator()(const KeysStatusCommand&) const {}
  void operator()(const InstallCommand& c) const {
    HR_CHECK(c.files.agreement.size() <= policies::kMaxAgreementBytes);
    HR_CHECK(c.files.signatures.size() <= kMaxBundle && c.files.certificates.size() <= kMaxBundle);
  }
  void operator()(const RenewCommand& c) const { HR_CHECK(!c.renewed.der().empty()); }
  void operator()(const RevokeCommand& c) const { HR_CHECK(!c.list.der().empty()); }
  void operator()(const PeersCommand& c) const {
    HR_CHECK(!c.bundle.empty() && c.bundle.size() <= kMaxCertificatesInBundle);
  }
  void operator()(const ImportCommand& c) const {
    HR_CHECK(c.wanted.parts.size() <= import::kReturnParts);
  }
  void operator()(const AskCommand& c) const {
    HR_CHECK(c.statement.size() <= protocol::kMaxCountersigned);
    HR_CHECK(protocol::Statement::decode(c.statement).value().header().session == c.id);
  }
  void operator()(const ResultCommand& c) const {
    HR_CHECK(SessionId::from(*from_hex(c.id.hex())).value() == c.id);
  }
  void operator()(const ShowCommand&) const {}
  void operator()(const ReadCommand&) const {}
  void operator()(const WithholdAdd&) const {}
  void operator()(const WithholdEnded&) const {}
  void operator()(const WithholdList&) const {}
  void operator()(const DutySet&) const {}
  void operator()(const DutyShow&) const {}
  void operator()(const FetchCommand&) const {}
  void operator()(const TracePrepare&) const {}
  void operator()(const TraceSigned& c) const {
    HR_CHECK(c.statement.size() <= protocol::trace::kMaxPersonStatement);
  }
  void operator()(const TraceCollect& c) const {
    HR_CHECK(c.statement.size() <= protocol::trace::kMaxPersonStatement);
    HR_CHECK(c.wait.count() >= 0 && c.wait.count() <= 3600);
  }
  void operator()(const TraceShow&) const {}
  void operator()(const TraceList&) const {}
};

void run(ByteView input) {
  if (input.size() > ipc::kMaxRequest) return;
  const auto command = parse_command(as_text(input));
  check_error(command);
  if (!command.ok()) {
    HR_CHECK(command.error().code == Code::usage || command.error().code == Code::bad_input);
    return;
  }
  std::visit(Look{}, *command);
}

std::vector<Bytes> seeds() {
  const Identities& i = identities();
  SeededRandom rng(ByteArray<32>{91});
  const auto list = issue_list({}, 1, {kBefore, kAfter}, i.root, i.root_key, rng).value();
  const auto question =
      protocol::Statement::sign(i.analyst_key, protocol::MessageType::question, statement_header(),
                                to_bytes(std::string_view("a question")));
  const auto base64 = [](std::string_view text) { return to_base64(as_bytes(text)); };
  std::vector<json> requests = {
      {{"command", "status"}},
      {{"command", "agreement-list"}},
      {{"command", "keys-status"}},
      {{"command", "agreement-install"},
       {"agreement_file", base64("[agreement]")},
       {"signatures", base64("none")},
       {"certificates", base64("none")}},
      {{"command", "keys-renew"}, {"certificate", base64(i.node.pem())}},
      {{"command", "keys-revoke"}, {"list", base64(list.pem())}},
      {{"command", "keys-peers"},
       {"agreement", "vale-cse"},
       {"certificates", base64(i.root.pem() + i.node.pem())}},
      {{"command", "import-movements"}, {"source", "movements.csv"}, {"skip_bad", true}},
      {{"command", "import-crosswalk"}, {"source", "crosswalk.csv"}, {"replace", true}},
      {{"command", "import-ssda903"},
       {"agreement", "vale-cse"},
       {"source", "return"},
       {"dry_run", true},
       {"parts",
        {{{"part", "header"}, {"source", "header.csv"}},
         {{"part", "episodes"}, {"source", "episodes.csv"}},
         {{"part", "missing"}, {"source", "missing.csv"}}}}},
      {{"command", "ask"}, {"question", to_base64(question.encode())}},
      {{"command", "ask-result"}, {"id", counting<SessionId>(1).hex()}},
      {{"command", "audit-show"}, {"limit", 10}, {"from", 3}},
      {{"command", "audit-read"}, {"from", 0}},
      {{"command", "trace-request"},
       {"purpose", "safeguard-a-child"},
       {"legal_basis", "uk-gdpr:6(1)(e)"},
       {"reason", "strategy meeting"}},
      {{"command", "trace-signed"},
       {"id", counting<SessionId>(1).hex()},
       {"statement", base64("signed")}},
      {{"command", "trace-approve"},
       {"id", counting<SessionId>(1).hex()},
       {"statement", base64("approved")}},
      {{"command", "trace-result"},
       {"id", counting<SessionId>(1).hex()},
       {"statement", base64("signed")},
       {"wait_s", 60}},
      {{"command", "trace-show"}, {"id", counting<SessionId>(1).hex()}},
      {{"command", "trace-opening"}, {"id", counting<SessionId>(1).hex()}},
      {{"command", "trace-list"}},
      {{"command", "trace-fetch"}, {"agreement", "vale-cse"}},
      {{"command", "withhold-add"},
       {"agreement", "vale-cse"},
       {"reason", "kin may search for her"},
       {"decider", "head of safeguarding"},
       {"date", "2026-10-01"},
       {"review", "2026-12-24"}},
      {{"command", "withhold-end"}, {"number", 1}, {"reason", "over"}, {"decider", "the same"}},
      {{"command", "withhold-list"}, {"all", true}, {"after", 7}},
      {{"command", "duty-set"}, {"contact", "MASH"}, {"hours", "Mon-Fri"}},
      {{"command", "duty-show"}},
  };
  std::vector<Bytes> all;
  for (const json& request : requests) {
    HR_CHECK(parse_command(request.dump()).ok());
    all.push_back(to_bytes(request.dump(1)));
  }
  // What each field must not be.
  for (const json& request :
       {json{{"command", 3}}, json{{"command", "ask"}, {"agreement", nullptr}},
        json{{"command", "ask-result"}, {"id", "00"}}, json{{"command", "format-disk"}},
        json{{"command", "import-ssda903"}, {"source", "r"}, {"parts", {"header"}}},
        json{{"command", "import-ssda903"}, {"source", "r"}, {"parts", json::array()}},
        json{{"command", "import-ssda903"},
             {"source", "r"},
             {"parts", {{{"part", "footer"}, {"source", "f"}}}}},
        json{{"command", "withhold-add"}, {"reason", "r"}, {"decider", "d"}, {"review", "soon"}},
        json{{"command", "keys-renew"}, {"certificate", "!"}}, json::array({1, 2})}) {
    HR_CHECK(!parse_command(request.dump()).ok());
    all.push_back(to_bytes(request.dump(1)));
  }
  all.push_back(to_bytes(std::string(2000, '[')));
  all.push_back(to_bytes(std::string("{\"command\":\"status\",\"x\":1e9999}")));
  all.push_back(to_bytes(std::string("{\"command\":\"st\xff\xc0\"}")));
  return all;
}

const Registration registered({"control", run, seeds, mutate_lines<0>});

}  // namespace
}  // namespace hedgerow::fuzz::control
