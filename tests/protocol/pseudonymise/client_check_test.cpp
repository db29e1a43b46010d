// Batches that are checked as one, among keyholders of the set that are honest, silent or lie, one
// by one or together; and what it costs each of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "protocol/pseudonymise/client.h"
#include "tests/protocol/pseudonymise/region.h"

namespace hedgerow::protocol {
namespace {

constexpr std::size_t kInputs = 20;
constexpr std::uint64_t kBalance = 1'000'000;

class Checked : public testing::Test {
 protected:
  using Change = std::function<void(const PartyId& from, MessageType type, Bytes& body)>;

  explicit Checked(std::size_t keyholders = 4) : region_(keyholders, 3) {}

  PseudonymiseClient start(std::size_t inputs = kInputs) {
    PseudonymiseClient client = *PseudonymiseClient::create(region_.setup(), numbers(inputs));
    region_.carry(client.start(at(0), region_.rng_));
    return client;
  }
  // Delivers, with every answer changed as the test says, until nothing is under way.
  void run(PseudonymiseClient& client, const Change& change = {}, UtcTime now = at(1)) {
    while (!region_.queue_.empty()) {
      InTransit m = region_.queue_.front();
      region_.queue_.pop_front();
      if (change) change(m.from, m.type, m.body);
      if (m.body.empty()) continue;
      const auto step = client.on_message(m.from, m.type, m.body, now, region_.rng_);
      ASSERT_TRUE(step.ok()) << step.error().text;
      region_.notes_.insert(region_.notes_.end(), step->log.begin(), step->log.end());
      region_.carry(*step);
    }
  }
  void expect_right(PseudonymiseClient client, std::size_t inputs = kInputs) {
    ASSERT_TRUE(client.finished());
    const auto result = std::move(client).take_result();
    ASSERT_TRUE(result.ok()) << result.error().text;
    EXPECT_TRUE(*result == region_.expected(numbers(inputs)));
  }
  bool noted(const std::string& kind) const {
    return std::any_of(region_.notes_.begin(), region_.notes_.end(),
                       [&](const LogNote& n) { return n.kind == kind; });
  }
  bool is_culprit(const std::string& keyholder) const {
    return region_.noted("evaluate-culprit", keyholder);
  }
  int sent(MessageType type) { return region_.sent_[type]; }
  std::uint64_t charged(std::size_t keyholder) const {
    return region_.keyholders_[keyholder - 1].charged;
  }

  static void change_response(Bytes& body, const std::function<void(EvaluateResponse&)>& change) {
    EvaluateResponse r = *EvaluateResponse::decode(body);
    change(r);
    body = r.encode();
  }
  // In the first answers of these keyholders, not in what they prove.
  static Change in_answers_of(const std::vector<std::string>& liars,
                              std::function<void(std::size_t liar, EvaluateResponse&)> change) {
    return [=](const PartyId& from, MessageType type, Bytes& body) {
      const auto liar = std::find(liars.begin(), liars.end(), from.str());
      if (liar == liars.end() || type != MessageType::evaluate_response) return;
      if (EvaluateResponse::decode(body)->proof) return;
      change_response(body, [&](EvaluateResponse& r) {
        change(static_cast<std::size_t>(liar - liars.begin()), r);
      });
    };
  }

