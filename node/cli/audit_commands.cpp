// `hedgerow audit`: what stands on this node's log, and whether a log is what it claims to be.

#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "crypto/certificate.h"
#include "node/audit/verify.h"
#include "node/cli/command.h"
#include "node/cli/control_call.h"
#include "node/cli/files.h"
#include "policies/calendar.h"

namespace hedgerow::cli {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxAnswerFile = std::size_t{32} << 20U;

struct AuditOptions {
  std::string file;
  std::string out;
  std::string certificate;
  std::vector<std::string> answers;
  std::uint64_t last = 50;
};

void print_entry(std::ostream& out, const json& e) {
  out << e.value("index", std::uint64_t{0}) << "  " << e.value("time", "") << "  "
      << e.value("kind", "") << '\n';
  for (const auto& [key, value] : e.at("fields").items())
    out << "    " << key << ": " << value.get<std::string>() << '\n';
}

Result<void> show(Context& context, const AuditOptions& o) {
  HR_ASSIGN(const json log,
            ControlCall::run(context, {{"command", "audit-show"}, {"limit", o.last}}));
  if (context.json) {
    context.out << log.dump(2) << '\n';
    return {};
  }
  for (const json& e : log.at("entries")) print_entry(context.out, e);
  context.out << log.value("name", "") << ": " << log.value("size", 0) << " entries\n";
  return {};
}

// Pieces of the daemon's log become an export (node/audit/verify.h). Entries that are added
// meanwhile are left out: the size is that of the first piece.
Result<void> export_to_file(Context& context, const AuditOptions& o) {
  std::error_code ec;
  if (std::filesystem::exists(o.out, ec)) return bad_input(o.out + ": exists already");
  std::ofstream file(o.out, std::ios::binary);
  if (!file) return bad_input(o.out + ": cannot be written");
  std::uint64_t size = 0;
  std::uint64_t next = 0;
  do {
    HR_ASSIGN(const json piece,
              ControlCall::run(context, {{"command", "audit-read"}, {"from", next}}));
    Writer w;
    if (next == 0) {
      size = piece.value("size", std::uint64_t{0});
      w.raw(as_bytes("HEDGEROW-LOG-1\n")).text(piece.value("key", ""));
      w.text(piece.value("checkpoint", "")).u64(size);
    }
    const std::uint64_t before = next;
    for (const json& entry : piece.at("entries")) {
      const auto bytes = from_base64(entry.get<std::string>());
      if (!bytes) return internal("the daemon's reply is not base64");
      if (next == size) break;
      w.bytes(*bytes);
      ++next;
    }
    if (next == before && next < size) return internal("the daemon's log ended early");
    file.write(reinterpret_cast<const char*>(w.data().data()),
               static_cast<std::streamsize>(w.data().size()));
  } while (next < size);
  file.close();
  if (!file) return bad_input(o.out + ": cannot be written to its end");
  context.out << o.out << ": " << size << " entries\n";
  return {};
}

Result<std::optional<NoteKey>> expected_key(const AuditOptions& o) {
  if (o.certificate.empty()) return std::optional<NoteKey>();
  HR_ASSIGN(const Bytes pem, read_small_file(o.certificate, kMaxCertificatePemSize));
  const auto decoded = Certificate::decode_pem(pem);
  if (!decoded.ok())
    return bad_input(o.certificate + ": " + decoded.error().text, decoded.error().hint);
  const Certificate& c = *decoded;
  if (c.kind() != CertificateKind::node)
    return bad_input(o.certificate + ": not a node's certificate");
  return std::optional(NoteKey{audit::log_name(c.agency()), c.node_keys().log});
}

// A file from anybody: of whatever type, or not there.
const json* member(const json& object, const char* key) {
  const auto it = object.is_object() ? object.find(key) : object.end();
  return it == object.end() ? nullptr : &*it;
}

std::string text_in(const json& object, const char* key) {
  const json* value = member(object, key);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

// The receipts in answers as `ask --json` gives them, of the party whose log is verified.
Result<std::vector<audit::Receipt>> receipts_of(const AuditOptions& o, const NoteKey& key) {
  std::vector<audit::Receipt> out;
  for (const std::string& name : o.answers) {
    HR_ASSIGN(const Bytes bytes, read_small_file(name, kMaxAnswerFile));
    const json answer = json::parse(as_text(bytes), nullptr, false);
    const json* evidence = member(answer, "evidence");
    const json* receipts = evidence == nullptr ? nullptr : member(*evidence, "receipts");
    if (receipts == nullptr || !receipts->is_array())
      return bad_input(name + ": not an answer as `hedgerow ask --json` gives it");
    for (const json& r : *receipts) {
      if ("hedgerow/" + text_in(r, "party") != key.name) continue;
      const auto raw = from_base64(text_in(r, "receipt"));
      if (!raw) return bad_input(name + ": a receipt that is not base64");
      const std::string where = name + ": the receipt of " + text_in(r, "party") + ": ";
      auto receipt = audit::decode_receipt(*raw);
      if (!receipt.ok()) return bad_input(where + receipt.error().text);
      const auto holds = audit::verify(*receipt, key);
      if (!holds.ok()) return bad_input(where + holds.error().text, holds.error().hint);
      out.push_back(*std::move(receipt));
    }
  }
  return out;
}

Result<void> verify_file(Context& context, const AuditOptions& o) {
  HR_ASSIGN(const auto expected, expected_key(o));
  std::vector<audit::Receipt> receipts;
  if (!o.answers.empty()) {
    if (!expected)
      return Error{Code::usage,
                   "--answer needs --certificate",
                   {},
                   "receipts are checked under the key in the node's certificate"};
    HR_ASSIGN(receipts, receipts_of(o, *expected));
  }
  HR_ASSIGN(const auto log, audit::verify_export(o.file, expected, receipts, {}));
  if (context.json) {
    const json result = {{"schema", "hedgerow/log-verify/1"}, {"name", log.key.name},
                         {"size", log.checkpoint.size},       {"root", to_hex(log.checkpoint.root)},
                         {"key_known", expected.has_value()}, {"receipts", receipts.size()},
                         {"abandoned", log.abandoned}};
    context.out << result.dump(2) << '\n';
    return {};
  }
  context.out << o.file << ": good: log " << log.key.name << " of " << log.checkpoint.size
              << " entries";
  if (log.first_time && log.last_time)
    context.out << ", " << policies::utc_text(*log.first_time) << " to "
                << policies::utc_text(*log.last_time);
  context.out << ", " << receipts.size() << (receipts.size() == 1 ? " receipt" : " receipts")
              << " found in it\n";
  if (!o.answers.empty() && receipts.empty())
    context.out << "the answers hold no receipt of this log: only the question that computed a "
                   "release has them\n";
  if (!expected)
    context.out << "the key is the file's own claim; --certificate NODE.pem checks it\n";
  return {};
}

}  // namespace

void add_audit_commands(CLI::App& app, Context& context) {
  auto* audit_command = app.add_subcommand("audit", "this node's log, and the logs of others");
  audit_command->require_subcommand(1);
  auto o = std::make_shared<AuditOptions>();
  auto* show_command = audit_command->add_subcommand("show", "the log's last entries");
  show_command->add_option("--last", o->last, "how many")->check(CLI::Range(1, 1000));
  show_command->callback([&context, o] { context.finish(show(context, *o)); });
  auto* export_command =
      audit_command->add_subcommand("export", "the whole log as a file that anybody can verify");
  export_command->add_option("--out", o->out, "the file to write")->required();
  export_command->callback([&context, o] { context.finish(export_to_file(context, *o)); });
  auto* verify_command =
      audit_command->add_subcommand("verify", "whether an exported log is whole and unaltered");
  verify_command->add_option("file", o->file, "an exported log")->required();
  verify_command->add_option("--certificate", o->certificate, "the node's certificate (PEM)");
  verify_command->add_option("--answer", o->answers,
                             "answers (JSON) whose receipts must stand in the log");
  verify_command->callback([&context, o] { context.finish(verify_file(context, *o)); });
}

}  // namespace hedgerow::cli
