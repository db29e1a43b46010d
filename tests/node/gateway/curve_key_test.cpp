#include "node/gateway/curve_key.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/node/gateway/harness.h"

namespace hedgerow::gateway {
namespace {

class CurveKeyFile : public testing::Test {
 protected:
  std::string path() const { return home_.path() + "/keys/curve.key"; }
  void write(const std::string& text, mode_t mode = 0400) {
    std::filesystem::remove(path());
    std::ofstream(path()) << text;
    ASSERT_EQ(::chmod(path().c_str(), mode), 0);
  }
  void expect_refused() const {
    const auto pair = read_curve_key(path());
    ASSERT_FALSE(pair.ok());
    EXPECT_EQ(pair.error().code, Code::configuration);
    EXPECT_EQ(pair.error().text.find(to_hex(key_.secret)), std::string::npos);
  }

  TestKey key_ = make_key();
  Home home_{key_};
  std::string good_ = key_.own.hex() + "\n" + to_hex(key_.secret) + "\n";
};

TEST_F(CurveKeyFile, GivesThePair) {
  const auto pair = read_curve_key(path());
  ASSERT_TRUE(pair.ok()) << pair.error().text;
  EXPECT_EQ(pair->own, key_.own);
  EXPECT_TRUE(equal_in_constant_time(pair->secret.expose(), key_.secret));
}

TEST_F(CurveKeyFile, MayLackTheLastLineEnd) {
  write(good_.substr(0, good_.size() - 1));
  EXPECT_TRUE(read_curve_key(path()).ok());
}

TEST_F(CurveKeyFile, IsRefusedWhereOthersMayReadIt) {
  for (const mode_t mode : {0440u, 0404u, 0644u, 0420u}) {
    write(good_, mode);
    expect_refused();
  }
}

TEST_F(CurveKeyFile, IsRefusedWhenMissingOrALink) {
  std::filesystem::rename(path(), path() + ".moved");
  expect_refused();
  std::filesystem::create_symlink(path() + ".moved", path());
  expect_refused();
}

TEST_F(CurveKeyFile, IsRefusedWhenMalformed) {
  std::string upper = good_;
  upper[0] = 'G';
  for (const std::string& text :
       {std::string(), std::string("\n\n"), upper, good_ + "\n", good_ + "x",
        good_.substr(0, good_.size() - 2), key_.own.hex() + " " + to_hex(key_.secret) + "\n"}) {
    write(text);
    expect_refused();
  }
}

TEST_F(CurveKeyFile, IsRefusedWhereTheKeysAreNotAPair) {
  write(make_key().own.hex() + "\n" + to_hex(key_.secret) + "\n");
  expect_refused();
}

}  // namespace
}  // namespace hedgerow::gateway
