// Fixed keys, fixed headers, and what every decoder has to bear.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "protocol/envelope.h"
#include "protocol/statement.h"

namespace hedgerow::protocol {

inline constexpr UtcTime kWireNow{std::chrono::milliseconds(1'790'000'000'000)};

inline SigningKey key_number(std::uint8_t n) {
  SigningSeed seed;
  seed.writable()[0] = n;
  return SigningKey(seed);
}

inline SealKeyPair seal_pair_number(std::uint8_t n) {
  SeededRandom rng(ByteArray<32>{n});
  return random_seal_key_pair(rng);
}

inline PartyId party(std::string_view name) { return PartyId::parse(name).value(); }
inline Lineage vale_cse() { return Lineage::parse("vale-cse").value(); }

// n, n + 1, n + 2, ...
template <class T>
T counting(std::uint8_t n) {
  T id;
  for (auto& b : id.bytes) b = n++;
  return id;
}

inline StatementHeader statement_header() {
  return {party("vale-council"),     vale_cse(), counting<AgreementHash>(0x20),
          counting<SessionId>(0x10), 7,          kWireNow};
}

inline EnvelopeHeader envelope_header() {
  return {MessageType::ask,
          party("vale-council"),
          party("vale-partnership"),
          vale_cse(),
          counting<AgreementHash>(0x20),
          counting<SessionId>(0x10),
          7,
          kWireNow};
}

inline std::string sha256_hex(ByteView bytes) { return to_hex(sha256(bytes)); }

// Every proper prefix, and one byte too many, is refused.
template <class Decode>
void refuses_truncation(const Bytes& good, Decode decode) {
  ASSERT_TRUE(decode(ByteView(good)));
  for (std::size_t n = 0; n < good.size(); ++n)
    EXPECT_FALSE(decode(ByteView(good).first(n))) << "accepted after " << n << " bytes";
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(decode(ByteView(longer))) << "accepted with a byte left over";
}

// Every single changed bit is refused.
template <class Accept>
void refuses_tampering(const Bytes& good, Accept accept) {
  ASSERT_TRUE(accept(ByteView(good)));
  Bytes bad = good;
  for (std::size_t i = 0; i < bad.size(); ++i)
    for (unsigned bit = 0; bit < 8; ++bit) {
      bad[i] = static_cast<std::uint8_t>(bad[i] ^ (1U << bit));
      EXPECT_FALSE(accept(ByteView(bad))) << "accepted with bit " << bit << " of byte " << i;
      bad[i] = good[i];
    }
}

}  // namespace hedgerow::protocol
