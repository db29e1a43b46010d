// The hub in key generation: relays, and is trusted with nothing but going on. It checks all that
// is public, so that a fault is named before it spreads; every keyholder checks it again.
//
//   start -> dkg_start to all keyholders; all dkg_round1 in -> dkg_round2 to all;
//   all dkg_signature in -> dkg_certificate to keyholders, key_ready to every other party of the
//   agreement and to the keyholders too (one that lost its share still learns the key)
//
// A hub that is itself a keyholder gets the keyholders' messages like the others, addressed to
// itself; key_ready is not sent to itself: it takes key_info() and logs key_ready_note.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "protocol/dkg/key_ready.h"
#include "protocol/dkg/key_share.h"
#include "protocol/dkg/messages.h"
#include "protocol/dkg/participant.h"
#include "protocol/dkg/setup.h"
#include "protocol/step.h"

namespace hedgerow::protocol {

class Coordinator {
 public:
  // `parties`: all of the agreement. `patience`: how long a run may take as a whole.
  Coordinator(DkgSetup setup, std::vector<PartyId> parties, std::chrono::seconds patience);

  // From save(), with the setup of that run. Errors: the bytes are none of ours, or the setup is
  // another one: then start a new run.
  static Result<Coordinator> restore(DkgSetup setup, std::vector<PartyId> parties,
                                     std::chrono::seconds patience, ByteView saved);
  SecretBytes save() const;  // holds nothing secret

  // Draws the session. Once. dkg_start, dkg_round2 and dkg_abort live as long as the patience;
  // dkg_certificate and key_ready for thirty days.
  Step start(UtcTime now, Random& rng);

  // Types: dkg_round1, dkg_signature, dkg_abort, from keyholders. Errors (nothing changed): from
  // somebody else, undecodable, another session, too early (Code::try_again). A repetition gives
  // an empty Step. What a keyholder signed wrongly, or says in two ways, aborts and names it.
  Result<Step> receive(const PartyId& from, MessageType type, ByteView body, UtcTime now);

  // Aborts when the run's patience is over, naming a keyholder that has not answered; to be
  // called at the Step's wake_at. Empty Step otherwise.
  Step on_time(UtcTime now);
  Step abandon();

  bool finished() const { return stage_ == Stage::done || stage_ == Stage::failed; }
  const std::optional<SessionId>& session() const { return session_; }
  const std::optional<DkgFailure>& failure() const { return failure_; }
  const std::optional<KeyInfo>& key_info() const { return key_info_; }
  // Keyholders whose message the run waits for.
  std::vector<PartyId> missing() const;

 private:
  enum class Stage : std::uint8_t { idle, round1, certifying, done, failed };

  Result<Step> on_round1(const PartyId& from, DkgIndex index, ByteView body);
  Result<Step> on_signature(const PartyId& from, DkgIndex index, ByteView body);
  Result<Step> on_abort(const PartyId& from, ByteView body);
  Result<void> check_session(const SessionId& session) const;
  Step relay_round1();
  bool build_transcript();  // false: a message is missing or does not hold
  std::vector<DkgSignature> signatures() const;
  Step complete();
  Step fail(DkgAbortReason reason, const PartyId& culprit, const PartyId& reporter);
  void send_to_keyholders(Step& step, MessageType type, const Bytes& body,
                          std::chrono::seconds lifetime) const;
  LogNote note(std::string kind) const;
  Result<void> read_messages(Reader& r);

  DkgSetup setup_;
  std::vector<PartyId> parties_;
  std::chrono::seconds patience_;

  Stage stage_ = Stage::idle;
  std::optional<SessionId> session_;
  UtcTime deadline_;
  std::map<DkgIndex, SignedRound1> round1_;
  std::map<DkgIndex, DkgSignature> signatures_;
  std::optional<DkgTranscript> transcript_;
  std::optional<KeyInfo> key_info_;
  std::optional<DkgFailure> failure_;
};

}  // namespace hedgerow::protocol
