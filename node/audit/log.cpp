#include "node/audit/log.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>

#include "node/audit/confirmed.h"
#include "node/audit/file.h"

namespace hedgerow::audit {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLengthSize = 4;
constexpr std::size_t kCheckSize = 8;
constexpr std::string_view kAbandoned = "abandoned";
constexpr const char* kTamperedHint =
    "keep a copy of the log as it is, tell the governance officer, restore the node from a backup";

constexpr const char* kOldCopyHint =
    "it was restored from an old copy: put back the newest copy of the whole state folder; "
    "deleting the log does not help";

// Entries that name a generation which is not confirmed yet.
struct Waiting {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};
using WaitingMap = std::map<std::pair<std::string, std::uint64_t>, Waiting>;

ByteView check_of(const MerkleHash& leaf) { return ByteView(leaf).first(kCheckSize); }

std::uint64_t read_u64(std::string_view digits) {
  std::uint64_t n = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return 0;
    n = n * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return n;
}

struct Record {
  Bytes bytes;
  MerkleHash leaf{};
};

// The next record; bad_input where it is not whole.
Result<Record> take_record(SequentialReader& reader) {
  HR_ASSIGN(const ByteView length, reader.take(kLengthSize));
  const std::uint32_t size = Reader(length).u32();
  if (size == 0 || size > kMaxEntry) return bad_input("a record of an impossible length");
  Record record;
  HR_ASSIGN(const ByteView bytes, reader.take(size));
  record.bytes = to_bytes(bytes);
  record.leaf = leaf_hash(record.bytes);
  HR_ASSIGN(const ByteView check, reader.take(kCheckSize));
  if (!std::equal(check.begin(), check.end(), check_of(record.leaf).begin()))
    return bad_input("a record that does not match its check");
  return record;
}

}  // namespace

struct Log::Impl {
  std::string name;
  const SigningKey* key;
  bool durable;
  File entries;
  ConfirmedFile confirmed;
  MerkleTree tree{};
  std::vector<std::uint64_t> offsets{};  // of each record
  std::uint64_t end = 0;                 // of the last record
  std::optional<UtcTime> last_time{};
  std::uint64_t cut = 0;
  bool failed = false;
  WaitingMap waiting{};

  Error tampered(std::uint64_t index, std::string_view what) const {
    return configuration("the audit log was tampered with: " + entries.path().string() +
                             ", entry " + std::to_string(index) + ": " + std::string(what),
                         kTamperedHint);
  }

  // What the entry says of generations: it waits for one, or ends the waiting of others.
  void note_waiting(std::uint64_t index, const Entry& entry) {
    if (entry.kind == kAbandoned)
      waiting.erase({entry.database, read_u64(entry.field("generation"))});
    if (entry.generation == 0) return;
    const auto confirmed_to = confirmed.state().generations.find(entry.database);
    if (confirmed_to != confirmed.state().generations.end() &&
        entry.generation <= confirmed_to->second)
      return;
    Waiting& w = waiting[{entry.database, entry.generation}];
    if (w.count++ == 0) w.first = index;
  }

  void accept(const MerkleHash& leaf, std::size_t size) {
    tree.append(leaf);
    offsets.push_back(end);
    end += kLengthSize + size + kCheckSize;
  }

  Result<void> load();
  Result<void> load_record(SequentialReader& reader, std::uint64_t index);
  Result<void> write_confirmed(std::map<std::string, std::uint64_t> generations);
  Result<void> check_databases(std::span<const DatabaseState> databases) const;
};

Result<void> Log::Impl::load_record(SequentialReader& reader, std::uint64_t index) {
  HR_ASSIGN(const Record record, take_record(reader));
  // Below the confirmed size the root vouches for the content; only the last one's is needed.
  if (index + 1 >= confirmed.state().size) {
    HR_ASSIGN(const Entry entry, decode_entry(record.bytes));
    last_time = entry.time;
    if (index >= confirmed.state().size) note_waiting(index, entry);
  }
  accept(record.leaf, record.bytes.size());
  return {};
}