  TestRegion region_;
};

Element plus(const Element& e, std::uint64_t times = 1) {
  return *add(e, *multiply(Scalar::from_u64(times), Element::base()));
}
Element minus(const Element& e, std::uint64_t times = 1) {
  return *subtract(e, *multiply(Scalar::from_u64(times), Element::base()));
}

TEST_F(Checked, GivesTheWholeKeysPseudonymsWithoutAnyProofOfABatch) {
  PseudonymiseClient client = start();
  run(client);
  EXPECT_EQ(sent(MessageType::evaluate_request), 3);
  EXPECT_EQ(sent(MessageType::evaluate_check), 3);
  EXPECT_EQ(sent(MessageType::evaluate_prove), 0);
  EXPECT_FALSE(noted("evaluate-check-failed"));
  for (std::size_t k = 1; k <= 3; ++k) EXPECT_EQ(charged(k), kInputs + 1) << k;
  EXPECT_EQ(charged(4), 0u);
  expect_right(std::move(client));
}

TEST_F(Checked, SendsTheCheckOnlyWhenEveryAnswerIsIn) {
  PseudonymiseClient client = start();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(sent(MessageType::evaluate_check), 0);
    const InTransit m = region_.queue_.front();
    region_.queue_.pop_front();
    region_.carry(*client.on_message(m.from, m.type, m.body, at(1), region_.rng_));
  }
  EXPECT_EQ(sent(MessageType::evaluate_check), 3);
  EXPECT_EQ(client.done(), 0u);
  run(client);
  expect_right(std::move(client));
}

TEST_F(Checked, ProvesASmallBatchFromTheStart) {
  PseudonymiseClient client = start(kSmallestChecked - 1);
  run(client);
  EXPECT_EQ(sent(MessageType::evaluate_check), 0);
  EXPECT_EQ(charged(1), kSmallestChecked - 1);
  expect_right(std::move(client), kSmallestChecked - 1);
}

// --- who lies ---

TEST_F(Checked, WrongAnswerWithAnHonestCheckFailsAndItsOwnProofNamesIt) {
  PseudonymiseClient client = start();
  run(client, in_answers_of({"keyholder-2"}, [](std::size_t, EvaluateResponse& r) {
        r.evaluated_elements[7] = plus(r.evaluated_elements[7]);
      }));
  EXPECT_TRUE(noted("evaluate-check-failed"));
  EXPECT_TRUE(is_culprit("keyholder-2"));
  EXPECT_FALSE(is_culprit("keyholder-1") || is_culprit("keyholder-3"));
  // Proofs cost nobody's quota; the fourth, asked in its place, evaluates anew.
  EXPECT_EQ(sent(MessageType::evaluate_prove), 3);
  for (std::size_t k = 1; k <= 3; ++k) EXPECT_EQ(charged(k), kInputs + 1) << k;
  EXPECT_EQ(charged(4), kInputs);
  expect_right(std::move(client));
}

TEST_F(Checked, WhoSticksToAWrongAnswerCannotProveIt) {
  PseudonymiseClient client = start();
  run(client, [](const PartyId& from, MessageType type, Bytes& body) {
    if (from.str() != "keyholder-2" || type != MessageType::evaluate_response) return;
    change_response(
        body, [](EvaluateResponse& r) { r.evaluated_elements[7] = plus(r.evaluated_elements[7]); });
  });
  const auto note = std::find_if(region_.notes_.begin(), region_.notes_.end(),
                                 [](const LogNote& n) { return n.kind == "evaluate-culprit"; });
  ASSERT_NE(note, region_.notes_.end());
  EXPECT_EQ(note->fields[0].second, "keyholder-2");
  EXPECT_EQ(note->fields[1].second, "a proof of equal logarithms does not hold");
  expect_right(std::move(client));
}

TEST_F(Checked, WrongAnswersThatCancelWithinABatchAreFound) {
  PseudonymiseClient client = start();
  run(client, in_answers_of({"keyholder-1"}, [](std::size_t, EvaluateResponse& r) {
        r.evaluated_elements[0] = plus(r.evaluated_elements[0]);
        r.evaluated_elements[1] = minus(r.evaluated_elements[1]);
      }));
  EXPECT_TRUE(is_culprit("keyholder-1"));
  expect_right(std::move(client));
}

TEST_F(Checked, ExchangedAnswersAreFound) {
  PseudonymiseClient client = start();
  run(client, in_answers_of({"keyholder-3"}, [](std::size_t, EvaluateResponse& r) {
        std::swap(r.evaluated_elements[0], r.evaluated_elements[1]);
      }));
  EXPECT_TRUE(is_culprit("keyholder-3"));
  expect_right(std::move(client));
}

// They are right in sum, and only the sum is used.
TEST_F(Checked, KeyholdersWhoseErrorsCancelBetweenThemChangeNothing) {
  PseudonymiseClient client = start();
  run(client,
      in_answers_of({"keyholder-1", "keyholder-2"}, [](std::size_t liar, EvaluateResponse& r) {
        Element& e = r.evaluated_elements[5];
        e = liar == 0 ? plus(e, 9) : minus(e, 9);
      }));
  EXPECT_FALSE(noted("evaluate-check-failed"));
  expect_right(std::move(client));
}

TEST_F(Checked, SomebodyWhoAnswersUnderAnotherShareIsNamed) {
  PseudonymiseClient client = start();
  const SecretScalar other = random_scalar(region_.rng_);
  run(client, in_answers_of({"keyholder-2"}, [&](std::size_t, EvaluateResponse& r) {
        for (Element& e : r.evaluated_elements) e = *multiply(other, e);
      }));
  EXPECT_TRUE(is_culprit("keyholder-2"));
}

// Both lie in D, and in V as if D were right: the proof of V stops it.
TEST_F(Checked, WrongAnswerToTheCheckIsNamedAtOnce) {
  PseudonymiseClient client = start();
  run(client, [](const PartyId& from, MessageType type, Bytes& body) {
    if (from.str() != "keyholder-1" || type != MessageType::evaluate_checked) return;
    EvaluateChecked c = *EvaluateChecked::decode(body);
    c.evaluated_element = plus(c.evaluated_element);
    body = c.encode();
  });
  EXPECT_TRUE(is_culprit("keyholder-1"));
  EXPECT_FALSE(noted("evaluate-check-failed"));
  EXPECT_EQ(charged(4), kInputs);
  expect_right(std::move(client));
}

// A proof that holds, of something else: made with a share of its own choosing.
TEST_F(Checked, CheckProvenAgainstAnotherShareIsNamed) {
  PseudonymiseClient client = start();
  run(client, [&](const PartyId& from, MessageType type, Bytes& body) {
    if (from.str() != "keyholder-3" || type != MessageType::evaluate_checked) return;
    EvaluateChecked c = *EvaluateChecked::decode(body);
    const SecretScalar x = random_scalar(region_.rng_);
    const std::vector<Element> m{c.evaluated_element};
    const auto made = *evaluate_share(x, *multiply_base(x), m, region_.rng_);
    c.evaluated_element = made.evaluated_elements[0];
    c.proof = made.proof;
    body = c.encode();
  });
  EXPECT_TRUE(is_culprit("keyholder-3"));
  expect_right(std::move(client));
}

TEST_F(Checked, AnotherAnswerThanBeforeIsNamedEvenIfItIsProvenRight) {
  PseudonymiseClient client = start();
  // Wrong first; TestKeyholder then proves what is right.
  run(client, in_answers_of({"keyholder-2"}, [](std::size_t, EvaluateResponse& r) {
        r.evaluated_elements[0] = plus(r.evaluated_elements[0]);
      }));
  const auto note = std::find_if(region_.notes_.begin(), region_.notes_.end(),
                                 [](const LogNote& n) { return n.kind == "evaluate-culprit"; });
  ASSERT_NE(note, region_.notes_.end());
  EXPECT_EQ(note->fields[1].second, "another evaluation than it gave before");
  expect_right(std::move(client));
}

// What an answer has against it by itself: each names its sender, and the batch goes on.
TEST_F(Checked, AnswersThatCannotBeRightAreNamed) {
  const std::vector<std::function<void(EvaluateResponse&)>> changes = {
      [](EvaluateResponse& r) { r.evaluated_elements.pop_back(); },
      [](EvaluateResponse& r) { r.request_hash.bytes[0] ^= 1; },
      [](EvaluateResponse& r) { r.index = *ParticipantIndex::from(1); },
      [](EvaluateResponse& r) { ++r.share_version; },
      [](EvaluateResponse& r) { r.proof = DleqProof{}; },  // not asked for
  };
  for (const auto& change : changes) {
    region_ = TestRegion(4, 3);
    PseudonymiseClient client = start();
    run(client,
        in_answers_of({"keyholder-2"}, [&](std::size_t, EvaluateResponse& r) { change(r); }));
    EXPECT_TRUE(is_culprit("keyholder-2"));
    EXPECT_FALSE(is_culprit("keyholder-1") || is_culprit("keyholder-3"));
    EXPECT_EQ(sent(MessageType::evaluate_check), 0);
    expect_right(std::move(client));
  }
}

TEST_F(Checked, AnswersToTheCheckThatCannotBeRightAreNamed) {
  const std::vector<std::function<void(EvaluateChecked&)>> changes = {
      [](EvaluateChecked& c) { c.check_hash.bytes[0] ^= 1; },
      [](EvaluateChecked& c) { c.index = *ParticipantIndex::from(1); },
      [](EvaluateChecked& c) { ++c.share_version; },
      [](EvaluateChecked& c) { c.proof.s = add(c.proof.s, c.proof.c); },
  };
  for (const auto& change : changes) {
    region_ = TestRegion(4, 3);
    PseudonymiseClient client = start();
    run(client, [&](const PartyId& from, MessageType type, Bytes& body) {
      if (from.str() != "keyholder-2" || type != MessageType::evaluate_checked) return;
      EvaluateChecked c = *EvaluateChecked::decode(body);
      change(c);
      body = c.encode();
    });
    EXPECT_TRUE(is_culprit("keyholder-2"));
    expect_right(std::move(client));
  }
}

TEST_F(Checked, AnUnprovenAnswerWhereAProofIsDueIsNamed) {
  PseudonymiseClient client = start(kSmallestChecked - 1);
  run(client, [](const PartyId& from, MessageType, Bytes& body) {
    if (from.str() == "keyholder-2")
      change_response(body, [](EvaluateResponse& r) { r.proof.reset(); });
  });
  EXPECT_TRUE(is_culprit("keyholder-2"));
  expect_right(std::move(client), kSmallestChecked - 1);
}

// --- who is silent ---

TEST_F(Checked, SilentFromTheStartIsReplacedAndTheOthersProve) {
  region_.dead_.insert(party("keyholder-1"));
  PseudonymiseClient client = start();
  run(client);
  EXPECT_FALSE(client.finished());
  EXPECT_TRUE(client.on_time(at(999), region_.rng_).send.empty());
  region_.carry(client.on_time(at(1000), region_.rng_));
  run(client, {}, at(1001));
  EXPECT_EQ(sent(MessageType::evaluate_prove), 2);
  EXPECT_EQ(charged(2), kInputs + 1);
  EXPECT_EQ(charged(4), kInputs);
  expect_right(std::move(client));
}

TEST_F(Checked, SilentBetweenItsAnswerAndTheCheckIsReplaced) {
  PseudonymiseClient client = start();
  const Change silent = [](const PartyId& from, MessageType type, Bytes& body) {
    if (from.str() == "keyholder-3" && type == MessageType::evaluate_checked) body.clear();
  };
  run(client, silent);
  EXPECT_FALSE(client.finished());
  EXPECT_EQ(client.done(), 0u);
  region_.dead_.insert(party("keyholder-3"));
  region_.carry(client.on_time(at(1001), region_.rng_));
  run(client, {}, at(1002));
  EXPECT_FALSE(is_culprit("keyholder-3"));
  expect_right(std::move(client));
}

TEST_F(Checked, WhoComesBackLateProvesAndCounts) {
  region_ = TestRegion(5, 3);
  PseudonymiseClient client = start();
  std::deque<InTransit> kept;
  std::swap(kept, region_.queue_);
  region_.dead_ = {party("keyholder-4"), party("keyholder-5")};
  for (const char* back : {"keyholder-2", "keyholder-3"}) {
    const auto m = std::find_if(kept.begin(), kept.end(),
                                [&](const InTransit& t) { return t.from.str() == back; });
    region_.carry(*client.on_message(m->from, m->type, m->body, at(1), region_.rng_));
  }
  region_.carry(client.on_time(at(1000), region_.rng_));  // the first is late; two others are asked
  run(client, {}, at(1001));
  ASSERT_FALSE(client.finished());
  region_.queue_.push_back(kept.front());  // its answer to the first request, after all
  run(client, {}, at(1500));
  expect_right(std::move(client));
}

TEST_F(Checked, WithoutEnoughKeyholdersItFailsNamingTheSilentOne) {
  region_ = TestRegion(3, 3);
  PseudonymiseClient client = start();
  run(client, [](const PartyId& from, MessageType type, Bytes& body) {
    if (from.str() == "keyholder-2" && type == MessageType::evaluate_checked) body.clear();
  });
  EXPECT_TRUE(client.on_time(at(1001), region_.rng_).finished);
  const auto result = std::move(client).take_result();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, Code::try_again);
  EXPECT_EQ(result.error().culprit, "keyholder-2");
}

