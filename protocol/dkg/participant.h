// A keyholder in key generation (cryptography.md A, "Key set-up"; docs/design/key-generation.md).
//
//   dkg_start -> dkg_round1 -> dkg_round2 -> dkg_signature -> dkg_certificate -> the key
//
// receive() gives a Step whose `state` must be durable before anything of it is sent: the Step
// with dkg_signature carries share and transcript, so they are stored before the signature can
// leave. When `finished`: failure() or take_key().
//
// A message that contradicts the protocol aborts: dkg_abort to the hub, failure() names the
// culprit, and the state left behind holds no secret. Blame is certain: each round 1 message is
// signed by its sender, so what fails inside one is the sender's doing, and what the hub ought
// to have refused or has altered is the hub's. A message that is merely out of place (another
// session, another sender, a repetition, one too early) changes nothing.
#pragma once

#include <optional>
#include <string>

#include "crypto/dkg.h"
#include "protocol/dkg/key_share.h"
#include "protocol/dkg/messages.h"
#include "protocol/dkg/setup.h"
#include "protocol/step.h"

namespace hedgerow::protocol {

struct DkgFailure {
  DkgAbortReason reason = DkgAbortReason::abandoned;
  PartyId culprit;   // empty: nobody in particular
  std::string text;  // for the operator and the log

  static DkgFailure make(DkgAbortReason reason, const PartyId& culprit);
};

class Participant {
 public:
  // Waits for dkg_start. Errors: `self` is no keyholder of the setup, or `static_secret` is not
  // the key in its certificate.
  static Result<Participant> make(DkgSetup setup, PartyId self, const SecretScalar& static_secret);

  // From save(). Where the setup is no longer the saved session's (a certificate renewed in the
  // middle of a run) the participant has failed and the Step tells the hub; otherwise the Step
  // is empty and the run goes on. Error: the bytes are none of ours.
  struct Restored;
  static Result<Restored> restore(DkgSetup setup, PartyId self, const SecretScalar& static_secret,
                                  ByteView saved);
  SecretBytes save() const;

  // Types: dkg_start, dkg_round2, dkg_certificate, dkg_abort, all from the hub. Errors (nothing
  // changed): not from the hub, undecodable, another session, too early (Code::try_again).
  // A repetition gives an empty Step.
  Result<Step> receive(const PartyId& from, MessageType type, ByteView body, UtcTime now,
                       Random& rng);

  // Gives up: for a new session, or an operator. Empty Step when already finished.
  Step abandon();

  bool finished() const { return stage_ == Stage::done || stage_ == Stage::failed; }
  const std::optional<SessionId>& session() const { return session_; }
  const std::optional<DkgFailure>& failure() const { return failure_; }
  // Once, after the Step that finished without failure; in the same transaction as that Step's
  // state, which no longer holds the share. Empty otherwise.
  std::optional<KeyShareRecord> take_key();
  // The success certificate, as key_ready has it; empty until the key is complete.
  const Bytes& certificate() const { return certificate_; }

 private:
  enum class Stage : std::uint8_t { waiting, committed, certified, done, failed };

  Participant(DkgSetup setup, PartyId self, SecretScalar static_secret, DkgIndex own)
      : setup_(std::move(setup)),
        self_(std::move(self)),
        static_secret_(std::move(static_secret)),
        own_(own) {}

  Result<Step> on_start(ByteView body, Random& rng);
  Result<Step> on_round2(ByteView body);
  Result<Step> on_certificate(ByteView body);
  Result<Step> on_abort(ByteView body);
  Result<void> check_session(const SessionId& session) const;
  bool relayed_faithfully(const DkgParameters& parameters,
                          const std::vector<SignedRound1>& round1) const;
  PartyId party(DkgIndex index) const;
  PartyId culprit_of(const Error& error) const;
  Step fail(DkgAbortReason reason, const PartyId& culprit, bool tell_hub);
  LogNote note(std::string kind) const;

  DkgSetup setup_;
  PartyId self_;
  SecretScalar static_secret_;
  DkgIndex own_;

  Stage stage_ = Stage::waiting;
  std::optional<SessionId> session_;
  Sha256 start_hash_;   // of the dkg_start answered
  Sha256 round2_hash_;  // of the dkg_round2 answered
  std::optional<SignedRound1> own_round1_;
  std::optional<DkgRound3> round3_;
  std::optional<KeyShareRecord> key_;
  Bytes certificate_;
  std::optional<DkgFailure> failure_;
};

struct Participant::Restored {
  Participant participant;
  Step step;
};

}  // namespace hedgerow::protocol
