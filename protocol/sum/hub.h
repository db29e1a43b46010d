// The hub's role in one attempt at a sum (cryptography.md C, steps 0 to 5): it brings no vector,
// collects, relays to all what all must see, and ends with the figures or with a reason.
//
//   begin                     -> manifest            adverts
//   advert of everyone        -> roster              signatures
//   signature of everyone     -> roster signatures   inputs
//   input and hash of everyone-> masked hashes       openings
//   opening of everyone       -> figures             finished
//
// Until the masked hashes are shown, an attempt whose contributor stays silent past the
// manifest's expiry, or refuses, ends with failure() and may be retried as attempt + 1 with a
// new manifest. From then on contributors may have opened, and who has opened never takes part
// in another attempt: the role stays, and asks the missing parties again, for as long as its
// state is kept.
//
// The sum of the masked inputs is kept, not each of them. The last opening and the figures are
// never in a saved state: whoever carries out the steps commits what disclosure makes of the
// figures in the transaction of the finishing step, and acknowledges the last opening only then.
// If that fails, the restored role asks for it again.
#pragma once

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "protocol/step.h"
#include "protocol/sum/attempt.h"

namespace hedgerow::protocol::sum {

// The sums over all contributors, small ones included: for disclosure alone.
struct SumFigures {
  WipingVector<std::uint64_t> v, c, k, z;

  SumFigures() = default;
  SumFigures(SumFigures&&) = default;
  SumFigures& operator=(SumFigures&&) = default;
};

struct HubSetup {
  Parties parties;  // self is the hub
  Manifest manifest;
  SessionId session;                   // fresh; all statements of the attempt carry it
  std::chrono::seconds ask_again{60};  // first pause before a silent party is asked again;
                                       // doubles up to an hour
};

class SumHub {
 public:
  enum class Phase : std::uint8_t {
    adverts = 1,
    signatures = 2,
    inputs = 3,
    openings = 4,
    finished = 5,
  };

  // Errors: bad_input (a manifest that cannot be encoded or names another release id than
  // release_id(); the hub among the contributors; a contributor without a key; one that has
  // expired).
  static Result<std::pair<SumHub, Step>> begin(HubSetup setup, UtcTime now);

  // An Error means that the message was refused and nothing has changed; it names the culprit.
  // A refusal by a contributor is not an Error: it finishes the attempt, see failure().
  Result<Step> on_message(const PartyId& from, MessageType type, ByteView body, UtcTime now);
  // Asks silent parties again; past the expiry, and unless openings are awaited, ends the
  // attempt.
  Step on_time(UtcTime now);

  // Nothing may be saved of a finished role. restore() is followed by on_time().
  SecretBytes save() const;
  static Result<SumHub> restore(Parties parties, std::chrono::seconds ask_again, ByteView state);

  Phase phase() const { return phase_; }
  bool finished() const { return phase_ == Phase::finished; }
  // Why there are no figures: try_again naming the silent party, the refusal's reason naming
  // the contributor, or bad_input where the opened sums cannot be sums of valid inputs.
  const std::optional<Error>& failure() const { return failure_; }
  // Whom the attempt is waiting for.
  std::vector<PartyId> waiting_for() const;
  const Manifest& manifest() const { return attempt_.manifest(); }
  const Bytes& manifest_statement() const { return attempt_.manifest_statement(); }
  const SessionId& session() const { return attempt_.session(); }
  // h, from the phase `signatures` on.
  const Hash64& roster_hash() const { return roster_hash_; }

  // Once, and only where finished() without failure().
  bool has_figures() const { return has_figures_; }
  SumFigures take_figures() &&;

 private:
  // What has come from one contributor.
  struct Seat {
    Bytes advert;
    Bytes signature;
    std::optional<Hash64> input;         // H(y), computed here
    std::optional<Hash64> signed_input;  // H(y), as masked_hash states it
    Bytes masked_hash;
    std::optional<MaskSeed> opening;
  };

  explicit SumHub(Attempt attempt);

  Result<Step> on_advert(std::size_t i, ByteView body, UtcTime now);
  Result<Step> on_signature(std::size_t i, ByteView body, UtcTime now);
  Result<Step> on_masked_input(std::size_t i, ByteView body, UtcTime now);
  Result<Step> on_masked_hash(std::size_t i, ByteView body, UtcTime now);
  Result<Step> on_opening(std::size_t i, ByteView body, UtcTime now);
  Result<Step> on_refusal(std::size_t i, ByteView body, UtcTime now);

  bool has_answered(const Seat& seat) const;
  // Saves, and moves on where nobody is waited for any more.
  Step after(std::string_view kind, std::size_t i, UtcTime now);
  void advance();
  void unmask();
  // Tells everyone but the refuser, who knows.
  Step fail(Error why, const PartyId& refuser, UtcTime now);
  static std::string_view name_of(Phase phase);
  LogNote note(std::string_view kind) const;
  Result<void> read_keys();
  Bytes list_of(Bytes Seat::*field) const;
  Outgoing ask(const PartyId& to, UtcTime now) const;
  UtcTime next_wake(UtcTime now) const;

  Attempt attempt_;
  std::chrono::seconds ask_again_{60};
  std::uint32_t asked_ = 0;  // times since this phase began; not saved
  Phase phase_ = Phase::adverts;
  std::vector<Seat> seats_;          // in the manifest's order
  std::vector<MaskPublicKey> keys_;  // of the adverts so far, in the order of arrival
  Hash64 roster_hash_;
  Bytes roster_;
  Bytes asking_;                        // the body that this phase's answers answer
  WipingVector<std::uint64_t> values_;  // the sum of the masked inputs; at the end, the figures
  bool has_figures_ = false;
  std::optional<Error> failure_;
};

}  // namespace hedgerow::protocol::sum
