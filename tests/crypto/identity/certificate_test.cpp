#include "crypto/certificate.h"

#include "crypto/hash.h"
#include "tests/crypto/identity/identity_fixture.h"

namespace hedgerow {
namespace {

using CertificateTest = Identities;

constexpr CertificateKind kPeople[] = {CertificateKind::analyst, CertificateKind::practitioner,
                                       CertificateKind::approver, CertificateKind::scrutineer};

TEST(Subject, ReadsWhatItWrites) {
  const Subject subject{party("vale-council"), CertificateKind::analyst, "sam-smith"};
  EXPECT_EQ(subject.urn(), "urn:hedgerow:vale-council:analyst:sam-smith");
  EXPECT_EQ(Subject::parse_urn(subject.urn()).value(), subject);
}

TEST(Subject, RefusesWhatIsNotOurUrn) {
  for (const char* urn :
       {"", "urn:hedgerow:", "urn:hedgerow:vale-council", "urn:hedgerow:vale-council:node",
        "urn:hedgerow:vale-council:node:", "urn:hedgerow:vale-council:clerk:jane",
        "urn:hedgerow:Vale-Council:node:node", "urn:hedgerow:vale-council:node:node:more",
        "urn:hedgerow:vale-council:node:no de", "URN:hedgerow:vale-council:node:node",
        "urn:hedgerow::node:node", "urn:hedgerow:vale-council:root:jane",
        " urn:hedgerow:vale-council:node:node", "urn:hedgerow:vale-council:node:-node"})
    EXPECT_FALSE(Subject::parse_urn(urn).ok()) << urn;
  EXPECT_FALSE(
      Subject::parse_urn("urn:hedgerow:vale-council:node:node" + std::string(1, '\0')).ok());
  EXPECT_FALSE(Subject::parse_urn("urn:hedgerow:vale-council:node:" + std::string(300, 'n')).ok());
}

TEST_F(CertificateTest, RootCarriesItsIdentityAndVerifies) {
  const Agency vale = make_agency("vale-council");
  EXPECT_EQ(vale.root.subject().urn(), "urn:hedgerow:vale-council:root:root");
  EXPECT_EQ(vale.root.kind(), CertificateKind::root);
  EXPECT_EQ(vale.root.officer_key(), vale.root_key.public_key());
  EXPECT_EQ(vale.root.fingerprint().bytes, sha256(vale.root.der()));
  EXPECT_EQ(vale.root.not_before(), kTenYears.not_before);
  EXPECT_EQ(vale.root.not_after(), kTenYears.not_after);
  EXPECT_TRUE(verify_root(vale.root, kNow).ok());
}

TEST_F(CertificateTest, EveryKindIsIssuedAndVerifies) {
  const Agency vale = make_agency("vale-council");
  EXPECT_TRUE(verify_chain(vale.officer, vale.root, kNow).ok());
  EXPECT_EQ(vale.officer.officer_key(), vale.officer_key.public_key());
  for (CertificateKind kind : kPeople) {
    const Certificate person = make_person(vale, kind);
    EXPECT_EQ(person.kind(), kind);
    EXPECT_EQ(person.subject().name, "sam-smith");
    EXPECT_TRUE(verify_chain(person, vale.root, kNow).ok()) << to_string(kind);
  }
}

TEST_F(CertificateTest, NodeCarriesItsFiveKeys) {
  const Agency vale = make_agency("vale-council");
  const NodePublicKeys keys = make_node_keys();
  const Certificate node = issue({vale.id, CertificateKind::node, "node"}, SubjectKey(keys),
                                 kTwoYears, vale.root, vale.root_key, rng)
                               .value();
  EXPECT_EQ(node.node_keys(), keys);
  EXPECT_EQ(node.verify_key(), keys.message);
  EXPECT_TRUE(verify_chain(node, vale.root, kNow).ok());
}

TEST_F(CertificateTest, KeepsItsBytesThroughPemAndDer) {
  const Agency vale = make_agency("vale-council");
  const Certificate node = make_node(vale);
  EXPECT_EQ(Certificate::decode_der(node.der()).value(), node);
  EXPECT_EQ(Certificate::decode_pem(as_bytes(node.pem())).value(), node);
  EXPECT_EQ(Certificate::decode_pem(as_bytes("A comment.\n" + node.pem())).value(), node);
}

TEST_F(CertificateTest, EachOfManyDecodesToItselfAgainAndAgain) {
  const Agency vale = make_agency("vale-council");
  std::vector<Bytes> ders;
  for (int i = 0; i < 300; ++i)  // more than are kept
    ders.push_back(issue({vale.id, CertificateKind::officer, "officer-" + std::to_string(i)},
                         SubjectKey(vale.officer_key.public_key()), kTwoYears, vale.root,
                         vale.root_key, rng)
                       .value()
                       .der());
  for (int again = 0; again < 2; ++again)
    for (std::size_t i = 0; i < ders.size(); ++i) {
      const Certificate decoded = Certificate::decode_der(ders[i]).value();
      EXPECT_EQ(decoded.der(), ders[i]);
      EXPECT_EQ(decoded.subject().name, "officer-" + std::to_string(i));
      Bytes longer = ders[i];
      longer.push_back(0);
      EXPECT_FALSE(Certificate::decode_der(longer).ok());
    }
}

TEST_F(CertificateTest, SameSeedGivesTheSameBytes) {
  const Certificate first = make_agency("vale-council").officer;
  rng = SeededRandom(ByteArray<32>{7});
  EXPECT_EQ(make_agency("vale-council").officer, first);
  EXPECT_NE(make_agency("vale-council").officer, first);
}

TEST_F(CertificateTest, ReadsABundleInOrderUpToItsMaximum) {
  const Agency vale = make_agency("vale-council");
  const std::string pem = vale.root.pem() + "\nbetween\n" + vale.officer.pem();
  const auto both = Certificate::decode_pem_bundle(as_bytes(pem), 2);
  ASSERT_TRUE(both.ok()) << both.error().text;
  EXPECT_EQ(both->at(0), vale.root);
  EXPECT_EQ(both->at(1), vale.officer);
  EXPECT_EQ(Certificate::decode_pem_bundle(as_bytes(pem), 1).error().code, Code::bad_input);
  EXPECT_FALSE(Certificate::decode_pem(as_bytes(pem)).ok());
}

TEST_F(CertificateTest, RefusesPemThatHoldsNothingOrSomethingElse) {
  const Agency vale = make_agency("vale-council");
  EXPECT_FALSE(Certificate::decode_pem({}).ok());
  EXPECT_FALSE(Certificate::decode_pem(as_bytes("hello")).ok());
  std::string key = vale.root.pem();
  for (std::size_t at; (at = key.find("CERTIFICATE")) != key.npos;)
    key.replace(at, 11, "PUBLIC KEY");
  EXPECT_FALSE(Certificate::decode_pem(as_bytes(key)).ok());
  EXPECT_FALSE(Certificate::decode_pem_bundle(as_bytes(vale.root.pem() + key), 3).ok());
  const std::string cut = vale.root.pem().substr(0, vale.root.pem().size() - 30);
  EXPECT_FALSE(Certificate::decode_pem(as_bytes(cut)).ok());
  EXPECT_FALSE(Certificate::decode_pem_bundle(as_bytes(vale.root.pem() + cut), 3).ok());
  EXPECT_FALSE(Certificate::decode_pem(Bytes(kMaxCertificatePemSize + 1, '\n')).ok());
}

TEST_F(CertificateTest, RefusesACertificateOfAnotherRoot) {
  const Agency vale = make_agency("vale-council");
  const Agency police = make_agency("vale-police");
  const auto mixed = verify_chain(police.officer, vale.root, kNow);
  ASSERT_FALSE(mixed.ok());
  EXPECT_EQ(mixed.error().code, Code::bad_input);
  EXPECT_EQ(mixed.error().culprit, "vale-police");
  // The same agency's name on another key: an impostor's root.
  const Agency impostor = make_agency("vale-council");
  const auto forged = verify_chain(impostor.officer, vale.root, kNow);
  EXPECT_EQ(forged.error().code, Code::bad_input);
  EXPECT_EQ(forged.error().text, "the certificate of " + impostor.officer.subject().urn() +
                                     " was not issued by the root given for vale-council");
  EXPECT_NE(forged.error().hint, "");
}

TEST_F(CertificateTest, RefusesAnotherRootAndOtherDatesAlsoWhereItHeldBefore) {
  const Agency vale = make_agency("vale-council");
  const Agency same_name = make_agency("vale-council");
  const Certificate node = make_node(vale);
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(verify_chain(node, vale.root, kNow).ok());
    const Certificate again = Certificate::decode_der(node.der()).value();
    EXPECT_FALSE(verify_chain(again, same_name.root, kNow).ok());
    EXPECT_FALSE(verify_chain(again, vale.root, node.not_after()).ok());
    EXPECT_FALSE(verify_chain(again, vale.root, node.not_before() - std::chrono::seconds(1)).ok());
    EXPECT_FALSE(verify_root(vale.root, vale.root.not_after()).ok());
  }
}

TEST_F(CertificateTest, DecodesTheSameAfterManyOthers) {
  const Agency vale = make_agency("vale-council");
  const Certificate first = make_person(vale, CertificateKind::analyst);
  for (int i = 0; i < 300; ++i) {  // more than are kept
    const Certificate other = make_person(vale, CertificateKind::analyst);
    EXPECT_EQ(Certificate::decode_der(other.der()).value().serial_hex(), other.serial_hex());
  }
  const Certificate again = Certificate::decode_der(first.der()).value();
  EXPECT_EQ(again, first);
  EXPECT_TRUE(verify_chain(again, vale.root, kNow).ok());
}

TEST_F(CertificateTest, RefusesLeavesAsRootsAndRootsAsLeaves) {
  const Agency vale = make_agency("vale-council");
  EXPECT_EQ(verify_root(vale.officer, kNow).error().code, Code::bad_input);
  EXPECT_EQ(verify_chain(vale.officer, vale.officer, kNow).error().code, Code::bad_input);
  EXPECT_EQ(verify_chain(vale.root, vale.root, kNow).error().code, Code::bad_input);
}

TEST_F(CertificateTest, RefusesDatesOutsideThoseOfLeafOrRoot) {
  const Agency vale = make_agency("vale-council");
  const Certificate node = make_node(vale);
  using std::chrono::seconds;
  EXPECT_TRUE(verify_chain(node, vale.root, node.not_before()).ok());
  EXPECT_TRUE(verify_chain(node, vale.root, node.not_after() - seconds(1)).ok());
  for (UtcTime at : {node.not_before() - seconds(1), node.not_after()}) {
    const auto result = verify_chain(node, vale.root, at);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, Code::denied);
    EXPECT_EQ(result.error().culprit, "vale-council");
  }
  const Certificate outlives = issue(vale.officer.subject(), vale.officer.key(),
                                     {kNow, utc(2040, 1, 1)}, vale.root, vale.root_key, rng)
                                   .value();
  EXPECT_EQ(verify_chain(outlives, vale.root, utc(2036, 6, 1)).error().code, Code::denied);
  EXPECT_EQ(verify_root(vale.root, utc(2025, 12, 31)).error().code, Code::denied);
}

