// Single words, as people, files and messages write them: days, times, periods, durations, names,
// hashes, hexadecimal and base64, NHS numbers, lines of CSV. The first byte chooses.
#include "crypto/base/ids.h"
#include "crypto/group.h"
#include "crypto/random.h"
#include "node/import/csv_line.h"
#include "node/import/nhs_number.h"
#include "policies/calendar.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::words {
namespace {

using namespace policies;

void run_day(std::string_view text) {
  const auto day = parse_day(text);
  check_error(day);
  if (!day.ok()) return;
  HR_CHECK(to_text(*day) == text);
  HR_CHECK(london_day(london_midnight(*day)) == *day);
  for (const PeriodKind kind :
       {PeriodKind::month, PeriodKind::quarter, PeriodKind::year, PeriodKind::financial_year})
    HR_CHECK(period_of(kind, *day).contains(*day));
  HR_CHECK(!age_on(*day, *day) || *age_on(*day, *day) == 0);
}

void run_moment(std::string_view text) {
  const auto moment = parse_moment(text);
  check_error(moment);
  if (!moment.ok()) return;
  HR_CHECK(london_day(moment->at) == moment->day && moment->minute < 1440);
  if (!moment->has_time) HR_CHECK(moment->at == london_midnight(moment->day));
}

void run_period(std::string_view text) {
  const auto period = Period::parse(text);
  check_error(period);
  if (!period.ok()) return;
  HR_CHECK(period->label() == text);
  HR_CHECK(period->first_day() <= period->last_day());
  HR_CHECK(period->next().previous() == *period);
  Writer w;
  write_period(w, *period);
  Reader r(w.data());
  HR_CHECK(read_period(r) == *period && r.finish("period").ok());
}

void run_duration(std::string_view text) {
  const auto duration = parse_duration(text);
  check_error(duration);
  if (!duration.ok()) return;
  HR_CHECK(duration->months != 0 || duration->days != 0);
  const auto again = parse_duration(to_text(*duration));
  HR_CHECK(again.ok() && *again == *duration && !is_longer(*again, *duration));
  HR_CHECK(minus(Day{20'000}, *duration) < Day{20'000});
}

void run_bytes(std::string_view text) {
  if (const auto hex = from_hex(text)) HR_CHECK(from_hex(to_hex(*hex)) == hex);
  if (const auto base64 = from_base64(text)) HR_CHECK(to_base64(*base64) == text);
  const auto hash = parse_sha256_name(text);
  if (hash.ok()) HR_CHECK(parse_sha256_name(to_sha256_name(*hash)).value() == *hash);
  const auto party = PartyId::parse(text);
  if (party.ok()) HR_CHECK(party->str() == text);
}

void run_points(ByteView bytes) {
  const auto element = Element::decode(bytes.first(std::min<std::size_t>(bytes.size(), 32)));
  if (element.ok()) HR_CHECK(same(element->bytes(), bytes.first(32)));
  const auto scalar = Scalar::decode(bytes.first(std::min<std::size_t>(bytes.size(), 32)));
  if (scalar.ok()) HR_CHECK(add(*scalar, Scalar()) == *scalar);
  const auto run = decode_elements(bytes);
  if (run.ok()) HR_CHECK(same(encode_elements(*run), bytes));
}

void run_csv(ByteView line) {
  constexpr std::size_t kLongest = 4096;
  if (line.size() > kLongest) return;
  import::CsvLine cells(kLongest);
  const bool whole = cells.split(line);
  std::size_t size = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) size += cells.cell(i).size();
  HR_CHECK(size <= line.size());
  const bool plain = std::none_of(
      line.begin(), line.end(), [](std::uint8_t c) { return c == '"' || c == '\r' || c == '\n'; });
  const auto commas = static_cast<std::size_t>(std::count(line.begin(), line.end(), ','));
  // A blank line has no cell at all.
  const bool blank =
      std::all_of(line.begin(), line.end(), [](std::uint8_t c) { return c == ' ' || c == '\t'; });
  if (plain) HR_CHECK(whole && cells.size() == (blank ? 0 : 1 + commas));
  if (whole) {
    bool empty = true;
    for (std::size_t i = 0; i < cells.size(); ++i) empty = empty && cells.cell(i).empty();
    HR_CHECK(cells.all_empty() == empty);
  }
  (void)import::has_control_character(line);
  // What is text stays text when more text follows.
  Bytes longer = to_bytes(line);
  longer.push_back('x');
  HR_CHECK(import::is_utf8(line) == import::is_utf8(longer));
  cells.clear();
}

void run_nhs(ByteView cell) {
  // Letters on both sides do not hide a number, nor make one.
  const Bytes between = to_bytes(as_bytes("a" + std::string(as_text(cell)) + "a"));
  HR_CHECK(import::contains_nhs_number(between) == import::contains_nhs_number(cell));
  const import::NhsNumberParse parse(cell);
  if (!parse.ok()) return;
  HR_CHECK(import::looks_like_nhs_number(cell));
  const import::NhsNumberParse again(parse.number().digits());
  HR_CHECK(again.ok() && again.number() == parse.number());
  HR_CHECK(import::contains_nhs_number(parse.number().digits()));
}

void run(ByteView input) {
  Parts parts(input);
  const std::uint8_t which = parts.byte() % 8;
  const ByteView rest = parts.rest();
  const std::string_view text = as_text(rest);
  switch (which) {
    case 0:
      return run_day(text);
    case 1:
      return run_moment(text);
    case 2:
      return run_period(text);
    case 3:
      return run_duration(text);
    case 4:
      return run_bytes(text);
    case 5:
      return run_points(rest);
    case 6:
      return run_csv(rest);
    default:
      return run_nhs(rest);
  }
}

std::vector<Bytes> seeds() {
  std::vector<Bytes> all;
  const auto add = [&](std::uint8_t which, std::initializer_list<std::string_view> texts) {
    for (const std::string_view text : texts) all.push_back(chosen(which, as_bytes(text)));
  };
  add(0, {"2026-03-31", "2024-02-29", "1900-01-01", "2199-12-31"});
  add(1, {"2026-03-29T01:30", "2026-10-25 01:30:59", "2026-07-01T12:00Z", "2026-07-01T12:00+01:00",
          "2199-12-31T23:59:59-12:00"});
  add(2, {"2026", "2026-03", "2026-Q1", "2026/27", "1999/00"});
  add(3, {"P14D", "P2W", "P24M", "P1Y6M", "P100Y"});
  add(4, {"00ff", "aGVsbG8=", "vale-council"});
  all.push_back(chosen(4, as_bytes(to_sha256_name(ByteArray<32>{1, 2}))));
  SeededRandom rng(ByteArray<32>{71});
  const std::vector<Element> points{multiply_base(random_scalar(rng)).value(),
                                    multiply_base(random_scalar(rng)).value()};
  all.push_back(chosen(5, encode_elements(points)));
  all.push_back(chosen(5, ByteArray<32>{9}));
  add(6, {"a,b,\"c,d\",\"e\"\"f\"", "a,\"b\"c", "\"open", " a , b ", ",,", "", "\t \x01\x7f",
          "\xc3\xa9,\xe0\xa0\x80,\xe2\x82\xac,\xed\x9f\xbf",
          "\xf0\x90\x80\x80,\xf3\xa0\x80\x80,\xf4\x8f\xbf\xbf", "\xe0\x80\x80", "\xed\xa0\x80",
          "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xc0\x80", "\xe2\x82"});
  // Cells that grow the parser's buffer, and one that is left unfinished in a grown one.
  std::string two_long(2500, 'a');
  two_long.append(",").append(1200, 'b');
  all.push_back(chosen(6, as_bytes(two_long)));
  all.push_back(chosen(6, as_bytes("\"" + std::string(3000, 'a'))));
  add(7, {"9990000018", "999 000 0026", "999-000-0026", "1234567890", "see 999 000 0026, not 12"});
  return all;
}

const Registration registered({"words", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz::words
