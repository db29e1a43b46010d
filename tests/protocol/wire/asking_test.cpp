#include "protocol/asking.h"

#include "crypto/group.h"
#include "wire_fixture.h"

namespace hedgerow::protocol {
namespace {

constexpr UtcTime kBefore = kWireNow - std::chrono::hours(24);
constexpr UtcTime kAfter = kWireNow + std::chrono::hours(24);

struct Agency {
  OfficerKey root_key;
  Certificate root;
};

class Asking : public ::testing::Test {
 protected:
  Agency agency(std::string_view name) {
    OfficerKey key = OfficerKey::random(rng_);
    Certificate root = issue_root(party(name), key, {kBefore, kAfter}, rng_).value();
    return {std::move(key), std::move(root)};
  }
  Certificate person(const Agency& a, CertificateKind kind, UtcTime until = kAfter) {
    return issue({a.root.agency(), kind, "sam-smith"}, SubjectKey(key_.verify_key()),
                 {kBefore, until}, a.root, a.root_key, rng_)
        .value();
  }
  Statement question(const Certificate& asker, UtcTime not_after = kWireNow) const {
    return sign_question(key_, asker, vale_cse(), counting<AgreementHash>(0x20),
                         counting<SessionId>(0x10), not_after, to_bytes("canonical"));
  }
  // A question statement whose parts do not fit together.
  Bytes crooked(const Certificate& certificate, std::string_view sender) const {
    StatementHeader h = statement_header();
    h.sender = party(sender);
    return Statement::sign(key_, MessageType::question, h,
                           Asked{certificate.der(), to_bytes("canonical")}.encode())
        .encode();
  }

  SeededRandom rng_{ByteArray<32>{5}};
  SigningKey key_ = key_number(4);
  Agency council_ = agency("vale-council");
  Agency police_ = agency("vale-police");
  Certificate analyst_ = person(council_, CertificateKind::analyst);
};

TEST_F(Asking, AskedHasTheseBytes) {
  const Bytes bytes = Asked{{0xaa, 0xbb}, to_bytes("canonical")}.encode();
  EXPECT_EQ(to_hex(bytes), "02000000aabb0900000063616e6f6e6963616c");
  refuses_truncation(bytes, [](ByteView b) { return Asked::decode(b).ok(); });
  EXPECT_FALSE(Asked::decode(Asked{Bytes(kMaxCertificateSize + 1), {}}.encode()).ok());
  EXPECT_FALSE(Asked::decode(Asked{{}, Bytes(kMaxQuestionBody + 1)}.encode()).ok());
}

TEST_F(Asking, QuestionStatementHasTheseBytes) {
  EXPECT_EQ(sha256_hex(question(analyst_).encode()),
            "9fbdc522cf9eeae9fbaf07b03f3814e3794e2e8878e944551732b3f37eacdbd7");
}

TEST_F(Asking, QuestionIsBelieved) {
  const Bytes bytes = question(analyst_).encode();
  const auto q = verify_question(bytes, council_.root, kWireNow);
  ASSERT_TRUE(q.ok()) << q.error().text;
  EXPECT_EQ(q->asker, analyst_);
  EXPECT_EQ(q->id, counting<SessionId>(0x10));
  EXPECT_EQ(q->agreement, counting<AgreementHash>(0x20));
  EXPECT_EQ(q->question, to_bytes("canonical"));
  EXPECT_EQ(q->home, party("vale-council"));
  EXPECT_EQ(q->statement, bytes);
  EXPECT_EQ(*claimed_agency(bytes), party("vale-council"));
}

TEST_F(Asking, QuestionIsRefusedWithAnyByteChanged) {
  const Bytes good = question(analyst_).encode();
  Bytes bad = good;
  for (std::size_t i = 0; i < good.size(); ++i) {
    bad[i] ^= 0x40;
    EXPECT_FALSE(verify_question(bad, council_.root, kWireNow).ok()) << "byte " << i;
    bad[i] = good[i];
  }
}

TEST_F(Asking, QuestionIsRefusedAtEveryOtherLength) {
  refuses_truncation(question(analyst_).encode(),
                     [&](ByteView b) { return verify_question(b, council_.root, kWireNow).ok(); });
}

TEST_F(Asking, ExpiredQuestionIsRefused) {
  const auto r = verify_question(question(analyst_).encode(), council_.root,
                                 kWireNow + std::chrono::milliseconds(1));
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, Code::denied);
}

TEST_F(Asking, ExpiredCertificateIsRefused) {
  const Certificate old =
      person(council_, CertificateKind::analyst, kWireNow - std::chrono::hours(1));
  const auto r = verify_question(question(old).encode(), council_.root, kWireNow);
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, Code::denied);
}

TEST_F(Asking, CertificateOfAnotherRootIsRefused) {
  EXPECT_FALSE(verify_question(question(analyst_).encode(), police_.root, kWireNow).ok());
  const Agency impostor = agency("vale-council");
  EXPECT_FALSE(verify_question(question(analyst_).encode(), impostor.root, kWireNow).ok());
}

