// Certificates that OpenSSL would take and Hedgerow's profile refuses: each is made by altering a
// good one and signing it again with the true root key.
#include <functional>

#include "crypto/certificate_x509.h"
#include "tests/crypto/identity/identity_fixture.h"

namespace hedgerow {
namespace {

class Profile : public Identities {
 protected:
  Agency vale = make_agency("vale-council");

  Result<Certificate> remake(const Certificate& good, const std::function<void(X509*)>& alter,
                             const EVP_MD* digest = EVP_sha256()) {
    const X509Ptr x509(X509_dup(to_x509(good).get()));
    alter(x509.get());
    const EvpKeyPtr key = to_evp_key(vale.root_key, nullptr);
    EXPECT_GT(X509_sign(x509.get(), key.get(), digest), 0);
    unsigned char* raw = nullptr;
    const int size = i2d_X509(x509.get(), &raw);
    const OpensslMemory own(raw);
    return Certificate::decode_der(ByteView(raw, static_cast<std::size_t>(size)));
  }

  static void add_text(X509* x509, int nid, const std::string& value) {
    const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
    ASSERT_NE(extension, nullptr);
    ASSERT_EQ(X509_add_ext(x509, extension.get(), -1), 1);
  }
  static void remove(X509* x509, int nid) {
    const int at = X509_get_ext_by_NID(x509, nid, -1);
    ASSERT_GE(at, 0);
    X509_EXTENSION_free(X509_delete_ext(x509, at));
  }
  static void replace(X509* x509, int nid, const std::string& value) {
    remove(x509, nid);
    add_text(x509, nid, value);
  }
  static void add_raw(X509* x509, const char* oid, bool critical, const Bytes& value) {
    const ObjectPtr object(OBJ_txt2obj(oid, 1));
    const OctetStringPtr octets(ASN1_OCTET_STRING_new());
    ASN1_OCTET_STRING_set(octets.get(), value.data(), static_cast<int>(value.size()));
    const ExtensionPtr extension(
        X509_EXTENSION_create_by_OBJ(nullptr, object.get(), critical ? 1 : 0, octets.get()));
    ASSERT_EQ(X509_add_ext(x509, extension.get(), -1), 1);
  }
  static void remove_node_keys(X509* x509) {
    const ObjectPtr object(OBJ_txt2obj(kNodeKeysOid, 1));
    X509_EXTENSION_free(X509_delete_ext(x509, X509_get_ext_by_OBJ(x509, object.get(), -1)));
  }
  static Bytes node_keys_value(const NodePublicKeys& keys) {
    Bytes value = {0x04, 0x81, 0x80};
    for (const auto& key : {keys.curve, keys.dkg, keys.seal.bytes, keys.log.bytes})
      value.insert(value.end(), key.begin(), key.end());
    return value;
  }

