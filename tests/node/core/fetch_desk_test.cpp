#include "node/core/fetch_desk.h"

#include <algorithm>

#include "core_fixture.h"

namespace hedgerow::core {
namespace {

using protocol::Statement;
using protocol::trace::Chunk;
using protocol::trace::ChunkGet;
using protocol::trace::Directory;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const auto kToday = static_cast<std::int32_t>(
    std::chrono::floor<std::chrono::days>(kNow).time_since_epoch().count());
constexpr std::uint32_t kFourChunks = 16'384;

// Nobody's children, so that only the records' number matters. Made once.
Directory directory_of(std::uint32_t records, std::int32_t day, std::uint8_t seed) {
  struct Made {
    std::vector<TraceRecord> records;
    MerkleHash root;
  };
  static std::map<std::pair<std::uint32_t, std::uint8_t>, Made> all_made;
  SeededRandom rng(ByteArray<32>{seed});
  SecretScalar secret = random_scalar(rng);
  Made& made = all_made[{records, seed}];
  if (made.records.empty()) {
    made.records.resize(records);
    for (TraceRecord& r : made.records) r = random_trace_record(rng);
    std::ranges::sort(made.records);
    protocol::trace::DirectoryRoot root;
    for (const TraceRecord& r : made.records) root.add(r);
    made.root = root.root();
  }
  const Element key = multiply_base(secret).value();
  return {std::move(secret), {day, key, records, made.root}, made.records};
}

// The council fetches from police, health and voice, whose nodes are played by the test.
class FetchDeskTest : public ::testing::Test {
 protected:
  FetchDeskTest() {
    for (const char* name : {"vale-police", "vale-health", "vale-voice"})
      directories_.emplace(name, directory_of(1024, kToday, 1));
    desk_.emplace(council_.context(), council_.environment());
    council_.context().agreement.trace = policies::TraceGrant{};
  }

  static Bytes signed_by(const std::string& name, const Directory& d) {
    const auto& a = TestRegion::get().agreement();
    const UtcTime end = std::chrono::sys_days(std::chrono::days(d.header.day + 2));
    return Statement::sign(TestRegion::get().at(name).keyring.message(), MessageType::trace_header,
                           {party(name), a.id, a.hash, session_id(9), 0, end}, d.header.encode())
        .encode();
  }

  // Carries out work, and remembers what it asked for.
  void carry(Result<Work> work) {
    ASSERT_TRUE(work.ok()) << work.error().text;
    for (const Addressed& m : work->send) asked_.push_back(m);
    for (const auto& note : work->log) notes_.push_back(note);
    ASSERT_TRUE(council_.exchange().commit(*std::move(work), now_).ok());
  }
  void refresh() {
    carry(desk_->refresh(now_, [this](const auto& all, UtcTime) {
      for (const FetchedDirectory& f : all) result_[f.party.str()] = f;
      ++ends_;
      return Work{};
    }));
  }
  Delivery from(const std::string& name, MessageType type, Bytes body) const {
    return {party(name), type, session_, 0, now_ + seconds(60), std::move(body)};
  }
  Result<Work> say(const std::string& name, MessageType type, Bytes body) {
    session_ = asked_.empty() ? session_ : asked_.back().session;
    return desk_->on_message(from(name, type, std::move(body)), now_);
  }
  Bytes answer_to(const Addressed& m) {
    const std::string name = m.message.to.str();
    const Directory& d = directories_.at(name);
    if (m.message.type == MessageType::trace_header_get) return signed_by(name, d);
    const auto get = ChunkGet::decode(m.message.body).value();
    ++chunks_asked_[name];
    // Larger than it is: whoever waits for the end of it never sees the root.
    if (d.header.records > d.records.size())
      return Chunk{get.day, get.chunk,
                   Bytes(std::size_t{d.header.records_in(get.chunk)} * kTraceRecordSize)}
          .encode();
    return Chunk{get.day, get.chunk, d.chunk(get.chunk)}.encode();
  }
  // Answers one message, in its turn; false: there is none, or its party is silent.
  bool answer_one() {
    const auto it = std::ranges::find_if(
        asked_, [&](const Addressed& m) { return m.message.to.str() != silent_; });
    if (it == asked_.end()) return false;
    const Addressed m = *it;
    const auto type = m.message.type == MessageType::trace_header_get ? MessageType::trace_header
                                                                      : MessageType::trace_chunk;
    session_ = m.session;
    Bytes body = answer_to(m);
    asked_.erase(it);
    carry(desk_->on_message(from(m.message.to.str(), type, std::move(body)), now_));
    return true;
  }
  void answer_all() {
    while (answer_one()) {
    }
  }
  void pass(milliseconds time) {
    now_ += time;
    carry(desk_->on_time(now_));
  }
  void restart() {
    council_.reopen(now_);
    council_.context().agreement.trace = policies::TraceGrant{};
    desk_.emplace(council_.context(), council_.environment());
    asked_.clear();
  }
  std::optional<store::TraceDirectory> stored(const char* name, std::int32_t day = kToday) {
    return council_.store().traces().find_directory(party(name), day).value();
  }
  std::size_t noted(std::string_view kind) const {
    return static_cast<std::size_t>(std::ranges::count(notes_, kind, &LogNote::kind));
  }

