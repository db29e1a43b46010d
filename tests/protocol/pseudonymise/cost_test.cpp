// How many scalar multiplications a batch costs, counted where they are done: the linker puts the
// functions below between the program and libsodium.
#include <gtest/gtest.h>

#include "protocol/pseudonymise/client.h"
#include "tests/protocol/pseudonymise/region.h"

namespace {
std::size_t multiplications = 0;
}  // namespace

extern "C" {
int __real_crypto_scalarmult_ristretto255(unsigned char* q, const unsigned char* n,
                                          const unsigned char* p);
int __real_crypto_scalarmult_ristretto255_base(unsigned char* q, const unsigned char* n);
int __wrap_crypto_scalarmult_ristretto255(unsigned char* q, const unsigned char* n,
                                          const unsigned char* p) {
  ++multiplications;
  return __real_crypto_scalarmult_ristretto255(q, n, p);
}
int __wrap_crypto_scalarmult_ristretto255_base(unsigned char* q, const unsigned char* n) {
  ++multiplications;
  return __real_crypto_scalarmult_ristretto255_base(q, n);
}
}

namespace hedgerow::protocol {
namespace {

constexpr std::size_t kChildren = 60;

struct Cost {
  std::size_t importer = 0;
  std::size_t keyholders = 0;  // all of them
};

Cost cost_of(std::size_t threshold, std::size_t smallest_checked) {
  TestRegion region(threshold, threshold);
  PseudonymiseSetup setup = region.setup();
  setup.smallest_checked = smallest_checked;
  PseudonymiseClient client = *PseudonymiseClient::create(setup, numbers(kChildren));
  Cost cost;
  const auto counted = [](std::size_t& where, const auto& work) {
    multiplications = 0;
    work();
    where += multiplications;
  };
  Step step;
  counted(cost.importer, [&] { step = client.start(at(0), region.rng_); });
  for (;;) {
    counted(cost.keyholders, [&] { region.carry(step); });
    if (region.queue_.empty()) break;
    const InTransit m = region.queue_.front();
    region.queue_.pop_front();
    counted(cost.importer,
            [&] { step = *client.on_message(m.from, m.type, m.body, at(1), region.rng_); });
  }
  EXPECT_TRUE(client.finished());
  return cost;
}

TEST(Cost, CheckedChildCostsFourMultiplicationsWhateverTheThresholdAndAKeyholderOne) {
  (void)Element::base();  // made once
  for (const std::size_t t : {2U, 3U, 5U}) {
    const Cost cost = cost_of(t, kSmallestChecked);
    EXPECT_EQ(cost.importer, 4 * kChildren + 7 * t) << t;
    EXPECT_EQ(cost.keyholders, t * (kChildren + 7)) << t;
  }
}

TEST(Cost, ProvenChildCostsThreeForEachKeyholderAndAKeyholderTwo) {
  (void)Element::base();
  for (const std::size_t t : {2U, 3U, 5U}) {
    const Cost cost = cost_of(t, kMaxBatch + 1);
    EXPECT_EQ(cost.importer, (3 * t + 1) * kChildren + 4 * t) << t;
    EXPECT_EQ(cost.keyholders, t * (2 * kChildren + 4)) << t;
  }
}

}  // namespace
}  // namespace hedgerow::protocol
