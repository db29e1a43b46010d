// A return's four files through the streaming parser: whole, and in pieces, to the same end. The
// first byte says how long the pieces are, the second which files get their header row; a line
// "=" ends a file.
#include "node/import/ssda903.h"

#include <array>

#include "tests/fuzz/lines.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::ssda903 {
namespace {

using namespace import;

constexpr std::array<std::string_view, kReturnParts> kHeaders{
    "CHILD,NHS_NUMBER\n", "CHILD,SEX,DOB\n",
    "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,"
    "URN\n",
    "CHILD,DOB,MISSING,MIS_START,MIS_END\n"};
constexpr std::string_view kEndOfFile = "=\n";

std::array<Bytes, kReturnParts> files_of(ByteView text, std::uint8_t with_header) {
  std::array<Bytes, kReturnParts> files;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if ((with_header >> i & 1) == 0) files[i] = to_bytes(kHeaders[i]);
    const auto mark = as_bytes(kEndOfFile);
    const auto end = i + 1 == files.size()
                         ? text.end()
                         : std::search(text.begin(), text.end(), mark.begin(), mark.end());
    files[i].insert(files[i].end(), text.begin(), end);
    const auto taken = static_cast<std::size_t>(end - text.begin());
    text = text.subspan(std::min(text.size(), taken + kEndOfFile.size()));
  }
  return files;
}

Result<ParsedFile> parse(const std::array<Bytes, kReturnParts>& files, std::size_t piece) {
  static const ReferenceKey key = ReferenceKey::copy_from(ByteArray<32>{7, 7, 7});
  static const policies::Day today = policies::parse_day("2026-11-22").value();
  static const policies::Day cutoff = policies::parse_day("2024-11-22").value();
  static const Postcodes postcodes = Postcodes::shipped();
  HR_ASSIGN(auto parser,
            ReturnParser::create(ParseContext{policies::CodeList::shipped(), "the return", key,
                                              nullptr, cutoff, today, &postcodes},
                                 {{ReturnPart::crosswalk, "crosswalk.csv"},
                                  {ReturnPart::header, "header.csv"},
                                  {ReturnPart::episodes, "episodes.csv"},
                                  {ReturnPart::missing, "missing.csv"}}));
  for (const Bytes& file : files) {
    ByteView left = file;
    while (!left.empty()) {
      const ByteView part = left.first(std::min(piece, left.size()));
      left = left.subspan(part.size());
      HR_TRY(parser.feed(part));
    }
    HR_TRY(parser.end_of_file());
  }
  HR_CHECK(parser.complete());
  return std::move(parser).finish();
}

void check_sound(const ParsedFile& file) {
  const Report& r = file.report;
  const ReturnCounts& y = *r.yearly;
  HR_CHECK(r.good == file.movements.size());
  HR_CHECK(r.read == y.children + y.episodes + y.missing + y.crosswalk);
  // Refused rows are of all files, the rest of episodes and missing.
  const std::size_t other = r.good + r.old + y.short_breaks + y.no_move + y.unplaced;
  HR_CHECK(other <= y.episodes + y.missing && y.episodes + y.missing <= other + r.refused);
  HR_CHECK(r.problems.size() <= kMaxProblems);
  for (const Problem& p : r.problems) {
    HR_CHECK(p.part < kReturnParts);
    HR_CHECK(!describe("the return", p).empty());
  }
  for (const ParsedMovement& m : file.movements) {
    HR_CHECK(m.child_key && m.age && *m.age < 18 && !m.started.minute);
    HR_CHECK(!m.identifier || *m.identifier < file.identifiers.size());
    HR_CHECK(!m.ended || m.ended->day >= m.started.day);
  }
}

void run(ByteView input) {
  Parts parts(input);
  const std::size_t piece = std::size_t{parts.byte()} + 1;
  const std::uint8_t with_header = parts.byte();
  const auto files = files_of(parts.rest(), with_header);
  const auto whole = parse(files, std::size_t{1} << 20);
  const auto split = parse(files, piece);
  check_error(whole);
  HR_CHECK(whole.ok() == split.ok());
  if (!whole.ok()) {
    HR_CHECK(whole.error() == split.error());
    return;
  }
  check_sound(*whole);
  HR_CHECK(whole->report.problems == split->report.problems);
  HR_CHECK(whole->report.yearly == split->report.yearly);
  HR_CHECK(whole->movements.size() == split->movements.size());
  for (std::size_t i = 0; i < whole->movements.size(); ++i)
    HR_CHECK(whole->movements[i].source_key == split->movements[i].source_key);
}

Bytes seed(std::uint8_t piece, std::uint8_t with_header, std::string_view text) {
  Bytes all{piece, with_header};
  const ByteView bytes = as_bytes(text);
  all.insert(all.end(), bytes.begin(), bytes.end());
  return all;
}

std::vector<Bytes> seeds() {
  const std::string good =
      "A1,9990000018\n=\nA1,1,09/05/2011\nB2,2,29/02/2012\n=\n"
      "A1,01/06/2025,S,C2,N1,U4,PR1,05/07/2025,X1,,RG1 2LU,OX1 2JD,\n"
      "A1,05/07/2025,P,C2,N1,T0,PR1,,,,,RG1 2LU,\n"
      "B2,05/07/2019,S,C2,N1,U4,PR1,,,,,OX1 2JD,\n"
      "B2,05/07/2025,S,V3,N1,U4,PR1,,,,,OX1 2JD,\n"
      "B2,06/07/2025,L,E1,N1,U4,PR1,,,,,QX9 9QX,\n=\n"
      "A1,09/05/2011,M,06/07/2025,07/07/2025\nB2,,A,06/07/2025,\n";
  const std::string bad =
      "A1,9990000019\nA1,\nA1,\n=\n9990000018,1,09/05/2011\nC3,9,2011-05-09\nD4,,\n=\n"
      "A1,31/02/2025,S,C2,N1,U4,PR1,01/01/2025,X1,,,,\nC3,01/06/2025,Q,,N1,U4,PR1,,,,,,\n=\n"
      "Z9,,M,06/07/2025,\nA1,01/01/2011,Q,x,y\n";
  return {seed(255, 0, good), seed(3, 0, bad), seed(0, 15, "CHILD\n=\nCHILD,DOB\n"),
          seed(9, 2, std::string("=\nCHILD;DOB\n"))};
}

const Registration registered({"ssda903", run, seeds, mutate_lines<2>});

}  // namespace
}  // namespace hedgerow::fuzz::ssda903
