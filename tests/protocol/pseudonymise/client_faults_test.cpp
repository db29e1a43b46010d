// The client among keyholders that are dead, slow, spent, mistaken or hostile, over a network
// that drops, repeats, reorders and changes answers.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "protocol/pseudonymise/client.h"
#include "tests/protocol/pseudonymise/region.h"

namespace hedgerow::protocol {
namespace {

class Faults : public testing::Test {
 protected:
  // Batches of 4 over 10 inputs, two in flight.
  PseudonymiseClient start(TestRegion& region, PseudonymiseSetup setup) {
    setup.batch_size = 4;
    PseudonymiseClient client = *PseudonymiseClient::create(setup, numbers(10));
    region.carry(client.start(at(0), region.rng_));
    return client;
  }
  PseudonymiseClient start(TestRegion& region) { return start(region, region.setup()); }

  void expect_right(TestRegion& region, PseudonymiseClient client) {
    ASSERT_TRUE(client.finished());
    const auto result = std::move(client).take_result();
    ASSERT_TRUE(result.ok()) << result.error().text;
    EXPECT_TRUE(*result == region.expected(numbers(10)));
  }
  Error expect_failure(PseudonymiseClient client) {
    EXPECT_TRUE(client.finished());
    const auto result = std::move(client).take_result();
    EXPECT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, Code::try_again);
    return result.error();
  }
  static bool names(const Error& error, const std::string& what) {
    return error.text.find(what) != std::string::npos;
  }
};

TEST_F(Faults, DeadKeyholderIsReplacedAfterTheTimeOut) {
  TestRegion region(4, 3);
  region.dead_.insert(party("keyholder-1"));
  PseudonymiseClient client = start(region);
  region.deliver_all(client, at(1));
  EXPECT_FALSE(client.finished());
  EXPECT_TRUE(client.on_time(at(999), region.rng_).send.empty());  // not late yet
  Step step = client.on_time(at(1000), region.rng_);
  EXPECT_FALSE(step.send.empty());
  EXPECT_EQ(step.wake_at, at(1001));  // the last batch asked the dead one at 1
  region.carry(step);
  region.deliver_all(client, at(1000));
  EXPECT_FALSE(client.finished());
  region.carry(client.on_time(at(1001), region.rng_));
  region.deliver_all(client, at(1002));
  expect_right(region, std::move(client));
}

TEST_F(Faults, DeadKeyholderIsAskedLastFromThenOn) {
  TestRegion region(5, 3);
  const PartyId dead = party("keyholder-1");
  region.dead_.insert(dead);
  PseudonymiseSetup setup = region.setup();
  setup.max_in_flight = 1;
  PseudonymiseClient client = start(region, setup);
  region.deliver_all(client, at(1));
  region.carry(client.on_time(at(1000), region.rng_));
  region.deliver_all(client, at(1001));
  EXPECT_EQ(region.requests_[dead], 1);
  expect_right(region, std::move(client));
}

TEST_F(Faults, WithoutEnoughKeyholdersItFailsNamingTheMissingOne) {
  TestRegion region(3, 3);
  region.dead_.insert(party("keyholder-2"));
  PseudonymiseClient client = start(region);
  region.deliver_all(client, at(1));
  const Step step = client.on_time(at(1000), region.rng_);
  EXPECT_TRUE(step.finished);
  EXPECT_TRUE(step.send.empty());
  const Error error = expect_failure(std::move(client));
  EXPECT_TRUE(names(error, "keyholder-2 (no answer in time)"));
  EXPECT_FALSE(names(error, "keyholder-1"));
  EXPECT_EQ(error.culprit, "keyholder-2");
}

TEST_F(Faults, UnreachableKeyholderIsReplacedAtOnce) {
  TestRegion region(4, 3);
  const PartyId dead = party("keyholder-1");
  region.dead_.insert(dead);
  PseudonymiseClient client = start(region);
  region.carry(client.on_unreachable(dead, at(1), region.rng_));
  region.deliver_all(client, at(2));
  expect_right(region, std::move(client));
}

TEST_F(Faults, TooManyUnreachableKeyholdersFailAtOnce) {
  TestRegion region(3, 3);
  PseudonymiseClient client = start(region);
  EXPECT_TRUE(client.on_unreachable(party("stranger"), at(1), region.rng_).send.empty());
  EXPECT_TRUE(client.on_unreachable(party("keyholder-3"), at(1), region.rng_).finished);
  EXPECT_TRUE(names(expect_failure(std::move(client)), "keyholder-3 (cannot be reached)"));
}

TEST_F(Faults, LateAnswerStillCounts) {
  TestRegion region(4, 3);
  PseudonymiseClient client = start(region);
  std::deque<InTransit> kept;
  std::swap(kept, region.queue_);
  client.on_time(at(1000), region.rng_);  // all late; the fourth is asked, and never answers
  ASSERT_TRUE(client.finished());         // three were needed, one was left
  TestRegion second(5, 2);
  PseudonymiseClient patient = start(second);
  std::swap(kept, second.queue_);
  patient.on_time(at(1000), second.rng_);
  ASSERT_FALSE(patient.finished());
  second.queue_ = kept;
  second.deliver_all(patient, at(1500));
  expect_right(second, std::move(patient));
}

TEST_F(Faults, DuplicatedAndReorderedAnswersChangeNothing) {
  for (std::uint8_t seed = 1; seed <= 10; ++seed) {
    TestRegion region(4, 3, seed);
    PseudonymiseClient client = start(region);
    while (!region.queue_.empty()) {
      std::deque<InTransit>& queue = region.queue_;
      const std::size_t i = random_below(region.rng_, queue.size());
      const InTransit m = queue[i];
      queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(i));
      for (int copy = 0; copy < 2; ++copy) {
        const auto step = client.on_message(m.from, m.type, m.body, at(1), region.rng_);
        ASSERT_TRUE(step.ok());
        if (copy == 1) {
          EXPECT_TRUE(step->send.empty());
        }
        region.carry(*step);
      }
    }
    expect_right(region, std::move(client));
  }
}

