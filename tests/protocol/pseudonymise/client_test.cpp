#include "protocol/pseudonymise/client.h"

#include <gtest/gtest.h>

#include "tests/protocol/pseudonymise/region.h"

namespace hedgerow::protocol {
namespace {

PseudonymiseClient make(const PseudonymiseSetup& setup, std::size_t n) {
  return *PseudonymiseClient::create(setup, numbers(n));
}

TEST(PseudonymiseClient, GivesTheWholeKeysPseudonymsInInputOrder) {
  TestRegion region(4, 3);
  PseudonymiseSetup setup = region.setup();
  setup.batch_size = 7;
  PseudonymiseClient client = make(setup, 30);
  EXPECT_EQ(client.total(), 30u);
  EXPECT_EQ(client.done(), 0u);
  region.carry(client.start(at(0), region.rng_));
  EXPECT_TRUE(region.deliver_all(client, at(1)).finished);
  EXPECT_EQ(client.done(), 30u);
  ASSERT_TRUE(client.finished());
  EXPECT_TRUE(*std::move(client).take_result() == region.expected(numbers(30)));
}

TEST(PseudonymiseClient, AsksExactlyThresholdKeyholdersForEachBatch) {
  TestRegion region(5, 3);
  PseudonymiseSetup setup = region.setup();
  setup.batch_size = 2;
  PseudonymiseClient client = make(setup, 20);
  region.carry(client.start(at(0), region.rng_));
  region.deliver_all(client, at(1));
  EXPECT_TRUE(client.finished());
  int requests = 0;
  for (const auto& [id, n] : region.requests_) {
    requests += n;
    EXPECT_EQ(n, 6) << id.str();  // spent evenly: 10 batches of 3, over 5
  }
  EXPECT_EQ(requests, 30);
}

TEST(PseudonymiseClient, KeepsNoMoreBatchesInFlightThanAllowed) {
  TestRegion region(3, 3);
  PseudonymiseSetup setup = region.setup();
  setup.batch_size = 1;
  setup.max_in_flight = 4;
  PseudonymiseClient client = make(setup, 10);
  const Step first = client.start(at(0), region.rng_);
  EXPECT_EQ(first.send.size(), 4u * 3u);
  EXPECT_EQ(first.wake_at, at(1000));
  region.carry(first);
  region.deliver_all(client, at(1));
  EXPECT_TRUE(client.finished());
}

TEST(PseudonymiseClient, ShowsProgress) {
  TestRegion region(2, 2);
  PseudonymiseSetup setup = region.setup();
  setup.batch_size = 4;
  setup.max_in_flight = 1;
  PseudonymiseClient client = make(setup, 10);
  region.carry(client.start(at(0), region.rng_));
  std::vector<std::size_t> seen;
  while (!region.queue_.empty()) {
    const InTransit m = region.queue_.front();
    region.queue_.pop_front();
    region.carry(*client.on_message(m.from, m.type, m.body, at(1), region.rng_));
    seen.push_back(client.done());
  }
  EXPECT_EQ(seen, (std::vector<std::size_t>{0, 4, 4, 8, 8, 10}));
}

TEST(PseudonymiseClient, HasNothingToDoWithoutInputs) {
  TestRegion region(3, 2);
  PseudonymiseClient client = make(region.setup(), 0);
  const Step step = client.start(at(0), region.rng_);
  EXPECT_TRUE(step.finished);
  EXPECT_TRUE(step.send.empty());
  EXPECT_TRUE(std::move(client).take_result()->empty());
}

TEST(PseudonymiseClient, RerunBlindsAnewAndGivesTheSamePseudonyms) {
  TestRegion region(3, 2);
  PseudonymiseClient first = make(region.setup(), 5);
  PseudonymiseClient second = make(region.setup(), 5);
  const Step s1 = first.start(at(0), region.rng_);
  const Step s2 = second.start(at(0), region.rng_);
  EXPECT_NE(s1.send[0].body, s2.send[0].body);
  EXPECT_NE(EvaluateRequest::decode(s1.send[0].body)->batch,
            EvaluateRequest::decode(s2.send[0].body)->batch);
  region.carry(s1);
  region.deliver_all(first, at(1));
  region.carry(s2);
  region.deliver_all(second, at(1));
  EXPECT_TRUE(*std::move(first).take_result() == *std::move(second).take_result());
}

TEST(PseudonymiseClient, SameSeedGivesTheSameMessages) {
  TestRegion a(3, 2, 5);
  TestRegion b(3, 2, 5);
  const Step sa = make(a.setup(), 5).start(at(0), a.rng_);
  const Step sb = make(b.setup(), 5).start(at(0), b.rng_);
  ASSERT_EQ(sa.send.size(), sb.send.size());
  for (std::size_t i = 0; i < sa.send.size(); ++i) EXPECT_EQ(sa.send[i].body, sb.send[i].body);
}

TEST(PseudonymiseClient, NothingItSendsOrLogsHoldsAnInput) {
  TestRegion region(3, 2);
  PseudonymiseClient client = make(region.setup(), 3);
  const Step step = client.start(at(0), region.rng_);
  region.carry(step);
  region.deliver_all(client, at(1));
  std::string everything;
  for (const Outgoing& out : step.send) everything += std::string(as_text(out.body));
  std::vector<LogNote> notes = region.notes_;
  notes.insert(notes.end(), step.log.begin(), step.log.end());
  ASSERT_FALSE(notes.empty());
  for (const LogNote& note : notes)
    for (const auto& [name, value] : note.fields) everything += name + value;
  const WipingVector<Pseudonym> pseudonyms = *std::move(client).take_result();
  for (const NhsDigits& n : numbers(3))
    EXPECT_EQ(everything.find(std::string(n.begin(), n.end())), std::string::npos);
  for (const Pseudonym& p : pseudonyms) {
    EXPECT_EQ(everything.find(as_text(p.expose())), std::string::npos);
    EXPECT_EQ(everything.find(to_hex(p.expose())), std::string::npos);
  }
}

TEST(PseudonymiseClient, RefusesASetupThatCannotWork) {
  const TestRegion region(4, 3);
  const auto code = [&](auto change) {
    PseudonymiseSetup setup = region.setup();
    change(setup);
    const auto client = PseudonymiseClient::create(std::move(setup), numbers(2));
    EXPECT_FALSE(client.ok());
    return client.ok() ? Code::internal : client.error().code;
  };
  EXPECT_EQ(code([](auto& s) { s.batch_size = 0; }), Code::usage);
  EXPECT_EQ(code([](auto& s) { s.batch_size = kMaxBatch + 1; }), Code::usage);
  EXPECT_EQ(code([](auto& s) { s.max_in_flight = 0; }), Code::usage);
  EXPECT_EQ(code([](auto& s) { s.threshold = 0; }), Code::usage);
  EXPECT_EQ(code([](auto& s) { s.timeout_ms = std::chrono::milliseconds(0); }), Code::usage);
  EXPECT_EQ(code([](auto& s) { s.purpose = "No Name"; }), Code::usage);
  EXPECT_EQ(code([](auto& s) { s.threshold = 5; }), Code::try_again);
  EXPECT_EQ(code([](auto& s) { s.keyholders[1].party = s.keyholders[0].party; }),
            Code::configuration);
  EXPECT_EQ(code([](auto& s) { s.keyholders[1].index = s.keyholders[0].index; }),
            Code::configuration);
}

TEST(PseudonymiseClient, RefusesInputsThatAreNoNumbersOrRepeat) {
  const TestRegion region(3, 2);
  WipingVector<NhsDigits> letters = numbers(2);
  letters[1][4] = 'x';
  EXPECT_FALSE(PseudonymiseClient::create(region.setup(), letters).ok());
  WipingVector<NhsDigits> twice = numbers(3);
  twice[2] = twice[0];
  const auto refused = PseudonymiseClient::create(region.setup(), twice);
  ASSERT_FALSE(refused.ok());
  const std::string number(twice[0].begin(), twice[0].end());
  EXPECT_EQ(refused.error().text.find(number), std::string::npos);
}

TEST(PseudonymiseClient, FullBatchOf512) {
  TestRegion region(3, 3);
  PseudonymiseClient client = make(region.setup(), kMaxBatch + 1);
  const Step first = client.start(at(0), region.rng_);
  EXPECT_EQ(EvaluateRequest::decode(first.send[0].body)->blinded_elements.size(), kMaxBatch);
  region.carry(first);
  EXPECT_TRUE(region.deliver_all(client, at(1)).finished);
  EXPECT_TRUE(*std::move(client).take_result() == region.expected(numbers(kMaxBatch + 1)));
}

}  // namespace
}  // namespace hedgerow::protocol
