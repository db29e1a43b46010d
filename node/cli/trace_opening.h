// The file in which the sealed case reference of a trace goes from the node to one officer and from
// there to the other (docs/design/trace.md, Two officers):
//
//   hedgerow/trace-opening/1
//   id <32 hex digits>
//   commitment <64 hex digits>
//   sealed <base64>
//
// Its size says which layer is still on.
#pragma once

#include <string>
#include <variant>

#include "crypto/trace_case.h"

namespace hedgerow::cli {

inline constexpr std::size_t kMaxOpeningFile = 4096;

struct TraceOpening {
  SessionId id;
  CaseCommitment commitment;
  std::variant<SealedCase, HalfOpenedCase> sealed;

  static Result<TraceOpening> from_sealed(const SessionId& id, const CaseCommitment& commitment,
                                          ByteView sealed);
  std::string file() const;
  // Errors bad_input: no such file, of another version, or altered.
  static Result<TraceOpening> parse(ByteView file);
};

// One officer's step: the other layer's file, or what lay inside. Errors bad_input: sealed to
// another key, or altered, with whose turn it is. Whether it fits the commitment:
// CaseOpening::opens.
using Opened = std::variant<TraceOpening, CaseOpening>;
Result<Opened> open_with(const TraceOpening& opening, const SealKeyPair& key);

}  // namespace hedgerow::cli
