// The words of `hedgerow agency`, and how its results are shown.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "crypto/random.h"
#include "node/cli/agency.h"
#include "node/cli/command.h"
#include "node/cli/revoke.h"
#include "node/cli/times.h"

namespace hedgerow::cli {

namespace {

using std::filesystem::path;

constexpr const char* kSchema = "hedgerow/agency/1";

nlohmann::ordered_json to_json(const FiledCertificate& filed) {
  const Certificate& c = filed.certificate;
  return {{"subject", c.subject().urn()},
          {"agency", c.agency().str()},
          {"kind", std::string(to_string(c.kind()))},
          {"name", c.subject().name},
          {"not_before", iso(c.not_before())},
          {"not_after", iso(c.not_after())},
          {"fingerprint", to_sha256_name(c.fingerprint().view())},
          {"serial", c.serial_hex()},
          {"file", filed.file.string()}};
}

void show(Context& context, const std::vector<FiledCertificate>& certificates) {
  if (context.json) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const FiledCertificate& filed : certificates) list.push_back(to_json(filed));
    const nlohmann::ordered_json all = {{"schema", kSchema}, {"certificates", list}};
    context.out << all.dump(2) << '\n';
    return;
  }
  bool first = true;
  for (const FiledCertificate& filed : certificates) {
    const Certificate& c = filed.certificate;
    if (!first) context.out << '\n';
    first = false;
    context.out << c.subject().urn() << '\n'
                << "  kind         " << to_string(c.kind()) << '\n'
                << "  valid        " << iso(c.not_before()) << " to " << iso(c.not_after()) << '\n'
                << "  fingerprint  " << to_sha256_name(c.fingerprint().view()) << '\n'
                << "  file         " << filed.file.string() << '\n';
  }
}

Result<void> show_one(Context& context, Result<FiledCertificate> filed) {
  if (!filed.ok()) return std::move(filed).error();
  show(context, {*filed});
  return {};
}

void add_init(CLI::App& agency, Context& context) {
  auto request = std::make_shared<InitRequest>();
  CLI::App* command = agency.add_subcommand("init", "Make the agency's root certificate");
  command->add_option("--agency", request->agency, "The agency's id, as in agreements")->required();
  command->add_option("--out", request->out, "Folder for root.pem and root.key")->required();
  command->add_option("--passphrase-file", request->passphrase_file, "Else it is asked for");
  command->add_option("--valid-years", request->valid_years)
      ->check(CLI::Range(1, 20))
      ->capture_default_str();
  command->callback([request, &context] {
    SystemRandom rng;
    context.finish(show_one(context, init_agency(*request, system_now(), rng)));
  });
}

void add_issue_person(CLI::App& issue_group, Context& context, CertificateKind kind) {
  auto request = std::make_shared<IssuePersonRequest>();
  request->kind = kind;
  const std::string name(to_string(kind));
  CLI::App* command = issue_group.add_subcommand(name, "Issue a certificate of kind " + name);
  command->add_option("--root", request->root, "Folder of root.pem and root.key")->required();
  command->add_option("--name", request->name, "The person, as in the certificate")->required();
  command->add_option("--out", request->out, "Folder for NAME.pem and NAME.key")->required();
  command->add_option("--passphrase-file", request->passphrase_file,
                      "The root's; else it is asked for");
  command->add_option("--person-passphrase-file", request->person_passphrase_file,
                      "The person's; else it is asked for");
  command->add_option("--valid-days", request->valid_days)->check(CLI::Range(1, 3650));
  command->callback([request, &context] {
    SystemRandom rng;
    context.finish(show_one(context, issue_person(*request, system_now(), rng)));
  });
}

void add_issue_node(CLI::App& issue_group, Context& context) {
  auto request = std::make_shared<IssueNodeRequest>();
  CLI::App* command = issue_group.add_subcommand("node", "Issue a node's certificate");
  command->add_option("--root", request->root, "Folder of root.pem and root.key")->required();
  command->add_option("--home", request->home,
                      "The node's home: its keys are made there where there are none");
  command->add_option("--request", request->request, "What `agency request` wrote on the node");
  command->add_option("--out", request->out, "With --request: the certificate's file");
  command->add_option("--name", request->name)->capture_default_str();
  command->add_option("--passphrase-file", request->passphrase_file,
                      "The root's; else it is asked for");
  command->add_option("--valid-days", request->valid_days)
      ->check(CLI::Range(1, 366))
      ->capture_default_str();
  command->add_flag("--renew", request->renew,
                    "Replace the certificate in HOME, for the same keys");
  command->callback([request, &context] {
    if (request->home.empty() && request->request.empty()) request->home = context.home;
    SystemRandom rng;
    context.finish(show_one(context, issue_node(*request, system_now(), rng)));
  });
}

Result<void> run_request(Context& context, const NodeRequest& request) {
  if (request.home.empty())
    return Error{Code::usage, "--home is needed: the node whose keys these are", {}, {}};
  SystemRandom rng;
  HR_ASSIGN(const RequestMade made, request_node(request, rng));
  const std::string fingerprint = to_sha256_name(made.fingerprint.view());
  if (context.json) {
    const nlohmann::ordered_json all = {
        {"schema", kSchema}, {"fingerprint", fingerprint}, {"file", made.file.string()}};
    context.out << all.dump(2) << '\n';
  } else {
    context.out << "request for the node of " << request.agency << '\n'
                << "  fingerprint  " << fingerprint << '\n'
                << "  file         " << made.file.string() << '\n';
  }
  return {};
}