TEST_F(Faults, RepeatedRequestIsAnsweredIdenticallyAndChargedOnce) {
  TestRegion region(3, 3);
  PseudonymiseClient client = *PseudonymiseClient::create(region.setup(), numbers(10));
  const Step step = client.start(at(0), region.rng_);
  region.carry(step);
  region.carry(step);
  EXPECT_EQ(region.queue_.size(), 6u);
  EXPECT_EQ(region.queue_[0].body, region.queue_[3].body);
  EXPECT_EQ(region.keyholders_[0].evaluated, 10u);
  EXPECT_EQ(region.keyholders_[0].quota[region.me_].import_left, 1'000'000u - 10u);
  region.deliver_all(client, at(1));
  expect_right(region, std::move(client));
}

// Changes the first answer of keyholder-2 and runs on; it must be found out and replaced.
void expect_culprit_is_replaced(const std::function<void(TestRegion&, Bytes&)>& change) {
  TestRegion region(4, 3);
  PseudonymiseSetup setup = region.setup();
  setup.batch_size = 4;
  PseudonymiseClient client = *PseudonymiseClient::create(setup, numbers(10));
  region.carry(client.start(at(0), region.rng_));
  const auto victim = std::find_if(region.queue_.begin(), region.queue_.end(),
                                   [](const auto& m) { return m.from == party("keyholder-2"); });
  ASSERT_NE(victim, region.queue_.end());
  change(region, victim->body);
  region.deliver_all(client, at(1));
  EXPECT_TRUE(region.noted("evaluate-culprit", "keyholder-2"));
  EXPECT_FALSE(region.noted("evaluate-culprit", "keyholder-1"));
  ASSERT_TRUE(client.finished());
  const auto result = std::move(client).take_result();
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(*result == region.expected(numbers(10)));
}

template <class Change>
std::function<void(TestRegion&, Bytes&)> in_response(Change change) {
  return [change](TestRegion&, Bytes& body) {
    EvaluateResponse r = *EvaluateResponse::decode(body);
    change(r);
    body = r.encode();
  };
}

