// Parties that end in the middle, and messages that are lost.
#include "tests/protocol/link/deviating.h"

namespace hedgerow::protocol::link {
namespace {

// A party that ends, at each moment of an attempt: the attempt fails or had all it needed, the next
// one gives the figures.
TEST(LinkCrash, APartyThatComesBackSaysSoAndTheNextAttemptHolds) {
  const Shape shape{Kind::children, 3, 2, 1, 2, 16};
  std::size_t failed = 0;
  for (std::size_t at = 0; at < 160; at += 9) {
    SCOPED_TRACE(at);
    Region r(40 + at, shape);
    r.fill_at_random(5, 600);
    const PartyId who = at % 2 == 0 ? r.contributors[at % 3] : r.mixers[1];
    ASSERT_TRUE(r.start().ok());
    for (std::size_t n = 0; n < at && r.step(); ++n) {
    }
    if (!r.figures) {
      r.kill(who);
      r.come_back(who);
      r.run();
      EXPECT_FALSE(r.figures.has_value());
      if (r.failure) {
        EXPECT_EQ(r.failure->code, Code::try_again);
      }
      ++failed;
      r.run_out();
    }
    ASSERT_TRUE(r.start(2).ok());
    r.run();
    r.errors.clear();
    expect_figures(r);
  }
  EXPECT_GT(failed, 6U);
}

TEST(LinkCrash, WhatIsLostEndsTheAttemptAtItsExpiry) {
  for (std::size_t lost = 0; lost < 60; lost += 5) {
    SCOPED_TRACE(lost);
    Region r(41, {Kind::children, 3, 2, 1, 2, 16});
    r.fill_at_random(5, 600);
    std::size_t n = 0;
    r.intercept = [&](Message m) {
      return n++ == lost ? std::vector<Message>{} : std::vector<Message>{m};
    };
    ASSERT_TRUE(r.start().ok());
    r.run();
    if (n <= lost) break;
    r.run_out();
    EXPECT_FALSE(r.figures.has_value());
    ASSERT_TRUE(r.failure.has_value());
  }
}

}  // namespace
}  // namespace hedgerow::protocol::link
