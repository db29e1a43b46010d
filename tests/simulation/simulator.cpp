#include "tests/simulation/simulator.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "tests/simulation/region_node.h"

namespace hedgerow::simulation {

namespace {

// How a node ends in the middle of its work.
struct Ended {};

constexpr std::uint64_t kMostStepsAtOneTime = 200'000;
constexpr std::size_t kTraceLines = 400;

}  // namespace

Region::Region(std::uint64_t seed, Options options)
    : options_(std::move(options)),
      paper_(choose_paper()),
      names_(paper_.shape.names()),
      folder_(make_folder()),
      now_(options_.with_key ? *paper_.key_at + std::chrono::hours(1) : from_unix_ms(kBeginning)),
      network_(seed_of("network", seed)) {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    auto n = std::make_unique<Node>();
    n->region = this;
    n->index = i;
    n->name = names_[i];
    n->rng.emplace(seed_of(n->name, seed));
    std::filesystem::copy((options_.with_key ? paper_.ready() : paper_.paper()) / n->name,
                          home(n->name), std::filesystem::copy_options::recursive);
    nodes_.push_back(std::move(n));
    bring_up(*nodes_.back());
  }
}

const Prepared& Region::choose_paper() {
  const Shape shape = options_.shape ? *options_.shape : standard_shape(options_.quotas);
  if (options_.edit || options_.node_life != kNodeLife) {
    HR_CHECK(!options_.with_key);
    own_paper_ = paper_of_its_own(shape, options_.edit, options_.node_life);
    return *own_paper_;
  }
  return options_.with_key ? prepared_region(shape) : prepared_paper(shape);
}

