// `import ssda903`: the children-looked-after return that every English authority makes each
// year, to the same typed rows as movements (formats.md, Records/SSDA903; docs/design/import.md).
//
//   header    CHILD, SEX, DOB
//   episodes  RNE S: `placement`, from the area of HOME_POST to that of PL_POST
//             RNE P, B, T, U: `placement-move`, from the area of the placement before, where it
//             is another one
//   missing   M `missing`, A `away-without-authorisation`, from the area of the placement on that
//             day
//   crosswalk CHILD to NHS_NUMBER; may be absent: the rows then take part in sums only
//
// CHILD is the row's child_ref; its source_ref is "ssda903:episode:CHILD:YYYY-MM-DD", or
// ":missing:", so that the same return, or a corrected one, replaces its rows.
//
// Identifiers: as in rows.h. References are hashed as they are read; birthdays and the
// crosswalk's numbers are in wiping memory until the parser is gone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "node/import/rows.h"

namespace hedgerow::import {

enum class ReturnPart : std::uint8_t { crosswalk, header, episodes, missing };
inline constexpr std::size_t kReturnParts = 4;
std::string_view name(ReturnPart part);
std::optional<ReturnPart> parse_return_part(std::string_view text);

struct ReturnFile {
  ReturnPart part = ReturnPart::header;
  std::string source;  // the file's name, for messages
};

// All files, one after the other. As MovementParser; ParseContext::source is not used, and a
// problem's `part` is the place of its file in `files`.
class ReturnParser {
 public:
  // bad_input unless `files` are header, episodes and missing, once each and in the order of
  // ReturnPart, with or without the crosswalk.
  static Result<ReturnParser> create(ParseContext context, std::vector<ReturnFile> files);
  ReturnParser(ReturnParser&&) noexcept;
  ReturnParser& operator=(ReturnParser&&) noexcept;
  ~ReturnParser();

  Result<void> feed(ByteView chunk);
  // The end of the present file: the next chunk is of the next one. bad_input: as finish().
  Result<void> end_of_file();
  bool complete() const;  // the last file has ended
  // Only where complete().
  Result<ParsedFile> finish() &&;

 private:
  class State;
  explicit ReturnParser(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hedgerow::import
