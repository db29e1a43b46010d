#include "tests/simulation/simulator.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "policies/question.h"
#include "protocol/asking.h"

namespace hedgerow::simulation {

namespace {

using nlohmann::json;

// How a node ends in the middle of its work.
struct Ended {};

constexpr std::uint64_t kMostStepsAtOneTime = 200'000;
constexpr std::size_t kTries = 20;

// In memory where there is such a place: nothing here is to outlive the process.
std::filesystem::path make_folder() {
  const char* chosen = std::getenv("TMPDIR");
  std::error_code ec;
  const auto base = chosen == nullptr && std::filesystem::is_directory("/dev/shm", ec)
                        ? std::filesystem::path("/dev/shm")
                        : std::filesystem::temp_directory_path();
  std::string pattern = (base / "hedgerow-XXXXXX").string();
  HR_CHECK(::mkdtemp(pattern.data()) != nullptr);
  return pattern;
}

}  // namespace

struct Region::Node : core::Surroundings {
  Region* region = nullptr;
  std::size_t index = 0;
  std::string name;
  std::optional<SeededRandom> rng;  // goes on through all lives
  std::optional<keys::Keyring> keyring;
  std::unique_ptr<core::Core> core;
  policies::Restrictions restrictions;
  std::uint64_t incarnation = 0;
  ipc::Credits credits;
  std::optional<ipc::Configure> configured;
  // The link to the hub, of every node but the hub.
  bool linked = false;
  UtcTime quiet_until{};           // until then the other end may not know that the link is gone
  UtcTime last_up{}, last_down{};  // latest arrival, to the hub and from it
  std::size_t reports = 0;
  std::string last_report;
  std::uint64_t steps = 0;
  UtcTime stepped_at{};

  bool send_to_peer(const ipc::CurveKey& peer, ByteView bytes) override {
    return region->transmit(*this, peer, bytes);
  }
  void configure_gateway(const ipc::Configure& c) override { configured = c; }
  void reply(core::ConnectionId id, const ipc::Frame& frame) override {
    Outcome& o = region->outcomes_[id];
    const auto kind = ipc::control_kind(frame).value();
    if (kind == ipc::ControlKind::error)
      o.error = ipc::read_error(frame);
    else if (kind == ipc::ControlKind::result)
      o.result = json::parse(ipc::text_of(frame));
    else
      o.progress.push_back(json::parse(ipc::text_of(frame)));
  }
  void report(const std::string& line) override {
    ++reports;
    last_report = line;
  }
  ipc::CurveKey curve() const { return {keyring->public_keys().curve}; }
};

Region::Region(std::uint64_t seed, Options options)
    : options_(options),
      folder_(make_folder()),
      now_(from_unix_ms(kBeginning)),
      network_(seed_of("network", seed)),
      people_(seed_of("people", seed)) {
  SeededRandom paper(seed_of("identities", seed));
  identities_ =
      make_identities(folder_, options_.quotas, options_.edit, now_, paper, options_.node_life);
  for (std::size_t i = 0; i < party_names().size(); ++i) {
    auto n = std::make_unique<Node>();
    n->region = this;
    n->index = i;
    n->name = party_names()[i];
    n->rng.emplace(seed_of(n->name, seed));
    nodes_.push_back(std::move(n));
    bring_up(*nodes_.back());
  }
}

Region::~Region() {
  for (auto& n : nodes_) n->core.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

// --- nodes ---

Region::Node& Region::node(const std::string& party) {
  return const_cast<Node&>(std::as_const(*this).node(party));
}

const Region::Node& Region::node(const std::string& party) const {
  const auto it =
      std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& n) { return n->name == party; });
  HR_CHECK(it != nodes_.end());
  return **it;
}

void Region::restrict_by(const std::string& party, const std::string& toml) {
  Node& n = node(party);
  n.restrictions = {};
  if (!toml.empty()) {
    auto read = policies::parse_restrictions(as_bytes(toml), "restrictions.toml");
    n.restrictions = read.ok() ? *read : policies::Restrictions::unreadable(read.error().text);
  }
  if (n.core != nullptr)
    with(n, [&](core::Core& core) { core.on_restrictions(n.restrictions, now_); });
}

