// The words of `hedgerow agency revoke` and `hedgerow agency show --root`.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "crypto/random.h"
#include "node/cli/command.h"
#include "node/cli/revoke.h"
#include "node/cli/times.h"
#include "node/keys/credential.h"

namespace hedgerow::cli {

namespace {

using nlohmann::ordered_json;
using std::filesystem::path;

constexpr const char* kSchema = "hedgerow/agency/1";

Result<void> run_revoke(Context& context, const RevokeRequest& request) {
  SystemRandom rng;
  HR_ASSIGN(const RevocationMade made, revoke_certificate(request, system_now(), rng));
  if (made.others_unknown)
    context.err << "warning: " << (request.root / "register.json").string()
                << " does not hold this certificate. Others of the same keys may be valid still: "
                   "revoke each of them, too, by its file\n";
  if (context.json) {
    const ordered_json all = {{"schema", kSchema},
                              {"serial", made.serial},
                              {"subject", made.subject},
                              {"reason", request.reason},
                              {"same_keys", made.same_keys},
                              {"others_unknown", made.others_unknown},
                              {"number", made.list.number()},
                              {"revoked", made.list.entries().size()},
                              {"next_update", iso(made.list.next_update())},
                              {"file", made.file.string()}};
    context.out << all.dump(2) << '\n';
    return {};
  }
  if (!made.serial.empty())
    context.out << made.subject << '\n'
                << "  revoked      " << request.reason << '\n'
                << "  serial       " << made.serial << '\n';
  for (const std::string& serial : made.same_keys)
    context.out << "  and          " << serial << ", of the same keys\n";
  context.out << "list " << made.list.number() << " of revoked certificates\n"
              << "  revoked      " << made.list.entries().size() << '\n'
              << "  next due     " << iso(made.list.next_update()) << '\n'
              << "  file         " << made.file.string() << '\n';
  context.err << "it counts when a node has it: hedgerow keys revoke " << made.file.string()
              << '\n';
  return {};
}

ordered_json to_json(const IssuedCertificate& c, const Revoked* revoked) {
  ordered_json j = {{"serial", c.serial},
                    {"subject", c.subject},
                    {"not_before", iso(c.not_before)},
                    {"not_after", iso(c.not_after)},
                    {"fingerprint", c.fingerprint}};
  if (revoked != nullptr) {
    j["revoked"] = iso(revoked->at);
    j["reason"] = std::string(to_string(revoked->reason));
  }
  return j;
}

// Revoked by file, so that nothing but its serial is known here.
std::vector<IssuedCertificate> unregistered(const Register& known) {
  std::vector<IssuedCertificate> more;
  for (const Revoked& r : known.revoked())
    if (known.find(to_hex(r.serial)) == nullptr)
      more.push_back({to_hex(r.serial), "", r.at, r.at, "", ""});
  return more;
}

}  // namespace

Result<void> show_register(Context& context, const path& root) {
  HR_ASSIGN(const Certificate certificate, keys::load_certificate(root / "root.pem"));
  HR_ASSIGN(const Register known, Register::open(root));
  HR_ASSIGN(const auto list, read_list(root, certificate));
  if (context.json) {
    ordered_json issued = ordered_json::array();
    for (const auto& c : known.issued()) issued.push_back(to_json(c, known.find_revoked(c.serial)));
    ordered_json others = ordered_json::array();
    for (const auto& c : unregistered(known)) {
      const Revoked& r = *known.find_revoked(c.serial);
      others.push_back({{"serial", c.serial},
                        {"revoked", iso(r.at)},
                        {"reason", std::string(to_string(r.reason))}});
    }
    const ordered_json all = {{"schema", kSchema},
                              {"agency", certificate.agency().str()},
                              {"issued", std::move(issued)},
                              {"revoked_otherwise", std::move(others)},
                              {"list", list ? list->number() : 0}};
    context.out << all.dump(2) << '\n';
    return {};
  }
  for (const auto& c : known.issued()) {
    context.out << c.subject << '\n'
                << "  serial       " << c.serial << '\n'
                << "  valid        " << iso(c.not_before) << " to " << iso(c.not_after) << '\n';
    if (const Revoked* r = known.find_revoked(c.serial))
      context.out << "  revoked      " << iso(r->at) << ", " << to_string(r->reason) << '\n';
  }
  for (const auto& c : unregistered(known))
    context.out << "serial " << c.serial << ", not in the register\n"
                << "  revoked      " << iso(c.not_before) << ", "
                << to_string(known.find_revoked(c.serial)->reason) << '\n';
  context.out << certificate.agency().str() << ": " << known.issued().size() << " issued, "
              << known.revoked().size() << " revoked, list "
              << (list ? std::to_string(list->number()) : "none") << '\n';
  return {};
}

void add_revoke_command(CLI::App& agency, Context& context) {
  auto request = std::make_shared<RevokeRequest>();
  request->reason = "unspecified";
  CLI::App* command = agency.add_subcommand(
      "revoke", "Revoke a certificate that the root issued; without one, sign a fresh list");
  command->add_option("certificate", request->what, "Its file, or its serial number");
  command->add_option("--root", request->root, "Folder of root.pem and root.key")->required();
  command
      ->add_option("--reason", request->reason,
                   "key-compromise, left, superseded, ceased or unspecified")
      ->capture_default_str();
  command->add_option("--passphrase-file", request->passphrase_file,
                      "The root's; else it is asked for");
  command->callback([request, &context] { context.finish(run_revoke(context, *request)); });
}

}  // namespace hedgerow::cli
