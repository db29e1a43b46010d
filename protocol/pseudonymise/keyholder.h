// The keyholder's role (cryptography.md A, step 2; docs/design/pseudonymise.md): decide about a
// request, have it paid for, then work. The order is in the types: only authorise() makes an
// Authorised, and the caller commits its charges durably before it calls evaluate().
//
//   Result<BatchId> batch = EvaluateRequest::peek_batch(bytes);   look up what is known of it
//   KeyholderDecision d = authorise(share, requester, bytes, quota, seen);
//   Authorised:  commit charges() and note(), with batch and hash; then
//                std::move(a).evaluate(share, rng), commit the response, send it
//   Resend:      send the bytes again; nothing is charged
//   Refused:     send the body; log the note
//
//   FollowUp f = check(share, requester, bytes, seen, rng);   or prove(...)
//   Answered:    commit its memory and note, then send the response
//   Resend, Refused: as above
//
// After a crash between charging and the response's commit the batch is known without a response:
// authorise() then gives an Authorised without charges. A keyholder that a caller finds busy, or
// a requester that it does not admit, is refused with refuse().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "protocol/pseudonymise/messages.h"
#include "protocol/pseudonymise/seen_batch.h"
#include "protocol/step.h"

namespace hedgerow::protocol {

// One keyholder's part of a lineage's key.
struct KeyShare {
  KeyId key;
  ParticipantIndex index;
  std::uint32_t share_version = 0;
  SecretScalar value;          // x_i
  Element verification_share;  // Y_i = x_i G
  std::size_t threshold = 0;
  std::vector<PartyId> keyholders;  // [0] has index 1
};

// What a requester has left with this keyholder, in elements.
struct EvaluationQuota {
  std::uint64_t import_left = 0;  // a lifetime balance, spent first
  std::uint64_t daily_left = 0;   // of this UTC day
};

// Names of the two quotas in a Charge.
std::string import_quota_account(const PartyId& requester);
std::string daily_quota_account(const PartyId& requester);

struct Resend {
  Bytes response;  // the identical bytes as before
};

struct Refused {
  RefusalReason reason = RefusalReason::busy;
  Bytes body;   // an EvaluateRefusal
  Error error;  // for the operator; names the requester where it is at fault
  LogNote note;
};

class Authorised {
 public:
  // Import quota first, then the daily one; together one unit an element, and where a set is named
  // one more, for the check. Empty where the batch was charged before.
  const std::vector<Charge>& charges() const { return charges_; }
  const BatchId& batch() const { return request_.batch; }
  const Sha256& request_hash() const { return request_hash_; }
  std::size_t elements() const { return request_.blinded_elements.size(); }
  // What charges() are together, or were.
  std::uint64_t cost() const { return elements() + (request_.set ? 1U : 0U); }
  const LogNote& note() const { return note_; }

  // The EvaluateResponse's bytes. Call only when charges() are durable. Single use.
  // Error: configuration, where the share does not match its verification share.
  Result<Bytes> evaluate(const KeyShare& share, Random& rng) &&;

 private:
  friend std::variant<Resend, Refused, Authorised> authorise(const KeyShare&, const PartyId&,
                                                             ByteView, const EvaluationQuota&,
                                                             const std::optional<SeenBatch>&);
  Authorised(EvaluateRequest request, const Sha256& request_hash)
      : request_(std::move(request)), request_hash_(request_hash) {}

  EvaluateRequest request_;
  Sha256 request_hash_;
  std::vector<Charge> charges_;
  LogNote note_;
};

using KeyholderDecision = std::variant<Resend, Refused, Authorised>;

// Pure. `seen` is what the store knows of peek_batch(request) from this requester. Refuses: not a
// request or a bad element (malformed, naming the requester), another key or share version (key),
// a batch id seen with another request (batch_reused), another set than a threshold of the
// keyholders with this one and without the requester (set), more than both quotas have left.
KeyholderDecision authorise(const KeyShare& share, const PartyId& requester, ByteView request,
                            const EvaluationQuota& quota, const std::optional<SeenBatch>& seen);

// What a check, or a proof, came to.
struct Answered {
  MessageType type = MessageType::evaluate_checked;
  Bytes response;
  SeenBatch memory;  // replaces what was known of the batch
  LogNote note;
};

using FollowUp = std::variant<Resend, Refused, Answered>;

// An evaluate-check. Evaluates the one element that was paid for with its batch, once. `seen` is
// what the store knows of peek_batch(message). Refuses: malformed; key; a batch that was not
// evaluated here with a set named (unknown_batch); another request's hash, or another check than
// the one answered before (batch_reused). Error: configuration, as Authorised::evaluate.
Result<FollowUp> check(const KeyShare& share, const PartyId& requester, ByteView message,
                       const std::optional<SeenBatch>& seen, Random& rng);

// An evaluate-prove. Evaluates nothing and charges nothing. Refuses: malformed; key; a batch that
// was not evaluated here (unknown_batch); another request than was answered (batch_reused).
// Error: configuration, as above.
Result<FollowUp> prove(const KeyShare& share, const PartyId& requester, ByteView request,
                       const std::optional<SeenBatch>& seen, Random& rng);

// The caller's own refusal: busy, not_authorised, key.
Refused refuse(const PartyId& requester, ByteView request, RefusalReason reason);

}  // namespace hedgerow::protocol
