#include "node/daemon/config.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace hedgerow::daemon {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

void refused(std::string_view text, const std::string& begins) {
  const auto r = parse_config(text, "hedgerow.toml");
  ASSERT_FALSE(r.ok()) << text;
  EXPECT_EQ(r.error().code, Code::configuration);
  EXPECT_THAT(r.error().text, StartsWith(begins));
}

TEST(Config, OfANodeIsRead) {
  const auto c = parse_config("party = \"vale-council\"\nhub = \"tcp://hub.example:5670\"\n", "f");
  ASSERT_TRUE(c.ok()) << c.error().text;
  EXPECT_EQ(c->party.str(), "vale-council");
  EXPECT_EQ(c->hub, "tcp://hub.example:5670");
  EXPECT_TRUE(c->listen.empty());
  EXPECT_FALSE(c->reidentification);
  EXPECT_FALSE(c->trace_officers);
}

TEST(Config, OfTheHubIsRead) {
  const auto c = parse_config(
      "party = \"vale-partnership\"\nlisten = \"tcp://0.0.0.0:5670\"\nreidentification = "
      "\"0900000000000000000000000000000000000000000000000000000000000000\"\n",
      "f");
  ASSERT_TRUE(c.ok()) << c.error().text;
  EXPECT_EQ(c->listen, "tcp://0.0.0.0:5670");
  ASSERT_TRUE(c->reidentification);
  EXPECT_EQ(c->reidentification->bytes[0], 9);
}

TEST(Config, TwoTraceOfficersAreRead) {
  const std::string first = "\"09" + std::string(62, '0') + "\"";
  const std::string second = "\"0B" + std::string(62, '0') + "\"";
  const auto with = [](const std::string& list) {
    return "party = \"vale-council\"\nhub = \"tcp://h:1\"\ntrace_officers = " + list + "\n";
  };
  const auto c = parse_config(with("[" + first + ",\n  " + second + "]"), "f");
  ASSERT_TRUE(c.ok()) << c.error().text;
  ASSERT_TRUE(c->trace_officers);
  EXPECT_EQ((*c->trace_officers)[0].bytes[0], 9);
  EXPECT_EQ((*c->trace_officers)[1].bytes[0], 11);
}

TEST(Config, TraceOfficersAreTwoDifferentKeys) {
  const std::string first = "\"09" + std::string(62, '0') + "\"";
  const std::string small = "\"" + std::string(64, '0') + "\"";
  const auto with = [](const std::string& list) { return "trace_officers = " + list + "\n"; };
  const std::string two_keys = "hedgerow.toml:1:18: trace_officers must be a list of two keys";
  refused(with(first), two_keys);
  refused(with("[]"), two_keys);
  refused(with("[" + first + "]"), two_keys);
  refused(with("[" + first + "," + first + "," + first + "]"), two_keys);
  refused(with("[" + first + ", " + first + "]"),
          "hedgerow.toml:1:87: both trace officers have one key");
  const std::string no_key = "a trace officer's key is not a public key";
  refused(with("[" + first + ", " + small + "]"), "hedgerow.toml:1:87: " + no_key);
  refused(with("[\"09\", " + first + "]"), "hedgerow.toml:1:19: " + no_key);
  refused(with("[9, " + first + "]"), "hedgerow.toml:1:19: " + no_key);
  refused(with("[[" + first + "], " + first + "]"), "hedgerow.toml:1:19: " + no_key);
}

TEST(Config, FaultsHaveLineAndColumn) {
  refused("party = \"vale-council\"\nhub = tcp\n", "hedgerow.toml:2:");
  refused("party = \"vale-council\"\n\ncolour = \"red\"\n", "hedgerow.toml:3:1: unknown key");
  refused("hub = \"tcp://h:1\"\nparty = 7\n", "hedgerow.toml:2:9: party must be a text");
  refused("hub = \"tcp://h:1\"\nparty = \"Vale Council\"\n", "hedgerow.toml:2:9: ");
  refused("party = \"vale-council\"\nhub = \"h:1\"\n", "hedgerow.toml:2:7: hub is not an endpoint");
  refused("party = \"vale-council\"\nlisten = \"tcp://\"\n",
          "hedgerow.toml:2:10: listen is not an endpoint");
  refused("party = \"vale-council\"\nhub = \"tcp://h:1\"\nhub = \"tcp://h:2\"\n",
          "hedgerow.toml:3:");
  refused("hub = \"tcp://h:1\"\nreidentification = \"abcd\"\n",
          "hedgerow.toml:2:20: reidentification is not a public key");
}