Result<void> Log::Impl::load() {
  const Confirmed& state = confirmed.state();
  HR_ASSIGN(const std::uint64_t file_size, entries.size());
  SequentialReader reader(entries, file_size);
  while (reader.left() > 0) {
    const std::uint64_t index = tree.size();
    if (index >= kMaxLogEntries) return configuration("the audit log is too long");
    Result<void> loaded = load_record(reader, index);
    if (loaded.ok()) continue;
    if (loaded.error().code != Code::bad_input) return loaded;
    if (index < state.size) return tampered(index, loaded.error().text);
    break;  // a tail that a power cut tore: its transaction was never committed
  }
  if (tree.size() < state.size) return tampered(tree.size(), "missing");
  HR_ASSIGN(const MerkleHash root, tree.root(state.size));
  if (root != state.root)
    return configuration("the audit log was tampered with: " + entries.path().string() +
                             ": its first " + std::to_string(state.size) +
                             " entries are not those that were confirmed",
                         kTamperedHint);
  if (end < file_size) {
    cut = file_size - end;
    HR_TRY(entries.truncate(end));
    if (durable) HR_TRY(entries.sync_data());
  }
  return {};
}

// Final is everything before the first entry that still waits.
Result<void> Log::Impl::write_confirmed(std::map<std::string, std::uint64_t> generations) {
  if (failed) return internal("the audit log failed before; it must be opened again");
  Confirmed next;
  next.size = tree.size();
  for (const auto& [of, w] : waiting) {
    const auto known = generations.find(of.first);
    const bool reached = known != generations.end() && of.second <= known->second;
    if (!reached) next.size = std::min(next.size, w.first);
  }
  next.size = std::max(next.size, confirmed.state().size);
  HR_ASSIGN(next.root, tree.root(next.size));
  next.generations = std::move(generations);
  if (Result<void> written = confirmed.write(std::move(next)); !written.ok()) {
    failed = true;
    return written;
  }
  const auto& now_confirmed = confirmed.state().generations;
  std::erase_if(waiting, [&](const auto& item) {
    const auto known = now_confirmed.find(item.first.first);
    return known != now_confirmed.end() && item.first.second <= known->second;
  });
  return {};
}

std::string log_name(const PartyId& party) { return "hedgerow/" + party.str(); }

Result<Log> Log::create(const fs::path& directory, std::string name, const SigningKey& key,
                        Durability durability) {
  HR_CHECK(is_valid_note_name(name));
  const bool durable = durability == Durability::full;
  std::error_code failed;
  // An empty file of entries is what a creation that was interrupted leaves behind.
  const bool begun = fs::exists(directory / "entries", failed);
  if (fs::exists(directory / "confirmed", failed) ||
      (begun && fs::file_size(directory / "entries", failed) != 0))
    return configuration(
        "there is an audit log in " + directory.string() + " already, or what is left of one",
        kTamperedHint);
  if (!fs::is_directory(directory, failed) && ::mkdir(directory.c_str(), 0700) != 0)
    return configuration("cannot make the folder " + directory.string());
  HR_ASSIGN(File entries,
            File::open(directory / "entries", begun ? File::Mode::write : File::Mode::create));
  HR_TRY(entries.lock());
  HR_ASSIGN(ConfirmedFile confirmed, ConfirmedFile::create(directory / "confirmed", durable));
  return Log(std::unique_ptr<Impl>(
      new Impl{std::move(name), &key, durable, std::move(entries), std::move(confirmed)}));
}

Result<Log> Log::open(const fs::path& directory, std::string name, const SigningKey& key,
                      Durability durability) {
  HR_CHECK(is_valid_note_name(name));
  const bool durable = durability == Durability::full;
  std::error_code failed;
  if (!fs::exists(directory / "confirmed", failed) || !fs::exists(directory / "entries", failed))
    return configuration("there is no audit log in " + directory.string(), kTamperedHint);
  HR_ASSIGN(File entries, File::open(directory / "entries", File::Mode::write));
  HR_TRY(entries.lock());
  HR_ASSIGN(ConfirmedFile confirmed, ConfirmedFile::open(directory / "confirmed", durable));
  std::unique_ptr<Impl> impl(
      new Impl{std::move(name), &key, durable, std::move(entries), std::move(confirmed)});
  HR_TRY(impl->load());
  return Log(std::move(impl));
}

