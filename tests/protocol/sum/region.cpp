#include "tests/protocol/sum/region.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace hedgerow::protocol::sum {

PartyId party(std::string_view name) { return PartyId::parse(name).value(); }

ByteArray<32> seed_of(std::uint64_t number) {
  ByteArray<32> seed{};
  for (std::size_t i = 0; i < 8; ++i)
    seed[i] = static_cast<std::uint8_t>((number >> (8 * i)) & 0xffU);
  return seed;
}

Plain operator+(Plain a, const Plain& b) {
  const auto add = [](auto& x, const auto& y) {
    x.resize(y.size());
    for (std::size_t i = 0; i < y.size(); ++i) x[i] += y[i];
  };
  add(a.v, b.v);
  add(a.c, b.c);
  add(a.k, b.k);
  add(a.z, b.z);
  return a;
}

Plain random_plain(Random& rng, std::size_t cells) {
  Plain p;
  for (std::size_t i = 0; i < cells; ++i) {
    const std::uint64_t children = random_below(rng, 3) == 0 ? 0 : random_below(rng, 20);
    p.c.push_back(children);
    p.v.push_back(children == 0 ? 0 : children + random_below(rng, 50));
    p.k.push_back(children >= 8 ? 1 : 0);
    p.z.push_back(children > 0 && children < 8 ? 1 : 0);
  }
  return p;
}

SumInput to_input(const Plain& p) {
  SumInput in;
  in.v.assign(p.v.begin(), p.v.end());
  in.c.assign(p.c.begin(), p.c.end());
  in.k.assign(p.k.begin(), p.k.end());
  in.z.assign(p.z.begin(), p.z.end());
  return in;
}

Plain to_plain(const SumFigures& f) {
  return {{f.v.begin(), f.v.end()},
          {f.c.begin(), f.c.end()},
          {f.k.begin(), f.k.end()},
          {f.z.begin(), f.z.end()}};
}

Region::Region(std::uint64_t seed, std::size_t contributors, std::size_t cell_count)
    : cells(cell_count) {
  SeededRandom rng(seed_of(seed));
  const auto fork = [&rng] {
    ByteArray<32> s{};
    rng.fill(s);
    return std::make_unique<SeededRandom>(s);
  };
  hub.key = std::make_unique<SigningKey>(SigningKey::random(rng));
  for (std::size_t i = 0; i < contributors; ++i) {
    Node node;
    node.id = party("agency-" + std::string(1, static_cast<char>('a' + i)));
    node.key = std::make_unique<SigningKey>(SigningKey::random(rng));
    node.rng = fork();
    node.input = random_plain(rng, cells);
    ids.push_back(node.id);
    nodes.emplace(node.id, std::move(node));
  }
}

Parties Region::parties(const PartyId& self) const {
  Parties p{self, hub_id, {}, nullptr};
  p.keys[hub_id] = hub.key->verify_key();
  for (const auto& [id, node] : nodes) p.keys[id] = node.key->verify_key();
  p.key = self == hub_id ? hub.key.get() : nodes.at(self).key.get();
  return p;
}

Manifest Region::manifest(std::uint32_t attempt, std::vector<PartyId> contributors) const {
  Manifest m;
  m.lineage = Lineage::parse("vale-cse").value();
  m.agreement.bytes.fill(0xa9);
  m.grant = "movements";
  m.table = "flows";
  m.period = "2026-Q1";
  m.release = release_id(m.lineage, m.grant, m.table, m.period);
  m.place_level = "social-care-authority";
  m.cell_space.bytes.fill(0xce);
  m.cells = static_cast<std::uint32_t>(cells);
  m.contributors = contributors.empty() ? ids : std::move(contributors);
  m.editions_head.bytes.fill(0xed);
  m.thresholds = {8, 1, 5, false};
  m.attempt = attempt;
  m.expiry = now + kAttemptTime;
  return m;
}

Plain Region::total() const {
  Plain sum;
  for (const auto& [id, node] : nodes) sum = std::move(sum) + node.input;
  return sum;
}

Result<void> Region::start(std::uint32_t attempt, std::vector<PartyId> contributors) {
  HubSetup setup;
  setup.parties = parties(hub_id);
  setup.manifest = manifest(attempt, std::move(contributors));
  setup.session.bytes.fill(static_cast<std::uint8_t>(attempt));
  HR_ASSIGN(auto begun, SumHub::begin(std::move(setup), now));
  hub.role = std::move(begun.first);
  hub.failure.reset();
  commit_hub(std::move(begun.second));
  return {};
}

void Region::send(const PartyId& from, std::vector<Outgoing> out) {
  for (Outgoing& o : out) {
    wire.push_back({from, o.to, o.type, std::move(o.body)});
    sent.push_back(wire.back());
  }
}

Crash Region::next_crash(const PartyId& who) {
  ++steps;
  return crash_at ? crash_at(who, steps) : Crash::none;
}

void Region::commit(Node& node, Step step) {
  if (step.state) node.state = to_bytes(step.state->expose());
  if (node.role->opened()) {
    // The marker's key is the release: a second one with another roster cannot be written.
    ASSERT_TRUE(!node.opened || *node.opened == *node.role->opened());
    node.opened = node.role->opened();
  }
  send(node.id, std::move(step.send));
}