TEST_F(Checked, WithoutEnoughHonestKeyholdersItFailsNamingTheLiar) {
  region_ = TestRegion(3, 3);
  PseudonymiseClient client = start();
  run(client, in_answers_of({"keyholder-2"}, [](std::size_t, EvaluateResponse& r) {
        r.evaluated_elements[0] = plus(r.evaluated_elements[0]);
      }));
  ASSERT_TRUE(client.finished());
  const auto result = std::move(client).take_result();
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().culprit, "keyholder-2");
}

// --- who refuses ---

TEST_F(Checked, BusyForTheCheckStillProves) {
  region_ = TestRegion(3, 3);  // nobody to replace it
  PseudonymiseClient client = start();
  const Change busy = [&](const PartyId& from, MessageType type, Bytes& body) {
    if (from.str() == "keyholder-2" && type == MessageType::evaluate_checked) body.clear();
  };
  run(client, busy);
  EvaluateRefusal refusal;
  refusal.reason = RefusalReason::busy;
  // The check's hash, as the keyholder saw it.
  const Bytes& saved = region_.keyholders_[1].seen.begin()->second;
  refusal.request_hash = SeenBatch::restore({}, saved)->check_hash;
  const auto step = client.on_message(party("keyholder-2"), MessageType::evaluate_refusal,
                                      refusal.encode(), at(2), region_.rng_);
  ASSERT_TRUE(step.ok());
  EXPECT_EQ(step->send.size(), 3u);
  region_.carry(*step);
  run(client, {}, at(3));
  expect_right(std::move(client));
}

