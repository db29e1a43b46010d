// A question in canonical form: rewritten questions are the same bytes (disclosure.md D3, D4).
//
// Encoding (Writer): text "hedgerow/v1/question", text lineage, text purpose, u8 kind, period from,
// period to, u32 n and n texts `by`, u32 n and n times (text dimension, u32 m, m texts), text
// reason.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/ids.h"
#include "crypto/base/result.h"
#include "policies/agreement.h"
#include "policies/calendar.h"

namespace hedgerow::policies {

constexpr std::size_t kMaxReasonBytes = 500;
constexpr std::size_t kMaxDimensions = 8;
constexpr std::size_t kMaxFilterCodes = 64;
constexpr std::size_t kMaxWordBytes = 64;
constexpr std::size_t kMaxQuestionBytes = 64 * 1024;

struct Question {
  Lineage agreement;
  std::string purpose;
  QuestionKind kind = QuestionKind::flows;
  Period from;
  Period to;
  std::vector<std::string> by;  // sorted, distinct
  Where where;                  // sorted, distinct
  std::string reason;           // UTF-8, no control characters, at most kMaxReasonBytes
  friend bool operator==(const Question&, const Question&) = default;
};

// What the asker wrote; empty `to` means `from`, empty `by` of flows means both their dimensions;
// overlap may be by nothing and repeat-missing is.
// Dimensions may be written with hyphens: "place-type".
struct QuestionWords {
  std::string agreement;
  std::string purpose;
  std::string kind;
  std::string from;
  std::string to;
  std::string by;                  // "origin,destination"
  std::vector<std::string> where;  // "event=missing,away-without-authorisation" each
  std::string reason;
};

// UTF-8 of at most kMaxReasonBytes, without control characters and those that turn text round.
bool is_good_reason(std::string_view reason);

// Checks and canonicalises. Code::usage, naming the word at fault: a dimension, code or area that
// does not exist included, so that what a node refuses is a question that could be granted.
Result<Question> make_question(const QuestionWords& words);

// Sorts, removes duplicates and fills in the defaults; make_question and decode give nothing else.
Question canonical(Question question);
// Within all bounds, and its own canonical form.
bool is_canonical(const Question& question);

Bytes encode(const Question& question);            // of its canonical form
Result<Question> decode_question(ByteView bytes);  // bad_input on anything not canonical
Sha256 question_hash(const Question& question);    // SHA-256 of encode()
// What is asked, whatever the reason given: SHA-256 of encode() with the reason left empty.
Sha256 figures_hash(const Question& question);

}  // namespace hedgerow::policies