void Region::bring_up(Node& n) {
  HR_CHECK(n.core == nullptr);
  n.keyring.emplace(keys::Keyring::open(home(n.name)).value());
  core::CoreSetup setup;
  setup.party = PartyId::parse(n.name).value();
  (n.index == 0 ? setup.listen : setup.hub) = "tcp://127.0.0.1:0";
  setup.state = home(n.name) / "state";
  setup.durability = store::Durability::simulated;
  setup.restrictions = n.restrictions;
  setup.fault_point = [this, index = n.index](std::string_view point) { on_point(index, point); };
  std::error_code ec;
  std::filesystem::create_directories(setup.state, ec);
  auto opened = core::Core::open(std::move(setup), *n.keyring, *n.rng, n, now_);
  if (!opened.ok()) {
    failures_.push_back(n.name + " does not start: " + opened.error().text);
    return;
  }
  ++n.incarnation;
  n.core = std::move(opened).value();
  n.credits = ipc::Credits();
  n.configured.reset();
  schedule(now_, n.index, ipc::Hello{});
}

// All that was on its way to the node is lost; what it sent still arrives, and then the other
// ends hear that the link is gone.
void Region::lose(Node& n) {
  if (n.core == nullptr) return;
  n.core.reset();
  n.keyring.reset();
  n.configured.reset();
  for (auto& [id, outcome] : outcomes_)
    if (outcome.party == n.name && !outcome.ended()) outcome.lost = true;
  const UtcTime noticed = now_ + options_.longest_delay + std::chrono::milliseconds(1);
  for (auto& leaf : nodes_) {
    if (leaf->index == 0 || !leaf->linked || (n.index != 0 && leaf.get() != &n)) continue;
    leaf->linked = false;
    leaf->quiet_until = noticed;
    Node& other = n.index == 0 ? *leaf : *nodes_[0];
    const auto peer = ipc::CurveKey{identities_.nodes.at(n.name).node_keys().curve};
    if (other.core != nullptr) schedule(noticed, other.index, ipc::PeerDown{peer});
  }
}

void Region::crash(const std::string& party) { lose(node(party)); }
void Region::start(const std::string& party) { bring_up(node(party)); }
bool Region::is_up(const std::string& party) const { return node(party).core != nullptr; }

void Region::restart_all() {
  for (auto& n : nodes_) lose(*n);
  run_for(std::chrono::seconds(1));
  for (auto& n : nodes_) bring_up(*n);
}

core::Core& Region::core(const std::string& party) {
  HR_CHECK(is_up(party));
  return *node(party).core;
}

core::LineageNode& Region::lineage(const std::string& party) {
  auto& all = core(party).lineages();
  HR_CHECK(all.size() == 1);
  return *all.begin()->second;
}

const keys::Keyring& Region::keyring(const std::string& party) const {
  return *node(party).keyring;
}

ipc::CurveKey Region::curve_of(const std::string& party) const {
  return {identities_.nodes.at(party).node_keys().curve};
}

bool Region::hub_lets_in(const std::string& party) const {
  const auto& hub = *nodes_[0];
  HR_CHECK(hub.configured.has_value());
  const auto& allowed = hub.configured->allowed;
  return std::find(allowed.begin(), allowed.end(), curve_of(party)) != allowed.end();
}

std::size_t Region::reports(const std::string& party) const { return node(party).reports; }
const std::string& Region::last_report(const std::string& party) const {
  return node(party).last_report;
}

void Region::on_point(std::size_t index, std::string_view point) {
  for (auto it = plan_.begin(); it != plan_.end(); ++it) {
    if (it->party != nodes_[index]->name || it->point != point) continue;
    if (it->skip > 0) {
      --it->skip;
      continue;
    }
    plan_.erase(it);
    throw Ended{};
  }
}

void Region::with(Node& n, const std::function<void(core::Core&)>& what) {
  if (n.core == nullptr) return;
  try {
    what(*n.core);
  } catch (const Ended&) {
    lose(n);
    Event restart;
    restart.at = now_ + options_.restart_after;
    restart.number = next_event_++;
    restart.node = n.index;
    restart.restart = true;
    events_.insert(std::move(restart));
    return;
  }
  if (n.core->fatal()) {
    failures_.push_back(n.name + " stopped: " + n.core->fatal()->text);
    lose(n);
  }
  update_links();
}

// --- the network ---

