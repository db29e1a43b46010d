// A clock that is stepped in the middle of a question, and set right a minute later: in the end the
// answer is the plain one, and everything that must hold does.
#include <algorithm>

#include "tests/simulation/world.h"

namespace hedgerow::simulation {
namespace {

struct Step {
  const char* name;
  std::chrono::minutes by;
};

class SteppedClock : public ::testing::TestWithParam<Step> {};

TEST_P(SteppedClock, InAQuestionChangesNothingInTheEnd) {
  std::uint64_t seed = 800;
  for (const std::string& party :
       {std::string(kHub), std::string("vale-council"), std::string("vale-voice")})
    for (const auto after : {std::chrono::milliseconds(30), std::chrono::milliseconds(150)}) {
      SCOPED_TRACE(party + " after " + std::to_string(after.count()) + " ms");
      Options options;
      options.with_key = true;
      World w(++seed, 40, options);
      w.import_all();
      const UtcTime begun = w.region.now();
      std::size_t frames_then = 0;
      w.region.at(begun + after, [&] {
        frames_then = w.region.frames().size();
        w.region.set_clock(party, GetParam().by);
      });
      w.region.at(begun + std::chrono::minutes(1), [&] { w.region.set_clock(party, {}); });
      const std::size_t frames_before = w.region.frames().size();
      auto answer = w.ask();
      EXPECT_GT(frames_then, frames_before) << "the question had not begun";
      // Where the question itself was refused, of a time that nobody else has, it is asked anew
      // once the others' time has caught up: a node's never goes back.
      if (!answer) {
        EXPECT_GT(GetParam().by, std::chrono::minutes(5));
        EXPECT_EQ(party, w.region.shape().homes.front());
        w.region.run_for(GetParam().by);
        answer = w.ask(2);
      }
      // Past the minute, where the answer was quicker.
      w.region.run_for(std::chrono::minutes(1));
      w.check(answer);
      std::vector<std::string> faults;
      const auto log = verified_log(w.region, party, faults);
      EXPECT_TRUE(std::ranges::is_sorted(log, {}, &audit::Entry::time)) << "its time went back";
      EXPECT_THAT(faults, testing::IsEmpty());
    }
}

INSTANTIATE_TEST_SUITE_P(Simulated, SteppedClock,
                         ::testing::Values(Step{"ahead_a_little", std::chrono::minutes(1)},
                                           Step{"ahead", std::chrono::minutes(30)},
                                           Step{"back_a_little", std::chrono::minutes(-1)},
                                           Step{"back", std::chrono::minutes(-30)}),
                         [](const auto& i) { return i.param.name; });

}  // namespace
}  // namespace hedgerow::simulation
