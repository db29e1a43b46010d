#include <algorithm>

#include "policies/question.h"
#include "protocol/asking.h"
#include "tests/simulation/region_node.h"

namespace hedgerow::simulation {

namespace {

using nlohmann::json;

constexpr std::size_t kTries = 20;

json signed_request(const Person& person, const std::string& agreement, const SessionId& id,
                    UtcTime not_after, policies::QuestionWords words) {
  words.agreement = "vale-cse";
  words.reason = "Which way missing episodes lead";
  const auto question = policies::make_question(words).value();
  const AgreementHash hash{sha256(as_bytes(agreement))};
  const auto statement = protocol::sign_question(person.key, person.certificate, question.agreement,
                                                 hash, id, not_after, policies::encode(question));
  return {
      {"command", "ask"}, {"agreement", "vale-cse"}, {"question", to_base64(statement.encode())}};
}

}  // namespace

void Region::on_reply(Node& n, core::ConnectionId id, const ipc::Frame& frame) {
  Outcome& o = outcomes_[id];
  const auto kind = ipc::control_kind(frame).value();
  if (kind == ipc::ControlKind::progress) {
    o.progress.push_back(json::parse(ipc::text_of(frame)));
    return;
  }
  if (kind == ipc::ControlKind::error) {
    o.error = ipc::read_error(frame);
    note(n.name + " answers its people: " + o.error->text);
    return;
  }
  o.result = json::parse(ipc::text_of(frame));
  note(n.name + " answers its people: done");
  if (o.result->value("schema", "") != "hedgerow/answer/1") return;
  for (auto& other : nodes_)
    if (other->core) witness_.look(other->name, other->core->log(), other->people);
  witness_.on_answer(n.name, names_.front(), shape().contributors(), o.result->value("id", ""),
                     o.result->at("evidence").value("answer", ""));
}

core::ConnectionId Region::command(const std::string& party, const json& request,
                                   const std::optional<std::string>& file) {
  const core::ConnectionId id = next_command_++;
  Outcome& o = outcomes_[id];
  o.party = party;
  Node& n = node(party);
  if (!n.core) {
    o.lost = true;
    return id;
  }
  const std::string name = request.value("command", "");
  const bool importing = name == "import-movements" || name == "import-crosswalk";
  const std::string_view activity = importing                     ? "import"
                                    : name == "agreement-install" ? "install"
                                                                  : "ask";
  if (importing) n.people = request.value("source", "");
  with(n, activity, [&](core::Core& c) {
    const UtcTime now = clock_of(n);
    c.on_control(id, ipc::control_frame(ipc::ControlKind::request, request.dump()), now);
    if (!file) return;
    for (std::size_t at = 0; at < file->size(); at += ipc::kMaxChunk)
      c.on_control(
          id,
          ipc::data_frame(as_bytes(*file).subspan(at, std::min(ipc::kMaxChunk, file->size() - at))),
          now);
    c.on_control(id, ipc::data_end_frame(), now);
  });
  return id;
}

Outcome Region::wait(core::ConnectionId id, std::chrono::seconds limit) {
  run_until([&] { return outcomes_.at(id).ended(); }, limit);
  return outcomes_.at(id);
}

void Region::hang_up(core::ConnectionId id) {
  Outcome& o = outcomes_.at(id);
  if (o.ended()) return;
  o.lost = true;
  with(node(o.party), "ask", [&](core::Core& c) { c.on_control_closed(id); });
}

json Region::install_request() const {
  return {{"command", "agreement-install"},
          {"agreement_file", to_base64(as_bytes(identities().agreement))},
          {"signatures", to_base64(as_bytes(identities().signatures))},
          {"certificates", to_base64(as_bytes(identities().bundle))}};
}

json Region::ask_request(const Ask& ask) const {
  const GrantShape& grant = shape().grants.at(ask.linked ? 0 : ask.grant);
  policies::QuestionWords words;
  words.purpose = ask.purpose.empty() ? grant.purpose : ask.purpose;
  words.kind = "flows";
  words.from = ask.from.empty() ? std::string(kPeriod) : ask.from;
  words.to = ask.to;
  words.by = "origin,destination";
  words.where = {"event=" + grant.event};
  if (ask.linked) {
    const LinkedShape& linked = shape().linked.at(*ask.linked);
    words.kind = linked.question;
    words.by = linked.question == "places" ? "destination" : linked.by_agency ? "agency" : "";
    words.where = {"event=" + linked.event};
  }
  const Person& person =
      ask.as_practitioner ? *identities().practitioner : identities().analysts.at(ask.home);
  return signed_request(person, identities().agreement, ask.id, now_ + std::chrono::hours(24),
                        std::move(words));
}

json Region::ask_request(const SessionId& id, const std::string& period) const {
  Ask ask;
  ask.home = shape().homes.front();
  ask.id = id;
  ask.from = period;
  return ask_request(ask);
}

json Region::ask_request(const SessionId& id, policies::QuestionWords words) const {
  words.purpose = shape().grants.front().purpose;
  return signed_request(identities().analysts.at(shape().homes.front()), identities().agreement, id,
                        now_ + std::chrono::hours(24), std::move(words));
}

bool Region::key_is_ready() const {
  return std::all_of(nodes_.begin(), nodes_.end(), [](const auto& n) {
    return n->core && n->core->lineages().size() == 1 &&
           n->core->lineages().begin()->second->keys().key().has_value();
  });
}

bool Region::install_everywhere() {
  for (const std::string& party : names_) {
    bool done = false;
    for (std::size_t i = 0; i < kTries && !done; ++i) {
      if (!run_until([&] { return is_up(party); }, std::chrono::seconds(60))) return false;
      done = wait(command(party, install_request())).result.has_value();
    }
    if (!done) return false;
  }
  return true;
}

// An officer who finds no key gives `agreement install` again, which harms nothing.
bool Region::generate_key(std::chrono::seconds limit) {
  const UtcTime end = now_ + limit;
  while (now_ < end) {
    if (!install_everywhere()) return false;
    if (run_until([&] { return key_is_ready(); }, std::chrono::seconds(300))) return true;
    if (!failures_.empty()) return false;
  }
  return false;
}

std::optional<json> Region::import(const std::string& party, const std::string& csv) {
  for (std::size_t i = 0; i < kTries; ++i) {
    if (!run_until([&] { return is_up(party); }, std::chrono::seconds(60))) return {};
    const Outcome o =
        wait(command(party, {{"command", "import-movements"}, {"source", "movements.csv"}}, csv));
    if (o.result) return o.result;
    // A node that stops comes back.
    if (o.error && o.error->code != Code::try_again && o.error->code != Code::internal) return {};
    run_for(std::chrono::seconds(30));
  }
  return {};
}

Outcome Region::ask(const SessionId& id, const policies::QuestionWords& words) {
  return wait(command(shape().homes.front(), ask_request(id, words)), std::chrono::seconds(1800));
}

std::optional<json> Region::ask(const SessionId& id) {
  const std::string home = shape().homes.front();
  const json first = ask_request(id);
  const json later = {{"command", "ask-result"}, {"agreement", "vale-cse"}, {"id", id.hex()}};
  bool asked = false;
  for (std::size_t i = 0; i < kTries; ++i) {
    if (!run_until([&] { return is_up(home); }, std::chrono::seconds(60))) return {};
    const auto id_of_command = command(home, asked ? later : first);
    const Outcome o = wait(id_of_command, std::chrono::seconds(1800));
    if (o.result) return o.result;
    if (!o.ended()) hang_up(id_of_command);
    if (!o.ended()) asked = true;
    // After the node ended it may know the question, or may have to be asked again.
    if (o.lost) asked = true;
    if (o.error && o.error->code == Code::bad_input) asked = false;
    if (o.error && o.error->code == Code::denied) return {};
    run_for(std::chrono::seconds(5));
  }
  return {};
}

}  // namespace hedgerow::simulation
