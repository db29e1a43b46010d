#include "node/cli/trace_order.h"

#include "crypto/hash.h"
#include "tests/crypto/identity/identity_fixture.h"

namespace hedgerow::cli {
namespace {

using protocol::MessageType;
using protocol::trace::Order;
using std::chrono::hours;

class TraceOrder : public Identities {
 protected:
  TraceOrder() {
    order = {"safeguard-a-child", "ca-2004:11", "Missing since Friday", {}, {}};
    for (const char* name : {"vale-health", "vale-police"}) {
      Sha256 hash;
      rng.fill(hash.bytes);
      order.points.push_back({party(name), 20'727, hash});
    }
    terms.id.bytes[0] = 1;
    terms.not_after = kNow + hours(30);
    terms.responders = order.points;
  }

  Certificate person(const Agency& agency, CertificateKind kind, const std::string& name,
                     const SigningKey& key, Validity validity = kTwoYears) {
    return issue({agency.id, kind, name}, SubjectKey(key.verify_key()), validity, agency.root,
                 agency.root_key, rng)
        .value();
  }
  Bytes request_by(const Certificate& practitioner, const SigningKey& key,
                   MessageType type = MessageType::trace_request) {
    return protocol::trace::sign(key, practitioner, type, words.agreement, terms.agreement,
                                 terms.id, terms.not_after, order.encode())
        .encode();
  }
  void refused(const Result<void>& result, Code code, std::string_view text) {
    ASSERT_FALSE(result.ok()) << text;
    EXPECT_EQ(result.error().code, code) << result.error().text;
    EXPECT_NE(result.error().text.find(text), std::string::npos) << result.error().text;
  }
  Result<void> checked(const Order& o, const OrderTerms& t) {
    return check_order(o, t, words, council.id, kNow);
  }

  Agency council = make_agency("vale-council");
  SigningKey dana_key = SigningKey::random(rng);
  SigningKey sam_key = SigningKey::random(rng);
  Certificate dana = person(council, CertificateKind::practitioner, "dana", dana_key);
  Certificate sam = person(council, CertificateKind::approver, "sam", sam_key);
  policies::TraceWords words{Lineage::parse("vale-cse").value(), "safeguard-a-child", "ca-2004:11",
                             "Missing since Friday"};
  Order order;
  OrderTerms terms;
};

TEST_F(TraceOrder, WordsAreCheckedBeforeAnythingElse) {
  const auto made = trace_words("vale-cse", "safeguard-a-child", "ca-2004:11", "Missing, 2 days");
  ASSERT_TRUE(made.ok()) << made.error().text;
  EXPECT_EQ(made->reason, "Missing, 2 days");
  const auto code = [](std::string_view agreement, const char* purpose, const char* basis,
                       const std::string& reason) {
    const auto typed = trace_words(agreement, purpose, basis, reason);
    return typed.ok() ? 0 : static_cast<int>(typed.error().code);
  };
  EXPECT_EQ(code("Vale", "p", "ca-2004:11", "r"), 64);
  EXPECT_EQ(code("vale-cse", "a purpose", "ca-2004:11", "r"), 64);
  EXPECT_EQ(code("vale-cse", "purpose", "the Act", "r"), 64);
  EXPECT_EQ(code("vale-cse", "purpose", "ca-2004:11", ""), 64);
  EXPECT_EQ(code("vale-cse", "purpose", "ca-2004:11", "two\nlines"), 64);
  EXPECT_EQ(code("vale-cse", "purpose", "ca-2004:11", std::string(501, 'r')), 64);
}

TEST_F(TraceOrder, AReasonHoldsNoNhsNumber) {
  for (const char* reason : {"child 943 476 5919 is missing", "9434765919", "x943-476-5919."}) {
    const auto typed = trace_words("vale-cse", "purpose", "ca-2004:11", reason);
    ASSERT_FALSE(typed.ok()) << reason;
    EXPECT_EQ(typed.error().code, Code::bad_input);
    EXPECT_EQ(typed.error().text.find("943"), std::string::npos) << "the number is not repeated";
  }
  for (const char* reason : {"case 2026-11-22", "ring 01632 960000", "9434765918", "12 of 13"})
    EXPECT_TRUE(trace_words("vale-cse", "purpose", "ca-2004:11", reason).ok()) << reason;
}

TEST_F(TraceOrder, NumberAndReferenceAreTwoLines) {
  const auto lines = child_and_case(as_bytes(" 943 476 5919"), as_bytes("MASH/2026/0417"));
  ASSERT_TRUE(lines.ok()) << lines.error().text;
  EXPECT_EQ(as_text(*lines), "9434765919\nMASH/2026/0417\n");
  const auto text = [](std::string_view number, std::string_view reference) {
    const auto made = child_and_case(as_bytes(number), as_bytes(reference));
    EXPECT_EQ(made.ok() ? Code::internal : made.error().code, Code::bad_input) << number;
    return made.ok() ? std::string() : made.error().text;
  };
  EXPECT_NE(text("943 476 5918", "r").find("check digit"), std::string::npos);
  EXPECT_NE(text("943 476 591", "r").find("ten digits"), std::string::npos);
  EXPECT_NE(text("", "r").find("ten digits"), std::string::npos);
  EXPECT_NE(text("9434765919", "").find("empty"), std::string::npos);
  EXPECT_NE(text("9434765919", "943 476 5919").find("itself an NHS number"), std::string::npos);
}

TEST_F(TraceOrder, OnlyWhatWasAskedIsSigned) {
  EXPECT_TRUE(checked(order, terms).ok());
  Order other = order;
  other.purpose = "curiosity";
  refused(checked(other, terms), Code::bad_input, "another purpose");
  other = order;
  other.legal_basis = "ca-2004:10";
  refused(checked(other, terms), Code::bad_input, "another legal basis");
  other = order;
  other.reason = "Missing since Thursday";
  refused(checked(other, terms), Code::bad_input, "another reason");
  other = order;
  other.points.pop_back();
  refused(checked(other, terms), Code::bad_input, "set of parties");
  other = order;
  other.points[0].day += 1;
  refused(checked(other, terms), Code::bad_input, "set of parties");
  // Where the node asks its own agency and says so in both places.
  other = order;
  other.points.insert(other.points.begin(), {council.id, 20'727, {}});
  OrderTerms same = terms;
  same.responders = other.points;
  refused(checked(other, same), Code::bad_input, "set of parties");
  OrderTerms late = terms;
  late.not_after = kNow + hours(24 * 3);
  refused(checked(order, late), Code::bad_input, "length of time");
  late.not_after = kNow;
  refused(checked(order, late), Code::bad_input, "length of time");
}

TEST_F(TraceOrder, WhatIsApprovedIsWhatThePractitionerSigned) {
  const auto read = read_request(request_by(dana, dana_key));
  ASSERT_TRUE(read.ok()) << read.error().text;
  EXPECT_EQ(read->order, order);
  EXPECT_EQ(read->agreement, words.agreement);
  EXPECT_EQ(read->signed_by.person, dana);
  EXPECT_TRUE(check_approval(*read, terms.id, sam, nullptr, kNow).ok());
  EXPECT_TRUE(check_approval(*read, terms.id, sam, &council.root, kNow).ok());
}

TEST_F(TraceOrder, AlteredAndForeignRequestsAreRefused) {
  const Bytes good = request_by(dana, dana_key);
  for (std::size_t i = 0; i < good.size(); i += 7) {
    Bytes bad = good;
    bad[i] ^= 1;
    EXPECT_FALSE(read_request(bad).ok()) << i;
  }
  EXPECT_FALSE(read_request(request_by(dana, sam_key)).ok()) << "another's key";
  EXPECT_FALSE(read_request(request_by(sam, sam_key)).ok()) << "an approver's request";
  EXPECT_FALSE(read_request(request_by(dana, dana_key, MessageType::trace_collect)).ok());
  order.reason = "turned \xe2\x80\xae round";
  EXPECT_FALSE(read_request(request_by(dana, dana_key)).ok()) << "cannot be shown as it is";
}

TEST_F(TraceOrder, OnePersonDoesNotApproveTheirOwn) {
  const TraceRequest read = read_request(request_by(dana, dana_key)).value();
  const SigningKey other_key = SigningKey::random(rng);
  refused(
      check_approval(read, terms.id, person(council, CertificateKind::approver, "dana", other_key),
                     nullptr, kNow),
      Code::denied, "who asked may not approve");
  refused(
      check_approval(read, terms.id, person(council, CertificateKind::approver, "sam", dana_key),
                     nullptr, kNow),
      Code::denied, "who asked may not approve");
  refused(check_approval(read, terms.id, dana, nullptr, kNow), Code::denied, "does not approve");
}

TEST_F(TraceOrder, ApprovalIsOfTheNamedRequestInTimeAndInTheAgency) {
  const TraceRequest read = read_request(request_by(dana, dana_key)).value();
  SessionId another;
  refused(check_approval(read, another, sam, nullptr, kNow), Code::bad_input, "another request");
  refused(check_approval(read, terms.id, sam, nullptr, terms.not_after), Code::denied, "expired");
  const Agency police = make_agency("vale-police");
  refused(check_approval(read, terms.id, person(police, CertificateKind::approver, "kim", sam_key),
                         nullptr, kNow),
          Code::denied, "not of vale-police");
  const Certificate old =
      person(council, CertificateKind::approver, "kim", sam_key, {utc(2026, 1, 1), kNow});
  refused(check_approval(read, terms.id, old, nullptr, kNow), Code::denied, "not valid today");
  // A root of the same name that others made.
  const Agency false_council = make_agency("vale-council");
  refused(check_approval(read, terms.id, sam, &false_council.root, kNow), Code::bad_input, "");
}

TEST_F(TraceOrder, TheResultIsForWhoAsked) {
  const TraceRequest read = read_request(request_by(dana, dana_key)).value();
  EXPECT_TRUE(check_own(read, terms.id, dana).ok());
  refused(check_own(read, terms.id, person(council, CertificateKind::practitioner, "kim", sam_key)),
          Code::denied, "only the practitioner who asked");
  refused(check_own(read, SessionId(), dana), Code::bad_input, "another request");
}

}  // namespace
}  // namespace hedgerow::cli
