// Rows as an import leaves them: keyed hashes are random, everything else as usual.
#pragma once

#include <string>
#include <vector>

#include "crypto/random.h"
#include "node/store/records.h"

namespace hedgerow::bench {

// `children` children, one row after the other theirs.
inline std::vector<store::MovementRow> random_rows(std::size_t n, std::size_t children,
                                                   std::int32_t first_day, std::int32_t days,
                                                   Random& rng) {
  static const std::vector<std::string> kPlaces{"E07000178", "E07000177", "E06000038",
                                                "E06000060", "E06000052", "outside-england"};
  std::vector<ByteArray<32>> references(children);
  std::vector<ByteArray<32>> pseudonyms(children);
  for (auto& k : references) rng.fill(k);
  for (auto& k : pseudonyms) rng.fill(k);
  std::vector<store::MovementRow> rows(n);
  for (std::size_t i = 0; i < n; ++i) {
    store::MovementRow& row = rows[i];
    rng.fill(row.source_key);
    row.child_key = references[i % children];
    row.pseudonym = pseudonyms[i % children];
    row.started_day =
        first_day + static_cast<std::int32_t>(random_below(rng, static_cast<std::uint64_t>(days)));
    row.started_minute = static_cast<std::int32_t>(random_below(rng, 1440));
    row.ended_day = row.started_day + 1;
    row.ended_minute = 300;
    row.origin = kPlaces[random_below(rng, kPlaces.size())];
    row.destination = kPlaces[random_below(rng, kPlaces.size())];
    row.place_type = static_cast<std::uint8_t>(1 + random_below(rng, 3));
    row.sex = static_cast<std::uint8_t>(1 + random_below(rng, 2));
    row.age = static_cast<std::uint8_t>(10 + random_below(rng, 8));
    row.birthday18_month = 680;
  }
  return rows;
}

}  // namespace hedgerow::bench
