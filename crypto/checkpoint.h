// Signed notes and log checkpoints: C2SP signed-note and tlog-checkpoint, with Ed25519 keys
// (signature type 0x01).
//
//   <origin>\n<size in decimal>\n<root hash in base64>\n\n<dash> <name> <base64(key id ||
//   signature)>\n
//
// where <dash> is U+2014 and key id = SHA-256(name || 0x0A || 0x01 || public key)[:4], big-endian.
// The origin of Hedgerow's checkpoints is the name of the key. Our checkpoints have no
// extension lines; those of others are kept out of the way and not interpreted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/base/bytes.h"
#include "crypto/base/result.h"
#include "crypto/merkle.h"
#include "crypto/sign.h"

namespace hedgerow {

inline constexpr std::size_t kMaxNote = 64 * 1024;
inline constexpr std::size_t kMaxNoteSignatures = 64;
inline constexpr std::size_t kMaxNoteName = 256;

// A name by which a signed note may be signed: not empty, at most kMaxNoteName bytes, no blanks,
// no '+', no control characters.
bool is_valid_note_name(std::string_view name);

// A verifier key: "<name>+<hex key id>+<base64(0x01 || public key)>".
struct NoteKey {
  std::string name;
  VerifyKey key;

  std::uint32_t id() const;
  std::string vkey() const;
  // Errors (bad_input): malformed, another signature type, an id that is not the key's.
  static Result<NoteKey> parse(std::string_view vkey);
};

struct NoteSignature {
  std::string name;
  std::uint32_t key_id = 0;
  Bytes signature;
};

struct SignedNote {
  std::string text;  // with its last newline
  std::vector<NoteSignature> signatures;

  // Errors (bad_input): longer than kMaxNote, control characters, no signature, malformed lines.
  static Result<SignedNote> parse(std::string_view note);
  // Holds where `key` signed the text; an error where it did not, or where any signature with
  // its name and id is wrong.
  Result<void> verify(const NoteKey& key) const;
};

// `text` ends in a newline and holds no other control character (HR_CHECK).
std::string sign_note(std::string_view text, std::string_view name, const SigningKey& key);

struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  MerkleHash root{};

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// The note, signed under the name `checkpoint.origin`.
std::string make_checkpoint(const Checkpoint& checkpoint, const SigningKey& key);

// Verifies the note with `key` and requires the key's name as origin. Errors: bad_input.
Result<Checkpoint> open_checkpoint(std::string_view note, const NoteKey& key);

}  // namespace hedgerow
