// What the hub keeps of releases and answers besides editions and questions: small rows, and the
// check of a receipt.
#pragma once

#include <map>

#include "node/core/peers.h"
#include "node/core/receipt_rows.h"
#include "node/core/work.h"
#include "protocol/sum/messages.h"

namespace hedgerow::core {

inline constexpr std::string_view kHubRoleKind = "sum-hub";
inline constexpr std::chrono::hours kAnswerValidity{24 * 366 * 10};

// The number of the next attempt at a release, from 1.
Result<std::uint32_t> next_attempt(store::LineageStore& store,
                                   const protocol::sum::ReleaseId& release);
Result<void> keep_attempt(store::LineageStore& store, const protocol::sum::ReleaseId& release,
                          std::uint32_t attempt, UtcTime now);

// The role's state, under its session; `question` is the one the release is computed for.
Work::Write keep_role(const SessionId& session, const SessionId& question, const SecretBytes& state,
                      UtcTime now);

// An edition counts as published once every contributor gave its receipt for an answer from it.
Result<bool> is_published(store::LineageStore& store, std::uint64_t sequence);
Result<void> set_published(store::LineageStore& store, std::uint64_t sequence, UtcTime now);

// What contributors stated as their match rates with a release: their statements, verified.
Result<std::map<PartyId, Bytes>> match_rates_of(store::LineageStore& store,
                                                const protocol::sum::ReleaseId& release);
Work::Write keep_match_rates(const protocol::sum::ReleaseId& release,
                             const std::map<PartyId, Bytes>& statements, UtcTime now);

// The receipt is of this party's log and its entry is about this answer. The error names the
// party.
Result<void> check_receipt(ByteView receipt, const Peer& party, const Sha256& answer);

}  // namespace hedgerow::core
