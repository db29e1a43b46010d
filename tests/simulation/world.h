// A region with its records: what most tests begin with.
#pragma once

#include <gmock/gmock.h>

#include "tests/simulation/children.h"
#include "tests/simulation/evidence.h"

namespace hedgerow::simulation {

inline SessionId question_id(std::uint64_t seed, std::uint8_t n = 1) {
  SessionId id;
  const auto hash = seed_of("question", seed * 256 + n);
  std::copy_n(hash.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

struct World {
  explicit World(std::uint64_t number, std::size_t children = 60, Options options = {})
      : seed(number),
        records(make_records(number, children)),
        plain(compute_plainly(records)),
        region(number, options) {}

  void begin() {  // installed everywhere, with a key
    ASSERT_TRUE(region.generate_key()) << testing::PrintToString(region.failures());
  }
  void import_all() {
    for (const auto& [agency, rows] : records) {
      const auto result = region.import(agency, to_csv(rows));
      ASSERT_TRUE(result) << agency << testing::PrintToString(region.failures());
      EXPECT_EQ(region.lineage(agency).context().store.records().current_rows().value(),
                rows.size());
    }
  }
  std::optional<nlohmann::json> ask(std::uint8_t n = 1) { return region.ask(question_id(seed, n)); }
  // The answer is the plain one, and everything that must hold does.
  void check(const std::optional<nlohmann::json>& answer) {
    ASSERT_TRUE(answer) << testing::PrintToString(region.failures());
    EXPECT_THAT(differences(*answer, plain), testing::IsEmpty());
    ASSERT_TRUE(settle(region));
    EXPECT_THAT(faults_of(region), testing::IsEmpty());
  }

  std::uint64_t seed;
  Records records;
  PlainAnswer plain;
  Region region;
};

}  // namespace hedgerow::simulation
