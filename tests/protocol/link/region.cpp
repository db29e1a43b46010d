#include "tests/protocol/link/region.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/link_token.h"

namespace hedgerow::protocol::link {

PartyId party(std::string_view name) { return PartyId::parse(name).value(); }

ByteArray<32> seed_of(std::uint64_t number) {
  ByteArray<32> seed{};
  for (std::size_t i = 0; i < 8; ++i)
    seed[i] = static_cast<std::uint8_t>((number >> (8 * i)) & 0xffU);
  return seed;
}

Region::Region(std::uint64_t seed, Shape region_shape)
    : shape(region_shape), order_(seed_of(seed + 1'000'000)) {
  SeededRandom rng(seed_of(seed));
  const auto add = [&](const std::string& name) {
    Node node;
    node.id = party(name);
    node.key = std::make_unique<SigningKey>(SigningKey::random(rng));
    ByteArray<32> own{};
    rng.fill(own);
    node.rng = std::make_unique<SeededRandom>(own);
    nodes.emplace(node.id, std::move(node));
    return party(name);
  };
  const auto name = [](std::string_view what, std::size_t n) {
    return std::string(what) + (n < 10 ? "-0" : "-") + std::to_string(n);
  };
  for (std::size_t i = 0; i < shape.contributors; ++i)
    contributors.push_back(add(name("agency", i)));
  for (std::size_t j = 0; j < shape.mixers; ++j)
    mixers.push_back(j + shape.outside_mixers < shape.mixers ? contributors[j]
                                                             : add(name("mixer", j)));
  hub_key = std::make_unique<SigningKey>(SigningKey::random(rng));
  ByteArray<32> own{};
  rng.fill(own);
  hub_rng = std::make_unique<SeededRandom>(own);
}

void Region::fill_at_random(std::size_t count, std::uint64_t per_mille) {
  SeededRandom rng(seed_of(random_below(order_, 1'000'000)));
  for (std::size_t c = 0; c < count; ++c) children.emplace_back(random_element(rng));
  for (auto& id : contributors) {
    std::set<Held> held;
    for (std::size_t c = 0; c < count; ++c) {
      if (random_below(rng, 1000) >= per_mille) continue;
      const std::uint64_t times = 1 + random_below(rng, 3);
      for (std::uint64_t k = 0; k < times; ++k) {
        Held h{static_cast<std::uint32_t>(random_below(rng, shape.cells)), c, 0};
        if (shape.kind == Kind::episodes) h.day = 20'000 + static_cast<int>(random_below(rng, 5));
        if (held.size() < shape.entries) held.insert(h);
      }
    }
    nodes.at(id).held.assign(held.begin(), held.end());
  }
}

Parties Region::parties(const PartyId& self) const {
  Parties p{self, hub_id, {{hub_id, hub_key->verify_key()}}, hub_key.get()};
  for (const auto& [id, node] : nodes) {
    p.keys.emplace(id, node.key->verify_key());
    if (id == self) p.key = node.key.get();
  }
  return p;
}

Plan Region::plan(std::uint32_t attempt, std::vector<PartyId> who) const {
  Plan p;
  p.lineage = Lineage::parse("vale-cse").value();
  p.agreement.bytes = seed_of(77);
  p.grant = "patterns";
  p.table = "places";
  p.period = "2026-Q1";
  p.id = {release_id(p.lineage, p.grant, p.table, p.period), attempt};
  p.kind = shape.kind;
  p.cell_space.bytes = seed_of(78);
  p.cells = shape.cells;
  p.contributors = who.empty() ? contributors : std::move(who);
  p.mixers = mixers;
  p.entries = shape.entries;
  p.cells_per_child = 4;
  p.episodes_per_child = 8;
  p.editions_head.bytes = seed_of(79);
  p.thresholds = {8, 1, 5, false};
  p.expiry = now + std::chrono::seconds(600);
  return p;
}

LinkInput Region::input_of(const PartyId& who) const {
  LinkInput input;
  for (const Held& h : nodes.at(who).held) input.push_back({h.cell, children[h.child], h.day});
  return input;
}

Result<void> Region::start(std::uint32_t attempt, std::vector<PartyId> who) {
  figures.reset();
  failure.reset();
  plan_ = plan(attempt, std::move(who));
  hub_rng->fill(session.bytes);
  HR_ASSIGN(auto begun, LinkHub::begin({parties(hub_id), *plan_, session}, now, *hub_rng));
  hub.emplace(std::move(begun.first));
  carry_out_hub(std::move(begun.second));
  return {};
}

void Region::put(Message m) {
  std::vector<Message> instead = {std::move(m)};
  if (intercept) instead = intercept(std::move(instead.front()));
  for (Message& x : instead) {
    ++messages;
    bytes += x.body.size();
    if (keep_sent) sent.push_back(x);
    wire[{x.from, x.to}].push_back(std::move(x));
  }
}

Bytes Region::sign_as(const PartyId& who, MessageType type, Bytes body,
                      std::uint64_t sequence) const {
  const SigningKey& key = who == hub_id ? *hub_key : *nodes.at(who).key;
  return Statement::sign(key, type,
                         {who, plan_->lineage, plan_->agreement, session, sequence, plan_->expiry},
                         std::move(body))
      .encode();
}

void Region::carry_out(Node& node, bool as_mixer, Step step) {
  for (LogNote& n : step.log) log.emplace_back(node.id, std::move(n));
  if (!as_mixer) {
    if (node.contributor->sent()) node.sent = node.contributor->roster();
    if (node.contributor->confirmed()) node.confirmed.insert(node.contributor->plan().id.attempt);
    if (step.wake_at) node.contributor_wake = step.wake_at;
    if (step.finished) node.contributor_wake.reset();
  }
  for (Outgoing& o : step.send) put({node.id, o.to, o.type, std::move(o.body)});
}

void Region::carry_out_hub(Step step) {
  for (LogNote& n : step.log) log.emplace_back(hub_id, std::move(n));
  if (step.wake_at) hub_wake_ = step.wake_at;
  for (Outgoing& o : step.send) put({hub_id, o.to, o.type, std::move(o.body)});
  if (!hub->finished()) return;
  hub_wake_.reset();
  failure = hub->failure();
  if (hub->has_figures()) figures = std::move(*hub).take_figures();
}

Result<Step> Region::node_step(Node& node, const Message& m) {
  const Parties mine = parties(node.id);
  if (m.type == MessageType::link_call) {
    HR_ASSIGN(const Plan called, Plan::decode(m.body));
    HR_ASSIGN(auto begun, LinkMixer::begin(mine, called, session, now, *node.rng));
    node.mixer.emplace(std::move(begun.first));
    return std::move(begun.second);
  }
  if (m.type == MessageType::link_begin) {
    LinkContributorSetup setup;
    setup.parties = mine;
    setup.begin = m.body;
    setup.lineage = plan_->lineage;
    setup.agreement = plan_->agreement;
    setup.editions_head = plan_->editions_head;
    setup.lowest_attempt = node.last_attempt + 1;
    setup.sent = node.sent;
    setup.input = input_of(node.id);
    auto begun = LinkContributor::begin(std::move(setup), now, *node.rng);
    if (!begun.ok()) {
      const auto reason =
          begun.error().code == Code::denied ? RefusalReason::sent : RefusalReason::deviation;
      HR_ASSIGN(Outgoing no, LinkContributor::refuse(mine, m.body, reason, begun.error(), now));
      put({node.id, no.to, no.type, no.body});
      return begun.error();
    }
    node.last_attempt = begun->first.plan().id.attempt;
    node.contributor.emplace(std::move(begun->first));
    return std::move(begun->second);
  }
  return internal("not a message that begins a role");
}

Result<void> Region::receive(const Message& m) {
  if (m.to == hub_id) {
    if (!hub) return {};
    HR_ASSIGN(Step step, watched("hub", [&] {
                return hub->on_message(m.from, m.type, m.body, now, *hub_rng);
              }));
    carry_out_hub(std::move(step));
    return {};
  }
  Node& node = nodes.at(m.to);
  if (m.type == MessageType::link_call || m.type == MessageType::link_begin) {
    const bool mixes = m.type == MessageType::link_call;
    // A node has one role of each kind a session.
    if (mixes ? node.mixer && node.mixer->session() == session
              : node.contributor && node.contributor->session() == session)
      return {};
    HR_ASSIGN(Step step,
              watched(mixes ? "mixer" : "contributor", [&] { return node_step(node, m); }));
    carry_out(node, m.type == MessageType::link_call, std::move(step));
    return {};
  }
  const bool to_contributor =
      m.type == MessageType::link_evaluated || m.type == MessageType::link_checked ||
      m.type == MessageType::link_proof || m.type == MessageType::link_cascade ||
      m.type == MessageType::link_hashes || m.type == MessageType::link_confirmations;
  if (node.mixer && !to_contributor) {
    HR_ASSIGN(Step step, watched("mixer", [&] {
                return node.mixer->on_message(m.from, m.type, m.body, now, *node.rng);
              }));
    carry_out(node, true, std::move(step));
  }
  if (node.contributor && (to_contributor || m.type == MessageType::link_void)) {
    HR_ASSIGN(Step step, watched("contributor", [&] {
                return node.contributor->on_message(m.from, m.type, m.body, now, *node.rng);
              }));
    carry_out(node, false, std::move(step));
  }
  return {};
}

bool Region::slice() {
  if (hub_wake_ && *hub_wake_ <= now) {
    carry_out_hub(watched("hub", [&] { return hub->on_time(now); }));
    return true;
  }
  for (auto& [id, node] : nodes) {
    if (!node.contributor_wake || *node.contributor_wake > now) continue;
    carry_out(node, false, watched("contributor", [&, n = &node] {
                return n->contributor->on_time(now, *n->rng);
              }));
    return true;
  }
  return false;
}

bool Region::step() {
  std::vector<std::pair<PartyId, PartyId>> pairs;
  for (const auto& [pair, queue] : wire)
    if (!queue.empty()) pairs.push_back(pair);
  if (pairs.empty() || random_below(order_, 3) == 0)
    if (slice()) return true;
  if (pairs.empty()) return false;
  auto& queue = wire[pairs[random_below(order_, pairs.size())]];
  const Message m = std::move(queue.front());
  queue.pop_front();
  const auto result = receive(m);
  if (!result.ok()) errors.push_back(result.error());
  return true;
}

void Region::run() {
  for (std::size_t n = 0; step(); ++n) ASSERT_LT(n, 1'000'000U);
}

void Region::tick(std::chrono::seconds by) {
  now += by;
  if (hub && !hub->finished()) carry_out_hub(hub->on_time(now));
  for (auto& [id, node] : nodes) {
    if (node.mixer && !node.mixer->finished()) carry_out(node, true, node.mixer->on_time(now));
    if (node.contributor && !node.contributor->finished())
      carry_out(node, false, node.contributor->on_time(now, *node.rng));
  }
}

void Region::run_out() {
  for (const int by : {601, 20}) {
    tick(std::chrono::seconds(by));
    run();
  }
}

void Region::kill(const PartyId& who) {
  Node& node = nodes.at(who);
  node.contributor.reset();
  node.contributor_wake.reset();
  node.mixer.reset();
}

void Region::come_back(const PartyId& who) {
  const auto no = LinkMixer::refuse(parties(who), *plan_, session, RefusalReason::restarted,
                                    try_again("restarted in the middle of the attempt"), now);
  ASSERT_TRUE(no.ok());
  put({who, no->to, no->type, no->body});
}

Expected Region::expected(const std::vector<PartyId>& who) const {
  Expected e;
  const std::size_t n = who.size();
  const bool episodes = shape.kind == Kind::episodes;
  const std::size_t degrees = episodes ? kMaxDegree : n;
  e.tokens.assign(shape.cells * degrees, 0);
  e.entries.assign(shape.cells, 0);
  if (shape.kind == Kind::children_by_agency) e.pairs.assign(n * (n - 1) / 2, 0);
  for (std::uint32_t cell = 0; cell < shape.cells; ++cell) {
    for (std::size_t child = 0; child < children.size(); ++child) {
      std::vector<bool> knows(n, false);
      std::set<int> days;
      for (std::size_t i = 0; i < n; ++i)
        for (const Held& h : nodes.at(who[i]).held)
          if (h.cell == cell && h.child == child) {
            knows[i] = true;
            days.insert(h.day);
            ++e.entries[cell];
          }
      const auto agencies = static_cast<std::size_t>(std::ranges::count(knows, true));
      if (agencies == 0) continue;
      ++e.tokens[cell * degrees + (episodes ? days.size() : agencies) - 1];
      std::size_t pair = 0;
      for (std::size_t i = 0; i < n && !e.pairs.empty(); ++i)
        for (std::size_t j = i + 1; j < n; ++j, ++pair)
          if (knows[i] && knows[j]) ++e.pairs[pair];
    }
  }
  return e;
}

void expect_figures(const Region& region) {
  ASSERT_FALSE(region.failure.has_value()) << region.failure->text;
  ASSERT_TRUE(region.figures.has_value());
  const Expected e = region.expected(region.current().contributors);
  const LinkFigures& f = *region.figures;
  EXPECT_TRUE(std::ranges::equal(f.tokens, e.tokens));
  EXPECT_TRUE(std::ranges::equal(f.pairs, e.pairs));
  EXPECT_TRUE(std::ranges::equal(f.entries, e.entries));
  EXPECT_TRUE(region.errors.empty());
}

void expect_failed(const Region& region, const PartyId& culprit, std::string_view text) {
  EXPECT_FALSE(region.figures.has_value());
  ASSERT_TRUE(region.failure.has_value());
  EXPECT_NE(region.failure->text.find(text), std::string::npos) << region.failure->text;
  EXPECT_EQ(region.failure->culprit, culprit.str()) << region.failure->text;
  for (const auto& [id, node] : region.nodes) {
    EXPECT_TRUE(!node.mixer || node.mixer->finished()) << id.str();
    EXPECT_TRUE(!node.contributor || node.contributor->finished()) << id.str();
  }
  const bool logged = std::ranges::any_of(region.log, [&](const auto& entry) {
    return entry.first == region.hub_id && entry.second.kind == "link-failed";
  });
  EXPECT_TRUE(logged);
}

}  // namespace hedgerow::protocol::link
