#include "node/core/evaluation.h"

namespace hedgerow::core {

Result<protocol::PseudonymiseSetup> evaluation_setup(const LineageContext& lineage,
                                                     const KeyDesk& keys, std::string purpose) {
  HR_CHECK(keys.key().has_value());
  const protocol::KeyInfo& key = *keys.key();
  protocol::PseudonymiseSetup setup;
  setup.key = key.key_id;
  setup.share_version = key.share_version;
  setup.threshold = key.threshold;
  setup.purpose = std::move(purpose);
  setup.timeout_ms = kKeyholderPatience;
  for (std::size_t i = 0; i < key.keyholders.size(); ++i) {
    if (key.keyholders[i] == lineage.self) continue;  // the requester is never among them
    HR_ASSIGN(const ParticipantIndex index, ParticipantIndex::from(i + 1));
    setup.keyholders.push_back({key.keyholders[i], index, key.verification_shares[i], {}});
  }
  return setup;
}

}  // namespace hedgerow::core
