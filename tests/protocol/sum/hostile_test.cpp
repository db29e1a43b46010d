#include <gtest/gtest.h>

#include <algorithm>

#include "tests/protocol/sum/region.h"

namespace hedgerow::protocol::sum {
namespace {

void expect_total(const Region& region) {
  ASSERT_FALSE(region.hub.failure) << region.hub.failure->text;
  ASSERT_TRUE(region.hub.figures);
  EXPECT_TRUE(*region.hub.figures == region.total());
}

// What the receiver of m would save now; empty where it has no role.
Bytes saved(const Region& region, const PartyId& who) {
  if (who == region.hub_id)
    return region.hub.role && !region.hub.role->finished()
               ? to_bytes(region.hub.role->save().expose())
               : Bytes();
  const auto& role = region.nodes.at(who).role;
  return role ? to_bytes(role->save().expose()) : Bytes();
}

// Every message of a run, changed before the right one is delivered: refused, nothing has
// changed, and the run goes on to the right total.
template <class Tamper>
void tampered_runs_end_well(std::uint64_t seed, Tamper tamper) {
  Region region(seed, 3, 4);
  ASSERT_TRUE(region.start().ok());
  while (!region.wire.empty()) {
    const Message m = region.wire.front();
    for (const Message& bad : tamper(m)) {
      SCOPED_TRACE(testing::PrintToString(bad));
      const Bytes before = saved(region, bad.to);
      const std::size_t on_wire = region.wire.size();
      const auto result = region.receive(bad);
      EXPECT_FALSE(result.ok());
      EXPECT_TRUE(result.ok() || before.empty() || !result.error().culprit.empty());
      EXPECT_EQ(to_hex(saved(region, bad.to)), to_hex(before));
      EXPECT_EQ(region.wire.size(), on_wire);
    }
    region.deliver();
  }
  expect_total(region);
}

// The two messages that travel only inside a sealed and signed envelope.
bool sealed_only(MessageType type) {
  return type == MessageType::sum_masked_input || type == MessageType::sum_opening;
}

TEST(SumHostile, EveryFlippedBitOfAStatementOrListIsRefused) {
  SeededRandom rng(seed_of(3));
  tampered_runs_end_well(60, [&rng](const Message& m) {
    std::vector<Message> bad;
    if (sealed_only(m.type)) return bad;
    for (int i = 0; i < 12; ++i) {
      bad.push_back(m);
      Bytes& b = bad.back().body;
      b[random_below(rng, b.size())] ^= static_cast<std::uint8_t>(1U << random_below(rng, 8));
    }
    return bad;
  });
}

TEST(SumHostile, TruncatedAndLengthenedMessagesAreRefused) {
  tampered_runs_end_well(61, [](const Message& m) {
    std::vector<Message> bad(4, m);
    bad[0].body.pop_back();
    bad[1].body.push_back(0);
    bad[2].body.clear();
    bad[3].body.resize(m.body.size() / 2);
    return bad;
  });
}

TEST(SumHostile, MessagesUnderAnotherTypeAreRefused) {
  tampered_runs_end_well(62, [](const Message& m) {
    std::vector<Message> bad;
    for (std::uint8_t n = 1; n < 60; ++n) {
      const auto type = message_type_from(n);
      if (!type || *type == m.type || *type == MessageType::sum_manifest) continue;
      bad.push_back(m);
      bad.back().type = *type;
    }
    return bad;
  });
}

TEST(SumHostile, MessagesFromAnotherPartyAreRefused) {
  const std::vector<PartyId> everybody = {party("vale-hub"), party("agency-a"), party("agency-b"),
                                          party("agency-c"), party("stranger")};
  tampered_runs_end_well(63, [&](const Message& m) {
    std::vector<Message> bad;
    for (const PartyId& from : everybody) {
      // The sealed bodies name no sender: their envelope does.
      if (from == m.from || (sealed_only(m.type) && from.str().starts_with("agency"))) continue;
      bad.push_back(m);
      bad.back().from = from;
    }
    return bad;
  });
}

TEST(SumHostile, MessagesPutToAnotherPartyAreRefused) {
  tampered_runs_end_well(64, [](const Message& m) {
    std::vector<Message> bad;
    if (m.from == party("vale-hub")) {
      bad.push_back(m);
      bad.back().to = m.from;  // the hub's own message comes back to it
      return bad;
    }
    for (const auto* name : {"agency-a", "agency-b", "agency-c"}) {
      bad.push_back(m);
      bad.back().to = party(name);
    }
    return bad;
  });
}

TEST(SumHostile, MessagesOfAnotherAttemptAreRefused) {
  Region region(65, 3, 4);
  ASSERT_TRUE(region.start().ok());
  while (region.wire.front().type != MessageType::sum_masked_hash) region.deliver();
  region.wire.clear();
  region.tick(kAttemptTime + std::chrono::seconds(1));
  region.run();
  ASSERT_TRUE(region.hub.failure);
  std::vector<Message> old;
  for (const Message& m : region.sent)
    if (m.type != MessageType::sum_void) old.push_back(m);
  ASSERT_GT(old.size(), 15U);

  ASSERT_TRUE(region.start(2).ok());
  while (!region.wire.empty()) {
    for (const Message& m : old) {
      const Bytes before = saved(region, m.to);
      EXPECT_FALSE(region.receive(m).ok()) << testing::PrintToString(m);
      EXPECT_EQ(to_hex(saved(region, m.to)), to_hex(before));
    }
    region.deliver();
  }
  expect_total(region);
}

TEST(SumHostile, MaskedInputThatIsNotTheSignedOneIsRefused) {
  Region region(66, 3, 4);
  ASSERT_TRUE(region.start().ok());
  // Hash first: the changed input is refused, the right one taken.
  std::size_t refused = 0;
  while (!region.wire.empty()) {
    if (region.wire.front().type == MessageType::sum_masked_input &&
        region.wire.front().from == region.ids[0]) {
      std::rotate(region.wire.begin(), region.wire.begin() + 1, region.wire.end());
      while (region.wire.front().from != region.ids[0] ||
             region.wire.front().type != MessageType::sum_masked_input)
        region.deliver();
      Message bad = region.wire.front();
      bad.body.back() ^= 1U;
      const auto result = region.receive(bad);
      ASSERT_FALSE(result.ok());
      EXPECT_EQ(result.error().culprit, region.ids[0].str());
      ++refused;
    }
    region.deliver();
  }
  EXPECT_EQ(refused, 1U);
  expect_total(region);
}

TEST(SumHostile, HashOfAnotherInputThanTheOneSentEndsWithoutFigures) {
  Region region(67, 3, 4);
  ASSERT_TRUE(region.start().ok());
  while (!region.wire.empty()) {
    Message& m = region.wire.front();
    if (m.type == MessageType::sum_masked_input && m.from == region.ids[2]) m.body.back() ^= 1U;
    region.deliver();
  }
  ASSERT_FALSE(region.errors.empty());
  EXPECT_EQ(region.errors.back().culprit, region.ids[2].str());
  EXPECT_EQ(region.hub.role->waiting_for(), std::vector<PartyId>{region.ids[2]});
  EXPECT_FALSE(region.hub.figures);
  for (const auto& [id, node] : region.nodes) EXPECT_FALSE(node.opened);
}

// The rest of this file: a hub that deviates, alone or with a contributor it controls.

Message from_hub(const Region& region, const PartyId& to, MessageType type, Bytes body) {
  return {region.hub_id, to, type, std::move(body)};
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

AttemptId id_of(const Region& region) {
  const Manifest& m = region.hub.role->manifest();
  return {m.release, m.attempt};
}

Bytes another_advert(const Region& region, const PartyId& who) {
  SeededRandom rng(seed_of(99));
  return sign_as(region, who, MessageType::sum_advert, 1,
                 Advert{id_of(region), mask_public_key(MaskSecretKey::random(rng))}.encode());
}

// Runs to the point where the hub has the roster out, and gives it.
StatementList roster_of(Region& region) {
  EXPECT_TRUE(region.start().ok());
  while (region.hub.role->phase() == SumHub::Phase::adverts) region.deliver();
  StatementList roster = StatementList::decode(region.wire.back().body).value();
  region.wire.clear();
  return roster;
}

TEST(SumHostile, HubThatShowsDifferentRostersGetsNoMaskedInput) {
  Region region(68, 4, 4);
  const StatementList first = roster_of(region);
  StatementList second = first;
  second.statements[3] = another_advert(region, region.ids[3]);
  std::vector<Bytes> bodies = {first.encode(), second.encode()};
  // agency-d is the hub's accomplice; a and b see one roster, c the other.
  for (const std::size_t i : {0U, 1U, 2U})
    ASSERT_TRUE(region
                    .receive(from_hub(region, region.ids[i], MessageType::sum_roster,
                                      bodies[i == 2 ? 1 : 0]))
                    .ok());
  const Bytes& manifest = region.hub.role->manifest_statement();
  for (const std::size_t version : {0U, 1U}) {
    const Hash64 h = roster_hash(manifest, bodies[version]);
    StatementList signatures{id_of(region), {}};
    for (const PartyId& id : region.ids) {
      Bytes signature;
      for (const Message& m : region.wire)
        if (m.from == id && m.type == MessageType::sum_roster_signature) signature = m.body;
      if (id == region.ids[3])
        signature = sign_as(region, id, MessageType::sum_roster_signature, 2,
                            RosterSignature{id_of(region), h}.encode());
      signatures.statements.push_back(signature);
    }
    for (const std::size_t i : {0U, 1U, 2U}) {
      const auto result = region.receive(
          from_hub(region, region.ids[i], MessageType::sum_roster_signatures, signatures.encode()));
      ASSERT_FALSE(result.ok());
      EXPECT_EQ(result.error().culprit, region.hub_id.str());
    }
  }
  for (const Message& m : region.sent) EXPECT_NE(m.type, MessageType::sum_masked_input);
}

TEST(SumHostile, RosterIsRefusedUnlessItIsOfAllContributorsAndHasOnesOwnAdvert) {
  Region region(69, 4, 4);
  const StatementList right = roster_of(region);
  const PartyId self = region.ids[1];
  const auto refused = [&](const StatementList& roster) {
    const auto r = region.receive(from_hub(region, self, MessageType::sum_roster, roster.encode()));
    return !r.ok();
  };
  StatementList bad = right;
  bad.statements.pop_back();
  EXPECT_TRUE(refused(bad));
  bad = right;
  std::swap(bad.statements[0], bad.statements[2]);
  EXPECT_TRUE(refused(bad));
  bad = right;
  bad.statements[0] = bad.statements[2];
  EXPECT_TRUE(refused(bad));
  bad = right;
  bad.statements[1] = another_advert(region, self);  // even where its own key were stolen
  EXPECT_TRUE(refused(bad));
  bad = right;
  bad.id.attempt = 2;
  EXPECT_TRUE(refused(bad));
  // Two contributors with one mask key.
  const auto stolen = Advert::decode(Statement::decode(right.statements[0])->body()).value();
  bad = right;
  bad.statements[3] = sign_as(region, region.ids[3], MessageType::sum_advert, 1, stolen.encode());
  EXPECT_TRUE(refused(bad));
  EXPECT_EQ(region.errors.back().culprit, region.ids[3].str());
  // An unusable key, signed by its contributor.
  Bytes weak = stolen.encode();
  std::fill(weak.end() - 32, weak.end(), std::uint8_t{0});
  bad.statements[3] = sign_as(region, region.ids[3], MessageType::sum_advert, 1, weak);
  EXPECT_TRUE(refused(bad));
  EXPECT_EQ(region.errors.back().culprit, region.ids[3].str());

  EXPECT_FALSE(refused(right));
  bad = right;
  bad.statements[3] = another_advert(region, region.ids[3]);
  EXPECT_TRUE(refused(bad)) << "a second roster after the first";
}

TEST(SumHostile, OpeningNeedsEverybodysSignedHashAndOnesOwn) {
  Region region(70, 4, 4);
  ASSERT_TRUE(region.start().ok());
  while (region.hub.role->phase() != SumHub::Phase::openings) region.deliver();
  const StatementList right = StatementList::decode(region.wire.back().body).value();
  region.wire.clear();
  const PartyId self = region.ids[0];
  const auto refused = [&](const StatementList& hashes) {
    const bool ok =
        region.receive(from_hub(region, self, MessageType::sum_masked_hashes, hashes.encode()))
            .ok();
    EXPECT_EQ(ok, region.nodes.at(self).opened.has_value());
    return !ok;
  };
  const Hash64 h = region.hub.role->roster_hash();
  StatementList bad = right;
  bad.statements.pop_back();
  EXPECT_TRUE(refused(bad));
  bad = right;
  bad.statements[3].clear();
  EXPECT_TRUE(refused(bad));
  bad = right;
  bad.statements[0] = sign_as(region, self, MessageType::sum_masked_hash, 3,
                              MaskedHash{id_of(region), h, Hash64{}}.encode());
  EXPECT_TRUE(refused(bad));
  bad = right;
  bad.statements[2] = sign_as(region, region.ids[2], MessageType::sum_masked_hash, 3,
                              MaskedHash{id_of(region), Hash64{}, Hash64{}}.encode());
  EXPECT_TRUE(refused(bad)) << "a hash for another roster";
  bad = right;
  bad.statements[2] = sign_as(region, region.ids[2], MessageType::sum_masked_hash, 3,
                              MaskedHash{{id_of(region).release, 2}, h, Hash64{}}.encode());
  EXPECT_TRUE(refused(bad)) << "a hash of another attempt";
  EXPECT_FALSE(refused(right));
}

TEST(SumHostile, SecondVersionOfAnythingIsRefusedByTheHub) {
  Region region(74, 3, 4);
  ASSERT_TRUE(region.start().ok());
  const PartyId self = region.ids[0];
  std::size_t tried = 0;
  while (!region.wire.empty()) {
    const Message m = region.wire.front();
    region.deliver();
    if (m.from != self || region.hub.role->finished()) continue;
    // The same step once more, properly signed, with other contents.
    Message other = m;
    const Hash64 h = region.hub.role->roster_hash();
    if (m.type == MessageType::sum_advert) other.body = another_advert(region, self);
    if (m.type == MessageType::sum_roster_signature)
      other.body = sign_as(region, self, m.type, 2, RosterSignature{id_of(region), {}}.encode());
    if (m.type == MessageType::sum_masked_hash)
      other.body = sign_as(region, self, m.type, 3, MaskedHash{id_of(region), h, {}}.encode());
    if (sealed_only(m.type)) other.body.back() ^= 1U;
    const Bytes before = saved(region, region.hub_id);
    const auto result = region.receive(other);
    ASSERT_FALSE(result.ok()) << testing::PrintToString(m);
    EXPECT_EQ(result.error().culprit, self.str());
    EXPECT_EQ(to_hex(saved(region, region.hub_id)), to_hex(before));
    ++tried;
  }
  EXPECT_EQ(tried, 5U);
  expect_total(region);
}

TEST(SumHostile, NothingIsOpenedOrMaskedOutOfTurn) {
  Region region(71, 3, 4);
  Region ahead(71, 3, 4);
  ASSERT_TRUE(ahead.start().ok());
  ahead.run();
  const PartyId self = region.ids[0];
  const auto of_type = [&](MessageType type) {
    return *std::ranges::find_if(ahead.sent,
                                 [&](const Message& m) { return m.to == self && m.type == type; });
  };
  ASSERT_TRUE(region.start().ok());
  region.deliver();  // the manifest to agency-a
  ASSERT_TRUE(region.nodes.at(self).role);
  EXPECT_FALSE(region.receive(of_type(MessageType::sum_roster_signatures)).ok());
  EXPECT_FALSE(region.receive(of_type(MessageType::sum_masked_hashes)).ok());
  region.wire.push_back(of_type(MessageType::sum_roster));
  while (region.nodes.at(self).role->phase() == SumContributor::Phase::advertised)
    region.deliver(region.wire.size() - 1);
  EXPECT_FALSE(region.receive(of_type(MessageType::sum_masked_hashes)).ok());
}

// Attack D15: a total of all of R, then one of R without one party, from a late or held-back
// vector, would give that party's figures by subtraction.
TEST(SumHostile, LateVectorOfAMissingPartyGivesNoSecondTotal) {
  Region region(72, 5, 4);
  const PartyId late = region.ids[4];
  ASSERT_TRUE(region.start().ok());
  std::vector<Message> held;
  while (!region.wire.empty()) {
    if (region.wire.front().from == late && region.wire.front().type == MessageType::sum_opening) {
      held.push_back(region.wire.front());
      region.wire.pop_front();
    } else {
      region.deliver();
    }
  }
  for (const auto& [id, node] : region.nodes) EXPECT_TRUE(node.opened);

  // The hub drops the attempt and starts over without the late party.
  auto first = std::move(region.hub.role);
  std::vector<PartyId> others(region.ids.begin(), region.ids.end() - 1);
  ASSERT_TRUE(region.start(2, others).ok());
  region.run();
  EXPECT_EQ(region.errors.size(), 4U);
  for (const Error& e : region.errors) EXPECT_EQ(e.text, "this release has been opened already");
  EXPECT_EQ(region.hub.role->phase(), SumHub::Phase::adverts);
  EXPECT_FALSE(region.hub.figures);

  // Only the first roster can be completed.
  region.hub.role = std::move(first);
  for (const Message& m : held) ASSERT_TRUE(region.receive(m).ok());
  expect_total(region);
}

// The same with nobody opened at first: both attempts stand sent, and one of them is opened.
TEST(SumHostile, OfTwoAttemptsAContributorOpensOne) {
  Region region(73, 5, 4);
  ASSERT_TRUE(region.start().ok());
  while (region.hub.role->phase() != SumHub::Phase::openings) region.deliver();
  std::deque<Message> hashes = std::move(region.wire);
  region.wire.clear();
  std::map<PartyId, Bytes> states;
  for (const auto& [id, node] : region.nodes) states[id] = *node.state;

  std::vector<PartyId> others(region.ids.begin(), region.ids.end() - 1);
  region.hub.role.reset();
  ASSERT_TRUE(region.start(2, others).ok());
  region.run();
  ASSERT_TRUE(region.hub.figures);  // the total without the fifth

  // The first attempt's hashes come now: its roles are gone, and a restored one does not open.
  for (const Message& m : hashes) {
    const auto result = region.receive(m);
    EXPECT_EQ(result.ok(), m.to == region.ids[4]);
  }
  for (const PartyId& id : others) {
    const auto revived =
        SumContributor::restore(region.parties(id), region.nodes.at(id).opened, states[id]);
    ASSERT_FALSE(revived.ok());
    EXPECT_EQ(revived.error().code, Code::denied);
  }
}

}  // namespace
}  // namespace hedgerow::protocol::sum
