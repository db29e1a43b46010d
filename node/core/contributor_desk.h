// A contributor's part in releases: decides for itself whether a question may be answered,
// freezes and tallies its rows, runs its role in the sum, keeps the chain of released editions,
// and logs what is answered before it is (cryptography.md C and E).
#pragma once

#include <map>

#include "node/core/exchange.h"
#include "node/core/gate.h"
#include "node/core/link_contributions.h"
#include "policies/match_rate.h"
#include "protocol/answering.h"
#include "protocol/sum/contributor.h"
#include "protocol/sum/standing.h"

namespace hedgerow::core {

inline constexpr std::size_t kMaxOpenReleases = 64;

class ContributorDesk {
 public:
  ContributorDesk(LineageContext& lineage, Exchange& exchange, const KeyDesk& keys,
                  const Environment& environment, const policies::CodeList& codes);

  // Refusals of links that were under way when the node ended.
  Result<Work> restore(UtcTime now);
  // sum_* from the hub, link_* of a contributor, answer_hash, served. An error means refused, with
  // its culprit.
  Result<Work> on_message(const Delivery& delivery, UtcTime now);
  Work on_time(UtcTime now);
  std::optional<UtcTime> next_wake() const;

 private:
  struct Started {  // a question admitted for the sum that this session will be
    std::string grant;
    std::string table;
    std::vector<std::string> periods;
    std::optional<Error> denied;
    Bytes countersigned;
    protocol::sum::StandingContext context;
    protocol::sum::Standing standing;  // this node's, as it was sent
    // From everybody's standing, once the hub has shown it.
    std::vector<PartyId> roster;
    protocol::sum::Thresholds thresholds;
    UtcTime at;
  };

  Result<Work> on_start(const Delivery& delivery, UtcTime now);
  // Says whether this node takes part in the release at all, and with which thresholds.
  Work stand(const Delivery& delivery, Started& started, const policies::Permit* permit,
             const std::string& period, UtcTime now);
  // It would say the same now: its officer may have refused or raised more since.
  Result<bool> still_stands(const Started& started, const policies::Period& period,
                            UtcTime now) const;
  Result<Work> on_standings(const Delivery& delivery, UtcTime now);
  Result<Work> on_manifest(const Delivery& delivery, UtcTime now);
  Result<Work> on_role_message(const Delivery& delivery, UtcTime now);
  Result<Work> on_link_begin(const Delivery& delivery, UtcTime now);
  Result<Work> take_part_in_link(const Delivery& delivery, const protocol::link::Plan& plan,
                                 UtcTime now);
  // The rows of the period are fixed from here on, whatever becomes of the attempt.
  Result<void> freeze(const std::string& grant, const std::string& period, UtcTime now);
  Result<Work> on_answer_hash(const Delivery& delivery, UtcTime now);
  Result<Work> on_served(const Delivery& delivery);
  // What sum and link have in common of it: the question, the standings, the table and the period.
  struct Planned {
    std::string grant, table, period;
    std::vector<PartyId> contributors;
    protocol::Thresholds thresholds;
    Sha256 editions_head;
  };
  struct Objection {
    protocol::sum::RefusalReason reason;
    std::string text;
  };
  Result<std::optional<Objection>> common_objection(const Planned& planned,
                                                    const SessionId& session, UtcTime now);
  // Why the node takes no part in what this manifest plans, if it does not.
  // Whether everybody on the manifest's roster has confirmed the link that its sum goes with.
  Result<bool> link_is_confirmed(const protocol::sum::Manifest& manifest);
  Result<std::optional<Objection>> objection(const protocol::sum::Manifest& manifest,
                                             const SessionId& session, UtcTime now);
  Result<Work> take_part(const Delivery& delivery, const protocol::sum::Manifest& manifest,
                         UtcTime now);
  Result<Work> accept_editions(const std::vector<protocol::EditionLink>& links, UtcTime now);
  Work after(const SessionId& session, protocol::sum::SumContributor& role, protocol::Step step,
             UtcTime now);
  Work keep_match_rate(const SessionId& session, const protocol::sum::Manifest& manifest,
                       policies::MatchBand band, UtcTime now);
  Work forget_role(const SessionId& session);
  Work drop_roles_of(const protocol::sum::ReleaseId& release);
  Result<Work> send_receipt(const SessionId& question, const Sha256& answer, std::uint64_t index);

  LineageContext& lineage_;
  Exchange& exchange_;
  const KeyDesk& keys_;
  Environment env_;
  const policies::CodeList& codes_;
  std::map<SessionId, Started> started_;
  std::map<SessionId, protocol::sum::SumContributor> roles_;
  std::map<SessionId, Bytes> match_rates_;  // of roles_: the statement that goes with the opening
  std::map<SessionId, UtcTime> wake_;
  LinkContributions links_;
};

}  // namespace hedgerow::core
