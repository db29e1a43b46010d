#include "policies/agreement.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "crypto/hash.h"
#include "tests/policies/sample_agreement.h"

namespace hedgerow::policies {
namespace {

// One error, on the line that holds `line_words`, with these words.
void expect_error(const std::string& text, std::string_view line_words, std::string_view words) {
  const auto reading = read_text(text);
  EXPECT_FALSE(reading.agreement);
  const std::uint32_t line = line_of(text, line_words);
  for (const auto& d : reading.diagnostics)
    if (d.severity == Severity::error && d.line == line && d.column > 0 &&
        d.text.find(words) != std::string::npos)
      return;
  ADD_FAILURE() << "no error at line " << line << " with '" << words << "' in\n"
                << all_diagnostics(reading);
}

TEST(Agreement, ReadsTheSample) {
  const std::string text = sample_text();
  const Agreement a = sample_agreement();
  EXPECT_EQ(a.hash, agreement_hash(as_bytes(text)));
  EXPECT_EQ(a.id.str(), "vale-cse");
  EXPECT_EQ(a.version, 1u);
  EXPECT_FALSE(a.supersedes);
  EXPECT_EQ(to_text(a.valid_until), "2027-11-30");
  EXPECT_EQ(a.hub.str(), "vale-partnership");
  ASSERT_EQ(a.parties.size(), 5u);
  EXPECT_EQ(a.parties[0].id.str(), "vale-council");  // sorted
  EXPECT_EQ(a.contributors().size(), 4u);
  EXPECT_EQ(a.keyholders(), a.contributors());
  EXPECT_EQ(a.pseudonyms.threshold, 3u);
  EXPECT_EQ(a.pseudonyms.import_quota, 20'000u);
  ASSERT_EQ(a.grants.size(), 1u);
  const Grant& g = a.grants[0];
  EXPECT_EQ(g.line, line_of(text, "[[grant]]"));
  EXPECT_EQ(g.settle_days, 14u);
  EXPECT_EQ(g.history, (Duration{24, 0}));
  EXPECT_EQ(g.disclosure, (DisclosureRule{8, 1, 5, false}));
  ASSERT_EQ(g.tables.size(), 1u);
  EXPECT_EQ(g.tables[0].line, line_of(text, "[[grant.table]]"));
  EXPECT_TRUE(g.tables[0].admits("event", "missing"));
  EXPECT_FALSE(g.tables[0].admits("event", "absent"));
  EXPECT_TRUE(g.tables[0].admits("sex", "female"));
  EXPECT_EQ(a.party(PartyId::parse("vale-police").value())->contacts.at("duty"), "u");
  EXPECT_EQ(a.party(PartyId::parse("stranger").value()), nullptr);
  EXPECT_EQ(a.purpose("pattern-detection")->description, "Patterns");
  EXPECT_EQ(a.grant("other"), nullptr);
}

TEST(Agreement, IsInForceFromItsFirstLondonDayToTheEndOfItsLast) {
  const Agreement a = sample_agreement();
  const auto at = [](std::string_view text) { return parse_moment(text).value().at; };
  EXPECT_FALSE(a.in_force(at("2026-09-30T22:59:59Z")));
  EXPECT_TRUE(a.in_force(at("2026-09-30T23:00:00Z")));
  EXPECT_TRUE(a.in_force(at("2027-11-30T23:59:59Z")));
  EXPECT_FALSE(a.in_force(at("2027-12-01T00:00:00Z")));
}

TEST(Agreement, CodesMayBeLeftToTheShippedOnes) {
  const std::string line =
      "codes = \"" + to_sha256_name(CodeList::shipped().hash().view()) + "\"\n";
  EXPECT_EQ(sample_agreement(replaced(sample_text(), line, "")).codes, CodeList::shipped().hash());
}

TEST(Agreement, EveryErrorHasItsPlace) {
  const std::string s = sample_text();
  expect_error(replaced(s, "version = 1", "version = one"), "version =", "");
  expect_error(replaced(s, "version = 1", "version = \"1\""), "version =", "whole number");
  expect_error(replaced(s, "version = 1", "version = 0"), "version =", "whole number");
  expect_error(replaced(s, "daily_quota = 500", "daily_quota = 99999999"), "daily_quota",
               "whole number");
  expect_error(replaced(s, "review_by = 2027-06-01", "review_by = \"2027-06-01\""), "review_by",
               "not a date");
  expect_error(replaced(s, "review_by = 2027-06-01\n", ""), "[agreement]", "review_by");
  expect_error(replaced(s, "title = \"Vale\"", "title = 7"), "title", "not a text");
  expect_error(replaced(s, "title = \"Vale\"", "title = \"\""), "title", "empty");
  expect_error(replaced(s, "title = \"Vale\"", "title = \"a\\u0007b\""), "title", "control");
  expect_error(replaced(s, "title = \"Vale\"", "title = \"" + std::string(501, 'x') + "\""),
               "title", "longer");
  expect_error(replaced(s, "title = \"Vale\"", "title = \"CHANGE\""), "title", "filled in");
  expect_error(replaced(s, "id = \"vale-cse\"", "id = \"Vale\""), "id = \"Vale\"", "not a valid");
  expect_error(replaced(s, "supersedes = \"\"", "supersedes = \"sha256:12\""), "supersedes",
               "SHA-256");
  expect_error(replaced(s, "kind = \"police\"", "kind = \"army\""), "kind = \"army\"", "not known");
  expect_error(replaced(s, "roles = [\"hub\"]", "roles = [\"queen\"]"), "queen", "not known");
  expect_error(replaced(s, "roles = [\"hub\"]", "roles = \"hub\""), "roles = \"hub\"",
               "not a list");
  expect_error(replaced(s, "roles = [\"hub\"]", "roles = [\"hub\", \"hub\"]"), "\"hub\", \"hub\"",
               "comes twice");
  expect_error(replaced(s, "identifier = \"nhs-number\"", "identifier = \"name\""), "identifier",
               "not known");
  expect_error(replaced(s, "reason = \"required\"", "reason = \"optional\""),
               "reason =", "must be");
  expect_error(replaced(s, "period = \"quarter\"", "period = \"week\""), "period =", "not known");
  expect_error(replaced(s, "settle = \"P14D\"", "settle = \"P1M\""), "settle =", "days");
  expect_error(replaced(s, "history = \"P24M\"", "history = \"two years\""),
               "history =", "duration");
  expect_error(replaced(s, "place_level = \"district\"", "place_level = \"ward\""), "place_level",
               "not known");
  expect_error(replaced(s, "measure = \"reports\"", "measure = \"money\""), "measure", "not known");
  expect_error(replaced(s, "true_zero = false", "true_zero = 0"), "true_zero", "neither");
  expect_error(replaced(s, "[\"missing\"]", "[\"lost\"]"), "lost", "not in the code list");
  expect_error(replaced(s, "[\"missing\"]", "[]"), "where", "names no code");
  expect_error(replaced(s, "event = [", "weather = ["), "weather", "unknown key");
  expect_error(replaced(s, "event = [\"missing\"]", "factors = [\"cse\"]"), "factors",
               "cannot be filtered");
  expect_error(replaced(s, "[purpose.pattern-detection]", "[purpose.Patterns]"),
               "[purpose.Patterns]", "purpose name");
}

TEST(Agreement, RefusesQuestionsThatDoNotExistYetByName) {
  for (const char* kind : {"profile", "repeat_missing"})
    expect_error(
        replaced(sample_text(), "question = \"flows\"", "question = \"" + std::string(kind) + "\""),
        "question =", "'" + std::string(kind) + "' is not a question");
  expect_error(replaced(sample_text(), "noise = \"none\"", "noise = { rho = \"1/100\" }"),
               "noise =", "not supported");
}

TEST(Agreement, RefusesUnknownKeysEverywhere) {
  for (const char* anchor :
       {"[agreement]\n", "[pseudonyms]\n", "[purpose.pattern-detection]\n", "[[grant]]\n",
        "[[grant.table]]\n", "[grant.disclosure]\n", "[retention]\n"})
    expect_error(replaced(sample_text(), anchor, std::string(anchor) + "surprise = 1\n"),
                 "surprise", "unknown key 'surprise'");
  expect_error(
      replaced_after(sample_text(), "id = \"vale-police\"", "name =", "surprise = 1\nname ="),
      "surprise", "unknown key");
  expect_error(replaced_after(sample_text(), "id = \"vale-police\"", "dpo =", "surprise ="),
               "surprise", "unknown key");
  expect_error("surprise = 1\n" + sample_text(), "surprise", "unknown key");
}

TEST(Agreement, CollectsAllErrorsByLine) {
  auto text = replaced(sample_text(), "version = 1", "version = 0");
  text = replaced(text, "period = \"quarter\"", "period = \"week\"");
  text = replaced(text, "[retention]\n", "[retention]\nsurprise = 1\n");
  const auto reading = read_text(text);
  ASSERT_EQ(reading.diagnostics.size(), 3u) << all_diagnostics(reading);
  EXPECT_EQ(reading.diagnostics[0].line, line_of(text, "version = 0"));
  EXPECT_EQ(reading.diagnostics[1].line, line_of(text, "week"));
  EXPECT_EQ(reading.diagnostics[2].line, line_of(text, "surprise"));
  const auto parsed = parse_agreement(as_bytes(text), "vale.toml");
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().code, Code::bad_input);
  EXPECT_EQ(parsed.error().text,
            "vale.toml:3:11: version in [agreement]: not a whole number between 1 and 10000 (and 2 "
            "more)");
}

TEST(Agreement, BoundsComeBeforeParsing) {
  const std::string large = sample_text() + std::string(kMaxAgreementBytes, '#');
  EXPECT_NE(all_diagnostics(read_text(large)).find("larger than"), std::string::npos);
  // A long dotted key and deep nesting would overflow the parser's stack.
  std::string dotted = "a";
  for (int i = 0; i < 30'000; ++i) dotted += ".a";
  for (const std::string& text :
       {dotted + " = 1\n", "[" + dotted + "]\n", "x = { " + dotted + " = 1 }\n",
        "x = " + std::string(30'000, '['), "x = " + std::string(10'000, '{'),
        std::string("\"a\".'b'.\"c\".d.e.f.g.h.i = 1\n")}) {
    const auto reading = read_text(text);
    EXPECT_FALSE(reading.agreement);
    ASSERT_EQ(reading.diagnostics.size(), 1u);
    EXPECT_NE(reading.diagnostics[0].text.find("nested too deeply"), std::string::npos);
  }
}

TEST(Agreement, SaysThatAFileIsUtf16) {
  for (const std::string_view text :
       {std::string_view("\xff\xfe[\0a\0]\0", 8), std::string_view("\xfe\xff\0[\0a\0]", 8)}) {
    const auto reading = read_text(std::string(text));
    ASSERT_EQ(reading.diagnostics.size(), 1u);
    EXPECT_EQ(reading.diagnostics[0].text, "the file is UTF-16");
    EXPECT_EQ(reading.diagnostics[0].hint, "save it as UTF-8");
  }
}

TEST(Agreement, TextsOnWhichTomlPlusPlusAssertsAreErrorsLikeOthers) {
  for (const char* text : {"[=]\n", "[[=]]\n", "[ [a]]\n", "[\n", "[", "[[", "[]\n", "[[]]\n",
                           "[ .a]\n", "a = 1\n[{]\n", "[\xc3\xa9]\n", "[[ #\n", "a = [\n=]\n[,]",
                           "\xef\xbb\xbf[=]\n", "a = \"x\"[=]\n", "a = 2020-01-01T{00:00:00Z\n"}) {
    const auto reading = read_text(text);
    EXPECT_FALSE(reading.agreement) << text;
    EXPECT_FALSE(reading.diagnostics.empty()) << text;
  }
  const std::string text = sample_text() + "\n[=]\n" + sample_text();
  const auto reading = read_text(text);
  ASSERT_EQ(reading.diagnostics.size(), 1u);
  EXPECT_EQ(reading.diagnostics[0].line, line_of(text, "[=]"));
  EXPECT_EQ(reading.diagnostics[0].column, 1u);
}

TEST(Agreement, OnlyTextsAndRemarksHoldMoreThanAscii) {
  const std::string s = sample_text();
  EXPECT_TRUE(read_text("\xef\xbb\xbf" + replaced(s, "\"Vale\"", "\"V\xc3\xa2le\" # \xe2\x82\xac"))
                  .agreement);
  std::string crlf;
  for (const char c : s) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_TRUE(read_text(crlf).agreement);
  // toml++ 3.3 is undefined on U+02DB outside a text, and may end a line where nobody sees one.
  for (const char* odd : {"a = 2\xcb\x9b\n", "\xc2\xa0 = 1\n", "# a\rb = 1\n", "a = 1\rb = 2\n",
                          "# \xe2\x80\xa8x\n", "a = \"\xc2\x85\"\n", "a = '\x01'\n",
                          "a = \"\\\x01\"\n", "a = 1\x0c\n", "a = \"\"\"\x7f\"\"\"\n"}) {
    const auto reading = read_text(odd + s);
    EXPECT_FALSE(reading.agreement) << odd;
    ASSERT_EQ(reading.diagnostics.size(), 1u);
    EXPECT_EQ(reading.diagnostics[0].line, 1u);
  }
}

// toml++ 3.3 reads these as part of one value, or as what a backslash takes with it, and is
// undefined on the letters there.
TEST(Agreement, NothingBeyondAsciiHidesBehindAQuotationMarkOrABackslash) {
  for (const char* odd :
       {"a = 1e9-pa\"P\xcf\xb2\"\n", "a = 1'\xc3\xa9'\n", "a = 1.\"\xc3\xa9\"\n",
        "a = .'\xc3\xa9'\n", "a = 1979-05-27 \"\xc3\xa9\"\n", "a = =\"\xc3\xa9\"\n",
        "a = [1, 2 '\xc3\xa9']\n", "a = [[1]'\xc3\xa9']\n", "a = x['\xc3\xa9']\n",
        "a = {b = {c = 1}, d = e'\xc3\xa9'}\n", "a = x{'\xc3\xa9'}\n", "a = 'b''\xc3\xa9'\n",
        "a'\xc3\xa9' = 1\n", "[a]'\xc3\xa9'\n", "a = \"\"\"\\\xc3\xa9\"\"\"\n",
        "a = \"\\\xc3\xa9\"\n", "a = \"\"\"x \\ \xc3\xa9\"\"\"\n"}) {
    const auto reading = read_text(odd + sample_text());
    EXPECT_FALSE(reading.agreement) << odd;
    ASSERT_EQ(reading.diagnostics.size(), 1u) << odd;
    EXPECT_EQ(reading.diagnostics[0].line, 1u) << odd;
    EXPECT_TRUE(reading.diagnostics[0].text.starts_with("unexpected '") ||
                reading.diagnostics[0].text.starts_with("this cannot follow a backslash"))
        << odd << reading.diagnostics[0].text;
  }
  const auto later = read_text("a = \"\"\"x \\\n  \n \xc3\xa9\"\"\"\n");
  ASSERT_EQ(later.diagnostics.size(), 1u);
  EXPECT_EQ(later.diagnostics[0].line, 3u);
  EXPECT_TRUE(later.diagnostics[0].text.starts_with("this cannot follow a backslash"));
  // The mark that closes a text is seen where a line before it ends with a backslash.
  const auto outside = read_text("a = \"\"\"x \\\n  \"\"\"\nb = \xc3\xa9\n");
  ASSERT_EQ(outside.diagnostics.size(), 1u);
  EXPECT_EQ(outside.diagnostics[0].line, 3u);
  EXPECT_TRUE(outside.diagnostics[0].text.starts_with("this belongs between quotation marks"));
}

TEST(Agreement, QuotationMarksThatEndATextHideNothing) {
  for (const char* open : {"x = [\"\"\"a\"\"\"\", ", "x = ['''a'''', ", "x = ['''a''''', "}) {
    const auto reading = read_text(open + std::string(5000, '['));
    ASSERT_EQ(reading.diagnostics.size(), 1u);
    EXPECT_NE(reading.diagnostics[0].text.find("nested too deeply"), std::string::npos) << open;
  }
}

TEST(Agreement, DotsAndBracketsInTextsAndRemarksDoNotCount) {
  const std::string dots(200, '.');
  const std::string brackets(200, '[');
  auto text = replaced(sample_text(), "title = \"Vale\"",
                       "title = \"\"\"" + dots + "\\\"" + brackets + "\"\"\" # " + brackets);
  EXPECT_TRUE(read_text(text).agreement) << all_diagnostics(read_text(text));
  text = replaced(sample_text(), "title = \"Vale\"", "title = '" + dots + brackets + "'");
  EXPECT_TRUE(read_text(text).agreement);
}

TEST(Agreement, CountsAreBounded) {
  std::string parties;
  for (std::size_t i = 0; i <= kMaxParties; ++i)
    parties += sample_party("extra-" + std::to_string(i), "health", "\"contributor\"", "",
                            "\"uk-gdpr:6(1)(e)\"");
  const auto reading = read_text(sample_text() + "\n" + parties);
  EXPECT_FALSE(reading.agreement);
  EXPECT_NE(all_diagnostics(reading).find("party in the agreement: more than 64"),
            std::string::npos);
  std::string areas;
  for (int i = 0; i < 65; ++i) areas += (i ? ", \"E" : "\"E") + std::to_string(i) + "\"";
  const auto many = replaced_after(sample_text(), "vale-council", "areas = [\"E06000060\"]",
                                   "areas = [" + areas + "]");
  EXPECT_NE(all_diagnostics(read_text(many)).find("more than 64 entries"), std::string::npos);
}

TEST(Agreement, ReportsTheParserSyntaxErrorWithItsPlace) {
  const auto reading = read_text("[agreement]\nid = \n");
  ASSERT_EQ(reading.diagnostics.size(), 1u);
  EXPECT_EQ(reading.diagnostics[0].line, 2u);
  EXPECT_FALSE(read_text(std::string("\xff\xfe", 2)).agreement);
  EXPECT_FALSE(read_text("").agreement);
}

RC_GTEST_PROP(AgreementProperty, AChangedByteNeverCrashesNorGoesUnseen, ()) {
  std::string text = sample_text();
  const auto edits = *rc::gen::inRange(1, 4);
  for (int i = 0; i < edits; ++i) {
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    text[at] = static_cast<char>(*rc::gen::inRange(0, 256));
  }
  const auto reading = read_text(text);
  if (!reading.agreement) {
    RC_ASSERT(!reading.diagnostics.empty());
  } else if (text != sample_text()) {
    RC_ASSERT(reading.agreement->hash != agreement_hash(as_bytes(sample_text())));
  }
}

}  // namespace
}  // namespace hedgerow::policies
