// An answer: what the hub signs and the asker reads (formats.md, Questions).
//
// Encoding (Writer): text "hedgerow/v1/answer", question id (16), countersigned statement behind
// its length, text grant, u32 line, text table, u32 line, text rule in words, u32 periods (1 ..
// 120), each: period, u64 edition number, edition behind its length, u32 parties (each text party,
// text status, its match-rate statement behind its length, empty where it made none); u32 notes,
// each text; padding behind its length, zeros, so that sizes fall into buckets (disclosure.md rule
// 7).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "crypto/base/ids.h"
#include "policies/agreement.h"
#include "policies/cells.h"
#include "policies/disclosure.h"
#include "policies/evaluate.h"

namespace hedgerow::core {

inline constexpr std::size_t kAnswerBucket = std::size_t{16} << 10U;
inline constexpr std::size_t kMaxAnswer = std::size_t{3} << 20U;
// What the cells of an answer may take in a reply, which holds 4 MiB and the evidence besides. One
// period of any table fits.
inline constexpr std::size_t kMaxShownBytes = (std::size_t{7} << 20U) / 2;

inline constexpr std::string_view kAnswered = "answered";
inline constexpr std::string_view kStoodAside = "refused: standing restriction";

struct PartyStatus {
  PartyId party;
  std::string status;     // one of the above
  Bytes match_rate = {};  // its statement (protocol::sum::MatchRate), as the hub received it
  friend bool operator==(const PartyStatus&, const PartyStatus&) = default;
};

struct AnswerPeriod {
  policies::Period period;
  std::uint64_t edition_number = 0;  // its place in the lineage's chain, from 1
  policies::Edition edition;
  std::vector<PartyStatus> parties;
  friend bool operator==(const AnswerPeriod&, const AnswerPeriod&) = default;
};

struct Answer {
  SessionId question;
  Bytes countersigned;  // the question, as asked and countersigned
  std::string grant;
  std::uint32_t grant_line = 0;
  std::string table;
  std::uint32_t table_line = 0;
  std::string rule_in_words;
  std::vector<AnswerPeriod> periods;
  std::vector<std::string> notes;

  // Padded to a multiple of kAnswerBucket. bad_input where it would exceed kMaxAnswer.
  Result<Bytes> encode() const;
  static Result<Answer> decode(ByteView bytes);
};

// What an answer of this table says besides its figures, for people.
std::vector<std::string> notes_of(const Answer& answer, const policies::Table& table,
                                  const policies::DisclosureRule& rule);

// A place's or period's figures in words for people and programs: schema "hedgerow/answer/1".
// The question inside has been verified.
nlohmann::json to_json(const Answer& answer, const policies::Question& question,
                       std::string_view asker_urn, const policies::Agreement& agreement,
                       const policies::CellSpace& space, const policies::CodeList& codes);

// At most so many bytes of compact JSON are the cells of that many periods, and what the evidence
// repeats of them in base64.
std::size_t shown_bytes(const policies::CellSpace& space, std::size_t periods);

// The question alone, as it stands in logs and answers.
nlohmann::json to_json(const policies::Question& question);

}  // namespace hedgerow::core
