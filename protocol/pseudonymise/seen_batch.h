// What a keyholder remembers of a batch it was charged for: enough to send the same bytes again,
// and to evaluate nothing that was not paid for.
#pragma once

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"

namespace hedgerow::protocol {

struct SeenBatch {
  Sha256 request_hash;
  Bytes response;     // an EvaluateResponse; empty: charged, but it never became durable
  Sha256 check_hash;  // of the one EvaluateCheck that was answered; zeros before
  Bytes checked;      // the EvaluateChecked
  Bytes proof;        // of the response, where one was asked for afterwards

  // All but request_hash: nothing where the response is empty, else u8 version 1, u32 response,
  // check hash 32, u32 checked, u32 proof.
  Bytes save() const;
  // Errors: other bytes than save() gives.
  static Result<SeenBatch> restore(const Sha256& request_hash, ByteView saved);
  friend bool operator==(const SeenBatch&, const SeenBatch&) = default;
};

}  // namespace hedgerow::protocol
