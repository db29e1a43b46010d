// What the tests of bad parties have in common: a region in which one party's messages are changed.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/link_token.h"
#include "tests/protocol/link/region.h"

namespace hedgerow::protocol::link {

// A region in which what `intercept` makes of the messages is run to the end.
class Deviating {
 public:
  explicit Deviating(Shape shape = {Kind::children, 4, 2, 1, 2, 16}) : region(11, shape) {
    region.fill_at_random(8, 600);
  }
  template <class F>
  Region& run(F intercept) {
    region.intercept = std::move(intercept);
    EXPECT_TRUE(region.start().ok());
    region.run();
    return region;
  }

  Region region;
};

// Changes the first message of a type from a party to a party; sees all others pass.
template <class F>
auto once(MessageType type, PartyId from, F change) {
  return [type, from, change, done = false](Message m) mutable {
    if (done || m.type != type || m.from != from) return std::vector<Message>{m};
    done = true;
    return change(std::move(m));
  };
}

inline Bytes with_items(const Message& m, const std::function<void(Bytes&)>& change) {
  Part part = Part::decode(m.body).value();
  change(part.items);
  return part.encode();
}

inline constexpr std::size_t kElement = Element::kSize;

// The keys of the attempt, as a contributor is shown them.
struct Keys {
  std::vector<SealPublicKey> mixers;
  std::optional<SealPublicKey> hub;

  void look_at(const Message& m) {
    if (m.type != MessageType::link_begin) return;
    const Begin begin = Begin::decode(m.body).value();
    const Manifest manifest =
        Manifest::decode(Statement::decode(begin.manifest).value().body()).value();
    mixers.clear();
    for (const MixerKeys& k : manifest.keys) mixers.push_back(k.seal);
    hub = manifest.hub_key;
  }
  std::vector<SealPublicKey> behind(std::size_t mixer) const {
    return {mixers.begin() + static_cast<std::ptrdiff_t>(mixer) + 1, mixers.end()};
  }
};

// A contributor's list, for every mixer alike, or its onions, changed, with a statement that fits.
// `change` gets all of it and the size of one item.
inline auto restated(Region& r, const PartyId& bad, MessageType part,
                     std::function<void(Bytes&, std::size_t)> change) {
  const bool onions = part == MessageType::link_onions;
  const auto statement = onions ? MessageType::link_entries : MessageType::link_list;
  return [=, &r, held = std::make_shared<std::map<PartyId, Message>>()](Message m) {
    if (m.from != bad) return std::vector<Message>{m};
    if (m.type == statement) {
      held->insert_or_assign(m.to, m);
      return std::vector<Message>{};
    }
    if (m.type != part) return std::vector<Message>{m};
    Bytes all;
    m.body = with_items(m, [&](Bytes& b) {
      change(b, onions ? b.size() / r.shape.entries : Element::kSize);
      all = b;
    });
    Message stated = held->at(m.to);
    Vouched v = Vouched::decode(Statement::decode(stated.body).value().body()).value();
    v.hash = onions ? onions_hash(v.qh, all) : list_hash(v.qh, all);
    stated.body = r.sign_as(bad, statement, v.encode(), onions ? 4 : 3);
    return std::vector<Message>{stated, m};
  };
}

}  // namespace hedgerow::protocol::link
