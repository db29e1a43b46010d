// Bad parties: each is found, named where that can be known, and nothing comes out.
#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/link_token.h"
#include "tests/protocol/link/region.h"

namespace hedgerow::protocol::link {
namespace {

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

Bytes with_items(const Message& m, const std::function<void(Bytes&)>& change) {
  Part part = Part::decode(m.body).value();
  change(part.items);
  return part.encode();
}

constexpr std::size_t kElement = Element::kSize;

// --- contributors ---

TEST(LinkContributorDeviates, TooManyPointsAreRefused) {
  Deviating d;
  const PartyId bad = d.region.contributors[1];
  Region& r = d.run(once(MessageType::link_blinded, bad, [](Message m) {
    m.body = with_items(m, [](Bytes& b) { b.insert(b.end(), b.begin(), b.begin() + kElement); });
    return std::vector<Message>{m};
  }));
  expect_failed(r, bad, "another place or size");
}

TEST(LinkContributorDeviates, APartMoreIsRefused) {
  Deviating d;
  const PartyId bad = d.region.contributors[1];
  Region& r = d.run(once(MessageType::link_blinded, bad, [](Message m) {
    return std::vector<Message>{m, m};
  }));
  expect_failed(r, bad, "more than the manifest asks for");
}

// The list of one contributor, changed for every mixer alike, with a statement that fits it.
auto restated(Region& r, const PartyId& bad, std::function<void(Bytes&)> change) {
  return [&r, bad, change = std::move(change),
          held = std::make_shared<std::map<PartyId, Message>>()](Message m) {
    if (m.from != bad) return std::vector<Message>{m};
    if (m.type == MessageType::link_list) {
      held->insert_or_assign(m.to, m);
      return std::vector<Message>{};
    }
    if (m.type != MessageType::link_blinded) return std::vector<Message>{m};
    Bytes list;
    m.body = with_items(m, [&](Bytes& b) {
      change(b);
      list = b;
    });
    Message stated = held->at(m.to);
    Vouched v = Vouched::decode(Statement::decode(stated.body).value().body()).value();
    v.hash = list_hash(v.qh, list);
    stated.body = r.sign_as(bad, MessageType::link_list, v.encode(), 3);
    return std::vector<Message>{stated, m};
  };
}

TEST(LinkContributorDeviates, ThePointTwiceIsRefused) {
  Deviating d;
  const PartyId bad = d.region.contributors[2];
  Region& r = d.run(restated(
      d.region, bad, [](Bytes& b) { std::copy_n(b.begin(), kElement, b.begin() + kElement); }));
  expect_failed(r, bad, "the same point twice");
}

TEST(LinkContributorDeviates, APointThatIsNoneIsRefused) {
  for (const std::uint8_t byte : {std::uint8_t{0x00}, std::uint8_t{0xff}}) {
    Deviating d;
    const PartyId bad = d.region.contributors[2];
    Region& r = d.run(once(MessageType::link_blinded, bad, [byte](Message m) {
      m.body =
          with_items(m, [byte](Bytes& b) { std::fill_n(b.begin() + kElement, kElement, byte); });
      return std::vector<Message>{m};
    }));
    expect_failed(r, bad, "");
  }
}

TEST(LinkContributorDeviates, AnotherListThanStatedIsRefused) {
  Deviating d;
  const PartyId bad = d.region.contributors[0];
  SeededRandom rng(seed_of(5));
  const Element other = random_element(rng);
  Region& r = d.run(once(MessageType::link_blinded, bad, [other](Message m) {
    m.body = with_items(m, [&](Bytes& b) { std::ranges::copy(other.bytes(), b.begin()); });
    return std::vector<Message>{m};
  }));
  expect_failed(r, bad, "another list than was stated");
}

// The second mixer gets another list, with a statement that fits it: its own two signatures name
// it.
TEST(LinkContributorDeviates, AnotherListToEachMixerIsFoundByTheHub) {
  Deviating d;
  Region& r = d.region;
  const PartyId bad = r.contributors[1], second = r.mixers[1];
  SeededRandom rng(seed_of(6));
  const Element other = random_element(rng);
  std::optional<Message> statement;
  d.run([&, bad, second](Message m) -> std::vector<Message> {
    if (m.from != bad || m.to != second) return {m};
    if (m.type == MessageType::link_list) {
      statement = m;
      return {};
    }
    if (m.type != MessageType::link_blinded) return {m};
    Bytes list;
    m.body = with_items(m, [&](Bytes& b) {
      std::ranges::copy(other.bytes(), b.begin());
      list = b;
    });
    Vouched v = Vouched::decode(Statement::decode(statement->body).value().body()).value();
    v.hash = list_hash(v.qh, list);
    Message stated = *statement;
    stated.body = r.sign_as(bad, MessageType::link_list, v.encode(), 3);
    return {stated, m};
  });
  expect_failed(r, bad, "another list to each mixer");
}

TEST(LinkContributorDeviates, AnOnionThatDoesNotOpenIsRefused) {
  Deviating d;
  const PartyId bad = d.region.contributors[3];
  Region& r = d.run(once(MessageType::link_onions, bad, [](Message m) {
    m.body = with_items(m, [](Bytes& b) { b[40] ^= 1U; });
    return std::vector<Message>{m};
  }));
  expect_failed(r, bad, "does not open");
}

// The statement is made to fit as well, so only the copy itself is wrong.
TEST(LinkContributorDeviates, TheSameOnionTwiceIsRefused) {
  Deviating d;
  Region& r = d.region;
  const PartyId bad = r.contributors[3];
  std::optional<Message> statement;
  d.run([&, bad](Message m) -> std::vector<Message> {
    if (m.from != bad) return {m};
    if (m.type == MessageType::link_entries) {
      statement = m;
      return {};
    }
    if (m.type != MessageType::link_onions) return {m};
    Bytes onions;
    m.body = with_items(m, [&](Bytes& b) {
      const auto size = static_cast<std::ptrdiff_t>(b.size() / r.shape.entries);
      std::copy_n(b.begin(), size, b.begin() + size);
      onions = b;
    });
    Vouched v = Vouched::decode(Statement::decode(statement->body).value().body()).value();
    v.hash = onions_hash(v.qh, onions);
    Message stated = *statement;
    stated.body = r.sign_as(bad, MessageType::link_entries, v.encode(), 4);
    return {stated, m};
  });
  expect_failed(r, bad, "the same entry twice");
}

TEST(LinkContributorDeviates, OtherOnionsThanStatedAreRefused) {
  Deviating d;
  Region& r = d.region;
  const PartyId bad = r.contributors[0];
  d.run(once(MessageType::link_entries, bad, [&](Message m) {
    Vouched v = Vouched::decode(Statement::decode(m.body).value().body()).value();
    v.hash.bytes[0] ^= 1U;
    m.body = r.sign_as(bad, MessageType::link_entries, v.encode(), 4);
    return std::vector<Message>{m};
  }));
  expect_failed(r, bad, "other entries than were stated");
}

TEST(LinkContributorDeviates, TooManyOnionsAreRefused) {
  Deviating d;
  const PartyId bad = d.region.contributors[0];
  Region& r = d.run(once(MessageType::link_onions, bad, [](Message m) {
    m.body = with_items(m, [](Bytes& b) { b.push_back(0); });
    return std::vector<Message>{m};
  }));
  expect_failed(r, bad, "another place or size");
}

// One innermost ciphertext in two onions, or one that does not open further in: the first mixer
// cannot see it, and must not be named for it.
TEST(LinkContributorDeviates, NoMixerIsNamedForWhatWasMadeFurtherIn) {
  for (const bool equal : {true, false}) {
    Deviating d;
    Region& r = d.region;
    const PartyId bad = r.contributors[3];
    SeededRandom rng(seed_of(13));
    std::vector<SealPublicKey> keys;
    std::optional<SealPublicKey> hub;
    std::optional<Message> statement;
    d.run([&](Message m) -> std::vector<Message> {
      if (m.type == MessageType::link_begin && keys.empty()) {
        const Begin begin = Begin::decode(m.body).value();
        const Manifest manifest =
            Manifest::decode(Statement::decode(begin.manifest).value().body()).value();
        for (const MixerKeys& k : manifest.keys) keys.push_back(k.seal);
        hub = manifest.hub_key;
      }
      if (m.from != bad) return {m};
      if (m.type == MessageType::link_entries) {
        statement = m;
        return {};
      }
      if (m.type != MessageType::link_onions) return {m};
      Bytes onions;
      m.body = with_items(m, [&](Bytes& b) {
        const std::size_t size = b.size() / r.shape.entries;
        const Bytes inner = seal_entry(*hub, Entry(), rng);
        for (std::size_t k = 0; k < 2; ++k) {
          Bytes onion = wrap_entry(keys, inner, rng);
          if (!equal) onion = seal(keys[0], Bytes(size - kSealOverhead, 7), rng);
          std::copy_n(onion.begin(), size, b.begin() + static_cast<std::ptrdiff_t>(k * size));
          if (!equal) break;
        }
        onions = b;
      });
      Vouched v = Vouched::decode(Statement::decode(statement->body).value().body()).value();
      v.hash = onions_hash(v.qh, onions);
      Message stated = *statement;
      stated.body = r.sign_as(bad, MessageType::link_entries, v.encode(), 4);
      return {stated, m};
    });
    expect_failed(r, PartyId(), equal ? "the same entry twice, by" : "does not open, by");
  }
}

TEST(LinkContributorDeviates, WithoutItsConfirmationNothingComesOut) {
  Deviating d;
  const PartyId bad = d.region.contributors[2];
  Region& r = d.run([bad](Message m) -> std::vector<Message> {
    if (m.type == MessageType::link_confirmation && m.from == bad) return {};
    return {m};
  });
  EXPECT_FALSE(r.figures.has_value());
  r.run_out();
  expect_failed(r, bad, "no answer in time from " + bad.str());
}

// If an attempt failed for it, its failure would tell whether others hold the child.
TEST(LinkContributorDeviates, EnteringAChildManyTimesEndsNoAttempt) {
  for (const Kind kind : {Kind::children, Kind::children_by_agency}) {
    Deviating d({kind, 3, 2, 1, 1, 16});
    Region& r = d.region;
    const PartyId bad = r.contributors[2];
    SeededRandom rng(seed_of(14));
    std::vector<SealPublicKey> keys;
    std::optional<SealPublicKey> hub;
    std::optional<Message> statement;
    std::optional<Counts> counts;
    d.run([&](Message m) -> std::vector<Message> {
      if (m.type == MessageType::link_begin && keys.empty()) {
        const Begin begin = Begin::decode(m.body).value();
        const Manifest manifest =
            Manifest::decode(Statement::decode(begin.manifest).value().body()).value();
        for (const MixerKeys& k : manifest.keys) keys.push_back(k.seal);
        hub = manifest.hub_key;
      }
      if (m.from == r.mixers.back() && m.type == MessageType::link_counts)
        counts = Counts::decode(Statement::decode(m.body).value().body()).value();
      if (m.from != bad) return {m};
      if (m.type == MessageType::link_entries) {
        statement = m;
        return {};
      }
      // The honest role behind it misses its own entries; a deviating one confirms.
      if (m.type == MessageType::link_refusal) {
        const Vouched v{counts->id, counts->qh, counts->out, counts->shown};
        return {{bad, r.hub_id, MessageType::link_confirmation,
                 r.sign_as(bad, MessageType::link_confirmation, v.encode(), 6)}};
      }
      if (m.type != MessageType::link_onions) return {m};
      Bytes onions;
      m.body = with_items(m, [&](Bytes& b) {
        const std::size_t size = b.size() / r.shape.entries;
        for (std::size_t k = 0; k < r.shape.entries; ++k) {
          Entry e{
              true, static_cast<std::uint8_t>(kind == Kind::children ? 0 : 1 + k % 2), 0, {}, {}};
          e.token.fill(9);
          const Bytes onion = wrap_entry(keys, seal_entry(*hub, e, rng), rng);
          std::copy_n(onion.begin(), size, b.begin() + static_cast<std::ptrdiff_t>(k * size));
        }
        onions = b;
      });
      Vouched v = Vouched::decode(Statement::decode(statement->body).value().body()).value();
      v.hash = onions_hash(v.qh, onions);
      Message stated = *statement;
      stated.body = r.sign_as(bad, MessageType::link_entries, v.encode(), 4);
      return {stated, m};
    });
    ASSERT_FALSE(r.failure.has_value()) << r.failure->text;
    ASSERT_TRUE(r.figures.has_value());
    // As if everybody, or both whose numbers it used, knew it.
    EXPECT_GE(r.figures->tokens[kind == Kind::children ? 2 : 1], 1U);
  }
}

TEST(LinkContributorDeviates, AConfirmationOfOtherHashesIsRefused) {
  Deviating d;
  Region& r = d.region;
  const PartyId bad = r.contributors[2];
  d.run(once(MessageType::link_confirmation, bad, [&](Message m) {
    Vouched v = Vouched::decode(Statement::decode(m.body).value().body()).value();
    v.hash.bytes[0] ^= 1U;
    m.body = r.sign_as(bad, MessageType::link_confirmation, v.encode(), 6);
    return std::vector<Message>{m};
  }));
  expect_failed(r, bad, "a confirmation of other hashes");
}

TEST(LinkContributorDeviates, MorePointsThanTheCheckAreNotEvaluated) {
  Deviating d;
  const PartyId bad = d.region.contributors[1];
  Region& r = d.run(once(MessageType::link_check, bad, [](Message m) {
    return std::vector<Message>{m, m};
  }));
  expect_failed(r, bad, "a second one");
}

// --- mixers ---

TEST(LinkMixerDeviates, AWrongEvaluationIsFoundByTheCheckAndNamedByItsProof) {
  for (const std::size_t which : {std::size_t{0}, std::size_t{1}}) {
    Deviating d;
    const PartyId bad = d.region.mixers[which];
    SeededRandom rng(seed_of(7));
    const Element other = random_element(rng);
    Region& r = d.run(once(MessageType::link_evaluated, bad, [other](Message m) {
      m.body = with_items(m, [&](Bytes& b) { std::ranges::copy(other.bytes(), b.begin()); });
      return std::vector<Message>{m};
    }));
    expect_failed(r, bad, "a list evaluated wrongly");
  }
}

// Two wrong answers whose sum is the right one's: only weights nobody knew tell.
TEST(LinkMixerDeviates, TwoWrongEvaluationsThatCancelAreFound) {
  Deviating d;
  const PartyId bad = d.region.mixers[1];
  Region& r = d.run(once(MessageType::link_evaluated, bad, [](Message m) {
    m.body = with_items(m, [](Bytes& b) {
      const Element x = Element::decode(ByteView(b).subspan(0, kElement)).value();
      const Element y = Element::decode(ByteView(b).subspan(kElement, kElement)).value();
      const Element up = add(x, Element::base()).value();
      const Element down = subtract(y, Element::base()).value();
      std::ranges::copy(up.bytes(), b.begin());
      std::ranges::copy(down.bytes(), b.begin() + kElement);
    });
    return std::vector<Message>{m};
  }));
  expect_failed(r, bad, "a list evaluated wrongly");
}

TEST(LinkMixerDeviates, ACheckWithoutProofIsRefused) {
  Deviating d;
  const PartyId bad = d.region.mixers[0];
  Region& r = d.run(once(MessageType::link_checked, bad, [](Message m) {
    Checked c = Checked::decode(m.body).value();
    c.element = add(c.element, Element::base()).value();
    m.body = c.encode();
    return std::vector<Message>{m};
  }));
  expect_failed(r, bad, "a check without a valid proof");
}

TEST(LinkMixerDeviates, AKeyMadeFromAnothersIsRefused) {
  Deviating d;
  Region& r = d.region;
  std::optional<Element> first;
  d.run([&](Message m) -> std::vector<Message> {
    if (m.type != MessageType::link_key) return {m};
    Key key = Key::decode(m.body).value();
    if (!first) {
      first = key.keys.evaluation;
      return {m};
    }
    key.keys.evaluation = subtract(Element::base(), *first).value();
    m.body = key.encode();
    return {m};
  });
  EXPECT_FALSE(r.figures.has_value());
  ASSERT_TRUE(r.failure.has_value());
  EXPECT_NE(r.failure->text.find("no valid proof"), std::string::npos) << r.failure->text;
}

// What a mixer passes on, changed, with counts that are made to fit: `change` gets all of it.
auto passes_on(Region& r, const PartyId& bad, std::function<void(Bytes&, std::size_t)> change) {
  struct State {
    std::optional<Message> batch;
    std::size_t in = 0;
  };
  return [&r, bad, change = std::move(change),
          state = std::make_shared<State>()](Message m) -> std::vector<Message> {
    if (m.from != bad) return {m};
    if (m.type == MessageType::link_batch) {
      m.body = with_items(m, [&](Bytes& b) { change(b, b.size() / r.current().all_entries()); });
      state->batch = m;
      return {};
    }
    if (m.type != MessageType::link_counts) return {m};
    Counts c = Counts::decode(Statement::decode(m.body).value().body()).value();
    const Bytes items = Part::decode(state->batch->body).value().items;
    c.hash_out = batch_hash(c.qh, items);
    if (bad == r.mixers.back()) c.shown = hashes_hash(c.qh, sorted_hashes(items, onion_size(1)));
    m.body = r.sign_as(bad, MessageType::link_counts, c.encode(), 5);
    return {*state->batch, m};
  };
}

TEST(LinkMixerDeviates, AChangedEntryDoesNotOpenAtTheNext) {
  Deviating d;
  const PartyId bad = d.region.mixers[0];
  Region& r =
      d.run(passes_on(d.region, bad, [](Bytes& b, std::size_t size) { b[3 * size + 40] ^= 1U; }));
  // A contributor might have made it so.
  expect_failed(r, PartyId(), "does not open, by " + bad.str() + " or a contributor");
}

TEST(LinkMixerDeviates, AnEntryChangedByTheLastIsMissedByItsOwner) {
  Deviating d;
  const PartyId bad = d.region.mixers[1];
  Region& r =
      d.run(passes_on(d.region, bad, [](Bytes& b, std::size_t size) { b[3 * size + 40] ^= 1U; }));
  expect_failed(r, PartyId(), "did not reach the hub");
}

TEST(LinkMixerDeviates, ADroppedEntryIsCounted) {
  for (const std::size_t which : {std::size_t{0}, std::size_t{1}}) {
    Deviating d;
    const PartyId bad = d.region.mixers[which];
    Region& r = d.run(
        passes_on(d.region, bad, [](Bytes& b, std::size_t size) { b.resize(b.size() - size); }));
    expect_failed(r, bad, "another place or size");
  }
}

TEST(LinkMixerDeviates, AnInjectedEntryIsCounted) {
  for (const std::size_t which : {std::size_t{0}, std::size_t{1}}) {
    Deviating d;
    const PartyId bad = d.region.mixers[which];
    Region& r = d.run(
        passes_on(d.region, bad, [](Bytes& b, std::size_t size) { b.resize(b.size() + size, 7); }));
    expect_failed(r, bad, "another place or size");
  }
}

TEST(LinkMixerDeviates, ARepeatedEntryIsFound) {
  for (const std::size_t which : {std::size_t{0}, std::size_t{1}}) {
    Deviating d;
    const PartyId bad = d.region.mixers[which];
    Region& r = d.run(passes_on(d.region, bad, [](Bytes& b, std::size_t size) {
      std::copy_n(b.begin(), size, b.begin() + static_cast<std::ptrdiff_t>(size));
    }));
    expect_failed(r, bad, "the same entry twice");
  }
}

// One entry taken out and one of its own put in: numbers balance, hashes are made to fit. Only the
// owner can know, and nobody knows which mixer it was.
TEST(LinkMixerDeviates, AReplacedEntryIsMissedByItsOwner) {
  for (const std::size_t which : {std::size_t{0}, std::size_t{1}}) {
    Deviating d;
    Region& r = d.region;
    std::vector<SealPublicKey> keys;
    std::optional<SealPublicKey> hub;
    SeededRandom rng(seed_of(8));
    const PartyId bad = r.mixers[which];
    auto changed = passes_on(r, bad, [&](Bytes& b, std::size_t) {
      const std::vector<SealPublicKey> behind(keys.begin() + static_cast<std::ptrdiff_t>(which) + 1,
                                              keys.end());
      const Bytes own = wrap_entry(behind, seal_entry(*hub, Entry(), rng), rng);
      std::ranges::copy(own, b.begin());
    });
    d.run([&](Message m) -> std::vector<Message> {
      if (m.type == MessageType::link_begin) {
        const Begin begin = Begin::decode(m.body).value();
        const Manifest manifest =
            Manifest::decode(Statement::decode(begin.manifest).value().body()).value();
        keys.clear();
        for (const MixerKeys& k : manifest.keys) keys.push_back(k.seal);
        hub = manifest.hub_key;
      }
      return changed(std::move(m));
    });
    expect_failed(r, PartyId(), "did not reach the hub");
  }
}

TEST(LinkMixerDeviates, CountsThatDoNotFollowAreFound) {
  Deviating d;
  Region& r = d.region;
  const PartyId bad = r.mixers[1];
  d.run(once(MessageType::link_counts, bad, [&](Message m) {
    Counts c = Counts::decode(Statement::decode(m.body).value().body()).value();
    c.hash_in.bytes[5] ^= 1U;
    m.body = r.sign_as(bad, MessageType::link_counts, c.encode(), 5);
    return std::vector<Message>{m};
  }));
  // The one before might have passed on something else than it says.
  expect_failed(r, PartyId(), "is not what came out of");
}

TEST(LinkMixerDeviates, CountsThatAreNotBalancedAreFound) {
  Deviating d;
  Region& r = d.region;
  const PartyId bad = r.mixers[0];
  d.run(once(MessageType::link_counts, bad, [&](Message m) {
    Counts c = Counts::decode(Statement::decode(m.body).value().body()).value();
    c.out -= 1;
    m.body = r.sign_as(bad, MessageType::link_counts, c.encode(), 5);
    return std::vector<Message>{m};
  }));
  expect_failed(r, bad, "not balanced");
}

TEST(LinkMixerDeviates, ASilentMixerIsNamed) {
  Deviating d;
  const PartyId bad = d.region.mixers[1];
  Region& r = d.run([bad](Message m) -> std::vector<Message> {
    if (m.from == bad && (m.type == MessageType::link_counts || m.type == MessageType::link_batch))
      return {};
    return {m};
  });
  r.run_out();
  expect_failed(r, bad, "no answer in time from " + bad.str());
}

// What it owes to one contributor alone: that one says so, in time.
TEST(LinkMixerDeviates, SilenceTowardsOneContributorIsNamed) {
  for (const MessageType type : {MessageType::link_evaluated, MessageType::link_checked}) {
    Deviating d;
    const PartyId bad = d.region.mixers[1], victim = d.region.contributors[2];
    Region& r = d.run([&](Message m) -> std::vector<Message> {
      if (m.from == bad && m.to == victim && m.type == type) return {};
      return {m};
    });
    r.run_out();
    expect_failed(r, bad, victim.str() + " reports: no answer in time from " + bad.str());
  }
}

TEST(LinkMixerDeviates, SilenceTowardsTheHubIsNamed) {
  for (const MessageType type : {MessageType::link_list_seen, MessageType::link_batch}) {
    Deviating d;
    const PartyId bad = d.region.mixers[1];
    Region& r = d.run([&](Message m) -> std::vector<Message> {
      if (m.from == bad && m.to == d.region.hub_id && m.type == type) return {};
      return {m};
    });
    r.run_out();
    expect_failed(r, bad, "no answer in time from " + bad.str());
  }
}

TEST(LinkMixerDeviates, ABatchBeforeTheChecksIsRefused) {
  Deviating d;
  Region& r = d.region;
  const PartyId bad = r.mixers[0], second = r.mixers[1];
  d.run([&](Message m) -> std::vector<Message> {
    if (m.type != MessageType::link_blinded || m.to != second || m.from != r.contributors[0])
      return {m};
    const std::size_t size = onion_size(2);
    const Part early{Part::decode(m.body).value().id, 0,
                     Bytes(r.current().all_entries() * size, 1)};
    return {{bad, second, MessageType::link_batch, early.encode()}, m};
  });
  expect_failed(r, bad, "before every contributor's check");
}

TEST(LinkMixerDeviates, AMixerThatSaysAnotherBatchThanItPassesOnIsNotAloneNamed) {
  Deviating d;
  Region& r = d.region;
  const PartyId bad = r.mixers[0];
  d.run(once(MessageType::link_counts, bad, [&](Message m) {
    Counts c = Counts::decode(Statement::decode(m.body).value().body()).value();
    c.hash_out.bytes[0] ^= 1U;
    m.body = r.sign_as(bad, MessageType::link_counts, c.encode(), 5);
    return std::vector<Message>{m};
  }));
  expect_failed(r, PartyId(), "is not what came out of " + bad.str());
}

TEST(LinkMixerDeviates, TheLastOneStatesWhatIsShown) {
  Deviating d;
  Region& r = d.region;
  const PartyId bad = r.mixers[1];
  d.run(once(MessageType::link_counts, bad, [&](Message m) {
    Counts c = Counts::decode(Statement::decode(m.body).value().body()).value();
    c.shown.bytes[0] ^= 1U;
    m.body = r.sign_as(bad, MessageType::link_counts, c.encode(), 5);
    return std::vector<Message>{m};
  }));
  expect_failed(r, bad, "not of what it passed on");
}

// --- the hub ---

// Every contributor of `r` has ended its part and none has confirmed.
void expect_nobody_confirmed(const Region& r) {
  for (const auto& [id, node] : r.nodes)
    EXPECT_TRUE(!node.contributor || !node.contributor->confirmed()) << id.str();
  EXPECT_FALSE(r.figures.has_value());
}

TEST(LinkHubDeviates, AManifestWithAnotherKeyOfAMixerIsNotSigned) {
  Deviating d;
  Region& r = d.region;
  SeededRandom rng(seed_of(9));
  const SealPublicKey own = random_seal_key_pair(rng).public_key;
  d.run(once(MessageType::link_manifest, r.hub_id, [&](Message m) {
    Manifest manifest = Manifest::decode(Statement::decode(m.body).value().body()).value();
    for (std::size_t j = 0; j < r.mixers.size(); ++j)
      if (r.mixers[j] == m.to) manifest.keys[j].seal = own;
    m.body = r.sign_as(r.hub_id, MessageType::link_manifest, manifest.encode(), 1);
    return std::vector<Message>{m};
  }));
  expect_failed(r, r.hub_id, "other keys of this mixer");
}

// Another key of its own in the manifest that one contributor is shown: no mixer signed that.
TEST(LinkHubDeviates, AnotherManifestForOneContributorIsRefused) {
  Deviating d;
  Region& r = d.region;
  const PartyId victim = r.contributors[3];
  SeededRandom rng(seed_of(10));
  const SealPublicKey own = random_seal_key_pair(rng).public_key;
  d.run([&](Message m) -> std::vector<Message> {
    if (m.type != MessageType::link_begin || m.to != victim) return {m};
    Begin begin = Begin::decode(m.body).value();
    Manifest manifest = Manifest::decode(Statement::decode(begin.manifest).value().body()).value();
    manifest.hub_key = own;
    begin.manifest = r.sign_as(r.hub_id, MessageType::link_manifest, manifest.encode(), 1);
    m.body = begin.encode();
    return {m};
  });
  expect_nobody_confirmed(r);
  EXPECT_FALSE(r.nodes.at(victim).contributor.has_value());
  ASSERT_FALSE(r.errors.empty());
  EXPECT_EQ(r.errors.front().culprit, r.hub_id.str());
}

TEST(LinkHubDeviates, ASecondManifestInOneAttemptIsNotSigned) {
  Deviating d;
  Region& r = d.region;
  d.run(once(MessageType::link_manifest, r.hub_id, [](Message m) {
    return std::vector<Message>{m, m};
  }));
  expect_failed(r, r.hub_id, "a second manifest");
}

TEST(LinkHubDeviates, ASignatureLeftOutIsNoticed) {
  Deviating d;
  Region& r = d.region;
  const PartyId victim = r.contributors[0];
  d.run([&](Message m) -> std::vector<Message> {
    if (m.type != MessageType::link_begin || m.to != victim) return {m};
    Begin begin = Begin::decode(m.body).value();
    begin.signatures.pop_back();
    m.body = begin.encode();
    return {m};
  });
  expect_nobody_confirmed(r);
  ASSERT_FALSE(r.errors.empty());
  EXPECT_NE(r.errors.front().text.find("not signed by every mixer"), std::string::npos);
}

TEST(LinkHubDeviates, AHashLeftOutOrPutInIsNoticed) {
  for (const int how : {0, 1, 2}) {
    Deviating d;
    Region& r = d.region;
    d.run(once(MessageType::link_hashes, r.hub_id, [how](Message m) {
      m.body = with_items(m, [how](Bytes& b) {
        if (how == 0) b.resize(b.size() - kEntryHashSize);
        if (how == 1) std::copy_n(b.begin(), kEntryHashSize, b.begin() + kEntryHashSize);
        if (how == 2) std::fill_n(b.begin(), kEntryHashSize, std::uint8_t{0});
      });
      return std::vector<Message>{m};
    }));
    // The third is a hash of the victim only where it was its own: then it misses it.
    if (how < 2) {
      EXPECT_FALSE(r.figures.has_value());
      ASSERT_TRUE(r.failure.has_value());
      EXPECT_EQ(r.failure->culprit, r.hub_id.str());
    } else {
      EXPECT_FALSE(r.figures.has_value());
    }
  }
}

// Everything in it is the victim's own or made up: the last mixer has signed another list.
TEST(LinkHubDeviates, AListOfItsOwnForOneContributorIsNoticed) {
  Deviating d;
  Region& r = d.region;
  const PartyId victim = r.contributors[1];
  d.run([&](Message m) -> std::vector<Message> {
    if (m.type != MessageType::link_hashes || m.to != victim) return {m};
    // Hashes of others are many: one of them is changed, whichever is not the victim's stays unseen
    // by it but for the mixer's signature.
    m.body = with_items(m, [&](Bytes& b) { b[b.size() - 1] ^= 1U; });
    return {m};
  });
  EXPECT_FALSE(r.figures.has_value());
  EXPECT_FALSE(r.nodes.at(victim).contributor->confirmed());
}

// With the last mixer: then the others' signatures tell.
TEST(LinkHubDeviates, OtherListsToOthersAreNoticedByTheirConfirmations) {
  Deviating d;
  Region& r = d.region;
  const PartyId victim = r.contributors[1];
  d.run([&](Message m) -> std::vector<Message> {
    if (m.type != MessageType::link_confirmations || m.to != victim) return {m};
    Confirmations c = Confirmations::decode(m.body).value();
    Vouched v = Vouched::decode(Statement::decode(c.statements[2]).value().body()).value();
    v.hash.bytes[0] ^= 1U;
    c.statements[2] = r.sign_as(r.contributors[2], MessageType::link_confirmation, v.encode(), 6);
    m.body = c.encode();
    return {m};
  });
  const auto& role = *r.nodes.at(victim).contributor;
  EXPECT_FALSE(role.confirmed());
  ASSERT_TRUE(role.failure().has_value());
  EXPECT_EQ(role.failure()->culprit, r.hub_id.str());
  EXPECT_TRUE(r.nodes.at(victim).confirmed.empty());
}

TEST(LinkHubDeviates, ACascadeOfOtherEntriesIsNoticed) {
  Deviating d;
  Region& r = d.region;
  d.run(once(MessageType::link_cascade, r.hub_id, [](Message m) {
    Cascade c = Cascade::decode(m.body).value();
    std::swap(c.entries[0], c.entries[1]);
    m.body = c.encode();
    return std::vector<Message>{m};
  }));
  expect_failed(r, r.hub_id, "");
}

// With the first mixer it puts its own entries in the place of all but one contributor's. It has
// seen that one's figures then; everybody else has missed its own, and nothing is released.
TEST(LinkHubDeviates, ALoneContributorsOthersNotice) {
  Deviating d;
  Region& r = d.region;
  const PartyId alone = r.contributors[0];
  std::vector<SealPublicKey> keys;
  std::optional<SealPublicKey> hub;
  SeededRandom rng(seed_of(12));
  d.run([&](Message m) -> std::vector<Message> {
    if (m.type == MessageType::link_begin && keys.empty()) {
      const Begin begin = Begin::decode(m.body).value();
      const Manifest manifest =
          Manifest::decode(Statement::decode(begin.manifest).value().body()).value();
      for (const MixerKeys& k : manifest.keys) keys.push_back(k.seal);
      hub = manifest.hub_key;
    }
    // The mixer takes in other onions than it acknowledges: the statement stays the victims'.
    if (m.type != MessageType::link_onions || m.from == alone) return {m};
    m.body = with_items(m, [&](Bytes& b) {
      const std::size_t size = b.size() / r.shape.entries;
      for (std::size_t k = 0; k < r.shape.entries; ++k) {
        const Bytes onion = wrap_entry(keys, seal_entry(*hub, Entry(), rng), rng);
        std::copy_n(onion.begin(), size, b.begin() + static_cast<std::ptrdiff_t>(k * size));
      }
    });
    return {m};
  });
  EXPECT_FALSE(r.figures.has_value());
  for (const PartyId& id : r.contributors)
    if (id != alone) {
      EXPECT_FALSE(r.nodes.at(id).contributor->confirmed()) << id.str();
    }
}

// Messages of an attempt that is over, put again into the next one.
TEST(LinkHubDeviates, AReplayedCascadeDoesNotHold) {
  Deviating d;
  Region& r = d.region;
  d.run([](Message m) { return std::vector<Message>{m}; });
  expect_figures(r);
  std::vector<Message> old;
  for (const Message& m : r.sent)
    if (m.type == MessageType::link_batch && m.from == r.mixers[0]) old.push_back(m);
  ASSERT_EQ(old.size(), 1U);
  r.intercept = once(MessageType::link_batch, r.mixers[0], [&](Message m) {
    m.body = old[0].body;
    return std::vector<Message>{m};
  });
  ASSERT_TRUE(r.start(2).ok());
  r.run();
  expect_failed(r, r.mixers[0], "another release or attempt");

  // With the number of the new attempt written over it: other keys.
  r.intercept = once(MessageType::link_batch, r.mixers[0], [&](Message m) {
    Part part = Part::decode(old[0].body).value();
    part.id = Part::decode(m.body).value().id;
    m.body = part.encode();
    return std::vector<Message>{m};
  });
  ASSERT_TRUE(r.start(3).ok());
  r.run();
  expect_failed(r, PartyId(), "does not open");
}

TEST(LinkHubDeviates, AnAttemptWithOnePartyLessGetsNoEntries) {
  Deviating d;
  Region& r = d.region;
  d.run([](Message m) { return std::vector<Message>{m}; });
  expect_figures(r);
  const std::vector<PartyId> fewer(r.contributors.begin(), r.contributors.end() - 1);
  r.intercept = nullptr;
  ASSERT_TRUE(r.start(2, fewer).ok());
  r.run();
  EXPECT_FALSE(r.figures.has_value());
  ASSERT_TRUE(r.failure.has_value());
  EXPECT_EQ(r.failure->code, Code::denied);
  EXPECT_NE(r.failure->text.find("another roster"), std::string::npos) << r.failure->text;
  // The same attempt again, and one before it, are over too.
  ASSERT_TRUE(r.start(1).ok());
  r.run();
  EXPECT_FALSE(r.figures.has_value());
}

// --- crashes ---

// A party that ends, at each moment of an attempt: the attempt fails or had all it needed, the next
// one gives the figures.
TEST(LinkCrash, APartyThatComesBackSaysSoAndTheNextAttemptHolds) {
  const Shape shape{Kind::children, 3, 2, 1, 2, 16};
  std::size_t failed = 0;
  for (std::size_t at = 0; at < 160; at += 9) {
    SCOPED_TRACE(at);
    Region r(40 + at, shape);
    r.fill_at_random(5, 600);
    const PartyId who = at % 2 == 0 ? r.contributors[at % 3] : r.mixers[1];
    ASSERT_TRUE(r.start().ok());
    for (std::size_t n = 0; n < at && r.step(); ++n) {
    }
    if (!r.figures) {
      r.kill(who);
      r.come_back(who);
      r.run();
      EXPECT_FALSE(r.figures.has_value());
      if (r.failure) {
        EXPECT_EQ(r.failure->code, Code::try_again);
      }
      ++failed;
      r.run_out();
    }
    ASSERT_TRUE(r.start(2).ok());
    r.run();
    r.errors.clear();
    expect_figures(r);
  }
  EXPECT_GT(failed, 6U);
}

TEST(LinkCrash, WhatIsLostEndsTheAttemptAtItsExpiry) {
  for (std::size_t lost = 0; lost < 60; lost += 5) {
    SCOPED_TRACE(lost);
    Region r(41, {Kind::children, 3, 2, 1, 2, 16});
    r.fill_at_random(5, 600);
    std::size_t n = 0;
    r.intercept = [&](Message m) {
      return n++ == lost ? std::vector<Message>{} : std::vector<Message>{m};
    };
    ASSERT_TRUE(r.start().ok());
    r.run();
    if (n <= lost) break;
    r.run_out();
    EXPECT_FALSE(r.figures.has_value());
    ASSERT_TRUE(r.failure.has_value());
  }
}

}  // namespace
}  // namespace hedgerow::protocol::link
