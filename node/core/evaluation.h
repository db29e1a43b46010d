// Whom a node asks for pseudonyms (cryptography.md A): every keyholder but itself, under the
// lineage's key.
#pragma once

#include "node/core/key_desk.h"
#include "node/core/lineage.h"
#include "protocol/pseudonymise/client.h"

namespace hedgerow::core {

inline constexpr std::chrono::seconds kKeyholderPatience{15};
inline constexpr std::chrono::minutes kEvaluationLifetime{10};  // of a message at most

// `purpose` goes on the keyholders' logs. There must be a key (HR_CHECK).
Result<protocol::PseudonymiseSetup> evaluation_setup(const LineageContext& lineage,
                                                     const KeyDesk& keys, std::string purpose);

}  // namespace hedgerow::core