TEST_F(Asking, QuestionOfAnotherHandIsRefused) {
  const SigningKey thief = key_number(9);
  const auto s = sign_question(thief, analyst_, vale_cse(), counting<AgreementHash>(0x20),
                               counting<SessionId>(0x10), kWireNow, to_bytes("canonical"));
  EXPECT_FALSE(verify_question(s.encode(), council_.root, kWireNow).ok());
}

TEST_F(Asking, ClaimOfAnotherAgencyIsRefusedAndTheClaimantNamed) {
  const auto r = verify_question(crooked(analyst_, "vale-police"), police_.root, kWireNow);
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().culprit, "vale-police");
  EXPECT_FALSE(verify_question(crooked(analyst_, "vale-police"), council_.root, kWireNow).ok());
}

TEST_F(Asking, PeopleMayAskWhateverTheirKind) {
  for (const auto kind : {CertificateKind::analyst, CertificateKind::practitioner,
                          CertificateKind::approver, CertificateKind::scrutineer})
    EXPECT_TRUE(
        verify_question(question(person(council_, kind)).encode(), council_.root, kWireNow).ok())
        << to_string(kind);
}

TEST_F(Asking, RootsOfficersAndNodesMayNot) {
  OfficerKey officer_key = OfficerKey::random(rng_);
  const Certificate officer = issue({party("vale-council"), CertificateKind::officer, "jane"},
                                    SubjectKey(officer_key.public_key()), {kBefore, kAfter},
                                    council_.root, council_.root_key, rng_)
                                  .value();
  NodePublicKeys keys;
  keys.message = key_.verify_key();
  keys.curve = random_seal_key_pair(rng_).public_key.bytes;
  const Element dkg = multiply_base(random_scalar(rng_)).value();
  keys.dkg = dkg.bytes();
  keys.seal = random_seal_key_pair(rng_).public_key;
  keys.log = SigningKey::random(rng_).verify_key();
  const Certificate node =
      issue({party("vale-council"), CertificateKind::node, "node"}, SubjectKey(keys),
            {kBefore, kAfter}, council_.root, council_.root_key, rng_)
          .value();
  for (const Certificate& c : {council_.root, officer, node}) {
    const auto r = verify_question(crooked(c, "vale-council"), council_.root, kWireNow);
    ASSERT_FALSE(r.ok()) << to_string(c.kind());
    EXPECT_EQ(r.error().code, Code::denied) << to_string(c.kind());
  }
}

class Countersigned : public Asking {
 protected:
  VerifiedQuestion asked() {
    return verify_question(question(analyst_).encode(), council_.root, kWireNow).value();
  }
  Bytes countersigned() {
    return countersign(home_, party("vale-council"), asked(), vale_cse(), kWireNow).encode();
  }
  SigningKey home_ = key_number(7);
};

TEST_F(Countersigned, HasTheseBytes) {
  EXPECT_EQ(sha256_hex(countersigned()),
            "ec4a95991f909dd783865ac6dd32271fed0b39473cb69050261f52ef58aa9ad6");
}

TEST_F(Countersigned, CarriesTheQuestionUnchanged) {
  const auto s = verify_countersigned(countersigned(), home_.verify_key(), kWireNow);
  ASSERT_TRUE(s.ok());
  EXPECT_EQ(s->body(), question(analyst_).encode());
  EXPECT_EQ(s->header().session, counting<SessionId>(0x10));
  EXPECT_EQ(s->header().sender, party("vale-council"));
}

TEST_F(Countersigned, LastsFiveMinutes) {
  const auto end = kWireNow + std::chrono::minutes(5);
  EXPECT_TRUE(verify_countersigned(countersigned(), home_.verify_key(), end).ok());
  const auto r =
      verify_countersigned(countersigned(), home_.verify_key(), end + std::chrono::milliseconds(1));
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, Code::denied);
}

TEST_F(Countersigned, ForLongerThanFiveMinutesAndTheSkewOfClocksIsRefused) {
  const Bytes bytes = countersigned();
  EXPECT_TRUE(
      verify_countersigned(bytes, home_.verify_key(), kWireNow - kCountersignatureSkew).ok());
  EXPECT_FALSE(verify_countersigned(bytes, home_.verify_key(),
                                    kWireNow - kCountersignatureSkew - std::chrono::milliseconds(1))
                   .ok());
}

TEST_F(Countersigned, OfAnotherNodeOrTypeOrLengthIsRefused) {
  EXPECT_FALSE(verify_countersigned(countersigned(), key_number(8).verify_key(), kWireNow).ok());
  EXPECT_FALSE(verify_countersigned(question(analyst_).encode(), key_.verify_key(), kWireNow).ok());
  refuses_truncation(countersigned(), [&](ByteView b) {
    return verify_countersigned(b, home_.verify_key(), kWireNow).ok();
  });
}

}  // namespace
}  // namespace hedgerow::protocol
