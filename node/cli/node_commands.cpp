// Commands that the daemon carries out and that need little of the command line: agreement
// install and list, keys status, status.

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "node/cli/command.h"
#include "node/cli/control_call.h"
#include "node/cli/files.h"

namespace hedgerow::cli {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxAgreementFile = std::size_t{64} << 10U;
constexpr std::size_t kMaxBundleFile = std::size_t{512} << 10U;
constexpr std::size_t kMaxListFile = std::size_t{384} << 10U;
constexpr std::size_t kMaxCertificateFile = std::size_t{24} << 10U;

void print_agreements(std::ostream& out, const json& list) {
  if (list.empty()) out << "no agreement is installed\n";
  for (const json& a : list) {
    out << a.value("agreement", "") << "  version " << a.value("version", 0) << "  "
        << a.value("valid_from", "") << " to " << a.value("valid_until", "") << "  "
        << (a.value("in_force", false) ? "in force" : "not in force") << "\n  "
        << a.value("title", "") << "\n  " << a.value("hash", "")
        << "\n  key: " << a.value("keys", "") << "\n  parties:";
    for (const json& p : a.at("parties"))
      out << ' ' << p.value("party", "") << (p.value("hub", false) ? " (hub)" : "");
    out << '\n';
  }
}

void print_keys(std::ostream& out, const json& list) {
  if (list.empty()) out << "no agreement is installed\n";
  for (const json& k : list) {
    out << k.value("agreement", "") << "  " << k.value("state", "") << '\n';
    if (!k.contains("key")) continue;
    out << "  key " << k.value("key", "") << ", threshold " << k.value("threshold", 0) << " of";
    for (const json& p : k.at("keyholders")) out << ' ' << p.get<std::string>();
    out << "\n  transcript " << k.value("transcript", "") << '\n';
  }
}

struct InstallOptions {
  std::string file;
  std::string signatures;
  std::string certificates;
};

Result<void> install(Context& context, const InstallOptions& o) {
  const std::string p7s = o.signatures.empty() ? o.file + ".p7s" : o.signatures;
  HR_ASSIGN(const Bytes agreement, read_small_file(o.file, kMaxAgreementFile));
  HR_ASSIGN(const Bytes signatures, read_small_file(p7s, kMaxBundleFile));
  HR_ASSIGN(const Bytes certificates, read_small_file(o.certificates, kMaxBundleFile));
  HR_ASSIGN(const json result,
            ControlCall::run(context, {{"command", "agreement-install"},
                                       {"agreement_file", to_base64(agreement)},
                                       {"signatures", to_base64(signatures)},
                                       {"certificates", to_base64(certificates)}}));
  if (context.json)
    context.out << result.dump(2) << '\n';
  else
    context.out << result.value("agreement", "") << ' ' << result.value("hash", "")
                << (result.value("already", false) ? " was installed already\n" : " installed\n");
  return {};
}

Result<void> renew(Context& context, const std::string& file) {
  HR_ASSIGN(const Bytes pem, read_small_file(file, kMaxCertificateFile));
  HR_ASSIGN(const json result, ControlCall::run(context, {{"command", "keys-renew"},
                                                          {"certificate", to_base64(pem)}}));
  if (context.json) {
    context.out << result.dump(2) << '\n';
    return {};
  }
  context.out << "renewed until " << result.value("until", "") << "; the parties are told:";
  for (const json& a : result.at("agreements")) context.out << ' ' << a.get<std::string>();
  context.out << '\n';
  return {};
}

Result<void> publish_list(Context& context, const std::string& file) {
  HR_ASSIGN(const Bytes pem, read_small_file(file, kMaxListFile));
  HR_ASSIGN(const json result,
            ControlCall::run(context, {{"command", "keys-revoke"}, {"list", to_base64(pem)}}));
  if (context.json) {
    context.out << result.dump(2) << '\n';
    return {};
  }
  context.out << "list " << result.value("number", 0) << " of " << result.value("party", "")
              << " is in force here and on its way to every party: " << result.value("revoked", 0)
              << " revoked\n";
  return {};
}

struct PeersOptions {
  std::string file;
  std::string agreement;
};

Result<void> take_peers(Context& context, const PeersOptions& o) {
  HR_ASSIGN(const Bytes pem, read_small_file(o.file, kMaxBundleFile));
  json request = {{"command", "keys-peers"}, {"certificates", to_base64(pem)}};
  if (!o.agreement.empty()) request["agreement"] = o.agreement;
  HR_ASSIGN(const json result, ControlCall::run(context, request));
  if (context.json) {
    context.out << result.dump(2) << '\n';
    return {};
  }
  const json& renewed = result.at("renewed");
  context.out << (renewed.empty() ? "all are known already" : "renewed:");
  for (const json& p : renewed) context.out << ' ' << p.get<std::string>();
  context.out << '\n';
  return {};
}

// A command without options whose result is a list under `key`.
Result<void> show_list(Context& context, const char* command, const char* key,
                       void (*print)(std::ostream&, const json&)) {
  HR_ASSIGN(const json result, ControlCall::run(context, {{"command", command}}));
  if (context.json)
    context.out << result.dump(2) << '\n';
  else
    print(context.out, result.at(key));
  return {};
}

void print_expiry(std::ostream& out, const json& agreement) {
  for (const json& c : agreement.value("certificates", json::array()))
    if (c.value("revoked", false))
      out << "    " << c.value("party", "") << ": node certificate revoked\n";
    else if (c.value("expires_soon", false))
      out << "    " << c.value("party", "") << ": node certificate "
          << (c.value("expired", false) ? "expired " : "expires ") << c.value("until", "") << '\n';
}

std::string connection_text(const json& status) {
  if (!status.value("gateway", false)) return "hedgerow-gateway is not running";
  const auto peers = status.value("peers_up", std::size_t{0});
  if (status.value("hub", false))
    return "the hub, " + std::to_string(peers) + (peers == 1 ? " party" : " parties") +
           " connected";
  return peers == 0 ? "not connected to the hub" : "connected to the hub";
}

Result<void> status(Context& context) {
  HR_ASSIGN(const json result, ControlCall::run(context, {{"command", "status"}}));
  if (context.json) {
    context.out << result.dump(2) << '\n';
    return {};
  }
  context.out << result.value("party", "") << ": " << connection_text(result) << ", log of "
              << result.value("log_size", 0) << " entries\n";
  for (const json& a : result.at("agreements")) {
    context.out << "  " << a.value("agreement", "") << ": key " << a.value("keys", "") << '\n';
    print_expiry(context.out, a);
  }
  const json restrictions = result.value("restrictions", json());
  if (restrictions.is_object() && !restrictions.value("fault", "").empty())
    context.out << "  restrictions: EVERYTHING IS REFUSED: " << restrictions.value("fault", "")
                << '\n';
  else if (restrictions.is_object())
    context.out << "  restrictions: " << restrictions.value("refuse", 0) << " refuse, "
                << restrictions.value("raise", 0) << " raise, " << restrictions.value("hash", "")
                << '\n';
  return {};
}

}  // namespace