TEST(Config, WithoutPartyOrWithoutExactlyOneEndpointIsRefused) {
  refused("hub = \"tcp://h:1\"\n", "hedgerow.toml: party is missing");
  refused("party = \"vale-council\"\n", "hedgerow.toml: exactly one of hub and listen");
  refused("party = \"vale-council\"\nhub = \"tcp://h:1\"\nlisten = \"tcp://h:2\"\n",
          "hedgerow.toml: exactly one of hub and listen");
}

TEST(Config, TooLargeOrMissingIsRefused) {
  refused(std::string(kMaxConfigSize + 1, '#'), "hedgerow.toml: larger");
  const auto r = load_config("/nowhere/hedgerow.toml");
  ASSERT_FALSE(r.ok());
  EXPECT_THAT(r.error().text, HasSubstr("/nowhere/hedgerow.toml"));
}

TEST(Config, WhatNoEditorShowsIsReadOrRefused) {
  const std::string good = "party = \"vale-council\"\nhub = \"tcp://h:1\"\n";
  EXPECT_TRUE(parse_config("\xef\xbb\xbf" + good, "f").ok());
  EXPECT_TRUE(parse_config("party = \"vale-council\"\r\nhub = \"tcp://h:1\"\r\n", "f").ok());
  refused(good + std::string(1, '\0'), "hedgerow.toml:3:1: a control character");
  refused("party = " + std::string(5000, '['), "hedgerow.toml:1:17: nested too deeply");
  refused("party = \"vale-council\rhub = 1\"", "hedgerow.toml:1:");
}

TEST(Config, AFolderOrADeviceIsNoConfiguration) {
  for (const char* place : {"/", "/dev/zero"}) {
    const auto r = load_config(place);
    ASSERT_FALSE(r.ok());
    EXPECT_EQ(r.error().code, Code::configuration);
    EXPECT_THAT(r.error().text, StartsWith(place));
  }
}

class RestrictionsFile : public ::testing::Test {
 protected:
  ~RestrictionsFile() override { std::filesystem::remove(file_); }
  policies::Restrictions load(const std::string& text) {
    std::ofstream(file_, std::ios::binary) << text;
    return load_restrictions(file_);
  }
  std::filesystem::path file_ = std::filesystem::temp_directory_path() /
                                ("hedgerow-restrictions-" + std::to_string(::getpid()) + ".toml");
};

TEST_F(RestrictionsFile, NeedNotBeThere) {
  EXPECT_TRUE(load_restrictions(file_).none());
  EXPECT_TRUE(load_restrictions("/nowhere/restrictions.toml").none());
}

TEST_F(RestrictionsFile, IsReadWithItsHash) {
  const auto r = load("[[raise]]\nmin_children = 10\n");
  EXPECT_EQ(r.fault, "");
  EXPECT_EQ(r.raise.size(), 1U);
  EXPECT_FALSE(r.hash.is_zero());
}

TEST_F(RestrictionsFile, WithAFaultRefusesEverything) {
  EXPECT_THAT(load("[[raise]]\nmin_children = \"ten\"\n").fault,
              StartsWith(file_.string() + ":2:16: "));
  EXPECT_THAT(load(std::string(policies::kMaxRestrictionsBytes + 1, '#')).fault,
              HasSubstr("larger than 65536 bytes"));
  EXPECT_THAT(load_restrictions("/dev/zero").fault, StartsWith("/dev/zero"));
  EXPECT_THAT(load_restrictions("/").fault, StartsWith("/"));
}

TEST(Config, HomeHoldsAllThreePlaces) {
  const Paths trial = Paths::under("/tmp/x");
  EXPECT_EQ(trial.config, "/tmp/x/hedgerow.toml");
  EXPECT_EQ(trial.run, "/tmp/x/run");
  EXPECT_EQ(trial.restrictions, "/tmp/x/restrictions.toml");
  EXPECT_EQ(Paths::under("").restrictions, "/etc/hedgerow/restrictions.toml");
  EXPECT_EQ(Paths::under("").config, "/etc/hedgerow/hedgerow.toml");
}

}  // namespace
}  // namespace hedgerow::daemon
