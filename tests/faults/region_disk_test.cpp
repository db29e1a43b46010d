// A region in which one machine loses its power, or its disk is full, at every named point of a
// node's work (docs/design/simulator.md, Crashes at named points): it comes back, and the answer is
// the plain one. Its disk keeps what was synced, and of the rest nothing, all or any sectors.
#include <cerrno>

#include "tests/faults/disks.h"
#include "tests/simulation/world.h"

namespace hedgerow::faults {
namespace {

using simulation::kHub;
using simulation::Options;
using simulation::World;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kAgency = "vale-council";  // contributor, keyholder, and home of questions

enum class Fault { power, full };

// The one disk of the region that is watched, and what comes upon it.
class Machine {
 public:
  Machine(Fault fault, std::uint64_t seed)
      : fault_(fault), seed_(seed), rng_(simulation::seed_of("power", seed)) {}

  Options options(bool with_key) {
    Options o;
    o.with_key = with_key;
    o.durability = store::Durability::full;
    o.ends = [this](const std::string&) { begins(); };
    o.ended = [this](const std::string&) { is_over(); };
    return o;
  }
  // From now on.
  void watch(const std::filesystem::path& folder) {
    folder_ = std::filesystem::canonical(folder);
    watch_again();
  }
  std::size_t times() const { return times_; }

 private:
  void watch_again() {
    if (fault_ == Fault::power) power_.emplace(PowerCut::kNever, folder_.string());
  }
  void begins() {
    if (fault_ == Fault::power)
      power_->cut();
    else
      full_.emplace(DiskAction::write, ENOSPC, 0, 0, folder_.string());
  }
  void is_over() {
    constexpr std::array kKept = {PowerCut::Since::nothing, PowerCut::Since::sectors,
                                  PowerCut::Since::all};
    if (power_) power_->lose(kKept[(seed_ + times_) % kKept.size()], rng_);
    full_.reset();
    ++times_;
    watch_again();
  }

  Fault fault_;
  std::uint64_t seed_;
  SeededRandom rng_;
  std::filesystem::path folder_;
  std::optional<PowerCut> power_;
  std::optional<FailingDisk> full_;
  std::size_t times_ = 0;
};

class RegionDisk : public ::testing::TestWithParam<Fault> {
 protected:
  void plan(World& w, const std::string& party, const std::string& point, std::size_t skip,
            const std::string& during = {}) {
    w.region.plan({party, point, skip, during, GetParam() == Fault::full});
    ++planned_;
  }
  // What all regions here come to.
  void check(World& w, const Machine& machine, const std::optional<nlohmann::json>& answer) {
    w.check(answer);
    EXPECT_EQ(w.region.planned(), 0U) << "a point was never passed";
    const std::size_t planned = std::exchange(planned_, 0);
    EXPECT_EQ(machine.times(), planned);
    if (GetParam() == Fault::power) {
      EXPECT_THAT(w.region.stopped(), IsEmpty());
      return;
    }
    EXPECT_EQ(w.region.stopped().size(), planned);
    for (const Error& why : w.region.stopped()) {
      EXPECT_THAT(why.hint, HasSubstr("make room")) << why.text;
    }
  }

 private:
  std::size_t planned_ = 0;
};

// The points of every commit: of the agency in import and sum, of the hub, which commits nothing
// while others import, in the sum. Each in three regions, so that the disk keeps nothing, some and
// all.
TEST_P(RegionDisk, AtAnyPointOfACommitChangesNothingInTheEnd) {
  std::uint64_t seed = 300;
  for (const std::string& party : {std::string(kHub), std::string(kAgency)})
    for (const char* point : {"before_commit", "after_append", "after_transaction", "after_confirm",
                              "after_send", "delivery"}) {
      for (int i = 0; i < (GetParam() == Fault::power ? 3 : 1); ++i) {
        SCOPED_TRACE(party + " " + point + " seed " + std::to_string(seed + 1));
        Machine machine(GetParam(), ++seed);
        World w(seed, 40, machine.options(true));
        machine.watch(w.region.home(party));
        plan(w, party, party == kHub ? "delivery" : point, seed % 5);
        w.import_all();
        plan(w, party, point, seed % 4);
        check(w, machine, w.ask());
      }
    }
}

// Where an agreement is installed: files are made that were not there.
TEST_P(RegionDisk, InAnInstallationLosesNothing) {
  std::uint64_t seed = 320;
  for (const std::string& party : {std::string(kHub), std::string(kAgency)}) {
    SCOPED_TRACE(party);
    Machine machine(GetParam(), ++seed);
    World w(seed, 40, machine.options(false));
    machine.watch(w.region.home(party));
    for (const char* point : {"install_stored", "install_committed"}) plan(w, party, point, 0);
    w.begin();
    w.import_all();
    check(w, machine, w.ask());
  }
}

// What only some do: a keyholder charges, a contributor freezes, a sender hears an ack; and a start
// that is cut short itself.
TEST_P(RegionDisk, AtThePointsOfARoleAndOfAStartLosesNothing) {
  Machine machine(GetParam(), 330);
  World w(330, 40, machine.options(true));
  machine.watch(w.region.home(kAgency));
  plan(w, kAgency, "charged", 0);
  w.import_all();
  EXPECT_EQ(w.region.planned(), 0U);
  plan(w, kAgency, "ack_taken", 0);
  w.region.run_for(std::chrono::seconds(30));
  EXPECT_EQ(w.region.planned(), 0U);
  plan(w, kAgency, "period_frozen", 0);
  auto answer = w.ask();
  EXPECT_EQ(w.region.planned(), 0U);
  for (const char* point : {"start_opened", "start_agreed"}) {
    SCOPED_TRACE(point);
    plan(w, kAgency, point, 0);
    w.region.crash(kAgency);
    w.region.start(kAgency);
    w.region.run_for(std::chrono::seconds(30));
    EXPECT_EQ(w.region.planned(), 0U);
  }
  check(w, machine, answer);
}

INSTANTIATE_TEST_SUITE_P(Everywhere, RegionDisk, ::testing::Values(Fault::power, Fault::full),
                         [](const auto& i) { return i.param == Fault::power ? "power" : "full"; });

// That the machine above forgets at all: where nothing is synced, an import that was reported is
// gone with the power.
TEST(RegionDiskThatLies, IsNoticed) {
  Options options;
  options.with_key = true;  // and its disk not synced
  std::optional<PowerCut> power;
  SeededRandom rng(ByteArray<32>{9});
  options.ends = [&](const std::string&) { power->cut(); };
  options.ended = [&](const std::string&) { power->lose(PowerCut::Since::nothing, rng); };
  World w(340, 40, options);
  power.emplace(PowerCut::kNever, std::filesystem::canonical(w.region.home(kAgency)).string());
  w.import_all();
  w.region.plan({kAgency, "delivery", 0});
  const auto answer = w.ask();
  ASSERT_EQ(w.region.planned(), 0U);
  // The log is shorter than the witness has seen it, or the node does not start over what is left.
  const auto faults = faults_of(w.region);
  EXPECT_FALSE(faults.empty() && w.region.failures().empty())
      << (answer ? "answered, as if nothing had been lost" : "no answer");
}

}  // namespace
}  // namespace hedgerow::faults
