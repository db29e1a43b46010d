#include "crypto/cms.h"

#include <algorithm>

#include "crypto/cms_profile.h"
#include "tests/crypto/identity/identity_fixture.h"

namespace hedgerow {
namespace {

constexpr std::string_view kAgreement = "[agreement]\nid = \"vale-cse\"\nversion = 1\n";

class Cms : public Identities {
 protected:
  Cms() {
    for (const char* name : {"vale-council", "vale-health", "vale-police"}) {
      agencies.push_back(make_agency(name));
      roots.emplace(agencies.back().id, agencies.back().root);
    }
  }

  std::string sign(const Agency& agency, std::string_view content = kAgreement, UtcTime at = kNow) {
    return cms_sign(as_bytes(content), agency.officer, agency.officer_key, at, rng).value();
  }
  std::string merge(std::vector<std::string> pems) {
    auto merged = cms_merge(pems);
    EXPECT_TRUE(merged.ok()) << (merged.ok() ? "" : merged.error().text);
    return std::move(merged).value();
  }
  Result<std::vector<CmsSigner>> verify(std::string_view content, const std::string& pem,
                                        UtcTime at = kNow) {
    return cms_verify(as_bytes(content), as_bytes(pem), roots, at);
  }
  void expect_error(const Result<std::vector<CmsSigner>>& result, Code code, std::string_view why,
                    std::string_view culprit) {
    ASSERT_FALSE(result.ok()) << why;
    EXPECT_EQ(result.error().code, code);
    EXPECT_NE(result.error().text.find(why), std::string::npos) << result.error().text;
    EXPECT_EQ(result.error().culprit, culprit);
  }