Log::Log(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Log::Log(Log&&) noexcept = default;
Log& Log::operator=(Log&&) noexcept = default;
Log::~Log() = default;

Result<Appended> Log::append(std::span<const Entry> new_entries) {
  Impl& log = *impl_;
  if (log.failed) return internal("the audit log failed before; it must be opened again");
  if (new_entries.size() > kMaxAppend) return bad_input("too many log entries at once");
  if (log.tree.size() + new_entries.size() > kMaxLogEntries)
    return configuration("the audit log is full");
  Writer records;
  std::vector<std::pair<MerkleHash, std::size_t>> leaves;
  for (const Entry& entry : new_entries) {
    HR_ASSIGN(const Bytes bytes, encode(entry));
    const MerkleHash leaf = leaf_hash(bytes);
    records.bytes(bytes).raw(check_of(leaf));
    leaves.emplace_back(leaf, bytes.size());
  }
  Result<void> written = log.entries.write_at(log.end, records.data());
  if (written.ok() && log.durable) written = log.entries.sync_data();
  if (!written.ok()) {
    // What reached the disk is unknown: the next opening finds out.
    log.failed = true;
    return std::move(written).error();
  }
  Appended appended;
  appended.first = log.tree.size();
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    log.note_waiting(log.tree.size(), new_entries[i]);
    log.accept(leaves[i].first, leaves[i].second);
    log.last_time = new_entries[i].time;
  }
  appended.size = log.tree.size();
  appended.root = log.tree.root();
  return appended;
}

Result<void> Log::confirm(const std::string& database, std::uint64_t generation) {
  std::map<std::string, std::uint64_t> generations = impl_->confirmed.state().generations;
  if (!generations.contains(database) && generations.size() >= kMaxDatabases)
    return bad_input("too many databases for one audit log");
  if (database.empty() || database.size() > kMaxEntryName)
    return bad_input("not a database's name");
  std::uint64_t& confirmed = generations[database];
  if (generation < confirmed) return bad_input("a generation before the confirmed one");
  confirmed = generation;
  return impl_->write_confirmed(std::move(generations));
}

Result<void> Log::abandon(const std::string& database, UtcTime now, Random& rng) {
  std::vector<Entry> notes;
  for (const auto& [of, w] : impl_->waiting) {
    if (of.first != database) continue;
    Entry note =
        make_entry(std::string(kAbandoned), std::max(now, impl_->last_time.value_or(now)), rng);
    note.database = of.first;
    note.add("generation", std::to_string(of.second));
    note.add("first", std::to_string(w.first)).add("count", std::to_string(w.count));
    notes.push_back(std::move(note));
  }
  if (notes.empty()) return {};
  HR_TRY(append(notes));
  return {};
}

Result<void> Log::Impl::check_databases(std::span<const DatabaseState> databases) const {
  const auto& generations = confirmed.state().generations;
  for (const DatabaseState& db : databases) {
    if (db.withdrawn) continue;
    const auto known = generations.find(db.name);
    if (known != generations.end() && db.generation < known->second)
      return configuration(
          "the database of " + db.name + " is older than the audit log confirms (generation " +
              std::to_string(db.generation) + ", confirmed " + std::to_string(known->second) + ")",
          kOldCopyHint);
    // A node logs for one transaction at a time: entries for more than the next one were followed
    // by commits that are gone.
    for (const auto& [of, w] : waiting)
      if (of.first == db.name && of.second > db.generation + 1)
        return configuration(
            "the database of " + db.name + " is older than the audit log (generation " +
                std::to_string(db.generation) + ", logged " + std::to_string(of.second) + ")",
            kOldCopyHint);
    if (db.covered_size == 0) continue;
    const Result<MerkleHash> root = tree.root(db.covered_size);
    if (!root.ok() || *root != db.covered_root)
      return configuration(
          "the audit log was tampered with: it is not the log that the database of " + db.name +
              " was committed with",
          kTamperedHint);
  }
  for (const auto& [known, generation] : generations)
    if (std::none_of(databases.begin(), databases.end(),
                     [&k = known](const DatabaseState& db) { return db.name == k; }))
      return configuration(
          "the database of " + known + ", which the audit log confirms, is missing",
          "put back the newest copy of the whole state folder");
  return {};
}

