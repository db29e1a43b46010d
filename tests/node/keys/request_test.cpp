#include "node/keys/request.h"

#include "crypto/domains.h"
#include "tests/node/keys/folder_fixture.h"

namespace hedgerow::keys {
namespace {

class Request : public InFolder {
 protected:
  Keyring keyring = Keyring::create(dir / "home", party("vale-council"), rng).value();

  // The request's bytes, out of and back into PEM's clothes.
  static Bytes undress(const std::string& text) {
    std::string joined;
    for (std::size_t at = text.find('\n') + 1; text[at] != '-'; ++at)
      if (text[at] != '\n') joined += text[at];
    return from_base64(joined).value();
  }
  static std::string dress(const Bytes& bytes) {
    return "-----BEGIN HEDGEROW CERTIFICATE REQUEST-----\n" + to_base64(bytes) +
           "\n-----END HEDGEROW CERTIFICATE REQUEST-----\n";
  }
};

TEST_F(Request, CarriesTheNodesKeys) {
  const auto request = decode_request(as_bytes(make_request(keyring)));
  ASSERT_TRUE(request.ok()) << request.error().text;
  EXPECT_EQ(request->party, keyring.party());
  EXPECT_EQ(request->keys, keyring.public_keys());
  EXPECT_EQ(make_request(keyring), make_request(keyring));
}

TEST_F(Request, RefusesEveryFlippedByteAndEveryCut) {
  const Bytes good = undress(make_request(keyring));
  ASSERT_TRUE(decode_request(as_bytes(dress(good))).ok());
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 1;
    EXPECT_FALSE(decode_request(as_bytes(dress(bad))).ok()) << "byte " << i;
    EXPECT_FALSE(
        decode_request(as_bytes(dress({good.begin(), good.begin() + static_cast<long>(i)}))).ok())
        << "cut at " << i;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_FALSE(decode_request(as_bytes(dress(longer))).ok());
}

TEST_F(Request, RefusesWhatIsNoRequest) {
  EXPECT_ERROR(decode_request({}), Code::bad_input, "not a request");
  EXPECT_ERROR(decode_request(as_bytes("hello")), Code::bad_input, "not a request");
  EXPECT_ERROR(decode_request(Bytes(kMaxRequestSize + 1)), Code::bad_input, "not a request");
  const std::string begin = "-----BEGIN HEDGEROW CERTIFICATE REQUEST-----\n";
  EXPECT_ERROR(decode_request(as_bytes(begin)), Code::bad_input, "not a request");
  EXPECT_ERROR(
      decode_request(as_bytes(begin + "!!!\n-----END HEDGEROW CERTIFICATE REQUEST-----\n")),
      Code::bad_input, "not a request");
}

TEST_F(Request, FingerprintFollowsTheKeys) {
  const Keyring other = Keyring::create(dir / "other", party("vale-council"), rng).value();
  const CertificateRequest a{keyring.party(), keyring.public_keys()};
  EXPECT_EQ(a.fingerprint(), decode_request(as_bytes(make_request(keyring)))->fingerprint());
  EXPECT_NE(a.fingerprint(),
            (CertificateRequest{other.party(), other.public_keys()}.fingerprint()));
}

}  // namespace
}  // namespace hedgerow::keys
