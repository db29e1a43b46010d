// A mixer's role in one attempt at a link (cryptography.md B, steps 1, 3 and 5).
//
//   plan (begin)               -> its keys                     called
//   manifest                   -> signature                    signed
//   list, blinded parts        -> evaluated parts              of each contributor
//   check                      -> checked, with proof
//   entries and onions, or the batch of the mixer before
//                              -> batch, counts                passed_on
//
// Everything is in memory: there is no saved state (docs/adr/0021). Whoever carries out the steps
// keeps a note that the attempt was joined, and after a restart sends the refusal `restarted`.
//
// Whoever deviates ends the attempt here: on_message then gives a finished step with the refusal
// for the hub, and failure() names the culprit. An Error from on_message means that the message was
// not of this attempt's parties or not expected at all, and nothing has changed.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "crypto/base/wiping.h"
#include "protocol/link/attempt.h"

namespace hedgerow::protocol::link {

class LinkMixer {
 public:
  enum class Phase : std::uint8_t { called, signed_, passed_on, failed };

  // `plan` as the hub sent it, which the caller has compared with the agreement. Errors: bad_input
  // (Attempt::plan; no mixer of the plan), denied (expired).
  static Result<std::pair<LinkMixer, Step>> begin(Parties parties, const Plan& plan,
                                                  SessionId session, UtcTime now, Random& rng);
  // The refusal of a mixer that has no role for a plan.
  static Result<Outgoing> refuse(Parties parties, const Plan& plan, SessionId session,
                                 RefusalReason reason, const Error& why, UtcTime now);

  Result<Step> on_message(const PartyId& from, MessageType type, ByteView body, UtcTime now,
                          Random& rng);
  // Gives up an attempt that has expired.
  Step on_time(UtcTime now);

  Phase phase() const { return phase_; }
  bool finished() const { return phase_ == Phase::passed_on || phase_ == Phase::failed; }
  const std::optional<Error>& failure() const { return failure_; }
  const Plan& plan() const { return attempt_.plan(); }
  const SessionId& session() const { return attempt_.session(); }

 private:
  // What has come from one contributor.
  struct Seat {
    std::optional<Vouched> list;
    Bytes list_statement;
    std::vector<Element> blinded;
    std::vector<Element> evaluated;
    bool list_done = false;
    std::optional<Element> check;
    bool proved = false;
    std::optional<Vouched> onions;  // at the first mixer only, like what follows
    Bytes onions_statement;
    Bytes ciphertexts;  // as they came, for the hash
    bool onions_done = false;
  };

  LinkMixer(Attempt attempt, std::size_t place)
      : attempt_(std::move(attempt)), place_(place), seats_(attempt_.plan().contributors.size()) {}

  Result<Step> dispatch(const PartyId& from, MessageType type, ByteView body, UtcTime now,
                        Random& rng);
  Result<Step> on_manifest(ByteView body, UtcTime now);
  Result<Step> on_list(std::size_t i, ByteView body);
  Result<Step> on_blinded(std::size_t i, ByteView body, UtcTime now);
  Result<Step> on_check(std::size_t i, ByteView body, UtcTime now, Random& rng);
  Result<Step> on_prove(std::size_t i, ByteView body, UtcTime now, Random& rng);
  Result<Step> on_entries(std::size_t i, ByteView body);
  Result<Step> on_onions(std::size_t i, ByteView body, UtcTime now, Random& rng);
  Result<Step> on_batch(ByteView body, UtcTime now, Random& rng);
  Result<Step> on_void(ByteView body);
  Result<void> check_list(Seat& seat, const PartyId& from) const;
  // Takes a layer off each of `items` and keeps what was in it.
  Result<void> peel(ByteView items, const PartyId& from);
  static bool are_distinct(ByteView list, std::size_t size);
  // All are in: shuffles and passes on.
  Result<Step> pass_on(std::size_t in, const Hash64& hash_in, UtcTime now, Random& rng);
  Step fail(RefusalReason reason, Error why, UtcTime now);
  void wipe_secrets();
  std::size_t size_in() const { return onion_size(layers_in()); }
  std::size_t size_out() const { return onion_size(layers_in() - 1); }
  std::size_t layers_in() const;
  static std::size_t onion_size(std::size_t layers);

  Attempt attempt_;
  std::size_t place_ = 0;  // in the cascade
  Phase phase_ = Phase::called;
  SecretScalar key_;                      // s_j
  Element evaluation_ = Element::base();  // S_j
  SealKeyPair seal_;
  std::vector<Seat> seats_;
  Bytes came_in_;  // behind the first mixer: what came, for the hash
  Bytes peeled_;   // ciphertexts with one layer less
  std::optional<Error> failure_;
};

}  // namespace hedgerow::protocol::link