std::chrono::milliseconds Region::delay() {
  const auto span = options_.longest_delay - options_.shortest_delay;
  return options_.shortest_delay + std::chrono::milliseconds(random_below(
                                       network_, static_cast<std::uint64_t>(span.count()) + 1));
}

bool Region::chance(unsigned thousandths) {
  return thousandths != 0 && random_below(network_, 1000) < thousandths;
}

void Region::schedule(UtcTime at, std::size_t index, ipc::FromGateway message) {
  Event e;
  e.at = at;
  e.number = next_event_++;
  e.node = index;
  e.incarnation = nodes_[index]->incarnation;
  e.message = std::move(message);
  events_.insert(std::move(e));
}

// A link is there while both ends run, are configured, and the hub lets the node in.
void Region::update_links() {
  Node& hub = *nodes_[0];
  for (auto& leaf : nodes_) {
    if (leaf->index == 0 || leaf->linked) continue;
    if (!hub.core || !leaf->core || !hub.configured || !leaf->configured) continue;
    const auto& allowed = hub.configured->allowed;
    if (std::find(allowed.begin(), allowed.end(), leaf->curve()) == allowed.end()) continue;
    leaf->linked = true;
    const UtcTime at =
        std::max(now_, leaf->quiet_until) + options_.longest_delay + std::chrono::milliseconds(1);
    schedule(at, 0, ipc::PeerUp{leaf->curve()});
    schedule(at, 0, ipc::Credit{leaf->curve(), ipc::kWindow});
    schedule(at, leaf->index, ipc::PeerUp{hub.curve()});
    schedule(at, leaf->index, ipc::Credit{hub.curve(), ipc::kWindow});
  }
}

bool Region::transmit(Node& from, const ipc::CurveKey& to, ByteView bytes) {
  if (bytes.empty() || bytes.size() > ipc::kMaxMessage) return false;
  if (!from.credits.take(to, bytes.size())) return false;
  const auto it = std::find_if(nodes_.begin(), nodes_.end(),
                               [&](const auto& n) { return curve_of(n->name) == to; });
  HR_CHECK(it != nodes_.end());
  Node& receiver = **it;
  Node& leaf = from.index == 0 ? receiver : from;
  HR_CHECK(leaf.index != 0);
  frames_.push_back({now_, from.index, receiver.index, to_bytes(bytes)});
  const std::uint32_t cost = ipc::message_cost(bytes.size());
  const bool swallowed = hook_ && hook_(frames_.back());
  const std::size_t copies = chance(options_.duplication) ? 2 : 1;
  bool first = true;
  for (std::size_t i = 0; i < copies; ++i) {
    UtcTime at = now_ + delay();
    UtcTime& last = from.index == 0 ? leaf.last_down : leaf.last_up;
    if (options_.in_order) at = last = std::max(at, last);
    const bool lost = chance(options_.loss) || swallowed;
    if (!lost && leaf.linked && receiver.core)
      schedule(at, receiver.index, ipc::Received{curve_of(from.name), to_bytes(bytes)});
    if (first) schedule(at, from.index, ipc::Credit{to, cost});
    first = false;
  }
  return true;
}

void Region::inject(const std::string& to, const ipc::CurveKey& from, const Bytes& bytes) {
  with(node(to), [&](core::Core& c) { c.on_gateway(ipc::Received{from, bytes}, now_); });
}

// --- time ---

void Region::handle(Event e) {
  Node& n = *nodes_[e.node];
  if (e.restart) {
    if (!n.core) bring_up(n);
    return;
  }
  if (e.incarnation != n.incarnation || !n.core) return;
  const auto* credit = std::get_if<ipc::Credit>(&*e.message);
  if (credit != nullptr && !n.credits.is_up(credit->peer)) return;
  n.credits.apply(*e.message);
  with(n, [&](core::Core& c) {
    c.on_time(now_);
    if (std::holds_alternative<ipc::Received>(*e.message)) on_point(n.index, "delivery");
    c.on_gateway(*e.message, now_);
  });
}