TEST_F(Checked, QuotaForTheBatchButNotForItsCheckIsUsedWithProofs) {
  region_ = TestRegion(3, 3);
  for (TestKeyholder& k : region_.keyholders_) k.quota[region_.me_] = {kInputs, 0};
  PseudonymiseClient client = start();
  run(client);
  EXPECT_EQ(sent(MessageType::evaluate_check), 0);
  for (std::size_t k = 1; k <= 3; ++k) EXPECT_EQ(charged(k), kInputs) << k;
  expect_right(std::move(client));
}

TEST_F(Checked, KnownQuotaWithoutRoomForTheCheckMeansProofsFromTheStart) {
  PseudonymiseSetup setup = region_.setup();
  for (KeyholderContact& k : setup.keyholders) k.quota_left = kInputs;
  PseudonymiseClient client = *PseudonymiseClient::create(setup, numbers(kInputs));
  region_.carry(client.start(at(0), region_.rng_));
  run(client);
  EXPECT_EQ(sent(MessageType::evaluate_request), 3);
  EXPECT_EQ(charged(1), kInputs);
  expect_right(std::move(client));
}

// --- what comes twice, or out of place ---

TEST_F(Checked, DuplicatedAndReorderedAnswersChangeNothing) {
  for (std::uint8_t seed = 1; seed <= 10; ++seed) {
    region_ = TestRegion(4, 3, seed);
    PseudonymiseSetup setup = region_.setup();
    setup.batch_size = kSmallestChecked;
    PseudonymiseClient client = *PseudonymiseClient::create(setup, numbers(40));
    region_.carry(client.start(at(0), region_.rng_));
    while (!region_.queue_.empty()) {
      auto& queue = region_.queue_;
      const std::size_t i = random_below(region_.rng_, queue.size());
      const InTransit m = queue[i];
      queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(i));
      for (int copy = 0; copy < 2; ++copy) {
        const auto step = client.on_message(m.from, m.type, m.body, at(1), region_.rng_);
        ASSERT_TRUE(step.ok()) << step.error().text;
        if (copy == 1) {
          EXPECT_TRUE(step->send.empty());
        }
        region_.carry(*step);
      }
    }
    expect_right(std::move(client), 40);
  }
}

