#include "crypto/checkpoint.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "crypto/hash.h"
#include "test_paths.h"

namespace hedgerow {
namespace {

using ::testing::HasSubstr;

std::string example(const char* part) {
  std::ifstream file(std::string(HEDGEROW_SOURCE_DIR) + "/tests/vectors/c2sp/signed-note-example." +
                     part);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string without_newline(std::string s) {
  while (s.ends_with('\n')) s.pop_back();
  return s;
}

SigningKey key_number(std::uint8_t n) {
  SigningSeed seed;
  seed.writable()[0] = n;
  return SigningKey(seed);
}

const Checkpoint kCheckpoint{"hedgerow/vale-council", 42, sha256(as_bytes("root"))};

TEST(SignedNote, TheExampleOfTheSpecificationVerifies) {
  const NoteKey key = NoteKey::parse(without_newline(example("vkey"))).value();
  EXPECT_EQ(key.name, "example.com/foo");
  EXPECT_EQ(key.id(), 0x530d903aU);
  EXPECT_EQ(key.vkey(), without_newline(example("vkey")));
  const SignedNote note = SignedNote::parse(example("note")).value();
  EXPECT_EQ(note.text, example("text"));
  EXPECT_TRUE(note.verify(key).ok());
}

TEST(SignedNote, TheExampleAlteredAnywhereIsRefused) {
  const NoteKey key = NoteKey::parse(without_newline(example("vkey"))).value();
  const std::string note = example("note");
  for (std::size_t i = 0; i < note.size(); ++i) {
    std::string altered = note;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    const auto parsed = SignedNote::parse(altered);
    EXPECT_FALSE(parsed.ok() && parsed->verify(key).ok()) << i;
  }
  for (std::size_t i = 0; i < note.size(); ++i) {
    const auto parsed = SignedNote::parse(note.substr(0, i));
    EXPECT_FALSE(parsed.ok() && parsed->verify(key).ok()) << i;
  }
}

TEST(SignedNote, ForeignSignaturesAreLeftAloneAndAWrongOneOfTheKeyIsNot) {
  const SigningKey ours = key_number(1);
  const SigningKey theirs = key_number(2);
  const std::string text = "a text\n";
  const std::string a = sign_note(text, "log.example/a", ours);
  const std::string b = sign_note(text, "log.example/b", theirs);
  const std::string second_line = b.substr(text.size() + 1);
  const SignedNote both = SignedNote::parse(a + second_line).value();
  EXPECT_EQ(both.signatures.size(), 2U);
  EXPECT_TRUE(both.verify({"log.example/a", ours.verify_key()}).ok());
  EXPECT_TRUE(both.verify({"log.example/b", theirs.verify_key()}).ok());
  EXPECT_FALSE(both.verify({"log.example/c", ours.verify_key()}).ok());

  const std::string other = sign_note("another text\n", "log.example/a", ours);
  const std::string wrong_line = other.substr(other.find("\n\n") + 2);
  EXPECT_FALSE(
      SignedNote::parse(a + wrong_line)->verify({"log.example/a", ours.verify_key()}).ok());
}

TEST(SignedNote, RefusesTooManySignaturesAndTooLongNotes) {
  const std::string note = sign_note("t\n", "n", key_number(1));
  const std::string line = note.substr(3);
  std::string many = note;
  for (std::size_t i = 1; i < kMaxNoteSignatures; ++i) many += line;
  EXPECT_TRUE(SignedNote::parse(many).ok());
  EXPECT_FALSE(SignedNote::parse(many + line).ok());
  EXPECT_FALSE(SignedNote::parse(std::string(kMaxNote, 'a') + note).ok());
  EXPECT_FALSE(SignedNote::parse("t\r\n\n" + line).ok());
}

TEST(NoteKey, RefusesAnIdThatIsNotTheKeys) {
  const NoteKey key{"hedgerow/vale-council", key_number(1).verify_key()};
  std::string vkey = key.vkey();
  EXPECT_EQ(NoteKey::parse(vkey)->key, key.key);
  std::string altered = vkey;
  altered.replace(altered.find('+') + 1, 8, "00000000");
  EXPECT_THAT(NoteKey::parse(altered).error().text, HasSubstr("id"));
  altered = vkey;
  altered[0] = 'H';
  EXPECT_FALSE(NoteKey::parse(altered).ok());
  EXPECT_FALSE(NoteKey::parse("hedgerow/vale-council").ok());
  EXPECT_FALSE(NoteKey::parse(vkey + "AAAA").ok());
}

TEST(CheckpointNote, RoundTripsAndIsTheSameBytesEachTime) {
  const SigningKey key = key_number(1);
  const std::string note = make_checkpoint(kCheckpoint, key);
  EXPECT_EQ(note, make_checkpoint(kCheckpoint, key));
  EXPECT_EQ(open_checkpoint(note, {kCheckpoint.origin, key.verify_key()}).value(), kCheckpoint);
}

TEST(CheckpointNote, RefusesAnotherKeyAndAnotherOrigin) {
  const SigningKey key = key_number(1);
  const std::string note = make_checkpoint(kCheckpoint, key);
  EXPECT_FALSE(open_checkpoint(note, {kCheckpoint.origin, key_number(2).verify_key()}).ok());
  EXPECT_FALSE(open_checkpoint(note, {"hedgerow/other", key.verify_key()}).ok());
  const std::string lent = sign_note("hedgerow/other\n1\n" + to_base64(kCheckpoint.root) + "\n",
                                     kCheckpoint.origin, key);
  EXPECT_THAT(open_checkpoint(lent, {kCheckpoint.origin, key.verify_key()}).error().text,
              HasSubstr("another log"));
}

TEST(CheckpointNote, RefusesSignedTextsThatAreNoCheckpoints) {
  const SigningKey key = key_number(1);
  const NoteKey note_key{"log", key.verify_key()};
  const std::string root = to_base64(kCheckpoint.root);
  for (const std::string& text :
       {std::string("log\n1\n"), "log\n01\n" + root + "\n", "log\n-1\n" + root + "\n",
        "log\n\n" + root + "\n", "log\n99999999999999999999\n" + root + "\n",
        "log\n1x\n" + root + "\n", std::string("log\n1\nAAAA\n"), "log\n1\n" + root + "=\n"})
    EXPECT_FALSE(open_checkpoint(sign_note(text, "log", key), note_key).ok()) << text;
  const std::string extended = "log\n1\n" + root + "\nan extension\n";
  EXPECT_EQ(open_checkpoint(sign_note(extended, "log", key), note_key)->size, 1U);
}

}  // namespace
}  // namespace hedgerow
