// Links from seeds: shape, holdings, order, and one or two faults or deviations drawn from the
// seed. Whatever happens, what comes out is what plain sets give, or nothing; nobody is named but
// who deviated; and the next attempt counts. LINK_SEEDS in the environment: how many, and
// LINK_SEEDS_FROM.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "crypto/link_token.h"
#include "tests/protocol/link/region.h"

namespace hedgerow::protocol::link {
namespace {

std::size_t number_from(const char* name, std::size_t otherwise) {
  const char* given = std::getenv(name);
  return given == nullptr ? otherwise : std::stoul(given);
}

enum class What {
  nothing,
  flip,       // a byte of a message
  cut,        // the end of it
  lose,       // all of it
  twice,      // it comes twice
  item,       // one item of a list is another
  empty_out,  // another message's body of the same sender
  restart,    // a party ends and comes back
  kinds,
};

// What becomes of the n-th message that is put on the wire, and whose doing it is.
struct Deviation {
  What what = What::nothing;
  std::size_t at = 0;
  std::optional<PartyId> who;  // once it has happened
};

std::string names_of(const std::vector<Deviation>& deviations) {
  std::string out;
  for (const Deviation& d : deviations)
    if (d.who) out += d.who->str() + " (" + std::to_string(static_cast<int>(d.what)) + ") ";
  return out;
}

Message changed(Message m, What what, Random& rng, const std::vector<Message>& before) {
  const auto anywhere = [&] { return random_below(rng, m.body.size()); };
  if (what == What::flip)
    m.body[anywhere()] ^= static_cast<std::uint8_t>(1 + random_below(rng, 255));
  if (what == What::cut) m.body.resize(anywhere());
  if (what == What::item) {
    auto part = Part::decode(m.body);
    if (part.ok() && part->items.size() >= Element::kSize) {
      const Element other = random_element(rng);
      std::ranges::copy(other.bytes(), part->items.begin());
      m.body = part->encode();
    } else {
      m.body[anywhere()] ^= 0x40U;
    }
  }
  if (what == What::empty_out)
    for (const Message& old : before)
      if (old.from == m.from && old.body != m.body) {
        m.body = old.body;
        break;
      }
  return m;
}

void run_seed(std::uint64_t seed) {
  SeededRandom dice(seed_of(7'000'000 + seed));
  const auto below = [&](std::uint64_t n) { return random_below(dice, n); };
  Shape shape;
  shape.kind = static_cast<Kind>(1 + below(3));
  shape.contributors = 3 + below(3);
  shape.mixers = 2 + below(2);
  shape.outside_mixers = below(2);
  shape.cells = shape.kind == Kind::children ? 1 + static_cast<std::uint32_t>(below(4)) : 1;
  Region r(seed, shape);
  r.fill_at_random(1 + below(10), 100 + below(900));
  if (below(4) == 0) r.nodes.at(r.contributors[below(r.contributors.size())]).held.clear();

  std::vector<Deviation> deviations(1 + below(2));
  for (Deviation& d : deviations) {
    d.what = static_cast<What>(below(static_cast<std::uint64_t>(What::kinds)));
    d.at = below(80);
  }
  std::size_t n = 0;
  r.intercept = [&](Message m) {
    std::vector<Message> out = {m};
    for (Deviation& d : deviations) {
      if (d.at != n || d.what == What::nothing || d.what == What::restart || out.empty()) continue;
      d.who = m.from;
      if (d.what == What::lose)
        out.clear();
      else if (d.what == What::twice)
        out.push_back(out.back());
      else
        out.back() = changed(std::move(out.back()), d.what, dice, r.sent);
    }
    ++n;
    return out;
  };
  ASSERT_TRUE(r.start().ok());
  for (std::size_t steps = 0;; ++steps) {
    for (Deviation& d : deviations)
      if (d.what == What::restart && d.at == steps) {
        d.who =
            std::next(r.nodes.begin(), static_cast<std::ptrdiff_t>(below(r.nodes.size())))->first;
        r.kill(*d.who);
        r.come_back(*d.who);
      }
    if (!r.step()) break;
  }
  r.intercept = nullptr;
  if (!r.figures && !r.failure) {
    r.run_out();
  }
  r.errors.clear();
  if (r.figures) {
    expect_figures(r);
  } else {
    ASSERT_TRUE(r.failure.has_value());
    // A silent party is named for its silence, whoever lost its words; and who deviates may accuse
    // somebody: then the text says who does.
    const std::string& culprit = r.failure->culprit;
    const bool named_rightly =
        culprit.empty() || r.failure->text.find("no answer in time") != std::string::npos ||
        std::ranges::any_of(deviations, [&](const Deviation& d) {
          return d.who && (d.who->str() == culprit || *d.who == r.hub_id ||
                           r.failure->text.starts_with(d.who->str() + " reports: "));
        });
    EXPECT_TRUE(named_rightly) << culprit << ": " << r.failure->text
                               << "; deviated: " << names_of(deviations);
  }
  if (seed % 4 != 0) return;
  // Everything that still knows of the attempt lets go of it, and the next one counts.
  r.run_out();
  for (auto& [id, node] : r.nodes) r.kill(id);
  ASSERT_TRUE(r.start(2).ok());
  r.run();
  r.errors.clear();
  expect_figures(r);
}

TEST(LinkFromSeeds, GivesWhatPlainSetsGiveOrNothing) {
  const std::size_t from = number_from("LINK_SEEDS_FROM", 1);
  const std::size_t count = number_from("LINK_SEEDS", 500);
  for (std::size_t seed = from; seed < from + count; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    run_seed(seed);
    if (testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace hedgerow::protocol::link
