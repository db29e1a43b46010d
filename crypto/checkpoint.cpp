#include "crypto/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "crypto/hash.h"

namespace hedgerow {

namespace {
constexpr std::uint8_t kEd25519Type = 0x01;
constexpr std::string_view kSignatureDash = "\xe2\x80\x94 ";  // U+2014 and a space
constexpr std::size_t kKeyIdSize = 4;

ByteArray<kKeyIdSize> big_endian(std::uint32_t v) {
  return {static_cast<std::uint8_t>(v >> 24U), static_cast<std::uint8_t>(v >> 16U),
          static_cast<std::uint8_t>(v >> 8U), static_cast<std::uint8_t>(v)};
}
std::uint32_t from_big_endian(ByteView v) {
  return static_cast<std::uint32_t>(v[0]) << 24U | static_cast<std::uint32_t>(v[1]) << 16U |
         static_cast<std::uint32_t>(v[2]) << 8U | static_cast<std::uint32_t>(v[3]);
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; });
}

// The line up to the next newline, taken off `rest`; nothing where there is no newline.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

// base64 that is exactly what an encoder makes, so that a note has one form only.
std::optional<Bytes> canonical_base64(std::string_view text) {
  std::optional<Bytes> bytes = from_base64(text);
  if (bytes && to_base64(*bytes) != text) return std::nullopt;
  return bytes;
}

Result<NoteSignature> parse_signature_line(std::string_view line) {
  if (!line.starts_with(kSignatureDash)) return bad_input("signed note: not a signature line");
  line.remove_prefix(kSignatureDash.size());
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return bad_input("signed note: not a signature line");
  NoteSignature signature;
  signature.name = line.substr(0, blank);
  if (!is_valid_note_name(signature.name)) return bad_input("signed note: not a key's name");
  const std::optional<Bytes> bytes = canonical_base64(line.substr(blank + 1));
  if (!bytes || bytes->size() <= kKeyIdSize) return bad_input("signed note: not a signature");
  signature.key_id = from_big_endian(ByteView(*bytes).first(kKeyIdSize));
  signature.signature = to_bytes(ByteView(*bytes).subspan(kKeyIdSize));
  return signature;
}
}  // namespace

bool is_valid_note_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxNoteName) return false;
  // The blanks of Unicode beyond ASCII are refused with everything else beyond ASCII.
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return c > 0x20 && c < 0x7f && c != '+'; });
}

std::uint32_t NoteKey::id() const {
  static constexpr ByteArray<2> kMiddle = {'\n', kEd25519Type};
  Sha256Stream h;
  return from_big_endian(h.update(as_bytes(name)).update(kMiddle).update(key.view()).finish());
}

std::string NoteKey::vkey() const {
  Bytes typed = {kEd25519Type};
  typed.insert(typed.end(), key.bytes.begin(), key.bytes.end());
  return name + "+" + to_hex(big_endian(id())) + "+" + to_base64(typed);
}

Result<NoteKey> NoteKey::parse(std::string_view vkey) {
  const std::size_t first = vkey.find('+');
  const std::size_t second = first == std::string_view::npos ? first : vkey.find('+', first + 1);
  if (second == std::string_view::npos)
    return bad_input("not a log key", "it reads NAME+ID+KEY, all on one line");
  NoteKey key;
  key.name = vkey.substr(0, first);
  if (!is_valid_note_name(key.name)) return bad_input("log key: not a key's name");
  const std::string_view id = vkey.substr(first + 1, second - first - 1);
  const std::optional<Bytes> typed = canonical_base64(vkey.substr(second + 1));
  if (!typed || typed->empty()) return bad_input("log key: not base64");
  if ((*typed)[0] != kEd25519Type) return bad_input("log key: not an Ed25519 key");
  HR_ASSIGN(key.key, VerifyKey::decode(ByteView(*typed).subspan(1)));
  if (id != to_hex(big_endian(key.id()))) return bad_input("log key: the id is not the key's");
  return key;
}

Result<SignedNote> SignedNote::parse(std::string_view note) {
  if (note.size() > kMaxNote) return bad_input("signed note: too long");
  if (has_control_character(note)) return bad_input("signed note: control characters");
  const std::size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) return bad_input("signed note: no signatures");
  SignedNote parsed;
  parsed.text = note.substr(0, blank + 1);
  std::string_view rest = note.substr(blank + 2);
  while (!rest.empty()) {
    if (parsed.signatures.size() == kMaxNoteSignatures)
      return bad_input("signed note: too many signatures");
    const std::optional<std::string_view> line = take_line(rest);
    if (!line) return bad_input("signed note: cut off");
    HR_ASSIGN(NoteSignature signature, parse_signature_line(*line));
    parsed.signatures.push_back(std::move(signature));
  }
  if (parsed.signatures.empty()) return bad_input("signed note: no signatures");
  return parsed;
}

Result<void> SignedNote::verify(const NoteKey& key) const {
  bool signed_by_key = false;
  const std::uint32_t id = key.id();
  for (const NoteSignature& s : signatures) {
    if (s.name != key.name || s.key_id != id) continue;
    HR_ASSIGN(const Signature signature, Signature::decode(s.signature));
    if (!hedgerow::verify(key.key, as_bytes(text), signature))
      return bad_input("signed note: the signature of " + key.name + " is wrong");
    signed_by_key = true;
  }
  if (!signed_by_key) return bad_input("signed note: not signed by " + key.name);
  return {};
}

std::string sign_note(std::string_view text, std::string_view name, const SigningKey& key) {
  HR_CHECK(text.ends_with('\n') && !has_control_character(text) && is_valid_note_name(name));
  const NoteKey note_key{std::string(name), key.verify_key()};
  const Signature signature = key.sign(as_bytes(text));
  Bytes identified = to_bytes(ByteView(big_endian(note_key.id())));
  identified.insert(identified.end(), signature.bytes.begin(), signature.bytes.end());
  std::string note(text);
  note.append("\n").append(kSignatureDash).append(name).append(" ");
  note.append(to_base64(identified)).append("\n");
  return note;
}

std::string make_checkpoint(const Checkpoint& checkpoint, const SigningKey& key) {
  const std::string text = checkpoint.origin + "\n" + std::to_string(checkpoint.size) + "\n" +
                           to_base64(checkpoint.root) + "\n";
  return sign_note(text, checkpoint.origin, key);
}

Result<Checkpoint> open_checkpoint(std::string_view note, const NoteKey& key) {
  HR_ASSIGN(const SignedNote parsed, SignedNote::parse(note));
  HR_TRY(parsed.verify(key));
  std::string_view rest = parsed.text;
  const std::optional<std::string_view> origin = take_line(rest);
  const std::optional<std::string_view> size = take_line(rest);
  const std::optional<std::string_view> root = take_line(rest);
  if (!origin || !size || !root) return bad_input("checkpoint: fewer than three lines");
  if (*origin != key.name) return bad_input("checkpoint: of another log");
  Checkpoint checkpoint;
  checkpoint.origin = *origin;
  const auto [end, error] =
      std::from_chars(size->data(), size->data() + size->size(), checkpoint.size);
  if (error != std::errc() || end != size->data() + size->size() ||
      std::to_string(checkpoint.size) != *size)
    return bad_input("checkpoint: the size is not a number");
  const std::optional<Bytes> hash = canonical_base64(*root);
  if (!hash || hash->size() != checkpoint.root.size())
    return bad_input("checkpoint: the root is not a SHA-256 hash");
  std::copy(hash->begin(), hash->end(), checkpoint.root.begin());
  return checkpoint;
}

}  // namespace hedgerow
