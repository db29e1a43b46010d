// `import movements`: CSV bytes to typed rows (formats.md, Records; RFC 4180, UTF-8 with or
// without BOM, CRLF or LF). Pure but for the case-reference sealer's draws: no disk, no clock.
//
// Identifiers live in the parser's own wiping memory only. A reference becomes its keyed hash as
// soon as its line is read; the NHS numbers come out once each, apart from the rows, in a
// container that wipes itself. When the parser and that container are gone, no identifier of the
// file is left in the process (the caller wipes the chunks it fed).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"
#include "crypto/base/secret.h"
#include "node/import/case_ref.h"
#include "node/import/csv_table.h"
#include "node/import/nhs_number.h"
#include "node/import/postcodes.h"
#include "node/import/rules.h"
#include "policies/calendar.h"
#include "policies/code_list.h"

namespace hedgerow::import {

inline constexpr std::size_t kMaxProblems = 100;   // listed one by one; all are counted
inline constexpr std::size_t kMaxReference = 128;  // bytes of child_ref and source_ref

// The key of the keyed hashes of child_ref and source_ref: one for each lineage, kept with its
// database key and destroyed with it.
using ReferenceKey = Secret<struct ReferenceKeyTag, 32>;

// The same hashes for `subject find|erase`, which is given a reference by hand. Blanks around
// the reference do not count.
ByteArray<32> child_key(const ReferenceKey& key, ByteView child_ref);
ByteArray<32> source_key(const ReferenceKey& key, ByteView source_ref);

// A place as stored: a district code of the code list's vintage ("E07000178"),
// kOutsideEngland, or "" for unknown.
using policies::kOutsideEngland;

struct Moment {
  policies::Day day;  // in London
  // By London's clock, 0 to 1439; none where the record gives only a date.
  std::optional<std::uint16_t> minute;
  friend bool operator==(const Moment&, const Moment&) = default;
};

// Codes are indices into the code list's lists, in its order.
struct ParsedMovement {
  ByteArray<32> source_key{};
  std::optional<ByteArray<32>> child_key;
  std::optional<std::uint32_t> identifier;  // index into ParsedFile::identifiers
  std::uint8_t event = 0;
  Moment started;
  std::optional<Moment> ended;  // none: open
  std::string origin;
  std::string destination;
  std::optional<std::uint8_t> place_type;
  std::optional<std::uint8_t> missing_risk;
  std::optional<std::uint8_t> exploitation_risk;
  // Two bits a factor, the list's first factor lowest: 0 none, else 1 + index of the certainty
  // (shipped: 1 suspected, 2 confirmed).
  std::uint32_t factors = 0;
  std::optional<std::uint8_t> sex;
  std::optional<std::uint8_t> care_status;
  std::optional<std::uint8_t> return_interview;
  std::optional<std::uint8_t> age;          // at the event, in whole years: 0..17
  std::optional<std::int32_t> adult_month;  // of the 18th birthday: year * 12 + (month - 1)
  // Differs on every import. So the caller leaves it out when it asks whether a row has changed,
  // and puts the new bytes in place of the old without making a new version of the row.
  Bytes case_ref;  // sealed; empty: none
};

// What a yearly return's rows came to besides movements (ssda903.h). Each row of episodes and
// missing is in exactly one of: a movement, refused, old, or left out by one of the first four.
struct ReturnCounts {
  std::size_t short_breaks = 0;  // episodes: legal status V3 or V4
  std::size_t no_move = 0;       // episodes: legal status only, or a move within one area
  std::size_t unplaced = 0;      // episodes: a move, but the area before or after it is unknown
  std::size_t temporary = 0;     // movements: to a temporary placement (T0 to T4)
  std::size_t uncovered = 0;     // missing: no episode covers the day, so the origin is unknown
  std::size_t children = 0;      // rows of each file
  std::size_t episodes = 0;
  std::size_t missing = 0;
  std::size_t crosswalk = 0;
  std::size_t crosswalk_unused = 0;  // their child is not in the header, or has no number there
  friend bool operator==(const ReturnCounts&, const ReturnCounts&) = default;
};

struct Report {
  std::size_t read = 0;     // rows, the header row and blank lines not counted
  std::size_t good = 0;     // in ParsedFile::movements
  std::size_t refused = 0;  // rows with at least one problem; read = good + refused + old
  std::size_t old = 0;  // started before the retention cut-off: neither stored nor pseudonymised
  // Of the good ones:
  std::size_t without_identifier = 0;
  std::size_t unknown_area = 0;       // origin or destination unknown: empty, or an ambiguous split
  std::size_t ambiguous_area = 0;     // of these, through a former code that was split
  std::size_t other_day_area = 0;     // a district code not in use on the day, but understood
  std::size_t case_refs_dropped = 0;  // had a case_ref, but no re-identification key is configured
  std::size_t unknown_postcodes = 0;  // cells with a postcode that does not exist
  std::optional<ReturnCounts> yearly;  // of a return; its postcodes are counted in old rows too
  std::array<std::size_t, kRules> by_rule{};  // problems, by Rule; a row may have several
  std::vector<Problem> problems;              // the first kMaxProblems, as they were found

  void add(const Problem& problem);
};

struct ParsedFile {
  std::vector<ParsedMovement> movements;  // in file order
  NhsNumbers identifiers;                 // each distinct once; every one belongs to a good row
  Report report;
};

struct ParseContext {
  const policies::CodeList& codes;
  std::string source;  // the file's name, for messages
  const ReferenceKey& reference_key;
  CaseRefSealer* case_refs =
      nullptr;  // null: no re-identification key; case_ref is dropped and counted
  policies::Day retention_cutoff;  // a row that started before this day is old
  policies::Day today;             // London
  // Null: the shipped ones, in memory from the first postcode on until the parser goes.
  const Postcodes* postcodes = nullptr;
};

// One file. References in the context outlive the parser. Not thread-safe.
//
// A bad row is a Problem in the report, and the rest is parsed on; whether good rows of a file
// with refused ones are used (--skip-bad) is the caller's decision. A Result error (bad_input,
// "source:line: ...") means that the file as a whole cannot be read: no header row, an unknown,
// repeated or missing column, UTF-16, no rows at all, more than kMaxRows. After an error every
// further call gives the same error.
class MovementParser {
 public:
  explicit MovementParser(ParseContext context);
  MovementParser(MovementParser&&) noexcept;
  MovementParser& operator=(MovementParser&&) noexcept;
  ~MovementParser();

  // Chunks may end anywhere.
  Result<void> feed(ByteView chunk);
  Result<ParsedFile> finish() &&;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace hedgerow::import