// Answers given twice, the second time otherwise: whoever sees M could make a wrong D fit it.
TEST_F(Checked, AnAnswerExchangedAfterTheCheckWasSentIsNotTaken) {
  PseudonymiseClient client = start();
  const InTransit first = region_.queue_.front();
  run(client, [&](const PartyId& from, MessageType type, Bytes& body) {
    if (from == first.from && type == MessageType::evaluate_checked) body.clear();
  });
  Bytes other = first.body;
  change_response(
      other, [](EvaluateResponse& r) { r.evaluated_elements[0] = plus(r.evaluated_elements[0]); });
  const auto step = client.on_message(first.from, first.type, other, at(2), region_.rng_);
  ASSERT_TRUE(step.ok());
  region_.notes_.insert(region_.notes_.end(), step->log.begin(), step->log.end());
  EXPECT_TRUE(is_culprit(first.from.str()));
  region_.carry(*step);
  run(client, {}, at(3));
  expect_right(std::move(client));
}

TEST_F(Checked, AnAnswerToACheckThatWasNotSentIsRefusedAndChangesNothing) {
  PseudonymiseClient client = start();
  const EvaluateResponse r = *EvaluateResponse::decode(region_.queue_.front().body);
  const EvaluateChecked early{r.batch, r.index, 1, {}, Element::base(), {}};
  const auto refused = client.on_message(region_.queue_.front().from, MessageType::evaluate_checked,
                                         early.encode(), at(1), region_.rng_);
  EXPECT_FALSE(refused.ok());
  run(client);
  expect_right(std::move(client));
}