TEST_F(Faults, BadProofNamesTheCulpritAndAnotherIsAsked) {
  expect_culprit_is_replaced(
      in_response([](EvaluateResponse& r) { r.proof->s = add(r.proof->s, r.proof->c); }));
}
TEST_F(Faults, WrongElementNamesTheCulprit) {
  expect_culprit_is_replaced(in_response([](EvaluateResponse& r) {
    auto& d = r.evaluated_elements;
    d[0] = *add(d[0], Element::base());
  }));
}
TEST_F(Faults, MissingElementNamesTheCulprit) {
  expect_culprit_is_replaced(
      in_response([](EvaluateResponse& r) { r.evaluated_elements.pop_back(); }));
}
TEST_F(Faults, WrongRequestHashNamesTheCulprit) {
  expect_culprit_is_replaced(
      in_response([](EvaluateResponse& r) { r.request_hash.bytes[0] ^= 1; }));
}
TEST_F(Faults, WrongShareVersionNamesTheCulprit) {
  expect_culprit_is_replaced(in_response([](EvaluateResponse& r) { ++r.share_version; }));
}
TEST_F(Faults, AnotherKeyholdersIndexNamesTheCulprit) {
  expect_culprit_is_replaced(
      in_response([](EvaluateResponse& r) { r.index = *ParticipantIndex::from(1); }));
}
TEST_F(Faults, UnreadableAnswerNamesTheCulprit) {
  expect_culprit_is_replaced([](TestRegion&, Bytes& body) { body.pop_back(); });
}
TEST_F(Faults, AnotherShareThanTheCertifiedOneNamesTheCulprit) {
  expect_culprit_is_replaced([](TestRegion& region, Bytes& body) {
    EvaluateResponse r = *EvaluateResponse::decode(body);
    const SecretScalar x = random_scalar(region.rng_);
    const auto other = *evaluate_share(x, *multiply_base(x), r.evaluated_elements, region.rng_);
    r.evaluated_elements = other.evaluated_elements;
    r.proof = other.proof;
    body = r.encode();
  });
}

TEST_F(Faults, EveryTamperedByteIsFoundOut) {
  TestRegion region(2, 2);
  PseudonymiseSetup setup = region.setup();
  PseudonymiseClient probe = *PseudonymiseClient::create(setup, numbers(1));
  region.carry(probe.start(at(0), region.rng_));
  const std::size_t size = region.queue_.front().body.size();
  for (std::size_t i = 0; i < size; i += 3) {
    TestRegion r(2, 2);
    PseudonymiseClient client = *PseudonymiseClient::create(r.setup(), numbers(1));
    r.carry(client.start(at(0), r.rng_));
    r.queue_.front().body[i] ^= 0x04;
    bool refused = false;
    for (const InTransit& m : r.queue_) {
      const auto step = client.on_message(m.from, m.type, m.body, at(1), r.rng_);
      if (!step.ok() || step->finished) refused = true;
    }
    // Either the message was refused and the run waits, or the run failed naming the culprit.
    EXPECT_TRUE(refused) << i;
    if (client.finished()) {
      EXPECT_TRUE(names(expect_failure(std::move(client)), "(gave a bad answer)")) << i;
    } else {
      EXPECT_EQ(client.done(), 0u) << i;
    }
  }
}

TEST_F(Faults, AnswersThatHaveNoPlaceAreRefusedAndChangeNothing) {
  TestRegion region(4, 2);
  PseudonymiseClient client = start(region);
  const InTransit good = region.queue_.front();
  const auto send = [&](const PartyId& from, MessageType type, ByteView body) {
    return client.on_message(from, type, body, at(1), region.rng_);
  };
  EXPECT_FALSE(send(party("stranger"), good.type, good.body).ok());
  EXPECT_FALSE(send(region.me_, good.type, good.body).ok());
  EXPECT_FALSE(send(good.from, MessageType::sum_advert, good.body).ok());
  EXPECT_FALSE(send(party("keyholder-4"), good.type, good.body).ok());  // was not asked for it
  EvaluateResponse unknown = *EvaluateResponse::decode(good.body);
  unknown.batch.bytes[0] ^= 1;
  EXPECT_FALSE(send(good.from, good.type, unknown.encode()).ok());
  EvaluateRefusal refusal;
  EXPECT_FALSE(send(good.from, MessageType::evaluate_refusal, refusal.encode()).ok());
  EXPECT_FALSE(client.finished());
  region.deliver_all(client, at(2));
  expect_right(region, std::move(client));
}

