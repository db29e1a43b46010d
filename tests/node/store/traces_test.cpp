#include "node/store/traces.h"

#include "tests/node/store/store_fixture.h"

namespace hedgerow::store {
namespace {

using std::chrono::hours;
using ::testing::HasSubstr;

constexpr std::int32_t kDay = 20'700;

UtcTime midnight(std::int32_t day) { return UtcTime(std::chrono::days(day)); }

// Records whose tags begin with these bytes.
Bytes records_of(std::initializer_list<std::uint8_t> tags) {
  Bytes run;
  for (const std::uint8_t tag : tags) {
    run.push_back(tag);
    run.resize(run.size() + kTraceRecordSize - 1, 0xee);
  }
  return run;
}

TraceTag tag_of(std::uint8_t first) {
  TraceTag tag{};
  tag[0] = first;
  for (std::size_t i = 1; i < tag.size(); ++i) tag[i] = 0xee;
  return tag;
}

class TracesTest : public LineageStoreTest {
 protected:
  Traces traces() { return store().traces(); }
  Result<void> put_day(std::int32_t day, const SecretScalar& secret, ByteView header) {
    return commit([&] { return traces().put_day(day, secret, header); });
  }
  Result<void> put_directory(const char* name, std::int32_t day) {
    return commit([&] { return traces().put_directory(party(name), day, Bytes(9, 1)); });
  }
  Result<void> put_chunk(const char* name, std::int32_t day, std::uint32_t number,
                         const Bytes& records) {
    return commit([&] { return traces().put_chunk(party(name), day, number, records); });
  }
  Result<void> add_seen(const SeenTrace& t) {
    return commit([&] { return traces().add_seen(t); });
  }
  std::uint64_t prune_seen(UtcTime now) {
    return commit([&] { return traces().prune_seen(now); }).value();
  }
  bool has_directory(const char* name, std::int32_t day) {
    return traces().find_directory(party(name), day).value().has_value();
  }
  std::uint32_t chunks(const char* name, std::int32_t day) {
    return traces().chunks_stored(party(name), day).value();
  }

