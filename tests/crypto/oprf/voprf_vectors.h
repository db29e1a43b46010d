// RFC 9497's vectors for ristretto255-SHA512, mode 0x01.
#pragma once

#include <vector>

#include "crypto/oprf.h"

namespace hedgerow {

struct VoprfVector {
  std::vector<Bytes> inputs, blinds, blinded, evaluated, outputs;
  Bytes proof, proof_random;
};

struct VoprfVectors {
  Bytes seed, key_info, group_dst;
  SecretScalar secret_key;
  Element public_key;
  std::vector<VoprfVector> vectors;
};

VoprfVectors voprf_vectors();

Bytes joined(const std::vector<Bytes>& parts);

}  // namespace hedgerow
