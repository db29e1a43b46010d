#include "node/keys/credential.h"

#include "tests/node/keys/folder_fixture.h"

namespace hedgerow::keys {
namespace {

class Credentials : public InFolder {
 protected:
  Certificate issue_to(CertificateKind kind, const SubjectKey& key) {
    return issue({party("vale-council"), kind, "jane"}, key, kValid, root, root_key, rng).value();
  }
  OfficerKey root_key = OfficerKey::random(rng);
  Certificate root = issue_root(party("vale-council"), root_key, kValid, rng).value();
};

TEST_F(Credentials, KeepsAnAnalystAndAnOfficer) {
  const SigningKey analyst = SigningKey::random(rng);
  const Certificate analyst_pem = issue_to(CertificateKind::analyst, analyst.verify_key());
  ASSERT_TRUE(store_credential(dir / "people", "jane", analyst_pem, PersonKey(analyst.clone()),
                               words("correct horse"), rng)
                  .ok());
  EXPECT_EQ(mode(dir / "people"), 0700U);
  EXPECT_EQ(mode(dir / "people" / "jane.key"), 0400U);
  const auto back = load_credential(dir / "people", "jane", words("correct horse"));
  ASSERT_TRUE(back.ok()) << back.error().text;
  EXPECT_EQ(back->certificate, analyst_pem);
  EXPECT_EQ(std::get<SigningKey>(back->key).verify_key(), analyst.verify_key());

  ASSERT_TRUE(
      store_credential(dir / "root", "root", root,
                       PersonKey(OfficerKey::from_scalar(root_key.scalar().clone()).value()),
                       words("correct horse"), rng)
          .ok());
  const auto root_back = load_credential(dir / "root", "root", words("correct horse"));
  ASSERT_TRUE(root_back.ok()) << root_back.error().text;
  EXPECT_EQ(std::get<OfficerKey>(root_back->key).public_key(), root_key.public_key());
}

TEST_F(Credentials, NeverOverwritesAndLeavesNoHalf) {
  const SigningKey key = SigningKey::random(rng);
  const Certificate pem = issue_to(CertificateKind::analyst, key.verify_key());
  const auto store = [&] {
    return store_credential(dir, "jane", pem, PersonKey(key.clone()), words("correct horse"), rng);
  };
  write("jane.pem", "there");
  EXPECT_ERROR(store(), Code::usage, "jane.pem exists already");
  EXPECT_FALSE(fs::exists(dir / "jane.key"));
  fs::remove(dir / "jane.pem");
  write("jane.key", "there");
  EXPECT_ERROR(store(), Code::usage, "jane.key exists already");
  EXPECT_FALSE(fs::exists(dir / "jane.pem"));
  fs::remove(dir / "jane.key");
  EXPECT_ERROR(store_credential(dir, "jane", pem, PersonKey(key.clone()), words("short"), rng),
               Code::usage, "too short");
  EXPECT_FALSE(fs::exists(dir / "jane.pem"));
  EXPECT_TRUE(store().ok());
  EXPECT_ERROR(store(), Code::usage, "exists already");
}

TEST_F(Credentials, RefusesWrongWordsOpenFilesAndForeignKeys) {
  const SigningKey key = SigningKey::random(rng);
  const SigningKey other = SigningKey::random(rng);
  const Certificate pem = issue_to(CertificateKind::analyst, key.verify_key());
  const Certificate other_pem = issue_to(CertificateKind::approver, other.verify_key());
  const SecretBytes good = words("correct horse");
  ASSERT_TRUE(store_credential(dir, "jane", pem, PersonKey(key.clone()), good, rng).ok());
  ASSERT_TRUE(store_credential(dir, "sam", other_pem, PersonKey(other.clone()), good, rng).ok());

  EXPECT_ERROR(load_credential(dir, "jane", words("wrong horse")), Code::denied, "jane.key");
  EXPECT_ERROR(load_credential(dir, "nobody", good), Code::configuration, "nobody.pem");
  set_mode(dir / "jane.key", 0440);
  EXPECT_ERROR(load_credential(dir, "jane", good), Code::configuration, "jane.key");
  set_mode(dir / "jane.key", 0400);
  overwrite(dir / "jane.pem", other_pem.pem());
  EXPECT_ERROR(load_credential(dir, "jane", good), Code::denied, "not the private key");
  overwrite(dir / "jane.pem", root.pem());
  EXPECT_ERROR(load_credential(dir, "jane", good), Code::denied, "not the private key");
  overwrite(dir / "jane.pem", "no certificate");
  EXPECT_ERROR(load_credential(dir, "jane", good), Code::bad_input, "jane.pem");
  overwrite(dir / "sam.key", "no key");
  EXPECT_ERROR(load_credential(dir, "sam", good), Code::bad_input, "sam.key");
}

TEST_F(Credentials, FindsThePersonsFolder) {
  ASSERT_EQ(::setenv("XDG_CONFIG_HOME", "/c", 1), 0);
  EXPECT_EQ(default_credential_folder(), "/c/hedgerow");
  ASSERT_EQ(::unsetenv("XDG_CONFIG_HOME"), 0);
  ASSERT_EQ(::setenv("HOME", "/h", 1), 0);
  EXPECT_EQ(default_credential_folder(), "/h/.config/hedgerow");
  ASSERT_EQ(::unsetenv("HOME"), 0);
  EXPECT_TRUE(default_credential_folder().empty());
}

}  // namespace
}  // namespace hedgerow::keys
