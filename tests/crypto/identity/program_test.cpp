// The openssl program accepts what we make, refuses what we refuse, and we accept what it makes.
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "crypto/crl.h"
#include "crypto/key_file.h"
#include "tests/crypto/identity/identity_fixture.h"

namespace hedgerow {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAgreement = "[agreement]\nid = \"vale-cse\"\r\nversion = 1\n";

class OpensslProgram : public Identities {
 protected:
  OpensslProgram() {
    std::string name = (fs::temp_directory_path() / "hedgerow-openssl-XXXXXX").string();
    HR_CHECK(mkdtemp(name.data()) != nullptr);
    dir = name;
  }
  ~OpensslProgram() override {
    std::error_code ignored;
    fs::remove_all(dir, ignored);
  }

  std::string write(const std::string& name, std::string_view text) {
    std::ofstream(dir / name, std::ios::binary) << text;
    return (dir / name).string();
  }
  std::string read(const std::string& name) {
    std::ifstream in(dir / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  bool run(const std::string& arguments) {
    const std::string command =
        "cd '" + dir.string() + "' && openssl " + arguments + " >output 2>&1";
    const bool ok = std::system(command.c_str()) == 0;
    output = read("output");
    return ok;
  }

  fs::path dir;
  std::string output;
  // The program reads the machine's clock for `-attime` only where told.
  const std::string attime = "-attime " + std::to_string(to_unix_ms(kNow) / 1000);
};

TEST_F(OpensslProgram, VerifiesEveryKindOfCertificate) {
  const Agency vale = make_agency("vale-council");
  write("root.pem", vale.root.pem());
  std::vector<Certificate> leaves = {vale.officer, make_node(vale)};
  for (CertificateKind kind : {CertificateKind::analyst, CertificateKind::practitioner,
                               CertificateKind::approver, CertificateKind::scrutineer})
    leaves.push_back(make_person(vale, kind));
  EXPECT_TRUE(run("verify -x509_strict -check_ss_sig " + attime + " -CAfile root.pem root.pem"))
      << output;
  for (const Certificate& leaf : leaves) {
    write("leaf.pem", leaf.pem());
    EXPECT_TRUE(run("verify -x509_strict " + attime + " -CAfile root.pem leaf.pem")) << output;
    EXPECT_TRUE(run("x509 -in leaf.pem -noout -text")) << output;
    EXPECT_NE(output.find("URI:" + leaf.subject().urn()), std::string::npos) << output;
  }
  const Agency impostor = make_agency("vale-council");
  write("leaf.pem", impostor.officer.pem());
  EXPECT_FALSE(run("verify " + attime + " -CAfile root.pem leaf.pem"));
}

TEST_F(OpensslProgram, GoesByOurListOfRevokedCertificates) {
  const Agency vale = make_agency("vale-council");
  const Certificate gone = make_person(vale, CertificateKind::analyst);
  const RevocationList list =
      issue_list({{to_bytes(gone.serial()), utc(2026, 9, 30), RevocationReason::left}}, 5,
                 {utc(2026, 9, 1), utc(2027, 9, 2)}, vale.root, vale.root_key, rng)
          .value();
  write("root.pem", vale.root.pem());
  write("list.pem", list.pem());
  write("gone.pem", gone.pem());
  write("officer.pem", vale.officer.pem());
  EXPECT_TRUE(run("crl -in list.pem -CAfile root.pem -noout -text")) << output;
  EXPECT_NE(output.find("verify OK"), std::string::npos) << output;
  EXPECT_NE(output.find("Affiliation Changed"), std::string::npos) << output;
  const std::string verify =
      "verify -x509_strict -crl_check " + attime + " -CAfile root.pem -CRLfile list.pem ";
  EXPECT_TRUE(run(verify + "officer.pem")) << output;
  EXPECT_FALSE(run(verify + "gone.pem"));
  EXPECT_NE(output.find("certificate revoked"), std::string::npos) << output;
}

TEST_F(OpensslProgram, ReadsTheFingerprintAsWeDo) {
  const Agency vale = make_agency("vale-council");
  write("root.pem", vale.root.pem());
  ASSERT_TRUE(run("x509 -in root.pem -noout -fingerprint -sha256"));
  std::string hex;
  for (char c : output.substr(output.find('=') + 1))
    if (std::isxdigit(static_cast<unsigned char>(c)))
      hex += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  EXPECT_EQ(hex, vale.root.fingerprint().hex());
}

TEST_F(OpensslProgram, OpensOurPrivateKeys) {
  const Agency vale = make_agency("vale-council");
  const SecretBytes words = SecretBytes::copy_from(as_bytes("correct horse"));
  write("words", "correct horse\n");
  write("officer.key", encrypt_key(vale.officer_key, words, rng).value());
  EXPECT_TRUE(run("pkey -in officer.key -passin file:words -noout -check")) << output;
  write("person.key", encrypt_key(SigningKey::random(rng), words, rng).value());
  EXPECT_TRUE(run("pkey -in person.key -passin file:words -noout -text")) << output;
  EXPECT_NE(output.find("ED25519"), std::string::npos) << output;
  write("words", "wrong horse\n");
  EXPECT_FALSE(run("pkey -in officer.key -passin file:words -noout"));
}

TEST_F(OpensslProgram, VerifiesOneAndFiveSigners) {
  write("agreement.toml", kAgreement);
  const std::string verify =
      "cms -verify -binary -content agreement.toml -inform PEM -in agreement.p7s -CAfile roots.pem "
      "-purpose any -out verified " +
      attime;
  std::vector<std::string> pems;
  std::string roots;
  for (const char* name : {"vale-council", "vale-health", "vale-police", "vale-voice", "the-hub"}) {
    const Agency agency = make_agency(name);
    pems.push_back(
        cms_sign(as_bytes(kAgreement), agency.officer, agency.officer_key, kNow, rng).value());
    roots += agency.root.pem();
  }
  write("roots.pem", roots);
  write("agreement.p7s", pems[0]);
  EXPECT_TRUE(run(verify)) << output;
  write("agreement.p7s", cms_merge(pems).value());
  EXPECT_TRUE(run(verify)) << output;
  EXPECT_EQ(read("verified"), kAgreement);

  write("agreement.toml", std::string(kAgreement) + " ");
  EXPECT_FALSE(run(verify)) << "altered content";
  write("agreement.toml", kAgreement);
  write("roots.pem", roots.substr(roots.find("-----END CERTIFICATE-----") + 26));
  EXPECT_FALSE(run(verify)) << "one root missing";
}

TEST_F(OpensslProgram, SignsWhatWeVerify) {
  const Agency vale = make_agency("vale-council");
  const SecretBytes words = SecretBytes::copy_from(as_bytes("correct horse"));
  write("words", "correct horse\n");
  write("agreement.toml", kAgreement);
  write("officer.pem", vale.officer.pem());
  write("officer.key", encrypt_key(vale.officer_key, words, rng).value());
  // The program signs at the machine's time, whatever that is: only the certificate's dates count.
  for (const char* form : {"", " -nosmimecap"}) {
    ASSERT_TRUE(
        run("cms -sign -binary -in agreement.toml -signer officer.pem -inkey officer.key "
            "-passin file:words -md sha256 -outform PEM -out agreement.p7s" +
            std::string(form)))
        << output;
    const auto signers = cms_verify(as_bytes(kAgreement), as_bytes(read("agreement.p7s")),
                                    {{vale.id, vale.root}}, kNow);
    ASSERT_TRUE(signers.ok()) << signers.error().text << form;
    EXPECT_EQ(signers->at(0).certificate, vale.officer);
  }
  // Outside our profile: content included, no signed attributes, another digest.
  for (const char* form :
       {" -nodetach", " -stream", " -noattr", " -md sha512", " -keyid", " -nocerts"}) {
    ASSERT_TRUE(
        run("cms -sign -binary -in agreement.toml -signer officer.pem -inkey officer.key "
            "-passin file:words -outform PEM -out agreement.p7s" +
            std::string(form)))
        << output;
    EXPECT_FALSE(cms_verify(as_bytes(kAgreement), as_bytes(read("agreement.p7s")),
                            {{vale.id, vale.root}}, kNow)
                     .ok())
        << form;
  }
}

}  // namespace
}  // namespace hedgerow