TEST_F(Checked, EveryTamperedByteIsFoundOut) {
  PseudonymiseClient probe = start(kSmallestChecked);
  const std::size_t answer = region_.queue_.front().body.size();
  for (const MessageType type : {MessageType::evaluate_response, MessageType::evaluate_checked}) {
    const std::size_t size = type == MessageType::evaluate_response ? answer : 150;
    for (std::size_t i = 0; i < size; i += 19) {
      region_ = TestRegion(3, 3);
      PseudonymiseClient client = start(kSmallestChecked);
      bool refused = false;
      bool changed = false;
      while (!region_.queue_.empty()) {
        InTransit m = region_.queue_.front();
        region_.queue_.pop_front();
        if (!changed && m.type == type) {
          m.body.at(i) ^= 0x04;
          changed = true;
        }
        const auto step = client.on_message(m.from, m.type, m.body, at(1), region_.rng_);
        if (!step.ok())
          refused = true;
        else
          region_.carry(*step);
      }
      EXPECT_TRUE(changed);
      // Refused, and the run waits; or named, and nobody is left to take its place.
      if (client.finished())
        EXPECT_FALSE(std::move(client).take_result().ok()) << i;
      else
        EXPECT_TRUE(refused && client.done() == 0) << i;
    }
  }
}

}  // namespace
}  // namespace hedgerow::protocol