void Region::commit_hub(Step step) {
  if (step.state) hub.state = to_bytes(step.state->expose());
  if (step.finished) {
    hub.state.reset();
    hub.failure = hub.role->failure();
    if (hub.role->has_figures()) {
      ASSERT_FALSE(hub.figures.has_value());
      hub.figures = to_plain(std::move(*hub.role).take_figures());
    }
  }
  send(hub_id, std::move(step.send));
}

void Region::crash(const PartyId& who) {
  if (who == hub_id) {
    hub.role.reset();
    if (!hub.state) return;
    auto role = SumHub::restore(parties(hub_id), std::chrono::seconds(60), *hub.state);
    ASSERT_TRUE(role.ok()) << role.error().text;
    hub.role = std::move(role).value();
    return;
  }
  Node& node = nodes.at(who);
  node.role.reset();
  if (!node.state) return;
  auto role = SumContributor::restore(parties(who), node.opened, *node.state);
  ASSERT_TRUE(role.ok()) << role.error().text;
  node.role = std::move(role).value();
}

Result<void> Region::receive(const Message& m) {
  auto result = m.to == hub_id ? hub_receives(m) : node_receives(nodes.at(m.to), m);
  if (!result.ok()) errors.push_back(result.error());
  return result;
}

Result<void> Region::hub_receives(const Message& m) {
  if (!hub.role) return denied("no attempt");
  auto step = hub.role->on_message(m.from, m.type, m.body, now);
  if (!step.ok()) return step.error();
  const Crash crash_now = next_crash(hub_id);
  if (crash_now == Crash::before_commit) {
    crash(hub_id);
    wire.push_back(m);  // not acknowledged: comes again
    return {};
  }
  commit_hub(std::move(step).value());
  if (crash_now == Crash::after_commit) crash(hub_id);
  return {};
}

Result<Step> Region::node_step(Node& node, const Message& m) {
  const bool new_attempt =
      m.type == MessageType::sum_manifest && m.from == hub_id &&
      (!node.role || Statement::decode(m.body).value().header().session != node.role->session());
  if (!new_attempt) {
    if (!node.role) return denied("no attempt");
    return node.role->on_message(m.from, m.type, m.body, now, *node.rng);
  }
  ContributorSetup setup;
  setup.parties = parties(node.id);
  setup.manifest = m.body;
  const Manifest expected = manifest(1, {});
  setup.lineage = expected.lineage;
  setup.agreement = expected.agreement;
  setup.editions_head = expected.editions_head;
  setup.lowest_attempt = node.last_attempt + 1;
  setup.opened = node.opened;
  setup.input = to_input(node.input);
  HR_ASSIGN(auto begun, SumContributor::begin(std::move(setup), now, *node.rng));
  node.role = std::move(begun.first);
  return std::move(begun.second);
}

Result<void> Region::node_receives(Node& node, const Message& m) {
  auto step = node_step(node, m);
  if (!step.ok()) return step.error();
  const Crash crash_now = next_crash(node.id);
  if (crash_now == Crash::before_commit) {
    crash(node.id);
    wire.push_back(m);
    return {};
  }
  node.last_attempt = std::max(node.last_attempt, node.role->manifest().attempt);
  commit(node, std::move(step).value());
  if (crash_now == Crash::after_commit) crash(node.id);
  return {};
}

void Region::deliver(std::size_t index) {
  const Message m = wire[index];
  wire.erase(wire.begin() + static_cast<std::ptrdiff_t>(index));
  (void)receive(m).ok();
}

void Region::run() {
  while (!wire.empty()) deliver();
}

void Region::run_shuffled(Random& order) {
  while (!wire.empty()) deliver(random_below(order, wire.size()));
}

void Region::tick(std::chrono::seconds by) {
  now += by;
  for (auto& [id, node] : nodes)
    if (node.role) commit(node, node.role->on_time(now));
  if (hub.role && !hub.role->finished()) commit_hub(hub.role->on_time(now));
}

void expect_total(const Region& region) {
  ASSERT_FALSE(region.hub.failure) << region.hub.failure->text;
  ASSERT_TRUE(region.hub.figures);
  EXPECT_TRUE(*region.hub.figures == region.total());
}

Bytes saved(const Region& region, const PartyId& who) {
  if (who == region.hub_id)
    return region.hub.role && !region.hub.role->finished()
               ? to_bytes(region.hub.role->save().expose())
               : Bytes();
  const auto& role = region.nodes.at(who).role;
  return role ? to_bytes(role->save().expose()) : Bytes();
}

bool sealed_only(MessageType type) {
  return type == MessageType::sum_masked_input || type == MessageType::sum_opening;
}

AttemptId id_of(const Region& region) {
  const Manifest& m = region.hub.role->manifest();
  return {m.release, m.attempt};
}

Bytes sign_as(const Region& region, const PartyId& who, MessageType type, std::uint64_t sequence,
              Bytes body) {
  const auto& role = *region.hub.role;
  const Manifest& m = role.manifest();
  return Statement::sign(*region.nodes.at(who).key, type,
                         {who, m.lineage, m.agreement, role.session(), sequence, m.expiry},
                         std::move(body))
      .encode();
}

Bytes another_advert(const Region& region, const PartyId& who) {
  SeededRandom rng(seed_of(99));
  return sign_as(region, who, MessageType::sum_advert, 1,
                 Advert{id_of(region), mask_public_key(MaskSecretKey::random(rng))}.encode());
}

void PrintTo(const Message& m, std::ostream* out) {
  *out << protocol::name_of(m.type) << " from " << m.from.str() << " to " << m.to.str();
}

}  // namespace hedgerow::protocol::sum
