// `hedgerow agency`, as it is typed.
#include "node/cli/agency.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "node/cli/command.h"
#include "node/keys/credential.h"
#include "node/keys/keyring.h"
#include "tests/node/keys/folder_fixture.h"

namespace hedgerow::cli {
namespace {

namespace fs = std::filesystem;

class AgencyCommand : public keys::InFolder {
 protected:
  AgencyCommand() {
    ::unsetenv("CREDENTIALS_DIRECTORY");
    write("words", "correct horse\n");
    write("janes-words", "battery staple\n");
  }

  // The exit code; `out` and `err` hold what was said. Words are cut at blanks, @ is the folder.
  int run(const std::string& line, bool json = false) {
    std::ostringstream out_stream;
    std::ostringstream err_stream;
    Context context{out_stream, err_stream};
    context.json = json;
    CLI::App app{"hedgerow"};
    add_agency_commands(app, context);
    std::string words_typed = "agency " + line;
    for (std::size_t at; (at = words_typed.find('@')) != words_typed.npos;)
      words_typed.replace(at, 1, dir.string());
    try {
      app.parse(words_typed);
    } catch (const CLI::ParseError& error) {
      err = error.what();
      return 64;
    }
    out = out_stream.str();
    err = err_stream.str();
    return context.exit_code;
  }
  bool openssl(const std::string& arguments) {
    return std::system(("cd '" + dir.string() + "' && openssl " + arguments + " >openssl.txt 2>&1")
                           .c_str()) == 0;
  }
  void init() {
    ASSERT_EQ(run("init --agency vale-council --out @/root --passphrase-file @/words"), 0) << err;
  }

