// A keyholder at work: evaluates blinded elements for other parties, within their quotas, each
// debit durable before the work (cryptography.md A, step 2).
#pragma once

#include "node/core/exchange.h"
#include "node/core/key_desk.h"
#include "protocol/pseudonymise/keyholder.h"

namespace hedgerow::core {

class KeyholderDesk {
 public:
  KeyholderDesk(LineageContext& lineage, Exchange& exchange, const KeyDesk& keys,
                const Environment& environment)
      : lineage_(lineage), exchange_(exchange), keys_(keys), env_(environment) {}

  // evaluate_request, evaluate_check, evaluate_prove. Commits the charges itself, before it works;
  // what is returned carries the response. Every outcome the requester can cause is a refusal sent
  // to it, not an error.
  Result<Work> on_message(const Delivery& delivery, UtcTime now);

 private:
  Result<Work> on_request(const Delivery& delivery, const protocol::KeyShare& share, UtcTime now);
  Result<Work> on_follow_up(const Delivery& delivery, const protocol::KeyShare& share);
  Result<std::optional<protocol::SeenBatch>> seen(const Delivery& delivery);
  Result<protocol::KeyholderDecision> decide(const Delivery& delivery,
                                             const protocol::KeyShare& share, std::int64_t utc_day);
  Result<void> commit_charges(const protocol::Authorised& authorised, const PartyId& requester,
                              std::int64_t utc_day, UtcTime now);

  LineageContext& lineage_;
  Exchange& exchange_;
  const KeyDesk& keys_;
  Environment env_;
};

}  // namespace hedgerow::core