Region::~Region() {
  for (auto& n : nodes_) n->core.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Region::note(std::string line) {
  if (trace_.size() >= kTraceLines) trace_.pop_front();
  trace_.push_back(std::to_string((to_unix_ms(now_) - kBeginning) / 1000) + "s " + std::move(line));
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

UtcTime Region::clock_of(const Node& n) const { return now_ + n.ahead; }

void Region::set_clock(const std::string& party, std::chrono::milliseconds ahead) {
  node(party).ahead = ahead;
  note("clock of " + party + ": " + std::to_string(ahead.count()) + " ms ahead");
}

void Region::restart_later(Node& n) {
  at(now_ + options_.restart_after, [this, &n] {
    if (n.core == nullptr) bring_up(n);
  });
}

void Region::bring_up(Node& n) {
  HR_CHECK(n.core == nullptr);
  n.keyring.emplace(keys::Keyring::open(home(n.name)).value());
  core::CoreSetup setup;
  setup.party = PartyId::parse(n.name).value();
  (n.index == 0 ? setup.listen : setup.hub) = "tcp://127.0.0.1:0";
  setup.state = home(n.name) / "state";
  setup.durability = options_.durability;
  setup.restrictions = n.restrictions;
  if (const auto& officers = identities().trace_officers)
    setup.trace_officers = {officers->first.public_key, officers->second.public_key};
  setup.fault_point = [this, index = n.index](std::string_view point) { on_point(index, point); };
  std::error_code ec;
  std::filesystem::create_directories(setup.state, ec);
  n.activity = "start";
  ++n.incarnation;
  n.credits = ipc::Credits();
  n.configured.reset();
  n.has_gateway = true;
  try {
    auto opened = core::Core::open(std::move(setup), *n.keyring, *n.rng, n, clock_of(n));
    if (!opened.ok()) {
      if (!has_stopped(n, opened.error()))
        failures_.push_back(n.name + " does not start: " + opened.error().text);
      return;
    }
    n.core = std::move(opened).value();
  } catch (const Ended&) {
    if (options_.ended) options_.ended(n.name);
    restart_later(n);
    return;
  }
  note(n.name + " starts");
  witness_.look(n.name, n.core->log(), n.people);
  schedule(now_, n.index, ipc::Hello{});
}

// What was on its way from `gone` still arrives, and then the other end hears that the link is
// gone.
void Region::unlink(Node& leaf, const Node& gone) {
  if (!leaf.linked) return;
  leaf.linked = false;
  leaf.quiet_until = now_ + options_.longest_delay + leaf.slower + std::chrono::milliseconds(1);
  Node& other = gone.index == 0 ? leaf : *nodes_[0];
  if (other.core != nullptr)
    schedule(leaf.quiet_until, other.index, ipc::PeerDown{curve_of(gone.name)});
}

// All that was on its way to the node is lost.
void Region::lose(Node& n, bool disk_answers) {
  if (n.core == nullptr) return;
  if (disk_answers) witness_.look(n.name, n.core->log(), n.people);
  n.core.reset();
  n.configured.reset();
  note(n.name + " is gone");
  for (auto& [id, outcome] : outcomes_)
    if (outcome.party == n.name && !outcome.ended()) outcome.lost = true;
  for (auto& leaf : nodes_)
    if (leaf->index != 0 && (n.index == 0 || leaf.get() == &n)) unlink(*leaf, n);
}

void Region::crash(const std::string& party) { lose(node(party)); }
void Region::start(const std::string& party) {
  if (node(party).core == nullptr) bring_up(node(party));
}
bool Region::is_up(const std::string& party) const { return node(party).core != nullptr; }

void Region::restart_all() {
  for (auto& n : nodes_) lose(*n);
  run_for(std::chrono::seconds(1));
  for (auto& n : nodes_) bring_up(*n);
}

void Region::restrict_by(const std::string& party, const std::string& toml) {
  Node& n = node(party);
  n.restrictions = {};
  if (!toml.empty()) {
    auto read = policies::parse_restrictions(as_bytes(toml), "restrictions.toml");
    n.restrictions = read.ok() ? *read : policies::Restrictions::unreadable(read.error().text);
  }
  with(n, "restrict", [&](core::Core& core) { core.on_restrictions(n.restrictions, clock_of(n)); });
}

void Region::keep_copy(const std::string& party) {
  HR_CHECK(!is_up(party));
  std::filesystem::copy(home(party) / "state", home(party) / "copy",
                        std::filesystem::copy_options::recursive);
}

void Region::put_copy_back(const std::string& party) {
  HR_CHECK(!is_up(party));
  std::filesystem::remove_all(home(party) / "state");
  std::filesystem::rename(home(party) / "copy", home(party) / "state");
  witness_.set_back(party);
  note(party + " is set back to an older copy of itself");
}

core::Core& Region::core(const std::string& party) {
  HR_CHECK(is_up(party));
  return *node(party).core;
}

bool Region::has_lineage(const std::string& party) const {
  const Node& n = node(party);
  return n.core != nullptr && n.core->lineages().size() == 1;
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
  return {identities().nodes.at(party).node_keys().curve};
}

std::size_t Region::reports(const std::string& party) const { return node(party).reports; }
const std::string& Region::last_report(const std::string& party) const {
  return node(party).last_report;
}

// Whether that was to be expected, so that it comes back.
bool Region::has_stopped(Node& n, const Error& why) {
  if (!std::exchange(n.will_stop, false)) return false;
  note(n.name + " stops: " + why.text);
  stopped_.push_back(why);
  lose(n);
  if (options_.ended) options_.ended(n.name);
  restart_later(n);
  return true;
}

void Region::on_point(std::size_t index, std::string_view point) {
  Node& n = *nodes_[index];
  coverage_.pass(point, n.activity);
  for (auto it = plan_.begin(); it != plan_.end(); ++it) {
    if (it->party != n.name || it->point != point) continue;
    if (!it->during.empty() && it->during != n.activity) continue;
    if (it->skip > 0) {
      --it->skip;
      continue;
    }
    note(n.name + " ends at " + std::string(point) + " during " + n.activity);
    coverage_.hit(point, n.activity);
    const bool by_itself = it->by_itself;
    plan_.erase(it);
    if (options_.ends) {
      // The last time that its disk answers.
      if (n.core != nullptr) witness_.look(n.name, n.core->log(), n.people);
      options_.ends(n.name);
    }
    if (!by_itself) throw Ended{};
    n.will_stop = true;
    return;
  }
}

void Region::with(Node& n, std::string_view activity,
                  const std::function<void(core::Core&)>& what) {
  if (n.core == nullptr) return;
  n.activity = activity;
  try {
    what(*n.core);
  } catch (const Ended&) {
    lose(n, !options_.ends);
    if (options_.ended) options_.ended(n.name);
    restart_later(n);
    return;
  }
  witness_.look(n.name, n.core->log(), n.people);
  if (n.core->fatal() && !has_stopped(n, *n.core->fatal())) {
    failures_.push_back(n.name + " stopped: " + n.core->fatal()->text);
    lose(n);
  }
  update_links();
}

// --- time ---

void Region::at(UtcTime time, std::function<void()> what) {
  Event e;
  e.at = std::max(time, now_);
  e.number = next_event_++;
  e.call = std::move(what);
  events_.insert(std::move(e));
}

void Region::handle(Event e) {
  if (e.call) return e.call();
  Node& n = *nodes_[e.node];
  if (e.incarnation != n.incarnation || !n.core) return;
  const auto* credit = std::get_if<ipc::Credit>(&*e.message);
  if (credit != nullptr && !n.credits.is_up(credit->peer)) return;
  n.credits.apply(*e.message);
  std::string_view activity = "transport";
  if (const auto* received = std::get_if<ipc::Received>(&*e.message)) {
    const auto envelope = protocol::Envelope::decode(received->bytes);
    if (envelope.ok()) activity = activity_of(envelope->header().type);
  }
  with(n, activity, [&](core::Core& c) {
    c.on_time(clock_of(n));
    if (std::holds_alternative<ipc::Received>(*e.message)) on_point(n.index, "delivery");
    c.on_gateway(*e.message, clock_of(n));
  });
}

bool Region::step(UtcTime limit) {
  UtcTime at = limit + std::chrono::milliseconds(1);
  Node* sleeper = nullptr;
  for (auto& n : nodes_) {
    auto wake = n->core ? n->core->next_wake() : std::nullopt;
    if (wake) *wake -= n->ahead;
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
  with(*sleeper, "time", [&](core::Core& c) { c.on_time(clock_of(*sleeper)); });
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
