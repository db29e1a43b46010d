// What a contributor's work is made of does not depend on what it holds: the time that it takes
// would tell (docs/design/link.md, Aborts and crashes). The program is linked so that each
// multiplication is counted.
#include <gtest/gtest.h>

#include "tests/protocol/link/region.h"

extern "C" {
int __real_crypto_scalarmult_ristretto255(unsigned char* q, const unsigned char* n,
                                          const unsigned char* p);
int __wrap_crypto_scalarmult_ristretto255(unsigned char* q, const unsigned char* n,
                                          const unsigned char* p);
int __real_crypto_core_ristretto255_from_hash(unsigned char* p, const unsigned char* r);
int __wrap_crypto_core_ristretto255_from_hash(unsigned char* p, const unsigned char* r);

static std::size_t link_multiplications = 0;
static std::size_t link_maps = 0;

int __wrap_crypto_scalarmult_ristretto255(unsigned char* q, const unsigned char* n,
                                          const unsigned char* p) {
  ++link_multiplications;
  return __real_crypto_scalarmult_ristretto255(q, n, p);
}

int __wrap_crypto_core_ristretto255_from_hash(unsigned char* p, const unsigned char* r) {
  ++link_maps;
  return __real_crypto_core_ristretto255_from_hash(p, r);
}
}

namespace hedgerow::protocol::link {
namespace {

struct Work {
  std::size_t multiplications = 0, maps = 0;
  friend bool operator==(const Work&, const Work&) = default;
};

// Of all contributors in an attempt in which the last one holds so many.
Work work_of(Kind kind, std::size_t held) {
  Region region(21, {kind, 3, 2, 1, 1, 16});
  region.fill_at_random(16, 500);
  auto& last = region.nodes.at(region.contributors[2]).held;
  last.clear();
  for (std::size_t i = 0; i < held; ++i)
    last.push_back({0, i, kind == Kind::episodes ? 20'000 : 0});
  Work before;
  Work all;
  region.watch = [&](std::string_view role, bool begins) {
    if (role != "contributor") return;
    if (begins) {
      before = {link_multiplications, link_maps};
    } else {
      all.multiplications += link_multiplications - before.multiplications;
      all.maps += link_maps - before.maps;
    }
  };
  EXPECT_TRUE(region.start().ok());
  region.run();
  expect_figures(region);
  return all;
}

TEST(LinkCost, IsTheSameWhateverAContributorHolds) {
  for (const Kind kind : {Kind::children, Kind::episodes, Kind::children_by_agency}) {
    const Work none = work_of(kind, 0);
    EXPECT_EQ(work_of(kind, 1), none);
    EXPECT_EQ(work_of(kind, 16), none);
    // Blinding and both sides of the check for each point, unblinding for each entry's points;
    // beside that only proofs and keys.
    const std::size_t points = kind == Kind::episodes ? 32 : 16;
    EXPECT_GE(none.multiplications, 3 * 4 * points);
    EXPECT_LE(none.multiplications, 3 * (4 * points + 24));
  }
}

}  // namespace
}  // namespace hedgerow::protocol::link