void add_request(CLI::App& agency, Context& context) {
  auto request = std::make_shared<NodeRequest>();
  CLI::App* command =
      agency.add_subcommand("request", "On the node: ask the agency's root for a certificate");
  command->add_option("--agency", request->agency, "The agency's id")->required();
  command->add_option("--home", request->home, "The node's home");
  command->add_option("--out", request->out, "The request's file")->required();
  command->callback([request, &context] {
    if (request->home.empty()) request->home = context.home;
    context.finish(run_request(context, *request));
  });
}

void add_accept(CLI::App& agency, Context& context) {
  struct Words {
    path home;
    path file;
  };
  auto words = std::make_shared<Words>();
  CLI::App* command =
      agency.add_subcommand("accept", "On the node: install the certificate that was issued");
  command->add_option("file", words->file, "The certificate")->required();
  command->add_option("--home", words->home, "The node's home");
  command->callback([words, &context] {
    if (words->home.empty()) words->home = context.home;
    if (words->home.empty()) {
      context.finish(
          Error{Code::usage, "--home is needed: the node whose certificate it is", {}, {}});
      return;
    }
    context.finish(show_one(context, accept_node(words->home, words->file)));
  });
}

void add_reidentification(CLI::App& agency, Context& context) {
  auto request = std::make_shared<OpeningKeyRequest>();
  CLI::App* command = agency.add_subcommand(
      "reidentification", "Make the officer's key that alone opens case references");
  command->add_option("--out", request->out, "Folder for reidentification.key; not on the node")
      ->required();
  command->add_option("--passphrase-file", request->passphrase_file, "Else it is asked for");
  command->callback([request, &context] {
    SystemRandom rng;
    const auto key = make_opening_key(*request, rng);
    if (!key.ok()) return context.finish(key.error());
    context.out << "reidentification = \"" << to_hex(key->public_key.view()) << "\"\n";
    context.err << "put that line into the node's hedgerow.toml before `agreement install`\n";
  });
}

Result<void> run_trace_officer(Context& context, const OpeningKeyRequest& request) {
  SystemRandom rng;
  HR_ASSIGN(const OpeningKeyMade made, make_opening_key(request, rng));
  const std::string key = to_hex(made.public_key.view());
  if (context.json) {
    const nlohmann::ordered_json all = {
        {"schema", kSchema}, {"trace_officer", key}, {"file", made.file.string()}};
    context.out << all.dump(2) << '\n';
    return {};
  }
  context.out << key << '\n';
  context.err
      << "one of the two in trace_officers of the node's hedgerow.toml; the other is another "
         "officer's\n";
  return {};
}

void add_trace_officer(CLI::App& agency, Context& context) {
  auto request = std::make_shared<OpeningKeyRequest>();
  request->name = "trace-officer";
  CLI::App* command = agency.add_subcommand(
      "trace-officer", "Make the key of one of the two who open a trace's case reference");
  command->add_option("--out", request->out, "Folder for NAME.key; not on the node")->required();
  command->add_option("--name", request->name)->capture_default_str();
  command->add_option("--passphrase-file", request->passphrase_file, "Else it is asked for");
  command->callback([request, &context] { context.finish(run_trace_officer(context, *request)); });
}

void add_show(CLI::App& agency, Context& context) {
  auto files = std::make_shared<std::vector<path>>();
  auto root = std::make_shared<path>();
  CLI::App* command = agency.add_subcommand(
      "show", "Say what certificates hold, or what a root has issued and revoked");
  auto* file = command->add_option("file", *files, "Certificates, one or more a file");
  command->add_option("--root", *root, "Folder of root.pem: its register")->excludes(file);
  command->callback([files, root, &context] {
    if (!root->empty()) return context.finish(show_register(context, *root));
    if (files->empty())
      return context.finish(
          Error{Code::usage, "either certificates' files or --root is needed", {}, {}});
    auto certificates = read_certificates(*files);
    if (certificates.ok()) {
      show(context, *certificates);
      context.finish({});
    } else {
      context.finish(std::move(certificates).error());
    }
  });
}

}  // namespace

void add_agency_commands(CLI::App& app, Context& context) {
  CLI::App* agency = app.add_subcommand("agency", "Roots, people and nodes");
  agency->require_subcommand(1);
  add_init(*agency, context);
  CLI::App* issue_group = agency->add_subcommand("issue", "Issue a certificate under the root");
  issue_group->require_subcommand(1);
  for (CertificateKind kind :
       {CertificateKind::officer, CertificateKind::analyst, CertificateKind::practitioner,
        CertificateKind::approver, CertificateKind::scrutineer})
    add_issue_person(*issue_group, context, kind);
  add_issue_node(*issue_group, context);
  add_request(*agency, context);
  add_accept(*agency, context);
  add_reidentification(*agency, context);
  add_trace_officer(*agency, context);
  add_revoke_command(*agency, context);
  add_show(*agency, context);
}

}  // namespace hedgerow::cli