Result<Reconciled> Log::reconcile(std::span<const DatabaseState> databases, UtcTime now,
                                  Random& rng) {
  Impl& log = *impl_;
  HR_TRY(log.check_databases(databases));
  const auto& before = log.confirmed.state();
  Reconciled outcome;
  std::map<std::string, std::uint64_t> generations;
  for (const DatabaseState& db : databases) {
    if (db.withdrawn) continue;
    generations[db.name] = db.generation;
    const auto known = before.generations.find(db.name);
    if (db.generation > (known == before.generations.end() ? 0 : known->second))
      ++outcome.caught_up;
  }
  if (generations.size() > kMaxDatabases) return bad_input("too many databases for one audit log");

  std::map<std::string, bool> to_abandon;
  for (const auto& [of, w] : log.waiting) {
    const auto known = generations.find(of.first);
    if (known != generations.end() && of.second <= known->second) continue;
    to_abandon[of.first] = true;
    outcome.abandoned += w.count;
  }
  // What the databases did reach no longer waits, so that abandon() speaks of the rest alone.
  std::erase_if(log.waiting, [&](const auto& item) {
    const auto known = generations.find(item.first.first);
    return known != generations.end() && item.first.second <= known->second;
  });
  for (const auto& [name, unused] : to_abandon) HR_TRY(abandon(name, now, rng));
  if (before.size != log.tree.size() || before.generations != generations)
    HR_TRY(log.write_confirmed(std::move(generations)));
  return outcome;
}

std::uint64_t Log::confirmed_generation(const std::string& database) const {
  const auto& generations = impl_->confirmed.state().generations;
  const auto known = generations.find(database);
  return known == generations.end() ? 0 : known->second;
}

std::uint64_t Log::confirmed_size() const { return impl_->confirmed.state().size; }
std::uint64_t Log::size() const { return impl_->tree.size(); }
MerkleHash Log::root() const { return impl_->tree.root(); }
std::optional<UtcTime> Log::last_time() const { return impl_->last_time; }
std::uint64_t Log::cut_bytes() const { return impl_->cut; }
const std::string& Log::name() const { return impl_->name; }
NoteKey Log::key() const { return {impl_->name, impl_->key->verify_key()}; }

std::string Log::checkpoint() const {
  return make_checkpoint({impl_->name, size(), root()}, *impl_->key);
}

Result<MerkleProof> Log::inclusion_proof(std::uint64_t index, std::uint64_t size_wanted) const {
  return impl_->tree.inclusion_proof(index, size_wanted);
}

Result<MerkleProof> Log::consistency_proof(std::uint64_t first_size,
                                           std::uint64_t second_size) const {
  return impl_->tree.consistency_proof(first_size, second_size);
}

Result<Bytes> Log::read_bytes(std::uint64_t index) const {
  const Impl& log = *impl_;
  if (index >= size()) return bad_input("the audit log has no such entry");
  const std::uint64_t begin = log.offsets[index];
  const std::uint64_t next = index + 1 < size() ? log.offsets[index + 1] : log.end;
  Bytes bytes(next - begin - kLengthSize - kCheckSize);
  HR_TRY(log.entries.read_at(begin + kLengthSize, bytes));
  HR_ASSIGN(const MerkleHash leaf, log.tree.leaf(index));
  if (leaf_hash(bytes) != leaf) return log.tampered(index, "altered while the node runs");
  return bytes;
}

Result<Entry> Log::read(std::uint64_t index) const {
  HR_ASSIGN(const Bytes bytes, read_bytes(index));
  return decode_entry(bytes);
}

}  // namespace hedgerow::audit
