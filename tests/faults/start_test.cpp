// What a node refuses to start with: one clear line, 78, and what to do.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include "node/daemon/config.h"
#include "tests/faults/lone_node.h"
#include "tests/simulation/identities.h"

namespace hedgerow::faults {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kDatabase = "state/lineages/vale-cse.db";

const History& history() {
  static const History made = make_history(40);
  return made;
}

class StartTest : public ::testing::Test {
 protected:
  std::filesystem::path home() const { return scratch_.path() / "home"; }

  // The home of a node that ended, changed by `change`, is refused.
  void refused(const std::function<void(Files&)>& change, const char* text) {
    Files files = history().ended;
    change(files);
    write_files(home(), files);
    const auto found = content_of(home());
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, Code::configuration) << found.error().text;
    EXPECT_THAT(found.error().text, HasSubstr(text));
    EXPECT_THAT(found.error().text, Not(HasSubstr("\n")));
    EXPECT_FALSE(found.error().hint.empty()) << found.error().text;
    // Nothing was made in the place of what is missing, and nothing altered.
    Files after = read_files(home());
    for (const auto& [name, bytes] : files) EXPECT_EQ(after[name], bytes) << name;
  }

  Scratch scratch_;
};

TEST_F(StartTest, AnUntouchedHomeOpens) {
  write_files(home(), history().ended);
  const auto found = content_of(home());
  EXPECT_TRUE(found.ok()) << found.error().text;
}

TEST_F(StartTest, AMissingNodeDatabaseIsNotMadeAnew) {
  refused([](Files& f) { f.erase("state/node.db"); }, "is missing, and its audit log is there");
}

TEST_F(StartTest, AMissingLineageDatabaseIsRefused) {
  refused([](Files& f) { f.erase(kDatabase); }, "there is no database at");
}

TEST_F(StartTest, AMissingLogIsNotMadeAnew) {
  refused(
      [](Files& f) {
        f.erase("state/log/entries");
        f.erase("state/log/confirmed");
      },
      "the audit log in");
}

TEST_F(StartTest, AMissingConfirmedStateIsRefused) {
  refused([](Files& f) { f.erase("state/log/confirmed"); }, "lacks its confirmed state");
  EXPECT_FALSE(core::Core::check_files(home() / "state").ok());  // --check-config sees it too
}

TEST_F(StartTest, AWithdrawnLineageIsExplainedByItsTombstone) {
  write_files(home(), history().ended);
  ASSERT_TRUE(withdraw(home(), "vale-cse").ok());
  ASSERT_FALSE(std::filesystem::exists(home() / kDatabase));
  for (int start = 0; start < 2; ++start) {
    LoneNode node(home());
    const auto opened = node.open();
    ASSERT_TRUE(opened.ok()) << opened.error().text;
    EXPECT_TRUE(node.core().lineages().empty());
  }
}

TEST_F(StartTest, ADatabaseUnderAnotherKeyIsRefused) {
  refused([](Files& f) { std::reverse(f[kDatabase].begin(), f[kDatabase].end()); },
          "the key does not open this database, or it was altered");
}

TEST_F(StartTest, ADatabaseOfAnotherNodeIsRefused) {
  refused([](Files& f) { f[kDatabase] = history().other.at(kDatabase); },
          "the key does not open this database");
}

TEST_F(StartTest, TheKeyOfAnotherNodesDatabaseIsRefused) {
  refused([](Files& f) { f["state/node.key"] = history().other.at("state/node.key"); },
          "does not open under this node's master key");
}

TEST_F(StartTest, AStateOfAnotherNodeIsRefused) {
  refused(
      [](Files& f) {
        for (auto& [name, bytes] : f)
          if (name.starts_with("state/") && history().other.contains(name))
            bytes = history().other.at(name);
      },
      "does not open under this node's master key");
}

TEST_F(StartTest, APlainDatabaseIsRefused) {
  refused(
      [](Files& f) {
        constexpr std::string_view kPlain = "SQLite format 3";
        std::copy(kPlain.begin(), kPlain.end(), f[kDatabase].begin());
      },
      "is not encrypted");
}

TEST_F(StartTest, AnOlderDatabaseIsRefused) {
  refused(
      [](Files& f) {
        const Files& older = history().moments.front();
        f[kDatabase] = older.at(kDatabase);
        if (older.contains(std::string(kDatabase) + "-wal"))
          f[std::string(kDatabase) + "-wal"] = older.at(std::string(kDatabase) + "-wal");
      },
      "is older than the audit log confirms");
}

TEST_F(StartTest, ALogOfAnotherNodeIsRefused) {
  refused(
      [](Files& f) {
        for (const char* name : {"state/log/entries", "state/log/confirmed"})
          f[name] = history().other.at(name);
      },
      "it is not the log that the database of vale-cse was committed with");
}

