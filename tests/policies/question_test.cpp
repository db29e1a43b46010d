#include "policies/question.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "crypto/domains.h"

namespace hedgerow::policies {
namespace {

QuestionWords sample_words() {
  return {"vale-cse", "pattern-detection",  "flows",           "2026-Q1",
          "2026-Q2",  "origin,destination", {"event=missing"}, "Q2 strategic MACE"};
}

TEST(Question, HasTheBytesOfItsSpecification) {
  const auto q = make_question(sample_words());
  ASSERT_TRUE(q.ok()) << q.error().text;
  EXPECT_EQ(to_hex(encode(*q)),
            "14000000" + to_hex(as_bytes("hedgerow/v1/question")) + "08000000" +
                to_hex(as_bytes("vale-cse")) + "11000000" + to_hex(as_bytes("pattern-detection")) +
                "01"
                "02ea07000001"
                "02ea07000002"
                "02000000"
                "0b000000" +
                to_hex(as_bytes("destination")) + "06000000" + to_hex(as_bytes("origin")) +
                "01000000"
                "05000000" +
                to_hex(as_bytes("event")) +
                "01000000"
                "07000000" +
                to_hex(as_bytes("missing")) + "11000000" + to_hex(as_bytes("Q2 strategic MACE")));
}

TEST(Question, RewrittenQuestionsAreTheSameBytes) {
  const auto q = make_question(sample_words()).value();
  auto words = sample_words();
  words.by = "destination,origin,destination";
  words.where = {"event=missing,missing"};
  EXPECT_EQ(encode(make_question(words).value()), encode(q));
  words.by = "";
  EXPECT_EQ(encode(make_question(words).value()), encode(q));
  words.to = "";
  EXPECT_EQ(make_question(words)->to, q.from);
  words = sample_words();
  words.where = {"sex=male,female", "event=missing"};
  auto other = words;
  other.where = {"event=missing", "sex=female,male"};
  EXPECT_EQ(question_hash(make_question(words).value()),
            question_hash(make_question(other).value()));
}

TEST(Question, FiguresHashLeavesOutTheReasonOnly) {
  const auto q = make_question(sample_words()).value();
  auto r = q;
  r.reason = "another";
  EXPECT_EQ(figures_hash(r), figures_hash(q));
  EXPECT_NE(question_hash(r), question_hash(q));
  r = q;
  r.to = q.from;
  EXPECT_NE(figures_hash(r), figures_hash(q));
  r = q;
  r.where["event"] = {"absent"};
  EXPECT_NE(figures_hash(r), figures_hash(q));
}

TEST(Question, RefusesWordsItDoesNotUnderstand) {
  const auto refused = [](auto change) {
    auto words = sample_words();
    change(words);
    const auto q = make_question(words);
    return !q.ok() && q.error().code == Code::usage;
  };
  using W = QuestionWords;
  EXPECT_FALSE(refused([](W&) {}));
  EXPECT_TRUE(refused([](W& w) { w.agreement = ""; }));
  EXPECT_TRUE(refused([](W& w) { w.agreement = "Vale"; }));
  EXPECT_TRUE(refused([](W& w) { w.purpose = ""; }));
  EXPECT_TRUE(refused([](W& w) { w.purpose = "a b"; }));
  EXPECT_TRUE(refused([](W& w) { w.kind = "profile"; }));
  EXPECT_TRUE(refused([](W& w) { w.from = "Q1"; }));
  EXPECT_TRUE(refused([](W& w) { w.to = "2025-Q4"; }));
  EXPECT_TRUE(refused([](W& w) { w.to = "2026"; }));
  EXPECT_TRUE(refused([](W& w) { w.to = "2099-Q4"; }));
  EXPECT_TRUE(refused([](W& w) { w.by = "origin,"; }));
  EXPECT_TRUE(refused([](W& w) { w.by = "a,b,c,d,e,f,g,h,i"; }));
  EXPECT_TRUE(refused([](W& w) { w.where = {"event"}; }));
  EXPECT_TRUE(refused([](W& w) { w.where = {"event="}; }));
  EXPECT_TRUE(refused([](W& w) { w.where = {"=missing"}; }));
  EXPECT_TRUE(refused([](W& w) { w.where = {"event=missing", "event=absent"}; }));
  EXPECT_TRUE(refused([](W& w) { w.where = {"event=Missing"}; }));
  EXPECT_TRUE(refused([](W& w) { w.where = std::vector<std::string>(9, "event=missing"); }));
}

TEST(Question, CountsNameOneToThreeDimensionsAsTheColumnsAreCalled) {
  auto words = sample_words();
  words.kind = "counts";
  words.by = "place-type,age_band,place_type";
  const auto q = make_question(words);
  ASSERT_TRUE(q.ok()) << q.error().text;
  EXPECT_EQ(q->by, (std::vector<std::string>{"age_band", "place_type"}));
  EXPECT_EQ(decode_question(encode(*q)).value(), *q);
  words.by = "origin,sex,age_band";
  EXPECT_TRUE(make_question(words).ok());
}

TEST(Question, LinkedOnesAreByTheirOwnDimensionsOrByNothing) {
  const auto asked = [](const char* kind, const char* by) {
    auto words = sample_words();
    words.kind = kind;
    words.by = by;
    return make_question(words);
  };
  using V = std::vector<std::string>;
  EXPECT_EQ(asked("places", "place-type,destination")->by, (V{"destination", "place_type"}));
  EXPECT_EQ(asked("places", "destination")->by, V{"destination"});
  EXPECT_EQ(asked("overlap", "")->by, V{});
  EXPECT_EQ(asked("overlap", "agency")->by, V{"agency"});
  EXPECT_EQ(asked("repeat-missing", "")->by, V{});
  for (const auto& q : {asked("places", "destination"), asked("overlap", ""),
                        asked("overlap", "agency"), asked("repeat-missing", "")}) {
    ASSERT_TRUE(q.ok()) << q.error().text;
    EXPECT_EQ(decode_question(encode(*q)).value(), *q);
  }
  EXPECT_EQ(encode(asked("repeat-missing", "").value())[24 + 4 + 8 + 4 + 17], 5u);
  for (const auto& [kind, by] :
       std::vector<std::pair<const char*, const char*>>{{"places", ""},
                                                        {"places", "origin"},
                                                        {"places", "agency"},
                                                        {"places", "destination,sex"},
                                                        {"overlap", "sex"},
                                                        {"overlap", "agency,sex"},
                                                        {"repeat-missing", "agency"},
                                                        {"repeat-missing", "destination"},
                                                        {"repeat_missing", ""},
                                                        {"counts", "agency"}}) {
    const auto q = asked(kind, by);
    ASSERT_FALSE(q.ok()) << kind << " by " << by;
    EXPECT_EQ(q.error().code, Code::usage);
    EXPECT_FALSE(q.error().hint.empty()) << kind << " by " << by;
  }
}

TEST(Question, OnlyOverlapAndRepeatMissingAreByNothing) {
  auto q = make_question(sample_words()).value();
  q.by.clear();
  for (const QuestionKind kind : {QuestionKind::counts, QuestionKind::places}) {
    q.kind = kind;
    EXPECT_FALSE(is_canonical(q));
  }
  for (const QuestionKind kind : {QuestionKind::overlap, QuestionKind::repeat_missing}) {
    q.kind = kind;
    EXPECT_TRUE(is_canonical(q));
  }
  Bytes unknown = encode(q);
  unknown[24 + 4 + 8 + 4 + 17] = 6;
  EXPECT_FALSE(decode_question(unknown).ok());
  unknown[24 + 4 + 8 + 4 + 17] = 0;
  EXPECT_FALSE(decode_question(unknown).ok());
}

TEST(Question, SaysWhichWordIsNoDimensionCodeOrArea) {
  const auto error = [](auto change) {
    auto words = sample_words();
    words.kind = "counts";
    words.by = "sex";
    change(words);
    const auto q = make_question(words);
    EXPECT_FALSE(q.ok());
    if (q.ok()) return std::string();
    EXPECT_EQ(q.error().code, Code::usage);
    EXPECT_FALSE(q.error().text.find('\n') != std::string::npos);
    return q.error().text + " | " + q.error().hint;
  };
  using W = QuestionWords;
  const auto has = [](const std::string& text, std::string_view words) {
    EXPECT_NE(text.find(words), std::string::npos) << text;
  };
  has(error([](W& w) { w.by = ""; }), "what is it counted by?");
  has(error([](W& w) { w.by = "colour"; }), "'colour' is not a dimension | origin, destination");
  has(error([](W& w) { w.by = "factors"; }), "a row may carry several");
  has(error([](W& w) { w.by = "origin,destination,sex,age_band"; }),
      "at most three dimensions, and these are 4");
  has(error([](W& w) { w.where = {"colour=red"}; }), "'colour' is not a dimension");
  has(error([](W& w) { w.where = {"event=mising"}; }), "event: 'mising' is not in the code list");
  has(error([](W& w) { w.where = {"event=mising"}; }), "| missing, away-without-authorisation");
  has(error([](W& w) { w.where = {"origin=E99999999"}; }),
      "origin: 'E99999999' is not an area of the code list england-2025");
  has(error([](W& w) { w.where = {"origin=Sheffield!"}; }),
      "the codes of filter 'origin' are not understood | districts (E06 to E09)");
}

TEST(Question, FiltersOnAnAreaThatExistsAreForTheNodesToDecide) {
  auto words = sample_words();
  words.where = {"origin=E06000060,unknown"};
  const auto q = make_question(words);
  ASSERT_TRUE(q.ok()) << q.error().text;
  EXPECT_EQ(decode_question(encode(*q)).value(), *q);
}

TEST(Question, ReasonIsOneLineOfPlainText) {
  const auto accepted = [](std::string reason) {
    auto words = sample_words();
    words.reason = std::move(reason);
    return make_question(words).ok();
  };
  EXPECT_TRUE(accepted("Réunion à Łódź \xf0\x9f\x8c\xb3"));
  EXPECT_TRUE(accepted(std::string(kMaxReasonBytes, 'x')));
  EXPECT_FALSE(accepted(std::string(kMaxReasonBytes + 1, 'x')));
  for (const char* reason : {"a\nb", "a\tb", "\x7f", "\x1b[31m", "\xc2\x85", "\xff", "\xc0\xaf",
                             "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82",
                             "\xe2\x80\xae"
                             "x",
                             "\xe2\x80\xa8", "\xe2\x81\xa6", "\xef\xbb\xbf"})
    EXPECT_FALSE(accepted(reason)) << reason;
}

TEST(Question, DecodeTakesBackOnlyCanonicalBytes) {
  const auto q = make_question(sample_words()).value();
  const Bytes good = encode(q);
  EXPECT_EQ(decode_question(good).value(), q);
  for (std::size_t n = 0; n < good.size(); ++n)
    EXPECT_FALSE(decode_question(ByteView(good).first(n)).ok()) << n;
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(decode_question(longer).ok());
  EXPECT_FALSE(decode_question(Bytes(kMaxQuestionBytes + 1)).ok());
}

// Bytes with the two dimensions, and the filters given, in this order.
Bytes raw_question(std::vector<std::string> by,
                   std::vector<std::pair<std::string, std::vector<std::string>>> where,
                   std::string_view reason = "r") {
  Writer out;
  out.text(kDomainQuestion).text("vale-cse").text("pattern-detection").u8(1);
  write_period(out, Period::parse("2026-Q1").value());
  write_period(out, Period::parse("2026-Q1").value());
  out.u32(static_cast<std::uint32_t>(by.size()));
  for (const auto& b : by) out.text(b);
  out.u32(static_cast<std::uint32_t>(where.size()));
  for (const auto& [dimension, codes] : where) {
    out.text(dimension).u32(static_cast<std::uint32_t>(codes.size()));
    for (const auto& c : codes) out.text(c);
  }
  out.text(reason);
  return std::move(out).take();
}

TEST(Question, DecodeRefusesOtherOrdersRepeatsAndEmptiness) {
  const std::vector<std::string> by = {"destination", "origin"};
  EXPECT_TRUE(decode_question(raw_question(by, {{"event", {"missing"}}})).ok());
  EXPECT_FALSE(decode_question(raw_question({"origin", "destination"}, {})).ok());
  EXPECT_FALSE(decode_question(raw_question({"origin", "origin"}, {})).ok());
  EXPECT_FALSE(decode_question(raw_question({}, {})).ok());
  EXPECT_FALSE(decode_question(raw_question(by, {{"event", {}}})).ok());
  EXPECT_FALSE(decode_question(raw_question(by, {{"event", {"missing", "absent"}}})).ok());
  EXPECT_FALSE(decode_question(raw_question(by, {{"sex", {"male"}}, {"event", {"absent"}}})).ok());
  EXPECT_FALSE(
      decode_question(raw_question(by, {{"event", {"absent"}}, {"event", {"missing"}}})).ok());
  EXPECT_FALSE(decode_question(raw_question(by, {{"Event", {"missing"}}})).ok());
  EXPECT_FALSE(decode_question(raw_question(by, {}, "a\nb")).ok());
  EXPECT_FALSE(decode_question(raw_question(by, {}, std::string(501, 'x'))).ok());
}

RC_GTEST_PROP(QuestionProperty, OrderAndRepetitionNeverMatter, ()) {
  const std::vector<std::string> names = {"event", "sex", "care_status", "age_band"};
  QuestionWords words = sample_words();
  words.where.clear();
  QuestionWords shuffled = words;
  const auto count = *rc::gen::inRange<std::size_t>(0, names.size() + 1);
  for (std::size_t i = 0; i < count; ++i) {
    const auto known = CodeList::shipped().codes(*parse_vocabulary(names[i]));
    const std::vector<std::string> values(known.begin(), known.end());
    auto codes = *rc::gen::nonEmpty(
        rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(values)));
    codes.resize(std::min<std::size_t>(codes.size(), 20));
    const auto joined = [&] {
      std::string text = names[i] + "=";
      for (std::size_t j = 0; j < codes.size(); ++j) text += (j ? "," : "") + codes[j];
      return text;
    };
    words.where.push_back(joined());
    std::reverse(codes.begin(), codes.end());
    codes.push_back(codes.front());
    shuffled.where.insert(shuffled.where.begin(), joined());
  }
  const auto a = make_question(words);
  const auto b = make_question(shuffled);
  RC_ASSERT(a.ok() && b.ok());
  RC_ASSERT(encode(*a) == encode(*b));
  RC_ASSERT(decode_question(encode(*a)).value() == *b);
}

RC_GTEST_PROP(QuestionProperty, DecodedBytesAreEncodedBytes, ()) {
  Bytes bytes = encode(make_question(sample_words()).value());
  const auto edits = *rc::gen::inRange(0, 3);
  for (int i = 0; i < edits; ++i)
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] =
        static_cast<std::uint8_t>(*rc::gen::inRange(0, 256));
  const auto q = decode_question(bytes);
  if (q.ok()) RC_ASSERT(encode(*q) == bytes);
}

}  // namespace
}  // namespace hedgerow::policies
