// Key generation on a node: says that the agreement is installed here, runs the keyholder's and
// the hub's role (protocol/dkg), keeps what comes of it (architecture.md, How a region starts).
#pragma once

#include <map>
#include <optional>
#include <set>

#include "node/core/exchange.h"
#include "protocol/dkg/coordinator.h"
#include "protocol/dkg/participant.h"

namespace hedgerow::core {

inline constexpr std::chrono::seconds kKeyGenerationPatience{120};
inline constexpr std::chrono::seconds kFirstKeyRetry{5};
inline constexpr std::chrono::seconds kLongestKeyRetry{600};

class KeyDesk {
 public:
  KeyDesk(LineageContext& lineage, const Environment& environment);

  // At the start of the node: takes up what is stored. configuration: a stored key does not fit.
  Result<void> restore(UtcTime now);
  // After `agreement install`: tells the hub.
  Work announce(UtcTime now);

  // installed, dkg_*, key_ready. An error means refused, with its culprit.
  Result<Work> on_message(const Delivery& delivery, UtcTime now);
  Work on_time(UtcTime now);
  std::optional<UtcTime> next_wake() const;

  const std::optional<protocol::KeyInfo>& key() const { return key_; }
  const std::optional<protocol::KeyShareRecord>& share() const { return share_; }
  // Parties that have not said yet that the agreement is installed (known to the hub only).
  std::vector<PartyId> not_installed() const;
  // In words, for `keys status`.
  std::string state() const;

 private:
  Result<protocol::DkgSetup> setup() const;
  bool is_keyholder() const;
  Result<Work> on_installed(const PartyId& from, UtcTime now);
  Result<Work> on_participant_message(const Delivery& delivery, UtcTime now);
  Result<Work> on_coordinator_message(const Delivery& delivery, UtcTime now);
  Result<Work> on_key_ready(const Delivery& delivery, UtcTime now);
  Work begin_if_all_installed(UtcTime now);
  Work after_participant(protocol::Step step, UtcTime now);
  Work after_coordinator(protocol::Step step, UtcTime now);
  Work keep(protocol::KeyInfo info, std::optional<protocol::KeyShareRecord> share, UtcTime now);

  LineageContext& lineage_;
  Environment env_;
  std::set<PartyId> installed_;
  std::optional<protocol::Participant> participant_;
  std::optional<protocol::Coordinator> coordinator_;
  std::optional<UtcTime> coordinator_wake_;
  std::optional<UtcTime> retry_at_;
  std::chrono::seconds retry_pause_{kFirstKeyRetry};
  std::optional<protocol::KeyInfo> key_;
  std::optional<protocol::KeyShareRecord> share_;
  Work owed_;  // from the restart
};

}  // namespace hedgerow::core
