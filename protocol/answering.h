// The messages around an answer (cryptography.md E, Release order; docs/design/answering.md).
//
//   question_status   hub -> home          waits, or is refused
//   answer_hash       hub -> contributors  what will be answered: log it, and prove it
//   receipt           contributor -> hub   the proof
//   answer_delivery   hub -> home          the answer, with all receipts
//   served            hub -> contributors  an answer given again from a release, for their logs
//
// Their session is the question's id. What is inside a receipt, an answer or a question is
// opaque here.
#pragma once

#include <string>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"

namespace hedgerow::protocol {

inline constexpr std::size_t kMaxAnswerStatement = std::size_t{3} << 20U;
inline constexpr std::size_t kMaxReceiptBytes = std::size_t{16} << 10U;
inline constexpr std::size_t kMaxCountersigned = std::size_t{160} << 10U;
inline constexpr std::size_t kMaxAnsweringParties = 64;
inline constexpr std::size_t kMaxAnswerEditions = 120;
inline constexpr std::size_t kMaxStatusText = 512;
inline constexpr std::size_t kMaxReleaseName = 64;

// u8 state, u32 code, then text, culprit and hint.
struct QuestionStatus {
  enum class State : std::uint8_t { waiting = 1, refused = 2 };
  State state = State::waiting;
  Error error;  // why, as its asker will read it

  Bytes encode() const;
  static Result<QuestionStatus> decode(ByteView bytes);
};

// One link of the chain of released editions: u64 sequence, grant, table and period as text,
// edition's hash (32), head before (32), head after (32).
struct EditionLink {
  std::uint64_t sequence = 0;
  std::string grant;
  std::string table;
  std::string period;
  Sha256 edition;
  Sha256 previous_head;
  Sha256 head;
  friend bool operator==(const EditionLink&, const EditionLink&) = default;
};
// The head after a link: SHA-256("hedgerow/v1/editions", previous head, sequence, grant, table,
// period, edition's hash).
Sha256 chain_head(const EditionLink& link);

// SHA-256 of the answer statement's bytes (32), countersigned question behind its length, u32
// links, each as above.
struct AnswerHash {
  Sha256 answer;
  Bytes countersigned;
  std::vector<EditionLink> editions;

  Bytes encode() const;
  static Result<AnswerHash> decode(ByteView bytes);
};

// What a release begins with at a contributor (cryptography.md C, step 0): the question it is
// computed for, and every edition that not all contributors have acknowledged, so that all hold
// the same head of the chain. Countersigned question behind its length, u32 links,
// then what is to be released: grant, table and period as text.
struct SumStart {
  Bytes countersigned;
  std::vector<EditionLink> editions;
  std::string grant;
  std::string table;
  std::string period;

  Bytes encode() const;
  static Result<SumStart> decode(ByteView bytes);
};

// SHA-256 of the answer (32), receipt behind its length.
struct ReceiptMessage {
  Sha256 answer;
  Bytes receipt;

  Bytes encode() const;
  static Result<ReceiptMessage> decode(ByteView bytes);
};

struct PartyReceipt {
  PartyId party;
  Bytes receipt;
};

// Answer statement behind its length, u32 receipts: party as text, receipt behind its length.
struct AnswerDelivery {
  Bytes answer;
  std::vector<PartyReceipt> receipts;

  Bytes encode() const;
  static Result<AnswerDelivery> decode(ByteView bytes);
};

// SHA-256 of the answer (32), countersigned question behind its length.
struct Served {
  Sha256 answer;
  Bytes countersigned;

  Bytes encode() const;
  static Result<Served> decode(ByteView bytes);
};

}  // namespace hedgerow::protocol
