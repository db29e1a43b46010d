// A crosswalk through the streaming parser: whole, and in pieces, to the same end. The first byte
// says how long the pieces are, the second which header row is supplied.
#include "node/import/crosswalk.h"

#include "tests/fuzz/lines.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::crosswalk {
namespace {

using namespace import;

Result<ParsedCrosswalk> parse(ByteView text, std::size_t piece) {
  static const ReferenceKey key = ReferenceKey::copy_from(ByteArray<32>{7, 7, 7});
  CrosswalkParser parser("crosswalk.csv", key);
  while (!text.empty()) {
    const ByteView part = text.first(std::min(piece, text.size()));
    text = text.subspan(part.size());
    HR_TRY(parser.feed(part));
  }
  return std::move(parser).finish();
}

void check_sound(const ParsedCrosswalk& file) {
  const Report& r = file.report;
  HR_CHECK(r.read == r.good + r.refused);
  HR_CHECK(r.good == file.entries.size() + r.without_identifier + file.repeated);
  HR_CHECK(file.identifiers.size() <= file.entries.size());
  HR_CHECK(r.problems.size() <= kMaxProblems);
  for (const Problem& p : r.problems) HR_CHECK(!describe("crosswalk.csv", p).empty());
  for (std::size_t i = 0; i < file.entries.size(); ++i) {
    HR_CHECK(file.entries[i].identifier < file.identifiers.size());
    HR_CHECK(i == 0 || file.entries[i - 1].child_key < file.entries[i].child_key);
  }
}

void run(ByteView input) {
  Parts parts(input);
  const std::size_t piece = std::size_t{parts.byte()} + 1;
  const unsigned header = parts.byte() % 3;
  Bytes text;
  if (header == 0) text = to_bytes(std::string_view("child_ref,nhs_number\n"));
  if (header == 1) text = to_bytes(std::string_view("NHS_NUMBER,CHILD\r\n"));
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
  HR_CHECK(whole->report.good == split->report.good && whole->repeated == split->repeated);
  HR_CHECK(whole->entries.size() == split->entries.size());
  for (std::size_t i = 0; i < whole->entries.size(); ++i)
    HR_CHECK(whole->entries[i].child_key == split->entries[i].child_key &&
             whole->entries[i].identifier == split->entries[i].identifier);
}

Bytes seed(std::uint8_t piece, std::uint8_t header, std::string_view text) {
  Bytes all{piece, header};
  const ByteView bytes = as_bytes(text);
  all.insert(all.end(), bytes.begin(), bytes.end());
  return all;
}

std::vector<Bytes> seeds() {
  return {seed(255, 0, "A1,9990000018\nB2,999 000 0026\nC3,\nA1,9990000018\nD4,9990000018\n"),
          seed(3, 1, "9990000018,A1\r\n9990000026,A1\r\n9990000018,A1\r\n,B2\r\n\r\n,\r\n"),
          seed(0, 0, "9990000018,9990000026\nA1,9990000019\n,9990000018\n\"B2,1\nC3\n"),
          seed(9, 2,
               "\xef\xbb\xbf"
               "CHILD,NHS_NUMBER\nA1,9990000018"),
          seed(1, 2, "child_ref,NHS_NUMBER\nA1,\n"),
          seed(1, 2, "CHILD,SEX,DOB\nA1,1,\n")};
}

const Registration registered({"crosswalk", run, seeds, mutate_lines<2>});

}  // namespace
}  // namespace hedgerow::fuzz::crosswalk
