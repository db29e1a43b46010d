// Match rates on their way from a contributor's tally to an answer, and what else an answer says
// besides its cells (docs/design/answering.md, Notes and Match rate).
#pragma once

#include "node/core/answer.h"
#include "policies/match_rate.h"
#include "protocol/statement.h"
#include "protocol/sum/messages.h"

namespace hedgerow::core {

// The contributor's statement. `header`: sender, lineage, agreement and the attempt's session.
Bytes sign_match_rate(const SigningKey& key, protocol::StatementHeader header,
                      const protocol::sum::ReleaseId& release, policies::MatchBand band);

// Well-formed, at most kMaxMatchStatement, and of this sender, lineage and release; not yet
// believed. The error names the sender.
Result<protocol::Statement> read_match_rate(ByteView statement, const PartyId& sender,
                                            const Lineage& lineage,
                                            const protocol::sum::ReleaseId& release);

// "80-95 %"; "not stated" where there is no statement; "not verifiable" where its signature does
// not hold under `key`: the party may have renewed it since.
std::string match_rate_in_words(ByteView statement, const VerifyKey& key);

// The answer's notes are those that its cells call for; its parties are the contributors, in order,
// and whatever is given as a match rate is one, of that party and release. The error names the hub.
Result<void> check_notes(const Answer& answer, const policies::Agreement& agreement);

}  // namespace hedgerow::core
