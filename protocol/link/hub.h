// The hub's role in one attempt at a link (cryptography.md B, steps 1, 5, 6 and 7): it brings no
// entries, plans, collects what was stated, shows the hashes, and counts.
//
//   begin                        -> plan to the mixers          keys
//   key of every mixer           -> manifest                    signatures
//   signature of every mixer     -> begin to the contributors   running
//   statements, counts, batch    -> cascade, hashes             confirmations
//   confirmation of everyone     -> all of them; opening        opening
//                                -> figures                     finished
//
// Everything is in memory: there is no saved state (docs/adr/0021). An attempt ends with failure()
// where somebody refuses, deviates or stays silent past the expiry; the next one has a higher
// number and fresh keys.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "crypto/base/wiping.h"
#include "protocol/link/attempt.h"
#include "protocol/link/entry.h"

namespace hedgerow::protocol::link {

inline constexpr std::uint32_t kMaxDegree = 64;

// What the entries come to, small numbers included: for disclosure alone.
struct LinkFigures {
  // tokens[cell * degrees + k - 1]: distinct tokens with exactly k entries or, of episodes, with k
  // distinct episode tokens (the last class: that many or more).
  std::uint32_t degrees = 0;
  WipingVector<std::uint64_t> tokens;
  // By agency: tokens that both of a pair of contributors entered, pairs (0,1), (0,2) .. in order.
  WipingVector<std::uint64_t> pairs;
  // Entries by cell: what the companion sum's C must be (of episodes: at least the distinct tokens,
  // which C must not be below).
  WipingVector<std::uint64_t> entries;

  LinkFigures() = default;
  LinkFigures(LinkFigures&&) = default;
  LinkFigures& operator=(LinkFigures&&) = default;
};

struct LinkHubSetup {
  Parties parties;  // self is the hub
  Plan plan;
  SessionId session;  // fresh; all statements of the attempt carry it
};

class LinkHub {
 public:
  enum class Phase : std::uint8_t { keys, signatures, running, confirmations, opening, finished };

  // Errors: bad_input (Attempt::plan), denied (expired).
  static Result<std::pair<LinkHub, Step>> begin(LinkHubSetup setup, UtcTime now, Random& rng);

  // An Error means that the message was not of this attempt's parties, and nothing has changed.
  // Whoever deviates ends the attempt: a finished step, and failure() names the culprit.
  Result<Step> on_message(const PartyId& from, MessageType type, ByteView body, UtcTime now,
                          Random& rng);
  // The next slice of opening; past the expiry ends the attempt.
  Step on_time(UtcTime now);
  // The caller's own reason to end it: everybody is told.
  Step end(RefusalReason reason, Error why, UtcTime now);

  Phase phase() const { return phase_; }
  bool finished() const { return phase_ == Phase::finished; }
  // Why there are no figures, with the party at fault where it is known.
  const std::optional<Error>& failure() const { return failure_; }
  // Whom it waits for. Where two may be at fault for one silence, both.
  std::vector<PartyId> waiting_for() const;
  const Plan& plan() const { return attempt_.plan(); }
  const SessionId& session() const { return attempt_.session(); }
  const Hash64& qh() const { return attempt_.qh(); }

  // Once, and only where finished() without failure().
  bool has_figures() const { return has_figures_; }
  LinkFigures take_figures() &&;

 private:
  struct ContributorSeat {
    std::optional<Vouched> list;  // as the first mixer to report was shown
    std::vector<bool> list_seen;  // by mixer
    Bytes entries;                // statement
    Hash64 stated;
    Bytes confirmation;  // statement
  };
  struct MixerSeat {
    std::optional<MixerKeys> keys;
    Bytes signature;
    std::optional<Counts> counts;
    Bytes counts_statement;
  };
  // An opened entry, without what it does not need.
  struct Opened {
    std::uint32_t cell = 0;
    LinkToken token{};
    LinkToken episode{};
    std::uint8_t contributor = 0;
    friend auto operator<=>(const Opened&, const Opened&) = default;
  };

  explicit LinkHub(Attempt attempt);

  Result<Step> dispatch(const PartyId& from, MessageType type, ByteView body, UtcTime now);
  Result<Step> on_key(std::size_t j, ByteView body, UtcTime now);
  Result<Step> on_signature(std::size_t j, ByteView body, UtcTime now);
  Result<Step> on_list_seen(std::size_t j, ByteView body, UtcTime now);
  Result<Step> on_entries_seen(ByteView body, UtcTime now);
  Result<Step> on_counts(std::size_t j, ByteView body, UtcTime now);
  Result<Step> on_batch(ByteView body, UtcTime now);
  Result<Step> on_confirmation(std::size_t i, ByteView body, UtcTime now);
  Result<Step> on_refusal(const PartyId& from, ByteView body, UtcTime now);
  // Which contributor a relayed statement is of; the error blames the relaying mixer.
  Result<std::size_t> contributor_of(ByteView statement, const PartyId& blame) const;
  Result<Step> when_complete(UtcTime now);
  Result<void> check_chain() const;
  Result<void> check_hashes();
  UtcTime gives_up_at() const;
  // The hashes to one contributor at a time: together they are many times the batch.
  Step show_slice(UtcTime now);
  Result<void> open_slice(std::size_t end);
  void count();
  Step fail(RefusalReason reason, Error why, UtcTime now);
  void wipe_secrets();
  std::size_t ciphertext_size() const { return onion_size(1); }

  Attempt attempt_;
  Phase phase_ = Phase::keys;
  UtcTime begun_at_;
  SealKeyPair seal_;
  std::vector<ContributorSeat> contributors_;
  std::vector<MixerSeat> mixers_;
  Bytes batch_;
  Bytes cascade_;  // link-cascade, encoded
  Bytes hashes_;   // of all entries, sorted
  Hash64 shown_;   // hash of these
  std::size_t shown_to_ = 0;
  std::size_t opened_count_ = 0;
  WipingVector<Opened> opened_;
  LinkFigures figures_;
  bool has_figures_ = false;
  std::optional<Error> failure_;
};

}  // namespace hedgerow::protocol::link
