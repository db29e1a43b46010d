// The contributor's role in one attempt at a sum (cryptography.md C, steps 1 to 5).
//
//   manifest           -> advert                       advertised
//   roster             -> roster signature             roster_signed
//   roster signatures  -> masked input, masked hash    sent
//   masked hashes      -> opening                      opened
//
// What whoever carries out the steps has to do, beyond the order of exchange:
// - keep one role alive a release. Before begin() for a newer attempt, drop the role of the
//   older one together with its saved state, in the same transaction as the new one's;
// - with a step after which opened() is set, record that marker in the same transaction under a
//   key unique to the release, and give it to every later begin() and restore();
// - on a step that could not be committed, drop the role and restore the last saved state;
// - keep the saved state of a role that is sent or opened until the release is known or a newer
//   attempt replaces it: the hub may ask for the same bytes again, even after the expiry.
//
// A message already acted on brings the same reply again, byte for byte. An Error from
// on_message means that the message was refused and nothing has changed.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "protocol/step.h"
#include "protocol/sum/attempt.h"

namespace hedgerow::protocol::sum {

// The contributor's four vectors over the manifest's cells (cryptography.md C): V the figure,
// C the children counted once, K 1 where it holds at least min_children of them, Z 1 where it
// holds fewer, but some.
struct SumInput {
  WipingVector<std::uint64_t> v, c, k, z;

  SumInput() = default;
  SumInput(SumInput&&) = default;
  SumInput& operator=(SumInput&&) = default;

  // All of `cells` entries, none above kMaxCellValue, and in every cell K + Z = (C > 0).
  Result<void> check(std::size_t cells) const;
};

// This release has been opened, with this roster and no other, ever.
struct OpenedMarker {
  ReleaseId release;
  Hash64 roster;
  friend bool operator==(const OpenedMarker&, const OpenedMarker&) = default;
};

struct ContributorSetup {
  Parties parties;
  Bytes manifest;                      // the hub's statement, as received
  Lineage lineage;                     // of this session
  AgreementHash agreement;             // the version in force
  Sha256 editions_head;                // of this node's chain of released editions
  std::uint32_t lowest_attempt = 1;    // one more than the last attempt joined at this release
  std::optional<OpenedMarker> opened;  // this release's, from the store
  SumInput input;
};

class SumContributor {
 public:
  enum class Phase : std::uint8_t {
    advertised = 1,
    roster_signed = 2,
    sent = 3,
    opened = 4,
    given_up = 5,
  };

  // Whether the release is permitted at all is for the caller to evaluate before; see refusal()
  // for saying no. Errors: bad_input (a manifest that does not hold, names another release id
  // than release_id(), has no place for this party; an input that does not fit), denied (an
  // expired manifest, another agreement, an attempt below the lowest, another head of the
  // editions, a release already opened).
  static Result<std::pair<SumContributor, Step>> begin(ContributorSetup setup, UtcTime now,
                                                       Random& rng);

  Result<Step> on_message(const PartyId& from, MessageType type, ByteView body, UtcTime now,
                          Random& rng);
  // Gives up an attempt whose manifest has expired before anything was sent.
  Step on_time(UtcTime now);
  // This node's own decision not to go on. denied once opened.
  Result<Step> refuse(RefusalReason reason, std::string_view text);
  // The message by which a node says no to a manifest it has no role for.
  static Result<Outgoing> refusal(const Parties& parties, ByteView manifest_statement,
                                  RefusalReason reason, std::string_view text);

  // restore() takes the same parties as begin(). Errors: configuration (not a saved state of this
  // party), denied (the release has been opened with another roster).
  SecretBytes save() const;
  static Result<SumContributor> restore(Parties parties, std::optional<OpenedMarker> opened,
                                        ByteView state);

  Phase phase() const { return phase_; }
  // Given up: nothing of the attempt is left. An opened role is not finished, since the hub may
  // ask for the opening again; whoever learns that the release is known drops it.
  bool finished() const { return phase_ == Phase::given_up; }
  // Set from the step that opens.
  std::optional<OpenedMarker> opened() const;
  const Manifest& manifest() const { return attempt_.manifest(); }
  const SessionId& session() const { return attempt_.session(); }

 private:
  explicit SumContributor(Attempt attempt) : attempt_(std::move(attempt)) {}

  Result<Step> on_manifest(ByteView body, UtcTime now);
  Result<Step> on_roster(ByteView body, UtcTime now);
  Result<Step> on_roster_signatures(ByteView body, UtcTime now, Random& rng);
  Result<Step> on_masked_hashes(ByteView body, UtcTime now);
  Result<Step> on_void(ByteView body);
  Result<void> expect_time(UtcTime now) const;
  Result<void> mask(const std::vector<MaskPublicKey>& keys, Random& rng);
  void give_up();
  Outgoing to_hub(MessageType type, Bytes body, UtcTime now) const;
  Outgoing opening(UtcTime now) const;
  // A step with this role's state and a note for the log.
  Step recorded(std::string_view kind) const;

  Attempt attempt_;
  Phase phase_ = Phase::advertised;

  MaskSecretKey key_;                   // e_i, until sent
  WipingVector<std::uint64_t> values_;  // x_i, until sent
  MaskSeed seed_;                       // b_i, from sent on
  Hash64 roster_hash_;                  // h, from roster_signed on
  // What was sent and may be asked for again, as encoded.
  Bytes advert_;
  Bytes roster_;
  Bytes signature_;
  Bytes masked_input_;
  Bytes masked_hash_;
};

}  // namespace hedgerow::protocol::sum
