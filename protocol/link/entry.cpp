#include "protocol/link/entry.h"

#include <algorithm>

namespace hedgerow::protocol::link {

ByteArray<kEntrySize> Entry::encode() const {
  ByteArray<kEntrySize> out{};
  out[0] = counted ? 1 : 0;
  out[1] = contributor;
  for (unsigned i = 0; i < 4; ++i)
    out[2 + i] = static_cast<std::uint8_t>((cell >> (8 * i)) & 0xffU);
  std::ranges::copy(token, out.begin() + 6);
  std::ranges::copy(episode, out.begin() + 6 + kLinkTokenSize);
  return out;
}

Result<Entry> Entry::decode(ByteView bytes) {
  Reader r(bytes);
  Entry e;
  const std::uint8_t kind = r.u8();
  e.contributor = r.u8();
  e.cell = r.u32();
  e.token = r.array<kLinkTokenSize>();
  e.episode = r.array<kLinkTokenSize>();
  HR_TRY(r.finish("link entry"));
  if (kind > 1) return bad_input("link entry: of an unknown kind");
  e.counted = kind == 1;
  if (!e.counted && e != Entry()) return bad_input("link entry: a null entry that is not empty");
  return e;
}

Bytes seal_entry(const SealPublicKey& hub, const Entry& entry, Random& rng) {
  ByteArray<kEntrySize> plain = entry.encode();
  Bytes sealed = seal(hub, plain, rng);
  wipe(plain);
  return sealed;
}

Bytes wrap_entry(std::span<const SealPublicKey> mixers, Bytes innermost, Random& rng) {
  for (std::size_t i = mixers.size(); i-- > 0;) innermost = seal(mixers[i], innermost, rng);
  return innermost;
}

}  // namespace hedgerow::protocol::link
