#include "crypto/crl.h"

#include <gmock/gmock.h>

#include "tests/crypto/identity/identity_fixture.h"

namespace hedgerow {
namespace {

using ::testing::HasSubstr;

const Validity kYear{utc(2026, 9, 1), utc(2027, 9, 2)};

class Crl : public Identities {
 protected:
  Agency vale = make_agency("vale-council");
  Certificate analyst = make_person(vale, CertificateKind::analyst);

  Revoked entry(const Certificate& c, RevocationReason reason = RevocationReason::left) {
    return {to_bytes(c.serial()), utc(2026, 9, 30), reason};
  }
  RevocationList make(const std::vector<Revoked>& entries, std::uint64_t number = 1) {
    return issue_list(entries, number, kYear, vale.root, vale.root_key, rng).value();
  }
};

TEST_F(Crl, SaysWhatWasRevokedWhenAndWhy) {
  const Certificate node = make_node(vale);
  const RevocationList list = make({entry(analyst), entry(node, RevocationReason::key_compromise),
                                    entry(vale.officer, RevocationReason::unspecified)},
                                   7);
  EXPECT_EQ(list.number(), 7U);
  EXPECT_EQ(list.this_update(), kYear.not_before);
  EXPECT_EQ(list.next_update(), kYear.not_after);
  EXPECT_EQ(list.entries().size(), 3U);
  ASSERT_NE(list.find(node), nullptr);
  EXPECT_EQ(list.find(node)->reason, RevocationReason::key_compromise);
  EXPECT_EQ(list.find(node)->at, utc(2026, 9, 30));
  EXPECT_EQ(list.find(vale.officer)->reason, RevocationReason::unspecified);
  EXPECT_EQ(list.find(make_node(vale)), nullptr);
  EXPECT_TRUE(verify_list(list, vale.root, kNow).ok());
  EXPECT_EQ(RevocationList::decode_pem(as_bytes(list.pem())).value(), list);
  EXPECT_EQ(make({}, 1).entries().size(), 0U);
}

TEST_F(Crl, OfAnotherRootDoesNotHold) {
  const RevocationList list = make({entry(analyst)});
  const Agency impostor = make_agency("vale-council");  // the same name, other keys
  const auto held = verify_list(list, impostor.root, kNow);
  ASSERT_FALSE(held.ok());
  EXPECT_EQ(held.error().code, Code::bad_input);
  EXPECT_EQ(held.error().culprit, "vale-council");
  EXPECT_THAT(held.error().text, HasSubstr("another root's"));
  EXPECT_FALSE(claims_root(list, make_agency("vale-police").root));
  EXPECT_EQ(verify_list(list, vale.officer, kNow).error().code, Code::bad_input);
}

TEST_F(Crl, AlteredInAnyByteIsRefused) {
  const RevocationList list = make({entry(analyst)});
  for (std::size_t i = 0; i < list.der().size(); ++i) {
    Bytes bad = list.der();
    bad[i] ^= 0x01;
    const auto decoded = RevocationList::decode_der(bad);
    EXPECT_FALSE(decoded.ok() && verify_list(*decoded, vale.root, kNow).ok()) << i;
  }
  for (std::size_t size = 0; size < list.der().size(); ++size)
    EXPECT_FALSE(RevocationList::decode_der(ByteView(list.der()).first(size)).ok()) << size;
  Bytes longer = list.der();
  longer.push_back(0);
  EXPECT_FALSE(RevocationList::decode_der(longer).ok());
}

TEST_F(Crl, FromTheFutureDoesNotHoldYet) {
  const RevocationList list = make({});
  const auto held = verify_list(list, vale.root, utc(2026, 8, 31));
  ASSERT_FALSE(held.ok());
  EXPECT_EQ(held.error().code, Code::denied);
  // One that should have been followed by now still says what is revoked.
  EXPECT_TRUE(verify_list(list, vale.root, utc(2028, 1, 1)).ok());
}

TEST_F(Crl, FollowsOnlyWithAHigherNumberAndEverythingStillRevoked) {
  const RevocationList first = make({entry(analyst)}, 3);
  EXPECT_TRUE(check_follows(make({entry(analyst), entry(vale.officer)}, 4), first).ok());
  EXPECT_TRUE(check_follows(make({entry(analyst)}, 9), first).ok());
  EXPECT_THAT(check_follows(make({entry(analyst)}, 3), first).error().text,
              HasSubstr("number 3 is known"));
  EXPECT_EQ(check_follows(make({entry(analyst)}, 2), first).error().code, Code::denied);
  EXPECT_THAT(check_follows(make({entry(vale.officer)}, 4), first).error().text,
              HasSubstr("takes back"));
}

TEST_F(Crl, IsBoundedInSizeAndEntries) {
  std::vector<Revoked> many;
  for (std::uint32_t i = 0; i < kMaxRevoked; ++i) {
    Bytes serial(16, 0);
    serial[0] = 0x40;
    serial[14] = static_cast<std::uint8_t>(i >> 8U);
    serial[15] = static_cast<std::uint8_t>(i);
    many.push_back({serial, utc(2026, 9, 30), RevocationReason::left});
  }
  const RevocationList full = make(many);
  EXPECT_EQ(full.entries().size(), kMaxRevoked);
  EXPECT_LT(full.der().size(), kMaxListSize);
  EXPECT_LT(full.pem().size(), kMaxListPemSize);
  many.push_back({Bytes(16, 0x41), utc(2026, 9, 30), RevocationReason::left});
  EXPECT_EQ(issue_list(many, 1, kYear, vale.root, vale.root_key, rng).error().code, Code::usage);
  EXPECT_THAT(RevocationList::decode_der(Bytes(kMaxListSize + 1, 0x30)).error().text,
              HasSubstr("too large"));
}

TEST_F(Crl, OutsideTheProfileIsNotIssued) {
  const Agency police = make_agency("vale-police");
  const auto refused = [&](const std::vector<Revoked>& entries, std::uint64_t number,
                           const Validity& dates, const OfficerKey& key) {
    const auto made = issue_list(entries, number, dates, vale.root, key, rng);
    return !made.ok();
  };
  EXPECT_TRUE(refused({}, 1, kYear, police.root_key));
  EXPECT_TRUE(refused({}, std::uint64_t{1} << 63U, kYear, vale.root_key));
  EXPECT_TRUE(refused({}, 1, {kYear.not_after, kYear.not_before}, vale.root_key));
  EXPECT_TRUE(refused({entry(analyst), entry(analyst)}, 1, kYear, vale.root_key));
  Revoked zero = entry(analyst);
  zero.serial = {0, 1};
  EXPECT_TRUE(refused({zero}, 1, kYear, vale.root_key));
  EXPECT_FALSE(refused({}, 1, kYear, vale.root_key));
}

TEST_F(Crl, ABundleHoldsCertificatesAndLists) {
  const RevocationList list = make({entry(analyst)});
  const std::string pem = vale.root.pem() + "between\n" + list.pem() + analyst.pem();
  const PemBundle bundle = decode_bundle(as_bytes(pem), 2, 1).value();
  EXPECT_EQ(bundle.certificates, (std::vector<Certificate>{vale.root, analyst}));
  EXPECT_EQ(bundle.lists, std::vector<RevocationList>{list});
  EXPECT_FALSE(decode_bundle(as_bytes(pem), 1, 1).ok());
  EXPECT_FALSE(decode_bundle(as_bytes(pem), 2, 0).ok());
  EXPECT_FALSE(
      decode_bundle(as_bytes(std::string("-----BEGIN X-----\nAA==\n-----END X-----\n")), 2, 1)
          .ok());
  EXPECT_THAT(RevocationList::decode_pem(as_bytes("nothing")).error().hint,
              HasSubstr("BEGIN X509 CRL"));
  EXPECT_FALSE(RevocationList::decode_pem(as_bytes(vale.root.pem())).ok());
}

}  // namespace
}  // namespace hedgerow
