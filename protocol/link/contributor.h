// A contributor's role in one attempt at a link (cryptography.md B, steps 2, 4 and 6).
//
//   manifest and signatures (begin)  -> blinding, in slices        blinding
//                                    -> list, blinded parts        evaluating
//   every mixer's evaluated parts    -> weighing, in slices        weighing
//                                    -> check                      checking
//   every mixer's checked            -> sealing, in slices         sealing
//     (where they do not fit: prove  -> every mixer's proof        proving)
//                                    -> entries, onions            sent
//   cascade and hashes               -> confirmation               agreeing
//   everybody's confirmation                                       confirmed
//
// Slices are done on_time(), at once where a step asks to be woken now. Everything is in memory:
// there is no saved state (docs/adr/0021). Whoever carries out the steps
// - keeps a note that the attempt was joined, and after a restart sends the refusal `restarted`;
// - records with a step after which sent() is set {release, roster} under a key unique to the
//   release, and gives it to every later begin();
// - takes part in the companion sum only where confirmed().
//
// Whoever deviates ends the attempt here: on_message then gives a finished step with the refusal
// for the hub, and failure() names the culprit. An Error from on_message means that the message was
// not of this attempt's parties, and nothing has changed.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "crypto/base/wiping.h"
#include "crypto/batch_check.h"
#include "crypto/pseudonym.h"
#include "protocol/link/attempt.h"

namespace hedgerow::protocol::link {

// What one entry counts: a child in a cell or, of episodes, a child and the day one began (days
// since 1970-01-01).
struct LinkItem {
  std::uint32_t cell = 0;
  Pseudonym child;
  std::int32_t day = 0;  // of episodes; else 0

  friend auto operator<=>(const LinkItem&, const LinkItem&) = default;
};
using LinkInput = WipingVector<LinkItem>;  // at most the plan's entries, each once

struct LinkContributorSetup {
  Parties parties;
  Bytes begin;                       // link-begin, as received
  Lineage lineage;                   // of this session
  AgreementHash agreement;           // the version in force
  Sha256 editions_head;              // of this node's chain of released editions
  std::uint32_t lowest_attempt = 1;  // one more than the last attempt joined at this release
  std::optional<Hash64> sent;        // link_roster_hash() of the roster it has sent entries for
  LinkInput input;
};

class LinkContributor {
 public:
  enum class Phase : std::uint8_t {
    blinding,
    evaluating,
    weighing,
    checking,
    proving,
    sealing,
    sent,
    agreeing,
    confirmed,
    failed,
  };

  // Whether the release is permitted, and whether its table, cells, bounds, roster, mixers and
  // thresholds are right, is for the caller to evaluate before. Errors: bad_input (a manifest that
  // does not hold, is not signed by every mixer, has no place for this party; an input that does
  // not fit), denied (an expired manifest, another agreement, an attempt below the lowest, another
  // head of the editions, entries sent with another roster).
  static Result<std::pair<LinkContributor, Step>> begin(LinkContributorSetup setup, UtcTime now,
                                                        Random& rng);
  // The message by which a node says no to a manifest it has no role for.
  static Result<Outgoing> refuse(Parties parties, ByteView begin, RefusalReason reason,
                                 const Error& why, UtcTime now);

  Result<Step> on_message(const PartyId& from, MessageType type, ByteView body, UtcTime now,
                          Random& rng);
  // The next slice; gives up an attempt that has expired.
  Step on_time(UtcTime now, Random& rng);

  Phase phase() const { return phase_; }
  bool finished() const { return phase_ == Phase::confirmed || phase_ == Phase::failed; }
  bool sent() const {
    return phase_ == Phase::sent || phase_ == Phase::agreeing || phase_ == Phase::confirmed;
  }
  // Everybody has confirmed the same entries.
  bool confirmed() const { return phase_ == Phase::confirmed; }
  Hash64 roster() const { return link_roster_hash(plan().contributors); }
  const std::optional<Error>& failure() const { return failure_; }
  const Plan& plan() const { return attempt_.plan(); }
  const SessionId& session() const { return attempt_.session(); }

 private:
  // What has come from one mixer.
  struct Reply {
    std::vector<Element> evaluated;
    std::optional<Element> check;
    bool proved = false;
  };
  // A point of the list before it is blinded.
  struct Target {
    std::uint32_t item = 0;
    bool episode = false;
  };

  explicit LinkContributor(Attempt attempt)
      : attempt_(std::move(attempt)), replies_(attempt_.plan().mixers.size()) {}

  static Result<Attempt> read_begin(Parties parties, ByteView begin);
  void plan_points(Random& rng);
  Result<Step> dispatch(const PartyId& from, MessageType type, ByteView body, UtcTime now,
                        Random& rng);
  Result<Step> on_evaluated(std::size_t j, ByteView body, UtcTime now);
  Result<Step> on_checked(std::size_t j, ByteView body, UtcTime now);
  Result<Step> on_proof(std::size_t j, ByteView body);
  Result<Step> on_cascade(ByteView body);
  Result<Step> on_hashes(ByteView body, UtcTime now);
  Result<Step> on_confirmations(ByteView body);
  Result<Step> on_void(ByteView body);
  // With whom it waits for: it cannot be told from here whose words were lost.
  Step expire(UtcTime now);
  Result<Step> slice(UtcTime now, Random& rng);
  Result<void> blind_slice(std::size_t end, Random& rng);
  Result<void> weigh_slice(std::size_t end, Random& rng);
  Result<void> seal_slice(std::size_t end, Random& rng);
  Result<Step> send_list(UtcTime now);
  Result<Step> send_check(UtcTime now);
  Result<Step> send_entries(UtcTime now);
  Result<Step> compare(UtcTime now);
  Result<Element> sum_at(std::size_t k) const;
  Result<void> check_chain();
  Step fail(RefusalReason reason, Error why, UtcTime now);
  void wipe_secrets();

  Attempt attempt_;
  Phase phase_ = Phase::blinding;
  std::size_t done_ = 0;  // of the phase's slices: points or entries
  LinkInput input_;
  SecretScalar blind_;                      // r
  std::vector<Target> targets_;             // each needs a point
  std::vector<std::uint32_t> place_;        // of target k in the list; then the padding's
  std::vector<std::uint32_t> child_point_;  // of item i: its target
  std::vector<std::uint32_t> episode_point_;
  std::vector<std::optional<Element>> blinded_;  // B, by place
  std::vector<Reply> replies_;
  std::optional<Element> m_, v_;  // sum of w_k B_k and of w_k Z_k
  std::vector<std::uint32_t> entry_order_;
  Bytes onions_;
  std::vector<ByteArray<16>> own_hashes_;  // of this party's innermost ciphertexts
  std::optional<Cascade> cascade_;
  Bytes entries_statement_;
  Bytes hashes_;  // as the hub showed them
  Hash64 shown_;  // as the last mixer states them
  std::optional<Error> failure_;
};

}  // namespace hedgerow::protocol::link
