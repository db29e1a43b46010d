#include "node/keys/files.h"

#include <unistd.h>

#include "node/keys/passphrase.h"
#include "node/keys/terminal.h"
#include "tests/node/keys/folder_fixture.h"

namespace hedgerow::keys {
namespace {

using Files = InFolder;

TEST_F(Files, WritesANewFileClosedToOthersWhateverTheUmask) {
  const mode_t before = ::umask(0);
  EXPECT_TRUE(write_new_file(dir / "secret", as_bytes("abc"), Readers::owner).ok());
  ::umask(0777);
  EXPECT_TRUE(write_new_file(dir / "public", as_bytes("abc"), Readers::anybody).ok());
  ::umask(before);
  EXPECT_EQ(mode(dir / "secret"), 0400U);
  EXPECT_EQ(mode(dir / "public"), 0444U);
  EXPECT_EQ(as_text(read_private_file(dir / "secret", 3)->expose()), "abc");
  EXPECT_EQ(as_text(*read_public_file(dir / "public", 3)), "abc");
}

TEST_F(Files, NeverOverwrites) {
  write("there", "old");
  EXPECT_ERROR(write_new_file(dir / "there", as_bytes("new"), Readers::owner), Code::usage,
               "exists already");
  EXPECT_EQ(read(dir / "there"), "old");
  fs::create_symlink(dir / "nowhere", dir / "link");
  EXPECT_ERROR(write_new_file(dir / "link", as_bytes("new"), Readers::owner), Code::usage,
               "exists already");
  EXPECT_FALSE(fs::exists(dir / "nowhere"));
}

TEST_F(Files, ReplacesInOneStepAndClearsWhatACrashLeft) {
  write("node.pem", "old", 0400);
  write("node.pem.new", "half", 0400);
  EXPECT_TRUE(replace_file(dir / "node.pem", as_bytes("new"), Readers::owner).ok());
  EXPECT_EQ(read(dir / "node.pem"), "new");
  EXPECT_EQ(mode(dir / "node.pem"), 0400U);
  EXPECT_FALSE(fs::exists(dir / "node.pem.new"));
}

TEST_F(Files, SaysWhereItCannotWrite) {
  EXPECT_ERROR(write_new_file(dir / "no" / "where", as_bytes("x"), Readers::owner),
               Code::configuration, "no/where");
  EXPECT_ERROR(replace_file(dir / "no" / "where", as_bytes("x"), Readers::owner),
               Code::configuration, "no/where");
}

TEST_F(Files, RefusesSecretsOpenToOthers) {
  for (mode_t open : {0440U, 0404U, 0644U, 0420U, 0401U}) {
    const fs::path file = write("secret", "abc", open);
    EXPECT_ERROR(read_private_file(file, 10), Code::configuration, file.string());
    fs::remove(file);
  }
  EXPECT_TRUE(read_private_file(write("secret", "abc", 0600), 10).ok());
}

TEST_F(Files, TakesAHandedOverSecretThatItsGroupMayRead) {
  EXPECT_TRUE(read_handed_over_file(write("a", "abc", 0440), 10).ok());
  EXPECT_ERROR(read_handed_over_file(write("b", "abc", 0444), 10), Code::configuration, "open to");
}

TEST_F(Files, RefusesSecretsOfAnotherOwner) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const fs::path file = write("secret", "abc");
  ASSERT_EQ(::chown(file.c_str(), 65534, 65534), 0);
  EXPECT_ERROR(read_private_file(file, 10), Code::configuration, "another user");
  ASSERT_EQ(::chown(dir.c_str(), 65534, 65534), 0);
  EXPECT_ERROR(check_private_folder(dir), Code::configuration, "another user");
}

TEST_F(Files, RefusesWhatIsMissingTooLargeOrNoFile) {
  EXPECT_ERROR(read_private_file(dir / "missing", 10), Code::configuration, "missing");
  EXPECT_ERROR(read_public_file(dir / "missing", 10), Code::configuration, "missing");
  EXPECT_ERROR(read_private_file(write("large", "0123456789x"), 10), Code::configuration,
               "is larger than 10 bytes");
  EXPECT_ERROR(read_public_file(dir, 10), Code::configuration, "is a folder, not a file");
  fs::create_symlink(dir / "ring", dir / "ring");
  EXPECT_ERROR(read_public_file(dir / "ring", 10), Code::configuration, "symbolic links");
  EXPECT_EQ(read_public_file(dir / "ring", 10).error().hint, "");  // no disk has failed
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  EXPECT_ERROR(read_private_file(dir / "pipe", 10), Code::configuration, "not a plain file");
}

TEST_F(Files, MakesPrivateFoldersWithTheirParents) {
  EXPECT_TRUE(make_private_folder(dir / "a" / "b" / "c").ok());
  EXPECT_EQ(mode(dir / "a"), 0700U);
  EXPECT_EQ(mode(dir / "a" / "b" / "c"), 0700U);
  EXPECT_TRUE(make_private_folder(dir / "a" / "b" / "c").ok());
  EXPECT_TRUE(make_private_folder(dir / "d" / "").ok()) << "a slash at the end";
  write("file", "");
  EXPECT_ERROR(make_private_folder(dir / "file" / "x"), Code::configuration, "file");
  EXPECT_TRUE(check_private_folder(dir / "a").ok());
  set_mode(dir / "a", 0750);
  EXPECT_ERROR(check_private_folder(dir / "a"), Code::configuration, "open to other users");
  EXPECT_ERROR(check_private_folder(dir / "file"), Code::configuration, "not a folder");
  EXPECT_ERROR(check_private_folder(dir / "none"), Code::configuration, "none");
}

TEST_F(Files, ReadsTheFirstLineOfAPassphraseFile) {
  EXPECT_EQ(as_text(read_passphrase_file(write("a", "correct horse\n"))->expose()),
            "correct horse");
  EXPECT_EQ(as_text(read_passphrase_file(write("b", "correct horse"))->expose()), "correct horse");
  EXPECT_EQ(as_text(read_passphrase_file(write("c", "correct horse\r\nmore"))->expose()),
            "correct horse");
  EXPECT_ERROR(read_passphrase_file(write("d", "\n")), Code::usage, "holds no passphrase");
  EXPECT_ERROR(read_passphrase_file(write("e", "")), Code::usage, "holds no passphrase");
  EXPECT_ERROR(read_passphrase_file(write("f", "open to all", 0644)), Code::configuration,
               "open to other users");
  EXPECT_ERROR(read_passphrase_file(dir / "missing"), Code::configuration, "missing");
}

TEST_F(Files, ReadsOneSecretLineOfAFileAndNamesWhatItLacks) {
  const SecretLine line{"case reference", "case reference", "give it with --case-file", 8};
  EXPECT_EQ(as_text(read_secret_line(write("a", "eight ch\r\n"), line)->expose()), "eight ch");
  EXPECT_ERROR(read_secret_line(write("b", "\n"), line), Code::usage, "holds no case reference");
  EXPECT_ERROR(read_secret_line(write("c", std::string(11, 'x')), line), Code::configuration, "c");
  EXPECT_ERROR(read_secret_line(write("d", "open", 0644), line), Code::configuration,
               "open to other users");
}

}  // namespace
}  // namespace hedgerow::keys
