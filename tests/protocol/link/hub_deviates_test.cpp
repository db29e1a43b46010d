// Bad hubs: nobody goes on, and nothing is confirmed.
#include "tests/protocol/link/deviating.h"

namespace hedgerow::protocol::link {
namespace {

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
  Keys keys;
  SeededRandom rng(seed_of(12));
  d.run([&](Message m) -> std::vector<Message> {
    keys.look_at(m);
    // The mixer takes in other onions than it acknowledges: the statement stays the victims'.
    if (m.type != MessageType::link_onions || m.from == alone) return {m};
    m.body = with_items(m, [&](Bytes& b) {
      const std::size_t size = b.size() / r.shape.entries;
      for (std::size_t k = 0; k < r.shape.entries; ++k) {
        const Bytes onion = wrap_entry(keys.mixers, seal_entry(*keys.hub, Entry(), rng), rng);
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

}  // namespace
}  // namespace hedgerow::protocol::link
