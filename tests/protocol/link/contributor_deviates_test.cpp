// Bad contributors: each is found, named where that can be known, and nothing comes out.
#include "tests/protocol/link/deviating.h"

namespace hedgerow::protocol::link {
namespace {

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

TEST(LinkContributorDeviates, ThePointTwiceIsRefused) {
  Deviating d;
  const PartyId bad = d.region.contributors[2];
  Region& r = d.run(restated(d.region, bad, MessageType::link_blinded, [](Bytes& b, std::size_t) {
    std::copy_n(b.begin(), kElement, b.begin() + kElement);
  }));
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
  const PartyId bad = d.region.contributors[3];
  Region& r =
      d.run(restated(d.region, bad, MessageType::link_onions, [](Bytes& b, std::size_t size) {
        std::copy_n(b.begin(), size, b.begin() + static_cast<std::ptrdiff_t>(size));
      }));
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
    Keys keys;
    auto changed = restated(r, bad, MessageType::link_onions, [&](Bytes& b, std::size_t size) {
      const Bytes inner = seal_entry(*keys.hub, Entry(), rng);
      for (std::size_t k = 0; k < (equal ? 2U : 1U); ++k) {
        const Bytes onion = equal ? wrap_entry(keys.mixers, inner, rng)
                                  : seal(keys.mixers[0], Bytes(size - kSealOverhead, 7), rng);
        std::copy_n(onion.begin(), size, b.begin() + static_cast<std::ptrdiff_t>(k * size));
      }
    });
    d.run([&](Message m) {
      keys.look_at(m);
      return changed(std::move(m));
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
    Keys keys;
    std::optional<Counts> counts;
    auto changed = restated(r, bad, MessageType::link_onions, [&](Bytes& b, std::size_t size) {
      for (std::size_t k = 0; k < r.shape.entries; ++k) {
        Entry e{true, static_cast<std::uint8_t>(kind == Kind::children ? 0 : 1 + k % 2), 0, {}, {}};
        e.token.fill(9);
        const Bytes onion = wrap_entry(keys.mixers, seal_entry(*keys.hub, e, rng), rng);
        std::copy_n(onion.begin(), size, b.begin() + static_cast<std::ptrdiff_t>(k * size));
      }
    });
    d.run([&](Message m) -> std::vector<Message> {
      keys.look_at(m);
      if (m.from == r.mixers.back() && m.type == MessageType::link_counts)
        counts = Counts::decode(Statement::decode(m.body).value().body()).value();
      // The honest role behind it misses its own entries; a deviating one confirms.
      if (m.from == bad && m.type == MessageType::link_refusal) {
        const Vouched v{counts->id, counts->qh, counts->out, counts->shown};
        return {{bad, r.hub_id, MessageType::link_confirmation,
                 r.sign_as(bad, MessageType::link_confirmation, v.encode(), 6)}};
      }
      return changed(std::move(m));
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

}  // namespace
}  // namespace hedgerow::protocol::link
