// `hedgerow agreement new|lint|sign|merge|verify`, as they are typed.
#include "node/cli/agreement_files.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "node/cli/agency.h"
#include "node/cli/command.h"
#include "node/cli/revoke.h"
#include "tests/node/keys/folder_fixture.h"
#include "tests/policies/sample_agreement.h"

namespace hedgerow::cli {
namespace {

namespace fs = std::filesystem;

using policies::replaced;
using policies::replaced_after;
using policies::sample_text;

constexpr const char* kParties[] = {"vale-council", "vale-health", "vale-partnership",
                                    "vale-police", "vale-voice"};

UtcTime system_now() {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

// Five agencies with an officer each, an agreement that names their roots, and what they signed.
// Made once, since keys are slow to open on purpose; each test works on a copy.
class AgreementFiles : public keys::InFolder {
 protected:
  static void SetUpTestSuite() {
    std::string name = (fs::temp_directory_path() / "hedgerow-files-XXXXXX").string();
    HR_CHECK(::mkdtemp(name.data()) != nullptr);
    made_ = name;
    std::ofstream(made_ / "words") << "correct horse\n";
    fs::permissions(made_ / "words", fs::perms::owner_read | fs::perms::owner_write);
    SeededRandom rng{ByteArray<32>{4}};
    std::string text = sample_text();
    std::string roots;
    for (const std::string party : kParties) {
      const Certificate root = make_agency(party, rng);
      const std::string anchor = "id = \"" + party + "\"";
      const std::size_t at = text.find("root = ", text.find(anchor));
      const std::string line = text.substr(at, text.find('\n', at) - at);
      text = replaced_after(text, anchor, line,
                            "root = \"" + to_sha256_name(root.fingerprint().view()) + "\"");
      roots += root.pem();
    }
    std::ofstream(made_ / "vale.toml") << text;
    std::ofstream(made_ / "roots.pem") << roots;
    for (const std::string party : kParties) {
      const auto signature = sign_agreement(
          {made_ / "vale.toml", made_ / (party + "-people") / "officer.pem", made_ / "words"},
          system_now(), rng);
      HR_CHECK(signature.ok());
      std::ofstream(made_ / (party + ".p7s")) << signature->pem;
    }
  }
  static void TearDownTestSuite() {
    std::error_code ignored;
    fs::remove_all(made_, ignored);
  }

  AgreementFiles() {
    fs::copy(made_, dir, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }

  static Certificate make_agency(const std::string& party, Random& rng) {
    const auto root = init_agency({party, made_ / party, made_ / "words"}, system_now(), rng);
    HR_CHECK(root.ok());
    IssuePersonRequest officer;
    officer.root = made_ / party;
    officer.name = "officer";
    officer.out = made_ / (party + "-people");
    officer.passphrase_file = made_ / "words";
    officer.person_passphrase_file = made_ / "words";
    HR_CHECK(issue_person(officer, system_now(), rng).ok());
    return root->certificate;
  }

  int sign(const std::string& party) {
    return run("sign @/vale.toml --credential @/" + party +
               "-people/officer.pem --passphrase-file @/words --out @/new.p7s");
  }
  void merge_all() {
    // The hub's first, and one of them twice.
    ASSERT_EQ(run("merge @/vale-partnership.p7s @/vale-council.p7s @/vale-health.p7s "
                  "@/vale-police.p7s @/vale-voice.p7s @/vale-police.p7s --out @/vale.toml.p7s"),
              0)
        << err;
  }

  // The exit code; `out` and `err` hold what was said. Words are cut at blanks, @ is the folder.
  int run(const std::string& line, bool json = false) {
    std::ostringstream out_stream;
    std::ostringstream err_stream;
    Context context{out_stream, err_stream};
    context.json = json;
    CLI::App app{"hedgerow"};
    CLI::App* agreement = app.add_subcommand("agreement");
    agreement->require_subcommand(1);
    add_agreement_file_commands(*agreement, context);
    std::string typed = "agreement " + line;
    for (std::size_t at; (at = typed.find('@')) != std::string::npos;)
      typed.replace(at, 1, dir.string());
    try {
      app.parse(typed);
    } catch (const CLI::ParseError& error) {
      err = error.what();
      return 64;
    }
    out = out_stream.str();
    err = err_stream.str();
    return context.exit_code;
  }
  bool said(std::string_view words) const { return (out + err).find(words) != std::string::npos; }
  bool openssl(const std::string& arguments) {
    return std::system(("cd '" + dir.string() + "' && openssl " + arguments + " >openssl.txt 2>&1")
                           .c_str()) == 0;
  }

  std::string out;
  std::string err;

 private:
  static inline fs::path made_;
};

TEST_F(AgreementFiles, NewWritesADraftThatLintFindsUnfinished) {
  ASSERT_EQ(run("new --template regional-flows --out @/draft.toml --set id=north-cse"), 0) << err;
  const std::string draft = read(dir / "draft.toml");
  EXPECT_NE(draft.find("id = \"north-cse\""), std::string::npos);
  EXPECT_EQ(draft.find("{{"), std::string::npos);
  EXPECT_NE(mode(dir / "draft.toml") & 0200U, 0U);
  EXPECT_EQ(run("lint @/draft.toml"), 65);
  EXPECT_TRUE(said("still to be filled in")) << out;
  EXPECT_TRUE(said("draft.toml has ")) << err;
}

TEST_F(AgreementFiles, NewDatesTheDraft) {
  const UtcTime now = policies::parse_moment("2026-09-30T23:30Z").value().at;
  const std::string draft = new_agreement({}, now).value();
  EXPECT_NE(draft.find("valid_from = 2026-10-01\nvalid_until = 2027-12-01\nreview_by = 2027-06-01"),
            std::string::npos);
  const std::string other =
      new_agreement({"regional-flows", {"valid_from=2027-01-31"}}, now).value();
  EXPECT_NE(other.find("valid_from = 2027-01-31\nvalid_until = 2028-03-31\nreview_by = 2027-09-30"),
            std::string::npos);
}

TEST_F(AgreementFiles, NewRefusesWhatItDoesNotKnow) {
  EXPECT_EQ(run("new --template other"), 64);
  EXPECT_EQ(run("new --set nothing"), 64);
  EXPECT_EQ(run("new --set colour=green"), 64);
  EXPECT_EQ(run("new --set id=abc --set id=abd"), 64);
  EXPECT_EQ(run("new --set valid_from=soon"), 64);
  write("there.toml", "");
  EXPECT_EQ(run("new --out @/there.toml"), 64);
  EXPECT_EQ(run("new"), 0);
  EXPECT_TRUE(said("[agreement]"));
}

TEST_F(AgreementFiles, LintNamesThePlaceOfEveryFinding) {
  write("good.toml", sample_text());
  EXPECT_EQ(run("lint @/good.toml"), 0);
  EXPECT_TRUE(said("vale-cse version 1, sha256:")) << out;
  write("bad.toml", replaced(sample_text(), "threshold = 3", "threshold = 9"));
  EXPECT_EQ(run("lint @/bad.toml"), 65);
  const std::string place =
      "bad.toml:" + std::to_string(policies::line_of(sample_text(), "threshold")) + ":13: error: ";
  EXPECT_TRUE(said(place)) << out;
  EXPECT_EQ(run("lint @/bad.toml", true), 65);
  const auto json = nlohmann::json::parse(out);
  EXPECT_EQ(json["schema"], "hedgerow/agreement/1");
  EXPECT_EQ(json["diagnostics"][0]["severity"], "error");
  write("warned.toml", replaced(sample_text(), "min_children = 8", "min_children = 4"));
  EXPECT_EQ(run("lint @/warned.toml"), 0);
  EXPECT_TRUE(said("warning: "));
  EXPECT_EQ(run("lint @/absent.toml"), 65);
  write("large.toml", std::string(policies::kMaxAgreementBytes + 1, '#'));
  EXPECT_EQ(run("lint @/large.toml"), 65);
  EXPECT_TRUE(said("large.toml is larger than 65536 bytes\nhint: ")) << err;
  EXPECT_EQ(run("lint"), 64);
}

TEST_F(AgreementFiles, EveryPartySignsAndOpensslAgrees) {
  merge_all();
  ASSERT_EQ(run("verify @/vale.toml --roots @/roots.pem"), 0) << err;
  EXPECT_TRUE(said("vale-cse version 1: signed by every party"));
  for (const std::string party : kParties)
    EXPECT_TRUE(said("urn:hedgerow:" + party + ":officer:officer")) << out;
  ASSERT_EQ(run("verify @/vale.toml --signatures @/vale.toml.p7s --roots @/roots.pem", true), 0);
  EXPECT_EQ(nlohmann::json::parse(out)["signers"].size(), 5U);
  EXPECT_TRUE(
      openssl("cms -verify -binary -content vale.toml -inform PEM -in vale.toml.p7s "
              "-CAfile roots.pem -purpose any"))
      << read(dir / "openssl.txt");
}

TEST_F(AgreementFiles, VerifyRefusesWhatIsNotSignedByAll) {
  merge_all();
  ASSERT_EQ(run("merge @/vale-council.p7s @/vale-health.p7s --out @/two.p7s"), 0);
  EXPECT_EQ(run("verify @/vale.toml --signatures @/two.p7s --roots @/roots.pem"), 65);
  EXPECT_TRUE(said("not signed by: vale-partnership, vale-police, vale-voice\nhint: ")) << err;
}

TEST_F(AgreementFiles, VerifyRefusesASignatureOfARevokedOfficer) {
  merge_all();
  const auto revoked =
      revoke_certificate({dir / "vale-voice", (dir / "vale-voice-people" / "officer.pem").string(),
                          "left", dir / "words"},
                         system_now(), rng);
  ASSERT_TRUE(revoked.ok()) << revoked.error().text;
  const std::string list = read(dir / "vale-voice" / "revoked.pem");
  write("with-list.pem", read(dir / "roots.pem") + list);
  EXPECT_EQ(run("verify @/vale.toml --roots @/with-list.pem"), 77);
  EXPECT_TRUE(said("urn:hedgerow:vale-voice:officer:officer, which signed, was revoked on "))
      << err;
  EXPECT_TRUE(said("\nhint: another officer")) << err;
  // A list that claims to be a party's and was altered is refused, not passed over.
  const PemBundle bundle = decode_bundle(as_bytes(list), 1, 1).value();
  Bytes der = bundle.lists.at(0).der();
  der.back() ^= 1;
  const auto altered = RevocationList::decode_der(der);
  ASSERT_TRUE(altered.ok()) << altered.error().text;
  write("with-altered.pem", read(dir / "roots.pem") + altered->pem());
  EXPECT_EQ(run("verify @/vale.toml --roots @/with-altered.pem"), 65);
  EXPECT_TRUE(said("the signature on the list of revoked certificates")) << err;
  EXPECT_EQ(run("verify @/vale.toml --roots @/roots.pem"), 0) << err;
}

TEST_F(AgreementFiles, AnErrorNamesAPartyOnce) {
  merge_all();
  write("vale.toml", read(dir / "vale.toml") + "\n");
  EXPECT_EQ(run("verify @/vale.toml --roots @/roots.pem"), 65);
  EXPECT_FALSE(said(")\n")) << err;
  EXPECT_TRUE(said(" signed")) << err;
}

TEST_F(AgreementFiles, VerifyRefusesChangedBytes) {
  merge_all();
  const std::string text = read(dir / "vale.toml");
  write("vale.toml", replaced(text, "min_children = 8", "min_children = 7"));
  EXPECT_EQ(run("verify @/vale.toml --roots @/roots.pem"), 65);
  std::string crlf;
  for (const char c : text) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  write("vale.toml", crlf);
  EXPECT_EQ(run("verify @/vale.toml --roots @/roots.pem"), 65);
  EXPECT_TRUE(said("line end")) << err;
}

TEST_F(AgreementFiles, VerifyRefusesRootsTheAgreementDoesNotName) {
  merge_all();
  ASSERT_TRUE(
      init_agency({"vale-police", dir / "impostor", dir / "words"}, system_now(), rng).ok());
  const std::string roots = read(dir / "roots.pem");
  write("wrong.pem", read(dir / "impostor" / "root.pem") + roots);
  EXPECT_EQ(run("verify @/vale.toml --roots @/wrong.pem"), 65);
  EXPECT_TRUE(said("does not name (vale-police)")) << err;
  write("few.pem", read(dir / "vale-police" / "root.pem"));
  EXPECT_EQ(run("verify @/vale.toml --roots @/few.pem"), 65);
  EXPECT_TRUE(said("no root certificate of a party")) << err;
  EXPECT_EQ(run("verify @/vale.toml --roots @/absent.pem"), 65);
}

TEST_F(AgreementFiles, SignRefusesBadTextsStrangersAndOtherKinds) {
  const std::string text = read(dir / "vale.toml");
  write("vale.toml", replaced(text, "threshold = 3", "threshold = 9"));
  EXPECT_EQ(sign("vale-council"), 65);
  std::string fewer = text;
  for (std::size_t at; (at = fewer.find("vale-voice")) != std::string::npos;)
    fewer.replace(at, 10, "vale-other");
  write("vale.toml", fewer);
  EXPECT_EQ(sign("vale-voice"), 77);
  EXPECT_TRUE(said("not a party")) << err;
  write("vale.toml", text);
  EXPECT_EQ(run("sign @/vale.toml --credential @/vale-council/root.pem --passphrase-file @/words"),
            77);
  EXPECT_TRUE(said("signed by officers")) << err;
  write("wrong-words", "incorrect horse\n");
  EXPECT_EQ(run("sign @/vale.toml --credential @/vale-council-people/officer.pem "
                "--passphrase-file @/wrong-words"),
            77);
  EXPECT_EQ(sign("vale-council"), 0) << err;
  EXPECT_EQ(read(dir / "vale.toml"), text);
  EXPECT_EQ(sign("vale-council"), 64);  // the file is there
}

TEST_F(AgreementFiles, MergeRefusesSignaturesOfOtherTexts) {
  write("vale.toml", replaced(read(dir / "vale.toml"), "min_children = 8", "min_children = 9"));
  ASSERT_EQ(sign("vale-police"), 0) << err;
  EXPECT_EQ(run("merge @/vale-council.p7s @/new.p7s --out @/both.p7s"), 65);
  write("junk.p7s", "junk");
  EXPECT_EQ(run("merge @/junk.p7s"), 65);
}

}  // namespace
}  // namespace hedgerow::cli
