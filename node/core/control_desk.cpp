#include "node/core/control_desk.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "node/core/install.h"

namespace hedgerow::core {

using ipc::ControlKind;
using nlohmann::json;

namespace {

constexpr std::size_t kMaxShown = 1000;
constexpr std::size_t kMaxRead = std::size_t{1} << 20U;  // bytes of entries a reply

}  // namespace

void ControlDesk::send(ConnectionId connection, ControlKind kind, const json& j) {
  const std::string text = j.dump(-1, ' ', false, json::error_handler_t::replace);
  const bool fits = text.size() <= ipc::kMaxPayload;
  core_.surroundings().reply(
      connection,
      fits ? ipc::control_frame(kind, text)
           : ipc::error_frame(bad_input("the reply is too large", "ask for less at once")));
}

void ControlDesk::fail(ConnectionId connection, const Error& error) {
  const auto it = open_.find(connection);
  if (it != open_.end() && it->second.importing != nullptr)
    it->second.importing->imports().cancel();
  if (it != open_.end() && it->second.tracing != nullptr)
    it->second.tracing->traces().forget_reply(connection);
  core_.surroundings().reply(connection, ipc::error_frame(error));
  open_.erase(connection);
}

Reply ControlDesk::reply_to(ConnectionId connection) {
  return {connection,
          [this, connection](const json& j) {
            if (open_.contains(connection)) send(connection, ControlKind::progress, j);
          },
          [this, connection](const json& j) {
            if (open_.erase(connection) != 0) send(connection, ControlKind::result, j);
          },
          [this, connection](const Error& e) {
            if (open_.contains(connection)) fail(connection, e);
          }};
}

void ControlDesk::on_frame(ConnectionId connection, const ipc::Frame& frame, UtcTime now) {
  const auto kind = ipc::control_kind(frame);
  if (!kind.ok()) return fail(connection, kind.error());
  if (*kind == ControlKind::request)
    on_request(connection, ipc::text_of(frame), now);
  else if (*kind == ControlKind::data)
    on_data(connection, frame.view());
  else if (*kind == ControlKind::data_end)
    on_data_end(connection, now);
  else
    fail(connection, Error{Code::usage, "a frame that only the daemon sends", {}, {}});
}

void ControlDesk::on_request(ConnectionId connection, std::string_view text, UtcTime now) {
  if (open_.contains(connection))
    return fail(connection, Error{Code::usage, "a second command on one connection", {}, {}});
  if (open_.size() >= kMaxControlConnections)
    return fail(connection, try_again("too many commands at once"));
  open_[connection] = {};
  auto command = parse_command(text);
  if (!command.ok()) return fail(connection, command.error());
  const Result<void> done =
      std::visit([&](auto& wanted) { return carry(connection, std::move(wanted), now); }, *command);
  if (done.ok()) return;
  // The disk or the store failed under the command: the next start finds out how far it came.
  if (done.error().code == Code::internal) core_.note(done.error());
  fail(connection, done.error());
}

void ControlDesk::on_data(ConnectionId connection, ByteView chunk) {
  const auto it = open_.find(connection);
  if (it == open_.end()) return;  // the command has failed; the rest of its file is in the way
  if (auto& lines = it->second.lines) {
    if (chunk.size() > kMaxLines - lines->text.size())
      return fail(connection, bad_input("more lines than this command takes"));
    lines->text.insert(lines->text.end(), chunk.begin(), chunk.end());
    return;
  }
  if (it->second.importing == nullptr || !it->second.importing->imports().wants_file())
    return fail(connection, Error{Code::usage, "a file where none is expected", {}, {}});
  const auto fed = it->second.importing->imports().feed(chunk);
  if (!fed.ok()) fail(connection, fed.error());
}

void ControlDesk::on_data_end(ConnectionId connection, UtcTime now) {
  const auto it = open_.find(connection);
  if (it == open_.end()) return;
  if (it->second.lines) {
    const Lines lines = *std::exchange(it->second.lines, std::nullopt);
    return lines.then(lines.text, now);
  }
  if (it->second.importing == nullptr || !it->second.importing->imports().wants_file())
    return fail(connection, Error{Code::usage, "a file where none is expected", {}, {}});
  LineageNode& node = *it->second.importing;
  carry_out(connection, node, node.imports().end_of_file(now), now);
}

void ControlDesk::on_closed(ConnectionId connection) {
  const auto it = open_.find(connection);
  if (it == open_.end()) return;
  if (it->second.importing != nullptr) it->second.importing->imports().cancel();
  if (const auto& asking = it->second.asking)
    asking->first->home().forget_reply(asking->second, connection);
  if (it->second.tracing != nullptr) it->second.tracing->traces().forget_reply(connection);
  open_.erase(it);
}

void ControlDesk::carry_out(ConnectionId connection, LineageNode& node, Result<Work> work,
                            UtcTime now) {
  if (!work.ok()) {
    if (is_fatal(work.error())) core_.note(work.error());  // the store failed, not the command
    return fail(connection, work.error());
  }
  const auto done = node.commit(std::move(work).value(), now);
  if (done.ok()) return;
  // Whatever the code: a commit that fails leaves memory ahead of the disk.
  Error failed = done.error();
  failed.code = Code::internal;
  core_.note(failed);
  fail(connection, failed);
}

void ControlDesk::take_lines(ConnectionId connection, OnLines then) {
  Lines lines{{}, std::move(then)};
  lines.text.reserve(kMaxLines);
  open_[connection].lines = std::move(lines);
}

Result<LineageNode*> ControlDesk::lineage_of(const std::optional<std::string>& agreement) {
  auto& all = core_.lineages();
  if (all.empty())
    return denied("no agreement is installed on this node", "see `hedgerow agreement install`");
  if (!agreement) {
    if (all.size() == 1) return all.begin()->second.get();
    std::string names;
    for (const auto& [id, node] : all) names += (names.empty() ? "" : ", ") + id.str();
    return Error{Code::usage,
                 "more than one agreement is installed: " + names,
                 {},
                 "name one: --agreement ID"};
  }
  for (auto& [id, node] : all)
    if (id.str() == *agreement) return node.get();
  return denied("no agreement " + *agreement + " is installed on this node",
                "see `hedgerow agreement list`");
}

namespace {

nlohmann::json restrictions_json(const policies::Restrictions& r) {
  if (r.none()) return nullptr;
  return {{"hash", to_sha256_name(r.hash.view())},
          {"refuse", r.refuse.size()},
          {"raise", r.raise.size()},
          {"fault", r.fault}};
}

}  // namespace

Result<void> ControlDesk::carry(ConnectionId connection, StatusCommand, UtcTime now) {
  json lineages = json::array();
  for (auto& [id, node] : core_.lineages())
    lineages.push_back({{"agreement", id.str()},
                        {"keys", node->keys().state()},
                        {"certificates", certificates_of(*node, now)}});
  reply_to(connection)
      .result({{"schema", "hedgerow/status/1"},
               {"restrictions", restrictions_json(core_.restrictions())},
               {"party", core_.setup().party.str()},
               {"hub", !core_.setup().listen.empty()},
               {"gateway", core_.gateway_is_up()},
               {"peers_up", core_.peers_up()},
               {"log_size", core_.log().size()},
               {"agreements", lineages}});
  return {};
}

Result<void> ControlDesk::carry(ConnectionId connection, InstallCommand command, UtcTime now) {
  HR_ASSIGN(auto verified, verify_install(command.files, core_.keyring(), core_.codes(),
                                          core_.known_lists(), now));
  const Lineage id = verified.agreement.id;
  const AgreementHash hash = verified.agreement.hash;
  const auto known = core_.lineages().find(id);
  if (known != core_.lineages().end()) {
    if (known->second->context().agreement.hash != hash)
      return denied("another version of this agreement is in force here",
                    "superseding an agreement is not supported by this version");
    // An installation that a crash cut short may not have told the hub: until there is a key, the
    // hub is told again, which changes nothing where it knows.
    KeyDesk& keys = known->second->keys();
    Work again = keys.key() ? Work{} : keys.announce(now);
    again.then.push_back([reply = reply_to(connection), id, hash](const Committed&) {
      reply.result({{"schema", "hedgerow/agreement-install/1"},
                    {"agreement", id.str()},
                    {"hash", to_sha256_name(hash.view())},
                    {"already", true}});
    });
    carry_out(connection, *known->second, std::move(again), now);
    return {};
  }
  HR_TRY(check_not_ended(verified.agreement, now));
  const bool is_hub = verified.agreement.hub == core_.setup().party;
  if (is_hub == core_.setup().listen.empty())
    return denied(is_hub ? "this node is the agreement's hub, but is not set up to listen"
                         : "this node is set up to listen, but is not the agreement's hub",
                  "see hub and listen in hedgerow.toml");
  HR_ASSIGN(LineageNode * node,
            core_.add_lineage(std::move(verified.agreement), std::move(verified.peers),
                              verified.record, verified.certificates, now));
  const Reply reply = reply_to(connection);
  Work work = node->keys().announce(now);
  work.then.push_back([reply, id, hash](const Committed&) {
    reply.result({{"schema", "hedgerow/agreement-install/1"},
                  {"agreement", id.str()},
                  {"hash", to_sha256_name(hash.view())},
                  {"already", false}});
  });
  carry_out(connection, *node, std::move(work), now);
  return {};
}

Result<void> ControlDesk::carry(ConnectionId connection, ListCommand, UtcTime now) {
  json list = json::array();
  for (auto& [id, node] : core_.lineages()) {
    const auto& a = node->context().agreement;
    json parties = json::array();
    for (const auto& p : a.parties)
      parties.push_back({{"party", p.id.str()}, {"name", p.name}, {"hub", p.roles.hub}});
    list.push_back({{"agreement", id.str()},
                    {"version", a.version},
                    {"title", a.title},
                    {"hash", to_sha256_name(a.hash.view())},
                    {"valid_from", policies::to_text(a.valid_from)},
                    {"valid_until", policies::to_text(a.valid_until)},
                    {"in_force", a.in_force(now) && node->keys().key().has_value()},
                    {"keys", node->keys().state()},
                    {"parties", parties}});
  }
  reply_to(connection).result({{"schema", "hedgerow/agreements/1"}, {"agreements", list}});
  return {};
}

Result<void> ControlDesk::carry(ConnectionId connection, KeysStatusCommand, UtcTime) {
  json list = json::array();
  for (auto& [id, node] : core_.lineages()) {
    json entry = {{"agreement", id.str()},
                  {"state", node->keys().state()},
                  {"ready", node->keys().key().has_value()}};
    if (const auto& key = node->keys().key()) {
      json keyholders = json::array();
      for (const auto& k : key->keyholders) keyholders.push_back(k.str());
      entry["key"] = key->key_id.hex();
      entry["threshold"] = key->threshold;
      entry["keyholders"] = keyholders;
      entry["share_here"] = node->keys().share().has_value();
      entry["transcript"] = to_hex(key->transcript_hash);
    }
    list.push_back(entry);
  }
  reply_to(connection).result({{"schema", "hedgerow/keys/1"}, {"keys", list}});
  return {};
}

Result<void> ControlDesk::carry(ConnectionId connection, ImportCommand command, UtcTime now) {
  HR_ASSIGN(LineageNode * node, lineage_of(command.agreement));
  HR_TRY(node->imports().begin(std::move(command.wanted), reply_to(connection), now));
  open_[connection].importing = node;
  return {};
}

Result<void> ControlDesk::carry(ConnectionId connection, AskCommand command, UtcTime now) {
  HR_ASSIGN(LineageNode * node, lineage_of(command.agreement));
  auto work = node->home().ask(command.statement, reply_to(connection), now);
  open_[connection].asking = {node, command.id};
  carry_out(connection, *node, std::move(work), now);
  return {};
}

Result<void> ControlDesk::carry(ConnectionId connection, ResultCommand command, UtcTime now) {
  HR_ASSIGN(LineageNode * node, lineage_of(command.agreement));
  open_[connection].asking = {node, command.id};
  carry_out(connection, *node, node->home().result(command.id, reply_to(connection), now), now);
  return {};
}

Result<void> ControlDesk::carry(ConnectionId connection, ShowCommand command, UtcTime) {
  auto& log = core_.log();
  const std::uint64_t size = log.size();
  const std::uint64_t limit = std::min<std::uint64_t>(command.limit, kMaxShown);
  const std::uint64_t from = command.from.value_or(size > limit ? size - limit : 0);
  json entries = json::array();
  std::size_t bytes = 0;
  for (std::uint64_t i = from; i < size && i - from < limit && bytes < kMaxRead; ++i) {
    HR_ASSIGN(const audit::Entry e, log.read(i));
    json fields = json::object();
    for (const auto& [key, value] : e.fields) {
      fields[key] = value;
      bytes += key.size() + value.size();
    }
    entries.push_back({{"index", i},
                       {"time", policies::utc_text(e.time)},
                       {"agreement", e.database},
                       {"kind", e.kind},
                       {"fields", fields}});
  }
  reply_to(connection)
      .result({{"schema", "hedgerow/log/1"},
               {"name", log.name()},
               {"size", size},
               {"checkpoint", log.checkpoint()},
               {"entries", entries}});
  return {};
}

// A piece of the log as it stands: the command line puts the pieces together into an export
// (node/audit/verify.h), so that neither side holds a whole log.
Result<void> ControlDesk::carry(ConnectionId connection, ReadCommand command, UtcTime) {
  auto& log = core_.log();
  json entries = json::array();
  std::size_t bytes = 0;
  for (std::uint64_t i = command.from; i < log.size() && bytes < kMaxRead; ++i) {
    HR_ASSIGN(const Bytes entry, log.read_bytes(i));
    bytes += entry.size();
    entries.push_back(to_base64(entry));
  }
  reply_to(connection)
      .result({{"schema", "hedgerow/log-read/1"},
               {"name", log.name()},
               {"key", log.key().vkey()},
               {"size", log.size()},
               {"checkpoint", log.checkpoint()},
               {"entries", entries}});
  return {};
}

}  // namespace hedgerow::core