void add_agreement_node_commands(CLI::App& agreement, Context& context) {
  auto options = std::make_shared<InstallOptions>();
  auto* install_command = agreement.add_subcommand(
      "install", "verify an agreement and its signatures, and put it to work");
  install_command->add_option("file", options->file, "the agreement (TOML)")->required();
  install_command->add_option("--signatures", options->signatures,
                              "its signatures; default: FILE.p7s");
  install_command
      ->add_option("--certificates", options->certificates,
                   "root and node certificates of every party (PEM)")
      ->required();
  install_command->callback([&context, options] { context.finish(install(context, *options)); });
  agreement.add_subcommand("list", "the agreements installed on this node")->callback([&context] {
    context.finish(show_list(context, "agreement-list", "agreements", print_agreements));
  });
}

void add_keys_commands(CLI::App& app, Context& context) {
  auto* keys = app.add_subcommand("keys", "the pseudonym keys, and the nodes' certificates");
  keys->require_subcommand(1);
  keys->add_subcommand("status", "whether the key is there, and who holds it")
      ->callback(
          [&context] { context.finish(show_list(context, "keys-status", "keys", print_keys)); });

  auto certificate = std::make_shared<std::string>();
  auto* renew_command =
      keys->add_subcommand("renew", "put the node's new certificate to work, and tell every party");
  renew_command->add_option("file", *certificate, "the certificate (PEM)")->required();
  renew_command->callback(
      [&context, certificate] { context.finish(renew(context, *certificate)); });

  auto list = std::make_shared<std::string>();
  auto* revoke_command = keys->add_subcommand(
      "revoke", "put an agency's list of revoked certificates to work, and tell every party");
  revoke_command->add_option("file", *list, "the list that `agency revoke` wrote")->required();
  revoke_command->callback([&context, list] { context.finish(publish_list(context, *list)); });

  auto peers = std::make_shared<PeersOptions>();
  auto* peers_command = keys->add_subcommand(
      "peers", "take other parties' new node certificates from a file, where no message came");
  peers_command->add_option("file", peers->file, "certificates (PEM)")->required();
  peers_command->add_option("--agreement", peers->agreement,
                            "its id; needed where several are installed");
  peers_command->callback([&context, peers] { context.finish(take_peers(context, *peers)); });
}

void add_status_command(CLI::App& app, Context& context) {
  app.add_subcommand("status", "how this node is")->callback([&context] {
    context.finish(status(context));
  });
}

}  // namespace hedgerow::cli