  void expect_refused(const Result<Certificate>& result, std::string_view why) {
    ASSERT_FALSE(result.ok()) << why;
    EXPECT_EQ(result.error().code, Code::bad_input);
    EXPECT_NE(result.error().text.find(why), std::string::npos) << result.error().text;
  }
};

TEST_F(Profile, TakesAnUnalteredCertificateSignedAgain) {
  EXPECT_TRUE(remake(vale.officer, [](X509*) {}).ok());
}

TEST_F(Profile, RefusesMissingSecondAndOtherNames) {
  constexpr int kName = NID_subject_alt_name;
  expect_refused(remake(vale.officer, [](X509* x) { remove(x, kName); }), "exactly one");
  expect_refused(remake(vale.officer,
                        [](X509* x) {
                          replace(x, kName,
                                  "URI:urn:hedgerow:vale-council:officer:jane,"
                                  "URI:urn:hedgerow:vale-police:officer:jane");
                        }),
                 "exactly one");
  expect_refused(remake(vale.officer, [](X509* x) { replace(x, kName, "DNS:example.org"); }),
                 "not a URI");
  expect_refused(
      remake(vale.officer, [](X509* x) { replace(x, kName, "URI:https://example.org/"); }),
      "urn:hedgerow");
  expect_refused(
      remake(vale.officer,
             [](X509* x) { add_text(x, kName, "URI:urn:hedgerow:vale-police:officer:jane"); }),
      "repeats an extension");
}

TEST_F(Profile, RefusesAKeyThatDoesNotSuitItsKind) {
  const Certificate person = make_person(vale, CertificateKind::analyst);
  expect_refused(remake(person,
                        [](X509* x) {
                          replace(x, NID_subject_alt_name,
                                  "URI:urn:hedgerow:vale-council:officer:sam-smith");
                        }),
                 "not P-256");
  expect_refused(remake(vale.officer,
                        [](X509* x) {
                          replace(x, NID_subject_alt_name,
                                  "URI:urn:hedgerow:vale-council:analyst:jane");
                        }),
                 "not Ed25519");
  const EvpKeyPtr p384(EVP_EC_gen("P-384"));
  expect_refused(remake(vale.officer, [&](X509* x) { X509_set_pubkey(x, p384.get()); }),
                 "not P-256");
}

TEST_F(Profile, RefusesLeavesThatAreAuthoritiesAndRootsThatAreNot) {
  expect_refused(
      remake(vale.officer, [](X509* x) { replace(x, NID_basic_constraints, "critical,CA:TRUE"); }),
      "only a root");
  expect_refused(
      remake(vale.root, [](X509* x) { replace(x, NID_basic_constraints, "critical,CA:FALSE"); }),
      "must be a CA");
  expect_refused(remake(vale.root, [](X509* x) { replace(x, NID_basic_constraints, "CA:TRUE"); }),
                 "critical basic constraints");
  expect_refused(remake(vale.officer, [](X509* x) { remove(x, NID_basic_constraints); }),
                 "critical basic constraints");
  expect_refused(
      remake(vale.officer,
             [](X509* x) { replace(x, NID_key_usage, "critical,digitalSignature,keyCertSign"); }),
      "key usage");
  expect_refused(remake(vale.officer, [](X509* x) { remove(x, NID_key_usage); }), "key usage");
}

TEST_F(Profile, RefusesUnknownCriticalExtensionsAndTakesOthers) {
  const Bytes null = {0x05, 0x00};
  expect_refused(remake(vale.officer, [&](X509* x) { add_raw(x, "1.2.3.4", true, null); }),
                 "unknown critical");
  expect_refused(remake(vale.officer,
                        [](X509* x) {
                          add_text(x, NID_name_constraints, "critical,permitted;DNS:example.org");
                        }),
                 "unknown critical");
  EXPECT_TRUE(remake(vale.officer, [&](X509* x) { add_raw(x, "1.2.3.4", false, null); }).ok());
}

TEST_F(Profile, RefusesNodeKeysThatAreMissingCutCriticalOrMisplaced) {
  const Certificate node = make_node(vale);
  const Bytes good = node_keys_value(node.node_keys());
  const auto with = [&](const Bytes& value, bool critical) {
    return remake(node, [&](X509* x) {
      remove_node_keys(x);
      add_raw(x, kNodeKeysOid, critical, value);
    });
  };
  EXPECT_TRUE(with(good, false).ok());
  expect_refused(with(good, true), "marked critical");
  expect_refused(remake(node, remove_node_keys), "without its node keys");
  expect_refused(with(Bytes(good.begin(), good.end() - 1), false), "not 128 bytes");
  Bytes longer = good;
  longer.push_back(0);
  expect_refused(with(longer, false), "not 128 bytes");
  expect_refused(with(Bytes(good.begin() + 3, good.end()), false), "not 128 bytes");
  expect_refused(remake(node, [&](X509* x) { add_raw(x, kNodeKeysOid, false, good); }),
                 "repeats an extension");
  expect_refused(remake(vale.officer, [&](X509* x) { add_raw(x, kNodeKeysOid, false, good); }),
                 "not a node's");
}

TEST_F(Profile, RefusesNodeKeysThatAreNoKeys) {
  const Certificate node = make_node(vale);
  const auto with = [&](auto alter) {
    NodePublicKeys keys = node.node_keys();
    alter(keys);
    return remake(node, [&](X509* x) {
      remove_node_keys(x);
      add_raw(x, kNodeKeysOid, false, node_keys_value(keys));
    });
  };
  EXPECT_FALSE(with([](NodePublicKeys& k) { k.curve = {}; }).ok()) << "small order";
  EXPECT_FALSE(with([](NodePublicKeys& k) { k.dkg = {}; }).ok()) << "the identity";
  EXPECT_FALSE(with([](NodePublicKeys& k) { k.dkg[31] |= 0x80; }).ok()) << "bit 255";
  EXPECT_FALSE(with([](NodePublicKeys& k) { k.seal.bytes = {}; }).ok()) << "small order";
  EXPECT_FALSE(with([](NodePublicKeys& k) { k.log.bytes = {1}; }).ok()) << "the identity";
  EXPECT_FALSE(with([](NodePublicKeys& k) { k.log = k.message; }).ok()) << "one key twice";
  EXPECT_FALSE(with([](NodePublicKeys& k) { k.curve = k.seal.bytes; }).ok()) << "one key twice";
}

TEST_F(Profile, RefusesOtherVersionsSignaturesAndSerialNumbers) {
  expect_refused(remake(
                     vale.officer, [](X509*) {}, EVP_sha384()),
                 "ECDSA and SHA-256");
  const auto with_serial = [&](long serial) {
    return remake(vale.officer,
                  [&](X509* x) { ASN1_INTEGER_set(X509_get_serialNumber(x), serial); });
  };
  expect_refused(with_serial(0), "serial number");
  expect_refused(with_serial(-5), "serial number");
  EXPECT_TRUE(with_serial(5).ok());
}

TEST_F(Profile, RefusesARootThatDidNotSignItself) {
  const Agency impostor = make_agency("vale-council");
  const auto altered = remake(impostor.root, [](X509*) {});  // signed with the other root's key
  ASSERT_TRUE(altered.ok()) << altered.error().text;
  EXPECT_EQ(verify_root(*altered, kNow).error().code, Code::bad_input);
}

TEST_F(Profile, RefusesAnOuterPartThatIsNotDer) {
  // The outer length in one byte more than it needs.
  Bytes der = vale.officer.der();
  ASSERT_EQ(der[1], 0x82);
  der[1] = 0x83;
  der.insert(der.begin() + 2, 0x00);
  expect_refused(Certificate::decode_der(der), "not in DER");
}

}  // namespace
}  // namespace hedgerow
