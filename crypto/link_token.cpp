#include "crypto/link_token.h"

#include <algorithm>
#include <numeric>

#include "crypto/domains.h"
#include "crypto/hash.h"
#include "crypto/random.h"

namespace hedgerow {

namespace {

Element point_of(const Hash64& qh, std::uint32_t number, const Pseudonym& child,
                 std::string_view dst) {
  ByteArray<64 + 4 + Pseudonym::kSize> message{};
  auto at = std::ranges::copy(qh.bytes, message.begin()).out;
  for (unsigned shift = 0; shift < 32; shift += 8)
    *at++ = static_cast<std::uint8_t>((number >> shift) & 0xffU);
  std::ranges::copy(child.expose(), at);
  const Element point = map_to_group(message, as_bytes(dst));
  wipe(message);
  return point;
}

}  // namespace

Element link_point(const Hash64& qh, std::uint32_t cell, const Pseudonym& child) {
  return point_of(qh, cell, child, kDomainMapLink);
}

Element link_episode_point(const Hash64& qh, std::int32_t day, const Pseudonym& child) {
  return point_of(qh, static_cast<std::uint32_t>(day), child, kDomainMapLinkEpisode);
}

Element random_element(Random& rng) {
  ByteArray<64> uniform{};
  rng.fill(uniform);
  return element_from_uniform(uniform);
}

LinkToken link_token(const Hash64& qh, const Element& t) {
  Writer w;
  w.text(kDomainLinkToken).bytes(qh.view()).bytes(t.bytes());
  const ByteArray<64> hash = sha512(w.data());
  LinkToken token{};
  std::copy_n(hash.begin(), token.size(), token.begin());
  return token;
}

std::vector<std::uint32_t> random_order(std::size_t count, Random& rng) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0U);
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random_below(rng, i)]);
  return order;
}

}  // namespace hedgerow
