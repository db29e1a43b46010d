// Imports on a disk that fails, and on a machine that loses its power.
#include <gmock/gmock.h>

#include <cerrno>

#include "tests/faults/disks.h"
#include "tests/faults/lone_node.h"

namespace hedgerow::faults {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr std::size_t kRows = 6;

// Records imported once, and as the node left it: made for all tests here.
const Files& begun() {
  static const Files files = make_history(40).ended;
  return files;
}

class DiskTest : public ::testing::Test {
 protected:
  DiskTest() { write_files(home(), begun()); }
  std::filesystem::path home() const { return scratch_.path() / "home"; }

  // A fresh process on a good disk: it opens, what was acknowledged is there, and what was not
  // can be done again, all or nothing.
  void expect_whole(const std::vector<std::string>& acknowledged,
                    const std::vector<std::string>& tried) {
    LoneNode node(home());
    const auto opened = node.open();
    ASSERT_TRUE(opened.ok()) << opened.error().text;
    for (const std::string& name : tried) {
      const auto again = node.import(name, kRows);
      ASSERT_TRUE(again && again->ok()) << name;
      const LoneNode::Imported got = **again;
      EXPECT_EQ(got.added + got.unchanged, kRows) << name;
      EXPECT_THAT(got.added, AnyOf(0U, kRows)) << name;
      const bool kept = std::count(acknowledged.begin(), acknowledged.end(), name) != 0;
      if (kept) {
        EXPECT_EQ(got.added, 0U) << name << " was acknowledged and is not there";
      }
    }
    for (std::uint64_t i = 0; i < node.core().log().size(); ++i)
      EXPECT_TRUE(node.core().log().read(i).ok());
  }

  Scratch scratch_;
};

struct Failure {
  const char* name;
  DiskAction action;
  int error_number;
  std::size_t part;
  const char* hint;
};

class FailingDiskTest : public DiskTest, public ::testing::WithParamInterface<Failure> {};

TEST_P(FailingDiskTest, StopsTheNodeWithWhatToDoAndLosesNothing) {
  const Failure& f = GetParam();
  std::size_t nth = 0;
  for (bool failed = true; failed; nth += 1 + nth / 4) {
    SCOPED_TRACE(nth);
    write_files(home(), begun());
    std::vector<std::string> acknowledged;
    const std::vector<std::string> names = {"first", "second"};
    {
      FailingDisk disk(f.action, f.error_number, nth, f.part);
      LoneNode node(home());
      std::optional<Error> said;
      if (auto opened = node.open(); !opened.ok()) said = opened.error();
      for (const std::string& name : names) {
        if (said) break;
        const auto done = node.import(name, kRows);
        ASSERT_TRUE(done) << "a command without a reply";
        if (done->ok())
          acknowledged.push_back(name);
        else
          said = done->error();
        if (said) {
          EXPECT_TRUE(node.core().fatal()) << said->text;
        }
      }
      node.close();
      failed = disk.failed();
      ASSERT_EQ(said.has_value(), failed && acknowledged.size() < names.size());
      if (said) {
        EXPECT_THAT(said->hint, HasSubstr(f.hint)) << said->text;
        EXPECT_EQ(said->code, Code::internal) << said->text;
      }
    }
    expect_whole(acknowledged, names);
  }
  EXPECT_GT(nth, 2U);
}

INSTANTIATE_TEST_SUITE_P(
    Everywhere, FailingDiskTest,
    ::testing::Values(Failure{"full", DiskAction::write, ENOSPC, 0, "make room"},
                      Failure{"short_write", DiskAction::write, ENOSPC, 100, "make room"},
                      Failure{"read_only", DiskAction::write, EROFS, 0, "writable"},
                      Failure{"failing", DiskAction::write, EIO, 0, "mend it"},
                      Failure{"failing_sync", DiskAction::sync, EIO, 0, "mend it"},
                      Failure{"full_at_sync", DiskAction::sync, ENOSPC, 0, "make room"}),
    [](const auto& i) { return i.param.name; });

class PowerCutTest : public DiskTest {
 protected:
  struct Ended {};

  // Two imports until the power goes; what a disk then holds; and what the next start finds.
  // Returns whether it went in time.
  bool cut_at(std::size_t nth, const std::string& point, PowerCut::Since keep, Random& rng) {
    write_files(home(), begun());
    std::vector<std::string> acknowledged;
    const std::vector<std::string> names = {"first", "second"};
    PowerCut power(point.empty() ? nth : PowerCut::kNever);
    {
      LoneNode node(home());
      std::size_t passages = 0;
      const auto end_here = [&](std::string_view at) {
        if (at != point || passages++ != nth) return;
        power.cut();
        throw Ended{};
      };
      try {
        const bool opened = node.open(end_here).ok();
        for (const std::string& name : names) {
          if (!opened || power.is_off()) break;
          const auto done = node.import(name, kRows);
          if (done && done->ok()) acknowledged.push_back(name);
        }
      } catch (const Ended&) {
      }
      operations_ = power.operations();
      power.cut();  // whatever closing does comes too late
    }
    const bool in_time = acknowledged.size() < names.size();
    power.lose(keep, rng);
    expect_whole(acknowledged, names);
    return in_time;
  }

  std::size_t operations_ = 0;
};

TEST_F(PowerCutTest, AtAnyOperationLosesNothingAcknowledged) {
  SeededRandom rng(ByteArray<32>{21});
  std::size_t nth = 0;
  bool in_time = true;
  for (; in_time; ++nth) {
    SCOPED_TRACE("operation " + std::to_string(nth));
    in_time = cut_at(nth, "", PowerCut::Since::sectors, rng);
    if (nth % 3 == 0) cut_at(nth, "", PowerCut::Since::nothing, rng);
  }
  EXPECT_GT(nth, 20U);  // operations of two imports
}

TEST_F(PowerCutTest, AtEveryNamedPointLosesNothingAcknowledged) {
  SeededRandom rng(ByteArray<32>{22});
  for (const char* point :
       {"before_commit", "after_append", "after_transaction", "after_confirm", "after_send"}) {
    SCOPED_TRACE(point);
    std::size_t nth = 0;
    for (bool in_time = true; in_time; ++nth)
      in_time = cut_at(nth, point,
                       nth % 2 == 0 ? PowerCut::Since::nothing : PowerCut::Since::sectors, rng);
    EXPECT_GT(nth, 1U) << "was never passed";
  }
}

// That the disk above forgets at all: without fsync it loses what was acknowledged.
TEST_F(PowerCutTest, OfADiskThatDoesNotSyncIsNoticedByTheTest) {
  struct Lying : PowerCut {
    Lying() : PowerCut(kNever) {}
    void after(const DiskOperation&) override {}
  };
  SeededRandom rng(ByteArray<32>{23});
  Lying power;
  {
    LoneNode node(home());
    ASSERT_TRUE(node.open().ok());
    const auto done = node.import("first", kRows);
    ASSERT_TRUE(done && done->ok());
    power.cut();
  }
  power.lose(PowerCut::Since::nothing, rng);
  LoneNode node(home());
  ASSERT_TRUE(node.open().ok());
  const auto again = node.import("first", kRows);
  ASSERT_TRUE(again && again->ok());
  EXPECT_EQ((*again)->added, kRows);
}

}  // namespace
}  // namespace hedgerow::faults
