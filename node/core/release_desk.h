// The hub's computing of releases: one at a time, so that editions form a chain. Asks every
// contributor for its standing, begins an attempt with those that take part, runs the hub's role in
// the sum - of a linked table after its role in the link -, opens the figures through disclosure,
// and adds the edition to the chain (cryptography.md B and C, disclosure.md rule 2). Whom a release
// is for is the HubDesk's business.
//
// What a link counted is in memory only. If the node ends in the companion sum, the sum is held
// when it is taken up again, until a link with the same roster has counted anew.
#pragma once

#include <map>
#include <optional>

#include "node/core/exchange.h"
#include "node/core/gate.h"
#include "node/core/link_stage.h"
#include "protocol/sum/hub.h"
#include "protocol/sum/standing.h"

namespace hedgerow::core {

inline constexpr std::chrono::seconds kAttemptLifetime{90};
inline constexpr std::chrono::seconds kAskAgain{5};
inline constexpr std::chrono::seconds kStatusAfter{4};  // silence before the asker hears of it

class ReleaseDesk {
 public:
  // How an attempt ended, and the question it was made for.
  struct Ended {
    SessionId question;
    std::optional<Error> failure;  // nothing: there is an edition, durable with the work
  };
  struct Silence {
    SessionId question;
    PartyId party;  // has not answered yet
  };

  ReleaseDesk(LineageContext& lineage, const Environment& environment,
              const policies::CodeList& codes)
      : lineage_(lineage), env_(environment), codes_(codes), link_(lineage, environment) {}

  // Drops what cannot be gone on with.
  Result<Work> restore(UtcTime now);

  // With another release than this one; or with this one, but not held.
  bool is_busy_but_for(const protocol::ReleaseId& release) const;
  // Not busy; the period is one of the permit's and has no edition. Contributors see the question
  // too and refuse an old countersignature, so nothing begins with one that would not outlast the
  // attempt: empty work, wait for a fresh one.
  Result<Work> begin(const SessionId& question, ByteView countersigned,
                     const policies::Permit& permit, const policies::Period& period, UtcTime now);
  // The contributors' sum_* messages, and those of the link; of attempts gone by they are dropped.
  Result<Work> on_message(const Delivery& delivery, UtcTime now);
  Result<Work> on_time(UtcTime now);
  std::optional<UtcTime> next_wake() const;

  // What the last call came to, once.
  std::optional<Ended> take_ended() { return std::exchange(ended_, std::nullopt); }
  // Once an attempt: who is silent after kStatusAfter.
  std::optional<Silence> take_silence(UtcTime now);

 private:
  struct Active {
    protocol::sum::SumHub role;
    SessionId question;
    UtcTime begun_at;
    std::optional<UtcTime> wake_at;
    bool status_sent = false;
    std::map<PartyId, Bytes> match_rates;  // statements
    bool held = false;                     // waits for its link
  };

  // Before an attempt: not every contributor's standing has come. In memory only; after a crash the
  // question that waits begins anew.
  struct Gathering {
    protocol::sum::StandingContext context;
    SessionId question;
    policies::Permit permit;
    policies::Period period;
    std::map<PartyId, Bytes> statements;
    protocol::sum::Standings standings;
    UtcTime begun_at;
    UtcTime gives_up_at;
    bool status_sent = false;
    // Of a linked table, once all have said their standing.
    bool linking = false;
  };

  Result<Work> on_match_rate(const Delivery& delivery, UtcTime now);
  Result<Work> on_standing(const Delivery& delivery, UtcTime now);
  // All standings are there: the link, or at once the sum.
  Result<Work> begin_attempt(UtcTime now);
  Result<Work> begin_link(UtcTime now);
  Result<Work> after_link(Work work, UtcTime now);
  Result<Work> begin_sum(UtcTime now);
  Work take_up_held(UtcTime now);
  std::optional<Error> too_few() const;
  Result<policies::Edition> make_edition(const protocol::sum::Manifest& manifest);
  Work give_up_gathering(Error why);
  std::vector<PartyId> silent_parties() const;
  Result<protocol::sum::Manifest> plan(UtcTime now);
  Result<Work> after_role(protocol::Step step, UtcTime now);
  Result<Work> finish(UtcTime now);
  Work give_up(Error why);

  LineageContext& lineage_;
  Environment env_;
  const policies::CodeList& codes_;
  std::optional<Gathering> gathering_;
  std::optional<Active> active_;
  LinkStage link_;
  std::optional<protocol::link::LinkFigures> counted_;  // of active_'s release
  std::optional<Ended> ended_;
};

}  // namespace hedgerow::core
