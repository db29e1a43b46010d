// The messages of pseudonymisation (cryptography.md A; docs/design/pseudonymise.md), as bytes.
//
//   EvaluateRequest   key id 16 | share version u32 | batch id 16 | u32 purpose | u8 S, u16 each |
//                     u32 C run
//   EvaluateResponse  batch id 16 | index u16 | share version u32 | request hash 32 | u32 D run |
//                     u32 proof
//   EvaluateRefusal   batch id 16 | hash 32 | reason u8 | quota left u32
//   EvaluateCheck     key id 16 | share version u32 | batch id 16 | request hash 32 | M 32
//   EvaluateChecked   batch id 16 | index u16 | share version u32 | check hash 32 | V 32 | proof 64
//
// evaluate-prove has the bytes of the EvaluateRequest whose answer is to be proven. A run is 1 to
// kMaxBatch elements of 32 bytes, one after the other. The hashes are the SHA-256 of the bytes of
// what is answered: an answer belongs to exactly one request.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/base/ids.h"
#include "crypto/dleq.h"
#include "crypto/group.h"
#include "crypto/shamir.h"
#include "crypto/threshold_oprf.h"

namespace hedgerow::protocol {

using BatchId = Id<struct BatchTag, 16>;  // random, one for each blinded batch

inline constexpr std::size_t kMaxPurposeSize = 64;

struct EvaluateRequest {
  KeyId key;
  std::uint32_t share_version = 0;
  BatchId batch;
  std::string purpose;  // a name as in crypto/base/ids.h; it goes on the keyholder's log
  // The keyholders that must all answer, each with its coefficient folded in and without a proof,
  // one of them the receiver. Absent: the receiver answers by itself, with a proof.
  std::optional<EvaluationSet> set;
  std::vector<Element> blinded_elements;

  Bytes encode() const;
  // Errors: not such a message; a purpose that is no name; a set of more than kMaxEvaluationSet,
  // not ascending, or with index 0; 0 or more than kMaxBatch elements; an element that
  // cryptography.md 0 refuses.
  static Result<EvaluateRequest> decode(ByteView bytes);
  // The batch id alone, of an EvaluateRequest or an EvaluateCheck, for looking up whether it was
  // seen, before anything costly.
  static Result<BatchId> peek_batch(ByteView bytes);
};

struct EvaluateResponse {
  BatchId batch;
  ParticipantIndex index;
  std::uint32_t share_version = 0;
  Sha256 request_hash;
  std::vector<Element> evaluated_elements;
  std::optional<DleqProof> proof;

  Bytes encode() const;
  // Errors: not such a message; index 0; 0 or more than kMaxBatch elements; a bad element or
  // scalar. The proof is not verified here.
  static Result<EvaluateResponse> decode(ByteView bytes);
};

struct EvaluateCheck {
  KeyId key;
  std::uint32_t share_version = 0;
  BatchId batch;
  Sha256 request_hash;  // of the batch's EvaluateRequest
  Element element;      // M

  Bytes encode() const;
  // Errors: not such a message; a bad element.
  static Result<EvaluateCheck> decode(ByteView bytes);
};

struct EvaluateChecked {
  BatchId batch;
  ParticipantIndex index;
  std::uint32_t share_version = 0;
  Sha256 check_hash;
  Element evaluated_element;  // V
  DleqProof proof;

  Bytes encode() const;
  // Errors: not such a message; index 0; a bad element or scalar. The proof is not verified here.
  static Result<EvaluateChecked> decode(ByteView bytes);
};

enum class RefusalReason : std::uint8_t {
  quota = 1,           // not enough left; quota_left says how much is
  key = 2,             // another key or share version than the keyholder's
  busy = 3,            // too much in hand: try another, or later
  not_authorised = 4,  // this requester or purpose may not ask
  malformed = 5,       // a bad element, or not a request at all (batch id zero)
  batch_reused = 6,    // the batch id was used for another request, or for another check
  set = 7,             // not a threshold of keyholders, the receiver among them and not the sender
  unknown_batch = 8,   // no evaluation here to be checked or proven
};

std::string_view name_of(RefusalReason reason);

struct EvaluateRefusal {
  BatchId batch;
  Sha256 request_hash;  // of what is refused
  RefusalReason reason = RefusalReason::busy;
  std::uint32_t quota_left = 0;  // elements; zero unless the reason is quota

  Bytes encode() const;
  // Errors: not such a message; an unknown reason; quota left beside another reason.
  static Result<EvaluateRefusal> decode(ByteView bytes);
};

}  // namespace hedgerow::protocol