TEST_F(StartTest, AConfirmedStateOfANewerFormatIsRefused) {
  refused(
      [](Files& f) {
        Bytes& confirmed = f["state/log/confirmed"];
        for (const std::size_t slot : {std::size_t{3}, confirmed.size() / 2 + 3})
          confirmed.at(slot) = 2;  // the version, after "HRC"
      },
      "written by a newer Hedgerow");
}

TEST_F(StartTest, KeysOfANewerFormatAreRefused) {
  refused([](Files& f) { f["keys/node.keys"].front() = 2; }, "written by a newer Hedgerow");
}

TEST_F(StartTest, ADatabaseOfANewerSchemaIsRefusedAndLeftAsItIs) {
  write_files(home(), history().ended);
  ASSERT_TRUE(age_schema(home()).ok());
  const Files before = read_files(home());
  for (int start = 0; start < 2; ++start) {
    LoneNode node(home());
    const auto opened = node.open();
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, Code::configuration);
    EXPECT_THAT(opened.error().text, HasSubstr("node.db was written by a newer Hedgerow (schema"));
    EXPECT_THAT(opened.error().hint, HasSubstr("install the newer program again"));
  }
  Files after = read_files(home());
  for (const auto& [name, bytes] : before) EXPECT_TRUE(after[name] == bytes) << name;
}

TEST_F(StartTest, TheConfigurationOfAnotherPartyIsRefused) {
  refused(
      [](Files& f) {
        f["hedgerow.toml"] = to_bytes("party = \"vale-police\"\nhub = \"tcp://127.0.0.1:5670\"\n");
      },
      "the node's keys belong to vale-council, the configuration says vale-police");
}

TEST_F(StartTest, KeyFilesThatOthersCanReadAreRefused) {
  for (const char* name : {"keys/master.key", "keys/node.keys", "keys/curve.key"})
    for (const mode_t mode : {mode_t{0440}, mode_t{0644}, mode_t{0604}}) {
      SCOPED_TRACE(name);
      write_files(home(), history().ended);
      ASSERT_EQ(::chmod((home() / name).c_str(), mode), 0);
      const auto found = content_of(home());
      ASSERT_FALSE(found.ok());
      EXPECT_EQ(found.error().code, Code::configuration);
      EXPECT_THAT(found.error().text, HasSubstr("is open to other users"));
      EXPECT_THAT(found.error().hint, HasSubstr("chmod 0400"));
    }
}

TEST_F(StartTest, KeyFilesOfAnotherOwnerAreRefused) {
  write_files(home(), history().ended);
  if (::chown((home() / "keys/master.key").c_str(), 65534, 65534) != 0)
    GTEST_SKIP() << "only root may give a file away";
  const auto found = content_of(home());
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, Code::configuration);
  EXPECT_THAT(found.error().text, HasSubstr("belongs to another user"));
}

TEST_F(StartTest, AHomeInUseIsRefused) {
  write_files(home(), history().ended);
  LoneNode first(home()), second(home());
  ASSERT_TRUE(first.open().ok());
  const auto opened = second.open();
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().text, HasSubstr("in use"));
  first.close();
  EXPECT_TRUE(second.open().ok());
}

// --- clocks ---

TEST_F(StartTest, AClockSetBackStaysAtTheLastTimeLogged) {
  write_files(home(), history().ended);
  UtcTime before;
  {
    LoneNode node(home());
    node.now += std::chrono::hours(1);
    ASSERT_TRUE(node.open().ok());
    ASSERT_TRUE(node.import("first", 2)->ok());
    before = *node.core().log().last_time();
    node.now -= std::chrono::minutes(30);  // while it runs
    ASSERT_TRUE(node.import("second", 2)->ok());
    EXPECT_GE(*node.core().log().last_time(), before);
  }
  LoneNode node(home());
  node.now -= std::chrono::hours(24 * 365);  // and before a start
  ASSERT_TRUE(node.open().ok());
  ASSERT_TRUE(node.import("third", 2)->ok());
  EXPECT_GE(*node.core().log().last_time(), before);
}

TEST_F(StartTest, AClockAYearAheadEndsTheAgreementAndIsSaidWhenItReturns) {
  write_files(home(), history().ended);
  {
    LoneNode node(home());
    node.now += std::chrono::hours(24 * 365 * 2);
    ASSERT_TRUE(node.open().ok());
    const auto done = node.import("first", 2);
    ASSERT_TRUE(done);
    ASSERT_FALSE(done->ok());  // nothing is imported under an agreement that has ended
    EXPECT_EQ(done->error().code, Code::denied);
    EXPECT_THAT(done->error().text, HasSubstr("the agreement expired on 20"));
  }
  LoneNode node(home());
  ASSERT_TRUE(node.open().ok());
  EXPECT_TRUE(node.import("first", 2)->ok());  // it left nothing behind in the log
}

}  // namespace
}  // namespace hedgerow::faults