  std::vector<Agency> agencies;
  std::map<PartyId, Certificate> roots;
};

TEST_F(Cms, VerifiesOneSigner) {
  const std::string pem = sign(agencies[0]);
  EXPECT_TRUE(pem.starts_with("-----BEGIN CMS-----\n"));
  const auto signers = verify(kAgreement, pem);
  ASSERT_TRUE(signers.ok()) << signers.error().text;
  ASSERT_EQ(signers->size(), 1U);
  EXPECT_EQ(signers->at(0).certificate, agencies[0].officer);
  EXPECT_EQ(signers->at(0).signed_at, kNow);
}

TEST_F(Cms, SameSeedGivesTheSameSignature) {
  rng = SeededRandom(ByteArray<32>{9});
  const std::string first = sign(agencies[0]);
  rng = SeededRandom(ByteArray<32>{9});
  EXPECT_EQ(sign(agencies[0]), first);
  EXPECT_NE(sign(agencies[0]), first) << "a second nonce";
}

TEST_F(Cms, MergesInAnyOrderToTheSameBytes) {
  std::vector<std::string> pems;
  for (const Agency& agency : agencies) pems.push_back(sign(agency));
  const std::string expected = merge(pems);
  std::ranges::sort(pems);
  do {
    EXPECT_EQ(merge(pems), expected);
    EXPECT_EQ(merge({merge({pems[0], pems[1]}), pems[2]}), expected);
    EXPECT_EQ(merge({pems[0], merge({pems[1], pems[2]}), pems[1]}), expected);
  } while (std::ranges::next_permutation(pems).found);

  const auto signers = verify(kAgreement, expected);
  ASSERT_TRUE(signers.ok()) << signers.error().text;
  ASSERT_EQ(signers->size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(signers->at(i).certificate, agencies[i].officer);
}

TEST_F(Cms, KeepsTheLatestSignatureOfAParty) {
  const std::string early = sign(agencies[0]);
  const UtcTime later = kNow + std::chrono::hours(1);
  const std::string late = sign(agencies[0], kAgreement, later);
  EXPECT_EQ(merge({early, late}), late);
  EXPECT_EQ(merge({late, early}), late);
  EXPECT_EQ(verify(kAgreement, merge({late, early}))->at(0).signed_at, later);
}

TEST_F(Cms, ListsWhoSignedWithoutVerifying) {
  const auto listed = cms_list(as_bytes(merge({sign(agencies[2]), sign(agencies[0])})));
  ASSERT_TRUE(listed.ok());
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_EQ(listed->at(0).certificate.agency(), agencies[0].id);
  EXPECT_EQ(listed->at(1).certificate.agency(), agencies[2].id);
}

TEST_F(Cms, VerifiesOnePartyBeforeTheOthersAreKnown) {
  const std::string pem = merge({sign(agencies[0]), sign(agencies[1])});
  const auto own =
      cms_verify_party(as_bytes(kAgreement), as_bytes(pem), agencies[1].id, agencies[1].root, kNow);
  ASSERT_TRUE(own.ok()) << own.error().text;
  EXPECT_EQ(own->certificate, agencies[1].officer);
  const auto absent =
      cms_verify_party(as_bytes(kAgreement), as_bytes(pem), agencies[2].id, agencies[2].root, kNow);
  ASSERT_FALSE(absent.ok());
  EXPECT_NE(absent.error().text.find("has not signed"), std::string::npos);
  EXPECT_FALSE(
      cms_verify_party(as_bytes("other"), as_bytes(pem), agencies[1].id, agencies[1].root, kNow)
          .ok());
}

TEST_F(Cms, RefusesAlteredContentAndNamesTheSigner) {
  const std::string pem = sign(agencies[0]);
  std::string altered(kAgreement);
  altered.back() = ' ';
  altered[15] = 'x';
  expect_error(verify(altered, pem), Code::bad_input, "not byte for byte", "vale-council");
  EXPECT_EQ(verify(altered, pem).error().text.find("line ends"), std::string::npos);
}

TEST_F(Cms, SaysWhenOnlyLineEndsWereChanged) {
  std::string crlf;
  for (char c : kAgreement) crlf += c == '\n' ? "\r\n" : std::string(1, c);
  expect_error(verify(crlf, sign(agencies[0])), Code::bad_input, "line ends", "vale-council");
  expect_error(verify(kAgreement, sign(agencies[0], crlf)), Code::bad_input, "line ends",
               "vale-council");
  const std::string more = std::string(kAgreement) + "\n";
  expect_error(verify(more, sign(agencies[0])), Code::bad_input, "line ends", "vale-council");
  const std::string_view less = kAgreement.substr(0, kAgreement.size() - 1);
  expect_error(verify(less, sign(agencies[0])), Code::bad_input, "line ends", "vale-council");
}

TEST_F(Cms, RefusesSignersWhoAreNoParty) {
  const Agency stranger = make_agency("far-council");
  expect_error(verify(kAgreement, merge({sign(agencies[0]), sign(stranger)})), Code::bad_input,
               "is not a party", "far-council");
}

TEST_F(Cms, RefusesAnImpostorsRoot) {
  const Agency impostor = make_agency("vale-council");
  expect_error(verify(kAgreement, sign(impostor)), Code::bad_input, "was not issued by",
               "vale-council");
}

TEST_F(Cms, RefusesARootFiledUnderAnotherParty) {
  roots.insert_or_assign(agencies[0].id, agencies[1].root);
  expect_error(verify(kAgreement, sign(agencies[0])), Code::bad_input, "another agency's",
               "vale-council");
}

TEST_F(Cms, RefusesExpiredCertificates) {
  const std::string pem = sign(agencies[0]);
  expect_error(verify(kAgreement, pem, utc(2028, 6, 1)), Code::denied, "expired", "vale-council");
  expect_error(verify(kAgreement, pem, utc(2025, 6, 1)), Code::denied, "not valid before",
               "vale-council");
}

TEST_F(Cms, RefusesTwoSignaturesOfOneParty) {
  std::vector<CmsPart> parts = decode_cms(as_bytes(sign(agencies[0]))).value();
  parts.push_back(
      decode_cms(as_bytes(sign(agencies[0], kAgreement, kNow + std::chrono::hours(1)))).value()[0]);
  const std::string twice = cms_to_pem(encode_cms(parts));
  expect_error(verify(kAgreement, twice), Code::bad_input, "more than once", "vale-council");
  EXPECT_FALSE(cms_verify_party(as_bytes(kAgreement), as_bytes(twice), agencies[0].id,
                                agencies[0].root, kNow)
                   .ok());
}

TEST_F(Cms, RefusesCertificatesThatDidNotSign) {
  std::vector<CmsPart> parts = decode_cms(as_bytes(sign(agencies[0]))).value();
  const CmsPart other = decode_cms(as_bytes(sign(agencies[1]))).value()[0];
  CmsPart swapped = parts[0];
  swapped.certificate = other.certificate;
  EXPECT_FALSE(decode_cms(as_bytes(cms_to_pem(encode_cms({swapped})))).ok());
  swapped.signer_info = parts[0].signer_info;
  EXPECT_FALSE(decode_cms(as_bytes(cms_to_pem(encode_cms({parts[0], swapped})))).ok());
}

TEST_F(Cms, RefusesEveryFlippedByte) {
  const std::string pem = sign(agencies[0]);
  const Bytes der = encode_cms(decode_cms(as_bytes(pem)).value());
  std::size_t decoded = 0;
  for (std::size_t i = 0; i < der.size(); ++i) {
    Bytes bad = der;
    bad[i] ^= 0x01;
    const std::string bad_pem = cms_to_pem(bad);
    const auto result = verify(kAgreement, bad_pem);
    if (cms_list(as_bytes(bad_pem)).ok()) ++decoded;
    // The set of digest algorithms is a hint that nothing signs: that byte may change.
    if (result.ok()) {
      EXPECT_EQ(merge({bad_pem}), pem) << "byte " << i;
    }
  }
  EXPECT_GT(decoded, 50U) << "many flips reach the signature check";
}

TEST_F(Cms, RefusesWhatIsNoCms) {
  EXPECT_FALSE(verify(kAgreement, "").ok());
  EXPECT_FALSE(verify(kAgreement, "hello").ok());
  EXPECT_FALSE(verify(kAgreement, agencies[0].root.pem()).ok());
  EXPECT_FALSE(verify(kAgreement, std::string(kMaxCmsSize + 1, '\n')).ok());
  const std::string pem = sign(agencies[0]);
  EXPECT_FALSE(verify(kAgreement, pem.substr(0, pem.size() / 2)).ok());
  const auto two = verify(kAgreement, pem + sign(agencies[1]));
  ASSERT_FALSE(two.ok());
  EXPECT_NE(two.error().hint.find("merge"), std::string::npos);
}

TEST_F(Cms, MergeRefusesDifferentContentsAndBrokenSignatures) {
  const std::vector<std::string> different = {sign(agencies[0]), sign(agencies[1], "other")};
  const auto mixed = cms_merge(different);
  ASSERT_FALSE(mixed.ok());
  EXPECT_NE(mixed.error().text.find("different files"), std::string::npos);

  std::vector<CmsPart> parts = decode_cms(as_bytes(sign(agencies[0]))).value();
  parts[0].signer_info.back() ^= 1;
  const std::vector<std::string> broken = {cms_to_pem(encode_cms(parts))};
  EXPECT_EQ(cms_merge(broken).error().culprit, "vale-council");
  EXPECT_FALSE(cms_merge({}).ok());
}

TEST_F(Cms, OnlyOfficersWithTheirOwnKeySign) {
  const Agency& a = agencies[0];
  const auto code = [&](const Certificate& certificate, const OfficerKey& key, UtcTime at) {
    return cms_sign(as_bytes(kAgreement), certificate, key, at, rng).error().code;
  };
  EXPECT_EQ(code(a.root, a.root_key, kNow), Code::usage);
  EXPECT_EQ(code(make_node(a), a.officer_key, kNow), Code::usage);
  EXPECT_EQ(code(a.officer, agencies[1].officer_key, kNow), Code::usage);
  EXPECT_EQ(code(a.officer, a.officer_key, utc(2028, 1, 2)), Code::denied);
  EXPECT_EQ(code(a.officer, a.officer_key, utc(2025, 1, 2)), Code::denied);
}

}  // namespace
}  // namespace hedgerow
