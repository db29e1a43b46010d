#include "node/store/agreements.h"

#include "tests/node/store/store_fixture.h"

namespace hedgerow::store {
namespace {

AgreementRecord version(std::uint64_t n) {
  AgreementRecord a;
  a.version = n;
  a.hash = AgreementHash{key32('a', static_cast<std::uint8_t>(n))};
  a.bytes = Bytes(100, static_cast<std::uint8_t>(n));
  a.signatures = Bytes(200, 5);
  a.installed_at = at_ms(static_cast<std::int64_t>(n));
  return a;
}

class AgreementsTest : public LineageStoreTest {
 protected:
  Result<void> add(const AgreementRecord& a) {
    return commit([&] { return store().agreements().add(a); });
  }
};

TEST_F(AgreementsTest, KeepsTheExactBytesOfEachVersion) {
  EXPECT_FALSE(store().agreements().latest().value().has_value());
  ASSERT_TRUE(add(version(1)).ok());
  ASSERT_TRUE(add(version(2)).ok());
  reopen();
  const AgreementRecord found = store().agreements().find(version(1).hash).value().value();
  EXPECT_EQ(found.bytes, version(1).bytes);
  EXPECT_EQ(found.signatures, version(1).signatures);
  EXPECT_EQ(found.installed_at, at_ms(1));
  EXPECT_EQ(found.state, AgreementState::installed);
  EXPECT_EQ(store().agreements().latest().value()->version, 2U);
  EXPECT_EQ(store().agreements().list()->size(), 2U);
}

TEST_F(AgreementsTest, RefusesAVersionTwiceAndWhatIsTooLarge) {
  ASSERT_TRUE(add(version(1)).ok());
  EXPECT_EQ(add(version(1)).error().code, Code::bad_input);
  AgreementRecord other = version(2);
  other.version = 1;
  EXPECT_EQ(add(other).error().code, Code::bad_input);
  AgreementRecord large = version(2);
  large.bytes = Bytes(kMaxAgreement + 1);
  EXPECT_EQ(add(large).error().code, Code::bad_input);
  large = version(2);
  large.signatures = Bytes(kMaxAgreementSignatures + 1);
  EXPECT_EQ(add(large).error().code, Code::bad_input);
}

TEST_F(AgreementsTest, AStateChangesOnlyForWhatIsThere) {
  ASSERT_TRUE(add(version(1)).ok());
  const auto set = [&](std::uint64_t n) {
    return commit([&] {
      return store().agreements().set_state(version(n).hash, AgreementState::superseded);
    });
  };
  EXPECT_TRUE(set(1).ok());
  EXPECT_EQ(set(2).error().code, Code::bad_input);
  EXPECT_EQ(store().agreements().latest().value()->state, AgreementState::superseded);
}

TEST_F(AgreementsTest, CertificatesAreListedByPartyAndOnlyWhileValid) {
  const auto put = [&](const char* who, CertificateRole role, const char* pem) {
    return commit([&] {
             return store().agreements().put_certificate({party(who), role, pem, true});
           })
        .ok();
  };
  ASSERT_TRUE(put("police", CertificateRole::node, "pem 1"));
  ASSERT_TRUE(put("council", CertificateRole::node, "pem 2"));
  ASSERT_TRUE(put("council", CertificateRole::root, "pem 3"));
  ASSERT_TRUE(put("council", CertificateRole::root, "pem 3"));
  auto all = store().agreements().certificates().value();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].party, party("council"));
  EXPECT_EQ(all[0].role, CertificateRole::root);
  EXPECT_EQ(all[0].pem, "pem 3");
  EXPECT_EQ(all[2].party, party("police"));

  ASSERT_TRUE(commit([&]() -> Result<void> {
                HR_TRY(store().agreements().invalidate_certificates(party("council"),
                                                                    CertificateRole::node));
                return store().agreements().put_certificate(
                    {party("council"), CertificateRole::node, "pem 4", true});
              }).ok());
  all = store().agreements().certificates().value();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1].pem, "pem 4");
  EXPECT_FALSE(
      commit([&] {
        return store().agreements().put_certificate(
            {party("council"), CertificateRole::node, std::string(kMaxCertificate + 1, 'x'), true});
      }).ok());
}

TEST_F(AgreementsTest, AReplacedCertificateStaysAsTheOneBeforeAndNoLonger) {
  const auto replace = [&](const char* pem) {
    return commit([&] {
             return store().agreements().replace_certificate(
                 {party("council"), CertificateRole::node, pem, true});
           })
        .ok();
  };
  for (const char* pem : {"pem 1", "pem 2", "pem 3"}) ASSERT_TRUE(replace(pem));
  const auto all = store().agreements().certificates().value();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].pem, "pem 3");
  Statement s = store().database().prepare("SELECT count(*) FROM certificate");
  ASSERT_TRUE(s.step().value());
  EXPECT_EQ(s.integer(0), 2);
}

TEST_F(AgreementsTest, NumbersOfRevocationListsNeverFall) {
  const auto put = [&](std::uint64_t number, const char* list) {
    return commit([&] {
             return store().revocations().put({party("council"), number, to_bytes(list)});
           })
        .ok();
  };
  EXPECT_TRUE(put(3, "list 3"));
  EXPECT_TRUE(put(5, "list 5"));
  EXPECT_FALSE(put(5, "another list 5"));
  EXPECT_FALSE(put(4, "list 4"));
  const auto all = store().revocations().list().value();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].number, 5U);
  EXPECT_EQ(all[0].list, to_bytes("list 5"));
  EXPECT_FALSE(
      commit([&] {
        return store().revocations().put({party("police"), 1, Bytes(kMaxRevocationList + 1)});
      }).ok());
}

}  // namespace
}  // namespace hedgerow::store
