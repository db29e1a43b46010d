// A file of movements through the streaming parser: whole, and in pieces, to the same end. The
// first byte says how long the pieces are, the second whether the header row is supplied.
#include "node/import/rows.h"
#include "tests/fuzz/lines.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::movements {
namespace {

using namespace import;

constexpr std::string_view kHeader =
    "nhs_number,child_ref,date_of_birth,source_ref,event,started_at,ended_at,origin,destination,"
    "place_type,missing_risk,exploitation_risk,factors,sex,care_status,return_interview,case_ref\n";

Result<ParsedFile> parse(ByteView text, std::size_t piece) {
  static const ReferenceKey key = ReferenceKey::copy_from(ByteArray<32>{7, 7, 7});
  static const policies::Day today = policies::parse_day("2026-11-22").value();
  static const policies::Day cutoff = policies::parse_day("2024-11-22").value();
  static const Postcodes postcodes = Postcodes::shipped();
  MovementParser parser(ParseContext{policies::CodeList::shipped(), "movements.csv", key, nullptr,
                                     cutoff, today, &postcodes});
  while (!text.empty()) {
    const ByteView part = text.first(std::min(piece, text.size()));
    text = text.subspan(part.size());
    HR_TRY(parser.feed(part));
  }
  return std::move(parser).finish();
}

void check_same(const ParsedMovement& a, const ParsedMovement& b) {
  HR_CHECK(a.source_key == b.source_key && a.child_key == b.child_key);
  HR_CHECK(a.identifier == b.identifier && a.event == b.event);
  HR_CHECK(a.started == b.started && a.ended == b.ended);
  HR_CHECK(a.origin == b.origin && a.destination == b.destination);
  HR_CHECK(a.place_type == b.place_type && a.missing_risk == b.missing_risk);
  HR_CHECK(a.exploitation_risk == b.exploitation_risk && a.factors == b.factors);
  HR_CHECK(a.sex == b.sex && a.care_status == b.care_status);
  HR_CHECK(a.return_interview == b.return_interview && a.age == b.age);
  HR_CHECK(a.adult_month == b.adult_month && a.case_ref == b.case_ref);
}

void check_sound(const ParsedFile& file) {
  const Report& r = file.report;
  HR_CHECK(r.read == r.good + r.refused + r.old && r.good == file.movements.size());
  HR_CHECK(r.problems.size() <= kMaxProblems);
  std::size_t problems = 0;
  for (const std::size_t n : r.by_rule) problems += n;
  HR_CHECK(problems >= r.problems.size() && problems >= r.refused);
  for (const Problem& p : r.problems) HR_CHECK(!describe("movements.csv", p).empty());
  for (const ParsedMovement& m : file.movements) {
    HR_CHECK(m.identifier || m.child_key);
    HR_CHECK(!m.identifier || *m.identifier < file.identifiers.size());
    HR_CHECK(!m.age || *m.age < 18);
    HR_CHECK(!m.started.minute || *m.started.minute < 1440);
  }
}

void run(ByteView input) {
  Parts parts(input);
  const std::size_t piece = std::size_t{parts.byte()} + 1;
  const bool with_header = parts.byte() % 2 == 0;
  Bytes text;
  if (with_header) text = to_bytes(kHeader);
  const ByteView rest = parts.rest();
  text.insert(text.end(), rest.begin(), rest.end());

  const auto whole = parse(text, std::max<std::size_t>(text.size(), 1));
  const auto split = parse(text, piece);
  check_error(whole);
  HR_CHECK(whole.ok() == split.ok());
  if (!whole.ok()) {
    HR_CHECK(whole.error() == split.error());
    return;
  }
  check_sound(*whole);
  HR_CHECK(whole->report.problems == split->report.problems);
  HR_CHECK(whole->report.by_rule == split->report.by_rule);
  HR_CHECK(whole->report.unknown_area == split->report.unknown_area);
  HR_CHECK(whole->identifiers.size() == split->identifiers.size());
  HR_CHECK(whole->movements.size() == split->movements.size());
  for (std::size_t i = 0; i < whole->movements.size(); ++i)
    check_same(whole->movements[i], split->movements[i]);
}

Bytes seed(std::uint8_t piece, bool header, std::string_view text) {
  Bytes all{piece, static_cast<std::uint8_t>(header ? 0 : 1)};
  const ByteView bytes = as_bytes(text);
  all.insert(all.end(), bytes.begin(), bytes.end());
  return all;
}

std::vector<Bytes> seeds() {
  const std::string good =
      "9990000018,C-17,2011-05-09,R-1,missing,2026-08-01T21:30,2026-08-02T03:15,E07000178,"
      "E06000038,railway-station,high,medium,cse:suspected;cce,female,this-authority,"
      "completed-72h,F/12\n";
  const std::string bare = ",C-18,2012-01-31,R-2,placement,2026-03-29,,outside-england,,,,,,,,,\n";
  const std::string quoted =
      "\"999 000 0026\",\"C \"\"19\"\"\",2010-10-25,\"R,3\",sighting,2025-10-26T01:30,,E07000004,"
      "E08000038,park,,,trafficking:confirmed,male,no,,\n";
  const std::string bad =
      "9990000019,999 000 0026,31/12/2011,R-4,gone,2027-08-01T25:61,2026-01-01,SW1A 1AA,E99,x,y,"
      "z,cse:perhaps,?,?,?,\n";
  const std::string old = ",C-20,2010-01-01,R-5,missing,2019-01-01,,,,,,,,,,,\n";
  std::string windows = std::string(kHeader) + good + bare;
  for (std::size_t at = 0; (at = windows.find('\n', at)) != std::string::npos; at += 2)
    windows.insert(at, "\r");
  return {seed(0, true, good + bare),
          seed(40, true, good + good + quoted + bad + old),
          seed(7, true, bad),
          seed(1, false, "\xef\xbb\xbf" + windows),
          seed(255, false,
               "child_ref,source_ref,event,started_at,date_of_birth\nA,B,missing,"
               "2026-01-01,2015-01-01\n\n"),
          seed(3, false, std::string("\xff\xfe") + "n"),
          seed(3, true, "\"never closed\n" + good),
          seed(3, false, "nhs_number,nhs_number,what\n"),
          seed(3, false, "child_ref,source_ref,event,started_at,date_of_birth,what\n"),
          seed(3, false, "child_ref,source_ref,event,started_at,date_of_birth,9990000018\n"),
          seed(3, false, "a,b,c\n"),
          seed(3, false, ""),
          seed(3, false, "child_ref,event\n"),
          seed(3, false, "source_ref,event,started_at,date_of_birth\n"),
          seed(3, false, "child_ref;source_ref;event\n"),
          seed(3, false, "child_ref\tsource_ref\tevent\n"),
          seed(3, false, "PK\x03\x04"),
          seed(3, false, std::string("child_ref,\0", 11)),
          seed(3, false, "\xff,child_ref\n"),
          seed(3, false, std::string("n\0h\0", 4)),
          seed(3, false, std::string(80, ',') + "\n"),
          seed(200, false, std::string(65 * 1024, 'x')),
          seed(200, true, std::string(65 * 1024, 'x') + "\n" + good),
          seed(9, true,
               good + ",\x01,\n" + good + "\xff\n" + "a,b\n,,,,\n" + "\r\n\n" +
                   "9990000018,\"C\"x,,,,,,,,,,,,,,,\n" + bare)};
}

const Registration registered({"movements", run, seeds, mutate_lines<2>});

}  // namespace
}  // namespace hedgerow::fuzz::movements
