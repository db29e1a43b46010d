#include "node/cli/trace_open_command.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "crypto/key_file.h"
#include "node/cli/control_call.h"
#include "node/cli/files.h"
#include "node/cli/trace_opening.h"
#include "node/keys/files.h"
#include "node/keys/passphrase.h"

namespace hedgerow::cli {

namespace {

using nlohmann::json;

struct OpenOptions {
  std::string what;  // a trace's id, or a file
  std::string agreement;
  std::string out;
  std::string key;
  std::string passphrase_file;
};

Error usage(std::string text, std::string hint = {}) {
  return {Code::usage, std::move(text), {}, std::move(hint)};
}

Result<void> write(Context& context, const OpenOptions& o, const TraceOpening& opening) {
  HR_TRY(keys::write_new_file(o.out, as_bytes(opening.file()), keys::Readers::owner));
  const bool whole = std::holds_alternative<SealedCase>(opening.sealed);
  if (context.json) {
    const json written = {{"schema", "hedgerow/trace-opening-file/1"},
                          {"id", opening.id.hex()},
                          {"commitment", opening.commitment.hex()},
                          {"layers", whole ? 2 : 1},
                          {"file", o.out}};
    context.out << written.dump(2) << '\n';
  } else {
    context.out << o.out << ": the sealed case reference of trace " << opening.id.hex()
                << "\nnext: " << (whole ? "the first" : "the second")
                << " officer: hedgerow trace open FILE --key KEY" << (whole ? " --out FILE2" : "")
                << '\n';
  }
  return {};
}

Result<void> export_opening(Context& context, const OpenOptions& o) {
  if (o.out.empty()) return usage("--out is needed: the file for the first officer");
  auto id = trace_id(o.what);
  if (!id.ok()) {
    if (std::filesystem::exists(o.what))
      return usage("--key is needed to open a file", "an officer's, from `agency trace-officer`");
    return id.error();
  }
  json request = {{"command", "trace-opening"}, {"id", id->hex()}};
  if (!o.agreement.empty()) request["agreement"] = o.agreement;
  HR_ASSIGN(const json reply, ControlCall::run(context, request));
  const auto commitment = from_hex(reply.value("commitment", ""));
  const auto sealed = from_base64(reply.value("opening", ""));
  auto committed = CaseCommitment::from(commitment ? ByteView(*commitment) : ByteView());
  if (!committed.ok() || !sealed) return internal("the daemon's reply is not an opening");
  HR_ASSIGN(const TraceOpening opening, TraceOpening::from_sealed(*id, *committed, *sealed));
  return write(context, o, opening);
}

Result<SealKeyPair> load_key(const OpenOptions& o) {
  HR_ASSIGN(const SecretBytes pem, keys::read_private_file(o.key, kMaxKeyFileSize));
  std::optional<std::filesystem::path> passphrase_file;
  if (!o.passphrase_file.empty()) passphrase_file = o.passphrase_file;
  HR_ASSIGN(const SecretBytes passphrase,
            keys::obtain_passphrase(passphrase_file, "passphrase of " + o.key, false));
  auto secret = decrypt_seal_key(pem.expose(), passphrase);
  if (!secret.ok()) {
    Error error = std::move(secret).error();
    error.text = o.key + ": " + error.text;
    return error;
  }
  return SealKeyPair{seal_public_key(*secret), std::move(secret).value()};
}

// The reference goes to standard output and nowhere else.
Result<void> show_case(Context& context, const TraceOpening& opening, const CaseOpening& inside) {
  const bool fits = inside.opens(opening.commitment);
  const std::string_view reference = as_text(inside.reference.expose());
  if (context.json) {
    const json shown = {{"schema", "hedgerow/trace-case/1"},
                        {"id", opening.id.hex()},
                        {"commitment", opening.commitment.hex()},
                        {"reference", reference},
                        {"fits", fits}};
    context.out << shown.dump(2) << '\n';
  } else {
    context.out << "case reference  " << reference << "\ntrace           " << opening.id.hex()
                << "\ncommitment      " << opening.commitment.hex()
                << (fits ? "  (fits; compare it with the log's)" : "  (does not fit)") << '\n';
  }
  if (fits) return {};
  return bad_input("the case reference does not fit the commitment",
                   "id, commitment or the sealed part was exchanged; export it again");
}

Result<void> open_file(Context& context, const OpenOptions& o) {
  auto file = read_small_file(o.what, kMaxOpeningFile);
  if (!file.ok()) return file.error();
  auto opening = TraceOpening::parse(*file);
  if (!opening.ok()) {
    Error error = std::move(opening).error();
    error.text = o.what + ": " + error.text;
    return error;
  }
  const bool outer = std::holds_alternative<SealedCase>(opening->sealed);
  if (outer && o.out.empty())
    return usage("--out is needed: the file for the second officer",
                 "another layer lies under this one");
  if (!outer && !o.out.empty()) return usage("--out has nothing to write: this is the last layer");
  HR_ASSIGN(const SealKeyPair key, load_key(o));
  HR_ASSIGN(const Opened opened, open_with(*opening, key));
  if (const auto* half = std::get_if<TraceOpening>(&opened)) return write(context, o, *half);
  return show_case(context, *opening, std::get<CaseOpening>(opened));
}

}  // namespace

Result<SessionId> trace_id(const std::string& typed) {
  const auto bytes = from_hex(typed);
  auto id = SessionId::from(bytes ? ByteView(*bytes) : ByteView());
  if (!id.ok()) return usage("'" + typed + "' is not a trace's id", "see `hedgerow trace list`");
  return id;
}

void add_trace_open_command(CLI::App& trace, Context& context) {
  auto o = std::make_shared<OpenOptions>();
  auto* c = trace.add_subcommand("open", "two officers: which case a trace was for");
  c->add_option("what", o->what, "the trace's id, or the file that --out wrote")->required();
  c->add_option("--agreement", o->agreement, "with an id: needed where several are installed");
  c->add_option("--out", o->out, "file to write: for the next officer");
  c->add_option("--key", o->key, "an officer's key, from `agency trace-officer`");
  c->add_option("--passphrase-file", o->passphrase_file, "file with the key's passphrase");
  c->callback([&context, o] {
    context.finish(o->key.empty() ? export_opening(context, *o) : open_file(context, *o));
  });
}

}  // namespace hedgerow::cli
