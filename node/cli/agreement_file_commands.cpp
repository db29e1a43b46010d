// The words of `hedgerow agreement new|lint|sign|merge|verify`, and how their results are shown.
#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "crypto/random.h"
#include "node/cli/agreement_files.h"
#include "node/cli/command.h"
#include "node/keys/files.h"
#include "policies/agreement_lint.h"
#include "policies/calendar.h"
#include "policies/template.h"

namespace hedgerow::cli {

namespace {

using nlohmann::ordered_json;
using std::filesystem::path;

constexpr const char* kSchema = "hedgerow/agreement/1";

UtcTime system_now() {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

ordered_json head_of(const policies::Agreement& agreement) {
  return {{"schema", kSchema},
          {"agreement", agreement.id.str()},
          {"version", agreement.version},
          {"hash", to_sha256_name(agreement.hash.view())}};
}

// Results that are a file's text go to --out, or to stdout.
Result<void> give_out(Context& context, const std::string& text, const path& out,
                      bool may_replace) {
  if (out.empty()) {
    context.out << text;
    return {};
  }
  if (may_replace) return keys::replace_file(out, as_bytes(text), keys::Readers::anybody);
  return keys::write_new_file(out, as_bytes(text), keys::Readers::anybody);
}

Result<void> run_new(Context& context, const NewAgreement& request, const path& out) {
  HR_ASSIGN(const std::string text, new_agreement(request, system_now()));
  HR_TRY(give_out(context, text, out, false));
  if (out.empty()) return {};
  // A draft is there to be edited.
  std::error_code failed;
  std::filesystem::permissions(out, std::filesystem::perms::owner_write,
                               std::filesystem::perm_options::add, failed);
  if (failed) return configuration(out.string() + " cannot be made writable");
  context.err << "draft written to " << out.string()
              << ": fill in what says CHANGE, then `hedgerow agreement lint`\n";
  return {};
}

struct Linted {
  path name;
  policies::AgreementReading reading;
};

ordered_json lint_json(const Linted& file) {
  ordered_json list = ordered_json::array();
  for (const auto& d : file.reading.diagnostics)
    list.push_back({{"severity", d.severity == policies::Severity::error ? "error" : "warning"},
                    {"line", d.line},
                    {"column", d.column},
                    {"text", d.text},
                    {"hint", d.hint}});
  ordered_json all = {{"schema", kSchema}};
  if (file.reading.agreement) all = head_of(*file.reading.agreement);
  all["diagnostics"] = list;
  return all;
}

void show_lint(Context& context, const std::vector<Linted>& files) {
  if (!context.json) {
    for (const auto& file : files)
      for (const auto& d : file.reading.diagnostics)
        context.out << policies::to_text(d, file.name.string()) << '\n';
  } else if (files.size() == 1) {
    context.out << lint_json(files[0]).dump(2) << '\n';
  } else {
    ordered_json list = ordered_json::array();
    for (const auto& file : files) {
      list.push_back(lint_json(file));
      list.back()["file"] = file.name.string();
    }
    context.out << ordered_json{{"schema", kSchema}, {"files", list}}.dump(2) << '\n';
  }
}

// Each file by itself, and each against those before it.
Result<std::vector<Linted>> read_and_lint(const std::vector<path>& names) {
  std::vector<Linted> files;
  for (const auto& name : names) {
    HR_ASSIGN(AgreementFile file, read_agreement_file(name));
    if (file.reading.agreement)
      for (const auto& before : files) {
        if (!before.reading.agreement) continue;
        for (auto& d : policies::lint_together(*before.reading.agreement, *file.reading.agreement))
          file.reading.diagnostics.push_back(std::move(d));
      }
    files.push_back({name, std::move(file.reading)});
  }
  return files;
}

Result<void> run_lint(Context& context, const std::vector<path>& names) {
  HR_ASSIGN(const auto files, read_and_lint(names));
  show_lint(context, files);
  std::size_t errors = 0;
  std::size_t unfilled = 0;
  for (const auto& file : files)
    for (const auto& d : file.reading.diagnostics) {
      errors += d.severity == policies::Severity::error ? 1u : 0u;
      unfilled += d.text.ends_with(policies::kStillToBeFilledIn) ? 1u : 0u;
    }
  if (errors > 0) {
    const std::string who = files.size() == 1 ? names[0].string() + " has " : "there are ";
    return bad_input(who + std::to_string(errors) + (errors == 1 ? " error" : " errors"),
                     unfilled == 0 ? std::string()
                                   : std::to_string(unfilled) + " of them still to be filled in");
  }
  if (!context.json)
    for (const auto& file : files)
      context.out << file.name.string() << ": " << file.reading.agreement->id.str() << " version "
                  << file.reading.agreement->version << ", "
                  << to_sha256_name(file.reading.agreement->hash.view()) << '\n';
  return {};
}

Result<void> run_sign(Context& context, const SignAgreement& request, path out) {
  SystemRandom rng;
  if (out.empty()) {
    out = request.file;
    out += ".p7s";
  }
  HR_ASSIGN(const SignedAgreement made, sign_agreement(request, system_now(), rng));
  HR_TRY(give_out(context, made.pem, out, false));
  if (context.json) {
    ordered_json all = head_of(made.agreement);
    all["signer"] = made.officer.subject().urn();
    all["file"] = out.string();
    context.out << all.dump(2) << '\n';
  } else {
    context.out << made.officer.subject().urn() << " signed " << made.agreement.id.str()
                << " version " << made.agreement.version << '\n'
                << "  agreement  " << to_sha256_name(made.agreement.hash.view()) << '\n'
                << "  file       " << out.string() << '\n';
  }
  return {};
}

Result<void> run_merge(Context& context, const std::vector<path>& files, const path& out) {
  HR_ASSIGN(const std::string merged, merge_signatures(files));
  HR_TRY(give_out(context, merged, out, true));
  HR_ASSIGN(const auto signers, cms_list(as_bytes(merged)));
  for (const auto& signer : signers)
    context.err << "signature of " << signer.certificate.subject().urn() << '\n';
  return {};
}

Result<void> run_verify(Context& context, const VerifyAgreement& request) {
  HR_ASSIGN(const VerifiedAgreement verified, verify_agreement(request, system_now()));
  if (context.json) {
    ordered_json all = head_of(verified.agreement);
    all["signers"] = ordered_json::array();
    for (const auto& s : verified.signers)
      all["signers"].push_back({{"party", s.certificate.agency().str()},
                                {"officer", s.certificate.subject().urn()},
                                {"signed_at", policies::utc_text(s.signed_at)}});
    context.out << all.dump(2) << '\n';
    return {};
  }
  context.out << verified.agreement.id.str() << " version " << verified.agreement.version
              << ": signed by every party\n"
              << "  agreement  " << to_sha256_name(verified.agreement.hash.view()) << '\n';
  for (const auto& s : verified.signers)
    context.out << "  signed     " << policies::london_text(s.signed_at) << "  "
                << s.certificate.subject().urn() << '\n';
  return {};
}

Result<void> list_templates(Context& context) {
  ordered_json list = ordered_json::array();
  for (const auto& [name, text] : policies::shipped_templates()) {
    if (!context.json) context.out << name << "\n  " << policies::template_summary(name) << '\n';
    list.push_back({{"template", name},
                    {"summary", policies::template_summary(name)},
                    {"places", policies::places_of(text)}});
  }
  if (context.json)
    context.out << ordered_json{{"schema", kSchema}, {"templates", list}}.dump(2) << '\n';
  return {};
}

void add_new(CLI::App& agreement, Context& context) {
  struct Words {
    NewAgreement request;
    path out;
    bool list = false;
  };
  auto words = std::make_shared<Words>();
  CLI::App* command = agreement.add_subcommand("new", "Write a draft from a template");
  command->add_option("--template", words->request.template_name)->capture_default_str();
  command->add_option("--set", words->request.set, "NAME=VALUE, for a place of the template")
      ->allow_extra_args(false);
  command->add_option("--out", words->out, "The draft's file; else standard output");
  command->add_flag("--list", words->list, "The templates that there are");
  command->callback([words, &context] {
    context.finish(words->list ? list_templates(context)
                               : run_new(context, words->request, words->out));
  });
}

void add_lint(CLI::App& agreement, Context& context) {
  auto files = std::make_shared<std::vector<path>>();
  CLI::App* command =
      agreement.add_subcommand("lint", "Check an agreement's text, or several together");
  command->add_option("file", *files, "The agreement; further ones that its parties are in")
      ->required()
      ->expected(1, 16);
  command->callback([files, &context] { context.finish(run_lint(context, *files)); });
}

void add_sign(CLI::App& agreement, Context& context) {
  struct Words {
    SignAgreement request;
    path out;
  };
  auto words = std::make_shared<Words>();
  CLI::App* command = agreement.add_subcommand("sign", "Sign an agreement as an officer");
  command->add_option("file", words->request.file, "The agreement")->required();
  command
      ->add_option("--credential", words->request.credential,
                   "The officer's certificate, DIR/NAME.pem, with DIR/NAME.key beside it")
      ->required();
  command->add_option("--passphrase-file", words->request.passphrase_file, "Else it is asked for");
  command->add_option("--out", words->out, "The signature's file; else FILE.p7s");
  command->callback(
      [words, &context] { context.finish(run_sign(context, words->request, words->out)); });
}

void add_merge(CLI::App& agreement, Context& context) {
  struct Words {
    std::vector<path> files;
    path out;
  };
  auto words = std::make_shared<Words>();
  CLI::App* command =
      agreement.add_subcommand("merge", "Put the parties' signatures into one file");
  command->add_option("signatures", words->files, "What the parties signed")->required();
  command->add_option("--out", words->out, "The merged file; else standard output");
  command->callback(
      [words, &context] { context.finish(run_merge(context, words->files, words->out)); });
}

void add_verify(CLI::App& agreement, Context& context) {
  auto request = std::make_shared<VerifyAgreement>();
  CLI::App* command = agreement.add_subcommand("verify", "Check that every party has signed");
  command->add_option("file", request->file, "The agreement")->required();
  command->add_option("--signatures", request->signatures, "Else FILE.p7s");
  command
      ->add_option("--roots", request->roots,
                   "The parties' root certificates, and lists of revoked ones")
      ->required();
  command->callback([request, &context] { context.finish(run_verify(context, *request)); });
}

}  // namespace

void add_agreement_file_commands(CLI::App& agreement, Context& context) {
  add_new(agreement, context);
  add_lint(agreement, context);
  add_sign(agreement, context);
  add_merge(agreement, context);
  add_verify(agreement, context);
}

}  // namespace hedgerow::cli
