// What `hedgerow agency revoke` puts on the list.
#include "node/cli/revoke.h"

#include <cstdlib>

#include "node/cli/agency.h"
#include "tests/node/keys/folder_fixture.h"

namespace hedgerow::cli {
namespace {

using keys::kNow;

// A root, a node's first certificate in first.pem, and its renewal in second.pem.
class Revoking : public keys::InFolder {
 protected:
  Revoking() {
    ::unsetenv("CREDENTIALS_DIRECTORY");
    write("words", "correct horse\n");
    HR_CHECK(init_agency({"vale-council", dir / "root", dir / "words"}, kNow, rng).ok());
    first = issue("first.pem", false);
    second = issue("second.pem", true);
  }

  std::string issue(const std::string& copy, bool renew) {
    IssueNodeRequest request;
    request.root = dir / "root";
    request.home = dir / "node";
    request.passphrase_file = dir / "words";
    request.renew = renew;
    const auto issued = issue_node(request, kNow, rng);
    HR_CHECK(issued.ok());
    write(copy, issued->certificate.pem());
    return issued->certificate.serial_hex();
  }
  Result<RevocationMade> revoke(const std::string& what, const std::string& reason,
                                UtcTime now = kNow) {
    return revoke_certificate({dir / "root", what, reason, dir / "words"}, now, rng);
  }
  std::string file(const std::string& name) const { return (dir / name).string(); }
  // The openssl program finds the certificate good, going by the list.
  bool is_good(const std::string& certificate) {
    const std::string command = "cd '" + dir.string() + "' && openssl verify -crl_check -attime " +
                                std::to_string(to_unix_ms(kNow) / 1000 + 60) +
                                " -CAfile root/root.pem -CRLfile root/revoked.pem " + certificate +
                                " >openssl.txt 2>&1";
    const bool good = std::system(command.c_str()) == 0;
    EXPECT_NE(read(dir / "openssl.txt").find(good ? "OK" : "certificate revoked"),
              std::string::npos)
        << read(dir / "openssl.txt");
    return good;
  }
  static const Revoked* entry(const RevocationMade& made, const std::string& serial) {
    return made.list.find(*from_hex(serial));
  }

  std::string first;
  std::string second;
};

TEST_F(Revoking, OfOneCertificateRevokesAllOfTheSameKeys) {
  const auto made = revoke(file("first.pem"), "key-compromise");
  ASSERT_TRUE(made.ok()) << made.error().text;
  EXPECT_EQ(made->serial, first);
  EXPECT_EQ(made->same_keys, std::vector<std::string>{second});
  EXPECT_FALSE(made->others_unknown);
  ASSERT_EQ(made->list.entries().size(), 2U);
  EXPECT_EQ(entry(*made, second)->reason, RevocationReason::key_compromise);
  EXPECT_FALSE(is_good("first.pem"));
  EXPECT_FALSE(is_good("second.pem"));
  EXPECT_ERROR(revoke(file("second.pem"), "left"), Code::usage, "was revoked already");
}

TEST_F(Revoking, BySerialNumberDoesTheSame) {
  for (const char* reason : {"left", "ceased", "unspecified"}) {
    const std::string before = read(dir / "root" / "register.json");
    const auto made = revoke(second, reason);
    ASSERT_TRUE(made.ok()) << made.error().text;
    EXPECT_EQ(made->same_keys, std::vector<std::string>{first}) << reason;
    overwrite(dir / "root" / "register.json", before);
    std::filesystem::remove(dir / "root" / "revoked.pem");
  }
}

TEST_F(Revoking, AsSupersededLeavesTheOthersAndMayBeRaisedLater) {
  auto made = revoke(file("first.pem"), "superseded");
  ASSERT_TRUE(made.ok()) << made.error().text;
  EXPECT_TRUE(made->same_keys.empty());
  EXPECT_FALSE(is_good("first.pem"));
  EXPECT_TRUE(is_good("second.pem"));
  EXPECT_ERROR(revoke(file("first.pem"), "superseded"), Code::usage, "was revoked already");

  made = revoke(file("first.pem"), "key-compromise", kNow + std::chrono::hours(1));
  ASSERT_TRUE(made.ok()) << made.error().text;
  EXPECT_EQ(made->same_keys, std::vector<std::string>{second});
  ASSERT_EQ(made->list.entries().size(), 2U);
  EXPECT_EQ(entry(*made, first)->reason, RevocationReason::key_compromise);
  EXPECT_EQ(entry(*made, first)->at, kNow);  // since when it counts no more
  EXPECT_FALSE(is_good("second.pem"));
}

TEST_F(Revoking, ANewReasonForASupersededOneComesWithTheOther) {
  ASSERT_TRUE(revoke(file("first.pem"), "superseded").ok());
  const auto made = revoke(file("second.pem"), "left");
  ASSERT_TRUE(made.ok()) << made.error().text;
  EXPECT_EQ(made->same_keys, std::vector<std::string>{first});
  EXPECT_EQ(entry(*made, first)->reason, RevocationReason::left);
}

TEST_F(Revoking, SaysSoWhereTheRegisterCannotKnowTheOthers) {
  std::filesystem::remove(dir / "root" / "register.json");
  auto made = revoke(file("first.pem"), "superseded");
  ASSERT_TRUE(made.ok()) << made.error().text;
  EXPECT_FALSE(made->others_unknown);
  made = revoke(file("first.pem"), "key-compromise");
  ASSERT_TRUE(made.ok()) << made.error().text;
  EXPECT_TRUE(made->others_unknown);
  EXPECT_TRUE(made->same_keys.empty());
  EXPECT_EQ(entry(*made, first)->reason, RevocationReason::key_compromise);
  // By its file, the other one too.
  EXPECT_TRUE(is_good("second.pem"));
  ASSERT_TRUE(revoke(file("second.pem"), "key-compromise").ok());
  EXPECT_FALSE(is_good("second.pem"));
}

}  // namespace
}  // namespace hedgerow::cli