TEST_F(Faults, SpentQuotaGoesToAnotherKeyholder) {
  TestRegion region(4, 3);
  region.keyholder(party("keyholder-1")).quota[region.me_] = {0, 3};
  PseudonymiseClient client = start(region);
  region.deliver_all(client, at(1));
  expect_right(region, std::move(client));
  // It was not asked again for more than it said is left: only the last batch has 2 elements.
  EXPECT_LE(region.requests_[party("keyholder-1")], 3);
}

TEST_F(Faults, QuotasSpentEverywhereFailNamingThem) {
  TestRegion region(4, 3);
  for (TestKeyholder& k : region.keyholders_) k.quota[region.me_] = {2, 0};
  PseudonymiseClient client = start(region);
  region.deliver_all(client, at(1));
  const Error error = expect_failure(std::move(client));
  EXPECT_TRUE(names(error, "(quota spent)"));
  EXPECT_NE(error.hint.find("midnight UTC"), std::string::npos);
}

TEST_F(Faults, NoBatchIsLargerThanTheQuotaItWasTold) {
  TestRegion region(4, 3);
  PseudonymiseSetup setup = region.setup();
  const std::vector<std::uint64_t> left{100, 3, 12, 3};
  for (std::size_t i = 0; i < 4; ++i) setup.keyholders[i].quota_left = left[i];
  PseudonymiseClient client = start(region, setup);
  // The third best has 3 left: batches of 3, and nobody is asked beyond what it has.
  for (const InTransit& m : region.queue_)
    EXPECT_LE(EvaluateResponse::decode(m.body)->evaluated_elements.size(), 3u);
  region.deliver_all(client, at(1));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_LE(region.keyholders_[i].evaluated, left[i]);
  EXPECT_TRUE(client.finished());  // 10 inputs need 30 evaluations, and two can give only 3 each
  EXPECT_TRUE(names(expect_failure(std::move(client)), "(quota spent)"));
}

TEST_F(Faults, BusyKeyholderIsPassedOver) {
  TestRegion region(4, 3);
  PseudonymiseClient client = *PseudonymiseClient::create(region.setup(), numbers(10));
  Step first = client.start(at(0), region.rng_);
  const Outgoing out = first.send[0];
  const Refused busy = refuse(region.me_, out.body, RefusalReason::busy);
  const auto step =
      client.on_message(out.to, MessageType::evaluate_refusal, busy.body, at(1), region.rng_);
  ASSERT_TRUE(step.ok());
  ASSERT_EQ(step->send.size(), 1u);
  EXPECT_NE(step->send[0].to, out.to);
  // A refusal that comes twice asks nobody else.
  const auto again =
      client.on_message(out.to, MessageType::evaluate_refusal, busy.body, at(1), region.rng_);
  EXPECT_TRUE(again->send.empty());
  first.send.erase(first.send.begin());
  region.carry(first);
  region.carry(*step);
  region.deliver_all(client, at(2));
  expect_right(region, std::move(client));
}

TEST_F(Faults, RefusalsOfTheKeyFailNamingThem) {
  TestRegion region(3, 3);
  region.keyholder(party("keyholder-3")).share.share_version = 2;
  PseudonymiseClient client = start(region);
  region.deliver_all(client, at(1));
  EXPECT_TRUE(names(expect_failure(std::move(client)), "keyholder-3 (refused: key)"));
}

TEST_F(Faults, MessagesAfterTheEndAreHarmless) {
  TestRegion region(3, 3);
  PseudonymiseClient client = start(region);
  const InTransit first = region.queue_.front();
  region.deliver_all(client, at(1));
  ASSERT_TRUE(client.finished());
  const auto late = client.on_message(first.from, first.type, first.body, at(2), region.rng_);
  ASSERT_TRUE(late.ok());
  EXPECT_TRUE(late->finished);
  EXPECT_TRUE(late->send.empty());
  EXPECT_TRUE(client.on_time(at(5000), region.rng_).finished);
  expect_right(region, std::move(client));
}

}  // namespace
}  // namespace hedgerow::protocol
