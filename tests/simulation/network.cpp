#include <algorithm>

#include "tests/simulation/region_node.h"

namespace hedgerow::simulation {

namespace {

// A seed's region sends some thousand; what sends so many answers itself without end.
constexpr std::size_t kMostFrames = 100'000;
constexpr std::size_t kFramesTold = 8;

std::string in_words(const SentFrame& f, const std::vector<std::string>& names) {
  std::string out = "  " + names[f.from] + " -> " + names[f.to];
  const auto envelope = protocol::Envelope::decode(f.bytes);
  if (!envelope.ok()) return out;
  const auto& h = envelope->header();
  return out + ": " + std::string(protocol::name_of(h.type)) + " of " + h.sender.str() + " for " +
         h.receiver.str() + ", session " + h.session.hex().substr(0, 8) + ", sequence " +
         std::to_string(h.sequence);
}

}  // namespace

std::chrono::milliseconds Region::delay(const Node& leaf) {
  const auto span = options_.longest_delay - options_.shortest_delay;
  return options_.shortest_delay + leaf.slower +
         std::chrono::milliseconds(
             random_below(network_, static_cast<std::uint64_t>(span.count()) + 1));
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
    if (leaf->index == 0 || leaf->linked || leaf->cut_off) continue;
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

bool Region::hub_lets_in(const std::string& party) const {
  const auto& hub = *nodes_[0];
  HR_CHECK(hub.configured.has_value());
  const auto& allowed = hub.configured->allowed;
  return std::find(allowed.begin(), allowed.end(), curve_of(party)) != allowed.end();
}

bool Region::transmit(Node& from, const ipc::CurveKey& to, ByteView bytes) {
  if (bytes.empty() || bytes.size() > ipc::kMaxMessage) return false;
  if (!from.has_gateway || !from.credits.take(to, bytes.size())) return false;
  const auto it =
      std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& n) { return n->curve() == to; });
  HR_CHECK(it != nodes_.end());
  Node& receiver = **it;
  Node& leaf = from.index == 0 ? receiver : from;
  HR_CHECK(leaf.index != 0);
  frames_.push_back({now_, from.index, receiver.index, to_bytes(bytes)});
  if (frames_.size() == kMostFrames) {
    for (std::size_t i = frames_.size() - kFramesTold; i < frames_.size(); ++i)
      note(in_words(frames_[i], names_));
    failures_.push_back(std::to_string(kMostFrames) + " frames, and no end");
  }
  const auto envelope = protocol::Envelope::decode(bytes);
  const bool evaluates =
      envelope.ok() && (envelope->header().type == protocol::MessageType::evaluate_response ||
                        envelope->header().type == protocol::MessageType::evaluate_checked);
  if (evaluates && envelope->header().sender.str() == from.name) {
    witness_.look(from.name, from.core->log(), from.people);
    witness_.on_evaluation(*envelope, keyring(envelope->header().receiver.str()));
  }
  const std::uint32_t cost = ipc::message_cost(bytes.size());
  const bool swallowed = hook_ && hook_(frames_.back());
  const std::size_t copies = chance(options_.duplication) ? 2 : 1;
  if (copies == 2) coverage_.fault("duplication");
  bool first = true;
  for (std::size_t i = 0; i < copies; ++i) {
    UtcTime at = now_ + delay(leaf);
    UtcTime& last = from.index == 0 ? leaf.last_down : leaf.last_up;
    if (options_.in_order)
      at = last = std::max(at, last);
    else if (at < last)
      coverage_.fault("disorder");
    last = std::max(at, last);
    const bool dropped = chance(options_.loss);
    if (dropped) coverage_.fault("loss");
    if (!dropped && !swallowed && leaf.linked && receiver.core)
      schedule(at, receiver.index, ipc::Received{curve_of(from.name), to_bytes(bytes)});
    if (first) schedule(at, from.index, ipc::Credit{to, cost});
    first = false;
  }
  return true;
}

void Region::inject(const std::string& to, const ipc::CurveKey& from, const Bytes& bytes) {
  with(node(to), "transport", [&](core::Core& c) {
    c.on_gateway(ipc::Received{from, bytes}, clock_of(node(to)));
  });
}

// Both ends notice.
void Region::cut_off(const std::string& party, bool cut) {
  Node& leaf = node(party);
  HR_CHECK(leaf.index != 0);
  if (leaf.cut_off == cut) return;
  note(party + (cut ? " is cut off" : " is connected again"));
  leaf.cut_off = cut;
  if (cut && leaf.linked) {
    coverage_.fault("cut-off");
    unlink(leaf, leaf);
    if (leaf.core != nullptr)
      schedule(leaf.quiet_until, leaf.index, ipc::PeerDown{nodes_[0]->curve()});
  }
  update_links();
}

// With it goes all that it held, and every link of the node.
void Region::lose_gateway(const std::string& party) {
  Node& n = node(party);
  if (n.core == nullptr || !n.has_gateway) return;
  note("the gateway of " + party + " is gone");
  coverage_.fault("gateway-lost");
  n.has_gateway = false;
  ++n.incarnation;
  n.credits = ipc::Credits();
  n.configured.reset();
  for (auto& leaf : nodes_)
    if (leaf->index != 0 && (n.index == 0 || leaf.get() == &n)) unlink(*leaf, n);
  with(n, "transport", [](core::Core& c) { c.on_gateway_lost(); });
}

void Region::return_gateway(const std::string& party) {
  Node& n = node(party);
  if (n.core == nullptr || n.has_gateway) return;
  n.has_gateway = true;
  schedule(now_, n.index, ipc::Hello{});
}

void Region::slow_down(const std::string& party, std::chrono::milliseconds extra) {
  node(party).slower = extra;
  if (extra.count() == 0) return;
  note(party + " answers " + std::to_string(extra.count()) + " ms late");
  coverage_.fault("slow-peer");
}

void Region::heal() {
  note("all is healed");
  options_.loss = options_.duplication = 0;
  options_.in_order = true;
  hook_ = {};
  plan_.clear();
  for (auto& n : nodes_) {
    n->slower = n->ahead = std::chrono::milliseconds(0);
    if (n->index != 0) cut_off(n->name, false);
    return_gateway(n->name);
    if (n->core == nullptr) bring_up(*n);
  }
}

}  // namespace hedgerow::simulation
