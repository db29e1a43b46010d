#include "node/store/releases.h"

#include "tests/node/store/store_fixture.h"

namespace hedgerow::store {
namespace {

using ::testing::HasSubstr;

class EditionsTest : public LineageStoreTest {
 protected:
  Result<void> add(std::uint64_t sequence, const char* period, std::uint8_t mark) {
    return commit([&] {
      return store().editions().add({sequence, "movements", "flows", period, Bytes(10, mark),
                                     Bytes(11, mark), Bytes(12, mark), Bytes(64, mark),
                                     at_ms(mark)});
    });
  }
};

TEST_F(EditionsTest, FormAChainWithoutGaps) {
  EXPECT_FALSE(store().editions().head().value().has_value());
  EXPECT_EQ(add(2, "2026-Q1", 1).error().code, Code::bad_input);
  ASSERT_TRUE(add(1, "2026-Q1", 1).ok());
  EXPECT_EQ(add(1, "2026-Q2", 2).error().code, Code::bad_input);
  EXPECT_EQ(add(3, "2026-Q2", 2).error().code, Code::bad_input);
  ASSERT_TRUE(add(2, "2026-Q2", 2).ok());
  reopen();
  const ChainHead head = store().editions().head().value().value();
  EXPECT_EQ(head.sequence, 2U);
  EXPECT_EQ(head.head, Bytes(64, 2));
}

TEST_F(EditionsTest, TheNewestOfAPeriodIsFound) {
  ASSERT_TRUE(add(1, "2026-Q1", 1).ok());
  ASSERT_TRUE(add(2, "2026-Q2", 2).ok());
  ASSERT_TRUE(add(3, "2026-Q1", 3).ok());
  const EditionRecord found =
      store().editions().find("movements", "flows", "2026-Q1").value().value();
  EXPECT_EQ(found.sequence, 3U);
  EXPECT_EQ(found.edition, Bytes(10, 3));
  EXPECT_EQ(found.manifest, Bytes(11, 3));
  EXPECT_EQ(found.statement, Bytes(12, 3));
  EXPECT_EQ(found.released_at, at_ms(3));
  EXPECT_FALSE(store().editions().find("movements", "flows", "2026-Q3")->has_value());
  EXPECT_FALSE(store().editions().find("movements", "other", "2026-Q1")->has_value());
  EXPECT_EQ(store().editions().get(1).value()->edition, Bytes(10, 1));
  const auto later = store().editions().list(1, 10).value();
  ASSERT_EQ(later.size(), 2U);
  EXPECT_EQ(later[0].sequence, 2U);
  EXPECT_EQ(store().editions().list(0, 1)->size(), 1U);
}

TEST_F(EditionsTest, RefuseAHashThatIsNone) {
  const auto refused = commit([&] {
    return store().editions().add({1, "g", "t", "p", {}, {}, {}, Bytes(kMaxHash + 1), at_ms(1)});
  });
  EXPECT_EQ(refused.error().code, Code::bad_input);
}

class AttemptsTest : public LineageStoreTest {
 protected:
  Result<void> put(std::uint8_t attempt, AttemptState state, std::uint8_t roster = 0,
                   std::uint8_t input = 0) {
    return commit([&] {
      return store().attempts().put({release_, session_id(attempt), state,
                                     roster == 0 ? Bytes() : Bytes(64, roster),
                                     input == 0 ? Bytes() : Bytes(64, input)});
    });
  }
  const Bytes release_ = Bytes(32, 1);
};

TEST_F(AttemptsTest, PassFromAdvertToOpeningAndOutliveAReopening) {
  ASSERT_TRUE(put(1, AttemptState::advertised).ok());
  ASSERT_TRUE(put(1, AttemptState::sent, 1, 1).ok());
  EXPECT_FALSE(store().attempts().opened(release_)->has_value());
  ASSERT_TRUE(put(1, AttemptState::opened, 1, 1).ok());
  ASSERT_TRUE(put(1, AttemptState::opened, 1, 1).ok());
  reopen();
  const AttemptRecord found = store().attempts().opened(release_).value().value();
  EXPECT_EQ(found.attempt, session_id(1));
  EXPECT_EQ(found.roster_hash, Bytes(64, 1));
  EXPECT_EQ(found.masked_input_hash, Bytes(64, 1));
}

TEST_F(AttemptsTest, AReleaseOpenedOnceIsNeverOpenedWithAnotherRoster) {
  ASSERT_TRUE(put(1, AttemptState::opened, 1, 1).ok());
  ASSERT_TRUE(put(2, AttemptState::sent, 2, 2).ok());
  const auto refused = put(2, AttemptState::opened, 2, 2);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::denied);
  EXPECT_THAT(refused.error().text, HasSubstr("another roster"));
  EXPECT_EQ(store().attempts().opened(release_).value()->attempt, session_id(1));
  EXPECT_EQ(store().attempts().list(release_)->size(), 2U);
}

TEST_F(AttemptsTest, AnOpenedOneStaysAsItIs) {
  ASSERT_TRUE(put(1, AttemptState::opened, 1, 1).ok());
  EXPECT_EQ(put(1, AttemptState::void_, 1, 1).error().code, Code::bad_input);
  EXPECT_EQ(put(1, AttemptState::opened, 2, 1).error().code, Code::bad_input);
}

TEST_F(AttemptsTest, ASentInputIsNotExchanged) {
  ASSERT_TRUE(put(1, AttemptState::sent, 1, 1).ok());
  EXPECT_EQ(put(1, AttemptState::sent, 1, 2).error().code, Code::bad_input);
  EXPECT_EQ(put(1, AttemptState::sent, 2, 1).error().code, Code::bad_input);
  EXPECT_EQ(put(1, AttemptState::advertised).error().code, Code::bad_input);
  ASSERT_TRUE(put(1, AttemptState::void_, 1, 1).ok());
  EXPECT_EQ(put(1, AttemptState::sent, 1, 1).error().code, Code::bad_input);
  ASSERT_TRUE(put(2, AttemptState::sent, 2, 2).ok());
}

using QuestionsTest = LineageStoreTest;

TEST_F(QuestionsTest, WaitAndAreAnswered) {
  QuestionRecord q;
  q.id = session_id(1);
  q.canonical_hash = Bytes(64, 1);
  q.question = Bytes(20, 2);
  q.created_at = at_ms(3);
  q.asker = "urn:hedgerow:vale-council:analyst:a";
  ASSERT_TRUE(commit([&] { return store().questions().put(q); }).ok());
  QuestionRecord second = q;
  second.id = session_id(2);
  ASSERT_TRUE(commit([&] { return store().questions().put(second); }).ok());
  auto waiting = store().questions().waiting().value();
  ASSERT_EQ(waiting.size(), 2U);
  EXPECT_EQ(waiting[0].id, session_id(1));
  EXPECT_EQ(waiting[0].question, q.question);

  q.status = QuestionStatus::answered;
  q.answer = Bytes(30, 3);
  q.receipts = Bytes(40, 4);
  ASSERT_TRUE(commit([&] { return store().questions().put(q); }).ok());
  reopen();
  const QuestionRecord found = store().questions().get(q.id).value().value();
  EXPECT_EQ(found.status, QuestionStatus::answered);
  EXPECT_EQ(found.answer, q.answer);
  EXPECT_EQ(found.receipts, q.receipts);
  EXPECT_EQ(found.asker, q.asker);
  EXPECT_EQ(found.created_at, at_ms(3));
  EXPECT_EQ(store().questions().waiting()->size(), 1U);
  const auto newest = store().questions().list(1).value();
  ASSERT_EQ(newest.size(), 1U);
  EXPECT_EQ(newest[0].id, session_id(2));
  EXPECT_TRUE(newest[0].question.empty());
  EXPECT_FALSE(store().questions().get(session_id(9))->has_value());
}

TEST_F(QuestionsTest, RefuseWhatIsOutOfBounds) {
  QuestionRecord q;
  q.id = session_id(1);
  q.asker = std::string(kMaxAsker + 1, 'a');
  EXPECT_EQ(commit([&] { return store().questions().put(q); }).error().code, Code::bad_input);
  q.asker.clear();
  q.question = Bytes(kMaxStatement + 1);
  EXPECT_EQ(commit([&] { return store().questions().put(q); }).error().code, Code::bad_input);
}

}  // namespace
}  // namespace hedgerow::store
