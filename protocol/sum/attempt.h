// One attempt at a release as every role of the sum sees it: the manifest, who takes part, and
// how statements of this attempt are signed and checked.
#pragma once

#include <chrono>
#include <map>
#include <optional>

#include "crypto/sign.h"
#include "protocol/statement.h"
#include "protocol/sum/messages.h"

namespace hedgerow::protocol::sum {

class Attempt {
 public:
  // The hub's own: signs the manifest. The same checks as read().
  static Result<Attempt> make(Parties parties, const Manifest& manifest, SessionId session);

  // From a manifest statement. Refuses (bad_input, the hub as culprit): a signature that does
  // not hold, a header that differs from the body, a hub among the contributors, a contributor
  // without a key. Its date is not checked here.
  static Result<Attempt> read(Parties parties, ByteView manifest_statement);

  const Parties& parties() const { return parties_; }
  const Manifest& manifest() const { return manifest_; }
  const Bytes& manifest_statement() const { return statement_; }
  const SessionId& session() const { return session_; }
  AttemptId id() const { return {manifest_.release, manifest_.attempt}; }
  std::size_t size() const { return manifest_.contributors.size(); }
  std::size_t values() const { return kVectors * manifest_.cells; }
  bool expired(UtcTime now) const { return now > manifest_.expiry; }
  // How long a message of this type is worth delivering: to the expiry, but what belongs to the
  // opening much longer, since a release that has been opened can only be completed.
  std::chrono::seconds lifetime(MessageType type, UtcTime now) const;
  // The contributor's place in the manifest's order; empty for anybody else.
  std::optional<std::size_t> index_of(const PartyId& party) const;

  // A statement of this node in this attempt, encoded.
  Bytes sign(MessageType type, Bytes body) const;
  // The body of `sender`'s statement of this type. Refuses (bad_input, `blame` as culprit) a
  // wrong signature and a statement of another type, sender, session, lineage or agreement.
  Result<Bytes> read_statement(MessageType type, const PartyId& sender, ByteView statement,
                               const PartyId& blame) const;
  // A list that holds exactly one statement of each contributor, in order: their bodies.
  Result<std::vector<Bytes>> read_list(MessageType type, ByteView list) const;
  // The id of this attempt, else an error.
  Result<void> check_id(const AttemptId& id, const PartyId& blame) const;

 private:
  Attempt() = default;

  Parties parties_;
  Manifest manifest_;
  SessionId session_;
  Bytes statement_;
};

// E_j of every contributor from a roster, in order. Refuses, the hub as culprit, a roster that
// is not this attempt's, not of all contributors, or with the same key twice; and names the
// contributor whose signed key is unusable.
Result<std::vector<MaskPublicKey>> read_roster(const Attempt& attempt, ByteView roster);

// Refuses, the hub as culprit, unless every contributor has signed `roster`.
Result<void> check_roster_signatures(const Attempt& attempt, const Hash64& roster,
                                     ByteView signatures);
// H(y_j) of every contributor, in order, each signed for `roster`.
Result<std::vector<Hash64>> read_masked_hashes(const Attempt& attempt, const Hash64& roster,
                                               ByteView hashes);

// A role's saved state: u32 length and public head, u32 length and secret, u32 count and values
// as u64. Written straight into locked memory.
SecretBytes write_state(ByteView head, ByteView secret, std::span<const std::uint64_t> values);
struct StateView {
  ByteView head;
  ByteView secret;
  ByteView values;  // 8 bytes each, little-endian
};
Result<StateView> read_state(ByteView state);
WipingVector<std::uint64_t> read_values(ByteView values);

}  // namespace hedgerow::protocol::sum
