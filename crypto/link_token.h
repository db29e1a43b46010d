// The points and tokens of the link (cryptography.md B, steps 2 and 4; docs/design/link.md). `qh`
// is the hash of the attempt's manifest, so that nothing of one attempt can be laid beside
// another's.
#pragma once

#include <cstdint>
#include <vector>

#include "crypto/base/ids.h"
#include "crypto/group.h"
#include "crypto/pseudonym.h"

namespace hedgerow {

// T0 of a child in a cell: MAP(qh || u32 cell || N, "hedgerow/v1/map/link").
Element link_point(const Hash64& qh, std::uint32_t cell, const Pseudonym& child);
// T0 of a child's episode, by its start day: MAP(qh || i32 day || N, ".../link-episode").
Element link_episode_point(const Hash64& qh, std::int32_t day, const Pseudonym& child);
// What fills a list up: an element from 64 uniform bytes.
Element random_element(Random& rng);

inline constexpr std::size_t kLinkTokenSize = 16;
using LinkToken = ByteArray<kLinkTokenSize>;
// SHA-512("hedgerow/v1/link-token", qh, T)[:16], each behind its length; T is the unblinded
// element.
LinkToken link_token(const Hash64& qh, const Element& t);

// A uniformly random order of 0 .. count-1 (Fisher-Yates; draws without bias).
std::vector<std::uint32_t> random_order(std::size_t count, Random& rng);

}  // namespace hedgerow