  SeenTrace seen(const char* requester, std::uint8_t id, std::uint8_t point,
                 const char* practitioner = "urn:hedgerow:council:practitioner:one") {
    SeenTrace t;
    t.requester = party(requester);
    t.id = session_id(id);
    t.practitioner = practitioner;
    t.utc_day = kDay;
    t.request_hash = Sha256{key32('r', id)};
    t.point_hash = Sha256{key32('b', point)};
    t.answer = to_bytes("answer");
    t.not_after = midnight(kDay + 2);
    return t;
  }
};

TEST_F(TracesTest, AnOwnDayComesBackAfterAReopening) {
  EXPECT_FALSE(traces().newest_own_day().value());
  const SecretScalar secret = random_scalar(rng_);
  ASSERT_TRUE(put_day(kDay, secret, to_bytes("header")).ok());
  ASSERT_TRUE(put_day(kDay - 1, random_scalar(rng_), to_bytes("before")).ok());
  reopen();
  EXPECT_EQ(traces().newest_own_day().value(), kDay);
  const auto day = traces().own_day(kDay).value();
  ASSERT_TRUE(day);
  EXPECT_EQ(day->day, kDay);
  EXPECT_TRUE(equal_in_constant_time(day->secret.expose(), secret.expose()));
  EXPECT_EQ(day->header, to_bytes("header"));
  EXPECT_FALSE(traces().own_day(kDay + 1).value());
  EXPECT_TRUE(traces().any_before(kDay).value());
  EXPECT_FALSE(traces().any_before(kDay - 1).value());
}

TEST_F(TracesTest, ADayHasOneSecretAndABoundedHeader) {
  ASSERT_TRUE(put_day(kDay, random_scalar(rng_), to_bytes("header")).ok());
  EXPECT_THAT(put_day(kDay, random_scalar(rng_), to_bytes("other")).error().text,
              HasSubstr("a second directory of one day"));
  EXPECT_EQ(traces().own_day(kDay).value()->header, to_bytes("header"));
  EXPECT_FALSE(put_day(kDay + 1, random_scalar(rng_), {}).ok());
  EXPECT_FALSE(put_day(kDay + 1, random_scalar(rng_), Bytes(kMaxTraceHeader + 1, 1)).ok());
  EXPECT_TRUE(put_day(kDay + 1, random_scalar(rng_), Bytes(kMaxTraceHeader, 1)).ok());
}

TEST_F(TracesTest, ASecretThatIsNoScalarIsFoundToBeAltered) {
  // All ones are beyond the order; put_day takes a scalar's type, so its bytes are set by hand.
  SecretScalar bad;
  for (std::uint8_t& b : bad.writable()) b = 0xff;
  ASSERT_TRUE(put_day(kDay, bad, to_bytes("header")).ok());
  EXPECT_EQ(traces().own_day(kDay).error().code, Code::configuration);
}

TEST_F(TracesTest, ErasesSecretsWithTheOwnDirectoriesAndNoOthers) {
  for (std::int32_t day = kDay - 2; day <= kDay; ++day) {
    ASSERT_TRUE(put_day(day, random_scalar(rng_), to_bytes("header")).ok());
    for (const char* name : {"own", "other"}) {
      ASSERT_TRUE(put_directory(name, day).ok());
      ASSERT_TRUE(put_chunk(name, day, 0, records_of({1, 2})).ok());
    }
  }
  const auto erase = [&](std::int32_t day) {
    return commit([&] { return traces().erase_days_before(party("own"), day); }).value();
  };
  EXPECT_TRUE(erase(kDay - 1));
  EXPECT_FALSE(erase(kDay - 1));
  EXPECT_FALSE(traces().own_day(kDay - 2).value());
  EXPECT_TRUE(traces().own_day(kDay - 1).value());
  EXPECT_FALSE(has_directory("own", kDay - 2));
  EXPECT_EQ(chunks("own", kDay - 2), 0U);
  EXPECT_EQ(chunks("own", kDay - 1), 1U);
  EXPECT_TRUE(has_directory("other", kDay - 2));
  EXPECT_EQ(chunks("other", kDay - 2), 1U);
}

TEST_F(TracesTest, AnErasureOverwritesAndTheLogCanBeEmptiedOfWhatItHad) {
  std::filesystem::path log = file();
  log += "-wal";
  ASSERT_TRUE(put_day(kDay, random_scalar(rng_), to_bytes("header")).ok());
  ASSERT_TRUE(commit([&] { return traces().erase_days_before(party("own"), kDay + 1); }).value());
  EXPECT_GT(std::filesystem::file_size(log), 0U);
  ASSERT_TRUE(store().database().checkpoint().ok());
  EXPECT_EQ(std::filesystem::file_size(log), 0U);
  Statement s = store().database().prepare("PRAGMA secure_delete");
  ASSERT_TRUE(s.step().value());
  EXPECT_EQ(s.integer(0), 1);
}

TEST_F(TracesTest, TakesChunksInOrderUntilTheDirectoryIsComplete) {
  EXPECT_FALSE(put_chunk("police", kDay, 0, records_of({1})).ok()) << "no directory";
  ASSERT_TRUE(put_directory("police", kDay).ok());
  EXPECT_FALSE(put_directory("police", kDay).ok());
  EXPECT_FALSE(put_chunk("police", kDay, 1, records_of({1})).ok()) << "not the next";
  ASSERT_TRUE(put_chunk("police", kDay, 0, records_of({1, 2})).ok());
  EXPECT_FALSE(put_chunk("police", kDay, 0, records_of({1, 2})).ok()) << "twice";
  ASSERT_TRUE(put_chunk("police", kDay, 1, records_of({3})).ok());
  EXPECT_EQ(chunks("police", kDay), 2U);
  EXPECT_EQ(chunks("police", kDay - 1), 0U);
  EXPECT_EQ(traces().chunk(party("police"), kDay, 1).value(), records_of({3}));
  EXPECT_FALSE(traces().chunk(party("police"), kDay, 2).value());
  EXPECT_FALSE(traces().find_directory(party("police"), kDay).value()->complete);
  ASSERT_TRUE(commit([&] { return traces().set_complete(party("police"), kDay); }).ok());
  EXPECT_FALSE(commit([&] { return traces().set_complete(party("police"), kDay + 1); }).ok());
  EXPECT_TRUE(traces().find_directory(party("police"), kDay).value()->complete);
  EXPECT_FALSE(put_chunk("police", kDay, 2, records_of({4})).ok()) << "complete";
}

TEST_F(TracesTest, RefusesChunksOutOfBounds) {
  ASSERT_TRUE(put_directory("police", kDay).ok());
  EXPECT_FALSE(put_chunk("police", kDay, 0, {}).ok());
  EXPECT_FALSE(put_chunk("police", kDay, 0, Bytes(kTraceRecordSize - 1, 1)).ok());
  EXPECT_FALSE(put_chunk("police", kDay, 0, Bytes(kMaxTraceChunk + kTraceRecordSize, 1)).ok());
  ASSERT_TRUE(put_chunk("police", kDay, 0, Bytes(kMaxTraceChunk, 1)).ok());
  for (std::uint32_t n = 1; n < kMaxTraceChunks; ++n)
    ASSERT_TRUE(put_chunk("police", kDay, n, records_of({2})).ok());
  EXPECT_FALSE(put_chunk("police", kDay, kMaxTraceChunks, records_of({3})).ok());
}

TEST_F(TracesTest, FindsTheChunkThatMayHaveATag) {
  ASSERT_TRUE(put_directory("police", kDay).ok());
  ASSERT_TRUE(put_chunk("police", kDay, 0, records_of({10, 20})).ok());
  ASSERT_TRUE(put_chunk("police", kDay, 1, records_of({30, 40})).ok());
  const auto with = [&](std::uint8_t tag) {
    return traces().chunk_with(party("police"), kDay, tag_of(tag)).value();
  };
  EXPECT_FALSE(with(9));
  EXPECT_EQ(with(10), records_of({10, 20}));
  EXPECT_EQ(with(29), records_of({10, 20}));
  EXPECT_EQ(with(30), records_of({30, 40}));
  EXPECT_EQ(with(255), records_of({30, 40}));
}

TEST_F(TracesTest, DropsDirectoriesWithTheirChunks) {
  for (const char* name : {"health", "police"})
    for (const std::int32_t day : {kDay - 2, kDay}) {
      ASSERT_TRUE(put_directory(name, day).ok());
      ASSERT_TRUE(put_chunk(name, day, 0, records_of({1})).ok());
    }
  ASSERT_TRUE(commit([&] { return traces().drop_directory(party("police"), kDay); }).ok());
  EXPECT_FALSE(has_directory("police", kDay));
  EXPECT_EQ(chunks("police", kDay), 0U);
  EXPECT_EQ(chunks("police", kDay - 2), 1U);
  EXPECT_FALSE(traces().any_before(kDay - 2).value());
  EXPECT_TRUE(traces().any_before(kDay - 1).value());
  ASSERT_TRUE(commit([&] { return traces().drop_directories_before(kDay - 1); }).ok());
  EXPECT_FALSE(traces().any_before(kDay - 1).value());
  for (const char* name : {"health", "police"}) {
    EXPECT_FALSE(has_directory(name, kDay - 2));
    EXPECT_EQ(chunks(name, kDay - 2), 0U);
  }
  EXPECT_EQ(chunks("health", kDay), 1U);
}

TEST_F(TracesTest, AnAnsweredTraceComesBackAfterAReopening) {
  const SeenTrace t = seen("council", 1, 1);
  ASSERT_TRUE(add_seen(t).ok());
  reopen();
  const auto found = traces().find_seen(party("council"), session_id(1)).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->requester, t.requester);
  EXPECT_EQ(found->id, t.id);
  EXPECT_EQ(found->practitioner, t.practitioner);
  EXPECT_EQ(found->utc_day, t.utc_day);
  EXPECT_EQ(found->request_hash, t.request_hash);
  EXPECT_EQ(found->point_hash, t.point_hash);
  EXPECT_EQ(found->answer, t.answer);
  EXPECT_EQ(found->not_after, t.not_after);
  EXPECT_FALSE(traces().find_seen(party("police"), session_id(1)).value());
  EXPECT_TRUE(traces().point_seen(t.point_hash).value());
  EXPECT_FALSE(traces().point_seen(Sha256{key32('b', 2)}).value());
}

TEST_F(TracesTest, AnIdCountsOnceForARequesterAndAPointOnceForAll) {
  ASSERT_TRUE(add_seen(seen("council", 1, 1)).ok());
  EXPECT_FALSE(add_seen(seen("council", 1, 2)).ok()) << "the same id";
  EXPECT_FALSE(add_seen(seen("council", 2, 1)).ok()) << "the same point";
  EXPECT_FALSE(add_seen(seen("police", 1, 1)).ok()) << "the same point, of another agency";
  EXPECT_TRUE(add_seen(seen("police", 1, 2)).ok()) << "an id of its own";
  EXPECT_EQ(traces().asked_of_agency(party("council"), kDay).value(), 1U);
}

TEST_F(TracesTest, CountsWhatWasChargedToAnAgencyAndToAPractitionerOnADay) {
  const char* one = "urn:hedgerow:council:practitioner:one";
  const char* two = "urn:hedgerow:council:practitioner:two";
  ASSERT_TRUE(add_seen(seen("council", 1, 1, one)).ok());
  ASSERT_TRUE(add_seen(seen("council", 2, 2, one)).ok());
  ASSERT_TRUE(add_seen(seen("council", 3, 3, two)).ok());
  ASSERT_TRUE(add_seen(seen("police", 4, 4)).ok());
  SeenTrace before = seen("council", 5, 5, one);
  before.utc_day = kDay - 1;
  ASSERT_TRUE(add_seen(before).ok());
  EXPECT_EQ(traces().asked_of_agency(party("council"), kDay).value(), 3U);
  EXPECT_EQ(traces().asked_of_agency(party("council"), kDay - 1).value(), 1U);
  EXPECT_EQ(traces().asked_of_agency(party("health"), kDay).value(), 0U);
  EXPECT_EQ(traces().asked_of_practitioner(party("council"), one, kDay).value(), 2U);
  EXPECT_EQ(traces().asked_of_practitioner(party("council"), two, kDay).value(), 1U);
  EXPECT_EQ(traces().asked_of_practitioner(party("council"), two, kDay - 1).value(), 0U);
}

TEST_F(TracesTest, RefusesAnswersAndNamesOutOfBounds) {
  SeenTrace t = seen("council", 1, 1);
  t.answer = Bytes(kMaxTraceAnswer + 1, 1);
  EXPECT_FALSE(add_seen(t).ok());
  t = seen("council", 1, 1);
  t.practitioner = std::string(kMaxTracePractitioner + 1, 'x');
  EXPECT_FALSE(add_seen(t).ok());
  t.practitioner = "";
  EXPECT_FALSE(add_seen(t).ok());
  EXPECT_EQ(traces().asked_of_agency(party("council"), kDay).value(), 0U);
}

TEST_F(TracesTest, AChargeIsForgottenOnlyWhenItsDayIsOverAndItCanComeAgainNoMore) {
  SeenTrace long_lived = seen("council", 1, 1);  // until the end of the next day
  SeenTrace short_lived = seen("council", 2, 2);
  short_lived.not_after = midnight(kDay) - hours(30);
  ASSERT_TRUE(add_seen(long_lived).ok());
  ASSERT_TRUE(add_seen(short_lived).ok());
  EXPECT_EQ(prune_seen(midnight(kDay + 1) - std::chrono::milliseconds(1)), 0U) << "its day";
  EXPECT_EQ(traces().asked_of_agency(party("council"), kDay).value(), 2U);
  EXPECT_EQ(prune_seen(midnight(kDay + 1)), 1U);
  EXPECT_EQ(prune_seen(midnight(kDay + 3)), 0U) << "a day has not passed since its date";
  EXPECT_TRUE(traces().find_seen(party("council"), session_id(1)).value());
  EXPECT_EQ(prune_seen(midnight(kDay + 3) + std::chrono::milliseconds(1)), 1U);
  EXPECT_FALSE(traces().point_seen(long_lived.point_hash).value());
}

TEST_F(TracesTest, OpeningsAreKeptUntilTheirDate) {
  SessionId id;
  id.bytes[0] = 1;
  const UtcTime until{hours(100)};
  ASSERT_TRUE(commit([&] { return traces().put_opening(id, Bytes(400, 7), until); }).ok());
  EXPECT_EQ(traces().find_opening(id).value(), Bytes(400, 7));
  ASSERT_TRUE(commit([&] { return traces().prune_openings(until); }).ok());
  EXPECT_TRUE(traces().find_opening(id)->has_value());
  // Kept longer once the trace was asked.
  ASSERT_TRUE(
      commit([&] { return traces().put_opening(id, Bytes(400, 7), until + hours(1)); }).ok());
  const auto later = until + std::chrono::milliseconds(1);
  ASSERT_TRUE(commit([&] { return traces().prune_openings(later); }).ok());
  EXPECT_TRUE(traces().find_opening(id)->has_value());
  ASSERT_TRUE(commit([&] { return traces().prune_openings(later + hours(1)); }).ok());
  EXPECT_FALSE(traces().find_opening(id)->has_value());
}

}  // namespace
}  // namespace hedgerow::store
