#include <gtest/gtest.h>

#include <algorithm>

#include "tests/protocol/sum/region.h"

namespace hedgerow::protocol::sum {
namespace {

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

// Properly signed by its sender, but with a header of another session, agreement, expiry or
// sequence; or a body for another roster or attempt.
std::vector<Message> belonging_elsewhere(const Region& region, const Message& m) {
  std::vector<Message> out;
  const auto add = [&](Bytes body) { out.push_back({m.from, m.to, m.type, std::move(body)}); };
  if (m.type == MessageType::sum_masked_input) {
    auto y = MaskedInput::decode(m.body).value();
    y.roster.bytes[0] ^= 1U;
    add(y.encode());
    y.roster.bytes[0] ^= 1U;
    ++y.id.attempt;
    add(y.encode());
    --y.id.attempt;
    y.y.pop_back();
    add(y.encode());
    return out;
  }
  if (m.type == MessageType::sum_opening) {
    auto b = Opening::decode(m.body).value();
    b.roster.bytes[0] ^= 1U;
    add(b.encode());
    b.roster.bytes[0] ^= 1U;
    ++b.id.attempt;
    add(b.encode());
    return out;
  }
  const Statement right = Statement::decode(m.body).value();
  const auto sign = [&](const StatementHeader& header, const Bytes& body) {
    add(Statement::sign(*region.nodes.at(m.from).key, m.type, header, body).encode());
  };
  auto header = right.header();
  header.session.bytes[0] ^= 1U;
  sign(header, right.body());
  header = right.header();
  header.agreement.bytes[0] ^= 1U;
  sign(header, right.body());
  header = right.header();
  header.lineage = Lineage::parse("another").value();
  sign(header, right.body());
  header = right.header();
  ++header.sequence;
  sign(header, right.body());
  header = right.header();
  header.not_after += std::chrono::hours(1);
  sign(header, right.body());
  // The fields of the body: release 0, attempt 16, then h or E.
  for (const std::size_t at : {std::size_t{0}, std::size_t{16}, std::size_t{20}}) {
    if (at == 20 && m.type == MessageType::sum_advert) continue;  // any key is a good key
    Bytes body = right.body();
    body[at] ^= 1U;
    sign(right.header(), body);
  }
  return out;
}

TEST(SumHostile, SignedMessagesThatBelongElsewhereAreRefusedByTheHub) {
  Region region(75, 3, 4);
  ASSERT_TRUE(region.start().ok());
  std::size_t tried = 0;
  while (!region.wire.empty()) {
    const Message m = region.wire.front();
    if (m.to == region.hub_id) {
      for (const Message& bad : belonging_elsewhere(region, m)) {
        const Bytes before = saved(region, region.hub_id);
        const auto result = region.receive(bad);
        ASSERT_FALSE(result.ok()) << testing::PrintToString(m);
        EXPECT_EQ(result.error().culprit, m.from.str());
        EXPECT_EQ(to_hex(saved(region, region.hub_id)), to_hex(before));
        ++tried;
      }
    }
    region.deliver();
  }
  EXPECT_EQ(tried, 3U * (7 + 8 + 3 + 8 + 2));
  expect_total(region);
}

TEST(SumHostile, SignedStatementsThatBelongElsewhereAreRefusedInsideLists) {
  Region region(76, 3, 4);
  ASSERT_TRUE(region.start().ok());
  const PartyId self = region.ids[0], other = region.ids[2];
  std::map<MessageType, Message> of_other;
  std::size_t tried = 0;
  while (!region.wire.empty()) {
    const Message m = region.wire.front();
    if (m.from == other) of_other.emplace(m.type, m);
    const bool list = m.type == MessageType::sum_roster ||
                      m.type == MessageType::sum_roster_signatures ||
                      m.type == MessageType::sum_masked_hashes;
    if (m.to == self && list) {
      const auto inner = m.type == MessageType::sum_roster ? MessageType::sum_advert
                         : m.type == MessageType::sum_roster_signatures
                             ? MessageType::sum_roster_signature
                             : MessageType::sum_masked_hash;
      for (const Message& bad : belonging_elsewhere(region, of_other.at(inner))) {
        StatementList changed = StatementList::decode(m.body).value();
        changed.statements[2] = bad.body;
        const Bytes before = saved(region, self);
        ASSERT_FALSE(region.receive({m.from, m.to, m.type, changed.encode()}).ok());
        EXPECT_EQ(to_hex(saved(region, self)), to_hex(before));
        ++tried;
      }
    }
    region.deliver();
  }
  EXPECT_EQ(tried, 7U + 8U + 8U);
  expect_total(region);
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

}  // namespace
}  // namespace hedgerow::protocol::sum
