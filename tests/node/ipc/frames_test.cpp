#include "node/ipc/frames.h"

#include <gmock/gmock.h>

namespace hedgerow::ipc {
namespace {

using testing::ElementsAre;

ByteView view(const WipingBytes& b) { return {b.data(), b.size()}; }

TEST(Frames, HaveTheSpecifiedBytes) {
  EXPECT_THAT(encode_frame(make_frame(7, as_bytes("ab"))), ElementsAre(4, 0, 0, 0, 1, 7, 'a', 'b'));
  EXPECT_THAT(encode_frame(make_frame(255, {})), ElementsAre(2, 0, 0, 0, 1, 255));
}

TEST(Frames, ComeBackWhereverTheStreamIsCut) {
  WipingBytes stream;
  const std::vector<Frame> frames = {make_frame(1, as_bytes("one")), make_frame(2, {}),
                                     make_frame(3, as_bytes("three"))};
  for (const Frame& f : frames) encode_frame(f, stream);
  for (std::size_t step = 1; step <= stream.size(); ++step) {
    FrameReader reader;
    std::vector<Frame> got;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      ASSERT_TRUE(reader.feed(view(stream).subspan(at, std::min(step, stream.size() - at))).ok());
      while (auto f = reader.pop()) got.push_back(std::move(*f));
    }
    EXPECT_EQ(got, frames) << "step " << step;
    EXPECT_TRUE(reader.at_boundary());
  }
}

TEST(Frames, KnowThatTheStreamEndedInsideOne) {
  const WipingBytes bytes = encode_frame(make_frame(1, as_bytes("abc")));
  for (std::size_t n = 1; n < bytes.size(); ++n) {
    FrameReader reader;
    ASSERT_TRUE(reader.feed(view(bytes).first(n)).ok());
    EXPECT_FALSE(reader.pop().has_value());
    EXPECT_FALSE(reader.at_boundary()) << n;
  }
}

TEST(Frames, RefuseAnotherVersion) {
  FrameReader reader;
  const Bytes bytes = {2, 0, 0, 0, 2, 1};
  EXPECT_EQ(reader.feed(bytes).error().code, Code::bad_input);
}

TEST(Frames, RefuseALengthBelowTheHeader) {
  FrameReader reader;
  const Bytes bytes = {1, 0, 0, 0, 1, 1};
  EXPECT_FALSE(reader.feed(bytes).ok());
}

TEST(Frames, RefuseAPayloadAboveTheMaximumBeforeItComes) {
  const auto header = [](std::size_t payload) {
    return std::move(Writer().u32(static_cast<std::uint32_t>(payload + 2)).u8(1).u8(1)).take();
  };
  FrameReader exact;
  EXPECT_TRUE(exact.feed(header(kMaxPayload)).ok());
  FrameReader above;
  EXPECT_FALSE(above.feed(header(kMaxPayload + 1)).ok());
  FrameReader huge;
  const Bytes all_ones = {255, 255, 255, 255, 1, 1};
  EXPECT_FALSE(huge.feed(all_ones).ok());
  FrameReader narrow(10);
  EXPECT_FALSE(narrow.feed(header(11)).ok());
}

TEST(Frames, GiveNothingMoreAfterAnError) {
  WipingBytes stream;
  encode_frame(make_frame(1, as_bytes("good")), stream);
  const std::size_t good = stream.size();
  encode_frame(make_frame(1, as_bytes("bad")), stream);
  stream[good + 4] = 9;
  FrameReader reader;
  EXPECT_FALSE(reader.feed(view(stream)).ok());
  EXPECT_TRUE(reader.failed());
  EXPECT_FALSE(reader.pop().has_value());
  const WipingBytes fresh = encode_frame(make_frame(1, as_bytes("good")));
  EXPECT_FALSE(reader.feed(view(fresh)).ok());
  EXPECT_FALSE(reader.pop().has_value());
}

}  // namespace
}  // namespace hedgerow::ipc
