// One attempt at a link as every role sees it: the manifest, who takes part, how its statements are
// signed and checked, and how a party ends its part.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "protocol/link/messages.h"
#include "protocol/release.h"
#include "protocol/step.h"

namespace hedgerow::protocol::link {

class Attempt {
 public:
  // Before there is a manifest: what a plan alone says. Refuses (bad_input, the hub as culprit)
  // another release id than release_id(), a hub that is contributor or mixer, a party without key.
  static Result<Attempt> plan(Parties parties, const Plan& plan, SessionId session);
  // The hub's manifest for the plan: signed.
  Result<Attempt> with_keys(std::vector<MixerKeys> keys, const SealPublicKey& hub_key) const;
  // From the hub's statement, with every proof of knowledge checked. Refuses, beside the above: a
  // signature or proof that does not hold, a header that differs from the body.
  static Result<Attempt> read(Parties parties, ByteView manifest_statement);

  const Parties& parties() const { return parties_; }
  const PartyId& self() const { return parties_.self; }
  const PartyId& hub() const { return parties_.hub; }
  const Plan& plan() const { return manifest_.plan; }
  const AttemptId& id() const { return manifest_.plan.id; }
  const SessionId& session() const { return session_; }
  bool expired(UtcTime now) const { return now > plan().expiry; }
  std::chrono::seconds lifetime(UtcTime now) const;  // of a message: to the expiry, at least 60 s
  // Place in the plan's order; empty for anybody else.
  std::optional<std::size_t> contributor(const PartyId& party) const;
  std::optional<std::size_t> mixer(const PartyId& party) const;
  bool is_party(const PartyId& party) const;  // of the attempt, the hub included

  // With a manifest only.
  const Bytes& manifest_statement() const { return statement_; }
  const Hash64& qh() const { return qh_; }
  const std::vector<MixerKeys>& keys() const { return manifest_.keys; }
  const SealPublicKey& hub_key() const { return manifest_.hub_key; }
  std::vector<SealPublicKey> seal_keys_from(std::size_t mixer) const;  // of it and those behind it

  Bytes sign(MessageType type, Bytes body) const;
  // The body of `sender`'s statement of this type in this attempt. The error blames `blame`.
  Result<Bytes> read_statement(MessageType type, const PartyId& sender, ByteView statement,
                               const PartyId& blame) const;
  // The same for a statement over a hash: of this attempt and qh, of `count` items.
  Result<Vouched> read_vouched(MessageType type, const PartyId& sender, ByteView statement,
                               std::size_t count, const PartyId& blame) const;
  // A part that continues a list of which `have` items are there and which has `all` of `size`
  // bytes each: full, except the last one. `most` items a part.
  Result<Part> read_part(ByteView body, std::size_t have, std::size_t all, std::size_t size,
                         std::size_t most, const PartyId& blame) const;
  Result<void> check_id(const AttemptId& other, const PartyId& blame) const;

  Outgoing to(const PartyId& party, MessageType type, Bytes body, UtcTime now) const;
  // `items` in parts.
  void send_parts(Step& step, const PartyId& party, MessageType type, ByteView items,
                  std::size_t size, std::size_t most, UtcTime now) const;
  // This party's refusal, for the hub. The text is cut and cleaned to what a refusal may hold.
  Outgoing refusal(RefusalReason reason, const Error& why, UtcTime now) const;
  Void void_body(RefusalReason reason, const Error& why) const;
  LogNote note(std::string_view kind) const;
  // How a role ends its part: finished, with a word on the log and, but for the hub's own void, the
  // refusal for the hub.
  Step failed(RefusalReason reason, const Error& why, UtcTime now) const;
  struct Voided {
    Error why;
    Step step;
  };
  Result<Voided> read_void(ByteView body) const;

 private:
  Attempt() = default;
  Result<void> check() const;

  Parties parties_;
  Manifest manifest_{};
  SessionId session_;
  Bytes statement_;
  Hash64 qh_;
};

Error not_expected(const PartyId& from, MessageType type);

// The roster as it is remembered: SHA-512("hedgerow/v1/link-roster", contributors).
Hash64 link_roster_hash(const std::vector<PartyId>& contributors);

}  // namespace hedgerow::protocol::link