TEST_F(CertificateTest, ReadsDatesBeyond2049) {
  const OfficerKey key = OfficerKey::random(rng);
  const Validity validity{utc(2049, 12, 31), utc(2059, 1, 2)};
  const Certificate root = issue_root(party("vale-council"), key, validity, rng).value();
  EXPECT_EQ(root.not_before(), validity.not_before);
  EXPECT_EQ(root.not_after(), validity.not_after);
}

TEST_F(CertificateTest, RefusesEveryFlippedByte) {
  const Agency vale = make_agency("vale-council");
  const Certificate node = make_node(vale);
  for (std::size_t i = 0; i < node.der().size(); ++i) {
    Bytes bad = node.der();
    bad[i] ^= 0x01;
    const auto decoded = Certificate::decode_der(bad);
    if (!decoded.ok()) continue;
    EXPECT_FALSE(verify_chain(*decoded, vale.root, kNow).ok()) << "byte " << i;
  }
}

TEST_F(CertificateTest, RefusesTruncatedAndProlongedBytes) {
  const Agency vale = make_agency("vale-council");
  for (std::size_t size = 0; size < vale.root.der().size(); ++size)
    EXPECT_FALSE(Certificate::decode_der(ByteView(vale.root.der()).first(size)).ok()) << size;
  Bytes longer = vale.root.der();
  longer.push_back(0);
  EXPECT_FALSE(Certificate::decode_der(longer).ok());
  EXPECT_FALSE(Certificate::decode_der(Bytes(kMaxCertificateSize + 1)).ok());
}

