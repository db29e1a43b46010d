// What comes before a release's manifest: each contributor says whether it takes part in this
// release at all, and with which thresholds (disclosure.md rule 2; docs/design/sum.md, Standing).
//
//   message    from         to            as
//   standing   contributor  hub           statement, shown to all that take part
//   standings  hub          contributors  list of statements, of every contributor
//
// From the same list everybody works out the same roster and the same, strictest thresholds, so a
// hub can neither leave somebody out nor weaken a threshold unseen. Nothing here depends on data.
#pragma once

#include <map>
#include <vector>

#include "crypto/sign.h"
#include "protocol/statement.h"
#include "protocol/sum/messages.h"

namespace hedgerow::protocol::sum {

inline constexpr std::chrono::minutes kStandingLifetime{10};
inline constexpr std::uint32_t kMaxStandingThreshold = 1000;

// release (16), u8 1 where it takes part, u32 min_children, u32 min_agencies, u32 round_to, u8
// true_zero.
struct Standing {
  ReleaseId release;
  bool takes_part = true;
  Thresholds thresholds;

  Bytes encode() const;
  static Result<Standing> decode(ByteView bytes);
  friend bool operator==(const Standing&, const Standing&) = default;
};

// u32 count, at most kMaxContributors, one encoded statement each, behind its length.
struct StandingList {
  std::vector<Bytes> statements;

  Bytes encode() const;
  static Result<StandingList> decode(ByteView bytes);
};

// What a standing is signed for: the session is the attempt's.
struct StandingContext {
  Lineage lineage;
  AgreementHash agreement;
  SessionId session;
  ReleaseId release;
};

Bytes sign_standing(const SigningKey& key, const PartyId& self, const StandingContext& context,
                    const Standing& standing, UtcTime now);
// Signed by `party`, for this very session and release, and not outlived. The error names the
// party.
Result<Standing> verify_standing(ByteView statement, const PartyId& party, const VerifyKey& key,
                                 const StandingContext& context, UtcTime now);

using Standings = std::map<PartyId, Standing>;

// Exactly one of each of `contributors`. The error names the hub, which made the list.
Result<Standings> verify_standings(ByteView list, const std::vector<PartyId>& contributors,
                                   const std::map<PartyId, VerifyKey>& keys, const PartyId& hub,
                                   const StandingContext& context, UtcTime now);

// Those that take part, ascending.
std::vector<PartyId> roster_of(const Standings& standings);

}  // namespace hedgerow::protocol::sum
