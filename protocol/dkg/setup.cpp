#include "protocol/dkg/setup.h"

#include <algorithm>

#include "crypto/domains.h"
#include "crypto/hash.h"

namespace hedgerow::protocol {

KeyId derive_key_id(const Lineage& lineage, const SessionId& session) {
  Writer w;
  w.raw(as_bytes(kDomainKeyId)).raw(as_bytes(lineage.str())).raw(session.view());
  const ByteArray<32> hash = sha256(w.data());
  return KeyId::from(ByteView(hash).first(KeyId::kSize)).value();
}

Result<DkgSetup> DkgSetup::make(Lineage lineage, AgreementHash agreement, PartyId hub,
                                std::uint16_t threshold, std::vector<Keyholder> keyholders) {
  if (keyholders.size() < 2 || keyholders.size() > kDkgMaxParticipants)
    return bad_input("an agreement needs 2 to 64 keyholders");
  if (threshold == 0 || threshold >= keyholders.size())
    return bad_input("the threshold is not between 1 and one less than the keyholders",
                     "a requester is never among the keyholders that answer it");
  std::ranges::sort(keyholders, {}, &Keyholder::party);

  DkgSetup setup;
  setup.lineage_ = std::move(lineage);
  setup.agreement_ = agreement;
  setup.hub_ = std::move(hub);
  setup.threshold_ = threshold;
  for (const Keyholder& k : keyholders) {
    if (!setup.names_.empty() && setup.names_.back() == k.party)
      return culprit_error("a keyholder is named twice", k.party.str());
    auto key = Element::decode(k.static_key);
    if (!key) return culprit_error("a certificate holds no usable dkg key", k.party.str());
    setup.names_.push_back(k.party);
    setup.peers_.push_back({k.party.str(), *key});
  }
  // What is left to check, two equal keys among them, is the same for every session.
  HR_TRY(DkgParameters::make(threshold, setup.peers_, dkg_context({}, setup.peers_)));
  return setup;
}

std::optional<DkgIndex> DkgSetup::index_of(const PartyId& party) const {
  const auto at = std::ranges::lower_bound(names_, party);
  if (at == names_.end() || *at != party) return std::nullopt;
  return static_cast<DkgIndex>(at - names_.begin() + 1);
}

DkgParameters DkgSetup::parameters(const SessionId& session) const {
  Writer w;
  w.text(kDomainDkgSession).text(lineage_.str()).raw(agreement_.view());
  w.raw(derive_key_id(lineage_, session).view()).raw(session.view()).u16(threshold_);
  w.u32(size());
  for (const PartyId& name : names_) w.text(name.str());
  return DkgParameters::make(threshold_, peers_, dkg_context(w.data(), peers_)).value();
}

ByteArray<64> dkg_extension(std::span<const DkgMessage1> messages) {
  Writer w;
  w.text(kDomainDkgExtension).u32(static_cast<std::uint32_t>(messages.size()));
  for (const DkgMessage1& m : messages) w.bytes(m.encode());
  return sha512(w.data());
}

}  // namespace hedgerow::protocol
