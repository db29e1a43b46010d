#include "node/ipc/control.h"

#include <gtest/gtest.h>

namespace hedgerow::ipc {
namespace {

TEST(ControlFrames, HaveTheSpecifiedKinds) {
  EXPECT_EQ(control_frame(ControlKind::request, "{}").kind, 1);
  EXPECT_EQ(data_frame(as_bytes("x")).kind, 2);
  EXPECT_EQ(data_end_frame().kind, 3);
  EXPECT_EQ(control_frame(ControlKind::progress, "{}").kind, 4);
  EXPECT_EQ(control_frame(ControlKind::result, "{}").kind, 5);
  EXPECT_EQ(error_frame(denied("no")).kind, 6);
  EXPECT_EQ(text_of(control_frame(ControlKind::request, "{\"a\":1}")), "{\"a\":1}");
}

TEST(ControlFrames, AreRefusedWhereTheSizeDoesNotFitTheKind) {
  const auto refused = [](std::uint8_t kind, std::size_t size) {
    return !control_kind(make_frame(kind, Bytes(size))).ok();
  };
  EXPECT_TRUE(refused(2, 0));
  EXPECT_FALSE(refused(2, 1));
  EXPECT_FALSE(refused(2, kMaxChunk));
  EXPECT_TRUE(refused(2, kMaxChunk + 1));
  EXPECT_FALSE(refused(3, 0));
  EXPECT_TRUE(refused(3, 1));
  EXPECT_FALSE(refused(1, kMaxRequest));
  EXPECT_TRUE(refused(1, kMaxRequest + 1));
  EXPECT_TRUE(refused(0, 0));
  EXPECT_TRUE(refused(7, 0));
}

TEST(ControlFrames, CarryAnErrorWhole) {
  const Error error{Code::configuration, "a \"quoted\" text", "vale-council", "look there"};
  EXPECT_EQ(read_error(error_frame(error)), error);
}

TEST(ControlFrames, CarryAnErrorWhoseTextIsNotUtf8) {
  const Error error = read_error(error_frame(bad_input("file \xff.csv")));
  EXPECT_EQ(error.code, Code::bad_input);
  EXPECT_EQ(error.text, "file \xef\xbf\xbd.csv");
}

TEST(ControlFrames, TakeAnUnreadableErrorForAnInternalOne) {
  for (const char* json : {"", "[]", "{", "{}", "{\"code\":65}",
                           "{\"code\":1,\"text\":\"\",\"culprit\":\"\",\"hint\":\"\"}",
                           "{\"code\":\"65\",\"text\":\"\",\"culprit\":\"\",\"hint\":\"\"}",
                           "{\"code\":65,\"text\":1,\"culprit\":\"\",\"hint\":\"\"}"}) {
    EXPECT_EQ(read_error(make_frame(6, as_bytes(json))).code, Code::internal) << json;
  }
}

}  // namespace
}  // namespace hedgerow::ipc
