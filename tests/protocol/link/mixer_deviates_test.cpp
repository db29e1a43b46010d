// Bad mixers: each is found, named where that can be known, and nothing comes out.
#include "tests/protocol/link/deviating.h"

namespace hedgerow::protocol::link {
namespace {

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
    Keys keys;
    SeededRandom rng(seed_of(8));
    auto changed = passes_on(r, r.mixers[which], [&](Bytes& b, std::size_t) {
      const Bytes own = wrap_entry(keys.behind(which), seal_entry(*keys.hub, Entry(), rng), rng);
      std::ranges::copy(own, b.begin());
    });
    d.run([&](Message m) {
      keys.look_at(m);
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

// Nobody waits for it as long as the entries would take.
TEST(LinkMixerDeviates, OneThatIsAwayEndsThePlanningSoon) {
  Deviating d({Kind::children, 8, 2, 1, 2, 8192});
  const PartyId bad = d.region.mixers[0];
  Region& r = d.run([bad](Message m) -> std::vector<Message> {
    if (m.from == bad && m.type == MessageType::link_key) return {};
    return {m};
  });
  r.tick(std::chrono::seconds(91));
  r.run();
  expect_failed(r, bad, "no answer in time from " + bad.str());
}

}  // namespace
}  // namespace hedgerow::protocol::link
