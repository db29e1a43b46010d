#include "tests/simulation/seed_run.h"

#include <algorithm>

#include "tests/simulation/errands.h"
#include "tests/simulation/evidence.h"
#include "tests/simulation/hostile_hub.h"
#include "tests/simulation/plain.h"

namespace hedgerow::simulation {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::size_t kReplayed = 24;

class SeedRun {
 public:
  explicit SeedRun(std::uint64_t seed)
      : scenario_(draw(seed)), region_(seed, scenario_.network), dice_(seed_of("run", seed)) {}

  SeedResult run(bool with_fingerprint) {
    SeedResult r;
    r.seed = scenario_.seed;
    r.scenario = to_text(scenario_);
    r.traces = scenario_.traces;
    begin();
    if (faults_.empty()) live(r);
    r.faults = faults_;
    coverage_.add(region_.coverage());
    r.coverage = coverage_;
    r.frames = region_.frames().size();
    if (with_fingerprint) r.fingerprint = region_.fingerprint();
    if (!r.faults.empty()) trace(r);
    return r;
  }

 private:
  // What happened, and where each log stands.
  void trace(SeedResult& r) {
    constexpr std::size_t kEntries = 10;
    r.trace.assign(region_.trace().begin(), region_.trace().end());
    for (const std::string& party : region_.names()) {
      const auto& log = region_.witness().log_of(party);
      for (std::size_t i = log.size() - std::min(kEntries, log.size()); i < log.size(); ++i) {
        const audit::Entry& e = log[i].entry;
        std::string line = party + " logged at " +
                           std::to_string((to_unix_ms(e.time) - kBeginning) / 1000) + "s " + e.kind;
        for (const auto& [key, value] : e.fields) line += " " + key + "=" + value.substr(0, 40);
        r.trace.push_back(std::move(line));
      }
    }
  }

  void fault(std::string text) { faults_.push_back(std::move(text)); }

  // Until everybody has the key, unless the region had it already.
  void begin() {
    set_clocks();
    if (!scenario_.from_beginning) {
      region_.run_for(seconds(1));
      return;
    }
    for (const Crash& c : scenario_.early_crashes) region_.plan(c);
    if (!region_.install_everywhere()) return fault("the agreement cannot be installed everywhere");
    too_early();
    if (!region_.generate_key()) {
      // A clock beyond tolerance may keep it from coming about.
      region_.heal();
      if (!region_.generate_key()) return fault("no key is generated");
    }
    region_.forget_plan();
  }

  // Before there is a key nothing is answered and nothing imported.
  void too_early() {
    if (region_.key_is_ready()) return;
    const std::string home = region_.shape().homes.front();
    if (!region_.has_lineage(home) || region_.lineage(home).keys().key()) return;
    Ask ask;
    ask.home = home;
    ask.id.bytes[0] = 1;
    const auto o = region_.wait(region_.command(home, region_.ask_request(ask)), seconds(1));
    if (o.result) fault("answered before there was a key");
  }

  void set_clocks() {
    for (const Interval& i : scenario_.clocks) {
      const bool beyond = i.amount > milliseconds(120'000) || i.amount < milliseconds(-120'000);
      coverage_.fault(beyond ? "clock-beyond" : "clock-within-tolerance");
      region_.set_clock(i.party, i.amount);
    }
  }

  void schedule_faults() {
    const UtcTime t = region_.now();
    for (const Crash& c : scenario_.crashes) region_.plan(c);
    for (const Interval& i : scenario_.away) {
      region_.at(t + i.from, [this, i] {
        if (region_.is_up(i.party)) coverage_.fault("node-away");
        region_.crash(i.party);
      });
      region_.at(t + i.until, [this, i] { region_.start(i.party); });
    }
    for (const Interval& i : scenario_.cut_off) {
      region_.at(t + i.from, [this, i] { region_.cut_off(i.party, true); });
      region_.at(t + i.until, [this, i] { region_.cut_off(i.party, false); });
    }
    for (const Interval& i : scenario_.gateways) {
      region_.at(t + i.from, [this, i] { region_.lose_gateway(i.party); });
      region_.at(t + i.until, [this, i] { region_.return_gateway(i.party); });
    }
    for (const Interval& i : scenario_.slow) {
      region_.at(t + i.from, [this, i] { region_.slow_down(i.party, i.amount); });
      region_.at(t + i.until, [this, i] { region_.slow_down(i.party, milliseconds(0)); });
    }
  }

  bool go(Errands& errands, std::chrono::seconds limit) {
    return region_.run_until(
        [&] {
          errands.go_on();
          return errands.all_done();
        },
        limit);
  }

  void live(SeedResult& r) {
    HostileHub hub(region_, scenario_.hub);
    Errands errands(region_, scenario_, region_.now());
    schedule_faults();
    go(errands, scenario_.healed_at);
    region_.heal();
    if (scenario_.clock_beyond) region_.run_for(minutes(20));
    errands.expect_success();
    Ask last;
    last.home = region_.shape().homes.front();
    last.linked = scenario_.last;
    errands.ask_at_last(last);
    const bool set_back = scenario_.hub == Hostility::is_set_back;
    // After a hub that is set back nothing need come right: enough that everybody has tried again.
    if (!go(errands, set_back ? minutes(3) : minutes(120)) && !set_back)
      for (const auto& what : errands.open()) fault("has not ended: " + what);
    if (hub.has_acted()) coverage_.fault(set_back ? "hub-set-back" : "hub-skips-a-signature");
    if (set_back)
      region_.run_for(minutes(1));
    else if (region_.failures().empty() && !settle(region_))
      fault("messages are left over");
    else if (region_.failures().empty())
      replay();
    judge(errands, r);
  }

  // What has been received counts no second time.
  void replay() {
    const auto frames = region_.frames();
    const auto before = state_of(region_);
    for (std::size_t i = 0; i < kReplayed && !frames.empty(); ++i) {
      const SentFrame& f = frames[random_below(dice_, frames.size())];
      region_.inject(region_.names()[f.to], region_.curve_of(region_.names()[f.from]), f.bytes);
    }
    coverage_.fault("frame-replayed", kReplayed);
    if (state_of(region_) != before) fault("a frame that was replayed changed a node");
  }

  void judge(const Errands& errands, SeedResult& r) {
    for (const auto& f : errands.faults()) fault(f);
    for (const auto& f : faults_of(region_)) fault(f);
    if (!region_.failures().empty()) return;
    for (const auto& a : errands.answers()) {
      std::size_t& released = a.ask.linked ? r.released_linked : r.released;
      if (a.ask.linked) ++r.linked;
      for (const auto& f : check_answer(region_, scenario_, a.ask, a.answer, released)) fault(f);
    }
    for (const auto& t : errands.traced())
      for (const auto& f : check_traced(region_, scenario_, t.home, t.child, t.result)) fault(f);
    r.traced = errands.traced().size();
    for (const auto& [party, rows] : plain_row_counts(region_, scenario_))
      if (region_.lineage(party).context().store.records().current_rows().value() != rows)
        fault(party + " holds another number of rows than were imported");
    r.answers = errands.answers().size();
    r.refusals = errands.refusals();
    r.out_of_quota = errands.out_of_quota();
  }

  Scenario scenario_;
  Region region_;
  SeededRandom dice_;
  Coverage coverage_;
  std::vector<std::string> faults_;
};

}  // namespace

SeedResult run_seed(std::uint64_t seed, bool with_fingerprint) {
  return SeedRun(seed).run(with_fingerprint);
}

}  // namespace hedgerow::simulation
