// What every party of an agreement knows of its key generation before it begins, and from which
// each computes for itself what the hub's messages must say.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "crypto/base/ids.h"
#include "crypto/dkg_message.h"

namespace hedgerow::protocol {

struct Keyholder {
  PartyId party;
  ByteArray<32> static_key{};  // `dkg` of its node certificate
};

// SHA-256("hedgerow/v1/key" || lineage || session)[:16].
KeyId derive_key_id(const Lineage& lineage, const SessionId& session);

class DkgSetup {
 public:
  // Keyholders in any order; they are sorted by party id and numbered from 1. Refuses: fewer
  // than 2 or more than kDkgMaxParticipants; a threshold outside 1..n-1 (the requester is never
  // among those who answer); a party named twice; a static key that is none or stands twice.
  static Result<DkgSetup> make(Lineage lineage, AgreementHash agreement, PartyId hub,
                               std::uint16_t threshold, std::vector<Keyholder> keyholders);

  const Lineage& lineage() const { return lineage_; }
  const AgreementHash& agreement() const { return agreement_; }
  const PartyId& hub() const { return hub_; }
  std::uint16_t threshold() const { return threshold_; }
  std::uint16_t size() const { return static_cast<std::uint16_t>(names_.size()); }
  const std::vector<PartyId>& keyholders() const { return names_; }  // sorted
  std::optional<DkgIndex> index_of(const PartyId& party) const;      // from 1

  // The parameters of one session; their context binds lineage, agreement, key id, session,
  // threshold, and names and static keys in order.
  DkgParameters parameters(const SessionId& session) const;

 private:
  DkgSetup() = default;

  Lineage lineage_;
  AgreementHash agreement_;
  PartyId hub_;
  std::uint16_t threshold_ = 0;
  std::vector<PartyId> names_;
  std::vector<DkgPeer> peers_;
};

// The extension of the transcript: it binds the ciphertexts, which COCKTAIL-DKG's transcript
// itself does not ("Ciphertexts Not Bound by the Transcript", option 1). SHA-512 of a domain tag
// and every round 1 message behind its length.
ByteArray<64> dkg_extension(std::span<const DkgMessage1> messages);

}  // namespace hedgerow::protocol
