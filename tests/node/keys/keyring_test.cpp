#include "node/keys/keyring.h"

#include <unistd.h>

#include <algorithm>

#include "crypto/dkg.h"
#include "tests/node/keys/folder_fixture.h"

namespace hedgerow::keys {
namespace {

class KeyringTest : public InFolder {
 protected:
  KeyringTest() { ::unsetenv("CREDENTIALS_DIRECTORY"); }
  ~KeyringTest() override { ::unsetenv("CREDENTIALS_DIRECTORY"); }

  Keyring create() { return Keyring::create(home, vale, rng).value(); }
  Certificate certify(const NodePublicKeys& keys, const PartyId& agency,
                      CertificateKind kind = CertificateKind::node) {
    const OfficerKey root_key = OfficerKey::random(rng);
    const Certificate root = issue_root(agency, root_key, kValid, rng).value();
    const SubjectKey key =
        kind == CertificateKind::node ? SubjectKey(keys) : SubjectKey(keys.message);
    return issue({agency, kind, "node"}, key, kValid, root, root_key, rng).value();
  }
  fs::path file(std::string_view name) { return home / "keys" / name; }

  fs::path home = dir / "home";
  PartyId vale = party("vale-council");
};

TEST_F(KeyringTest, MakesFilesForTheOwnerAlone) {
  const Keyring keyring = create();
  EXPECT_EQ(keyring.party(), vale);
  EXPECT_FALSE(keyring.has_certificate());
  EXPECT_EQ(mode(home), 0700U);
  EXPECT_EQ(mode(home / "keys"), 0700U);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(home / "keys")) {
    EXPECT_EQ(mode(entry.path()), 0400U) << entry.path();
    names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  EXPECT_EQ(names, (std::vector<std::string>{"curve.key", "master.key", "node.keys"}));
  EXPECT_EQ(std::distance(fs::directory_iterator(home), {}), 1) << "nothing else is left behind";
}

TEST_F(KeyringTest, OpensWithTheSameKeysAndItsCertificate) {
  Keyring made = create();
  EXPECT_TRUE(made.install_certificate(certify(made.public_keys(), vale)).ok());
  const auto opened = Keyring::open(home);
  ASSERT_TRUE(opened.ok()) << opened.error().text;
  EXPECT_EQ(opened->public_keys(), made.public_keys());
  EXPECT_EQ(opened->certificate(), made.certificate());
  EXPECT_EQ(opened->certificate().node_keys(), opened->public_keys());
  EXPECT_EQ(mode(file("node.pem")), 0400U);

  EXPECT_EQ(opened->message().verify_key(), opened->public_keys().message);
  EXPECT_EQ(opened->log().verify_key(), opened->public_keys().log);
  EXPECT_EQ(seal_public_key(opened->seal()), opened->public_keys().seal);
  const Element dkg = dkg_public_key(opened->dkg()).value();
  EXPECT_EQ(dkg.bytes(), opened->public_keys().dkg);
}

TEST_F(KeyringTest, KeysAreAllDifferentAndDifferFromNodeToNode) {
  const NodePublicKeys a = create().public_keys();
  home = dir / "other";
  const NodePublicKeys b = create().public_keys();
  std::vector<ByteArray<32>> all = {a.message.bytes, a.curve, a.dkg, a.seal.bytes, a.log.bytes,
                                    b.message.bytes, b.curve, b.dkg, b.seal.bytes, b.log.bytes};
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

TEST_F(KeyringTest, CurveFileHoldsAKeyPairInHex) {
  const Keyring keyring = create();
  const std::string text = read(file("curve.key"));
  ASSERT_EQ(text.size(), 130U);
  EXPECT_EQ(text.substr(0, 64), to_hex(keyring.public_keys().curve));
  const Bytes secret = from_hex(text.substr(65, 64)).value();
  EXPECT_EQ(seal_public_key(
                SealSecretKey::copy_from(std::span<const std::uint8_t, 32>(secret.data(), 32)))
                .bytes,
            keyring.public_keys().curve);
  EXPECT_EQ(text[64], '\n');
  EXPECT_EQ(text[129], '\n');
}

TEST_F(KeyringTest, NoSecretStandsInNodeKeysUnencrypted) {
  const Keyring keyring = create();
  const std::string text = read(file("node.keys"));
  const auto holds = [&](ByteView secret) { return text.find(as_text(secret)) != text.npos; };
  EXPECT_FALSE(holds(keyring.message().seed().expose()));
  EXPECT_FALSE(holds(keyring.seal().expose()));
  EXPECT_FALSE(holds(keyring.dkg().expose()));
  EXPECT_FALSE(holds(keyring.log().seed().expose()));
  EXPECT_TRUE(holds(as_bytes("vale-council")));
}

TEST_F(KeyringTest, NeverOverwritesKeys) {
  create();
  const std::string before = read(file("node.keys"));
  EXPECT_ERROR(Keyring::create(home, vale, rng), Code::configuration, "exists already");
  EXPECT_EQ(read(file("node.keys")), before);
}

TEST_F(KeyringTest, RefusesFilesOpenToOthersAndNamesThem) {
  Keyring made = create();
  ASSERT_TRUE(made.install_certificate(certify(made.public_keys(), vale)).ok());
  for (const char* name : {"master.key", "node.keys", "curve.key"}) {
    for (mode_t open : {0440U, 0404U}) {
      set_mode(file(name), open);
      EXPECT_ERROR(Keyring::open(home), Code::configuration, file(name).string());
    }
    set_mode(file(name), 0400);
  }
  set_mode(home / "keys", 0750);
  EXPECT_ERROR(Keyring::open(home), Code::configuration, (home / "keys").string());
  set_mode(home / "keys", 0700);
  EXPECT_TRUE(Keyring::open(home).ok());
}

TEST_F(KeyringTest, RefusesFilesOfAnotherOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  create();
  ASSERT_EQ(::chown(file("node.keys").c_str(), 65534, 65534), 0);
  EXPECT_ERROR(Keyring::open_uncertified(home), Code::configuration, "another user");
}

TEST_F(KeyringTest, RefusesMissingFilesAndNamesThem) {
  EXPECT_ERROR(Keyring::open(home), Code::configuration, (home / "keys").string());
  create();
  EXPECT_ERROR(Keyring::open(home), Code::configuration, "node.pem is missing");
  for (const char* name : {"curve.key", "node.keys", "master.key"}) {
    fs::remove(file(name));
    EXPECT_ERROR(Keyring::open_uncertified(home), Code::configuration, name);
  }
}

TEST_F(KeyringTest, RefusesEveryFlippedByteAndEveryCutOfItsFiles) {
  create();
  for (const char* name : {"master.key", "node.keys"}) {
    const std::string good = read(file(name));
    for (std::size_t i = 0; i < good.size(); ++i) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ 1);
      overwrite(file(name), bad);
      EXPECT_FALSE(Keyring::open_uncertified(home).ok()) << name << " byte " << i;
      overwrite(file(name), good.substr(0, i));
      EXPECT_FALSE(Keyring::open_uncertified(home).ok()) << name << " cut at " << i;
    }
    overwrite(file(name), good + "x");
    EXPECT_FALSE(Keyring::open_uncertified(home).ok()) << name << " longer";
    overwrite(file(name), good);
  }
  EXPECT_TRUE(Keyring::open_uncertified(home).ok());
}

TEST_F(KeyringTest, RefusesAnotherNodesCurveKey) {
  create();
  const std::string mine = read(file("curve.key"));
  const fs::path my_home = home;
  home = dir / "other";
  create();
  overwrite(file("curve.key"), mine);
  EXPECT_ERROR(Keyring::open_uncertified(home), Code::configuration, "curve.key");
  EXPECT_TRUE(Keyring::open_uncertified(my_home).ok());
}

TEST_F(KeyringTest, RefusesACertificateThatIsNotItsOwn) {
  Keyring made = create();
  home = dir / "other";
  const NodePublicKeys others = create().public_keys();
  home = dir / "home";
  const Certificate other_keys = certify(others, vale);
  const Certificate other_party = certify(made.public_keys(), party("vale-police"));
  const Certificate other_kind = certify(made.public_keys(), vale, CertificateKind::analyst);
  EXPECT_ERROR(made.install_certificate(other_keys), Code::configuration, "not of these keys");
  EXPECT_ERROR(made.install_certificate(other_party), Code::configuration, "not of vale-council");
  EXPECT_ERROR(made.install_certificate(other_kind), Code::configuration, "not a node's");
  EXPECT_FALSE(fs::exists(file("node.pem")));
  EXPECT_FALSE(made.has_certificate());

  write("home/keys/node.pem", other_keys.pem(), 0400);
  EXPECT_ERROR(Keyring::open(home), Code::configuration, "not of these keys");
  overwrite(file("node.pem"), other_party.pem());
  EXPECT_ERROR(Keyring::open(home), Code::configuration, "not of vale-council");
  overwrite(file("node.pem"), "no certificate");
  EXPECT_ERROR(Keyring::open(home), Code::configuration, "node.pem");
}

TEST_F(KeyringTest, RenewsItsCertificate) {
  Keyring made = create();
  const Certificate first = certify(made.public_keys(), vale);
  const Certificate second = certify(made.public_keys(), vale);
  EXPECT_TRUE(made.install_certificate(first).ok());
  EXPECT_TRUE(made.install_certificate(second).ok());
  EXPECT_EQ(Keyring::open(home)->certificate(), second);
}

TEST_F(KeyringTest, UnwrapsOnlyForTheSamePurposeAndNode) {
  const Keyring keyring = create();
  const Bytes wrapped = keyring.wrap("store vale-cse", as_bytes("a key"), rng);
  EXPECT_EQ(as_text(keyring.unwrap("store vale-cse", wrapped)->expose()), "a key");
  EXPECT_EQ(as_text(Keyring::open_uncertified(home)->unwrap("store vale-cse", wrapped)->expose()),
            "a key");
  EXPECT_ERROR(keyring.unwrap("store vale-csf", wrapped), Code::configuration, "store vale-csf");
  Bytes bad = wrapped;
  bad.back() ^= 1;
  EXPECT_ERROR(keyring.unwrap("store vale-cse", bad), Code::configuration, "does not open");
  home = dir / "other";
  EXPECT_FALSE(create().unwrap("store vale-cse", wrapped).ok());
}

TEST_F(KeyringTest, TakesItsMasterKeyFromTheSystem) {
  fs::create_directory(dir / "credentials");
  write("credentials/hedgerow-master", std::string(32, 'm'), 0440);
  ASSERT_EQ(::setenv("CREDENTIALS_DIRECTORY", (dir / "credentials").c_str(), 1), 0);
  const NodePublicKeys keys = create().public_keys();
  EXPECT_FALSE(fs::exists(file("master.key")));
  EXPECT_EQ(Keyring::open_uncertified(home)->public_keys(), keys);

  overwrite(dir / "credentials" / "hedgerow-master", std::string(32, 'x'));
  EXPECT_ERROR(Keyring::open_uncertified(home), Code::configuration, "does not open under");
  overwrite(dir / "credentials" / "hedgerow-master", "short");
  EXPECT_ERROR(Keyring::open_uncertified(home), Code::configuration, "32 bytes");
  home = dir / "other";
  EXPECT_ERROR(Keyring::create(home, vale, rng), Code::configuration, "32 bytes");
  EXPECT_FALSE(fs::exists(home / "keys"));
  ASSERT_EQ(::unsetenv("CREDENTIALS_DIRECTORY"), 0);
  home = dir / "home";
  EXPECT_ERROR(Keyring::open_uncertified(home), Code::configuration, "master.key");
}

}  // namespace
}  // namespace hedgerow::keys