  TestNode council_{"vale-council", 1};
  std::map<std::string, Directory> directories_;
  std::optional<FetchDesk> desk_;
  UtcTime now_ = kNow + seconds(3600);
  SessionId session_;
  std::vector<Addressed> asked_;
  std::vector<LogNote> notes_;
  std::map<std::string, int> chunks_asked_;
  std::map<std::string, FetchedDirectory> result_;
  int ends_ = 0;
  std::string silent_;
};

TEST_F(FetchDeskTest, FetchesFromEveryOtherContributorAndOnceADay) {
  refresh();
  EXPECT_EQ(asked_.size(), 3U);
  answer_all();
  ASSERT_EQ(result_.size(), 3U);
  EXPECT_EQ(ends_, 1);
  for (const auto& [name, f] : result_) {
    EXPECT_EQ(f.header, directories_.at(name).header);
    EXPECT_TRUE(f.fetched);
    EXPECT_THAT(f.why, IsEmpty());
  }
  EXPECT_EQ(noted("trace.directory.fetched"), 3U);
  EXPECT_FALSE(desk_->next_wake());
  refresh();
  EXPECT_THAT(asked_, IsEmpty());
  EXPECT_EQ(ends_, 2);
  EXPECT_FALSE(result_.at("vale-police").fetched);
  EXPECT_EQ(result_.at("vale-police").header, directories_.at("vale-police").header);
}

TEST_F(FetchDeskTest, FindsEveryRecordByItsTagAndNothingElse) {
  directories_.insert_or_assign("vale-police", directory_of(kFourChunks, kToday, 2));
  refresh();
  answer_all();
  const Directory& d = directories_.at("vale-police");
  for (std::size_t i = 0; i < d.records.size(); i += 1365) {
    TraceTag tag{};
    std::copy_n(d.records[i].begin(), tag.size(), tag.begin());
    const auto found = desk_->find(party("vale-police"), kToday, tag).value();
    ASSERT_TRUE(found) << i;
    EXPECT_TRUE(std::ranges::equal(*found, d.records[i]));
    const auto gone = desk_->find(party("vale-police"), kToday - 1, tag);
    ASSERT_FALSE(gone.ok()) << "that directory is not here, which is not the same";
    EXPECT_EQ(gone.error().code, Code::bad_input);
    EXPECT_FALSE(desk_->find(party("vale-health"), kToday, tag).value());
  }
  EXPECT_FALSE(desk_->find(party("vale-police"), kToday, TraceTag{}).value());
}

TEST_F(FetchDeskTest, CallersWhoComeMeanwhileWaitForTheSameRun) {
  refresh();
  refresh();
  EXPECT_EQ(asked_.size(), 3U);
  EXPECT_EQ(ends_, 0);
  answer_all();
  EXPECT_EQ(ends_, 2);
}

TEST_F(FetchDeskTest, OnlySoManyWait) {
  for (std::size_t i = 0; i < kMaxFetchWaiting; ++i) refresh();
  const auto more = desk_->refresh(now_, [](const auto&, UtcTime) { return Work{}; });
  ASSERT_FALSE(more.ok());
  EXPECT_EQ(more.error().code, Code::try_again);
}

TEST_F(FetchDeskTest, GoesOnAfterACrashWithTheChunkThatIsMissing) {
  directories_.insert_or_assign("vale-police", directory_of(kFourChunks, kToday, 2));
  refresh();
  while (chunks_asked_["vale-police"] < 2) ASSERT_TRUE(answer_one());
  restart();
  EXPECT_EQ(council_.store().traces().chunks_stored(party("vale-police"), kToday).value(), 2U);
  EXPECT_FALSE(stored("vale-police")->complete);
  chunks_asked_.clear();
  refresh();
  answer_all();
  EXPECT_EQ(chunks_asked_["vale-police"], 2);
  EXPECT_TRUE(result_.at("vale-police").fetched);
  EXPECT_TRUE(stored("vale-police")->complete);
}

TEST_F(FetchDeskTest, ASilentPartyIsNamedAndTheOthersAreThere) {
  silent_ = "vale-health";
  refresh();
  answer_all();
  EXPECT_EQ(ends_, 0);
  ASSERT_EQ(desk_->next_wake(), now_ + protocol::trace::kHeaderPatience);
  pass(protocol::trace::kHeaderPatience - milliseconds(1));
  EXPECT_EQ(ends_, 0);
  pass(milliseconds(1));
  ASSERT_EQ(ends_, 1);
  EXPECT_FALSE(result_.at("vale-health").header);
  EXPECT_EQ(result_.at("vale-health").why, "did not answer in time");
  EXPECT_TRUE(result_.at("vale-police").header);
}

TEST_F(FetchDeskTest, YesterdaysIsOfUseWhereTodaysCannotBeHad) {
  refresh();
  answer_all();
  now_ += std::chrono::days(1);
  silent_ = "vale-health";
  refresh();
  answer_all();  // the same as yesterday: they have none of today
  pass(protocol::trace::kHeaderPatience);
  EXPECT_EQ(result_.at("vale-health").header->day, kToday);
  EXPECT_EQ(result_.at("vale-health").why, "did not answer in time");
  EXPECT_EQ(result_.at("vale-police").header->day, kToday);
  EXPECT_FALSE(result_.at("vale-police").fetched);
  EXPECT_THAT(result_.at("vale-police").why, IsEmpty());
}

TEST_F(FetchDeskTest, APartyThatAnswersTooSlowlyDoesNotHoldUpTheRunForEver) {
  directories_.at("vale-health").header.records = protocol::trace::kMaxRecords;
  refresh();
  silent_ = "vale-health";
  answer_all();
  silent_ = "";
  const seconds pause = protocol::trace::kChunkPatience - seconds(1);
  for (seconds passed{0}; passed < kLongestFetch; passed += pause) {
    ASSERT_TRUE(answer_one());
    ASSERT_EQ(ends_, 0);
    pass(pause);
  }
  EXPECT_EQ(ends_, 1);
  EXPECT_EQ(result_.at("vale-health").why, "took too long");
}

TEST_F(FetchDeskTest, ARootThatDoesNotMatchDropsTheDirectoryAndNamesTheParty) {
  Directory good = directory_of(kFourChunks, kToday, 2);
  Directory& shown =
      directories_.insert_or_assign("vale-police", directory_of(kFourChunks, kToday, 2))
          .first->second;
  shown.records[5000][100] ^= 1U;
  refresh();
  answer_all();
  ASSERT_EQ(ends_, 1);
  EXPECT_FALSE(result_.at("vale-police").header);
  EXPECT_EQ(result_.at("vale-police").why, "the root of its directory is not the one it signed");
  EXPECT_FALSE(stored("vale-police"));
  EXPECT_EQ(council_.store().traces().chunks_stored(party("vale-police"), kToday).value(), 0U);
  ASSERT_EQ(noted("trace.directory.bad"), 1U);
  const auto note = *std::ranges::find(notes_, "trace.directory.bad", &LogNote::kind);
  EXPECT_EQ(note.fields.at(0).second, "vale-police");
  // It may show the right one.
  directories_.insert_or_assign("vale-police", std::move(good));
  refresh();
  answer_all();
  EXPECT_TRUE(result_.at("vale-police").fetched);
}

TEST_F(FetchDeskTest, AnotherHeaderOfTheSameDayIsRefusedAndBothAreKeptAsEvidence) {
  directories_.insert_or_assign("vale-police", directory_of(kFourChunks, kToday, 2));
  const Bytes first = signed_by("vale-police", directories_.at("vale-police"));
  refresh();
  while (chunks_asked_["vale-police"] < 2) ASSERT_TRUE(answer_one());
  restart();
  directories_.insert_or_assign("vale-police", directory_of(kFourChunks, kToday, 3));
  const Bytes second = signed_by("vale-police", directories_.at("vale-police"));
  refresh();
  answer_all();
  ASSERT_EQ(ends_, 1);
  EXPECT_FALSE(result_.at("vale-police").header);
  EXPECT_THAT(result_.at("vale-police").why, HasSubstr("two different directories"));
  ASSERT_EQ(noted("trace.directory.differs"), 1U);
  const auto note = *std::ranges::find(notes_, "trace.directory.differs", &LogNote::kind);
  EXPECT_EQ(note.fields.at(0).second, "vale-police");
  EXPECT_EQ(note.fields.at(2).second, to_base64(first));
  EXPECT_EQ(note.fields.at(3).second, to_base64(second));
  EXPECT_EQ(stored("vale-police")->header, first);
}

TEST_F(FetchDeskTest, ADifferentHeaderWithinOneRunIsNotedOnceHoweverOftenItComes) {
  silent_ = "vale-health";
  directories_.insert_or_assign("vale-police", directory_of(kFourChunks, kToday, 2));
  refresh();
  answer_all();
  const Bytes other = signed_by("vale-police", directory_of(1024, kToday, 4));
  for (int i = 0; i < 3; ++i) {
    carry(desk_->on_message(from("vale-police", MessageType::trace_header, other), now_));
  }
  EXPECT_EQ(noted("trace.directory.differs"), 1U);
  EXPECT_TRUE(stored("vale-police")->complete) << "what came first stays";
}

TEST_F(FetchDeskTest, AHeaderThatDoesNotHoldEndsTheFetchAndNamesTheParty) {
  refresh();
  const auto forged = say("vale-police", MessageType::trace_header,
                          signed_by("vale-health", directories_.at("vale-health")));
  ASSERT_FALSE(forged.ok());
  EXPECT_EQ(forged.error().culprit, "vale-police");
  const auto old = say("vale-voice", MessageType::trace_header,
                       signed_by("vale-voice", directory_of(1024, kToday - 2, 1)));
  ASSERT_FALSE(old.ok());
  silent_ = "vale-health";
  carry(say("vale-health", MessageType::trace_header,
            signed_by("vale-health", directories_.at("vale-health"))));
  std::erase_if(asked_,
                [](const Addressed& m) { return m.message.type == MessageType::trace_header_get; });
  silent_ = "";
  answer_all();
  ASSERT_EQ(ends_, 1);
  EXPECT_THAT(result_.at("vale-police").why, HasSubstr("its header does not hold"));
  EXPECT_FALSE(stored("vale-police"));
  EXPECT_THAT(result_.at("vale-voice").why, HasSubstr("its header does not hold"));
  EXPECT_TRUE(result_.at("vale-health").fetched);
}

TEST_F(FetchDeskTest, AHeaderOfTomorrowCountsShortlyBeforeMidnightOnly) {
  now_ = kNow + std::chrono::days(1) - seconds(60);
  directories_.insert_or_assign("vale-police", directory_of(1024, kToday + 1, 2));
  refresh();
  answer_all();
  EXPECT_EQ(result_.at("vale-police").header->day, kToday + 1);
  now_ = kNow + std::chrono::days(1) + seconds(3600);
  directories_.insert_or_assign("vale-health", directory_of(1024, kToday + 2, 2));
  refresh();
  EXPECT_FALSE(say("vale-health", MessageType::trace_header,
                   signed_by("vale-health", directories_.at("vale-health")))
                   .ok());
}

TEST_F(FetchDeskTest, AChunkThatIsNotTheOneAskedForEndsTheFetch) {
  refresh();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(answer_one());  // the headers
  const Directory& d = directories_.at("vale-police");
  const auto wrong =
      say("vale-police", MessageType::trace_chunk, Chunk{kToday, 1, d.chunk(0)}.encode());
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().culprit, "vale-police");
  EXPECT_FALSE(say("vale-health", MessageType::trace_chunk, to_bytes("no chunk")).ok());
  EXPECT_FALSE(say("vale-partnership", MessageType::trace_chunk, {}).ok());
  silent_ = "vale-police";
  std::erase_if(asked_, [](const Addressed& m) { return m.message.to != party("vale-voice"); });
  answer_all();
  ASSERT_EQ(ends_, 1);
  EXPECT_THAT(result_.at("vale-police").why, HasSubstr("another part"));
  EXPECT_THAT(result_.at("vale-health").why, HasSubstr("no part of a directory"));
  EXPECT_TRUE(result_.at("vale-voice").fetched);
}

TEST_F(FetchDeskTest, AnErrorInTheLastMessageEndsTheRunAtOnce) {
  silent_ = "vale-police";
  refresh();
  answer_all();
  ASSERT_EQ(ends_, 0);
  silent_ = "";
  ASSERT_FALSE(say("vale-police", MessageType::trace_header, to_bytes("no header")).ok());
  ASSERT_EQ(desk_->next_wake(), now_);
  pass(milliseconds(0));
  EXPECT_EQ(ends_, 1);
  EXPECT_FALSE(desk_->next_wake());
}

TEST_F(FetchDeskTest, NeedsAGrantAndAnAgreementInForce) {
  const auto nothing = [](const auto&, UtcTime) { return Work{}; };
  EXPECT_EQ(desk_->refresh(now_ + std::chrono::days(500), nothing).error().code, Code::denied);
  council_.context().agreement.trace.reset();
  EXPECT_EQ(desk_->refresh(now_, nothing).error().code, Code::denied);
  TestNode hub("vale-partnership", 3);
  hub.context().agreement.trace = policies::TraceGrant{};
  FetchDesk at_hub(hub.context(), hub.environment());
  EXPECT_THAT(at_hub.refresh(now_, nothing).error().text, HasSubstr("holds no records"));
}

}  // namespace
}  // namespace hedgerow::core
