// The audit log: what a node reads of its own at the start, and what others read of it. The first
// byte chooses:
//   0  an entry            3  an export, its bytes as they are
//   1  a receipt           4  an export of any entries under a good checkpoint
//   2  a slot, checksum made here or not
//   5  the log's two files: any entries with lengths and checks made here, any tail
//   6  a signed note, as it is; a checkpoint's text under a good signature; a verifier key
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "crypto/hash.h"
#include "node/audit/confirmed.h"
#include "node/audit/log.h"
#include "node/audit/receipt.h"
#include "node/audit/verify.h"
#include "policies/calendar.h"
#include "tests/fuzz/identities.h"
#include "tests/fuzz/target.h"

namespace hedgerow::fuzz::audit_log {
namespace {

using namespace audit;
namespace fs = std::filesystem;

constexpr const char* kName = "hedgerow/vale-council";

NoteKey log_key() { return {kName, identities().log_key.verify_key()}; }

// A file in memory, for what reads files only.
class MemoryFile {
 public:
  explicit MemoryFile(ByteView bytes) : fd_(::memfd_create("input", MFD_CLOEXEC)) {
    HR_CHECK(fd_ >= 0);
    HR_CHECK(::write(fd_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  ~MemoryFile() { ::close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  fs::path path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

void use(const Entry& entry) {
  HR_CHECK(!policies::utc_text(entry.time).empty());
  HR_CHECK(entry.field("no such field").empty() || !entry.fields.empty());
}

void run_entry(ByteView bytes) {
  const auto entry = decode_entry(bytes);
  check_error(entry);
  if (!entry.ok()) return;
  HR_CHECK(same(encode(*entry).value(), bytes));
  use(*entry);
}

void run_receipt(ByteView bytes) {
  const auto receipt = decode_receipt(bytes);
  check_error(receipt);
  if (!receipt.ok()) return;
  HR_CHECK(same(encode(*receipt), bytes));
  check_error(verify(*receipt, log_key()));
}

void run_slot(Parts parts) {
  const bool mended = parts.byte() % 2 == 0;
  Bytes slot = to_bytes(parts.rest());
  if (mended) {
    const auto checksum = sha256(slot);
    slot.insert(slot.end(), checksum.begin(), checksum.end());
  }
  const auto confirmed = decode_slot(slot);
  check_error(confirmed);
  if (!confirmed.ok()) return;
  const auto again = decode_slot(encode_slot(*confirmed));
  HR_CHECK(again.ok() && again->generations == confirmed->generations);
  HR_CHECK(again->sequence == confirmed->sequence && again->size == confirmed->size);
}

Result<VerifiedLog> verify_bytes(ByteView bytes) {
  const MemoryFile file(bytes);
  return verify_export(file.path(), log_key(), {}, [](std::uint64_t, const Entry& entry) {
    use(entry);
    return Result<void>();
  });
}

// Entries cut from the input: each behind a length of two bytes; flag 1: encoded rightly here.
std::vector<Bytes> entries_of(Parts& parts) {
  std::vector<Bytes> entries;
  for (std::size_t n = parts.byte() % 8; n > 0; --n) {
    const bool made = parts.byte() % 2 == 1;
    const std::size_t size = std::size_t{parts.byte()} | (std::size_t{parts.byte()} << 8U);
    const ByteView text = parts.take(size);
    if (!made) {
      entries.push_back(to_bytes(text));
      continue;
    }
    Entry entry;
    entry.time = kNow;
    entry.kind = "abandoned";
    entry.database = "vale-cse";
    entry.generation = parts.byte();
    entry.add("generation", std::string(as_text(text)));
    if (const auto bytes = encode(entry); bytes.ok()) entries.push_back(*bytes);
  }
  return entries;
}

void run_composed_export(Parts parts) {
  const std::vector<Bytes> entries = entries_of(parts);
  MerkleTree tree;
  Writer records;
  bool good = true;
  for (const Bytes& entry : entries) {
    tree.append(leaf_hash(entry));
    records.bytes(entry);
    good = good && decode_entry(entry).ok();
  }
  const std::string checkpoint =
      make_checkpoint({kName, tree.size(), tree.root()}, identities().log_key);
  Writer all;
  all.raw(as_bytes("HEDGEROW-LOG-1\n")).text(log_key().vkey()).text(checkpoint);
  all.u64(tree.size()).raw(records.data());
  const ByteView more = parts.rest();
  all.raw(more);
  const auto verified = verify_bytes(all.data());
  check_error(verified);
  HR_CHECK(verified.ok() == (good && more.empty()));
}

class LogFolder {
 public:
  LogFolder() {
    std::error_code none;
    const bool shared = fs::is_directory("/dev/shm", none);
    std::string pattern =
        (shared ? fs::path("/dev/shm") : fs::temp_directory_path()) / "hedgerow-fuzz-XXXXXX";
    HR_CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~LogFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  LogFolder(const LogFolder&) = delete;
  LogFolder& operator=(const LogFolder&) = delete;
  const fs::path& path() const { return path_; }
  void write(const char* name, ByteView bytes) const {
    std::ofstream file(path_ / name, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }

 private:
  fs::path path_;
};

void run_files(Parts parts) {
  const std::size_t confirmed_entries = parts.byte();
  const std::uint8_t generation = parts.byte();
  const std::vector<Bytes> entries = entries_of(parts);
  Confirmed state;
  state.sequence = 1;
  state.root = empty_root_hash();
  MerkleTree tree;
  Writer file;
  for (const Bytes& entry : entries) {
    const MerkleHash leaf = leaf_hash(entry);
    tree.append(leaf);
    file.bytes(entry).raw(ByteView(leaf).first(8));
    if (tree.size() > confirmed_entries) continue;
    state.size = tree.size();
    state.root = tree.root();
  }
  state.generations["vale-cse"] = generation;
  file.raw(parts.rest());
  Bytes both(kSlotSize);
  const Bytes slot = encode_slot(state);
  both.insert(both.end(), slot.begin(), slot.end());

  const LogFolder folder;
  folder.write("entries", file.data());
  folder.write("confirmed", both);
  auto log = Log::open(folder.path(), kName, identities().log_key, Durability::simulated);
  check_error(log);
  if (!log.ok()) return;
  HR_CHECK(log->size() >= state.size && log->confirmed_size() == state.size);
  SeededRandom rng(ByteArray<32>{61});
  DatabaseState database;
  database.name = "vale-cse";
  database.generation = generation;
  const auto reconciled = log->reconcile(std::vector<DatabaseState>{database}, kNow, rng);
  check_error(reconciled);
  if (reconciled.ok()) HR_CHECK(log->confirmed_size() == log->size());
}

void run_note(Parts parts) {
  const std::uint8_t mode = parts.byte() % 3;
  const ByteView rest = parts.rest();
  if (mode == 0) {
    const auto note = SignedNote::parse(as_text(rest));
    check_error(note);
    if (note.ok()) check_error(note->verify(log_key()));
    check_error(open_checkpoint(as_text(rest), log_key()));
    return;
  }
  if (mode == 1) {
    const auto key = NoteKey::parse(as_text(rest));
    check_error(key);
    if (key.ok()) HR_CHECK(key->vkey() == as_text(rest));
    return;
  }
  std::string text;  // a note's text holds lines and no other control character
  for (const std::uint8_t c : rest)
    if (c == '\n' || c >= 0x20) text.push_back(static_cast<char>(c));
  std::erase(text, '\x7f');
  text.push_back('\n');
  const std::string note = sign_note(text, kName, identities().log_key);
  const auto checkpoint = open_checkpoint(note, log_key());
  check_error(checkpoint);
  if (checkpoint.ok()) HR_CHECK(checkpoint->origin == kName);
}

void run(ByteView input) {
  Parts parts(input);
  switch (parts.byte() % 7) {
    case 0:
      return run_entry(parts.rest());
    case 1:
      return run_receipt(parts.rest());
    case 2:
      return run_slot(parts);
    case 3:
      return check_error(verify_bytes(parts.rest()));
    case 4:
      return run_composed_export(parts);
    case 5:
      return run_files(parts);
    default:
      return run_note(parts);
  }
}

void add_composed(std::vector<Bytes>& all, const Bytes& entry) {
  Bytes list{3};
  for (int i = 0; i < 2; ++i) {
    list.push_back(0);
    list.push_back(static_cast<std::uint8_t>(entry.size() & 255U));
    list.push_back(static_cast<std::uint8_t>(entry.size() >> 8U));
    list.insert(list.end(), entry.begin(), entry.end());
  }
  const Bytes made{1, 1, 0, '4', 7};
  list.insert(list.end(), made.begin(), made.end());
  all.push_back(chosen(4, list));
  for (const std::uint8_t confirmed : Bytes{0, 2, 9}) {
    Bytes files{5, confirmed, 3};
    files.insert(files.end(), list.begin(), list.end());
    all.push_back(files);
    files.insert(files.end(), {4, 0, 0, 0, 1});  // a torn tail
    all.push_back(files);
  }
}

std::vector<Bytes> seeds() {
  const Identities& i = identities();
  SeededRandom rng(ByteArray<32>{62});
  Entry entry = make_entry("question", kNow, rng);
  entry.database = "vale-cse";
  entry.generation = 4;
  entry.add("asker", i.analyst.subject().urn()).add("decision", "permit");
  const Bytes bytes = encode(entry).value();
  std::vector<Bytes> all{chosen(0, bytes)};
  MerkleTree tree;
  tree.append(leaf_hash(bytes));
  tree.append(leaf_hash(as_bytes("another")));
  tree.append(leaf_hash(as_bytes("third")));
  const std::string checkpoint = make_checkpoint({kName, 3, tree.root()}, i.log_key);
  Receipt receipt{checkpoint, 0, leaf_hash(bytes), tree.inclusion_proof(0, 3).value(), bytes};
  all.push_back(chosen(1, encode(receipt)));
  receipt.entry.clear();
  all.push_back(chosen(1, encode(receipt)));
  Confirmed state;
  state.sequence = 9;
  state.size = 3;
  state.root = tree.root();
  state.generations = {{"vale-cse", 4}, {".node", 2}};
  Bytes slot = encode_slot(state);
  while (!slot.empty() && slot.back() == 0) slot.pop_back();
  all.push_back(chosen(2, chosen(1, slot)));
  slot.resize(slot.size() - 32);
  all.push_back(chosen(2, chosen(0, slot)));
  add_composed(all, bytes);
  MerkleTree one;
  one.append(leaf_hash(bytes));
  Writer file;
  file.raw(as_bytes("HEDGEROW-LOG-1\n")).text(log_key().vkey());
  file.text(make_checkpoint({kName, 1, one.root()}, i.log_key)).u64(1).bytes(bytes);
  HR_CHECK(verify_bytes(file.data()).ok());
  all.push_back(chosen(3, file.data()));
  all.push_back(chosen(6, chosen(0, as_bytes(checkpoint))));
  all.push_back(chosen(6, chosen(1, as_bytes(log_key().vkey()))));
  all.push_back(chosen(6, chosen(2, as_bytes(checkpoint.substr(0, checkpoint.find("\n\n"))))));
  return all;
}

const Registration registered({"audit_log", run, seeds});

}  // namespace
}  // namespace hedgerow::fuzz::audit_log