  std::string out;
  std::string err;
};

constexpr const char* kIssueJane =
    "issue officer --root @/root --name jane --out @/people --passphrase-file @/words "
    "--person-passphrase-file @/janes-words";
constexpr const char* kIssueNode =
    "issue node --root @/root --home @/node --passphrase-file @/words";

TEST_F(AgencyCommand, InitMakesARoot) {
  init();
  EXPECT_EQ(mode(dir / "root"), 0700U);
  EXPECT_EQ(mode(dir / "root" / "root.key"), 0400U);
  const Certificate root = keys::load_certificate(dir / "root" / "root.pem").value();
  EXPECT_EQ(root.subject().urn(), "urn:hedgerow:vale-council:root:root");
  EXPECT_NE(out.find(to_sha256_name(root.fingerprint().view())), std::string::npos) << out;
  EXPECT_TRUE(openssl("verify -x509_strict -CAfile root/root.pem root/root.pem"))
      << read(dir / "openssl.txt");
  EXPECT_TRUE(openssl("pkey -in root/root.key -passin file:words -noout"))
      << read(dir / "openssl.txt");
}

TEST_F(AgencyCommand, InitRefusesToOverwriteAndBadWords) {
  init();
  const std::string before = read(dir / "root" / "root.pem");
  EXPECT_EQ(run("init --agency vale-council --out @/root --passphrase-file @/words"), 64);
  EXPECT_NE(err.find("exists already"), std::string::npos) << err;
  EXPECT_NE(err.find("hint: "), std::string::npos) << err;
  EXPECT_EQ(read(dir / "root" / "root.pem"), before);
  EXPECT_EQ(run("init --agency Vale --out @/x --passphrase-file @/words"), 64);
  EXPECT_EQ(run("init --agency vale-council --out @/x --passphrase-file @/missing"), 78);
  write("short", "short\n");
  EXPECT_EQ(run("init --agency vale-council --out @/x --passphrase-file @/short"), 64);
  EXPECT_FALSE(fs::exists(dir / "x" / "root.pem"));
  EXPECT_EQ(run("init --agency vale-council"), 64);
  EXPECT_EQ(run(""), 64);
}

TEST_F(AgencyCommand, IssuesEveryKindOfPerson) {
  init();
  ASSERT_EQ(run(kIssueJane), 0) << err;
  const auto jane = keys::load_credential(dir / "people", "jane", words("battery staple"));
  ASSERT_TRUE(jane.ok()) << jane.error().text;
  EXPECT_EQ(jane->certificate.kind(), CertificateKind::officer);
  EXPECT_TRUE(std::holds_alternative<OfficerKey>(jane->key));
  for (const char* kind : {"analyst", "practitioner", "approver", "scrutineer"}) {
    const std::string name = std::string("sam-") + kind;
    ASSERT_EQ(run(std::string("issue ") + kind + " --root @/root --name " + name +
                  " --out @/people --passphrase-file @/words --person-passphrase-file "
                  "@/janes-words"),
              0)
        << err;
    const auto sam = keys::load_credential(dir / "people", name, words("battery staple"));
    ASSERT_TRUE(sam.ok()) << sam.error().text;
    EXPECT_EQ(sam->certificate.subject().urn(),
              std::string("urn:hedgerow:vale-council:") + kind + ":" + name);
    EXPECT_TRUE(std::holds_alternative<SigningKey>(sam->key));
    EXPECT_TRUE(openssl("verify -x509_strict -CAfile root/root.pem people/" + name + ".pem"))
        << read(dir / "openssl.txt");
  }
}

TEST_F(AgencyCommand, IssueRefusesWrongWordsBadNamesAndExistingFiles) {
  init();
  ASSERT_EQ(run(kIssueJane), 0) << err;
  EXPECT_EQ(run(kIssueJane), 64);
  EXPECT_NE(err.find("exists already"), std::string::npos) << err;
  EXPECT_EQ(run("issue analyst --root @/root --name sam --out @/people --passphrase-file "
                "@/janes-words --person-passphrase-file @/janes-words"),
            77);
  EXPECT_EQ(run("issue analyst --root @/root --name Sam --out @/people --passphrase-file "
                "@/words --person-passphrase-file @/janes-words"),
            64);
  EXPECT_EQ(run("issue analyst --root @/none --name sam --out @/people --passphrase-file "
                "@/words --person-passphrase-file @/janes-words"),
            78);
  EXPECT_EQ(run("issue clerk --root @/root --name sam --out @/people"), 64);
  // A leaf in the place of the root.
  fs::create_directory(dir / "false-root");
  fs::copy_file(dir / "people" / "jane.pem", dir / "false-root" / "root.pem");
  fs::copy_file(dir / "people" / "jane.key", dir / "false-root" / "root.key");
  EXPECT_EQ(run("issue analyst --root @/false-root --name sam --out @/people --passphrase-file "
                "@/janes-words --person-passphrase-file @/janes-words"),
            65);
  EXPECT_FALSE(fs::exists(dir / "people" / "sam.pem"));
}

TEST_F(AgencyCommand, IssuesANodeInItsHome) {
  init();
  ASSERT_EQ(run(kIssueNode), 0) << err;
  const auto keyring = keys::Keyring::open(dir / "node");
  ASSERT_TRUE(keyring.ok()) << keyring.error().text;
  EXPECT_EQ(keyring->certificate().subject().urn(), "urn:hedgerow:vale-council:node:node");
  EXPECT_TRUE(openssl("verify -x509_strict -CAfile root/root.pem node/keys/node.pem"))
      << read(dir / "openssl.txt");
  const auto days = keyring->certificate().not_after() - keyring->certificate().not_before();
  EXPECT_GE(days, std::chrono::days(90));
  EXPECT_LT(days, std::chrono::days(91));
}

TEST_F(AgencyCommand, RenewsANodesCertificateOnlyWhenTold) {
  init();
  ASSERT_EQ(run(kIssueNode), 0) << err;
  const auto first = keys::Keyring::open(dir / "node");
  EXPECT_EQ(run(kIssueNode), 64);
  EXPECT_NE(err.find("--renew"), std::string::npos) << err;
  EXPECT_EQ(run(std::string(kIssueNode) + " --renew"), 0) << err;
  const auto second = keys::Keyring::open(dir / "node");
  EXPECT_EQ(second->public_keys(), first->public_keys());
  EXPECT_NE(second->certificate(), first->certificate());

  ASSERT_EQ(run("init --agency vale-police --out @/police --passphrase-file @/words"), 0) << err;
  EXPECT_EQ(run("issue node --root @/police --home @/node --renew --passphrase-file @/words"), 64);
  EXPECT_NE(err.find("vale-council"), std::string::npos) << err;
}

TEST_F(AgencyCommand, IssuesANodeOnRequestSoThatTheRootStaysAway) {
  init();
  ASSERT_EQ(run("request --agency vale-council --home @/node --out @/node.req"), 0) << err;
  EXPECT_NE(out.find("sha256:"), std::string::npos) << out;
  EXPECT_EQ(run("request --agency vale-council --home @/node --out @/node.req"), 64);
  ASSERT_EQ(run("issue node --root @/root --request @/node.req --out @/node.pem "
                "--passphrase-file @/words"),
            0)
      << err;
  ASSERT_EQ(run("accept --home @/node @/node.pem"), 0) << err;
  EXPECT_TRUE(keys::Keyring::open(dir / "node").ok());

  EXPECT_EQ(run("accept --home @/node @/root/root.pem"), 78);
  EXPECT_EQ(run("accept @/node.pem"), 64);
  EXPECT_EQ(run("issue node --root @/root --request @/node.req --passphrase-file @/words"), 64);
  EXPECT_EQ(run("issue node --root @/root --passphrase-file @/words"), 64);
  EXPECT_EQ(run("issue node --root @/root --request @/root/root.pem --out @/x.pem "
                "--passphrase-file @/words"),
            65);
  ASSERT_EQ(run("init --agency vale-police --out @/police --passphrase-file @/words"), 0) << err;
  EXPECT_EQ(run("issue node --root @/police --request @/node.req --out @/x.pem "
                "--passphrase-file @/words"),
            64);
  EXPECT_FALSE(fs::exists(dir / "x.pem"));
}

TEST_F(AgencyCommand, ShowsCertificatesAsTextAndJson) {
  init();
  ASSERT_EQ(run(kIssueJane), 0) << err;
  ASSERT_EQ(run("show @/root/root.pem @/people/jane.pem"), 0) << err;
  EXPECT_NE(out.find("urn:hedgerow:vale-council:root:root\n"), std::string::npos) << out;
  EXPECT_NE(out.find("urn:hedgerow:vale-council:officer:jane\n"), std::string::npos) << out;
  ASSERT_EQ(run("show @/root/root.pem @/people/jane.pem", true), 0) << err;
  const auto json = nlohmann::json::parse(out);
  EXPECT_EQ(json.at("schema"), "hedgerow/agency/1");
  ASSERT_EQ(json.at("certificates").size(), 2U);
  const Certificate jane = keys::load_certificate(dir / "people" / "jane.pem").value();
  EXPECT_EQ(json["certificates"][1]["subject"], "urn:hedgerow:vale-council:officer:jane");
  EXPECT_EQ(json["certificates"][1]["fingerprint"], to_sha256_name(jane.fingerprint().view()));

  EXPECT_EQ(run("show @/words"), 65);
  EXPECT_NE(err.find("words: "), std::string::npos) << err;
  EXPECT_EQ(run("show @/missing.pem"), 65);
}

TEST_F(AgencyCommand, MakesTheKeysOfThoseWhoOpenWhatTheNodeSealed) {
  ASSERT_EQ(run("reidentification --out @/office --passphrase-file @/words"), 0) << err;
  EXPECT_TRUE(out.starts_with("reidentification = \"")) << out;
  ASSERT_EQ(run("trace-officer --out @/first --passphrase-file @/words"), 0) << err;
  const std::string first = out.substr(0, out.size() - 1);
  ASSERT_EQ(run("trace-officer --out @/second --name dana --passphrase-file @/janes-words", true),
            0)
      << err;
  const auto second = nlohmann::json::parse(out);
  EXPECT_EQ(second.at("schema"), "hedgerow/agency/1");
  EXPECT_EQ(second.at("file"), (dir / "second" / "dana.key").string());
  EXPECT_NE(second.at("trace_officer"), first);
  EXPECT_EQ(mode(dir / "first" / "trace-officer.key"), 0400U);
  const auto secret =
      decrypt_seal_key(as_bytes(read(dir / "first" / "trace-officer.key")), words("correct horse"));
  ASSERT_TRUE(secret.ok()) << secret.error().text;
  EXPECT_EQ(to_hex(seal_public_key(*secret).view()), first);

  EXPECT_EQ(run("trace-officer --out @/first --passphrase-file @/words"), 64);
  EXPECT_NE(err.find("exists already"), std::string::npos) << err;
  EXPECT_EQ(run("trace-officer --out @/first --name ../x --passphrase-file @/words"), 64);
  EXPECT_FALSE(fs::exists(dir / "x.key"));
}

TEST_F(AgencyCommand, ShortensWhatWouldOutliveItsRoot) {
  const UtcTime now = keys::kNow;
  const InitRequest init_request{"vale-council", dir / "root", dir / "words", 1};
  const auto root = init_agency(init_request, now, rng);
  ASSERT_TRUE(root.ok()) << root.error().text;
  IssuePersonRequest request{CertificateKind::officer, dir / "root",  "jane",
                             dir / "people",           dir / "words", dir / "janes-words"};
  const auto jane = issue_person(request, now + std::chrono::days(30), rng);
  ASSERT_TRUE(jane.ok()) << jane.error().text;
  EXPECT_EQ(jane->certificate.not_after(), root->certificate.not_after());
  request.name = "late";
  const auto late = issue_person(request, now + std::chrono::days(400), rng);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, Code::denied);
}

}  // namespace
}  // namespace hedgerow::cli