TEST_F(CertificateTest, IssuesOnlyWhatItsRootMay) {
  const Agency vale = make_agency("vale-council");
  const Agency police = make_agency("vale-police");
  const SubjectKey officer_key(vale.officer_key.public_key());
  const SubjectKey person_key(SigningKey::random(rng).verify_key());
  const auto code = [&](const Subject& subject, const SubjectKey& key, const Validity& validity,
                        const Certificate& root, const OfficerKey& root_key) {
    const auto made = issue(subject, key, validity, root, root_key, rng);
    return made.ok() ? std::optional<Code>() : made.error().code;
  };
  const Subject officer{vale.id, CertificateKind::officer, "jane"};
  EXPECT_FALSE(code(officer, officer_key, kTwoYears, vale.root, vale.root_key).has_value());
  EXPECT_EQ(code(officer, person_key, kTwoYears, vale.root, vale.root_key), Code::usage);
  EXPECT_EQ(code({vale.id, CertificateKind::analyst, "sam"}, officer_key, kTwoYears, vale.root,
                 vale.root_key),
            Code::usage);
  EXPECT_EQ(code({vale.id, CertificateKind::node, "node"}, person_key, kTwoYears, vale.root,
                 vale.root_key),
            Code::usage);
  EXPECT_EQ(code({vale.id, CertificateKind::root, "root"}, officer_key, kTwoYears, vale.root,
                 vale.root_key),
            Code::usage);
  EXPECT_EQ(code({vale.id, CertificateKind::officer, "J"}, officer_key, kTwoYears, vale.root,
                 vale.root_key),
            Code::usage);
  EXPECT_EQ(code(officer, officer_key, {kNow, kNow}, vale.root, vale.root_key), Code::usage);
  EXPECT_EQ(code(officer, officer_key, kTwoYears, police.root, police.root_key), Code::usage);
  EXPECT_EQ(code(officer, officer_key, kTwoYears, vale.root, police.root_key), Code::usage);
  EXPECT_EQ(code(officer, officer_key, kTwoYears, vale.officer, vale.officer_key), Code::usage);
}

}  // namespace
}  // namespace hedgerow
