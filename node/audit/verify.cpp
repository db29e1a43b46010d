#include "node/audit/verify.h"

#include "node/audit/file.h"

namespace hedgerow::audit {

namespace {

constexpr std::string_view kMagic = "HEDGEROW-LOG-1\n";
constexpr std::size_t kMaxVkey = kMaxNoteName + 128;

Error not_an_export(const std::filesystem::path& file) {
  return bad_input(file.string() + " is not an exported audit log");
}

Error at_entry(const std::filesystem::path& file, std::uint64_t index, std::string_view what) {
  return bad_input(file.string() + ": entry " + std::to_string(index) + ": " + std::string(what));
}

Result<std::string> take_text(SequentialReader& reader, std::size_t max) {
  HR_ASSIGN(const ByteView length, reader.take(4));
  const std::uint32_t size = Reader(length).u32();
  if (size > max) return bad_input("a text of an impossible length");
  HR_ASSIGN(const ByteView text, reader.take(size));
  return std::string(as_text(text));
}

Result<void> check_receipt(const Receipt& receipt, const NoteKey& key, const MerkleTree& tree) {
  HR_ASSIGN(const VerifiedReceipt verified, verify(receipt, key));
  const Result<MerkleHash> root = tree.root(verified.checkpoint.size);
  if (!root.ok()) return bad_input("a receipt was given for a longer log: this one is cut off");
  if (*root != verified.checkpoint.root)
    return bad_input("a receipt was given for other entries: this log was rewritten");
  HR_ASSIGN(const MerkleHash leaf, tree.leaf(receipt.index));
  if (leaf != receipt.leaf) return bad_input("a receipt was given for another entry");
  return {};
}

}  // namespace

Result<void> export_log(const Log& log, const std::filesystem::path& path) {
  HR_ASSIGN(File file, File::open(path, File::Mode::create));
  Writer head;
  head.raw(as_bytes(kMagic)).text(log.key().vkey()).text(log.checkpoint()).u64(log.size());
  HR_TRY(file.write_at(0, head.data()));
  std::uint64_t offset = head.data().size();
  for (std::uint64_t i = 0; i < log.size(); ++i) {
    HR_ASSIGN(const Bytes entry, log.read_bytes(i));
    Writer record;
    record.bytes(entry);
    HR_TRY(file.write_at(offset, record.data()));
    offset += record.data().size();
  }
  return file.sync_data();
}

Result<VerifiedLog> verify_export(const std::filesystem::path& path,
                                  const std::optional<NoteKey>& expected,
                                  std::span<const Receipt> receipts, const EntryVisitor& visit) {
  auto opened = File::open(path, File::Mode::read);
  if (!opened.ok()) return bad_input(opened.error().text);  // a file that somebody named
  const File file = std::move(opened).value();
  const auto file_size = file.size();
  if (!file_size.ok()) return not_an_export(path);
  SequentialReader reader(file, *file_size);
  const Result<ByteView> magic = reader.take(kMagic.size());
  if (!magic.ok() || as_text(*magic) != kMagic) return not_an_export(path);
  HR_ASSIGN(const std::string vkey, take_text(reader, kMaxVkey));
  HR_ASSIGN(const std::string note, take_text(reader, kMaxNote));
  HR_ASSIGN(const ByteView count_bytes, reader.take(8));
  const std::uint64_t count = Reader(count_bytes).u64();

  HR_ASSIGN(NoteKey key, NoteKey::parse(vkey));
  if (expected && (expected->name != key.name || expected->key != key.key))
    return bad_input(path.string() + " is the log of " + key.name +
                     " under another key than expected");
  VerifiedLog verified{std::move(key), {}, 0, std::nullopt, std::nullopt};
  HR_ASSIGN(verified.checkpoint, open_checkpoint(note, verified.key));
  if (verified.checkpoint.size != count || count > kMaxLogEntries)
    return bad_input(path.string() + ": the checkpoint is of another size than the log");

  MerkleTree tree;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Result<std::string> bytes = take_text(reader, kMaxEntry);
    if (!bytes.ok()) return at_entry(path, i, "cut off");
    Result<Entry> entry = decode_entry(as_bytes(*bytes));
    if (!entry.ok()) return at_entry(path, i, entry.error().text);
    tree.append(leaf_hash(as_bytes(*bytes)));
    if (entry->kind == "abandoned") ++verified.abandoned;
    if (!verified.first_time) verified.first_time = entry->time;
    verified.last_time = entry->time;
    if (visit) HR_TRY(visit(i, *entry));
  }
  if (reader.left() != 0) return bad_input(path.string() + ": more follows after the last entry");
  if (tree.root() != verified.checkpoint.root)
    return bad_input(path.string() + ": the entries are not those the checkpoint was signed for");
  for (const Receipt& receipt : receipts) HR_TRY(check_receipt(receipt, verified.key, tree));
  return verified;
}

}  // namespace hedgerow::audit
