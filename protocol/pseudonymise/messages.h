// The three messages of pseudonymisation (cryptography.md A, steps 1 and 2), as bytes.
//
//   EvaluateRequest   key id 16 | share version u32 | batch id 16 | u32 purpose | u32 C run
//   EvaluateResponse  batch id 16 | index u16 | share version u32 | request hash 32 | u32 D run |
//   proof 64 EvaluateRefusal   batch id 16 | request hash 32 | reason u8 | quota left u32
//
// A run is 1 to kMaxBatch elements of 32 bytes, one after the other. The request hash is the
// SHA-256 of the request's bytes: an answer belongs to exactly one request.
#pragma once

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
  std::vector<Element> blinded_elements;

  Bytes encode() const;
  // Errors: not such a message; a purpose that is no name; 0 or more than kMaxBatch elements; an
  // element that cryptography.md 0 refuses.
  static Result<EvaluateRequest> decode(ByteView bytes);
  // The batch id alone, for looking up whether it was seen, before anything costly.
  static Result<BatchId> peek_batch(ByteView bytes);
};

struct EvaluateResponse {
  BatchId batch;
  ParticipantIndex index;
  std::uint32_t share_version = 0;
  Sha256 request_hash;
  ShareEvaluation evaluation;

  Bytes encode() const;
  // Errors: not such a message; index 0; 0 or more than kMaxBatch elements; a bad element or
  // scalar. The proof is not verified here.
  static Result<EvaluateResponse> decode(ByteView bytes);
};

enum class RefusalReason : std::uint8_t {
  quota = 1,           // not enough left; quota_left says how much is
  key = 2,             // another key or share version than the keyholder's
  busy = 3,            // too much in hand: try another, or later
  not_authorised = 4,  // this requester or purpose may not ask
  malformed = 5,       // a bad element, or not a request at all (batch id zero)
  batch_reused = 6,    // the batch id was used for another request
};

std::string_view name_of(RefusalReason reason);

struct EvaluateRefusal {
  BatchId batch;
  Sha256 request_hash;
  RefusalReason reason = RefusalReason::busy;
  std::uint32_t quota_left = 0;  // elements; zero unless the reason is quota

  Bytes encode() const;
  // Errors: not such a message; an unknown reason; quota left beside another reason.
  static Result<EvaluateRefusal> decode(ByteView bytes);
};

}  // namespace hedgerow::protocol
