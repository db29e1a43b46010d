#include "node/core/core.h"

#include <algorithm>

#include "node/core/control_desk.h"

namespace hedgerow::core {

namespace {

// Cannot be a lineage's name.
constexpr const char* kNodeDatabase = ".node";
constexpr std::string_view kRestrictionsKind = "restrictions-noted";
constexpr std::chrono::hours kNotedFor{24 * 366 * 10};
constexpr const char* kWholeHint = "put back the newest copy of the whole state folder";

class KeyringWrap : public store::KeyWrap {
 public:
  explicit KeyringWrap(const keys::Keyring& keyring) : keyring_(keyring) {}
  Bytes wrap(std::string_view purpose, ByteView key, Random& rng) const override {
    return keyring_.wrap(purpose, key, rng);
  }
  Result<SecretBytes> unwrap(std::string_view purpose, ByteView wrapped) const override {
    return keyring_.unwrap(purpose, wrapped);
  }

 private:
  const keys::Keyring& keyring_;
};

audit::Durability log_durability(store::Durability d) {
  return d == store::Durability::full ? audit::Durability::full : audit::Durability::simulated;
}

Result<audit::DatabaseState> state_of(std::string name, store::Database& db) {
  HR_ASSIGN(const auto covered, db.covered_log());
  audit::DatabaseState state;
  state.name = std::move(name);
  state.generation = db.generation();
  state.covered_size = covered.size;
  state.covered_root = covered.root;
  return state;
}

}  // namespace

struct Core::LinkOutlet : Outlet {
  explicit LinkOutlet(Surroundings& s) : surroundings(s) {}
  bool send(const ByteArray<32>& curve_key, ByteView bytes) override {
    return surroundings.send_to_peer({curve_key}, bytes);
  }
  Surroundings& surroundings;
};

Core::Core(CoreSetup setup, keys::Keyring& keyring, Random& rng, Surroundings& surroundings)
    : setup_(std::move(setup)),
      keyring_(keyring),
      rng_(rng),
      surroundings_(surroundings),
      codes_(policies::CodeList::shipped()),
      wrap_(std::make_unique<KeyringWrap>(keyring)),
      outlet_(std::make_unique<LinkOutlet>(surroundings)),
      control_(std::make_unique<ControlDesk>(*this)) {}

Core::~Core() = default;

Result<std::unique_ptr<Core>> Core::open(CoreSetup setup, keys::Keyring& keyring, Random& rng,
                                         Surroundings& surroundings, UtcTime now) {
  if (keyring.party() != setup.party)
    return configuration("the node's keys belong to " + keyring.party().str() +
                             ", the configuration says " + setup.party.str(),
                         "put the right party into hedgerow.toml, or the right keys in place");
  std::unique_ptr<Core> core(new Core(std::move(setup), keyring, rng, surroundings));
  HR_TRY(core->start(now));
  return core;
}

// Nothing is made anew beside what is left of a node.
Result<void> Core::check_files(const std::filesystem::path& state) {
  std::error_code ec;
  const auto there = [&](const char* name) { return std::filesystem::exists(state / name, ec); };
  if (!there("node.db") && (there("log/confirmed") || there("log/entries")))
    return configuration("the node's database " + (state / "node.db").string() +
                             " is missing, and its audit log is there",
                         kWholeHint);
  if (there("node.db") && !there("node.key"))
    return configuration(
        "the key of the node's database, " + (state / "node.key").string() + ", is missing",
        kWholeHint);
  // A creation that was cut short leaves an empty file of entries, and no confirmed state.
  if (!there("log/confirmed") && there("log/entries") &&
      std::filesystem::file_size(state / "log/entries", ec) != 0)
    return configuration(
        "the audit log in " + (state / "log").string() + " lacks its confirmed state", kWholeHint);
  return {};
}

Result<void> Core::start(UtcTime now) {
  const auto log_dir = setup_.state / "log";
  std::error_code ec;
  const bool first = !std::filesystem::exists(setup_.state / "node.db", ec);
  const bool has_log = std::filesystem::exists(log_dir / "confirmed", ec);
  const std::string name = audit::log_name(setup_.party);
  HR_TRY(check_files(setup_.state));
  if (first) {
    HR_ASSIGN(auto node_store,
              store::NodeStore::create(setup_.state, *wrap_, setup_.durability, rng_));
    store_ = std::make_unique<store::NodeStore>(std::move(node_store));
  } else {
    HR_ASSIGN(auto node_store, store::NodeStore::open(setup_.state, *wrap_, setup_.durability));
    store_ = std::make_unique<store::NodeStore>(std::move(node_store));
  }
  // Only a first start that was cut short has a database that nothing was ever written to, and no
  // log.
  HR_ASSIGN(const auto covered, store_->database().covered_log());
  if (!has_log && (store_->database().generation() != 0 || covered.size != 0))
    return configuration("the audit log in " + log_dir.string() + " is missing", kWholeHint);
  HR_ASSIGN(auto log, has_log ? audit::Log::open(log_dir, name, keyring_.log(),
                                                 log_durability(setup_.durability))
                              : audit::Log::create(log_dir, name, keyring_.log(),
                                                   log_durability(setup_.durability)));
  log_ = std::make_unique<audit::Log>(std::move(log));
  if (log_->cut_bytes() != 0)
    surroundings_.report("the log ended in an entry that a power cut left unfinished; cut off");
  if (log_->last_time()) latest_ = *log_->last_time();
  HR_TRY(open_lineages(clock(now)));
  return note_restrictions(clock(now));
}

// Beside the note stands what was noted last, so that a file that went while the node was off
// leaves its trace too. Without a row nothing was noted: there was no file.
Result<Work> Core::restrictions_note(store::LineageStore& store, const Lineage& lineage,
                                     UtcTime now) {
  const policies::Restrictions& r = setup_.restrictions;
  const SessionId row{};
  Writer w;
  w.raw(r.hash.view()).u8(r.fault.empty() ? 0 : 1);
  HR_ASSIGN(const auto last, store.sessions().get(row, std::string(kRestrictionsKind)));
  Work work;
  if (last ? std::ranges::equal(last->state, w.data()) : r.none()) return work;
  work.note("restrictions", {{"agreement", lineage.str()},
                             {"hash", r.hash.hex()},
                             {"refuse", std::to_string(r.refuse.size())},
                             {"raise", std::to_string(r.raise.size())},
                             {"fault", r.fault.empty() ? "none" : "cannot be read"}});
  work.write([=, state = std::move(w).take()](store::LineageStore& s) {
    return s.sessions().put({row,
                             std::string(kRestrictionsKind),
                             {},
                             WipingBytes(state.begin(), state.end()),
                             now + kNotedFor,
                             false});
  });
  return work;
}

// On every lineage's behalf, since each has decisions made under them.
Result<void> Core::note_restrictions(UtcTime now) {
  for (auto& [id, node] : lineages_) {
    HR_ASSIGN(Work work, restrictions_note(node->context().store, id, now));
    if (!work.empty()) HR_TRY(node->commit(std::move(work), now));
  }
  return {};
}

void Core::on_restrictions(policies::Restrictions restrictions, UtcTime now) {
  if (fatal_) return;
  if (!restrictions.fault.empty()) surroundings_.report(restrictions.fault);
  setup_.restrictions = std::move(restrictions);
  const auto noted = note_restrictions(clock(now));
  if (!noted.ok()) note(noted.error());
}

Result<void> Core::open_lineages(UtcTime now) {
  std::vector<audit::DatabaseState> states;
  HR_ASSIGN(auto node_state, state_of(kNodeDatabase, store_->database()));
  states.push_back(std::move(node_state));
  std::vector<store::LineageStore> stores;
  HR_ASSIGN(const auto names, store_->lineages());
  for (const Lineage& lineage : names) {
    HR_ASSIGN(auto opened, store_->open_lineage(lineage));
    HR_ASSIGN(auto state, state_of(lineage.str(), opened.database()));
    states.push_back(std::move(state));
    stores.push_back(std::move(opened));
  }
  // A tombstone explains why a database that the log confirms is gone.
  HR_ASSIGN(const auto tombstones, store_->tombstones());
  for (const store::Tombstone& t : tombstones) {
    audit::DatabaseState gone;
    gone.name = t.lineage.str();
    gone.withdrawn = true;
    states.push_back(std::move(gone));
  }
  at("start_opened");
  HR_ASSIGN(const auto reconciled, log_->reconcile(states, now, rng_));
  at("start_agreed");
  // What a store says is read when the log has vouched for its moment.
  std::vector<LineageContext> contexts;
  for (store::LineageStore& opened : stores) {
    HR_ASSIGN(auto context, read_context(setup_.party, std::move(opened), codes_));
    if (context) contexts.push_back(*std::move(context));
  }
  HR_TRY(store_->database().accept());
  for (LineageContext& context : contexts) HR_TRY(context.store.database().accept());
  if (reconciled.abandoned != 0)
    surroundings_.report("the log held " + std::to_string(reconciled.abandoned) +
                         " entries whose work a crash prevented; noted as abandoned");
  for (LineageContext& context : contexts) {
    const Lineage id = context.id();
    HR_ASSIGN(auto node, make_node(std::move(context), now));
    auto renewal = node->identities().restore(now);
    if (!renewal.ok())
      note(renewal.error());  // the certificate before stays in use
    else if (!renewal->empty())
      HR_TRY(node->commit(std::move(renewal).value(), now));
    lineages_.emplace(id, std::move(node));
  }
  return {};
}

Result<std::unique_ptr<LineageNode>> Core::make_node(LineageContext context, UtcTime now) {
  context.restrictions = &setup_.restrictions;
  context.trace_officers = setup_.trace_officers;
  auto node = std::make_unique<LineageNode>(
      std::move(context), Environment{keyring_, rng_, *log_, *outlet_, setup_.fault_point}, codes_);
  HR_TRY(node->restore(now));
  return node;
}

Result<LineageNode*> Core::add_lineage(policies::Agreement agreement, Peers peers,
                                       const store::AgreementRecord& record,
                                       const std::vector<store::CertificateRecord>& certificates,
                                       UtcTime now) {
  const Lineage id = agreement.id;
  HR_ASSIGN(const auto known, store_->lineages());
  const bool exists = std::find(known.begin(), known.end(), id) != known.end();
  HR_ASSIGN(auto opened, exists ? store_->open_lineage(id) : store_->create_lineage(id, rng_, now));
  at("install_stored");
  std::vector<store::PeerRecord> rows;
  for (const auto& [party, peer] : peers.all())
    rows.push_back({id, party, peer.keys().curve, party == agreement.hub});

  HR_ASSIGN(
      auto node,
      make_node({setup_.party, std::move(agreement), std::move(peers), std::move(opened)}, now));
  Work work;
  work.note("agreement.installed", {{"agreement", id.str()},
                                    {"version", std::to_string(record.version)},
                                    {"hash", record.hash.hex()}});
  HR_ASSIGN(Work restrictions, restrictions_note(node->context().store, id, now));
  work.add(std::move(restrictions));
  const auto reidentification = setup_.reidentification;
  std::vector<store::RevocationRecord> lists;
  for (const auto& [party, peer] : node->context().peers.all())
    if (peer.revoked) lists.push_back({party, peer.revoked->number(), peer.revoked->der()});
  work.write([&](store::LineageStore& s) -> Result<void> {
    HR_TRY(s.agreements().add(record));
    for (const auto& list : lists) HR_TRY(s.revocations().put(list));
    for (const auto& c : certificates) HR_TRY(s.agreements().put_certificate(c));
    if (reidentification) HR_TRY(s.set_reidentification_key(reidentification->bytes));
    return {};
  });
  HR_TRY(node->commit(std::move(work), now));
  at("install_committed");
  {
    HR_ASSIGN(auto t, store::Transaction::begin(store_->database()));
    HR_TRY(store_->replace_peers(id, rows));
    HR_ASSIGN(const std::uint64_t generation, t.commit());
    HR_TRY(log_->confirm(kNodeDatabase, generation));
  }
  LineageNode* added = node.get();
  lineages_[id] = std::move(node);
  configure_gateway();
  return added;
}

void Core::configure_gateway() {
  if (lineages_.empty()) return;
  ipc::Configure c;
  c.own = {keyring_.public_keys().curve};
  if (!setup_.listen.empty()) {
    c.role = ipc::Role::hub;
    c.endpoint = setup_.listen;
    std::set<ipc::CurveKey> allowed;
    for (const auto& [id, node] : lineages_)
      for (const auto& [party, peer] : node->context().peers.all())
        if (party != setup_.party && node->context().is_hub() && !peer.has_revoked(peer.node))
          allowed.insert({peer.keys().curve});
    c.allowed.assign(allowed.begin(), allowed.end());
  } else {
    const LineageContext& context = lineages_.begin()->second->context();
    c.role = ipc::Role::node;
    c.endpoint = setup_.hub;
    c.hub = {context.peers.find(context.agreement.hub)->keys().curve};
  }
  surroundings_.configure_gateway(c);
}

// The file first: what a crash leaves undone in a lineage, its next start does.
Result<void> Core::renew(const Certificate& renewed, UtcTime now) {
  if (lineages_.empty())
    return denied("no agreement is installed on this node",
                  "without one, `hedgerow agency accept` puts a certificate in place");
  for (const auto& [id, node] : lineages_) {
    const Peer& own = *node->context().peers.find(setup_.party);
    if (!(own.node == renewed)) HR_TRY(own.check_renewal(renewed, now));
  }
  HR_TRY(keyring_.install_certificate(renewed));
  for (auto& [id, node] : lineages_) {
    HR_ASSIGN(Work work, node->identities().renew(renewed, now));
    if (work.empty()) continue;
    const auto done = node->commit(std::move(work), now);
    if (done.ok()) continue;
    note(done.error());
    return done.error();
  }
  warned_on_ = {};
  return {};
}

// Every lineage is looked at before any is changed.
Result<std::vector<PartyId>> Core::publish(const RevocationList& list, UtcTime now) {
  std::vector<PartyId> owners;
  for (const auto& [id, node] : lineages_) {
    const Peer* owner = node->identities().owner_of(list);
    if (owner == nullptr) continue;
    HR_TRY(node->identities().check_list(*owner, list, now));
    owners.push_back(owner->id);
  }
  if (owners.empty())
    return bad_input("the list of revoked certificates is of no root that an agreement here names",
                     "a list is made by `hedgerow agency revoke` with the root of a party");
  for (auto& [id, node] : lineages_) {
    const Peer* owner = node->identities().owner_of(list);
    if (owner == nullptr) continue;
    HR_ASSIGN(Work work, node->publish(*owner, list, now));
    if (work.empty()) continue;
    const auto done = node->commit(std::move(work), now);
    if (!done.ok()) {
      note(done.error());
      return done.error();
    }
    if (node->take_revoked()) configure_gateway();
  }
  return owners;
}

std::vector<RevocationList> Core::known_lists() const {
  std::vector<RevocationList> lists;
  for (const auto& [id, node] : lineages_)
    for (const auto& [party, peer] : node->context().peers.all())
      if (peer.revoked) lists.push_back(*peer.revoked);
  return lists;
}

void Core::warn_of_expiry(UtcTime now) {
  const auto today = std::chrono::floor<std::chrono::days>(now);
  if (today == warned_on_) return;
  warned_on_ = today;
  std::set<PartyId> named;
  for (const auto& [id, node] : lineages_)
    for (const auto& [party, peer] : node->context().peers.all()) {
      if (peer.has_revoked(peer.node) || !peer.expires_soon(now) || !named.insert(party).second)
        continue;
      const bool own = party == setup_.party;
      surroundings_.report(
          (own ? "this node's certificate" : "the node certificate of " + party.str()) +
          (now < peer.node.not_after() ? " expires on " : " has expired, on ") +
          policies::utc_text(peer.node.not_after()) +
          (own ? "; have the officer issue a new one, and give it to the node: hedgerow keys renew"
               : ""));
    }
}

// Never goes back: not behind the last event, nor behind the last entry of the log.
UtcTime Core::clock(UtcTime now) {
  latest_ = std::max(latest_, now);
  return latest_;
}

void Core::note(const Error& error) {
  std::string line = error.text;
  if (error.text.find(error.culprit) == std::string::npos) line += " (" + error.culprit + ")";
  if (!error.hint.empty()) line += "; " + error.hint;
  surroundings_.report(line);
  if (is_fatal(error) && !fatal_) fatal_ = error;
}

void Core::on_received(const ipc::Received& message, UtcTime now) {
  auto envelope = protocol::Envelope::decode(message.bytes);
  if (!envelope.ok()) return note(envelope.error());
  const auto& h = envelope->header();
  const auto it = lineages_.find(h.lineage);
  if (it == lineages_.end())
    return note(
        Error{Code::bad_input, "a message of an agreement not installed here", h.sender.str(), {}});
  const LineageContext& context = it->second->context();
  const Peer* hop = context.peers.by_curve_key(message.peer.bytes);
  // Whoever handed it over is, at the hub, its sender; elsewhere, the hub.
  const PartyId& expected = context.is_hub() ? h.sender : context.agreement.hub;
  if (hop != nullptr && hop->has_revoked(hop->node)) return note(hop->check_standing(now).error());
  if (hop == nullptr || hop->id != expected)
    return note(Error{Code::bad_input,
                      "a message handed over by somebody else than its sender",
                      hop == nullptr ? "" : hop->id.str(),
                      {}});
  if (h.receiver != setup_.party) {
    const Peer* receiver = context.is_hub() ? context.peers.find(h.receiver) : nullptr;
    if (receiver == nullptr)
      return note(Error{Code::bad_input, "a message for somebody else", h.sender.str(), {}});
    surroundings_.send_to_peer({receiver->keys().curve}, message.bytes);
    return;
  }
  const auto done = it->second->on_envelope(*envelope, now);
  if (!done.ok()) note(done.error());
  if (it->second->take_revoked()) configure_gateway();
}

void Core::on_gateway(const ipc::FromGateway& message, UtcTime real_now) {
  if (fatal_) return;
  const UtcTime now = clock(real_now);
  if (std::holds_alternative<ipc::Hello>(message)) {
    gateway_up_ = true;
    peers_up_.clear();
    fresh_.clear();
    configure_gateway();
  } else if (const auto* up = std::get_if<ipc::PeerUp>(&message)) {
    const bool known = std::any_of(lineages_.begin(), lineages_.end(), [&](const auto& l) {
      return l.second->context().peers.by_curve_key(up->peer.bytes) != nullptr;
    });
    if (!known) return;
    peers_up_.insert(up->peer);
    fresh_.insert(up->peer);
  } else if (const auto* down = std::get_if<ipc::PeerDown>(&message)) {
    peers_up_.erase(down->peer);
    fresh_.erase(down->peer);
  } else if (const auto* credit = std::get_if<ipc::Credit>(&message)) {
    // The first credit after a peer came up is when something can be sent to it.
    const bool first = fresh_.erase(credit->peer) != 0;
    for (auto& [id, node] : lineages_)
      first ? node->on_peer_up(credit->peer.bytes, now) : node->on_credit(credit->peer.bytes, now);
  } else if (const auto* received = std::get_if<ipc::Received>(&message)) {
    on_received(*received, now);
  } else if (const auto* trouble = std::get_if<ipc::Trouble>(&message)) {
    surroundings_.report("gateway: " + trouble->text);
  } else if (const auto* listening = std::get_if<ipc::Listening>(&message)) {
    surroundings_.report("gateway: listening on " + listening->endpoint);
  }
}

void Core::on_gateway_lost() {
  gateway_up_ = false;
  peers_up_.clear();
  fresh_.clear();
}

void Core::on_control(ConnectionId connection, const ipc::Frame& frame, UtcTime now) {
  if (!fatal_) control_->on_frame(connection, frame, clock(now));
}

void Core::on_control_closed(ConnectionId connection) { control_->on_closed(connection); }

void Core::on_time(UtcTime real_now) {
  if (fatal_) return;
  const UtcTime now = clock(real_now);
  warn_of_expiry(now);
  for (auto& [id, node] : lineages_) {
    const auto done = node->on_time(now);
    if (!done.ok()) note(done.error());
  }
}

std::optional<UtcTime> Core::next_wake() const {
  std::optional<UtcTime> at;
  for (const auto& [id, node] : lineages_) {
    const auto t = node->next_wake();
    if (t && (!at || *t < *at)) at = t;
  }
  return at;
}

}  // namespace hedgerow::core
