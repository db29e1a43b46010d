#include "node/daemon/config.h"

#include <gmock/gmock.h>

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

TEST(Config, HomeHoldsAllThreePlaces) {
  const Paths trial = Paths::under("/tmp/x");
  EXPECT_EQ(trial.config, "/tmp/x/hedgerow.toml");
  EXPECT_EQ(trial.run, "/tmp/x/run");
  EXPECT_EQ(Paths::under("").config, "/etc/hedgerow/hedgerow.toml");
}

}  // namespace
}  // namespace hedgerow::daemon