bool Region::step(UtcTime limit) {
  UtcTime at = limit + std::chrono::milliseconds(1);
  Node* sleeper = nullptr;
  for (auto& n : nodes_) {
    const auto wake = n->core ? n->core->next_wake() : std::nullopt;
    if (!wake || *wake >= at) continue;
    at = *wake;
    sleeper = n.get();
  }
  if (!events_.empty() && events_.begin()->at <= std::min(at, limit)) {
    auto event = events_.extract(events_.begin());
    now_ = std::max(now_, event.value().at);
    handle(std::move(event.value()));
    return true;
  }
  if (sleeper == nullptr) {
    now_ = std::max(now_, limit);
    return false;
  }
  now_ = std::max(now_, at);
  sleeper->steps = sleeper->stepped_at == now_ ? sleeper->steps + 1 : 0;
  sleeper->stepped_at = now_;
  HR_CHECK(sleeper->steps < kMostStepsAtOneTime);  // it asks to be woken again and again
  with(*sleeper, [&](core::Core& c) { c.on_time(now_); });
  return true;
}

bool Region::run_until(const std::function<bool()>& done, std::chrono::seconds limit) {
  const UtcTime end = now_ + limit;
  while (!done())
    if (!failures_.empty() || !step(end)) return done();
  return true;
}

void Region::run_for(std::chrono::seconds time) {
  run_until([] { return false; }, time);
}

// --- commands ---

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
  with(n, [&](core::Core& c) {
    c.on_control(id, ipc::control_frame(ipc::ControlKind::request, request.dump()), now_);
    if (!file) return;
    for (std::size_t at = 0; at < file->size(); at += ipc::kMaxChunk)
      c.on_control(
          id,
          ipc::data_frame(as_bytes(*file).subspan(at, std::min(ipc::kMaxChunk, file->size() - at))),
          now_);
    c.on_control(id, ipc::data_end_frame(), now_);
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
  with(node(o.party), [&](core::Core& c) { c.on_control_closed(id); });
}

json Region::install_request() const {
  return {{"command", "agreement-install"},
          {"agreement_file", to_base64(as_bytes(identities_.agreement))},
          {"signatures", to_base64(as_bytes(identities_.signatures))},
          {"certificates", to_base64(as_bytes(identities_.bundle))}};
}

json Region::ask_request(const SessionId& id, const std::string& period) const {
  policies::QuestionWords words;
  words.kind = "flows";
  words.from = period.empty() ? std::string(kPeriod) : period;
  words.by = "origin,destination";
  words.where = {"event=missing"};
  return ask_request(id, words);
}

json Region::ask_request(const SessionId& id, policies::QuestionWords words) const {
  words.agreement = "vale-cse";
  words.purpose = "pattern-detection";
  words.reason = "Which way missing episodes lead";
  const auto question = policies::make_question(words).value();
  const AgreementHash hash{sha256(as_bytes(identities_.agreement))};
  const auto statement =
      protocol::sign_question(*identities_.analyst_key, *identities_.analyst, question.agreement,
                              hash, id, now_ + std::chrono::hours(24), policies::encode(question));
  return {
      {"command", "ask"}, {"agreement", "vale-cse"}, {"question", to_base64(statement.encode())}};
}

bool Region::key_is_ready() const {
  return std::all_of(nodes_.begin(), nodes_.end(), [](const auto& n) {
    return n->core && n->core->lineages().size() == 1 &&
           n->core->lineages().begin()->second->keys().key().has_value();
  });
}

bool Region::install_everywhere() {
  for (const std::string& party : party_names()) {
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
    if (o.error && o.error->code != Code::try_again) return {};
    run_for(std::chrono::seconds(30));
  }
  return {};
}

Outcome Region::ask(const SessionId& id, const policies::QuestionWords& words) {
  return wait(command("vale-council", ask_request(id, words)), std::chrono::seconds(1800));
}

std::optional<json> Region::ask(const SessionId& id) {
  const std::string home = "vale-council";
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

std::string Region::fingerprint() const {
  Sha256Stream hash;
  for (const SentFrame& f : frames_) {
    Writer w;
    w.i64(to_unix_ms(f.at)).u64(f.from).u64(f.to).bytes(f.bytes);
    hash.update(w.data());
  }
  for (const auto& n : nodes_) {
    std::ifstream file(home(n->name) / "state" / "log" / "entries", std::ios::binary);
    const Bytes bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    Writer w;
    w.text(n->name).bytes(bytes);
    hash.update(w.data());
  }
  return to_hex(hash.finish());
}

}  // namespace hedgerow::simulation
